package countersign.policies.no_local_exec_test

# Configuration blocks as in case 08-modules-provisioners.

local_exec := {"type": "local-exec", "expressions": {"command": {"constant_value": "echo SECRET"}}}

block(provisioners) := {
	"address": "terraform_data.x",
	"mode": "managed",
	"type": "terraform_data",
	"name": "x",
	"provider_config_key": "terraform",
	"provisioners": provisioners,
	"schema_version": 0,
}

change(actions) := {
	"address": "terraform_data.x",
	"mode": "managed",
	"type": "terraform_data",
	"name": "x",
	"provider_name": "terraform.io/builtin/terraform",
	"change": {"actions": actions, "before": null, "after": {}},
}

root(blocks, rows) := {"configuration": {"root_module": {"resources": blocks}}, "resource_changes": rows}

simple(actions) := root([block([local_exec])], [change(actions)])

with_source(plan, provisioners) := object.union(plan, {"countersign": {"git": null, "source": {"provisioners": provisioners}}})

in_source(when, line) := {"address": "terraform_data.x", "type": "local-exec", "when": when, "file": "main.tf", "line": line, "digest": "sha256:1"}

denied(plan) := found if {
	found := data.countersign.policies.no_local_exec.deny with input as plan
}

warned(plan) := found if {
	found := data.countersign.policies.no_local_exec.warn with input as plan
}

test_a_provisioner_of_a_created_resource_is_denied if {
	found := denied(simple(["create"]))
	found == {{
		"address": "terraform_data.x",
		"attribute": "provisioner[0]",
		"msg": "terraform_data.x runs local-exec when it is created, unless it says when = destroy.",
		"digest": crypto.sha256(json.marshal(["local-exec", local_exec.expressions])),
		"facts": {"type": "local-exec", "latent": false, "digest": crypto.sha256(json.marshal(["local-exec", local_exec.expressions]))},
	}}
	warned(simple(["create"])) == set()
}

test_a_replacement_in_either_order_is_denied if {
	count(denied(simple(["create", "delete"]))) == 1
	count(denied(simple(["delete", "create"]))) == 1
	count(denied(simple(["create", "forget"]))) == 1
}

test_a_delete_is_denied_and_undecided if {
	found := denied(simple(["delete"]))
	{f.certainty | some f in found} == {"unknown"}
}

test_an_unchanged_resource_is_latent if {
	every actions in [["no-op"], ["update"], ["read"], ["forget"]] {
		denied(simple(actions)) == set()
		found := warned(simple(actions))
		count(found) == 1
		{f.facts.latent | some f in found} == {true}
		{f.severity | some f in found} == {"info"}
	}
}

test_a_resource_without_instances_is_latent if {
	plan := root([block([local_exec])], [])
	denied(plan) == set()
	count(warned(plan)) == 1
	gone := {"configuration": plan.configuration}
	count(warned(gone)) == 1
}

test_one_changed_instance_is_enough if {
	plan := root([block([local_exec])], [change(["no-op"]), object.union(change(["create"]), {"address": "terraform_data.x[1]", "index": 1})])
	count(denied(plan)) == 1
	warned(plan) == set()
}

test_unknown_actions_are_denied_as_undecided if {
	every actions in [["teleport"], [], null, "create", ["no-op", "teleport"]] {
		found := denied(simple(actions))
		count(found) == 1
		{f.certainty | some f in found} == {"unknown"}
	}
	bare := denied(root([block([local_exec])], [{"address": "terraform_data.x", "type": "terraform_data", "name": "x"}]))
	{f.certainty | some f in bare} == {"unknown"}
}

test_every_provisioner_is_a_finding if {
	plan := root([block([local_exec, {"type": "remote-exec"}, {"type": "file", "expressions": {}}, local_exec])], [change(["create"])])
	found := denied(plan)
	{[f.attribute, f.facts.type] | some f in found} == {
		["provisioner[0]", "local-exec"],
		["provisioner[1]", "remote-exec"],
		["provisioner[2]", "file"],
		["provisioner[3]", "local-exec"],
	}
}

test_provisioners_of_any_module_depth_are_found if {
	inner := {"resources": [block([local_exec])]}
	plan := {
		"configuration": {"root_module": {"module_calls": {"region": {"module": {"module_calls": {"cluster": {"module": inner}}}}}}},
		"resource_changes": [object.union(change(["create"]), {
			"address": `module.region["eu.\"west\"[0]"].module.cluster[0].terraform_data.x`,
			"module_address": `module.region["eu.\"west\"[0]"].module.cluster[0]`,
		})],
	}
	{f.address | some f in denied(plan)} == {"module.region.module.cluster.terraform_data.x"}
}

test_the_same_name_in_another_module_is_another_resource if {
	plan := root([block([local_exec])], [
		change(["no-op"]),
		object.union(change(["create"]), {"address": "module.a.terraform_data.x", "module_address": "module.a"}),
		object.union(change(["create"]), {"address": "data.terraform_data.x", "mode": "data"}),
	])
	denied(plan) == set()
	count(warned(plan)) == 1
}

test_rows_without_type_or_name_are_joined_by_address if {
	plan := root([block([local_exec])], [{"address": "terraform_data.x[0]", "change": {"actions": ["create"]}}])
	count(denied(plan)) == 1
}

test_references_are_named_and_commands_are_not if {
	provisioner := {"type": "local-exec", "expressions": {
		"command": {"references": ["local.AWS_COMMAND"]},
		"environment": {"constant_value": {"TOKEN": "hunter2"}},
	}}
	found := denied(root([block([provisioner])], [change(["create"])]))
	some f in found
	f.facts.references == ["local.AWS_COMMAND"]
	contains(f.msg, "Its arguments refer to local.AWS_COMMAND (not shown).")
	not contains(json.marshal(found), "hunter2")
	not contains(json.marshal(denied(simple(["create"]))), "SECRET")
}

test_a_container_without_provisioners_passes if {
	denied(root([block([])], [change(["create"])])) == set()
	denied(root([block(null)], [change(["create"])])) == set()
	null_resource := {"address": "null_resource.n", "mode": "managed", "type": "null_resource", "name": "n"}
	denied(root([null_resource], [])) == set()
	warned(root([null_resource], [])) == set()
}

test_odd_provisioners_are_of_unknown_type if {
	{f.facts.type | some f in denied(root([block([null, {"type": 3}])], [change(["create"])]))} == {"unknown"}
}

test_the_source_tells_when_and_where if {
	found := denied(with_source(simple(["create"]), [in_source("create", 12)]))
	some f in found
	f.facts.when == "create"
	f.file == "main.tf"
	f.line == 12
	f.msg == "terraform_data.x runs local-exec when it is created (main.tf:12)."
}

test_what_the_source_says_of_a_created_resource_is_no_proof if {
	found := denied(with_source(simple(["create"]), [in_source("destroy", 12)]))
	{[f.certainty, f.facts.when, f.msg] | some f in found} == {["unknown", "destroy", "terraform_data.x is created and has a local-exec provisioner; the source says that it runs on destroy, which the plan does not prove (main.tf:12)."]}
}

test_a_destroy_time_provisioner_runs_on_delete_and_replace if {
	every actions in [["delete"], ["delete", "create"]] {
		found := denied(with_source(simple(actions), [in_source("destroy", 12)]))
		{f.msg | some f in found} == {"terraform_data.x runs local-exec when it is destroyed (main.tf:12)."}
		{f.certainty | some f in found} == set()
	}
}

test_what_the_source_says_of_a_deleted_resource_is_no_proof if {
	found := denied(with_source(simple(["delete"]), [in_source("create", 12)]))
	{[f.certainty, f.facts.when] | some f in found} == {["unknown", "create"]}
}

test_source_and_plan_are_matched_by_order if {
	plan := with_source(root([block([local_exec, local_exec])], [change(["create"])]), [in_source("create", 5), in_source("destroy", 9)])
	{[f.attribute, f.line, object.get(f, "certainty", "proven")] | some f in denied(plan)} == {["provisioner[0]", 5, "proven"], ["provisioner[1]", 9, "unknown"]}
}

test_a_source_with_fewer_provisioners_is_not_believed if {
	plan := with_source(root([block([local_exec, local_exec])], [change(["create"])]), [in_source("destroy", 9)])
	found := denied(plan)
	count(found) == 2
	{f.facts.when | some f in found} == set()
}

test_a_source_with_more_provisioners_adds_undecided_ones if {
	plan := with_source(simple(["create"]), [in_source("destroy", 5), in_source("create", 9)])
	found := denied(plan)
	{[f.attribute, object.get(f, "certainty", "proven")] | some f in found} == {["provisioner[0]", "proven"], ["provisioner[2]", "unknown"]}
}

removed_plan := {
	"configuration": {"root_module": {}},
	"resource_changes": [object.union(change(["delete"]), {"action_reason": "delete_because_no_resource_config"})],
}

test_a_provisioner_of_a_removed_block_is_denied if {
	denied(removed_plan) == set()
	found := denied(with_source(removed_plan, [in_source("destroy", 12)]))
	found == {{
		"address": "terraform_data.x",
		"attribute": "provisioner[0]",
		"msg": "terraform_data.x runs local-exec when it is destroyed (main.tf:12). The plan JSON does not show it.",
		"file": "main.tf",
		"line": 12,
		"digest": "sha256:1",
		"facts": {"type": "local-exec", "latent": false, "when": "destroy", "source_only": true, "digest": "sha256:1"},
	}}
}

test_two_alike_provisioners_of_a_removed_block_are_two_findings if {
	entry := {"address": "terraform_data.x", "type": "local-exec", "when": "destroy"}
	found := denied(with_source(removed_plan, [entry, entry]))
	{f.attribute | some f in found} == {"provisioner[0]", "provisioner[1]"}
}

test_a_removed_block_that_is_done_is_latent if {
	plan := with_source({"configuration": {"root_module": {}}, "resource_changes": []}, [in_source("destroy", 12)])
	denied(plan) == set()
	count(warned(plan)) == 1
}

test_a_source_provisioner_without_address_is_undecided if {
	found := denied(with_source({"configuration": {"root_module": {}}}, [{"address": null, "type": "local-exec", "file": "a.tf", "line": 3}]))
	{[f.certainty, f.line] | some f in found} == {["unknown", 3]}
}

test_absent_source_parts_do_not_break if {
	every extra in [null, {}, {"source": null}, {"source": {"provisioners": null}}, {"source": {"provisioners": [null, 3]}}] {
		count(denied(object.union(simple(["create"]), {"countersign": extra}))) >= 1
	}
}

test_a_deferred_resource_is_latent if {
	plan := {
		"configuration": {"root_module": {"resources": [block([local_exec])]}},
		"deferred_changes": [{"reason": "instance_count_unknown", "resource_change": object.union(change(["create"]), {"address": "terraform_data.x[*]"})}],
	}
	denied(plan) == set()
	{f.facts.deferred | some f in warned(plan)} == {true}
}

external := {"address": "data.external.who", "mode": "data", "type": "external", "name": "who", "expressions": {"program": {"constant_value": ["sh", "SECRET"]}}}

test_an_external_data_source_is_denied if {
	found := denied(root([external], []))
	found == {{
		"address": "data.external.who",
		"msg": "data.external.who runs a program on the machine that runs Terraform. It already ran when this plan was made.",
		"digest": crypto.sha256(json.marshal(["external", external.expressions])),
		"facts": {"type": "external", "latent": false, "runs": "plan", "digest": crypto.sha256(json.marshal(["external", external.expressions]))},
	}}
}

test_a_data_source_that_the_plan_puts_off_runs_at_apply if {
	plan := root([external], [{"address": "data.external.who", "mode": "data", "type": "external", "name": "who", "action_reason": "read_because_config_unknown", "change": {"actions": ["read"]}}])
	{f.facts.runs | some f in denied(plan)} == {"apply"}
}

test_a_data_source_without_instances_is_latent if {
	plan := root([object.union(external, {"count_expression": {"constant_value": 0}})], [])
	denied(plan) == set()
	count(warned(plan)) == 1
}

test_other_running_data_sources_are_denied if {
	blocks := [{"address": concat(".", ["data", type, "d"]), "mode": "data", "type": type, "name": "d"} | some type in ["local_command", "shell_script"]]
	{f.facts.type | some f in denied(root(blocks, []))} == {"local_command", "shell_script"}
}

test_harmless_data_sources_pass if {
	denied(root([{"address": "data.aws_region.r", "mode": "data", "type": "aws_region", "name": "r"}], [])) == set()
	denied(root([{"address": "external.who", "mode": "managed", "type": "external", "name": "who"}], [])) == set()
}

script := {"address": "shell_script.s", "mode": "managed", "type": "shell_script", "name": "s"}

script_change(actions) := {"address": "shell_script.s", "mode": "managed", "type": "shell_script", "name": "s", "change": {"actions": actions}}

test_a_running_resource_type_is_denied_when_it_changes if {
	every actions in [["create"], ["update"], ["delete"], ["delete", "create"]] {
		{f.facts.runs | some f in denied(root([script], [script_change(actions)]))} == {"apply"}
	}
	denied(root([script], [script_change(["no-op"])])) == set()
	{f.facts.runs | some f in warned(root([script], [script_change(["no-op"])]))} == {"latent"}
	{f.certainty | some f in denied(root([script], [script_change(["teleport"])]))} == {"unknown"}
}

test_ephemeral_blocks_are_denied if {
	plan := root([{"address": "ephemeral.local_command.c", "mode": "ephemeral", "type": "local_command", "name": "c"}], [])
	{f.facts.runs | some f in denied(plan)} == {"both"}
	source := {"blocks": [{"kind": "ephemeral", "labels": ["local_command", "c"], "address": "ephemeral.local_command.c", "file": "e.tf", "line": 2}]}
	hidden := denied(object.union(root([], []), {"countersign": {"source": source}}))
	{[f.facts.source_only, f.line] | some f in hidden} == {[true, 2]}
	both := denied(object.union(plan, {"countersign": {"source": source}}))
	count(both) == 1
}

# Actions as in 91-synthetic/actions-identity-1.14.json.

invocation := {
	"address": "module.a[\"x\"].action.aws_lambda_invoke.notify",
	"type": "aws_lambda_invoke",
	"name": "notify",
	"config_values": {"payload": "action-secret-payload"},
	"provider_name": "registry.terraform.io/hashicorp/aws",
	"lifecycle_action_trigger": {
		"triggering_resource_address": "module.a[\"x\"].aws_db_instance.orders",
		"action_trigger_event": "AfterCreate",
		"action_trigger_block_index": 0,
		"actions_list_index": 1,
		"on_failure": "halt",
	},
}

test_actions_are_denied if {
	found := denied(object.union(root([], []), {"action_invocations": [invocation]}))
	some f in found
	f.address == "module.a.action.aws_lambda_invoke.notify"
	f.attribute == "module.a.aws_db_instance.orders.action_trigger[0].actions[1]"
	f.facts == {"type": "aws_lambda_invoke", "latent": false, "trigger": "module.a.aws_db_instance.orders", "event": "AfterCreate"}
	not contains(json.marshal(found), "secret")
}

test_an_action_from_the_command_line_is_denied if {
	plan := object.union(root([], []), {"action_invocations": [{"address": "action.local_command.c", "type": "local_command", "invoke_action_trigger": {}}]})
	found := denied(plan)
	{f.facts.type | some f in found} == {"local_command"}
	{f.attribute | some f in found} == set()
}

test_odd_actions_are_denied if {
	{f.facts.type | some f in denied(object.union(root([], []), {"action_invocations": [{}]}))} == {"unknown"}
}

test_deferred_actions_are_latent if {
	plan := object.union(root([], []), {"deferred_action_invocations": [{"reason": "deferred_prereq", "action_invocation": invocation}]})
	denied(plan) == set()
	{[f.facts.type, f.facts.deferred] | some f in warned(plan)} == {["aws_lambda_invoke", true]}
}

configured(entries) := {"configuration": {"provider_config": entries, "root_module": {}}}

test_executing_providers_are_warned_about if {
	found := warned(configured({
		"external": {"name": "external", "full_name": "registry.terraform.io/hashicorp/external", "version_constraint": "2.3.1"},
		"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws"},
		"shell": {"name": "shell", "full_name": "registry.terraform.io/scottwinkler/shell"},
	}))
	{[f.subject, f.facts.type] | some f in found} == {
		["registry.terraform.io/hashicorp/external", "provider"],
		["registry.terraform.io/scottwinkler/shell", "provider"],
	}
	{f.certainty | some f in found} == set()
}

local_entry(extra) := configured({"local": object.union({"name": "local", "full_name": "registry.terraform.io/hashicorp/local"}, extra)})

test_the_version_of_the_local_provider_matters if {
	warned(local_entry({"version_constraint": "~> 2.5.0"})) == set()
	newer := warned(local_entry({"version_constraint": "~> 2.6"}))
	some f in newer
	contains(f.msg, "From version 2.6 on; here: ~> 2.6.")
	f.facts.version == "~> 2.6"
	unknown := warned(local_entry({}))
	some g in unknown
	contains(g.msg, "the plan does not tell which version is used")
	g.facts.version == "unknown"
}

test_a_provider_named_only_by_a_row_is_warned_about if {
	plan := root([], [{"address": "shell_script.s", "type": "shell_script", "name": "s", "provider_name": "registry.terraform.io/scottwinkler/shell", "change": {"actions": ["no-op"]}}])
	{f.subject | some f in warned(plan)} == {"registry.terraform.io/scottwinkler/shell"}
}

test_exec_blocks_of_providers_are_warned_about if {
	found := warned(configured({
		"module.a:kubernetes.east": {"name": "kubernetes", "alias": "east", "full_name": "registry.terraform.io/hashicorp/kubernetes", "module_address": "module.a", "expressions": {"exec": [{"command": {"constant_value": "SECRET"}}]}},
		"helm": {"name": "helm", "full_name": "registry.terraform.io/hashicorp/helm", "expressions": {"kubernetes": [{"exec": [{"command": {"constant_value": "aws"}}]}]}},
	}))
	{[f.address, f.attribute, f.facts.type] | some f in found} == {
		[`module.a.provider["registry.terraform.io/hashicorp/kubernetes"].east`, "exec", "exec"],
		[`provider["registry.terraform.io/hashicorp/helm"]`, "kubernetes[0].exec", "exec"],
	}
	not contains(json.marshal(found), "SECRET")
}

test_exec_arguments_in_constants_are_found if {
	found := warned(configured({"helm": {"name": "helm", "full_name": "registry.terraform.io/hashicorp/helm", "expressions": {"kubernetes": {"constant_value": {"exec": {"command": "aws"}}}}}}))
	{f.attribute | some f in found} == {"kubernetes.exec"}
}

test_providers_without_exec_pass if {
	warned(configured({
		"kubernetes": {"name": "kubernetes", "full_name": "registry.terraform.io/hashicorp/kubernetes", "expressions": {"host": {"references": ["var.exec"]}, "exec": []}},
		"odd": null,
		"odder": {"name": "aws", "expressions": null},
	})) == set()
}

test_helm_postrender_is_warned_about if {
	release := {"address": "helm_release.r", "mode": "managed", "type": "helm_release", "name": "r", "expressions": {"postrender": [{"binary_path": {"constant_value": "/bin/sh"}}]}}
	{[f.address, f.facts.type] | some f in warned(root([release], []))} == {["helm_release.r", "postrender"]}
	hidden := {"address": "module.a[0].helm_release.r", "module_address": "module.a[0]", "type": "helm_release", "name": "r", "change": {"actions": ["create"], "after": {"postrender": [{"binary_path": "/bin/sh"}]}}}
	{f.address | some f in warned(root([], [hidden]))} == {"module.a.helm_release.r"}
	plain := object.union(release, {"expressions": {"postrender": []}})
	warned(root([plain], [])) == set()
}

test_a_plan_without_configuration_is_undecided if {
	every plan in [{}, {"configuration": null}, {"resource_changes": [change(["create"])]}] {
		found := denied(plan)
		{f.certainty | some f in found} == {"unknown"}
	}
	denied({"configuration": {"root_module": {}}}) == set()
}

test_odd_shapes_do_not_break if {
	plan := {
		"configuration": {"provider_config": null, "root_module": {"resources": [null, 3, {}, block([local_exec])], "module_calls": {"a": {"module": {"resources": null, "module_calls": null}}}}},
		"resource_changes": [null, 3, {}, {"change": null}, change(["create"])],
		"deferred_changes": [null],
		"action_invocations": null,
		"variables": [],
	}
	count(denied(plan)) == 1
}
