package countersign.lib.grants

# What a row that refers to a role, a group or a policy by its name stands for, where the plan holds the definition.

# Types that define what others refer to, with the kind of reference.
definition_kinds := {
	"azurerm_role_definition": "azure",
	"google_project_iam_custom_role": "gcp",
	"google_organization_iam_custom_role": "gcp",
	"kubernetes_role": "kubernetes",
	"kubernetes_role_v1": "kubernetes",
	"kubernetes_cluster_role": "kubernetes",
	"kubernetes_cluster_role_v1": "kubernetes",
	"kubernetes_manifest": "kubernetes",
	"aws_iam_policy": "aws_policy_name",
}

# Grants to groups, roles, permission sets and teams, of which others become members.
member_types := {
	"aws_iam_group_policy", "aws_iam_group_policy_attachment", "aws_iam_group_policy_attachments_exclusive", "aws_iam_policy_attachment",
	"aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_role_policy_attachments_exclusive",
	"aws_ssoadmin_managed_policy_attachment", "aws_ssoadmin_permission_set_inline_policy", "github_team_repository",
}

# Types whose rows show that the plan manages the group itself, and so the grants to it.
group_names := {"aws_iam_group": "name", "aws_iam_role": "name", "aws_ssoadmin_permission_set": "arn", "github_team": "id"}

# Positions of definitions, by kind and word.
definitions[kind][word] contains i if {
	count(pending) > 0
	some i, rc in resource_changes
	kind := definition_kinds[rc.type]
	stays(rc)
	some word in definition_words(kind, rc)
}

# stays holds for what is there after the apply.
stays(rc) if is_object(rc.change.after)

definition_words("azure", rc) := [lower(word) | some name in ["name", "role_definition_id"]; word := rc.change.after[name]; is_string(word)]

definition_words("gcp", rc) := [rc.change.after.role_id] if is_string(rc.change.after.role_id)

definition_words("aws_policy_name", rc) := [rc.change.after.name] if is_string(rc.change.after.name)

definition_words("kubernetes", rc) := [kubernetes_role_word(kubernetes_kind(rc), kubernetes_name(described(rc)))]

described(rc) := rc.change.after.manifest if {
	is_object(rc.change.after.manifest)
} else := rc.change.after

kubernetes_kind(rc) := object.get(described(rc), "kind", "") if {
	rc.type == "kubernetes_manifest"
} else := "ClusterRole" if {
	contains(rc.type, "cluster_role")
} else := "Role"

# Positions of grants to groups, by the group's name.
granted_to[name] contains i if {
	has_memberships
	some i, rc in resource_changes
	rc.type in member_types
	stays(rc)
	some own in grant_types[rc.type]
	some subject in principals_of(own, rc.change.after, {})
	name := subject
}

has_memberships if {
	some grant in pending
	some spec in grant.specs
	spec.kind == "membership"
}

managed_groups contains name if {
	has_memberships
	some rc in resource_changes
	attribute := group_names[rc.type]
	stays(rc)
	name := rc.change.after[attribute]
}

# resolved puts what the plan defines in the place of rows that refer to it.
resolved(given) := [r | some row in given; some r in resolved_row(row)]

resolved_row(row) := [row] if {
	not row.join
} else := [row] if {
	count(row.e.unknown) == 0
} else := array.concat(member_rows(row), [row | not row.join.word in managed_groups]) if {
	row.join.kind == "membership"
} else := [r |
	some i in found
	some r in definition_rows(row, resource_changes[i])
] if {
	found := object.get(object.get(definitions, row.join.kind, {}), row.join.word, set())
	count(found) > 0
} else := [row]

member_rows(row) := [stands_for(row, r) |
	some i in object.get(granted_to, row.join.word, set())
	rc := resource_changes[i]
	some spec in grant_types[rc.type]
	some r in rows(spec, rc.change.after, {})
	r.subject == row.join.word
]

definition_rows(row, rc) := [stands_for(row, r) |
	some r in rows_of({"specs": grant_types[rc.type], "hidden": sensitive_marks(rc)}, rc.change.after)
] if {
	not is_open(rc)
} else := [row]

# What a definition holds is not known when its mapped attribute is not.
is_open(rc) if {
	some spec in grant_types[rc.type]
	count(marked([spec.path[0]], object.get(rc.change, "after_unknown", null))) > 0
}

sensitive_marks(rc) := marked([spec.path[0] | some spec in grant_types[rc.type]], object.get(rc.change, "after_sensitive", null))

# A row of the definition, told of the principal and the place of the reference.
stands_for(row, r) := object.union(r, {"subject": row.subject, "scope": row.scope, "own": row.own, "at": row.at})

# bounded leaves out the rows of principals whose permissions boundary the settings call read-only.
bounded(given, _) := given if count(read_only_boundaries) == 0

bounded(given, side) := [row | some row in given; not row.subject in bounded_principals[side]] if count(read_only_boundaries) > 0

bounded_principals := {side: names |
	some side in ["before", "after"]
	names := {name |
		some rc in resource_changes
		rc.type in ["aws_iam_role", "aws_iam_user"]
		attributes := object.get(rc.change, side, null)
		boundary := attributes.permissions_boundary
		some pattern in read_only_boundaries
		data.countersign.lib.globs.matches(pattern, boundary)
		name := attributes.name
	}
}
