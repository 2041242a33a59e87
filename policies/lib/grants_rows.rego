package countersign.lib.grants

# values_at gives the values at a path of one to four names; all but the last are lists of blocks.
values_at(attributes, path) := [{"at": path[0], "value": value} |
	value := attributes[path[0]]
	value != null
] if {
	count(path) == 1
} else := [{"at": sprintf("%s.%s", [inner.at, last]), "value": value, "block": inner.block} |
	some inner in blocks_at(attributes, array.slice(path, 0, count(path) - 1))
	value := inner.block[last]
	value != null
] if {
	last := path[count(path) - 1]
}

blocks_at(attributes, path) := blocks_below([{"at": "", "block": attributes}], path[0]) if {
	count(path) == 1
} else := blocks_below(blocks_below([{"at": "", "block": attributes}], path[0]), path[1]) if {
	count(path) == 2
} else := blocks_below(blocks_below(blocks_below([{"at": "", "block": attributes}], path[0]), path[1]), path[2])

blocks_below(outer, name) := [{"at": sprintf("%s[%d]", [trim_prefix(sprintf("%s.%s", [o.at, name]), "."), i]), "block": block} |
	some o in outer
	some i, block in data.countersign.lib.principals_aws.as_array(object.get(o.block, name, null))
	is_object(block)
]

strings(x) := [s | some s in data.countersign.lib.principals_aws.as_array(x); is_string(s)]

# principals_of gives the principals that a grant names in its own attributes.
principals_of(spec, attributes, hidden) := [text |
	some name in spec.subjects
	some value in data.countersign.lib.principals_aws.as_array(object.get(attributes, name, ["(unknown)"]))
	text := shown_principal(value, object.get(hidden, name, false))
] if {
	is_array(spec.subjects)
} else := [texts[0]] if {
	texts := [text |
		some name in object.get(spec, "subject", [])
		value := object.get(attributes, name, null)
		not value in [null, ""]
		text := shown_principal(value, object.get(hidden, name, false))
	]
	count(texts) > 0
} else := ["(unknown)"]

# A mark of a part of a list hides all of it.
shown_principal(value, mark) := "(sensitive)" if {
	mark != false
} else := "(unknown)" if {
	value == null
} else := value if {
	is_string(value)
} else := sprintf("%v", [value])

# An attribute that is null says as much as one that is not there.
scope_of(spec, attributes) := json.marshal({name: value |
	some name, value in object.filter(attributes, spec.scope)
	value != null
}) if {
	spec.scope
} else := "{}"

rows_of(grant, attributes) := [row |
	some spec in grant.specs
	not superseded_by(spec, attributes)
	some row in rows(spec, attributes, grant.hidden)
]

superseded_by(spec, attributes) if {
	other := spec.unless
	object.get(attributes, other, null) != null
}

# rows gives what one mapping of a resource grants: objects with subject, scope, at (the attribute), hidden
# (marked sensitive), pattern, and either an expansion `e` or the parts of an AWS statement.
rows(spec, attributes, hidden) := [] if {
	not may_hold(attributes, spec)
} else := aws_document_rows(spec, attributes, hidden) if {
	spec.kind == "aws_document"
} else := aws_resource_rows(spec, attributes, hidden) if {
	spec.kind == "aws_resource_document"
} else := aws_managed_rows(spec, attributes, hidden) if {
	spec.kind == "aws_managed_arn"
} else := aws_action_rows(spec, attributes, hidden) if {
	spec.kind == "aws_actions"
} else := aws_eks_rows(spec, attributes, hidden) if {
	spec.kind == "aws_eks_policy"
} else := azure_role_rows(spec, attributes, hidden) if {
	spec.kind == "azure_role"
} else := azure_action_rows(spec, attributes, hidden) if {
	spec.kind == "azure_actions"
} else := graph_rows(spec, attributes, hidden) if {
	spec.kind == "graph_permission"
} else := gcp_role_rows(spec, attributes, hidden) if {
	spec.kind == "gcp_role"
} else := gcp_policy_rows(spec, attributes, hidden) if {
	spec.kind == "gcp_policy"
} else := gcp_permission_rows(spec, attributes, hidden) if {
	spec.kind == "gcp_permissions"
} else := kubernetes_rule_rows(spec, attributes, hidden) if {
	spec.kind == "kubernetes_rules"
} else := kubernetes_reference_rows(spec, attributes, hidden) if {
	spec.kind == "kubernetes_role_ref"
} else := kubernetes_manifest_rows(spec, attributes, hidden) if {
	spec.kind == "kubernetes_manifest"
} else := value_rows(spec, attributes, hidden) if {
	spec.kind == "values"
} else := fixed_rows(spec, attributes, hidden) if {
	spec.kind == "fixed"
} else := flag_rows(spec, attributes, hidden) if {
	spec.kind == "flags"
} else := hidden_rows(spec, attributes, hidden) if {
	spec.kind == "hidden"
} else := membership_rows(spec, attributes, hidden) if {
	spec.kind in ["membership", "aws_policy_name"]
} else := aoss_rows(spec, attributes, hidden) if {
	spec.kind == "aoss_policy"
} else := kubernetes_yaml_rows(spec, attributes, hidden) if {
	spec.kind == "kubernetes_yaml"
} else := vault_rows(spec, attributes, hidden) if {
	spec.kind == "vault_policy"
}

# A resource that does not set the mapped attribute grants nothing by it, unless the mapping has a default or looks elsewhere.
may_hold(attributes, spec) if not object.get(attributes, spec.path[0], null) in [null, "", []]

may_hold(_, spec) if spec.default

may_hold(_, spec) if spec.kind in {"flags", "kubernetes_rules", "kubernetes_role_ref"}

simple_row(spec, attributes, hidden, subject, at, word, verdict) := {
	"subject": subject,
	"scope": scope_of(spec, attributes),
	"own": object.get(spec, "own", false),
	"at": at,
	"hidden": object.get(hidden, spec.path[0], false),
	"kind": spec.kind,
	"pattern": word,
	"e": verdict_expansion(final_verdict(verdict, word), word),
}

# A role the settings name counts as read-only.
final_verdict(verdict, word) := "read-only" if {
	some pattern in read_only_roles
	data.countersign.lib.globs.matches(pattern, word)
} else := verdict

verdict_expansion("read-only", _) := {"write": set(), "sensitive": set(), "unknown": set()}

verdict_expansion("not-read-only", word) := {"write": {word}, "sensitive": set(), "unknown": set()}

verdict_expansion("sensitive-read", word) := {"write": set(), "sensitive": {word}, "unknown": set()}

verdict_expansion("cannot-prove", word) := {"write": set(), "sensitive": set(), "unknown": {word}}
