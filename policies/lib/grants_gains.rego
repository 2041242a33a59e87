package countersign.lib.grants

# What a grant gives after the change that it did not give before: objects with grant, label (the principal) and
# gains, one for each principal of a granting resource.
settled_gains := [gained_by | some sides in settled_rows; some gained_by in gains_of(sides, settled_expansions)]

joined_gains := [gained_by | some sides in joined_rows; some gained_by in gains_of(sides, joined_expansions)]

# gains_of compares what a resource grants before and after. `sides` holds the grant and its rows before and
# after; `expansions` what their patterns cover.
gains_of(sides, expansions) := [{"grant": sides.grant, "label": label, "gains": gains} |
	before := grouped(sides.before, expansions)
	all := [gain |
		some row in sides.after
		gain := gain_of(row, object.get(before, row_key(row), no_grants), expansions, sides.grant)
	]
	some subject in {gain.row.subject | some gain in all}
	label := principal_label(sides.grant, subject)
	gains := [gain | some gain in all; gain.row.subject == subject]
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

gain_of(row, had, expansions, grant) := {"row": row, "write": write, "sensitive": sensitive, "unknown": unknown} if {
	e := expansion_of(row, expansions)
	write := gained(e.write, had.write, had)
	sensitive := gained(e.sensitive, had.sensitive, had)
	unknown := gained(e.unknown, had.unknown, had) | unread(e.unknown & opaque, row, had, grant)
	(count(write) + count(sensitive)) + count(unknown) > 0
}

# Words for what cannot be read. One of them before says nothing about another text after.
opaque := {"(unreadable document)", "(not a string)", "(no action)", "(known after apply)", "(no role)"}

unread(words, row, had, grant) := set() if {
	count(words) == 0
} else := set() if {
	name := split(split(row.at, ".")[0], "[")[0]
	grant.before[name] == grant.after[name]
} else := set() if {
	"*" in had.write
	row.subject != "(unknown)"
} else := words

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

# is_public_principal tells principals that stand for everyone.
is_public_principal(label) if label in {"*", "allUsers", "allAuthenticatedUsers", "Group:system:unauthenticated", "User:system:anonymous", "Group:system:authenticated"}
