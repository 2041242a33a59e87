package countersign.lib.grants

# Rows of AWS grants. A row holds one action pattern of one Allow statement, with what the document denies:
# denies (patterns denied on every resource without a condition) and caps (NotAction lists of such Denies:
# what is outside one of them is denied).

settled_expansions := expansions_of(settled_rows)

joined_expansions := expansions_of(joined_rows)

# Every pattern is looked up once, however many statements hold it.
expansions_of(given) := {pattern: data.countersign.lib.principals_aws.expand(pattern) |
	some pattern in {p |
		some sides in given
		some side in [sides.before, sides.after]
		some row in side
		some p in row.patterns
	}
}

aws_document_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some subject in principals_of(spec, attributes, hidden)
	frame := aws_frame(spec, attributes, hidden, subject, found.at)
	some row in document_rows(data.countersign.lib.principals_aws.document(found.value), frame)
]

aws_frame(spec, attributes, hidden, subject, at) := {
	"subject": subject,
	"scope": scope_of(spec, attributes),
	"own": object.get(spec, "own", false),
	"at": at,
	"hidden": object.get(hidden, spec.path[0], false),
}

document_rows(document, frame) := [object.union(frame, {"pattern": "(unreadable document)", "e": verdict_expansion("cannot-prove", "(unreadable document)")})] if {
	not document.readable
}

document_rows(document, frame) := [row |
	limits := limits_of(document.statements, false)
	some statement in document.statements
	statement.effect == "Allow"
	some row in statement_rows(statement, frame, limits)
] if {
	document.readable
}

# limits_of gathers the denials that hold for every request (in a resource policy: for every principal).
limits_of(statements, of_resource) := {
	"denies": [p | some s in total; some p in s.actions; is_string(p)],
	"caps": [s.not_actions | some s in total; s.not_actions != null],
} if {
	total := [s | some s in statements; s.effect == "Deny"; s.everywhere; for_everyone(s, of_resource)]
}

for_everyone(_, of_resource) if not of_resource

for_everyone(statement, of_resource) if {
	of_resource
	"*" in statement.principals
}

statement_rows(statement, frame, limits) := [object.union(base, part) |
	base := object.union(frame, {"statement": statement})
	some part in array.concat(action_parts(statement, limits), not_action_parts(statement, limits))
]

# Allow * below a Deny with NotAction allows at most what that list names.
action_parts(statement, limits) := [{"patterns": readable_patterns(statement.actions), "without": [], "limits": limits}] if {
	count(statement.actions) > 0
	count(limits.caps) == 0
}

action_parts(statement, limits) := [{"patterns": array.concat(readable_patterns(narrow), capped), "without": [], "limits": limits}] if {
	count(statement.actions) > 0
	count(limits.caps) > 0
	narrow := [p | some p in statement.actions; not is_broad(p)]
	capped := [c | some c in limits.caps[0]; is_string(c); count(narrow) < count(statement.actions)]
}

action_parts(statement, _) := [] if count(statement.actions) == 0

is_broad(pattern) if {
	is_string(pattern)
	data.countersign.lib.principals_aws.every_action(pattern)
}

readable_patterns(patterns) := patterns if {
	count([p | some p in patterns; not is_string(p)]) == 0
} else := [readable_pattern(p) | some p in patterns]

readable_pattern(pattern) := pattern if is_string(pattern)

readable_pattern(pattern) := "(known after apply)" if pattern in [null, {"(unknown)": true}]

readable_pattern(pattern) := "(not a string)" if {
	not is_string(pattern)
	not pattern in [null, {"(unknown)": true}]
}

not_action_parts(statement, _) := [] if statement.not_actions == null

not_action_parts(statement, limits) := [{"patterns": [c | some c in limits.caps[0]; is_string(c)], "without": nots, "limits": limits}] if {
	statement.not_actions != null
	count(limits.caps) > 0
	nots := [n | some n in statement.not_actions; is_string(n)]
}

not_action_parts(statement, limits) := [{"nots": nots, "pattern": sprintf("NotAction %s", [concat(", ", nots)]), "limits": limits}] if {
	statement.not_actions != null
	count(limits.caps) == 0
	nots := [n | some n in statement.not_actions; is_string(n)]
}

aws_resource_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	document := data.countersign.lib.principals_aws.document(found.value)
	some row in resource_document_rows(document, spec, attributes, hidden, found.at)
]

resource_document_rows(document, spec, attributes, hidden, at) := document_rows(document, aws_frame(spec, attributes, hidden, "(unknown)", at)) if {
	not document.readable
}

resource_document_rows(document, spec, attributes, hidden, at) := [row |
	limits := limits_of(document.statements, true)
	some statement in document.statements
	statement.effect == "Allow"
	some principal in principals_or_unknown(statement.principals)
	frame := aws_frame(spec, attributes, hidden, shown_document_principal(principal, object.get(hidden, spec.path[0], false)), at)
	some row in statement_rows(statement, frame, limits)
] if {
	document.readable
}

principals_or_unknown(principals) := principals if count(principals) > 0

principals_or_unknown(principals) := ["(unknown)"] if count(principals) == 0

shown_document_principal(principal, is_hidden) := "(sensitive)" if {
	is_hidden
	principal != "*"
} else := principal

aws_action_rows(spec, attributes, hidden) := [object.union(frame, {"patterns": patterns, "without": [], "limits": {"denies": [], "caps": []}}) |
	some found in values_at(attributes, spec.path)
	patterns := [qualified(spec, action) | some action in strings(found.value)]
	some subject in principals_of(spec, attributes, hidden)
	frame := aws_frame(spec, attributes, hidden, subject, found.at)
]

qualified(spec, action) := sprintf("%s:%s", [spec.service, action]) if is_string(spec.service)

qualified(spec, action) := action if object.get(spec, "service", null) == null

# Only AWS's own policies are decided here; customer managed ones are joined with the plan.
aws_managed_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some arn in strings(found.value)
	verdict := data.countersign.lib.principals_aws.managed(arn)
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, found.at, arn, verdict)
]

aws_eks_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some arn in strings(found.value)
	name := regex.replace(arn, "^arn:aws[a-z-]*:eks::aws:cluster-access-policy/", "")
	verdict := object.get(data.countersign.tables.aws_managed_policies.eks, name, "cannot-prove")
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, found.at, arn, verdict)
]

# expansion_of gives what a row grants.
expansion_of(row, _) := row.e if row.e

expansion_of(row, expansions) := {
	"write": kept(union({expansions[p].write | some p in row.patterns}), row),
	"sensitive": kept(union({expansions[p].sensitive | some p in row.patterns}), row),
	"unknown": kept(union({expansions[p].unknown | some p in row.patterns}), row),
} if {
	row.patterns
}

expansion_of(row, _) := {"write": {token | token := row.pattern; not leaves_nothing(row)}, "sensitive": set(), "unknown": set()} if row.nots

leaves_nothing(row) if {
	some pattern in array.concat(row.limits.denies, row.nots)
	data.countersign.lib.principals_aws.every_action(pattern)
}

kept(tokens, row) := tokens if {
	count(row.limits.denies) == 0
	count(row.limits.caps) == 0
	count(row.without) == 0
} else := {token |
	some token in tokens
	not taken_away(token, row)
}

taken_away(token, row) if {
	some pattern in array.concat(row.limits.denies, row.without)
	data.countersign.lib.principals_aws.covers(pattern, token)
}

taken_away(token, row) if {
	some cap in row.limits.caps
	count([p | some p in cap; is_string(p); data.countersign.lib.principals_aws.covers(p, token)]) == 0
}

# patterns_of gives the patterns of a row that grant one of the tokens.
patterns_of(row, _, _, _) := [row.pattern] if row.pattern

patterns_of(row, tokens, field, expansions) := [p | some p in row.patterns; count(expansions[p][field] & tokens) > 0] if row.patterns

# examples_of gives examples of actions for a grant too broad to list.
examples_of(row) := [sprintf("%s (Write)", [action]) |
	some action in data.countersign.tables.aws_overrides.examples
	count([p | some p in array.concat(row.limits.denies, object.get(row, "nots", [])); data.countersign.lib.principals_aws.covers(p, action)]) == 0
]
