package countersign.policies.unexplained_change_test

row(verdict, actions) := {
	"address": "aws_db_instance.main[\"a\"]",
	"deposed": null,
	"type": "aws_db_instance",
	"actions": actions,
	"verdict": verdict,
	"reason": "Nothing in the change touches engine_version, nor what it refers to.",
	"file": null,
	"line": null,
}

joined(rows, outputs) := {"countersign": {"provenance": {"explained": rows, "outputs": outputs, "unplanned": []}}}

denied(document) := found if {
	found := data.countersign.policies.unexplained_change.deny with input as document with data.countersign.config as {}
}

denied_with(document, settings) := found if {
	found := data.countersign.policies.unexplained_change.deny with input as document with data.countersign.config as {"unexplained-change": settings}
}

warned(document) := found if {
	found := data.countersign.policies.unexplained_change.warn_drift with input as document with data.countersign.config as {}
}

test_what_no_hunk_explains_is_denied if {
	denied(joined([row("unexplained", ["update"])], [])) == {{
		"address": "aws_db_instance.main[\"a\"]",
		"msg": "aws_db_instance.main[\"a\"]: the change under review does not explain this update. Nothing in the change touches engine_version, nor what it refers to.",
		"severity": "medium",
		"facts": {"verdict": "unexplained"},
	}}
}

test_what_is_destroyed_weighs_more if {
	some actions, word in {["delete"]: "destroy", ["delete", "create"]: "replacement", ["create", "delete"]: "replacement"}
	found := denied(joined([row("unexplained", actions)], []))
	some finding in found
	finding.severity == "high"
	contains(finding.msg, concat(" ", ["this", word]))
}

test_creates_and_other_actions_have_their_word if {
	every actions, word in {["create"]: "create", ["forget"]: "change"} {
		found := denied(joined([row("unexplained", actions)], []))
		some finding in found
		contains(finding.msg, concat(" ", ["this", word]))
	}
}

test_the_deposed_key_is_kept if {
	found := denied(joined([object.union(row("unexplained", ["delete"]), {"deposed": "0a1b"})], []))
	{f.deposed | some f in found} == {"0a1b"}
}

test_what_cannot_be_known_is_unknown if {
	found := denied(joined([row("not-known", ["update"])], []))
	{f.certainty | some f in found} == {"unknown"}
}

test_outputs_are_named_as_subjects if {
	found := denied(joined([], [{"name": "url", "verdict": "unexplained", "reason": "R.", "file": null, "line": null}]))
	{f.subject | some f in found} == {"output.url"}
	unknown := denied(joined([], [{"name": "url", "verdict": "not-known", "reason": "R.", "file": null, "line": null}]))
	{f.certainty | some f in unknown} == {"unknown"}
}

test_drift_is_a_warning if {
	document := joined([row("drift", ["update"])], [])
	denied(document) == set()
	{f.facts.verdict | some f in warned(document)} == {"drift"}
}

test_what_is_explained_passes if {
	document := joined([row("explained", ["delete"])], [{"name": "url", "verdict": "explained", "reason": "R.", "file": null, "line": null}])
	denied(document) == set()
	warned(document) == set()
}

test_nothing_to_compare_is_unknown if {
	found := denied({"countersign": {"provenance": null}})
	{f.certainty | some f in found} == {"unknown"}
}

test_types_and_addresses_can_be_ignored if {
	document := joined([row("unexplained", ["update"]), row("not-known", ["update"])], [])
	denied_with(document, {"ignore_types": ["aws_db_*"]}) == set()
	denied_with(document, {"ignore_addresses": ["aws_db_instance.main[*"]}) == set()
	count(denied_with(document, {"ignore_types": ["aws_s3_*"]})) == 2
}

test_ignored_drift_is_no_warning if {
	found := data.countersign.policies.unexplained_change.warn_drift with input as joined([row("drift", ["update"])], [])
		with data.countersign.config as {"unexplained-change": {"ignore_types": ["*"]}}
	found == set()
}
