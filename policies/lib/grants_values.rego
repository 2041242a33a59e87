package countersign.lib.grants

# Grants that need no table of actions: words of a fixed set, flags, memberships, templates and charts.

# value_rows: attributes whose values are words of a fixed set; what is neither read nor sensitive writes.
value_rows(spec, attributes, hidden) := [row |
	some found in values_or_default(spec, attributes)
	some subject in value_subjects(spec, found, attributes, hidden)
	some value in data.countersign.lib.principals_aws.as_array(found.value)
	word := sprintf("%v", [value])
	row := simple_row(spec, attributes, hidden, word_subject(spec, word, subject), found.at, word, word_verdict(spec, lower(word)))
]

# Some words of an ACL name everyone themselves.
word_subject(spec, word, "(unknown)") := "*" if is_listed(spec, "public", lower(word))

word_subject(spec, word, "(unknown)") := "(unknown)" if not is_listed(spec, "public", lower(word))

word_subject(_, _, subject) := subject if subject != "(unknown)"

values_or_default(spec, attributes) := found if {
	found := values_at(attributes, spec.path)
	count(found) > 0
} else := [{"at": spec.path[0], "value": value}] if {
	count(attributes) > 0
	value := spec.default
} else := []

value_subjects(spec, found, attributes, hidden) := principals_of(spec, found.block, {name: true | some name in spec.subject; hidden[spec.path[0]]}) if {
	object.get(spec, "subject_in_block", false) == true
} else := principals_of(spec, attributes, hidden)

# A word is looked up among read, sensitive and write; globs are allowed. What is in none of them is `otherwise`.
word_verdict(spec, word) := "read-only" if {
	is_listed(spec, "read", word)
} else := "sensitive-read" if {
	is_listed(spec, "sensitive", word)
} else := "not-read-only" if {
	is_listed(spec, "write", word)
} else := object.get(spec, "otherwise", "not-read-only")

is_listed(spec, list, word) if {
	some pattern in object.get(spec, list, [])
	data.countersign.lib.globs.matches(lower(sprintf("%v", [pattern])), word)
}

# fixed_rows: whoever is named gets the same, whatever the value is.
fixed_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	found.value != []
	some subject in fixed_subjects(spec, found, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, found.at, attribute_text(spec), spec.verdict)
]

fixed_subjects(spec, found, attributes, hidden) := [shown_principal(value, object.get(hidden, spec.path[0], false)) |
	some value in data.countersign.lib.principals_aws.as_array(found.value)
] if {
	object.get(spec, "subject_is_value", false) == true
} else := value_subjects(spec, found, attributes, hidden)

# flag_rows: attributes that are true or false.
flag_rows(spec, attributes, hidden) := [row |
	some verdict, names in {"not-read-only": spec.write, "sensitive-read": spec.sensitive}
	some name in names
	object.get(attributes, name, false) == true
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, name, name, verdict)
]

# hidden_rows: templates and charts that may hold grants. With `mentions` only a text that holds one of the words
# counts. Another text is another grant; it is compared, and nothing of it is shown.
hidden_rows(spec, attributes, hidden) := [row |
	object.get(settings, "hidden_grants", true) != false
	some found in values_at(attributes, spec.path)
	text := text_of(found.value)
	is_mentioned(spec, text)
	some subject in principals_of(spec, attributes, hidden)
	row := object.union(
		simple_row(spec, attributes, hidden, subject, found.at, sprintf("(grants that %s may hold)", [attribute_text(spec)]), "cannot-prove"),
		{"scope": json.marshal([scope_of(spec, attributes), text])},
	)
]

text_of(value) := value if is_string(value)

text_of(value) := json.marshal(value) if not is_string(value)

is_mentioned(spec, _) if not spec.mentions

is_mentioned(spec, text) if {
	some word in spec.mentions
	contains(text, word)
}

# membership_rows: the principal gets what a group, a role or a permission set has. What that is, is joined with the
# grants of the plan; without any, nobody can tell.
membership_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some value in strings(found.value)
	some subject in principals_of(spec, attributes, hidden)
	row := object.union(simple_row(spec, attributes, hidden, subject, found.at, value, "cannot-prove"), {"join": {"kind": spec.kind, "word": member_word(value)}})
]

# A group or a role is told by its name, in place of its ARN.
member_word(value) := regex.replace(value, `^arn:[^:]*:iam::[^:]*:[a-z]+/(.*/)?`, "")

# aoss_rows: the data access policies of OpenSearch Serverless have a form of their own.
aoss_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some entry in aoss_entries(found.value)
	some subject in array.concat(strings(object.get(entry, "Principal", null)), ["(unknown)" | not entry.Principal])
	some rule in data.countersign.lib.principals_aws.as_array(object.get(entry, "Rules", null))
	some permission in data.countersign.lib.principals_aws.as_array(object.get(rule, "Permission", null))
	word := sprintf("%v", [permission])
	row := simple_row(spec, attributes, hidden, shown_document_principal(subject, object.get(hidden, spec.path[0], false)), found.at, word, aoss_verdict(word))
]

aoss_entries(value) := [entry | some entry in data.countersign.lib.principals_aws.as_array(parsed); is_object(entry)] if {
	json.is_valid(value)
	parsed := json.unmarshal(value)
	not is_string(parsed)
} else := [{"Rules": [{"Permission": ["(unreadable document)"]}]}]

aoss_verdict(word) := "read-only" if {
	startswith(word, "aoss:Describe")
} else := "sensitive-read" if {
	word == "aoss:ReadDocument"
} else := "cannot-prove" if {
	word == "(unreadable document)"
} else := "not-read-only"

# vault_rows: the capabilities of a Vault policy, in HCL or in JSON.
vault_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some word in vault_words(found.value)
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, found.at, word, vault_verdict(word))
]

# Every path needs its capabilities where they can be read; otherwise the document counts as unreadable.
vault_words(value) := {word |
	some list in regex.find_n(vault_lists, text, -1)
	some quoted in regex.find_n(`"[^"]*"`, regex.replace(list, `^"?(capabilities|policy)"?\s*[=:]`, ""), -1)
	word := trim(quoted, `"`)
} if {
	is_string(value)
	text := regex.replace(value, `(?m)^\s*(#|//).*$`, "")
	count(regex.find_n(`"?path"?\s*[:{]?\s*"`, text, -1)) <= count(regex.find_n(vault_lists, text, -1))
} else := {"(unreadable document)"}

vault_lists := `(?s)"?(capabilities|policy)"?\s*[=:]\s*(\[[^\]]*\]|"[^"]*")`

vault_verdict(word) := "read-only" if {
	word in ["list", "deny", "subscribe", "recover"]
} else := "sensitive-read" if {
	word == "read"
} else := "cannot-prove" if {
	word == "(unreadable document)"
} else := "not-read-only"
