# METADATA
# title: Principals stay read-only
# description: A change that creates or widens a grant beyond read access is found, per principal and granting resource.
# custom:
#   id: read-only-principals
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Narrow the grant to read actions, or waive it with a reason and an expiry.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default *)
#     allow_sensitive_read: Reads of secrets and data warn (true) or are denied (false) (default true)
#     read_only_roles: Globs on role names and policy ARNs that count as read-only (default none)
#     grants: More resource types that grant, in the form of tables/grants.json (default none)
package countersign.policies.read_only_principals

settings := object.get(data.countersign.config, "read-only-principals", {})

match_patterns := object.get(settings, "match", ["*"])

wanted := [p | some p in match_patterns; not startswith(p, "!")]

unwanted := [trim_prefix(p, "!") | some p in match_patterns; startswith(p, "!")]

read_only_roles := object.get(settings, "read_only_roles", [])

grant_types := object.union(data.countersign.tables.grants.types, object.get(settings, "grants", {}))

# value_types has globs of the types whose attribute values are read: those that grant, and the documents that they refer to.
value_types := array.concat(
	[type | some type, _ in grant_types],
	["google_*iam_*", "*policy*"],
)

google_types := data.countersign.tables.grants.google_iam

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   values: value_types
#   rule: deny
deny_grants contains f if {
	some f in settled_findings
	f.rule == "deny"
}

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   values: value_types
#   rule: warn
warn_grants contains f if {
	some f in settled_findings
	f.rule == "warn"
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rule: deny
deny_joined contains f if {
	some f in joined_findings
	f.rule == "deny"
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rule: warn
warn_joined contains f if {
	some f in joined_findings
	f.rule == "warn"
}

settled_findings := [f | some sides in settled_rows; some f in findings_of(sides, settled_expansions)]

joined_findings := [f | some sides in joined_rows; some f in findings_of(sides, joined_expansions)]

# The rows of a grant before and after, computed once.
settled_rows := [{"grant": grant, "before": rows_of(grant, grant.before), "after": rows_of(grant, grant.after)} | some grant in settled]

joined_rows := [{"grant": labelled(grant), "before": rows_of(grant, grant.before), "after": array.concat(rows_of(grant, grant.after), rows_joined_to(grant))} |
	some grant in pending
]

resource_changes := list if {
	list := input.resource_changes
	is_array(list)
} else := []

# Changes of granting resources: the type is looked up first, since most changes are of no concern.
candidates := array.concat(listed_candidates, google_candidates)

listed_candidates := [grant |
	some rc in resource_changes
	specs := grant_types[rc.type]
	not is_harmless(rc)
	grant := candidate(rc, specs)
]

google_candidates := [grant |
	some rc in resource_changes
	contains(rc.type, "_iam_")
	startswith(rc.type, "google_")
	not is_harmless(rc)
	specs := google_types[regex.replace(rc.type, "^.*_iam_", "")]
	grant := candidate(rc, specs)
]

# Actions that leave every grant alone, or take it away.
harmless := [["no-op"], ["read"], ["delete"], ["forget"]]

# A candidate holds what is looked at; `unknown` and `hidden` have the marks of the attributes that matter.
candidate(rc, specs) := {
	"rc": rc,
	"address": data.countersign.lib.addresses.instance_address(rc),
	"specs": specs,
	"before": before,
	"after": after,
	"unknown": unknown,
	"hidden": hidden,
	"whole": true,
} if {
	is_managed(rc)
	change := object_or_empty(object.get(rc, "change", null))
	after := object.get(change, "after", null)
	is_object(after)
	before := object_or_empty(object.get(change, "before", null))
	names := [name | some spec in specs; some name in spec_names(spec)]
	unknown := marked(names, object.get(change, "after_unknown", null))
	differs(names, specs, before, after, unknown)
	hidden := object.union(marked(names, object.get(change, "before_sensitive", null)), marked(names, object.get(change, "after_sensitive", null)))
}

# A row without a mode, or with null for it, counts as managed.
is_managed(rc) if not object.get(rc, "mode", "managed") in {"data", "ephemeral"}

# differs leaves out changes that touch nothing of what is granted, such as tags.
differs(_, _, before, _, _) if before == {}

differs(_, _, before, _, unknown) if {
	before != {}
	unknown != {}
}

differs(names, specs, before, after, unknown) if {
	before != {}
	unknown == {}
	some name in array.concat(names, [scope | some spec in specs; some scope in object.get(spec, "scope", [])])
	object.get(before, name, null) != object.get(after, name, null)
}

# is_harmless is undefined for a change without actions, which is then kept.
is_harmless(rc) if rc.change.actions in harmless

# A change that says nothing of what it makes is kept too.
candidate(rc, specs) := {
	"rc": rc,
	"address": data.countersign.lib.addresses.instance_address(rc),
	"specs": specs,
	"before": {},
	"after": {},
	"unknown": {},
	"hidden": {},
	"whole": false,
} if {
	is_managed(rc)
	not is_object(object.get(object_or_empty(object.get(rc, "change", null)), "after", null))
}

# spec_names gives the attributes that a mapping reads, its scope apart.
spec_names(spec) := array.concat(array.concat([spec.path[0]], object.get(spec, "also", [])), subject_names(spec))

# marked gives the marks of the names below which a tree of marks holds a true.
marked(names, tree) := {name: value |
	some name in names
	value := object.get(tree, name, false)
	value != false
	contains(json.marshal(value), "true")
} if {
	is_object(tree)
} else := {name: true | some name in names} if {
	tree == true
} else := {}

object_or_empty(x) := x if is_object(x)

object_or_empty(x) := {} if not is_object(x)

settled := [grant | some grant in candidates; not is_pending(grant)]

pending := [grant | some grant in candidates; is_pending(grant)]

# is_pending tells what cannot be decided from the resource change alone: values known only after apply,
# customer managed policies, and changes without a readable "after".
is_pending(grant) if not grant.whole

is_pending(grant) if {
	some spec in grant.specs
	grant.unknown[spec.path[0]]
	not superseded(spec, grant)
}

is_pending(grant) if {
	some spec in grant.specs
	some name in subject_names(spec)
	grant.unknown[name]
}

is_pending(grant) if {
	some spec in grant.specs
	spec.kind == "aws_managed_arn"
	some found in values_at(grant.after, spec.path)
	some arn in strings(found.value)
	not data.countersign.lib.principals_aws.aws_owned(arn)
}

subject_names(spec) := [] if {
	spec.subject_in_block
} else := spec.subjects if {
	spec.subjects
} else := object.get(spec, "subject", [])

# A role given by name need not be looked up by its id, which the provider computes.
superseded(spec, grant) if superseded_by(spec, grant.after)

superseded(spec, grant) if {
	other := spec.unless
	grant.unknown[other]
}

# values_at gives the values at a path of one or two names, where the first of two is a list of blocks.
values_at(attributes, path) := [{"at": path[0], "value": value} |
	value := attributes[path[0]]
	value != null
] if {
	count(path) == 1
}

values_at(attributes, path) := [{"at": sprintf("%s[%d].%s", [path[0], i, path[1]]), "value": value, "block": block} |
	blocks := data.countersign.lib.principals_aws.as_array(object.get(attributes, path[0], null))
	some i, block in blocks
	is_object(block)
	value := block[path[1]]
	value != null
] if {
	count(path) == 2
}

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

shown_principal(_, true) := "(sensitive)"

shown_principal(value, false) := "(unknown)" if value == null

shown_principal(value, false) := sprintf("%v", [value]) if value != null

scope_of(spec, attributes) := json.marshal([object.get(attributes, name, null) | some name in object.get(spec, "scope", [])])

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
rows(spec, attributes, hidden) := aws_document_rows(spec, attributes, hidden) if {
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
}

# value_rows: attributes whose values are words of a fixed set; what is neither read nor sensitive writes.
value_rows(spec, attributes, hidden) := [row |
	some found in values_or_default(spec, attributes)
	some subject in value_subjects(spec, found, attributes, hidden)
	some value in data.countersign.lib.principals_aws.as_array(found.value)
	word := sprintf("%v", [value])
	row := simple_row(spec, attributes, hidden, subject, found.at, word, word_verdict(spec, lower(word)))
]

values_or_default(spec, attributes) := found if {
	found := values_at(attributes, spec.path)
	count(found) > 0
} else := [{"at": spec.path[0], "value": spec.default}] if {
	count(attributes) > 0
} else := []

value_subjects(spec, found, attributes, hidden) := principals_of(spec, found.block, {name: true | some name in spec.subject; hidden[spec.path[0]]}) if {
	object.get(spec, "subject_in_block", false) == true
} else := principals_of(spec, attributes, hidden)

word_verdict(spec, word) := "read-only" if {
	word in [lower(sprintf("%v", [w])) | some w in object.get(spec, "read", [])]
} else := "sensitive-read" if {
	word in [lower(sprintf("%v", [w])) | some w in object.get(spec, "sensitive", [])]
} else := "not-read-only"

simple_row(spec, attributes, hidden, subject, at, word, verdict) := {
	"subject": subject,
	"scope": scope_of(spec, attributes),
	"own": object.get(spec, "own", false),
	"at": at,
	"hidden": object.get(hidden, spec.path[0], false),
	"pattern": word,
	"e": verdict_expansion(final_verdict(verdict, word), word),
}

# A role the settings name counts as read-only.
final_verdict(verdict, word) := "read-only" if {
	some pattern in read_only_roles
	glob.match(pattern, null, word)
} else := verdict

verdict_expansion(verdict, word) := {"write": {w | w := word; verdict == "not-read-only"}, "sensitive": {w | w := word; verdict == "sensitive-read"}, "unknown": {w | w := word; verdict == "cannot-prove"}}
