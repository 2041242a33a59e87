package countersign.lib.grants

# What findings about gains say: at most five actions and patterns, and of a document that is marked sensitive only
# names of public actions.

# Of a document that is marked sensitive only names of public tables are shown.
shown_tokens(gain, field) := gain[field] if not gain.row.hidden

shown_tokens(gain, field) := {token | some token in gain[field]; is_public_token(gain, field, token)} if gain.row.hidden

is_public_token(gain, field, token) if {
	gain.row.patterns
	field != "unknown"
	token != "*"
}

shown_patterns(gain, field, expansions) := patterns_of(gain.row, gain[field], field, expansions) if not gain.row.hidden

shown_patterns(gain, _, _) := ["(sensitive)"] if gain.row.hidden

# who names a principal at the beginning of a sentence about a granting resource.
who(label, address) := sprintf("Anyone (%s)", [label]) if {
	is_public_principal(label)
} else := "A principal that is marked sensitive" if {
	label == "(sensitive)"
} else := "Somebody whom the plan does not name" if {
	label == address
} else := label

# pattern_text names the patterns behind some actions, unless the actions say as much.
pattern_text(told) := "" if {
	every pattern in told.patterns {
		says(told.actions, pattern)
	}
} else := sprintf(" (pattern %s)", [five(told.patterns)])

says(actions, pattern) if pattern in actions

says(actions, pattern) if {
	some action in actions
	startswith(action, sprintf("%s (", [pattern]))
}

# Broad grants are told by examples, the rest by the actions themselves, well-known ones first.
chosen(tokens, gains) := array.slice(array.concat(known, [t | some t in concrete; not t in known]), 0, 5) if {
	known := examples_for(gains, tokens)

	# Sorted, the five that are shown are among the first few.
	concrete := [t | some t in array.slice(sort(tokens), 0, 8 + count(known)); t != "*"; not startswith(t, "NotAction ")]
}

example_tokens := [sprintf("%s (Write)", [action]) | some action in data.countersign.tables.aws_overrides.examples]

examples_for(gains, _) := examples_of(broad_gains(gains)[0].row) if {
	count(broad_gains(gains)) > 0
}

examples_for(gains, tokens) := [token |
	some token in example_tokens
	tokens[token]
] if {
	count(broad_gains(gains)) == 0
}

broad_gains(gains) := [gain | some gain in gains; not gain.row.hidden; is_broad_gain(gain.write)]

is_broad_gain(write) if "*" in write

is_broad_gain(write) if {
	some token in write
	startswith(token, "NotAction ")
}

more_text(n) := sprintf(" and %d more", [n]) if n > 0

more_text(n) := "" if n <= 0

reference_text([]) := ""

reference_text(references) := sprintf(" (refers to %s)", [concat(", ", array.slice(references, 0, 5))]) if count(references) > 0

five(texts) := concat(", ", array.slice(texts, 0, 5))

# told gives what is said of some gains: the actions, how many there are, and the patterns that cover them.
told(gains, field, expansions) := {"actions": actions, "total": count(tokens), "patterns": patterns} if {
	tokens := {token | some gain in gains; some token in shown_tokens(gain, field)}
	actions := chosen(tokens, gains)
	patterns := sort({p | some gain in gains; some p in shown_patterns(gain, field, expansions)})
}

# context_of gives facts about the statements behind some gains: their Sids, whether all of them carry a condition,
# and whether one of them is about every resource.
context_of(gains) := object.union_n([sids, conditions, resources]) if {
	statements := [gain.row.statement | some gain in gains; gain.row.statement; not gain.row.hidden]
	names := sort({s.sid | some s in statements; s.sid != ""})
	sids := {"statement": t | count(names) > 0; t := five(names)}
	conditions := {"condition": true | count(statements) > 0; count([s | some s in statements; not s.conditional]) == 0}
	resources := {"every_resource": true | some s in statements; "*" in s.resources}
}
