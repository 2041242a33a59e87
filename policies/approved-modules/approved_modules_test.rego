package countersign.policies.approved_modules_test

import data.countersign.policies.approved_modules as policy

plan(calls) := {"configuration": {"root_module": {"module_calls": calls}}}

call(source, version) := {"source": source, "version_constraint": version, "module": {}}

one(source) := plan({"m": {"source": source, "module": {}}})

denied(document, settings) := found if {
	found := policy.deny with input as document with data.countersign.config as {"approved-modules": settings}
}

warned(document, settings) := found if {
	found := policy.warn with input as document with data.countersign.config as {"approved-modules": settings}
}

sha := "0123456789abcdef0123456789abcdef01234567"

test_a_module_without_a_version_is_warned_about if {
	warned(one("acme/vpc/aws"), {}) == {{
		"msg": "module.m can change between plan and apply: it has no version.",
		"address": "module.m",
		"attribute": "version",
		"subject": "acme/vpc/aws",
		"severity": "medium",
		"facts": {"kind": "version", "class": "registry"},
	}}
	denied(one("acme/vpc/aws"), {}) == set()
}

test_pinned_and_local_modules_pass if {
	document := plan({
		"a": call("acme/vpc/aws", "~> 5.0"),
		"b": call("./modules/b", ""),
		"c": call("../c", ""),
		"d": call(concat("", ["git::https://github.com/acme/d.git?ref=", sha]), ""),
		"e": call("github.com/acme/e//sub?ref=v1.2.3", ""),
		"f": call("git@github.com:acme/f.git?ref=release-2.0.1", ""),
		"g": call("app.terraform.io/acme/vpc/aws//modules/x", "5.1.0"),
		"h": call("https://example.com/m-1.2.0.zip", ""),
		"i": call("git::ssh://git@github.com/acme/i.git?ref=0123abc", ""),
		"j": call("git::https://github.com/acme/j?ref=refs/tags/stable", ""),
		"k": call(concat("", ["hg::https://example.com/k?rev=", sha]), ""),
	})
	warned(document, {}) == set()
	denied(document, {}) == set()
}

test_everything_that_can_move_is_warned_about if {
	document := plan({
		"a": call("git::https://github.com/acme/a.git", ""),
		"b": call("git::https://github.com/acme/b.git?ref=main", ""),
		"c": call("github.com/acme/c?ref=feature/x", ""),
		"d": call("https://example.com/latest.zip", ""),
		"e": call("s3::https://s3.amazonaws.com/bucket/module.zip", ""),
		"f": call("hg::https://example.com/f", ""),
		"g": call("/opt/modules/g", ""),
		"h": call("what:ever", ""),
		"i": call("", ""),
	})
	{[f.address, f.facts.class] | f := warned(document, {})[_]} == {
		["module.a", "git"], ["module.b", "git"], ["module.c", "git"], ["module.d", "archive"], ["module.e", "archive"],
		["module.f", "mercurial"], ["module.g", "path"], ["module.h", "other"], ["module.i", "other"],
	}
}

test_strict_pins_deny_ranges_and_tags if {
	document := plan({
		"a": call("acme/a/aws", "~> 5.0"),
		"b": call("git::https://github.com/acme/b.git?ref=v1.2.3", ""),
		"c": call("https://example.com/m-1.2.0.zip", ""),
		"d": call("acme/d/aws", ""),
	})
	found := denied(document, {"pins": "strict"})
	{f.msg | f := found[_]} == {
		"module.a can change between plan and apply: its version is a range.",
		"module.b can change between plan and apply: its ref is no commit.",
		"module.c can change between plan and apply: nothing proves what an archive holds.",
		"module.d can change between plan and apply: it has no version.",
	}
	warned(document, {"pins": "strict"}) == set()
	exact := plan({
		"a": call("acme/a/aws", "= 5.0.1"),
		"b": call(concat("", ["github.com/acme/b?ref=", sha]), ""),
		"c": call(concat("", ["https://example.com/c.zip?checksum=sha256:", sha, sha]), ""),
	})
	denied(exact, {"pins": "strict"}) == set()
}

test_modules_below_modules_are_found if {
	document := plan({"a": {"source": "./a", "module": {"module_calls": {"b": call("acme/b/aws", "")}}}})
	{f.address | f := warned(document, {})[_]} == {"module.a.module.b"}
}

test_the_place_comes_from_the_source if {
	document := object.union(one("acme/vpc/aws"), {"countersign": {"source": {"module_calls": [
		{"address": "module.m", "source": "acme/vpc/aws", "file": "live/main.tf", "line": 3, "end_line": 5},
	]}}})
	{[f.file, f.line, f.end_line] | f := warned(document, {})[_]} == {["live/main.tf", 3, 5]}
}

test_sources_that_are_not_allowed_are_denied if {
	settings := {"allow": ["acme/*", "github.com/acme/*"]}
	document := plan({
		"a": call("acme/vpc/aws", "1.0.0"),
		"b": call("registry.terraform.io/acme/vpc/aws", "1.0.0"),
		"c": call("git::https://user@github.com/acme/x.git//sub?ref=v1.0.0", ""),
		"d": call("git@github.com:acme/x.git?ref=v1.0.0", ""),
		"e": call("eve/vpc/aws", "1.0.0"),
		"f": call("git::https://evil.example/github.com/acme/x?ref=v1.0.0", ""),
		"g": call("git::https://github.com/acme/../eve/x?ref=v1.0.0", ""),
		"h": call("git::https://github.com/acme/%2e%2e/eve/x?ref=v1.0.0", ""),
		"i": call("evil.example/acme/vpc/aws", "1.0.0"),
		"j": call("./local", ""),
	})
	{f.address | f := denied(document, settings)[_]; f.attribute == "source"} == {"module.e", "module.f", "module.g", "module.h", "module.i"}
	{f.msg | f := denied(one("eve/vpc/aws"), settings)[_]} == {"module.m comes from eve/vpc/aws, which is not approved."}
}

test_a_pattern_with_a_host_matches_the_public_registry_too if {
	denied(one("acme/vpc/aws"), {"allow": ["registry.terraform.io/acme/*"]}) == set()
	count(denied(one("app.example.com/acme/vpc/aws"), {"allow": ["acme/*"]})) == 1
}

test_denials_win if {
	settings := {"allow": ["acme/*", "!acme/old/*"]}
	count(denied(plan({"a": call("acme/old/aws", "1.0.0")}), settings)) == 1
	denied(plan({"a": call("acme/new/aws", "1.0.0")}), settings) == set()
	only := {"allow": ["!eve/*"]}
	denied(plan({"a": call("acme/new/aws", "1.0.0")}), only) == set()
	count(denied(plan({"a": call("eve/new/aws", "1.0.0")}), only)) == 1
	denied(plan({"a": call("eve/new/aws", "1.0.0")}), {"allow": []}) == set()
}

test_credentials_in_a_source_are_denied_and_not_shown if {
	sources := {
		"git::https://oauth2:s3cr3tvalue@github.com/acme/x.git?ref=v1.0.0",
		"https://s3cr3tvalue@github.com/acme/x-1.0.0.zip",
		"git::https://git:s3cr3tvalue@github.com/acme/x.git?ref=v1.0.0",
		"s3::https://s3.amazonaws.com/b/m-1.0.0.zip?aws_access_key_secret=s3cr3tvalue",
		"https://example.com/m-1.0.0.zip?sig=s3cr3tvalue",
	}
	every source in sources {
		found := denied(one(source), {})
		{f.attribute | f := found[_]} == {"credential"}
		not contains(json.marshal(found), "s3cr3tvalue")
	}
	every source in {"git@github.com:acme/x.git?ref=v1.0.0", "ssh://git@github.com:22/acme/x.git?ref=v1.0.0", "git::ssh://jenkins@git.example.com:7999/x.git?ref=v1.0.0", "https://git@github.com/acme/x-1.0.0.zip", "https://example.com/m-1.0.0.zip?sig="} {
		denied(one(source), {}) == set()
	}
}

escaping(file, source) := found if {
	found := denied(object.union(one("./a"), {"countersign": {"source": {"module_calls": [
		{"address": null, "source": source, "file": file, "line": 2, "end_line": 4},
	]}}}), {})
}

test_a_path_out_of_the_repository_is_denied if {
	{[f.msg, f.attribute] | f := escaping("live/prod/main.tf", "../../../other")[_]} == {["live/prod/main.tf is read from outside the repository, so no commit says what it holds.", "path"]}
	count(escaping("main.tf", "../other")) == 1
	count(escaping("live/main.tf", "./x/../../../other")) == 1
}

test_a_call_out_of_the_repository_is_told_by_its_address if {
	found := denied(object.union(one("./a"), {"countersign": {"source": {"module_calls": [
		{"address": "module.m", "source": "../x", "file": "main.tf", "line": 2, "end_line": 4},
	]}}}), {})
	{f.subject | f := found[_]} == {"module.m"}
}

test_paths_within_the_repository_pass if {
	escaping("live/prod/main.tf", "../../modules/x") == set()
	escaping("main.tf", "./modules/x") == set()
	escaping("a/main.tf", "../a/../b") == set()
	escaping("main.tf", "acme/vpc/aws") == set()
	escaping("main.tf", null) == set()
}

test_a_plan_without_configuration_is_not_proven if {
	{f.certainty | f := denied({"resource_changes": []}, {})[_]} == {"unknown"}
}

test_settings_that_cannot_be_meant_are_denied if {
	bad := policy.deny_settings with data.countersign.config as {"approved-modules": {"pins": "tight", "allow": [3, "!", "a?ref=b", "./x", "git::https://u@h/x"]}}
	{f.msg | f := bad[_]} == {
		"pins of [policy.approved-modules] is neither loose nor strict.",
		"A pattern in allow of [policy.approved-modules] can never match: it is no text.",
		"A pattern in allow of [policy.approved-modules] can never match: it is empty.",
		"A pattern in allow of [policy.approved-modules] can never match: leave out ?ref=.",
		"A pattern in allow of [policy.approved-modules] can never match: local modules need no approval.",
		"A pattern in allow of [policy.approved-modules] can never match: leave out the user.",
	}
	word := policy.deny_settings with data.countersign.config as {"approved-modules": {"allow": 3}}
	count(word) == 1
	policy.deny_settings == set() with data.countersign.config as {"approved-modules": {"pins": "loose", "allow": ["acme/*"]}}
	policy.deny_settings == set() with data.countersign.config as {}
}
