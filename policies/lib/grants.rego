# METADATA
# description: |
#   Who is granted what by the resource changes of a plan, before and after. Which attribute of which resource type
#   grants is data (tables/grants.json, and the setting `grants` of read-only-principals). Rules of several policies
#   that see the same rows share what is worked out here. Grants that one resource change tells by itself are
#   "settled"; the few others are "pending" and need the whole plan.
package countersign.lib.grants

settings := object.get(data.countersign.config, "read-only-principals", {})

read_only_roles := object.get(settings, "read_only_roles", [])

read_only_boundaries := object.get(settings, "read_only_boundaries", [])

grant_types := object.union(data.countersign.tables.grants.types, object.get(settings, "grants", {}))

# value_types has globs of the types whose attribute values are read: those that grant, and the documents that they refer to.
value_types := array.concat(
	[type | some type, _ in grant_types],
	["google_*iam_*", "*policy*", "*permissions_boundary*", "aws_iam_user", "aws_iam_group", "github_team", "aws_ssoadmin_permission_set", "*federated_identity_credential"],
)

google_types := data.countersign.tables.grants.google_iam

# The rows of a grant before and after, computed once.
settled_rows := [{"grant": grant, "before": rows_of(grant, grant.before), "after": rows_of(grant, grant.after)} | some grant in settled]

joined_rows := [sides |
	some grant in pending
	sides := {
		"grant": labelled(grant),
		"before": bounded(resolved(rows_of(grant, grant.before)), "before"),
		"after": bounded(array.concat(resolved(rows_of(grant, grant.after)), rows_joined_to(grant)), "after"),
	}
]

resource_changes := list if {
	list := input.resource_changes
	is_array(list)
} else := []

# What is known of the granting types of the plan, each worked out once: most changes are of no concern.
known_types := {type: known |
	some type in {rc.type | some rc in resource_changes}
	specs := specs_of(type)
	known := {
		"specs": specs,
		"names": [name | some spec in specs; some name in spec_names(spec)],
		"scopes": [scope | some spec in specs; some scope in spec.scope],
		"joins": {kind | some spec in specs; kind := spec.kind; kind in joined_kinds},
	}
}

specs_of(type) := grant_types[type] if {
	grant_types[type]
} else := google_types[regex.replace(type, "^.*_iam_", "")] if {
	contains(type, "_iam_")
	startswith(type, "google_")
}

# Changes of granting resources.
candidates := [grant |
	some rc in resource_changes
	known := known_types[rc.type]
	not is_harmless(rc)
	grant := candidate(rc, known)
]

# The candidates that may be pending, told before more is looked at.
open_candidates := [grant |
	some rc in resource_changes
	known := known_types[rc.type]
	not is_harmless(rc)
	may_be_pending(rc, known)
	grant := candidate(rc, known)
]

may_be_pending(_, known) if count(known.joins) > 0

may_be_pending(rc, known) if object.filter(rc.change.after_unknown, known.names) != {}

may_be_pending(rc, _) if rc.change.after_unknown == true

may_be_pending(rc, _) if not is_object(object.get(object_or_empty(object.get(rc, "change", null)), "after", null))

may_be_pending(_, _) if count(read_only_boundaries) > 0

# Actions that leave every grant alone, or take it away.
harmless := [["no-op"], ["read"], ["delete"], ["forget"]]

# A candidate holds what is looked at; `unknown` and `hidden` have the marks of the attributes that matter.
candidate(rc, known) := {
	"rc": rc,
	"address": data.countersign.lib.addresses.instance_address(rc),
	"specs": known.specs,
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
	names := known.names
	unknown := marked(names, object.get(change, "after_unknown", null))
	differs(known, before, after, unknown)
	hidden := object.union(marked(names, object.get(change, "before_sensitive", null)), marked(names, object.get(change, "after_sensitive", null)))
}

# A row without a mode, or with null for it, counts as managed.
is_managed(rc) if not object.get(rc, "mode", "managed") in {"data", "ephemeral"}

# differs leaves out changes that touch nothing of what is granted, such as tags.
differs(known, before, after, unknown) if {
	before == {}
} else if {
	unknown != {}
} else if {
	object.filter(before, known.names) != object.filter(after, known.names)
} else if {
	object.filter(before, known.scopes) != object.filter(after, known.scopes)
}

# is_harmless is undefined for a change without actions, which is then kept.
is_harmless(rc) if rc.change.actions in harmless

# A change that says nothing of what it makes is kept too.
candidate(rc, known) := {
	"rc": rc,
	"address": data.countersign.lib.addresses.instance_address(rc),
	"specs": known.specs,
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
marked(names, tree) := {} if {
	is_object(tree)
	object.filter(tree, names) == {}
} else := {name: value |
	some name, value in object.filter(tree, names)
	value != false
	contains(json.marshal(value), "true")
} if {
	is_object(tree)
} else := {name: true | some name in names} if {
	tree == true
} else := {}

object_or_empty(x) := x if {
	is_object(x)
} else := {}

settled := [grant | some grant in candidates; not is_pending(grant)]

pending := [grant | some grant in open_candidates; is_pending(grant)]

# is_pending tells what cannot be decided from the resource change alone: values known only after apply,
# customer managed policies, and changes without a readable "after".
is_pending(grant) if {
	not grant.whole
} else if {
	grant.unknown != {}
	is_open_grant(grant)
} else if {
	some spec in grant.specs
	spec.kind == "aws_managed_arn"
	some found in values_at(grant.after, spec.path)
	some arn in strings(found.value)
	not data.countersign.lib.principals_aws.aws_owned(arn)
} else if {
	some spec in grant.specs
	spec.kind in joined_kinds
	spec.kind != "aws_managed_arn"
	some row in rows(spec, grant.after, grant.hidden)
	row.join
	count(row.e.unknown) > 0
} else if {
	count(read_only_boundaries) > 0
	some spec in grant.specs
	spec.kind in ["aws_document", "aws_managed_arn"]
}

is_open_grant(grant) if {
	some spec in grant.specs
	grant.unknown[spec.path[0]]
	not superseded(spec, grant)
}

is_open_grant(grant) if {
	some spec in grant.specs
	some name in subject_names(spec)
	grant.unknown[name]
}

joined_kinds := {"aws_managed_arn", "azure_role", "gcp_role", "gcp_policy", "kubernetes_role_ref", "kubernetes_manifest", "kubernetes_yaml", "membership", "aws_policy_name"}

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
