# METADATA
# title: Nothing runs programs
# description: >-
#   Every route by which a plan runs a program on the machine that applies it: provisioners at any module depth,
#   data sources and resources that run commands, action invocations, executing providers.
# custom:
#   id: no-local-exec
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Move the step out of Terraform (into the pipeline, an image, or a managed service), or waive this
#     configuration address with a reason after reading the command in the source.
#   needs: [plan]
#   uses: [source]
package countersign.policies.no_local_exec

# METADATA
# title: Programs that this plan runs
# scope: document
# custom:
#   values: value_types
deny contains finding if {
	item := provisioners[_]
	not latent_provisioner(item)
	finding := provisioner_finding(item, false)
}

deny contains finding if {
	item := running_blocks[_]
	state := block_state(item)
	not is_latent_state(state)
	finding := block_finding(item, state)
}

deny contains finding if {
	invocation := input.action_invocations[_]
	finding := action_finding(invocation, false)
}

deny contains finding if {
	block := ephemeral_sources[_]
	finding := ephemeral_finding(block)
}

deny contains finding if {
	finding := unplanned_findings[_]
}

# A provisioner whose resource the source index cannot name may belong to anything, unless the index found this plan's root
# module: then it belongs to another one.
deny contains finding if {
	not root_is_known
	entry := input.countersign.source.provisioners[_]
	object.get(entry, "address", null) == null
	finding := object.union(place(entry), {
		"msg": sprintf("A %s provisioner%s belongs to no address that could be determined.", [
			provisioner_type(entry),
			location_text(place(entry)),
		]),
		"certainty": "unknown",
		"facts": {"type": provisioner_type(entry), "latent": false, "source_only": true},
	})
}

root_is_known if {
	block := input.countersign.source.blocks[_]
	is_string(block.module)
}

# Without a configuration nothing can be looked for: that is not the same as nothing found.
deny contains finding if {
	why := data.countersign.lib.configuration.unseen[_]
	finding := {
		"msg": sprintf("It cannot be told whether this plan runs programs, since %s.", [why]),
		"attribute": "configuration",
		"certainty": "unknown",
		"facts": {"type": "configuration", "latent": false},
	}
}

# METADATA
# title: Programs that are configured but not run by this plan, and providers that can run some
# scope: document
# custom:
#   values: value_types
warn contains finding if {
	item := provisioners[_]
	latent_provisioner(item)
	finding := provisioner_finding(item, true)
}

warn contains finding if {
	item := running_blocks[_]
	state := block_state(item)
	is_latent_state(state)
	finding := block_finding(item, state)
}

warn contains finding if {
	invocation := input.deferred_action_invocations[_].action_invocation
	finding := action_finding(invocation, true)
}

warn contains finding if {
	data.countersign.lib.providers.sources[source]
	how := data.countersign.lib.providers.may_execute(source)
	finding := provider_finding(source, how)
}

warn contains finding if {
	entry := data.countersign.lib.providers.entries[_]
	is_object(entry.block.expressions)
	walk(entry.block.expressions, [path, value])
	path[count(path) - 1] == "exec"
	count(value) > 0
	finding := exec_block_finding(entry, path)
}

warn contains finding if {
	finding := hidden_findings[_]
}

warn contains finding if {
	postrenderers[address]
	finding := {
		"msg": sprintf("%s passes its manifests through a postrender program, which helm runs on this machine.", [address]),
		"address": address,
		"attribute": "postrender",
		"severity": "medium",
		"facts": {"type": "postrender", "latent": false},
	}
}

# Provisioners: which of them this plan runs.

latent_provisioner(item) if {
	not unclear[item.address]
	not runs(item)
}

# What the source says about "when" is no proof that this plan was made from that source: it never makes a
# provisioner latent. Where it speaks against a run, the finding says that it cannot be told.
runs(item) if created[item.address]

runs(item) if deleted[item.address]

provisioner_finding(item, latent) := object.union_n([
	{
		"address": item.address,
		"attribute": sprintf("provisioner[%d]", [item.index]),
		"msg": concat("", [
			provisioner_event(item, latent),
			location_text(item),
			".",
			source_text(item),
			references_text(item),
		]),
		"facts": object.union_n([
			{"type": item.type, "latent": latent},
			{key: item[key] | key := ["when"][_]; item[key] != "unknown"},
			{key: item[key] | key := ["references"][_]; count(item[key]) > 0},
			{key: item.digest | key := ["digest"][_]},
			{"connection": found | found := connections(item.address); count(found) > 0},
			{key: true | key := ["source_only"][_]; item[key]},
			{key: true | key := ["deferred"][_]; latent; postponed[item.address]},
		]),
	},
	{key: item[key] | key := ["file", "line", "digest"][_]; item[key]},
	{key: "info" | key := ["severity"][_]; latent},
	{key: "unknown" | key := ["certainty"][_]; not latent; undecided(item)},
])

# undecided holds where the plan cannot tell whether the provisioner runs.
undecided(item) if unclear[item.address]

undecided(item) if {
	object.get(item, "when", "unknown") == "unknown"
	deleted[item.address]
	not created[item.address]
}

undecided(item) if {
	item.when == "destroy"
	created[item.address]
	not deleted[item.address]
}

undecided(item) if {
	item.when == "create"
	deleted[item.address]
	not created[item.address]
}

undecided(item) if {
	item.source_only
	configured[item.address]
}

# configured holds the addresses, of those looked for, that the plan's configuration has: a provisioner that
# is only in the source there means that the plan was made from other files.
configured[address] := true if {
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	wanted[block.type][block.name]
	address := data.countersign.lib.configuration.block_address(scope.address, block)
}

provisioner_event(item, true) := sprintf("%s has a %s provisioner that this plan defers", [item.address, item.type]) if {
	postponed[item.address]
} else := sprintf("%s has a %s provisioner%s, which this plan does not run", [item.address, item.type, when_text(item)])

provisioner_event(item, false) := sprintf(
	"%s may run %s: the plan does not say what happens to it",
	[item.address, item.type],
) if {
	unclear[item.address]
} else := sprintf(
	"%s is created and has a %s provisioner; the source says that it runs on destroy, which the plan does not prove",
	[item.address, item.type],
) if {
	item.when == "destroy"
	created[item.address]
	not deleted[item.address]
} else := sprintf(
	"%s is destroyed and has a %s provisioner; the source says that it runs on create, which the plan does not prove",
	[item.address, item.type],
) if {
	item.when == "create"
	deleted[item.address]
	not created[item.address]
} else := sprintf("%s runs %s when it is %s", [item.address, item.type, past[item.when]]) if {
	past[item.when]
} else := sprintf("%s runs %s when it is replaced: on create, or on destroy if it says when = destroy", [item.address, item.type]) if {
	created[item.address]
	deleted[item.address]
} else := sprintf("%s runs %s when it is created, unless it says when = destroy", [item.address, item.type]) if {
	created[item.address]
} else := sprintf(
	"%s is destroyed and has a %s provisioner; the plan does not tell whether it runs on destroy",
	[item.address, item.type],
)

past := {"create": "created", "destroy": "destroyed"}

when_text(item) := " (on create)" if {
	item.when == "create"
} else := " (on destroy)" if {
	item.when == "destroy"
} else := ""

location_text(item) := sprintf(" (%s:%d)", [item.file, item.line]) if {
	item.line
} else := sprintf(" (%s)", [item.file]) if {
	item.file
} else := ""

source_text(item) := " The plan JSON does not show it." if {
	item.source_only
} else := ""

references_text(item) := sprintf(" Its arguments refer to %s (not shown).", [concat(", ", item.references)]) if {
	count(item.references) > 0
} else := ""

# Blocks whose type runs programs.

block_state(item) := "none" if {
	item.block.count_expression.constant_value == 0
} else := "unclear" if {
	unclear[item.address]
} else := "apply" if {
	item.mode == "data"
	read_later[item.address]
} else := "deferred" if {
	postponed[item.address]
	not changes(item)
} else := "plan" if {
	item.mode == "data"
} else := "both" if {
	item.mode == "ephemeral"
} else := "apply" if {
	changes(item)
} else := "latent"

is_latent_state(state) if state in {"none", "deferred", "latent"}

changes(item) if created[item.address]

changes(item) if deleted[item.address]

changes(item) if updated[item.address]

block_finding(item, state) := object.union_n([
	{
		"address": item.address,
		"msg": sprintf("%s %s on the machine that runs Terraform%s.", [item.address, item.how, state_text[state]]),
		"facts": object.union_n([
			{"type": item.type, "latent": is_latent(state), "runs": state, "digest": block_digest(item)},
			{"added": true | is_added(item.address)},
		]),
		"digest": block_digest(item),
	},
	{key: "info" | key := ["severity"][_]; is_latent_state(state)},
	{key: "unknown" | key := ["certainty"][_]; state == "unclear"},
])

default is_latent(_) := false

is_latent(state) if is_latent_state(state)

state_text := {
	"none": ", but has no instances in this plan",
	"unclear": "; the plan does not say whether it does so now",
	"apply": " when this plan is applied",
	"deferred": ", in a later plan (it is deferred)",
	"plan": ". It already ran when this plan was made",
	"both": ", both when the plan is made and when it is applied",
	"latent": ", but this plan does not change it",
}

# Actions.

action_finding(invocation, later) := object.union_n([
	{
		"address": action_address(invocation),
		"msg": concat("", [sprintf("%s invokes the action %s", [action_address(invocation), action_type(invocation)]), trigger_text(invocation), action_end[later]]),
		"facts": object.union_n([
			{"type": action_type(invocation), "latent": later},
			{"trigger": address | address := trigger_address(invocation)},
			{"event": event | event := invocation.lifecycle_action_trigger.action_trigger_event; is_string(event)},
			{"deferred": true | later},
		]),
	},
	{"attribute": path | path := trigger_path(invocation)},
	{"severity": "low" | later},
])

action_end := {
	false: ". An action is a side effect beside the resource changes; read what it does before approving.",
	true: ", in a later plan (it is deferred).",
}

action_address(invocation) := data.countersign.lib.addresses.strip_keys(invocation.address) if {
	is_string(invocation.address)
} else := "(no address)"

action_type(invocation) := invocation.type if {
	is_string(invocation.type)
} else := "unknown"

trigger_address(invocation) := data.countersign.lib.addresses.strip_keys(
	invocation.lifecycle_action_trigger.triggering_resource_address,
)

trigger_path(invocation) := sprintf("%s.action_trigger[%v].actions[%v]", [
	trigger_address(invocation),
	object.get(invocation.lifecycle_action_trigger, "action_trigger_block_index", "?"),
	object.get(invocation.lifecycle_action_trigger, "actions_list_index", "?"),
])

trigger_text(invocation) := sprintf(" when %s changes (%s)", [
	trigger_address(invocation),
	object.get(invocation.lifecycle_action_trigger, "action_trigger_event", "no event given"),
]) if {
	trigger_address(invocation)
} else := ""

# Ephemeral resources are not in Terraform's plan JSON; the source names them.

ephemeral_sources := [block |
	block := input.countersign.source.blocks[_]
	block.kind == "ephemeral"
	data.countersign.tables.exec_types.ephemeral[block.labels[0]]
	not ephemeral_in_plan[data.countersign.lib.addresses.strip_keys(block.address)]
]

ephemeral_in_plan := {item.address: true | item := running_blocks[_]; item.mode == "ephemeral"}

ephemeral_finding(block) := object.union(place(block), {
	"address": data.countersign.lib.addresses.strip_keys(block.address),
	"msg": sprintf(
		"%s %s on the machine that runs Terraform, at plan and at apply%s. The plan JSON does not show it.",
		[
			data.countersign.lib.addresses.strip_keys(block.address),
			data.countersign.tables.exec_types.ephemeral[block.labels[0]],
			location_text(place(block)),
		],
	),
	"facts": {"type": block.labels[0], "latent": false, "runs": "both", "source_only": true},
})

# Providers and their configuration.

provider_finding(source, how) := {
	"msg": sprintf("Provider %s can run programs: %s.%s", [source, how, version_text(source)]),
	"subject": source,
	"severity": "low",
	"facts": {
		"type": "provider",
		"version": version_fact(source),
		"used_by": array.slice(sort({entry.key |
			entry := data.countersign.lib.providers.entries[_]
			entry.source == source
		}), 0, 5),
	},
}

version_fact(source) := data.countersign.lib.providers.stated_version(source) if {
	data.countersign.lib.providers.stated_version(source) != ""
} else := "unknown"

version_text(source) := "" if {
	not data.countersign.lib.providers.known_executing(source).since
} else := sprintf(" From version %s on; the plan does not tell which version is used.", [since_text(source)]) if {
	version_fact(source) == "unknown"
} else := sprintf(" From version %s on; here: %s.", [since_text(source), version_fact(source)])

since_text(source) := concat(".", [format_int(part, 10) |
	part := data.countersign.lib.providers.known_executing(source).since[_]
])

exec_block_finding(entry, path) := {
	"msg": sprintf("Provider configuration %s runs a program to obtain credentials (%s).", [
		entry.key,
		argument_text(path),
	]),
	"address": provider_address(entry),
	"attribute": argument_text(path),
	"severity": "medium",
	"facts": {"type": "exec", "provider": entry.source, "latent": false},
}

argument_text(path) := data.countersign.lib.addresses.path_text([step | step := path[_]; step != "constant_value"])

provider_address(entry) := concat("", [module_prefix(entry.key), "provider[\"", entry.source, "\"]", alias_suffix(entry.key)])

module_prefix(key) := concat("", [split(key, ":")[0], "."]) if {
	contains(key, ":")
} else := ""

alias_suffix(key) := concat("", [".", split(last, ".")[1]]) if {
	pieces := split(key, ":")
	last := pieces[count(pieces) - 1]
	contains(last, ".")
} else := ""

# value_types has the types whose attribute values are read.
value_types := ["helm_release", "local_file", "local_sensitive_file"]

postrenderers[address] := true if {
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	block.type == "helm_release"
	count(block.expressions.postrender) > 0
	address := data.countersign.lib.configuration.block_address(scope.address, block)
}

postrenderers[address] := true if {
	rc := input.resource_changes[_]
	rc.type == "helm_release"
	count(rc.change.after.postrender) > 0
	address := data.countersign.lib.addresses.configuration_address(rc)
}
