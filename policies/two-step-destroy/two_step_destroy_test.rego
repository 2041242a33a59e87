package countersign.policies.two_step_destroy_test

row(type, actions, before, after) := {
	"address": concat("", [type, ".x"]),
	"mode": "managed",
	"type": type,
	"name": "x",
	"provider_name": "registry.terraform.io/hashicorp/any",
	"change": {"actions": actions, "before": before, "after": after},
}

denied(rows) := found if {
	found := data.countersign.policies.two_step_destroy.deny with input as {"resource_changes": rows}
}

warned(rows) := found if {
	found := data.countersign.policies.two_step_destroy.warn with input as {"resource_changes": rows}
}

locks(rows) := found if {
	found := data.countersign.policies.two_step_destroy.warn_locks with input as {"resource_changes": rows}
}

test_a_protected_object_that_is_destroyed_is_denied if {
	found := denied([row("aws_rds_cluster", ["delete"], {"deletion_protection": true}, null)])
	found == {{
		"address": "aws_rds_cluster.x",
		"attribute": "deletion_protection",
		"msg": "aws_rds_cluster.x is destroyed while deletion_protection is on. The apply fails at this object, or the provider turns it off by itself.",
		"facts": {"kind": "protected", "first_step": false},
	}}
}

test_a_replacement_that_turns_it_off_is_denied if {
	found := denied([row("aws_rds_cluster", ["delete", "create"], {"deletion_protection": true}, {"deletion_protection": false})])
	{f.msg | some f in found} == {"aws_rds_cluster.x is destroyed while deletion_protection is on. The same plan turns it off."}
	kept := denied([row("aws_rds_cluster", ["create", "delete"], {"deletion_protection": true}, {"deletion_protection": true})])
	some f in kept
	contains(f.msg, "The apply fails at this object")
}

# Every attribute of every type that keeps a delete back.

tree(entry, value) := {entry.path[0]: value} if count(entry.path) == 1

tree(entry, value) := {entry.path[0]: [{entry.path[1]: value}]} if count(entry.path) == 2

test_every_attribute_that_keeps_a_delete_back_is_known if {
	every type, entries in data.countersign.tables.deletion_protection.attributes {
		every entry in entries {
			found := {f.attribute | some f in denied([row(type, ["delete"], tree(entry, object.get(entry, ["safe", 0], 1)), null)])}
			expected := {concat(".", entry.path) | entry.blocks}
			expected - found == set()
		}
	}
	google := denied([row("google_pubsub_topic", ["delete"], {"deletion_policy": "PREVENT"}, null)])
	{f.attribute | some f in google} == {"deletion_policy"}
}

test_the_first_step_taken_before_is_told if {
	found := warned([row("aws_rds_cluster", ["delete"], {"deletion_protection": false}, null)])
	{[f.msg, f.severity, f.facts.first_step] | some f in found} == {["aws_rds_cluster.x is destroyed; its deletion_protection was off before this plan.", "info", true]}
	warned([row("aws_rds_cluster", ["delete"], {"deletion_protection": true}, null)]) == set()
	warned([row("aws_instance", ["delete"], {"disable_api_termination": false}, null)]) == set()
	warned([row("aws_subnet", ["delete"], {}, null)]) == set()
	warned([row("aws_rds_cluster", ["delete"], null, null)]) == set()
}

test_other_changes_pass if {
	rows := [row("aws_rds_cluster", actions, {"deletion_protection": true}, {}) | some actions in [["update"], ["create"], ["no-op"], ["forget"]]]
	denied(rows) == set()
	warned(rows) == set()
}

test_deposed_objects_data_sources_and_odd_rows_pass if {
	rc := row("aws_rds_cluster", ["delete"], {"deletion_protection": true}, null)
	denied([object.union(rc, {"deposed": "0a1b2c3d"}), object.union(rc, {"mode": "data"}), null, {}]) == set()
}

removal := {"git": {"files": [{"path": "main.tf", "hunks": [{"removed": [{"line": 4, "text": `resource "aws_subnet" "x" {`}, {"line": 6, "text": "    prevent_destroy = true"}], "added": []}]}]}}

guarded(rows) := found if {
	found := data.countersign.policies.two_step_destroy.deny_prevent_destroy with input as {"resource_changes": rows, "countersign": removal}
}

test_destroying_what_prevent_destroy_held_is_denied if {
	{[f.address, f.msg] | some f in guarded([row("aws_subnet", ["delete"], {}, null)])} == {["aws_subnet.x", "aws_subnet.x is destroyed, and the same change removes prevent_destroy = true from its block (line 6 of main.tf before it)."]}
	guarded([row("aws_subnet", ["update"], {}, {}), row("aws_vpc", ["delete"], {}, null)]) == set()
}

test_locks_that_go_with_other_objects_are_warned_about if {
	lock := row("azurerm_management_lock", ["delete"], {}, null)
	lien := row("google_resource_manager_lien", ["delete"], {}, null)
	subnet := row("azurerm_subnet", ["delete"], {}, null)
	{f.msg | some f in locks([lock, subnet])} == {"azurerm_management_lock.x is destroyed in the same plan as azurerm_subnet.x, which it may have guarded."}
	some f in locks([lien, subnet, subnet])
	contains(f.msg, "azurerm_subnet.x and 1 more")
	locks([lock, lien]) == set()
	locks([lock, object.union(subnet, {"provider_name": "another"})]) == set()
	locks([lock, row("azurerm_subnet", ["delete", "create"], {}, {})]) == set()
}

test_values_are_read_of_the_types_that_deletion_protection_knows if {
	"aws_rds_cluster" in data.countersign.policies.two_step_destroy.value_types
}
