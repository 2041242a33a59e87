package countersign.policies.no_local_exec

# What is looked for, from the configuration and from the source: few blocks in large plans.

# provisioner_blocks holds the resource blocks with provisioners.
provisioner_blocks := [item |
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	count(block.provisioners) > 0
	item := {
		"address": data.countersign.lib.configuration.block_address(scope.address, block),
		"block": block,
	}
]

plan_provisioners := [item |
	holder := provisioner_blocks[_]
	provisioner := holder.block.provisioners[i]
	type := provisioner_type(provisioner)
	item := {
		"address": holder.address,
		"index": i,
		"type": type,
		"order": count([1 |
			other := holder.block.provisioners[j]
			j < i
			provisioner_type(other) == type
		]),
		"references": references(provisioner),
		"digest": digest_of(provisioner),
	}
]

# digest_of names what is to run where no source does. Arguments that are no literals are named by what they refer to.
digest_of(block) := crypto.sha256(json.marshal([object.get(block, "type", null), object.get(block, "expressions", {})]))

provisioner_type(provisioner) := provisioner.type if {
	is_string(provisioner.type)
} else := "unknown"

# references holds the names that a provisioner's arguments refer to, never their values.
references(provisioner) := array.slice(sort(names), 0, 5) if {
	names := {name |
		name := provisioner.expressions[_].references[_]
		is_string(name)
	}
	count(names) > 0
} else := []

# planned_orders[address][type] holds the orders 0, 1, … of the plan's provisioners of one type.
planned_orders[item.address][item.type][item.order] := true if item := plan_provisioners[_]

# The source's provisioners by configuration address, in the order of the files.
source_by_address[address][i] := entry if {
	entry := input.countersign.source.provisioners[i]
	is_string(entry.address)
	address := data.countersign.lib.addresses.strip_keys(entry.address)
}

# source_of_type lists the positions, among an address's provisioners in the source, of those of one type.
source_of_type(address, type) := [i |
	entry := source_by_address[address][i]
	provisioner_type(entry) == type
]

planned_count(address, type) := count(planned_orders[address][type])

default planned_count(_, _) := 0

# provisioners joins both. The source is believed about `when` only where it has as many provisioners of the
# type at the address as the plan: otherwise the plan was made from other files.
provisioners := array.concat(joined_provisioners, source_only_provisioners)

joined_provisioners := [object.union(item, source_part(item)) | item := plan_provisioners[_]]

source_part(item) := object.union_n([place(entry), {"when": when_of(entry)}, digest_at(entry)]) if {
	found := source_of_type(item.address, item.type)
	count(found) == planned_count(item.address, item.type)
	entry := source_by_address[item.address][found[item.order]]
} else := {}

# The source alone shows the provisioners of removed blocks.
source_only_provisioners := [item |
	entry := source_by_address[address][i]
	type := provisioner_type(entry)
	order := count([1 | j := source_of_type(address, type)[_]; j < i])
	order >= planned_count(address, type)
	item := object.union_n([place(entry), digest_at(entry), {
		"address": address,
		"index": all_planned(address) + count([1 | source_by_address[address][j]; j < i]),
		"type": type,
		"when": when_of(entry),
		"source_only": true,
		"references": [],
	}])
]

digest_at(entry) := {key: entry[key] | key := ["digest"][_]; is_string(entry[key])}

all_planned(address) := count([1 | planned_orders[address][_][_]])

place(entry) := {"file": entry.file, "line": entry.line} if {
	is_string(entry.file)
	is_number(entry.line)
} else := {"file": entry.file} if {
	is_string(entry.file)
} else := {}

when_of(entry) := entry.when if {
	entry.when in {"create", "destroy"}
} else := "unknown"

# running_blocks holds the resource blocks whose type itself runs programs.
running_blocks := [item |
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	mode := block_mode(block)
	how := data.countersign.tables.exec_types[mode][block.type]
	item := {
		"address": data.countersign.lib.configuration.block_address(scope.address, block),
		"block": block,
		"mode": mode,
		"type": block.type,
		"how": how,
	}
]

block_mode(block) := block.mode if {
	is_string(block.mode)
} else := "data" if {
	startswith(block.address, "data.")
} else := "managed"

# What happens to them, in one pass over the resource changes.

wanted[type][name] := true if {
	block := provisioner_blocks[_].block
	type := block.type
	name := block.name
}

wanted[type][name] := true if {
	block := running_blocks[_].block
	type := block.type
	name := block.name
}

wanted[type][name] := true if {
	item := source_only_provisioners[_]
	steps := split(item.address, ".")
	count(steps) >= 2
	type := steps[count(steps) - 2]
	name := steps[count(steps) - 1]
}

rows := array.concat(named_rows, odd_rows)

named_rows := [row |
	count(wanted) > 0
	rc := input.resource_changes[_]
	wanted[rc.type][rc.name]
	row := change_row(rc)
]

# Rows without a type or a name are joined by their address.
odd_rows := array.concat(
	[row |
		count(wanted) > 0
		rc := input.resource_changes[_]
		not rc.type
		row := change_row(rc)
	],
	[row |
		count(wanted) > 0
		rc := input.resource_changes[_]
		not rc.name
		row := change_row(rc)
	],
)

change_row(rc) := {
	"address": data.countersign.lib.addresses.configuration_address(rc),
	"actions": object.get(rc, ["change", "actions"], null),
}

created[address] := true if {
	row := rows[_]
	"create" in row.actions
	address := row.address
}

deleted[address] := true if {
	row := rows[_]
	"delete" in row.actions
	address := row.address
}

updated[address] := true if {
	row := rows[_]
	"update" in row.actions
	address := row.address
}

read_later[address] := true if {
	row := rows[_]
	"read" in row.actions
	address := row.address
}

unclear[address] := true if {
	row := rows[_]
	not are_known(row.actions)
	address := row.address
}

are_known(actions) if {
	count(actions) > 0
	count([1 | action := actions[_]; action in known_actions]) == count(actions)
}

known_actions := {"no-op", "create", "read", "update", "delete", "forget"}

postponed[address] := true if {
	rc := input.deferred_changes[_].resource_change
	address := data.countersign.lib.addresses.configuration_address(rc)
}
