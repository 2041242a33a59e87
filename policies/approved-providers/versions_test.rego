package countersign.policies.approved_providers_versions_test

# Versions, and the providers that only state, source or lock file name.

public(path) := concat("/", ["registry.terraform.io", path])

plan(own) := {
	"configuration": {"root_module": {}},
	"resource_changes": [{"address": "aws_x.y", "mode": "managed", "type": "aws_x", "name": "y", "provider_name": public("hashicorp/aws"), "change": {"actions": ["no-op"]}}],
	"countersign": own,
}

locked(version) := plan({"source": {"lock": [{"provider": public("hashicorp/aws"), "version": version, "file": ".terraform.lock.hcl", "line": 3}]}})

denied(input_plan, settings) := found if {
	found := data.countersign.policies.approved_providers.deny with input as input_plan
		with data.countersign.config as {"approved-providers": settings}
}

warned(input_plan, settings) := found if {
	found := data.countersign.policies.approved_providers.warn with input as input_plan
		with data.countersign.config as {"approved-providers": settings}
}

test_a_version_within_the_range_passes if {
	every allow in [["hashicorp/aws @ ~> 5.0"], ["hashicorp/aws@>= 5.0, < 6.0"], ["hashicorp/* @ ~> 5.0", "hashicorp/aws @ ~> 4.0"], ["hashicorp/aws @ ~> 4.0", "hashicorp/aws"]] {
		warned(locked("5.60.0"), {"allow": allow}) == set()
		denied(locked("5.60.0"), {"allow": allow}) == set()
	}
}

test_a_version_outside_of_the_range_is_warned_about if {
	found := warned(locked("5.60.0"), {"allow": ["hashicorp/aws @ ~> 6.0"]})
	found == {{
		"subject": public("hashicorp/aws"),
		"msg": "Provider registry.terraform.io/hashicorp/aws is locked at a version outside of the approved ~> 6.0.",
		"severity": "high",
		"facts": {"kind": "version", "approved": ["~> 6.0"], "locked": "5.60.0", "used_by": [], "uses": 0},
	}}
	denied(locked("5.60.0"), {"allow": ["hashicorp/aws @ ~> 6.0"]}) == set()
}

test_a_version_that_cannot_be_told_is_warned_about if {
	{f.msg | some f in warned(plan(null), {"allow": ["hashicorp/aws @ ~> 6.0"]})} == {"Provider registry.terraform.io/hashicorp/aws is approved only in ~> 6.0, and its version cannot be told: there is no lock file with it."}
	every case in [["6.0.0-beta1", "~> 6.0"], ["6.0.0", "latest"]] {
		some f in warned(locked(case[0]), {"allow": [concat(" @ ", ["hashicorp/aws", case[1]])]})
		contains(f.msg, "the lock file's version or the range cannot be read")
	}
}

test_denied_ranges_deny_locked_versions if {
	denial := {"deny": ["hashicorp/aws @ < 5.50"]}
	{f.facts.reason | some f in denied(locked("5.49.0"), denial)} == {"denied"}
	denied(locked("5.60.0"), denial) == set()
	denied(plan(null), denial) == set()
	{f.facts.reason | some f in denied(locked("5.49.0"), {"allow": ["hashicorp/*", "!hashicorp/aws @ 5.49.0"]})} == {"denied"}
}

stated := plan({"state_providers": [{"name": public("acme/gone"), "address": "module.a.gone_x.y"}, {"name": public("hashicorp/aws"), "address": "aws_x.y"}, {"name": 3}]})

test_providers_of_the_state_are_found if {
	{[f.subject, f.facts.used_by] | some f in denied(stated, {})} == {[public("acme/gone"), ["module.a.gone_x.y"]]}
	warned(stated, {"allow": ["*"]}) == set()
}

requirement(source, name, module_path) := {"source": source, "name": name, "module": module_path, "file": "versions.tf", "line": 7}

required(entries) := plan({"source": {"required_providers": entries}})

test_providers_that_only_the_source_requires_are_found if {
	found := denied(required([requirement("acme/new", "new", ""), requirement("hashicorp/aws", "aws", "")]), {})
	{[f.subject, f.facts.used_by, f.file, f.line] | some f in found} == {[public("acme/new"), ["versions.tf:7"], "versions.tf", 7]}
	{f.subject | some f in denied(required([requirement(null, "datadog", "module.a")]), {"allow": []}); f.subject != public("hashicorp/aws")} == {public("hashicorp/datadog")}
}

test_requirements_of_other_roots_and_expressions_are_none if {
	denied(required([requirement("acme/new", "new", null), requirement(`"${var.x}"`, "x", "")]), {}) == set()
}

named := {
	"configuration": {
		"provider_config": {"one": {"name": "one", "full_name": public("acme/one")}},
		"root_module": {"resources": [{"address": "two_x.y", "mode": "managed", "type": "two_x", "name": "y", "provider_config_key": "two"}]},
	},
	"countersign": {"state_providers": [{"name": public("acme/one"), "address": "a"}, {"name": public("hashicorp/two"), "address": "b"}]},
}

test_what_the_plan_names_otherwise_is_found_once if {
	{[f.subject, f.facts.used_by] | some f in denied(named, {"allow": []})} == {[public("acme/one"), ["one"]], [public("hashicorp/two"), ["two"]]}
}

test_unapproved_providers_of_the_lock_file_alone_are_warned_about if {
	lock := plan({"source": {"lock": [{"provider": public("acme/old"), "version": "1.0.0", "file": ".terraform.lock.hcl", "line": 3}, {"provider": null}]}})
	found := warned(lock, {})
	{[f.subject, f.facts.kind, f.file, f.line] | some f in found} == {[public("acme/old"), "locked", ".terraform.lock.hcl", 3]}
	warned(lock, {"allow": ["*"]}) == set()
	denied(lock, {}) == set()
}

test_drift_names_its_users if {
	drifted := {"configuration": {"root_module": {}}, "resource_drift": [{"address": "acme_x.y", "provider_name": public("acme/x"), "change": {"actions": ["update"]}}]}
	{f.facts.used_by | some f in denied(drifted, {})} == {["acme_x.y"]}
}
