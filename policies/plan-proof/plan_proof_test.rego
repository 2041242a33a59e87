package countersign.policies.plan_proof_test

sha := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

file := {"kind": "file", "subject": "main.tf", "deposed": null, "problem": "changed", "source": null, "text": "main.tf was planned with other content than the commit has."}

change := {"kind": "change", "subject": "a.b", "deposed": "0a1b2c3d", "problem": "only-in-json", "source": null, "text": "a.b: create in the JSON."}

time := {"kind": "plan", "subject": null, "deposed": null, "problem": "other-time", "source": null, "text": "The JSON was made at another time than the plan file."}

variable := {"kind": "variable", "subject": "region", "deposed": null, "problem": "other-value", "source": null, "text": "The variable region: in the JSON the value is not that of the plan file."}

constraints := {"kind": "lock", "subject": "registry.terraform.io/a/b", "deposed": null, "problem": "other-constraints", "source": null, "text": "x"}

module := {"kind": "module", "subject": "vpc", "deposed": null, "problem": "remote", "source": "registry.terraform.io/acme/vpc/aws", "text": "Not covered: the module vpc."}

proof(verdict, differences, gaps) := {"countersign": {"provenance": {"proof": {
	"verdict": verdict,
	"differences": differences,
	"gaps": gaps,
	"omitted": 0,
	"sha256": sha,
}}}}

denied(document) := found if {
	found := data.countersign.policies.plan_proof.deny with input as document with data.countersign.config as {}
}

warned(document, settings) := found if {
	found := data.countersign.policies.plan_proof.warn with input as document with data.countersign.config as {"plan-proof": settings}
}

test_a_file_that_differs_is_denied_for_this_plan_file if {
	denied(proof("differs", [file], [])) == {{
		"msg": "main.tf was planned with other content than the commit has.",
		"file": "main.tf",
		"subject": "main.tf",
		"severity": "high",
		"facts": {"kind": "file", "problem": "changed", "plan_file": "0123456789abcdef0123456789abcdef"},
	}}
}

test_a_change_that_differs_is_found_at_its_address if {
	some found in denied(proof("differs", [change], []))
	found.address == "a.b"
	found.deposed == "0a1b2c3d"
	found.severity == "critical"
	not found.subject
}

test_another_variable_is_another_plan if {
	some found in denied(proof("differs", [variable], []))
	found.subject == "region"
	found.severity == "critical"
	not found.address
}

test_what_has_no_name_is_named_by_its_problem if {
	some found in denied(proof("differs", [time], []))
	found.subject == "other-time"
	found.severity == "critical"
	not found.file
}

test_other_constraints_are_less_than_another_provider if {
	{found.severity | some found in denied(proof("differs", [constraints], []))} == {"medium"}
}

test_differences_beyond_the_list_are_denied_together if {
	many := json.patch(proof("differs", [file], []), [{"op": "replace", "path": "/countersign/provenance/proof/omitted", "value": 7}])
	found := data.countersign.policies.plan_proof.deny_more with input as many with data.countersign.config as {}
	{f.msg | some f in found} == {"Beside those that are listed there are 7 more differences or gaps."}
	none := data.countersign.policies.plan_proof.deny_more with input as proof("differs", [file], []) with data.countersign.config as {}
	none == set()
}

test_gaps_are_warned_about if {
	document := proof("not-proven", [], [module])
	denied(document) == set()
	{f.subject | some f in warned(document, {})} == {"vpc"}
	{f.facts.problem | some f in warned(document, {})} == {"remote"}
}

test_accepted_sources_need_no_warning if {
	document := proof("not-proven", [], [module])
	warned(document, {"modules": ["registry.terraform.io/acme/*"]}) == set()
	count(warned(document, {"modules": ["registry.terraform.io/other/*"]})) == 1
	count(warned(document, {"modules": "*"})) == 1
}

test_other_gaps_cannot_be_accepted if {
	gap := object.union(module, {"problem": "outside"})
	count(warned(proof("not-proven", [], [gap]), {"modules": ["*"]})) == 1
}

test_a_proven_plan_passes if {
	denied(proof("proven", [], [])) == set()
	warned(proof("proven", [], []), {}) == set()
}

test_nothing_is_found_without_a_binary_plan if {
	denied({"countersign": {"provenance": {"proof": null}}}) == set()
	denied({}) == set()
	warned({}, {}) == set()
}
