package countersign.policies.hardcoded_secret_test

import data.countersign.policies.hardcoded_secret as policy

# Tokens are put together here, so that no scanner takes this file for a leak.
mixed := "Zq9rKgGp1kEmAhOmCUJYBNOHYIGFGX2m8YmxTQzVDs7LbWc3"

upper_token := "Q7X2M5KD3RVB6TLN"

digits := "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

take(n) := substring(concat("", [mixed, mixed]), 0, n)

file(path, lines) := {
	"path": path, "old_path": null, "status": "added", "mode": "100644", "old_mode": null, "binary": false,
	"hunks": [{"new_start": 1, "added": [{"line": i + 1, "text": text} | text := lines[i]], "removed": []}],
}

change(path, lines) := {"countersign": {"git": {"files": [file(path, lines)]}}}

denied(path, lines) := found if {
	found := policy.deny with input as change(path, lines) with data.countersign.config as {}
}

warned(path, lines) := found if {
	found := policy.warn with input as change(path, lines) with data.countersign.config as {}
}

join(parts) := concat("", parts)

tokens := {
	"an AWS access key id": join(["AK", "IA", upper_token]),
	"a GitHub token": join(["gh", "p_", take(36)]),
	"a GitLab token": join(["gl", "pat-", take(20)]),
	"a Slack token": join(["xo", "xb-987650123412-", take(24)]),
	"a Slack webhook": join(["https://hooks.sl", "ack.com/services/T01ABCDEF/B01ABCDEF/", take(24)]),
	"a Stripe key": join(["sk", "_live_", take(24)]),
	"a Google API key": join(["AI", "za", take(35)]),
	"a Google OAuth client secret": join(["GOC", "SPX-", take(28)]),
	"an npm token": join(["np", "m_", take(36)]),
	"a PyPI token": join(["py", "pi-AgEIcHlwaS5vcmc", take(60)]),
	"a DigitalOcean token": join(["do", "p_v1_", digits]),
	"a SendGrid key": join(["S", "G.", take(22), ".", take(43)]),
	"a Twilio key": join(["S", "K", substring(digits, 0, 32)]),
	"an HCP Terraform token": join([take(14), ".atl", "asv1.", take(67)]),
	"a Vault token": join(["hv", "s.", take(90)]),
	"a JSON web token": join(["ey", "JhbGciOiJIUzI1NiJ9.ey", "J", take(30), ".", take(43)]),
	"an Azure storage key": join(["Account", "Key=", take(86), "=="]),
	"an Azure client secret": join(["abC", "8", "Q~", take(34)]),
	"a Databricks token": join(["da", "pi", substring(digits, 0, 32)]),
	"a Grafana token": join(["gl", "sa_", take(41)]),
	"a New Relic key": join(["NR", "AK-", upper_token, "ABCDEFGHIJK"]),
	"an OpenAI key": join(["s", "k-proj-", take(60)]),
	"an Anthropic key": join(["s", "k-ant-", take(60)]),
	"a Hugging Face token": join(["h", "f_", take(36)]),
	"a Shopify token": join(["shp", "at_", substring(digits, 0, 32)]),
	"a PlanetScale token": join(["psc", "ale_tkn_", take(40)]),
	"a Telegram bot token": join(["123456789:A", "A", take(33)]),
	"an age key": join(["AGE-SECRET-", "KEY-1", substring(upper(concat("", [mixed, mixed])), 0, 58)]),
	"a private key": join(["-----BEGIN RSA PRIV", "ATE KEY-----"]),
}

test_tokens_of_every_kind_are_found_and_not_shown if {
	count(tokens) == count(data.countersign.tables.secrets.tokens)
	every kind, token in tokens {
		found := denied("app/main.py", [sprintf("x = %s # y", [json.marshal(token)])])
		{f.facts.kind | f := found[_]} == {kind}
		not contains(json.marshal(found), token)
	}
}

test_a_finding_names_file_line_and_kind if {
	denied("main.tf", ["# fine", sprintf("  key = \"%s\"", [tokens["an AWS access key id"]]), "", tokens["an AWS access key id"]]) == {{
		"msg": "main.tf:2 adds an AWS access key id (not shown), and so does one more line.",
		"file": "main.tf",
		"line": 2,
		"subject": "main.tf",
		"attribute": "an AWS access key id",
		"facts": {"kind": "an AWS access key id", "lines": [2, 4]},
	}}
}

test_many_lines_are_counted if {
	token := tokens["a GitHub token"]
	{f.msg | f := denied("a.tf", [token, token, token])[_]} == {"a.tf:1 adds a GitHub token (not shown), and so do 2 more lines."}
}

test_examples_and_parts_of_words_pass if {
	denied("a.tf", [join(["AK", "IAIOSFODNN7EXAMPLE"])]) == set()
	denied("a.tf", [join(["XAK", "IA", upper_token])]) == set()
	denied("a.tf", [join(["gh", "p_", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])]) == set()
	denied("a.tf", [join(["gh", "p_", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])]) == set()
	denied("a.tf", ["module.ghp_service.aws_instance.xoxb", "hvs.short", "risk-ant-x", "eyJhIjoxfQ"]) == set()
}

named := {
	`password = "Tr0ub4dor&Three"`,
	`db_password    = "Tr0ub4dor&Three"`,
	`"client_secret": "aB3~dE5gH7jK9"`,
	`  apiKey: q9w8e7r6t5y4u3`,
	`  api-key: 'q9w8e7r6t5y4u3'`,
	`AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI7MDENGbPxRfiCYzQ`,
	`secret_token => "q9w8e7r6t5y4u3"`,
	`masterPassword: Xy9Zw8Vu7Ts6`,
}

test_literals_for_secret_names_are_denied_in_configuration_files if {
	every line in named {
		count(denied("values.yaml", [line])) == 1
	}
	{f.attribute | f := denied("a.tfvars", [`db_password = "Tr0ub4dor&Three"`])[_]} == {"a literal for db_password"}
}

test_literals_in_programs_pass if {
	every line in named {
		denied("main.py", [line]) == set()
	}
}

test_what_only_looks_like_a_secret_passes if {
	lines := [
		`password = var.password`, `password = "${var.password}"`, `password: {{ .Values.password }}`, `token: ${{ secrets.GITHUB_TOKEN }}`,
		`secret_name = "prod-db-9f8e7d6c5b"`, `password_length = 24`, `token_url = "https://login.example.net/a1b2c3d4e5"`,
		`secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"`, `password = "changeme123"`,
		`api_key = "your-api-key-1a2b3c4d"`, `password = random_password.db.result`, `kms_key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"`,
		`secret_id = "1234abcd-12ab-34cd-56ef-1234567890ab"`, `client_secret = "1234abcd-12ab-34cd-56ef-1234567890ab"`,
		`password: ENC[AES256_GCM,data:q9w8e7r6t5y4u3,iv:x,type:str]`, `password: $DB_PASSWORD1`, `token = file("token1a2b3c4d.txt")`,
		`token: "my-app-token-2024"`, `secret: "projects/acme1/secrets/db9/versions/latest"`, `passwordRef: db-pass-1a2b3c4d`,
		`password: !vault |`, `secret = data.aws_secretsmanager_secret_version.db1.secret_string`, `enable_secret_rotation = true`,
		`password = ""`, `secrets = ["prod-db-1", "x"]`, `tokens_per_minute = 100000`, `secret = <redacted1a2b3c4d>`,
	]
	every line in lines {
		denied("a.yaml", [line]) == set()
		denied("a.tf", [line]) == set()
	}
}

test_expressions_without_quotes_pass_in_hcl if {
	denied("a.tf", ["password = q9w8e7r6t5y4u3"]) == set()
	count(denied("a.env", ["PASSWORD=q9w8e7r6t5y4u3"])) == 1
}

test_weak_passwords_are_warned_about if {
	{[f.attribute, f.severity] | f := warned("docker-compose.yml", ["  POSTGRES_PASSWORD: postgres"])[_]} == {["a literal for POSTGRES_PASSWORD", "medium"]}
	denied("docker-compose.yml", ["  POSTGRES_PASSWORD: postgres"]) == set()
	warned("a.json", [`"POSTGRES_PASSWORD": "postgres"`]) == set()
	warned("a.yml", ["  token: letters", "  password: short", "  password: password"]) == set()
}

test_names_in_long_lines_are_looked_at if {
	long := concat("", ["x" | numbers.range(1, 10001)[_]])
	count(denied("a.json", [concat("", [long, ` "password": "q9w8e7r6t5y4u3"`])])) == 1
	count(denied("a.json", [concat("", [long, " ", tokens["a GitHub token"]])])) == 1
}

test_a_decoy_hides_nothing_behind_it if {
	names := concat(" ", [`password = ""` | numbers.range(1, 60)[_]])
	count(denied("a.json", [concat(" ", [names, `"password": "q9w8e7r6t5y4u3"`])])) == 1
	examples := concat(" ", [join(["AK", "IAIOSFODNN7EXAMPLE"]) | numbers.range(1, 30)[_]])
	count(denied("a.json", [concat(" ", [examples, tokens["an AWS access key id"]])])) == 1
}

test_lines_that_were_not_searched_are_named if {
	long := concat("", ["xxxxxxxxxx" | numbers.range(1, 100001)[_]])
	{f.msg | f := denied("a.json", ["{}", concat("", [long, `"password"`])])[_]} == {"a.json:2 is too long, or holds too many names: whether all of it is free of secrets was not looked at."}
	crowded := concat(" ", [`password = ""` | numbers.range(1, 1001)[_]])
	{[f.line, f.certainty] | f := denied("a.json", [crowded])[_]} == {[1, "unknown"]}
	denied("main.py", [crowded]) == set()
}

texts(path, lines) := object.union(file(path, []), {"binary": true, "hunks": [], "strings": [{"line": i + 1, "text": text} | text := lines[i]]})

test_texts_of_binary_files_are_looked_at if {
	document := {"countersign": {"git": {"merge_base": "a", "files": [
		texts("id_rsa", ["", tokens["a private key"]]), texts("prod.env", [`PASSWORD=q9w8e7r6t5y4u3`]), texts("logo.png", []),
	]}}}
	found := policy.deny with input as document with data.countersign.config as {}
	{[f.file, f.line] | f := found[_]} == {["id_rsa", 2], ["prod.env", 1]}
	more := policy.warn with input as document with data.countersign.config as {}
	more == set()
}

test_a_file_whose_texts_were_not_looked_for_is_named if {
	huge := object.union(file("dump.bin", []), {"binary": true, "hunks": []})
	found := policy.warn with input as {"countersign": {"git": {"merge_base": "a", "files": [huge]}}} with data.countersign.config as {}
	{f.file | f := found[_]} == {"dump.bin"}
}

secret_variable(path) := {"source": {"blocks": [
	{"kind": "variable", "labels": ["db_password"], "file": path, "line": 1, "end_line": 6, "module": ""},
	{"kind": "variable", "labels": ["password_length"], "file": path, "line": 7, "end_line": 9, "module": ""},
]}}

in_source(path, lines) := {"countersign": object.union(change(path, lines).countersign, secret_variable(path))}

test_defaults_of_variables_are_denied if {
	every lines in [
		[`variable "db_password" {`, `  default = "Tr0ub4dor&Three"`, `}`],
		[`variable "db_password" { default = "Tr0ub4dor&Three" }`],
		[`"db_password": {`, `"default": "Tr0ub4dor&Three"`, `}`],
		[`variable "db_password" {`, `  default = <<-EOT`, `    Tr0ub4dor&Three`, `  EOT`, `}`],
	] {
		found := policy.deny with input as in_source("v.tf", lines) with data.countersign.config as {}
		{f.attribute | f := found[_]} == {"a literal for db_password"}
	}
	passes := ["", "", "", "", "", "", `variable "password_length" {`, `  default = "a1b2c3d4e5f6"`, "}"]
	policy.deny == set() with input as in_source("v.tf", passes) with data.countersign.config as {}
	policy.deny == set() with input as in_source("v.tf", [`variable "db_password" {`, `  default = "changeme123"`, `}`]) with data.countersign.config as {}
}

test_texts_between_marks_are_denied if {
	{f.line | f := denied("a.tf", [`  password = <<EOT`, `Tr0ub4dor&Three`, `EOT`])[_]} == {2}
	denied("a.tf", [`  password = <<EOT`, `some words of 1234 a text`, `EOT`, `Tr0ub4dor&Three`]) == set()
	denied("a.tf", [`  password_policy = <<EOT`, `Tr0ub4dor&Three`, `EOT`]) == set()
}

test_a_constant_of_the_plan_that_an_added_line_shows_is_denied if {
	document := object.union(
		change("v.tf", ["Tr0ub4dor&Three # the password"]),
		planned({"variables": {"db_password": {"default": "Tr0ub4dor&Three\n"}}}, {}),
	)
	found := policy.deny with input as document with data.countersign.config as {}
	{f.msg | f := found[_]} == {"v.tf:1 adds what looks like a secret, as default of var.db_password (not shown)."}
	more := policy.warn with input as document with data.countersign.config as {}
	more == set()
}

test_passwords_in_urls_are_denied if {
	{f.facts.kind | f := denied("a.env", ["URL=postgres://app:q9w8e7r6t5@db.acme.net/app"])[_]} == {"a password in a URL"}
	denied("a.env", [
		"URL=postgres://app:${PW}@db/app", "URL=postgres://app:password@db/app", "URL=postgres://app:PASSWORD@db/app",
		"URL=postgres://app:q9w8e7r6t5@localhost/app", "IMAGE=docker://nginx:1.25x@sha256:abc", "URL=https://db/app",
		"URL=postgres://user:example-pass@db/app",
	]) == set()
	denied("README.md", ["postgres://app:q9w8e7r6t5@db.acme.net/app"]) == set()
}

test_lock_files_and_ignored_paths_pass if {
	token := tokens["a GitHub token"]

	# What a name would say is not asked there; a token of a shape of its own is one wherever it stands.
	every path in [".terraform.lock.hcl", "web/package-lock.json", "go.sum", "logo.svg"] {
		denied(path, ["password = \"q9w8e7r6t5y4u3\""]) == set()
		count(denied(path, [token])) == 1
	}
	settings := {"hardcoded-secret": {"ignore": ["testdata/"], "ignore_names": ["test_*"]}}
	policy.deny == set() with input as change("testdata/a.tf", [token]) with data.countersign.config as settings
	policy.deny == set() with input as change("a.yml", ["test_password: q9w8e7r6t5y4u3"]) with data.countersign.config as settings
}

test_a_configuration_file_that_is_no_text_is_warned_about if {
	odd := [object.union(file(path, []), more) |
		[path, more] := [
			["prod.env", {"binary": true}], ["gone.env", {"binary": true, "status": "deleted"}], ["logo.png", {"binary": true}],
			["testdata/x.yml", {"binary": true}],
		][_]
	]
	settings := {"hardcoded-secret": {"ignore": ["testdata/"]}}
	found := policy.warn with input as {"countersign": {"git": {"files": odd}}} with data.countersign.config as settings
	{f.msg | f := found[_]} == {"prod.env is no text, or too large: whether it holds a secret was not looked at."}
}

test_removed_lines_pass if {
	gone := object.union(file("a.tf", []), {"hunks": [{"new_start": 1, "added": [], "removed": [{"line": 1, "text": tokens["a GitHub token"]}]}]})
	policy.deny == set() with input as {"countersign": {"git": {"files": [gone]}}} with data.countersign.config as {}
}

# The plan's configuration.

planned(root, providers) := {"configuration": {"root_module": root, "provider_config": providers}}

constants(document) := found if {
	found := policy.warn with input as document with data.countersign.config as {}
}

value(text) := {"constant_value": text}

strong := "q9w8e7r6t5y4u3"

test_constants_of_the_plan_are_warned_about if {
	document := planned(
		{
			"resources": [{
				"mode": "managed", "type": "aws_db_instance", "name": "a", "address": "aws_db_instance.a",
				"expressions": {"password": value(strong), "user_data": value(tokens["a GitHub token"]), "env": [{"API_KEY": value(strong)}], "name": value(strong)},
			}],
			"module_calls": {"m": {"expressions": {"db_password": value(strong), "url": value("postgres://app:q9w8e7r6t5@db.acme.net/app")}}},
			"variables": {"api_token": {"default": strong}, "size": {"default": 3}},
		},
		{"aws": {"expressions": {"secret_key": value(strong), "region": value("eu-west-1"), "assume": [{"token": value(strong)}]}}},
	)
	found := constants(document)
	{[f.address, f.attribute, f.facts.kind] | f := found[_]} == {
		["aws_db_instance.a", "password", "what looks like a secret"],
		["aws_db_instance.a", "user_data", "a GitHub token"],
		["aws_db_instance.a", "env[0].API_KEY", "what looks like a secret"],
		["module.m", "db_password", "what looks like a secret"],
		["module.m", "url", "a password in a URL"],
		["var.api_token", "default", "what looks like a secret"],
		["provider.aws", "secret_key", "what looks like a secret"],
		["provider.aws", "assume[0].token", "what looks like a secret"],
	}
	not contains(json.marshal(found), strong)
	{f.msg | f := found[_]; f.attribute == "password"} == {"password of aws_db_instance.a holds what looks like a secret (not shown)."}
}

test_harmless_constants_pass if {
	constants(planned({"resources": [{"type": "a", "name": "b", "address": "a.b", "expressions": {
		"secret_name": value(strong), "password": value("changeme1234"), "token": value("letters"), "key": value(strong), "password_wo": {"references": ["var.x"]},
	}}]}, {})) == set()
	constants({}) == set()
}

test_a_constant_that_an_added_line_shows_is_found_once if {
	document := object.union(
		planned({"resources": [{"type": "a", "name": "b", "address": "a.b", "expressions": {"password": value(strong)}}]}, {}),
		change("main.tf", [sprintf("  password = %q", [strong])]),
	)
	constants(document) == set()
	count(policy.deny) == 1 with input as document with data.countersign.config as {}
}

# Values that are written in another way than as one text behind their name.

value_1 := "q9w8e7r6t5y4u3"

otherwise := {
	"call": {"a.tf": [`password = sensitive("q9w8e7r6t5y4u3")`]},
	"calls": {"a.tf": [`db_password = base64encode(trimspace("q9w8e7r6t5y4u3"))`]},
	"parentheses": {"a.tf": [`password = ("q9w8e7r6t5y4u3")`]},
	"fallback": {"a.tf": [`password = coalesce("q9w8e7r6t5y4u3", var.p)`]},
	"condition": {"a.tf": [`password = var.prod ? "q9w8e7r6t5y4u3" : var.p`]},
	"condition, the other side": {"a.tf": [`password = var.prod == "x" ? var.p : "q9w8e7r6t5y4u3"`]},
	"list": {"a.tf": [`passwords = ["q9w8e7r6t5y4u3"]`]},
	"list, the second": {"a.tf": [`api_keys = ["changeme", "q9w8e7r6t5y4u3"]`]},
	"list over lines": {"a.tf": [`passwords = [`, `  "q9w8e7r6t5y4u3",`, `]`]},
	"call over lines": {"a.tf": [`password = sensitive(`, `  "q9w8e7r6t5y4u3"`, `)`]},
	"map": {"a.tf": [`secrets = { db = "q9w8e7r6t5y4u3" }`]},
	"map over lines": {"a.tf": [`secrets = {`, `  db = "q9w8e7r6t5y4u3"`, `}`]},
	"text between marks in a call": {"a.tf": [`password = sensitive(<<EOT`, `q9w8e7r6t5y4u3`, `EOT`, `)`]},
	"name and value": {"a.tf": [`  env {`, `    name  = "DB_PASSWORD"`, `    value = "q9w8e7r6t5y4u3"`, `  }`]},
	"name and value in one line": {"a.tf": [`  env = [{ name = "DB_PASSWORD", value = "q9w8e7r6t5y4u3" }]`]},
	"name and value of a container": {"a.yaml": [`- name: DB_PASSWORD`, `  value: q9w8e7r6t5y4u3`]},
	"name and value in JSON": {"a.json": [`{"name": "API_TOKEN", "value": "q9w8e7r6t5y4u3"}`]},
	"block": {"a.yaml": [`password: |`, `  q9w8e7r6t5y4u3`]},
	"JSON in a text": {"a.tf": [`secret_string = "{\"password\":\"q9w8e7r6t5y4u3\"}"`]},
	"option": {"a.tf": [`  command = "login --user x --password q9w8e7r6t5y4u3"`]},
	"option with a sign": {"a.sh": [`login --client-secret=q9w8e7r6t5y4u3`]},
	"a sign at the beginning": {"a.tf": [`password = "$q9w8e7r6t5y4u3"`]},
	"another sign": {"a.tf": [`password = "@q9w8e7r6t5y4u3"`]},
}

test_values_that_are_written_otherwise_are_denied if {
	every what, one in otherwise {
		every path, lines in one {
			found := denied(path, lines)
			count(found) == 1
			not contains(json.marshal(found), value_1)
			what != ""
		}
	}
}

test_objects_as_defaults_are_denied if {
	every lines in [
		[`variable "db_password" {`, `  default = {`, `    admin = "q9w8e7r6t5y4u3"`, `  }`, `}`],
		[`variable "db_password" {`, `  default = [`, `    "q9w8e7r6t5y4u3",`, `  ]`, `}`],
	] {
		found := policy.deny with input as in_source("v.tf", lines) with data.countersign.config as {}
		{f.line | f := found[_]} == {3}
	}
}

test_what_is_written_otherwise_and_is_no_secret_passes if {
	every path, lines in {
		"a.tf": [
			`password = sensitive(var.password)`, `password = sensitive("changeme1234")`, `token = file("token1a2b3c4d.txt")`,
			`secret = lookup(var.all, "q9w8e7r6t5y4u3")`, `password = var.prod ? var.a : var.b`, `secrets = ["db-password-1", "api-key-2"]`,
			`secrets = { name = "q9w8e7r6t5y4u3", arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf" }`,
			`password = "${var.q9w8e7r6t5y4u3}"`, `  command = "login --password $PASSWORD1x2y"`, `  command = "login --password ${var.p1x2y3z4}"`,
			`secret = var.x == "q9w8e7r6t5y4u3" ? var.a : var.b`, `secret = { key = var.a, id = "q9w8e7r6t5y4u3" }`,
		],
		"b.tf": [`    name  = "DB_PASSWORD"`, `    value = var.password1a2b3c4d`, `    name  = "DB_HOST"`, `    value = "q9w8e7r6t5y4u3"`],
		"c.yaml": [`- name: DB_PASSWORD`, `  valueFrom: q9w8e7r6t5y4u3`, `password: |`, `  some text of 1 line`, `secretName: x`],
		"d.tf": [`secrets = {`, `  name = "q9w8e7r6t5y4u3"`, `}`, `other = "q9w8e7r6t5y4u3"`, `tags = {`, `  a = "q9w8e7r6t5y4u3"`, `}`],
	} {
		denied(path, lines) == set()
	}
}
