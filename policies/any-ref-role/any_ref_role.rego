# METADATA
# title: A role that any ref can take only reads
# description: A role that jobs of any branch, tag or pull request of a repository can take has grants that write.
# custom:
#   id: any-ref-role
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Pin the subject to one branch or environment with StringEquals, or give that role read access only.
#   needs: [plan]
#   settings:
#     match: Globs on role names and addresses; a leading ! leaves out (default *)
#   setting_types:
#     match: {type: globs, of: scopes}
package countersign.policies.any_ref_role

settings := object.get(data.countersign.config, "any-ref-role", {})

match_patterns := object.get(settings, "match", ["*"])

scope := data.countersign.lib.scopes.scope(match_patterns)

value_types := data.countersign.lib.grants.value_types

# Hosts whose tokens name a repository and a ref in their subject.
issuers := `(?i-u)(token\.actions\.githubusercontent\.com|gitlab|bitbucket|circleci|buildkite|app\.terraform\.io|spacelift\.io|vstoken\.dev\.azure\.com|codefresh|semaphoreci)`

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
deny contains f if {
	some role in open_roles
	name := role.name
	data.countersign.lib.scopes.covers(scope, [name, role.address])
	grants := [grant | some grant in writes; grant.subject in role.names]
	count(grants) > 0
	is_touched(role, grants)
	f := finding(role, grants)
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
warn contains f if {
	some rc in input.resource_changes
	rc.type in federated_types
	data.countersign.lib.grants.stays(rc)
	is_changed(rc)
	f := federated(rc)
}

# Roles whose trust policy lets jobs of any ref in, as they are after the apply.
open_roles := [role |
	some rc in input.resource_changes
	rc.type in ["aws_iam_role", "awscc_iam_role"]
	data.countersign.lib.grants.stays(rc)
	after := rc.change.after
	document := trust_document(rc)
	ways := [way | some statement in document; some way in open_ways(statement)]
	count(ways) > 0
	address := data.countersign.lib.addresses.instance_address(rc)
	role := {
		"address": address,
		"name": role_name(after, address),
		"names": {n | some n in [object.get(after, "name", null), object.get(after, "role_name", null), address, relative_name(rc, base_name(rc))]; is_string(n)},
		"ways": ways,
		"changed": trust_changed(rc),
	}
]

base_name(rc) := sprintf("%s.%s", [rc.type, rc.name])

# relative_name tells a reference apart from the same one in another module.
relative_name(rc, name) := concat("|", [data.countersign.lib.grants.module_key(rc), name])

role_name(after, address) := after.name if {
	is_string(after.name)
} else := after.role_name if {
	is_string(after.role_name)
} else := address

trust_document(rc) := [s | some s in parsed[key]; is_object(s)] if {
	some name in ["assume_role_policy", "assume_role_policy_document"]
	text := rc.change.after[name]
	parsed := object_of(text)
	some key, _ in parsed
	lower(key) == "statement"
	is_array(parsed[key])
} else := [parsed[key]] if {
	some name in ["assume_role_policy", "assume_role_policy_document"]
	parsed := object_of(rc.change.after[name])
	some key, _ in parsed
	lower(key) == "statement"
	is_object(parsed[key])
}

object_of(text) := text if is_object(text)

# Most roles trust a service and are not read further.
object_of(text) := json.unmarshal(text) if {
	is_string(text)
	regex.match(`(?i-u)federated|"\*"`, text)
	json.is_valid(text)
}

trust_changed(rc) := true if {
	is_changed(rc)
	some name in ["assume_role_policy", "assume_role_policy_document"]
	after := rc.change.after[name]
	after != object.get(object_or_empty(rc.change.before), name, null)
} else := false

object_or_empty(x) := x if is_object(x)

object_or_empty(x) := {} if not is_object(x)

is_changed(rc) if not rc.change.actions in [["no-op"], ["read"], ["delete"], ["forget"]]

# open_ways gives the subjects of a statement that do not pin a ref; "(any subject)" without a condition on it.
open_ways(statement) := subjects if {
	lower(sprintf("%v", [object.get(statement, "Effect", "")])) == "allow"
	some provider in federated_of(statement)
	is_string(provider)
	is_issuer(provider)
	conditions := conditions_of(statement)
	not is_narrowed(conditions)
	subjects := open_subjects(conditions)
}

federated_of(statement) := data.countersign.lib.principals_aws.as_array(statement.Principal.Federated) if {
	is_object(statement.Principal)
} else := ["*"] if {
	statement.Principal == "*"
	some action in data.countersign.lib.principals_aws.as_array(statement.Action)
	is_string(action)
	regex.match(`(?i-u)webidentity|^(sts:)?\*$`, action)
}

is_issuer("*")

is_issuer(provider) if regex.match(issuers, provider)

# conditions_of lists claim, operator and values. An operator that also holds for a missing claim (…IfExists, Null), a
# ForAllValues set and a negation pin nothing.
conditions_of(statement) := [{"claim": claim, "values": [sprintf("%v", [v]) | some v in data.countersign.lib.principals_aws.as_array(value)], "exact": is_exact(operator)} |
	some operator, claims in object_or_empty(object.get(statement, "Condition", {}))
	regex.match(`(?i-u)^(foranyvalue:)?string(equals|equalsignorecase|like)$`, operator)
	some key, value in claims
	claim := regex.replace(lower(key), "^.*:", "")
]

is_exact(operator) := true if regex.match(`(?i-u)equals`, operator)

is_exact(operator) := false if not regex.match(`(?i-u)equals`, operator)

# Claims other than the subject that name a ref, an environment, a workflow at a ref or a person.
is_narrowed(conditions) if {
	some condition in conditions
	condition.claim in ["job_workflow_ref", "workflow_ref", "ref", "environment", "actor", "actor_id", "ref_path"]
	every value in condition.values {
		is_pinned_claim(value, condition.exact)
	}
	count(condition.values) > 0
}

is_pinned_claim(value, true) if is_string(value)

is_pinned_claim(value, false) if {
	is_string(value)
	not regex.match(`^[*?]*$`, value)
	not regex.match(`@[*?]*$`, value)
}

open_subjects(conditions) := ["(any subject)"] if {
	count([c | some c in conditions; c.claim == "sub"]) == 0
} else := [value |
	# Conditions of several operators must all hold: one that pins is enough.
	every condition in [c | some c in conditions; c.claim == "sub"] {
		some value in condition.values
		not is_pinned(value, condition.exact)
	}
	some condition in conditions
	condition.claim == "sub"
	some value in condition.values
	not is_pinned(value, condition.exact)
]

# is_pinned holds for a subject that names a branch, a tag or an environment of an owner that it names too. With
# StringEquals a star is a star, and no subject has one.
is_pinned(value, true) if contains(value, "*")

is_pinned(value, _) if {
	regex.match(`^[a-z_]+:[^*?/:]+[/:]`, value)
	regex.match(`:(ref:refs/(heads|tags)/|environment:|ref_type:(branch|tag):ref:)[^*?]`, value)
}

is_pinned(value, _) if regex.match(`(?i)^organization:[^:*?]+:project:[^:*?]+:workspace:[^:*?]+:run_phase:(plan|apply)$`, value)

is_touched(role, _) if role.changed

is_touched(_, grants) if {
	some grant in grants
	grant.gained
}

# Grants that write, of every resource that is there after the apply, changed or not; and those that only the whole
# plan tells.
writes := array.concat(
	[grant |
		count(open_roles) > 0
		some rc in input.resource_changes
		rc.type in attached_types
		data.countersign.lib.grants.stays(rc)
		some grant in writes_of(rc)
	],
	[{"subject": subject, "tokens": gain.write, "row": gain.row, "gained": true} |
		count(open_roles) > 0
		some gained_by in data.countersign.lib.grants.joined_gains
		some gain in gained_by.gains
		count(gain.write) > 0
		some subject in [gained_by.label, relative_name(gained_by.grant.rc, gained_by.label)]
	],
)

attached_types := {"aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_policy_attachment", "aws_iam_role_policy_attachments_exclusive", "awscc_iam_role", "awscc_iam_role_policy"}

writes_of(rc) := [{"subject": subject, "tokens": tokens, "row": row, "gained": is_new(rc)} |
	grant := {"specs": data.countersign.lib.grants.grant_types[rc.type], "hidden": data.countersign.lib.grants.sensitive_marks(rc)}
	given := array.concat(data.countersign.lib.grants.rows_of(grant, rc.change.after), attached_rows(rc))
	some row in given
	tokens := written(row)
	count(tokens) > 0
	subject := subject_of(row, rc)
]

# A role's own grants are told by its address: its name may be known only after apply.
subject_of(row, rc) := data.countersign.lib.addresses.instance_address(rc) if row.own

subject_of(row, _) := row.subject if not row.own

# An attachment of a policy that the plan holds grants what that policy says.
attached_rows(rc) := [object.union(r, {"subject": rc.change.after.role, "own": false}) |
	is_string(rc.change.after.role)
	arn := rc.change.after.policy_arn
	not data.countersign.lib.principals_aws.aws_owned(arn)
	some i in planned_policies[arn]
	other := input.resource_changes[i]
	some spec in data.countersign.lib.grants.grant_types.aws_iam_policy
	some r in data.countersign.lib.grants.rows(spec, other.change.after, {})
]

planned_policies[arn] contains i if {
	some i, rc in input.resource_changes
	rc.type == "aws_iam_policy"
	arn := rc.change.after.arn
}

written(row) := row.e.write if {
	row.e
} else := data.countersign.lib.grants.expansion_of(row, expansions).write if {
	expansions := {p: data.countersign.lib.principals_aws.expand(p) | some p in row.patterns}
} else := data.countersign.lib.grants.expansion_of(row, {}).write

is_new(rc) := true if is_changed(rc)

is_new(rc) := false if not is_changed(rc)

finding(role, grants) := {
	"address": role.address,
	"attribute": "assume_role_policy",
	"subject": role.name,
	"msg": sprintf("%s can be taken from any ref (%s) and is granted %s: %s.", [role.name, data.countersign.lib.grants.five(sort({w | some w in role.ways})), amount(tokens), data.countersign.lib.grants.five(shown)]),
	"facts": {"actions": array.slice(shown, 0, 5), "subjects": data.countersign.lib.grants.five(sort({w | some w in role.ways}))},
} if {
	tokens := {t | some grant in grants; some t in grant.tokens}
	public := sort({t | some grant in grants; not grant.row.hidden; some t in grant.tokens})
	shown := [t | some t in public; t != "*"]
}

amount(tokens) := "every action" if "*" in tokens

amount(tokens) := sprintf("%d actions that write", [count(tokens)]) if not "*" in tokens

federated_types := {"azuread_application_federated_identity_credential", "azurerm_federated_identity_credential", "azuread_application_flexible_federated_identity_credential"}

# Federated credentials of Azure, and of flexible ones the expression.
federated(rc) := {
	"address": address,
	"attribute": attribute,
	"subject": address,
	"msg": sprintf("%s can be taken by a job of any ref: its subject names no branch, tag or environment. Look at what it is granted.", [address]),
	"facts": {"kind": "federated-credential"},
} if {
	address := data.countersign.lib.addresses.instance_address(rc)
	some attribute in ["subject", "claims_matching_expression"]
	value := rc.change.after[attribute]
	is_string(value)
	regex.match(`(repo|project_path|organization):`, value)
	not regex.match(`:(ref:(refs/(heads|tags)/)?|environment:)[^*?]`, value)
}
