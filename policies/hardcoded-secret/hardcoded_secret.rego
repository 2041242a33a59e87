# METADATA
# title: No secret in the code
# description: >-
#   A secret in a commit is known to everyone who can read the repository, for good. Finds tokens of known kinds, private keys, passwords
#   in URLs and literals given to things named like secrets, in added lines and in the plan's configuration. Never shows one.
# custom:
#   id: hardcoded-secret
#   severity: critical
#   enforcement: soft-mandatory
#   remediation: >-
#     Revoke the secret first, since the commit keeps it. Then read it from a secret store or a sensitive variable.
#   needs: [plan]
#   uses: [git, source]
#   settings:
#     ignore: Patterns of files whose lines are not looked at (default [])
#     ignore_names: Globs of names that hold no secret although they look like it (default [])
#   setting_types:
#     ignore: {type: texts, of: paths}
#     ignore_names: globs
package countersign.policies.hardcoded_secret

# METADATA
# title: Secrets in added lines
# scope: document
deny contains finding if {
	group := grouped[key]
	finding := line_finding(json.unmarshal(key), group)
}

# METADATA
# title: Secrets of the plan's configuration that an added line shows
# scope: document
deny contains finding if {
	constant := suspicious[_]
	place := min(added_places(constant))
	finding := {
		"msg": sprintf("%s:%d adds %s, as %s of %s (not shown).", [place[0], place[1], constant.kind, constant.attribute, constant.address]),
		"file": place[0],
		"line": place[1],
		"subject": place[0],
		"attribute": sprintf("%s of %s", [constant.attribute, constant.address]),
		"facts": {"kind": "named", "lines": [place[1]]},
	}
}

# METADATA
# title: Lines that were not searched
# scope: document
deny contains finding if {
	unread := unread_lines[_]
	finding := {
		"msg": sprintf("%s:%d is too long, or holds too many names: whether all of it is free of secrets was not looked at.", [unread.path, unread.line]),
		"file": unread.path,
		"line": unread.line,
		"subject": unread.path,
		"attribute": sprintf("line %d", [unread.line]),
		"severity": "medium",
		"certainty": "unknown",
		"facts": {"kind": "long-line"},
	}
}

# METADATA
# title: Likely secrets in added lines, and secrets in the plan's configuration
# scope: document
warn contains finding if {
	group := weak_grouped[key]
	finding := object.union(line_finding(json.unmarshal(key), group), {"severity": "medium"})
}

# Outside a diff file, texts of binary files are given; where they are missing, the file was too large to look for them.
warn contains finding if {
	file := input.countersign.git.files[_]
	file.binary
	not file.strings
	file.status != "deleted"
	should_be_read(file.path)
	not regex.match(ignored, data.countersign.lib.paths.folded(file.path))
	finding := {
		"msg": sprintf("%s is no text, or too large: whether it holds a secret was not looked at.", [file.path]),
		"file": file.path,
		"subject": file.path,
		"attribute": "binary",
		"severity": "low",
		"facts": {"kind": "binary"},
	}
}

warn contains finding if {
	constant := suspicious[_]
	kind := constant.kind
	count(added_places(constant)) == 0
	finding := {
		"msg": sprintf("%s of %s holds %s (not shown).", [constant.attribute, constant.address, kind]),
		"address": constant.address,
		"attribute": constant.attribute,
		"severity": "high",
		"facts": {"kind": kind},
	}
}

settings := object.get(data.countersign.config, "hardcoded-secret", {})

table := data.countersign.tables.secrets

ignored := data.countersign.lib.paths.expression([p | p := settings.ignore[_]; not data.countersign.lib.paths.fault(p)])

# Files with NUL bytes, or in UTF-16, have their texts in strings.
files := [{"path": file.path, "added": added, "expression": quick(file.path)} |
	file := input.countersign.git.files[_]
	added := array.concat([line | line := file.hunks[_].added[_]], object.get(file, "strings", []))
	count(added) > 0
	not regex.match(ignored, data.countersign.lib.paths.folded(file.path))
]

# Names are looked at in configuration files alone; elsewhere a password is what a program calls its variable. Tokens of a
# shape of their own are looked for in every file.
quick(path) := concat("|", [table.quick, table.quick_name]) if {
	is_named(path)
} else := table.quick

is_named(path) if {
	is_config(path)
	not regex.match(table.skipped_files, path)
}

# candidates are the added lines worth a closer look.
candidates := [{"path": file.path, "line": line.line, "text": line.text, "kinds": tokens_of(line.text), "file": f, "at": i} |
	file := files[f]
	line := file.added[i]
	regex.match(file.expression, line.text)
]

# In longer lines names are not looked for, which is a finding.
longest := 1000000

# The most names, and the most tokens of one kind, that are looked at in a line.
most := 1000

named_candidates := [c |
	c := candidates[_]
	count(c.kinds) == 0
	is_named(c.path)
	regex.match(table.quick_name, c.text)
	count(c.text) <= longest
]

unread_lines := [c |
	c := candidates[_]
	is_named(c.path)
	regex.match(table.quick_name, c.text)
	is_unread(c.text)
]

is_unread(text) if count(text) > longest

is_unread(text) if {
	count(text) <= longest
	count(text) > most * 5
	count(regex.find_n(table.quick_name, text, most)) == most
}

# grouped maps path, kind and name to the lines that hold such a secret.
grouped[key][c.line] := true if {
	c := candidates[_]
	kind := c.kinds[_]
	key := json.marshal([c.path, kind, ""])
}

grouped[key][c.line] := true if {
	c := named_candidates[_]
	has_url_password(c.text)
	key := json.marshal([c.path, "a password in a URL", ""])
}

grouped[key][a.line] := true if {
	a := assigned[_]
	is_strong(a.value)
	key := json.marshal([a.path, concat(" ", ["a literal for", a.name]), a.name])
}

grouped[key][v.line] := true if {
	v := named_values[_]
	is_strong(v.value)
	key := json.marshal([v.path, concat(" ", ["a literal for", v.name]), v.name])
}

weak_grouped[key][a.line] := true if {
	a := assigned[_]
	is_weak_password(a)
	key := json.marshal([a.path, concat(" ", ["a literal for", a.name]), a.name])
}

should_be_read(path) if is_config(path)

# Of a diff read from a file, the contents of binary files are never known.
should_be_read(_) if is_string(input.countersign.git.merge_base)

is_config(path) if regex.match(table.config_files, path)

quoted_only(path) if regex.match(table.quoted_only_files, path)

# Tokens: the kinds that a text holds.

tokens_of(text) := tokens_in(text) if {
	regex.match(table.quick, text)
} else := set()

tokens_in(text) := {token.kind |
	token := table.tokens[_]
	found := regex.find_all_string_submatch_n(token.pattern, text, most)[_]
	is_token(found[1])
}

is_token(text) if contains(text, "PRIVATE KEY")

is_token(text) if {
	not regex.match(`(?i)example|x{6}|0{8}|1234567890|your|dummy|fake|redacted`, text)
	distinct(text) >= 9
}

distinct(text) := count({c | c := split(text, "")[_]})

has_url_password(text) if {
	found := regex.find_all_string_submatch_n(table.url_password, text, most)[_]
	not regex.match(table.placeholder, found[1])
	not regex.match(`(?i)^(pass(word)?|pw|pwd|secret|token|user|[A-Z_]+)$`, found[1])
	not regex.match(`(?i)^(localhost|127\.0\.0\.1|example\.(com|org|net)|sha(256|512))`, found[2])
}

# Assignments to names that say secret.

assigned := [{"path": c.path, "line": c.line, "name": found[1], "value": value} |
	c := named_candidates[_]
	found := regex.find_all_string_submatch_n(table.assignment, c.text, most)[_]
	value := bare(c.path, value_of(found, c.path))
	not is_harmless(found[1])
	not is_placeholder(value)
]

# In HCL a sign at the beginning of a text means nothing; in other files it may be a reference or a mark.
bare(path, value) := trim_left(value, "$%@!&*|>") if {
	is_hcl(path)
	regex.match(`^[$%@!&*|>]+[^$%@!&*|>{(]`, value)
} else := value

is_hcl(path) if regex.match(`(?i)\.(?:tf|tofu|tfvars|hcl|tfbackend)(?:\.json)?$`, path)

# Values that stand on another line than the name: defaults of variables, and texts between two marks.

named_values := [value |
	some value in array.concat(array.concat(default_values, heredoc_values), array.concat(one_line_values, next_line_values))
	not is_harmless(value.name)
	not is_placeholder(value.value)
]

hcl_files := [file |
	file := files[_]
	is_hcl(file.path)
]

default_values := [{"path": file.path, "line": line.line, "name": name, "value": found[1]} |
	file := hcl_files[_]
	line := file.added[_]
	contains(line.text, "default")
	count(line.text) <= longest
	found := regex.find_all_string_submatch_n(`(?:^|[^A-Za-z0-9_-])"?default"?\s*[=:]\s*"((?:[^"\\]|\\.)*)"`, line.text, most)[_]
	name := variable_at(file.path, line)[_]
]

# variable_at gives the name of the variable that a line belongs to, where it says secret.
variable_at(path, line) := {name |
	variable := secret_variables[path][_]
	variable.line <= line.line
	line.line <= variable.end_line
	name := variable.name
} | {found[1] |
	found := regex.find_all_string_submatch_n(`(?:^|\s)variable\s+"?([A-Za-z0-9_-]+)"?\s*\{`, line.text, 10)[_]
	says_secret(found[1])
}

secret_variables[block.file] contains {"name": name, "line": block.line, "end_line": block.end_line} if {
	block := input.countersign.source.blocks[_]
	block.kind == "variable"
	name := block.labels[0]
	says_secret(name)
}

heredoc_values := [{"path": file.path, "line": inner.line, "name": name, "value": trim_space(inner.text)} |
	file := hcl_files[_]
	line := file.added[i]
	contains(line.text, "<<")
	found := regex.find_all_string_submatch_n(`"?([A-Za-z0-9_.-]+)"?\s*[=:]\s*(?:[a-z0-9_]+\(\s*|\(\s*)*<<-?\s*"?([A-Za-z0-9_-]+)"?\s*$`, line.text, 1)[_]
	name := names_of(found[1], file.path, line)[_]
	inner := within(file.added, i + 1, found[2])[_]
]

names_of("default", path, line) := variable_at(path, line)

names_of(name, _, _) := {name} if {
	name != "default"
	says_secret(name)
}

# Values on the line of their name that are written in another way than as one text.
one_line_values := [{"path": c.path, "line": c.line, "name": written[0], "value": written[1]} |
	c := named_candidates[_]
	regex.match(table.written_otherwise, c.text)
	written := written_in(c.text)[_]
]

written_in(text) := array.concat(
	array.concat(array.concat(in_calls(text), in_conditions(text)), array.concat(in_maps(text), in_pairs(text))),
	array.concat(in_commands(text), in_texts(text)),
)

# sensitive("…"), ("…"), ["…", "…"]: names of functions that give their text back.
in_calls(text) := [[found[1], value] |
	found := regex.find_all_string_submatch_n(table.written_call, text, 100)[_]
	value := texts_of(found[2])[_]
]

in_conditions(text) := [[found[1], value] |
	found := regex.find_all_string_submatch_n(table.written_condition, text, 100)[_]
	value := texts_of(found[2])[_]
]

in_maps(text) := [[found[1], item[2]] |
	found := regex.find_all_string_submatch_n(table.written_map, text, 100)[_]
	item := regex.find_all_string_submatch_n(table.written_item, found[2], 100)[_]
	not is_harmless_item(item[1])
]

# The name and the value are texts both: { name = "DB_PASSWORD", value = "…" }
in_pairs(text) := [[found[1], found[2]] |
	found := regex.find_all_string_submatch_n(table.written_pair, text, 100)[_]
	says_secret(found[1])
]

in_commands(text) := [[found[1], found[2]] |
	found := regex.find_all_string_submatch_n(table.written_option, text, 100)[_]
]

# JSON in a text: \"password\": \"…\"
in_texts(text) := [[found[1], found[2]] |
	contains(text, `\"`)
	plain := replace(text, `\"`, `"`)
	found := regex.find_all_string_submatch_n(table.assignment, plain, most)[_]
	found[2] != ""
]

texts_of(text) := [found[1] | found := regex.find_all_string_submatch_n(`"((?:[^"\\]|\\.)*)"`, text, 100)[_]]

# Values on the lines after their name.
next_line_values := array.concat(
	array.concat(
		[{"path": c.path, "line": inner.line, "name": name, "value": value} |
			c := opening_candidates[_]
			found := regex.find_all_string_submatch_n(table.written_open, c.text, 1)[_]
			name := names_of(found[1], c.path, c)[_]
			inner := opened(files[c.file].added, c.at + 1)[_]
			item := regex.find_all_string_submatch_n(table.written_line, inner.text, 1)[_]
			not is_harmless_item(item[1])
			value := item[2]
		],
		[{"path": c.path, "line": inner.line, "name": found[1], "value": value[1]} |
			c := named_candidates[_]
			found := regex.find_all_string_submatch_n(table.written_name, c.text, 1)[_]
			says_secret(found[1])
			inner := files[c.file].added[c.at + 1]
			value := regex.find_all_string_submatch_n(table.written_value, inner.text, 1)[_]
		],
	),
	[{"path": c.path, "line": inner.line, "name": found[1], "value": trim_space(inner.text)} |
		c := named_candidates[_]
		regex.match(`(?i)\.ya?ml$`, c.path)
		found := regex.find_all_string_submatch_n(table.written_block, c.text, 1)[_]
		inner := files[c.file].added[c.at + 1]
	],
)

# Lines that open a list, a map or a call: named ones, and defaults of variables with such a name.
opening_candidates := array.concat(
	[c | c := named_candidates[_]; regex.match(table.written_open, c.text)],
	[{"path": file.path, "line": line.line, "text": line.text, "file": f, "at": i} |
		count(secret_variables) > 0
		file := files[f]
		secret_variables[file.path]
		line := file.added[i]
		regex.match(`(?:^|\s)"?default"?\s*[=:]\s*[\[{(]`, line.text)
	],
)

# opened gives the lines up to the one that closes.
opened(lines, first) := array.slice(lines, first, end) if {
	ends := array.concat([at |
		at := numbers.range(first, first + 30)[_]
		regex.match(`^\s*[\]})]`, lines[at].text)
	], [first + 30])
	end := ends[0]
}

# within gives the lines up to the one that is the mark; a text of many lines is not one secret.
within(lines, first, mark) := array.slice(lines, first, end) if {
	ends := array.concat([at |
		at := numbers.range(first, first + 30)[_]
		trim_space(lines[at].text) == mark
	], [first + 30])
	end := ends[0]
}

value_of(found, path) := found[2] if {
	found[2] != ""
} else := found[3] if {
	found[3] != ""
} else := found[4] if {
	found[4] != ""
	not quoted_only(path)
}

is_harmless(name) if regex.match(table.harmless_name, name)

is_harmless(name) if data.countersign.lib.globs.matches_any(settings.ignore_names, name)

# Of the keys of a map the last word counts as a whole: admin does not end in min.
is_harmless_item(name) if regex.match(concat("", [`(?:^|[_.-])`, table.harmless_name]), name)

is_harmless_item(name) if regex.match(`[a-z](?:Name|Id|Arn|Url|Type)$`, name)

is_placeholder(value) if regex.match(table.placeholder, value)

is_placeholder(value) if regex.match(table.reference, value)

is_placeholder(value) if regex.match(`\s`, value)

# Values encrypted for a repository: SOPS, sealed secrets.
is_placeholder(value) if regex.match(`^(ENC\[|Ag[A-D][A-Za-z0-9+/]{150,}|age1|vault:)`, value)

is_strong(value) if {
	regex.match(`[0-9]`, value)
	regex.match(`[A-Za-z]`, value)
	not regex.match(table.words_only, value)
	distinct(value) >= 8
}

# A password need not be random to be one.
is_weak_password(assignment) if {
	not endswith(lower(assignment.path), ".json")
	regex.match(table.password_name, assignment.name)
	regex.match(`^.{6,}$`, assignment.value)
	not is_strong(assignment.value)
}

line_finding(key, group) := {
	"msg": sprintf("%s:%d adds %s (not shown)%s.", [key[0], lines[0], key[1], more(count(lines))]),
	"file": key[0],
	"line": lines[0],
	"subject": key[0],
	"attribute": key[1],
	"facts": {"kind": kind_name(key), "lines": array.slice(lines, 0, 5)},
} if {
	lines := sort([line | group[line]])
}

kind_name(key) := "named" if {
	key[2] != ""
} else := key[1]

more(1) := ""

more(n) := sprintf(", and so do %d more lines", [n - 1]) if n > 2

more(2) := ", and so does one more line"

# The plan's configuration: texts that stand in it as they are.

constants := array.concat(
	array.concat(array.concat(direct, nested), array.concat(arguments, defaults)),
	array.concat(provider_direct, provider_nested),
)

direct := [constant(address, name, name, expression.constant_value) |
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	expression := block.expressions[name]
	may_be_secret(name, expression.constant_value)
	address := data.countersign.lib.configuration.block_address(scope.address, block)
]

nested := [constant(address, inner, sprintf("%s[%d].%s", [name, i, inner]), expression.constant_value) |
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	list := block.expressions[name]
	is_array(list)
	expression := list[i][inner]
	may_be_secret(inner, expression.constant_value)
	address := data.countersign.lib.configuration.block_address(scope.address, block)
]

arguments := [constant(data.countersign.lib.configuration.child_address(scope.address, call), name, name, expression.constant_value) |
	scope := data.countersign.lib.configuration.modules[_]
	expression := scope.module.module_calls[call].expressions[name]
	may_be_secret(name, expression.constant_value)
]

defaults := [constant(data.countersign.lib.addresses.within_module(scope.address, concat(".", ["var", name])), name, "default", variable["default"]) |
	scope := data.countersign.lib.configuration.modules[_]
	variable := scope.module.variables[name]
	may_be_secret(name, variable["default"])
]

provider_direct := [constant(concat(".", ["provider", key]), name, name, expression.constant_value) |
	expression := input.configuration.provider_config[key].expressions[name]
	may_be_secret(name, expression.constant_value)
]

provider_nested := [constant(concat(".", ["provider", key]), inner, sprintf("%s[%d].%s", [name, i, inner]), expression.constant_value) |
	list := input.configuration.provider_config[key].expressions[name]
	is_array(list)
	expression := list[i][inner]
	may_be_secret(inner, expression.constant_value)
]

constant(address, name, attribute, value) := {"address": address, "name": name, "attribute": attribute, "value": value}

may_be_secret(_, value) if {
	is_string(value)
	regex.match(concat("|", [table.quick, table.quick_name]), value)
}

may_be_secret(name, value) if {
	is_string(value)
	value != ""
	regex.match(table.quick_name, name)
}

kind_of(name, value) := concat(" and ", sort(kinds)) if {
	kinds := tokens_of(value)
	count(kinds) > 0
} else := "a password in a URL" if {
	has_url_password(value)
} else := "what looks like a secret" if {
	says_secret(name)
	not is_harmless(name)
	not is_placeholder(value)
	is_strong(value)
}

says_secret(name) if regex.match(table.secret_name, name)

# suspicious holds the constants that look like secrets and that no finding on an added line is about.
suspicious := [object.union(c, {"kind": kind, "text": trim_space(c.value)}) |
	c := constants[_]
	kind := kind_of(c.name, trim_space(c.value))
	not in_diff(trim_space(c.value))
]

# in_diff holds for what is reported of an added line already.
in_diff(value) if {
	c := candidates[_]
	[c.path, c.line] in reported
	contains(c.text, value)
}

reported contains [json.unmarshal(key)[0], line] if {
	grouped[key][line]
}

# added_places are the added lines that show a constant.
added_places(constant) := {[file.path, line.line] |
	file := files[_]
	is_named(file.path)
	line := file.added[_]
	shows(line.text, constant.text)
}

shows(text, value) if contains(text, value)

shows(text, value) if contains(text, trim(json.marshal(value), `"`))
