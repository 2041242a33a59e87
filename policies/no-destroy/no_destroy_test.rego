package countersign.policies.no_destroy_test

# Rows as Terraform writes them, from plans of cases 03-replace, 04-delete, 05-forget and 17-deposed.

row(actions) := {
	"address": "aws_db_instance.main",
	"mode": "managed",
	"type": "aws_db_instance",
	"name": "main",
	"provider_name": "registry.terraform.io/hashicorp/aws",
	"change": {
		"actions": actions,
		"before": {"engine_version": "14.9"},
		"after": null,
		"after_unknown": {},
		"before_sensitive": {"password": true},
		"after_sensitive": false,
	},
}

plan(rows) := {"format_version": "1.2", "resource_changes": rows}

changed(actions, extra) := object.union(row(actions), extra)

denied(rows) := found if {
	found := data.countersign.policies.no_destroy.deny with input as plan(rows) with data.countersign.config as {}
}

warned(rows) := found if {
	found := data.countersign.policies.no_destroy.warn with input as plan(rows) with data.countersign.config as {}
}

denied_with(rows, settings) := found if {
	found := data.countersign.policies.no_destroy.deny with input as plan(rows) with data.countersign.config as {"no-destroy": settings}
}

test_a_delete_is_denied if {
	found := denied([changed(["delete"], {"action_reason": "delete_because_no_resource_config"})])
	found == {{
		"address": "aws_db_instance.main",
		"msg": "aws_db_instance.main will be destroyed. Reason: delete_because_no_resource_config (its block is no longer in the configuration). What it holds (database) may be lost.",
		"severity": "critical",
		"facts": {"reason": "delete_because_no_resource_config", "replace": false, "forced_by": []},
	}}
}

test_replace_in_either_order_is_denied if {
	cbd := denied([row(["create", "delete"])])
	dbc := denied([row(["delete", "create"])])
	{f.facts.order | some f in cbd} == {"create-before-destroy"}
	{f.facts.order | some f in dbc} == {"destroy-before-create"}
	{f.facts.replace | some f in cbd | dbc} == {true}
}

test_the_forcing_attribute_is_named if {
	found := denied([{
		"address": "aws_db_instance.main",
		"mode": "managed",
		"type": "aws_db_instance",
		"name": "main",
		"action_reason": "replace_because_cannot_update",
		"change": {"actions": ["delete", "create"], "before": {}, "after": {}, "replace_paths": [["engine_version"]]},
	}])
	some f in found
	f.msg == "aws_db_instance.main will be destroyed and re-created (replace: \"engine_version\" forces it). Reason: replace_because_cannot_update. What it holds (database) may be lost."
	f.facts.forced_by == ["engine_version"]
	count(found) == 1
}

test_several_forcing_attributes_are_named if {
	found := denied([{
		"address": "local_file.a",
		"type": "local_file",
		"name": "a",
		"action_reason": "replace_because_cannot_update",
		"change": {"actions": ["create", "delete"], "replace_paths": [["file_permission"], ["tags", "a.b"], ["disk", 0, "size"]]},
	}])
	some f in found
	f.facts.forced_by == ["file_permission", `tags["a.b"]`, "disk[0].size"]
	contains(f.msg, `"file_permission", "tags[\"a.b\"]", "disk[0].size" force it`)
}

test_a_missing_reason_is_said_to_be_missing if {
	found := denied([row(["delete"])])
	{f.facts.reason | some f in found} == {"not given"}
	some f in found
	contains(f.msg, "Reason: not given (destroy plans give none).")
}

test_deposed_objects_are_findings_of_their_own if {
	found := denied([
		changed(["create", "delete"], {"action_reason": "replace_because_cannot_update"}),
		changed(["delete"], {"deposed": "0a1b2c3d"}),
		changed(["delete"], {"deposed": "54f12b76"}),
	])
	count(found) == 3
	{f.deposed | some f in found} == {"0a1b2c3d", "54f12b76"}
}

test_a_null_deposed_key_is_none if {
	found := denied([changed(["delete"], {"deposed": null})])
	count(found) == 1
	{f.deposed | some f in found} == set()
}

test_a_combination_that_holds_delete_is_denied if {
	count(denied([row(["create", "read", "update", "delete", "no-op"])])) == 1
	count(denied([row(["delete", "teleport"])])) == 1
}

test_a_delete_with_an_import_says_so if {
	found := denied([{
		"address": "aws_s3_bucket.b",
		"mode": "managed",
		"type": "aws_s3_bucket",
		"name": "b",
		"previous_address": "aws_s3_bucket.a",
		"change": {"actions": ["delete", "create"], "importing": {"id": "b"}, "replace_paths": [["bucket"]]},
	}])
	some f in found
	f.facts.importing == true
	f.facts.previous_address == "aws_s3_bucket.a"
	contains(f.msg, "The same plan imports it.")
	contains(f.msg, "It was aws_s3_bucket.a before.")
}

test_other_actions_pass if {
	rows := [row(actions) | some actions in [["no-op"], ["create"], ["read"], ["update"], ["forget"], ["create", "forget"], []]]
	denied(rows) == set()
}

test_data_sources_and_ephemeral_rows_pass if {
	denied([changed(["delete"], {"mode": "data"}), changed(["delete"], {"mode": "ephemeral"})]) == set()
}

test_an_unknown_or_missing_mode_counts_as_managed if {
	count(denied([changed(["delete"], {"mode": null})])) == 1
	count(denied([changed(["delete"], {"mode": "other"})])) == 1
	count(denied([{"address": "a.b", "change": {"actions": ["delete"]}}])) == 1
}

test_a_row_without_an_address_is_named_by_its_parts if {
	found := denied([{"type": "aws_route", "name": "r", "module_address": "module.a[\"x.y\"]", "change": {"actions": ["delete"]}}])
	{f.address | some f in found} == {"module.a.aws_route.r"}
	other := denied([{"change": {"actions": ["delete"]}}])
	{f.address | some f in other} == {"(no address)"}
}

test_scaffolding_is_low_but_denied if {
	rows := [changed(["delete"], {"type": type, "address": type}) |
		some type in ["null_resource", "random_id", "time_sleep", "terraform_data", "local_file"]
	]
	found := denied(rows)
	count(found) == 5
	{f.severity | some f in found} == {"low"}
}

test_other_types_are_high if {
	found := denied([changed(["delete"], {"type": "aws_route"})])
	{f.severity | some f in found} == {"high"}
}

test_stateful_types_of_each_cloud_are_critical if {
	rows := [changed(["delete"], {"type": type, "address": type}) |
		some type in ["aws_s3_bucket", "aws_kms_key", "azurerm_key_vault", "azurerm_mssql_database", "google_storage_bucket", "google_sql_database_instance"]
	]
	{f.severity | some f in denied(rows)} == {"critical"}
}

test_forgets_are_warned_about if {
	found := warned([changed(["forget"], {"action_reason": "delete_because_no_resource_config"})])
	found == {{
		"address": "aws_db_instance.main",
		"msg": "aws_db_instance.main: the plan abandons the live object; it stays, and Terraform no longer manages it. What it holds (database) is then outside every review.",
		"severity": "high",
		"facts": {"reason": "delete_because_no_resource_config", "replace": false, "forced_by": []},
	}}
}

test_the_severity_of_a_forget_follows_what_is_held if {
	severities := {type: f.severity |
		some type in ["aws_s3_bucket", "aws_subnet", "null_resource"]
		some f in warned([changed(["forget"], {"type": type})])
	}
	severities == {"aws_s3_bucket": "high", "aws_subnet": "medium", "null_resource": "low"}
}

# Every type in the table ranks above others, destroyed or abandoned.
test_every_stateful_type_is_critical if {
	every type, kind in data.countersign.tables.stateful_types.stateful {
		{[f.severity, contains(f.msg, sprintf("What it holds (%s) may be lost.", [kind]))] | some f in denied([changed(["delete"], {"type": type})])} == {["critical", true]}
		{f.severity | some f in warned([changed(["forget"], {"type": type})])} == {"high"}
	}
}

test_a_replacement_without_a_named_attribute_says_so if {
	some f in denied([changed(["delete", "create"], {"action_reason": "replace_because_cannot_update"})])
	contains(f.msg, "Reason: replace_because_cannot_update (something that cannot be changed in place; the plan does not say what).")
}

# Terraform's and OpenTofu's words for why, each in a sentence of its own.
test_every_reason_is_explained if {
	every reason, words in data.countersign.policies.no_destroy.explained {
		some f in denied([changed(["delete"], {"action_reason": reason})])
		contains(f.msg, sprintf("Reason: %s (%s).", [reason, words]))
	}
}

test_replace_by_forget_is_warned_about_in_either_order if {
	terraform := warned([row(["create", "forget"])])
	opentofu := warned([row(["forget", "create"])])
	terraform == opentofu
	some f in terraform
	f.facts.replace == true
	contains(f.msg, "abandons the live object")
}

test_a_deposed_forget_keeps_its_key if {
	{f.deposed | some f in warned([changed(["forget"], {"deposed": "deadbeef"})])} == {"deadbeef"}
}

test_only_forgets_are_warned_about if {
	warned([row(["delete"]), row(["create", "delete"]), row(["no-op"]), row(["update"])]) == set()
	warned([changed(["forget"], {"mode": "data"})]) == set()
}

test_ignored_types_pass if {
	rows := [changed(["delete"], {"type": "random_id"}), row(["delete"])]
	found := denied_with(rows, {"ignore_types": ["random_*"]})
	count(found) == 1
	{f.severity | some f in found} == {"critical"}
}

test_ignored_types_are_whole_names if {
	count(denied_with([row(["delete"])], {"ignore_types": ["aws_db", "db_instance", "aws.db.instance"]})) == 1
}

test_ignored_addresses_pass_with_literal_brackets if {
	keyed := changed(["delete"], {"address": "module.a[\"x\"].aws_db_instance.main[0]"})
	denied_with([keyed], {"ignore_addresses": ["module.a[\"x\"].*"]}) == set()
	denied_with([keyed], {"ignore_addresses": ["module.a[\"x\"].aws_db_instance.main[0]"]}) == set()
	count(denied_with([keyed], {"ignore_addresses": ["module.a[\"y\"].*"]})) == 1
	count(denied_with([keyed], {"ignore_addresses": ["module.a"]})) == 1
}

test_ignored_forgets_pass if {
	found := data.countersign.policies.no_destroy.warn with input as plan([row(["forget"])])
		with data.countersign.config as {"no-destroy": {"ignore_types": ["aws_db_*"]}}
	found == set()
}

test_wrong_settings_ignore_nothing if {
	count(denied_with([row(["delete"])], {"ignore_types": "*", "ignore_addresses": null})) == 1
	count(denied_with([row(["delete"])], {"ignore_types": [3]})) == 1
	count(denied_with([row(["delete"])], null)) == 1
}

deferred_plan(actions) := {"deferred_changes": [{"reason": "instance_count_unknown", "resource_change": row(actions)}]}

test_deferred_deletes_are_reported_apart if {
	found := data.countersign.policies.no_destroy.deny_deferred with input as deferred_plan(["delete", "create"])
		with data.countersign.config as {}
	some f in found
	f.facts.deferred == true
	f.facts.replace == true
	startswith(f.msg, "aws_db_instance.main is to be destroyed by a later plan (deferred: instance_count_unknown).")
	direct := data.countersign.policies.no_destroy.deny with input as deferred_plan(["delete"])
		with data.countersign.config as {}
	direct == set()
}

test_other_deferred_changes_pass if {
	found := data.countersign.policies.no_destroy.deny_deferred with input as deferred_plan(["create"])
		with data.countersign.config as {}
	found == set()
	odd := data.countersign.policies.no_destroy.deny_deferred with input as {"deferred_changes": [null, {}, {"resource_change": {"change": null}}]}
		with data.countersign.config as {}
	odd == set()
}

test_drift_is_not_destroyed_by_the_plan if {
	found := data.countersign.policies.no_destroy.deny with input as {"resource_drift": [row(["delete"])]}
		with data.countersign.config as {}
	found == set()
}

test_odd_shapes_do_not_break if {
	denied([null, 3, "x", {}, {"change": null}, {"change": {"actions": null}}, {"change": {"actions": "delete"}}]) == set()
	found := data.countersign.policies.no_destroy.deny with input as {"resource_changes": null} with data.countersign.config as {}
	found == set()
	none := data.countersign.policies.no_destroy.deny with input as {} with data.countersign.config as {}
	none == set()
}

test_odd_replace_paths_do_not_break if {
	change := {"actions": ["delete", "create"], "replace_paths": [[], "x", null, ["a"]]}
	found := denied([object.union(row(["delete"]), {"change": change})])
	{f.facts.forced_by | some f in found} == {["(whole object)", "a"]}
	nothing := denied([object.union(row(["delete"]), {"change": {"actions": ["delete", "create"], "replace_paths": null}})])
	{f.facts.forced_by | some f in nothing} == {[]}
}
