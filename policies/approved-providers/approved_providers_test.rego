package countersign.policies.approved_providers_test

# Shapes as in cases 27-providers and 91-synthetic.

row(provider) := {
	"address": "aws_s3_bucket.b",
	"mode": "managed",
	"type": "aws_s3_bucket",
	"name": "b",
	"provider_name": provider,
	"change": {"actions": ["no-op"], "before": {}, "after": {}},
}

plan(providers) := {
	"configuration": {"root_module": {}},
	"resource_changes": [object.union(row(provider), {"address": sprintf("aws_s3_bucket.b[%d]", [i])}) | some i, provider in providers],
}

denied(input_plan, settings) := found if {
	found := data.countersign.policies.approved_providers.deny with input as input_plan
		with data.countersign.config as {"approved-providers": settings}
}

warned(input_plan, settings) := found if {
	found := data.countersign.policies.approved_providers.warn with input as input_plan
		with data.countersign.config as {"approved-providers": settings}
}

subjects(providers, settings) := {f.subject | some f in denied(plan(providers), settings)}

public(path) := concat("/", ["registry.terraform.io", path])

test_the_default_allows_hashicorp_and_the_builtin if {
	plain := plan(["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws", "terraform.io/builtin/terraform", "aws", "-/google", "terraform"])
	found := data.countersign.policies.approved_providers.deny with input as plain with data.countersign.config as {}
	found == set()
}

test_an_unapproved_provider_is_one_finding if {
	found := denied(plan([public("datadog/datadog"), public("datadog/datadog"), "Registry.Terraform.io/DataDog/datadog"]), {})
	found == {{
		"subject": "registry.terraform.io/datadog/datadog",
		"msg": "Provider registry.terraform.io/datadog/datadog is not approved. It is used by aws_s3_bucket.b[0] and 2 more.",
		"facts": {
			"used_by": ["aws_s3_bucket.b[0]", "aws_s3_bucket.b[1]", "aws_s3_bucket.b[2]"],
			"uses": 3,
			"reason": "not-in-allow",
		},
	}}
}

test_only_five_uses_are_listed if {
	found := denied(plan([public("acme/x") | some _ in numbers.range(1, 7)]), {})
	some f in found
	count(f.facts.used_by) == 5
	f.facts.uses == 7
}

test_every_part_of_the_plan_counts if {
	found := denied({
		"configuration": {
			"provider_config": {"module.a:one.east": {"name": "one", "full_name": public("acme/one")}},
			"root_module": {},
		},
		"resource_changes": [row(public("acme/two"))],
		"resource_drift": [row(public("acme/three"))],
		"deferred_changes": [{"reason": "unknown", "resource_change": row(public("acme/four"))}],
		"action_invocations": [{"address": "action.five.x", "provider_name": public("acme/five")}],
		"deferred_action_invocations": [{"action_invocation": {"address": "action.six.x", "provider_name": public("acme/six")}}],
	}, {})
	{[f.subject, f.facts.used_by] | some f in found} == {
		["registry.terraform.io/acme/one", ["module.a:one.east"]],
		["registry.terraform.io/acme/two", ["aws_s3_bucket.b"]],
		["registry.terraform.io/acme/three", ["aws_s3_bucket.b"]],
		["registry.terraform.io/acme/four", ["aws_s3_bucket.b"]],
		["registry.terraform.io/acme/five", ["action.five.x"]],
		["registry.terraform.io/acme/six", ["action.six.x"]],
	}
}

test_old_plans_name_providers_shortly if {
	old := {"configuration": {
		"provider_config": {"datadog": {"name": "datadog"}, "aws.east": {"name": "aws", "alias": "east"}},
		"root_module": {"resources": [{"address": "data.template_file.t", "mode": "data", "type": "template_file", "name": "t", "provider_config_key": "template"}]},
	}}
	{f.subject | some f in denied(old, {"allow": ["hashicorp/aws"]})} == {"registry.terraform.io/hashicorp/datadog", "registry.terraform.io/hashicorp/template"}
	denied(old, {}) == set()
}

test_keys_of_passed_in_providers_are_no_providers if {
	passed := {"configuration": {
		"provider_config": {"private": {"name": "private", "full_name": "app.terraform.io/acme/aws"}},
		"root_module": {"module_calls": {"m": {"module": {"resources": [{"address": "aws_x.y", "type": "aws_x", "name": "y", "provider_config_key": "module.m:private"}]}}}},
	}}
	{f.subject | some f in denied(passed, {"allow": []})} == {"app.terraform.io/acme/aws"}
	warned(passed, {"allow": ["app.terraform.io/acme/aws"]}) == set()
}

test_a_pattern_without_host_means_both_public_registries if {
	both := [public("acme/x"), "registry.opentofu.org/acme/x"]
	subjects(both, {"allow": ["acme/x"]}) == set()
	subjects(both, {"allow": ["acme/*"]}) == set()
	subjects(["app.example.com/acme/x"], {"allow": ["acme/*", "*"]}) == {"app.example.com/acme/x"}
	subjects(both, {"allow": ["*"]}) == set()
}

test_an_explicit_host_is_exact if {
	subjects([public("acme/x"), "registry.opentofu.org/acme/x"], {"allow": ["registry.terraform.io/acme/*"]}) == {"registry.opentofu.org/acme/x"}
	subjects(["app.example.com/platform/x"], {"allow": ["APP.example.com/platform/*"]}) == set()
	subjects(["app.example.com.evil.io/platform/x"], {"allow": ["app.example.com/platform/*"]}) == {"app.example.com.evil.io/platform/x"}
}

test_bare_patterns_mean_hashicorp if {
	subjects(["aws", public("hashicorp/google")], {"allow": ["aws", "-/google"]}) == set()
	subjects([public("acme/aws")], {"allow": ["aws"]}) == {"registry.terraform.io/acme/aws"}
}

test_wildcards_stay_within_their_part if {
	subjects([public("acme/x")], {"allow": ["ac*"]}) == {"registry.terraform.io/acme/x"}
	subjects([public("acme/aws-extra")], {"allow": ["acme/aws-*"]}) == set()
	subjects([public("acme2/x")], {"allow": ["acme/*"]}) == {"registry.terraform.io/acme2/x"}
}

test_denials_win if {
	subjects([public("hashicorp/external"), public("hashicorp/aws")], {"allow": ["!hashicorp/external", "hashicorp/*", "hashicorp/external"]}) == {"registry.terraform.io/hashicorp/external"}
	subjects([public("hashicorp/null")], {"allow": ["hashicorp/*"], "deny": ["hashicorp/null"]}) == {"registry.terraform.io/hashicorp/null"}
	subjects([public("hashicorp/null")], {"deny": ["hashicorp/null"]}) == {"registry.terraform.io/hashicorp/null"}
	found := denied(plan([public("hashicorp/null")]), {"deny": ["hashicorp/*"]})
	{f.facts.reason | some f in found} == {"denied"}
}

test_executing_providers_need_to_be_named_where_asked_for if {
	providers := [public("hashicorp/external"), public("hashicorp/aws")]
	subjects(providers, {}) == set()
	subjects(providers, {"exec_providers": "allow"}) == set()
	subjects(providers, {"exec_providers": "deny"}) == {"registry.terraform.io/hashicorp/external"}
	subjects(providers, {"exec_providers": "deny", "allow": ["hashicorp/*", "hashicorp/external"]}) == set()
	found := denied(plan(providers), {"exec_providers": "deny"})
	{f.facts.reason | some f in found} == {"wildcard-does-not-cover-executing"}
}

local_plan(constraint) := {"configuration": {
	"provider_config": {"local": {"name": "local", "full_name": public("hashicorp/local"), "version_constraint": constraint}},
	"root_module": {"resources": [{"address": "local_file.f", "type": "local_file", "name": "f", "provider_config_key": "local"}]},
}}

test_the_local_provider_executes_from_2_6 if {
	denied(local_plan("~> 2.5.1"), {"exec_providers": "deny"}) == set()
	count(denied(local_plan("~> 2.6"), {"exec_providers": "deny"})) == 1
	count(denied(local_plan(""), {"exec_providers": "deny"})) == 1
}

hint(provider, settings) := {f.facts.hint | some f in denied(plan([provider]), settings); f.facts.hint}

test_a_look_alike_is_hinted_at if {
	found := denied(plan([public("hashlcorp/aws")]), {})
	some f in found
	f.msg == "Provider registry.terraform.io/hashlcorp/aws is not approved (did you mean hashicorp/aws?). It is used by aws_s3_bucket.b[0]."
	f.facts.hint == "hashicorp/aws"
	f.severity == "critical"
	{[w.subject, w.facts.kind, w.facts.hint] | some w in warned(plan([public("hashlcorp/aws")]), {})} == {["registry.terraform.io/hashlcorp/aws", "look-alike", "hashicorp/aws"]}
}

test_look_alikes_within_two_edits if {
	every name in ["hashicorpp/aws", "hashicrp/aws", "hsahicorp/aws", "hashicor/aws", "hash1c0rp/aws", "hashi-corp/aws"] {
		hint(public(name), {}) == {"hashicorp/aws"}
	}
	every name in ["evil/aws", "hashi/aws", "h4sh1c0rp/aws", "acme/aws"] {
		hint(public(name), {}) == set()
	}
}

test_look_alikes_of_approved_names if {
	hint(public("datadog/datadgo"), {"allow": ["datadog/datadog"]}) == {"datadog/datadog"}
	hint(public("dataodg/other"), {"allow": ["datadog/*"]}) == {"datadog/other"}
	hint("app.exarnple.com/platform/x", {"allow": ["app.example.com/platform/x"]}) == {"app.example.com/platform/x"}
	hint("registry.terraform.i0/hashicorp/aws", {}) == {"hashicorp/aws"}
}

test_official_and_short_names_are_no_look_alikes if {
	hint(public("hashicorp/azuread"), {"allow": ["hashicorp/azurerm"]}) == set()
	hint(public("hashicorp/dns"), {"allow": ["hashicorp/aws"]}) == set()
	hint(public("ibm/x"), {"allow": ["abc/x"]}) == set()
	hint("registry.opentofu.org/acme/x", {"allow": ["registry.terraform.io/acme/x"]}) == set()
}

test_an_exactly_named_provider_is_no_look_alike if {
	denied(plan([public("hashicorpp/aws")]), {"allow": ["hashicorpp/aws"]}) == set()
	warned(plan([public("hashicorpp/aws")]), {"allow": ["hashicorpp/aws"]}) == set()
}

test_a_look_alike_under_a_broad_wildcard_is_warned_about if {
	denied(plan([public("hashicorpp/aws")]), {"allow": ["*/*"]}) == set()
	{f.facts.hint | some f in warned(plan([public("hashicorpp/aws")]), {"allow": ["*/*"]})} == {"hashicorp/aws"}
}

test_homoglyphs_are_hinted_at if {
	found := denied(plan([public("hаshicorp/aws")]), {})
	{[f.facts.hint, f.severity] | some f in found} == {["hashicorp/aws", "critical"]}
}

test_wildcards_do_not_approve_disguised_names if {
	subjects([public("hashicorp/аws")], {}) == {public("hashicorp/аws")}
	subjects([public("acme/日本")], {"allow": ["acme/*"]}) == {public("acme/日本")}
	subjects([public("acme/日本")], {"allow": ["acme/日本"]}) == set()
	subjects(["xn--registry-x.io/acme/x"], {"allow": ["xn--registry-x.io/acme/*"]}) == {"xn--registry-x.io/acme/x"}
	found := warned(plan([public("acme/日本")]), {})
	{f.facts.kind | some f in found} == {"look-alike"}
}

unused_plan := {
	"configuration": {
		"provider_config": {
			"aws": {"name": "aws", "full_name": public("hashicorp/aws")},
			"aws.us": {"name": "aws", "alias": "us", "full_name": public("hashicorp/aws")},
			"google": {"name": "google", "full_name": public("hashicorp/google")},
			"module.m:aws": {"name": "aws", "full_name": public("hashicorp/aws"), "module_address": "module.m"},
			"random": {"name": "random", "full_name": public("hashicorp/random")},
			"terraform": {"name": "terraform", "full_name": "terraform.io/builtin/terraform"},
		},
		"root_module": {"resources": [{"address": "data.aws_region.r", "mode": "data", "type": "aws_region", "name": "r", "provider_config_key": "aws"}]},
	},
	"resource_changes": [row(public("hashicorp/random"))],
}

test_a_configured_but_unused_provider_is_warned_about if {
	{[f.subject, f.facts.kind, f.facts.used_by] | some f in warned(unused_plan, {})} == {["registry.terraform.io/hashicorp/google", "unused", ["google"]]}
	denied(unused_plan, {}) == set()
}

test_rows_without_a_provider_are_undecided if {
	bare := {"configuration": {"root_module": {}}, "resource_changes": [{"address": "a.b"}, {"address": "c.d", "provider_name": null}, row("aws")]}
	found := denied(bare, {})
	{[f.certainty, f.facts.uses, f.facts.used_by] | some f in found} == {["unknown", 2, ["a.b", "c.d"]]}
}

test_deferred_rows_without_a_provider_are_undecided if {
	later := {"configuration": {"root_module": {}}, "deferred_changes": [{"resource_change": {"address": "e.f"}}, {"resource_change": row("aws")}]}
	{[f.certainty, f.facts.used_by] | some f in denied(later, {})} == {["unknown", ["e.f"]]}
}

test_a_plan_without_configuration_is_undecided if {
	found := denied({"resource_changes": [row("aws")]}, {})
	{f.certainty | some f in found} == {"unknown"}
	count(found) == 1
}

test_names_of_another_form_are_denied if {
	subjects(["a/b/c/d", "hashicorp/aws\n"], {"allow": ["*", "*/*", "*/*/*", "*/*/*/*"]}) == {"a/b/c/d", "hashicorp/aws\n"}
}

test_wrong_settings_approve_nothing if {
	subjects(["aws"], {"allow": "hashicorp/*"}) == {"registry.terraform.io/hashicorp/aws"}
	subjects(["aws"], {"allow": [3, null]}) == {"registry.terraform.io/hashicorp/aws"}
	subjects(["aws"], {"allow": []}) == {"registry.terraform.io/hashicorp/aws"}
	subjects(["aws"], null) == {"registry.terraform.io/hashicorp/aws"}
	subjects(["aws"], {"deny": "aws"}) == {"registry.terraform.io/hashicorp/aws"}
}

test_the_place_that_asks_for_it_is_given if {
	asked := object.union(plan([public("acme/x")]), {"countersign": {"source": {"required_providers": [{"source": "acme/x", "file": "versions.tf", "line": 7}]}}})
	{[f.file, f.line] | some f in denied(asked, {})} == {["versions.tf", 7]}
}

test_odd_shapes_do_not_break if {
	odd := {
		"configuration": {"provider_config": {"x": null, "y": {"full_name": 3}}, "root_module": {"resources": [null, {}]}},
		"resource_changes": [null, 3, row("aws")],
		"resource_drift": null,
		"deferred_changes": [null],
		"action_invocations": {},
		"countersign": null,
	}
	denied(odd, {}) == set()
	denied({"configuration": {"root_module": {}}}, {}) == set()
}
