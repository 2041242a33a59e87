package countersign.lib.grants

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

kubernetes_verdict("(unreadable document)", _) := "cannot-prove"

kubernetes_verdict(verb, _) := "not-read-only" if not verb in ["get", "list", "watch", "(unreadable document)"]

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

# Only cluster roles have well-known names: a role of a namespace may be called view and do anything.
kubernetes_role_verdict(reference, name) := kubernetes_roles[name] if {
	object.get(reference, "kind", "") == "ClusterRole"
} else := "not-read-only" if {
	object.get(reference, "kind", "") == "ClusterRole"
	startswith(name, "system:")
} else := "cannot-prove"

kubernetes_reference_rows(spec, attributes, hidden) := kubernetes_bound_rows(spec, attributes, hidden, object.get(attributes, "role_ref", null), object.get(attributes, "subject", null))

kubernetes_bound_rows(spec, attributes, hidden, references, subjects) := [row |
	some reference in data.countersign.lib.principals_aws.as_array(references)
	name := sprintf("%v", [object.get(reference, "name", "(unknown)")])
	some subject in data.countersign.lib.principals_aws.as_array(subjects)
	verdict := kubernetes_role_verdict(reference, name)
	word := kubernetes_role_word(object.get(reference, "kind", ""), name)
	row := object.union(simple_row(spec, attributes, hidden, kubernetes_subject(subject), spec.path[0], name, verdict), {"join": {"kind": "kubernetes", "word": word}})
]

kubernetes_subject(subject) := sprintf("%s:%s/%s", [kind, namespace, name]) if {
	kind := object.get(subject, "kind", "User")
	kind == "ServiceAccount"
	namespace := object.get(subject, "namespace", "default")
	is_string(namespace)
	name := sprintf("%v", [object.get(subject, "name", "(unknown)")])
} else := sprintf("%v:%v", [object.get(subject, "kind", "User"), object.get(subject, "name", "(unknown)")])

kubernetes_role_word(kind, name) := sprintf("%v/%v", [kind, name])

kubernetes_manifest_rows(spec, attributes, hidden) := kubernetes_object_rows(spec, attributes, hidden, object.get(attributes, spec.path[0], null))

# kubernetes_object_rows reads an object as Kubernetes takes it; of other kinds nothing is granted.
kubernetes_object_rows(spec, attributes, hidden, manifest) := array.concat(
	kubernetes_rows(spec, attributes, hidden, object.get(manifest, "rules", null), kubernetes_name(manifest)),
	[simple_row(spec, attributes, hidden, kubernetes_name(manifest), spec.path[0], "(aggregated rules)", "cannot-prove") | object.get(manifest, "aggregationRule", null) != null],
) if {
	manifest.kind in ["Role", "ClusterRole"]
} else := kubernetes_bound_rows(spec, attributes, hidden, object.get(manifest, "roleRef", null), object.get(manifest, "subjects", null)) if {
	manifest.kind in ["RoleBinding", "ClusterRoleBinding"]
} else := [row |
	is_object(manifest)
	verdict := {"MutatingWebhookConfiguration": "not-read-only", "ValidatingWebhookConfiguration": "sensitive-read"}[manifest.kind]
	row := simple_row(spec, attributes, hidden, kubernetes_name(manifest), spec.path[0], manifest.kind, verdict)
]

# kubernetes_yaml_rows: a text with one or more objects.
kubernetes_yaml_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some text in regex.split(`(?m)^---.*$`, text_of(found.value))
	regex.match(`(?i-u)role|webhook|list`, text)
	some manifest in yaml_objects(text)
	some row in kubernetes_object_rows(spec, attributes, hidden, manifest)
]

yaml_objects(text) := objects_of(parsed) if {
	yaml.is_valid(text)
	parsed := yaml.unmarshal(text)
} else := [{"kind": "ClusterRole", "rules": [{"verbs": ["(unreadable document)"], "resources": ["(unreadable document)"]}]}]

objects_of(parsed) := [item | some item in data.countersign.lib.principals_aws.as_array(object.get(parsed, "items", null)); is_object(item)] if {
	is_object(parsed)
	endswith(object.get(parsed, "kind", ""), "List")
} else := [parsed] if {
	is_object(parsed)
} else := []
