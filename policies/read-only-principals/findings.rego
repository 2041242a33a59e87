package countersign.policies.read_only_principals

# findings_of compares what a resource grants before and after: one finding per principal that gains something.
# `sides` holds the grant and its rows before and after; `expansions` what their patterns cover.
findings_of(sides, expansions) := [f |
	before := grouped(sides.before, expansions)
	gains := [gain |
		some row in sides.after
		gain := gain_of(row, object.get(before, row_key(row), no_grants), expansions)
	]
	some subject in {gain.row.subject | some gain in gains}
	label := principal_label(sides.grant, subject)
	in_scope(label, sides.grant.address)
	f := finding(sides.grant, label, [gain | some gain in gains; gain.row.subject == subject], expansions)
]

no_grants := {"write": set(), "sensitive": set(), "unknown": set(), "nots": []}

# Rows of one key are compared. A resource that is its own principal keeps its key under a new name.
row_key(row) := concat("\n", [row.subject, row.scope]) if not row.own

row_key(row) := row.scope if row.own

grouped([], _) := {}

grouped(given, expansions) := {key: union_of([row | some row in given; row_key(row) == key], expansions) |
	some key in {row_key(row) | some row in given}
} if {
	count(given) > 0
}

union_of(given, expansions) := {
	"write": union({expansion_of(row, expansions).write | some row in given}),
	"sensitive": union({expansion_of(row, expansions).sensitive | some row in given}),
	"unknown": union({expansion_of(row, expansions).unknown | some row in given}),
	"nots": [row.nots | some row in given; is_array(row.nots)],
}

gain_of(row, had, expansions) := {"row": row, "write": write, "sensitive": sensitive, "unknown": unknown} if {
	e := expansion_of(row, expansions)
	write := gained(e.write, had.write, had)
	sensitive := gained(e.sensitive, had.sensitive, had)
	unknown := gained(e.unknown, had.unknown, had)
	(count(write) + count(sensitive)) + count(unknown) > 0
}

gained(tokens, had, all) := set() if {
	"*" in all.write
} else := tokens - had if {
	count(all.nots) == 0
} else := {token | some token in tokens - had; not granted_by_nots(token, all.nots)}

# A NotAction grant of before covers an action that none of its patterns names, and a NotAction grant
# that leaves out at least as much.
granted_by_nots(token, lists) if {
	not token == "*"
	not startswith(token, "NotAction ")
	some nots in lists
	count([p | some p in nots; data.countersign.lib.principals_aws.covers(p, token)]) == 0
}

granted_by_nots(token, lists) if {
	startswith(token, "NotAction ")
	named := split(trim_prefix(token, "NotAction "), ", ")
	some nots in lists
	count([p | some p in nots; not p in named]) == 0
}

principal_label(grant, "(unknown)") := object.get(grant, "label", grant.address)

principal_label(_, subject) := subject if subject != "(unknown)"

in_scope(label, address) if {
	some pattern in wanted
	some name in [label, address]
	glob.match(pattern, null, name)
	not left_out(label, address)
}

in_scope(label, address) if {
	count(wanted) == 0
	not left_out(label, address)
}

left_out(label, address) if {
	some pattern in unwanted
	some name in [label, address]
	glob.match(pattern, null, name)
}

finding(grant, label, gains, expansions) := object.union(
	{
		"rule": rule_of(verdict),
		"address": grant.address,
		"attribute": telling[0].row.at,
		"subject": label,
		"certainty": certainty_of(verdict),
		"severity": severity_of(verdict),
		"msg": sprintf("%s %s", [opening(verdict, label, grant.address), detail]),
		"facts": {"verdict": verdict, "actions": actions, "pattern": concat(", ", array.slice(patterns, 0, 5))},
	},
	{"deposed": deposed | deposed := grant.rc.deposed},
) if {
	verdict := worst(gains)
	field := field_of(verdict)
	telling := [gain | some gain in gains; count(gain[field]) > 0]
	tokens := {token | some gain in telling; some token in shown_tokens(gain, field)}
	actions := chosen(tokens, telling)
	patterns := sort({p | some gain in telling; some p in shown_patterns(gain, field, expansions)})
	detail := detail_of(verdict, actions, count(tokens), patterns, object.get(grant, "references", []))
}

worst(gains) := "not-read-only" if {
	some gain in gains
	count(gain.write) > 0
} else := "cannot-prove" if {
	some gain in gains
	count(gain.unknown) > 0
} else := "sensitive-read"

field_of("not-read-only") := "write"

field_of("cannot-prove") := "unknown"

field_of("sensitive-read") := "sensitive"

rule_of("not-read-only") := "deny"

rule_of("cannot-prove") := "deny"

rule_of("sensitive-read") := "warn" if object.get(settings, "allow_sensitive_read", true) != false

rule_of("sensitive-read") := "deny" if object.get(settings, "allow_sensitive_read", true) == false

certainty_of("cannot-prove") := "unknown"

certainty_of(verdict) := "proven" if verdict != "cannot-prove"

severity_of("not-read-only") := "high"

severity_of("cannot-prove") := "medium"

severity_of("sensitive-read") := "low"

# Of a document that is marked sensitive only names of public tables are shown.
shown_tokens(gain, field) := gain[field] if not gain.row.hidden

shown_tokens(gain, field) := {token | some token in gain[field]; is_public(gain, field, token)} if gain.row.hidden

is_public(gain, field, token) if {
	gain.row.patterns
	field != "unknown"
	token != "*"
}

shown_patterns(gain, field, expansions) := patterns_of(gain.row, gain[field], field, expansions) if not gain.row.hidden

shown_patterns(gain, _, _) := ["(sensitive)"] if gain.row.hidden

# Broad grants are told by examples, the rest by the actions themselves, well-known ones first.
chosen(tokens, gains) := array.slice(array.concat(known, [t | some t in concrete; not t in known]), 0, 5) if {
	concrete := [t | some t in sort(tokens); t != "*"; not startswith(t, "NotAction ")]
	known := [x | some x in examples_for(gains, tokens)]
}

examples_for(gains, _) := examples_of(broad_gains(gains)[0].row) if {
	count(broad_gains(gains)) > 0
}

examples_for(gains, tokens) := [token |
	some action in data.countersign.tables.aws_overrides.examples
	token := sprintf("%s (Write)", [action])
	token in tokens
] if {
	count(broad_gains(gains)) == 0
}

broad_gains(gains) := [gain | some gain in gains; not gain.row.hidden; is_broad_gain(gain.write)]

is_broad_gain(write) if "*" in write

is_broad_gain(write) if {
	some token in write
	startswith(token, "NotAction ")
}

opening("not-read-only", label, address) := sprintf("%s gains more than read access through %s:", [label, address])

opening("sensitive-read", label, address) := sprintf("%s gains read access to secrets or data through %s:", [label, address])

opening("cannot-prove", label, address) := sprintf("Whether %s gains only read access through %s cannot be told:", [label, address])

detail_of("cannot-prove", _, _, patterns, references) := sprintf("%s%s.", [concat(", ", array.slice(patterns, 0, 5)), reference_text(references)])

detail_of(verdict, actions, total, patterns, _) := sprintf("%s%s (pattern %s).", [concat(", ", actions), more_text(total - count(actions)), concat(", ", array.slice(patterns, 0, 5))]) if {
	verdict != "cannot-prove"
	count(actions) > 0
}

detail_of(verdict, [], _, patterns, _) := sprintf("pattern %s.", [concat(", ", array.slice(patterns, 0, 5))]) if verdict != "cannot-prove"

more_text(n) := sprintf(" and %d more", [n]) if n > 0

more_text(n) := "" if n <= 0

reference_text([]) := ""

reference_text(references) := sprintf(" (refers to %s)", [concat(", ", array.slice(references, 0, 5))]) if count(references) > 0
