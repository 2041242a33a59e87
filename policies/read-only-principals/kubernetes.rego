package countersign.policies.read_only_principals

kubernetes_rule_rows(spec, attributes, hidden) := array.concat(
	kubernetes_rows(spec, attributes, hidden, object.get(attributes, spec.path[0], null), kubernetes_name(attributes)),
	[row |
		some block in data.countersign.lib.principals_aws.as_array(object.get(attributes, "aggregation_rule", null))
		row := simple_row(spec, attributes, hidden, kubernetes_name(attributes), "aggregation_rule", "(aggregated rules)", "cannot-prove")
	],
)

kubernetes_name(attributes) := name if {
	some block in data.countersign.lib.principals_aws.as_array(object.get(attributes, "metadata", null))
	name := block.name
	is_string(name)
} else := "(unknown)"

# Keys are those of Terraform blocks (api_groups) or of manifests (apiGroups).
kubernetes_rows(spec, attributes, hidden, rules, name) := [row |
	some i, block in data.countersign.lib.principals_aws.as_array(rules)
	some verb in strings(object.get(block, "verbs", null))
	some resource in kubernetes_resources(block)
	word := sprintf("%s %s", [verb, resource])
	row := simple_row(spec, attributes, hidden, name, sprintf("%s[%d]", [spec.path[0], i]), word, kubernetes_verdict(lower(verb), lower(resource)))
]

kubernetes_resources(block) := array.concat(
	strings(object.get(block, "resources", null)),
	strings(object.get(block, "non_resource_urls", object.get(block, "nonResourceURLs", null))),
)

# Reading these subresources runs commands or opens a connection.
kubernetes_executes := ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy", "pods/*", "services/*", "nodes/*", "*/exec", "*/attach", "*/portforward", "*/proxy"]

kubernetes_verdict(verb, _) := "not-read-only" if not verb in ["get", "list", "watch"]

kubernetes_verdict(verb, resource) := "not-read-only" if {
	verb in ["get", "list", "watch"]
	resource in kubernetes_executes
} else := "sensitive-read" if {
	verb in ["get", "list", "watch"]
	resource in ["secrets", "*", "*/*", "secrets/*"]
} else := "read-only" if {
	verb in ["get", "list", "watch"]
}

kubernetes_roles := {
	"view": "read-only",
	"system:discovery": "read-only",
	"system:basic-user": "read-only",
	"system:public-info-viewer": "read-only",
	"edit": "not-read-only",
	"admin": "not-read-only",
	"cluster-admin": "not-read-only",
}

kubernetes_role_verdict(name) := kubernetes_roles[name]

kubernetes_role_verdict(name) := "not-read-only" if {
	not kubernetes_roles[name]
	startswith(name, "system:")
}

kubernetes_role_verdict(name) := "cannot-prove" if {
	not kubernetes_roles[name]
	not startswith(name, "system:")
}

kubernetes_reference_rows(spec, attributes, hidden) := kubernetes_bound_rows(spec, attributes, hidden, object.get(attributes, "role_ref", null), object.get(attributes, "subject", null))

kubernetes_bound_rows(spec, attributes, hidden, references, subjects) := [row |
	some reference in data.countersign.lib.principals_aws.as_array(references)
	name := sprintf("%v", [object.get(reference, "name", "(unknown)")])
	some subject in data.countersign.lib.principals_aws.as_array(subjects)
	row := simple_row(spec, attributes, hidden, kubernetes_subject(subject), spec.path[0], name, kubernetes_role_verdict(name))
]

kubernetes_subject(subject) := sprintf("%s:%s/%s", [kind, namespace, name]) if {
	kind := object.get(subject, "kind", "User")
	kind == "ServiceAccount"
	namespace := object.get(subject, "namespace", "default")
	is_string(namespace)
	name := sprintf("%v", [object.get(subject, "name", "(unknown)")])
} else := sprintf("%v:%v", [object.get(subject, "kind", "User"), object.get(subject, "name", "(unknown)")])

kubernetes_manifest_rows(spec, attributes, hidden) := kubernetes_rows(spec, attributes, hidden, object.get(manifest, "rules", null), kubernetes_name(manifest)) if {
	manifest := object.get(attributes, spec.path[0], null)
	manifest.kind in ["Role", "ClusterRole"]
}

kubernetes_manifest_rows(spec, attributes, hidden) := kubernetes_bound_rows(spec, attributes, hidden, object.get(manifest, "roleRef", null), object.get(manifest, "subjects", null)) if {
	manifest := object.get(attributes, spec.path[0], null)
	manifest.kind in ["RoleBinding", "ClusterRoleBinding"]
}

kubernetes_manifest_rows(spec, attributes, _) := [] if {
	manifest := object.get(attributes, spec.path[0], null)
	kind := object.get(object_or_empty(manifest), "kind", "")
	not kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]
}
