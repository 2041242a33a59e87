package countersign.policies.deletion_protection_test

row(type, actions, before, after) := {
	"address": concat("", [type, ".x"]),
	"mode": "managed",
	"type": type,
	"name": "x",
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": {}},
}

with_unknown(rc, unknown) := object.union(rc, {"change": object.union(rc.change, {"after_unknown": unknown})})

denied_with(rows, settings) := found if {
	found := data.countersign.policies.deletion_protection.deny with input as {"resource_changes": rows}
		with data.countersign.config as {"deletion-protection": settings}
}

denied(rows) := denied_with(rows, {})

warned_with(rows, settings) := found if {
	found := data.countersign.policies.deletion_protection.warn with input as {"resource_changes": rows}
		with data.countersign.config as {"deletion-protection": settings}
}

warned(rows) := warned_with(rows, {})

db(actions, before, after) := row("aws_rds_cluster", actions, before, after)

test_turning_a_flag_off_is_denied if {
	found := denied([db(["update"], {"deletion_protection": true}, {"deletion_protection": false})])
	found == {{
		"address": "aws_rds_cluster.x",
		"attribute": "deletion_protection",
		"msg": "aws_rds_cluster.x turns deletion_protection off (true → false or not set). The next apply can delete it.",
		"severity": "high",
		"facts": {"kind": "turned-off", "replace": false},
	}}
}

test_leaving_a_flag_out_is_turning_it_off if {
	count(denied([db(["update"], {"deletion_protection": true}, {"deletion_protection": null})])) == 1
	count(denied([db(["update"], {"deletion_protection": true}, {})])) == 1
}

test_a_replacement_without_it_is_denied if {
	found := denied([db(["delete", "create"], {"deletion_protection": true}, {"deletion_protection": false})])
	some f in found
	f.facts.replace
	contains(f.msg, "It is replaced, and the new object has no such protection.")
}

test_an_attribute_that_does_not_keep_a_delete_back_says_less if {
	found := denied([row("aws_s3_bucket", ["update"], {"force_destroy": false}, {"force_destroy": true})])
	{f.msg | some f in found} == {"aws_s3_bucket.x turns force_destroy on (false → true)."}
}

test_an_unknown_new_value_is_undecided if {
	rc := with_unknown(db(["update"], {"deletion_protection": true}, {}), {"deletion_protection": true})
	{[f.certainty, f.attribute] | some f in denied([rc])} == {["unknown", "deletion_protection"]}
}

test_severity_follows_what_is_held if {
	lb := row("aws_lb", ["update"], {"enable_deletion_protection": true}, {"enable_deletion_protection": false})
	{f.severity | some f in denied([lb])} == {"medium"}
}

# Every attribute of every type in the table: a value that protects, and one that does not.

safe_value(entry) := entry.safe[0]

safe_value(entry) := entry.least if entry.least

unsafe_value(entry) := "true" if entry.safe == ["false"]

unsafe_value(entry) := "something else" if {
	entry.safe
	entry.safe != ["false"]
}

unsafe_value(entry) := entry.least - 1 if entry.least

tree(entry, value) := {entry.path[0]: value} if count(entry.path) == 1

tree(entry, value) := {entry.path[0]: [{entry.path[1]: value}]} if count(entry.path) == 2

about(found, entry) := count([1 | some f in found; f.attribute == concat(".", entry.path)])

test_every_attribute_of_every_type_is_known if {
	every type, entries in data.countersign.tables.deletion_protection.attributes {
		every entry in entries {
			safe := tree(entry, safe_value(entry))
			unsafe := tree(entry, unsafe_value(entry))
			about(denied([row(type, ["update"], safe, unsafe)]), entry) == 1
			about(denied([row(type, ["delete", "create"], safe, unsafe)]), entry) == 1
			about(denied([row(type, ["update"], safe, safe)]), entry) == 0
			about(denied([row(type, ["update"], unsafe, safe)]), entry) == 0
			about(warned([row(type, ["create"], null, unsafe)]), entry) == {"warn": 1, "switched": 1, "off": 0}[entry.created]
			about(warned([row(type, ["create"], null, safe)]), entry) == 0
			type in data.countersign.policies.deletion_protection.value_types
		}
	}
}

test_every_google_type_may_have_a_deletion_policy if {
	gone := row("google_pubsub_topic", ["update"], {"deletion_policy": "PREVENT"}, {"deletion_policy": "DELETE"})
	{f.msg | some f in denied([gone])} == {"google_pubsub_topic.x takes deletion_policy away from PREVENT. The next apply can delete it."}
	denied([row("google_pubsub_topic", ["update"], {"deletion_policy": "DELETE"}, {"deletion_policy": "ABANDON"})]) == set()
	warned([row("google_pubsub_topic", ["create"], null, {"deletion_policy": "DELETE"})]) == set()
}

test_every_guard_that_is_destroyed_is_denied if {
	every type, what in data.countersign.tables.deletion_protection.guards {
		found := denied([row(type, ["delete"], {}, null)])
		{f.msg | some f in found; f.facts.kind == "guard-destroyed"} == {sprintf("%s.x is destroyed, and %s ends with it.", [type, what])}
		denied([row(type, ["delete", "create"], {}, {})]) == set()
	}
}

test_objects_created_without_protection_are_warned_about if {
	found := warned([db(["create"], null, {"deletion_protection": false, "skip_final_snapshot": true})])
	{[f.msg, f.severity] | some f in found} == {
		["aws_rds_cluster.x is created with deletion_protection off.", "medium"],
		["aws_rds_cluster.x is created with skip_final_snapshot on.", "medium"],
	}
	{f.severity | some f in warned([row("aws_lb", ["create"], null, {})])} == {"low"}
}

test_a_value_known_after_apply_is_not_without_protection if {
	warned([with_unknown(row("aws_lb", ["create"], null, {}), {"enable_deletion_protection": true})]) == set()
}

test_created_objects_are_denied_or_left_out_by_setting if {
	rows := [row("aws_lb", ["create"], null, {})]
	count(denied_with(rows, {"created": "deny"})) == 1
	warned_with(rows, {"created": "deny"}) == set()
	denied_with(rows, {"created": "off"}) == set()
	warned_with(rows, {"created": "off"}) == set()
}

test_a_lower_number_that_still_protects_is_warned_about if {
	found := warned([db(["update"], {"backup_retention_period": 35}, {"backup_retention_period": "7"})])
	{[f.msg, f.facts.kind] | some f in found} == {["aws_rds_cluster.x lowers backup_retention_period.", "lowered"]}
	warned([db(["update"], {"backup_retention_period": 7}, {"backup_retention_period": 35})]) == set()
}

test_ignored_types_and_addresses_pass if {
	rows := [db(["update"], {"deletion_protection": true}, {"deletion_protection": false})]
	denied_with(rows, {"ignore_types": ["aws_rds_*"]}) == set()
	denied_with(rows, {"ignore_addresses": ["aws_rds_cluster.x"]}) == set()
	count(denied_with(rows, {"ignore_types": ["aws_db_*"], "ignore_addresses": ["module.*"]})) == 1
}

test_data_sources_and_odd_rows_pass if {
	rc := db(["update"], {"deletion_protection": true}, {"deletion_protection": false})
	denied([object.union(rc, {"mode": "data"}), null, 3, {}, {"type": "aws_lb", "change": null}]) == set()
}

features(source, block) := found if {
	found := data.countersign.policies.deletion_protection.warn_provider_features with input as {"configuration": {"provider_config": {"azurerm": {"name": "azurerm", "full_name": source, "expressions": {"features": block}}}}}
}

azurerm := "registry.terraform.io/hashicorp/azurerm"

value_of(text) := true if text == "true"

value_of(text) := false if text == "false"

not_value_of(text) := true if text == "false"

not_value_of(text) := false if text == "true"

test_every_provider_feature_is_known if {
	every feature in data.countersign.tables.deletion_protection.features {
		loose := {feature.path[0]: [{feature.path[1]: {"constant_value": not_value_of(feature.safe)}}]}
		tight := {feature.path[0]: [{feature.path[1]: {"constant_value": value_of(feature.safe)}}]}
		{f.attribute | some f in features(azurerm, [loose])} == {concat(".", array.concat(["features"], feature.path))}
		features(azurerm, [tight]) == set()
		features(azurerm, [{}]) == set()
		features("registry.terraform.io/acme/other", [loose]) == set()
	}
	one := {"resource_group": {"prevent_deletion_if_contains_resources": {"constant_value": false}}}
	{f.msg | some f in features(azurerm, one)} == {"Provider configuration azurerm deletes resource groups that still hold resources: features.resource_group.prevent_deletion_if_contains_resources is false."}
}
