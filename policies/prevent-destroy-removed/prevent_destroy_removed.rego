# METADATA
# title: prevent_destroy stays
# description: >-
#   Finds blocks that had prevent_destroy = true at the merge base and no longer have it, or that are gone. Plans do not
#   show the lifecycle block; without it the next plan may destroy the object.
# custom:
#   id: prevent-destroy-removed
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Keep prevent_destroy = true, or take it out in a change of its own that says why, and waive the address.
#   needs: [git, source]
#   settings:
#     ignore_addresses: Globs of configuration addresses that may lose it (default [])
#   setting_types:
#     ignore_addresses: {type: globs, of: blocks}
package countersign.policies.prevent_destroy_removed

# METADATA
# title: Blocks that lost prevent_destroy
# scope: document
deny contains finding if {
	protected[address]
	not is_ignored(address)
	not kept(address)
	finding := lost(address)
}

# METADATA
# title: Blocks of other root modules that may have lost it
# scope: document
warn contains finding if {
	entry := input.countersign.source.base.lifecycle[_]
	entry.address == null
	entry.prevent_destroy == true
	file := input.countersign.git.files[_]
	was(file) == entry.file
	count([1 | line := file.hunks[_].removed[_]; regex.match(`prevent_destroy["\s]*[=:]\s*true`, line.text)]) > added_again(file)
	finding := {
		"msg": sprintf("This change takes prevent_destroy out of %s, which this plan's root module does not use.", [file.path]),
		"file": file.path,
		"subject": file.path,
		"attribute": "lifecycle.prevent_destroy",
		"facts": {"kind": "elsewhere"},
	}
}

settings := object.get(data.countersign.config, "prevent-destroy-removed", {})

is_ignored(address) if data.countersign.lib.globs.matches_any(settings.ignore_addresses, address)

# protected maps each address that had it to the values that its lifecycle blocks gave (override files have their own).
protected[address] := values if {
	values := before[address]
	values["true"]
}

before[address][value] := true if {
	entry := input.countersign.source.base.lifecycle[_]
	address := entry.address
	is_string(address)
	value := json.marshal(entry.prevent_destroy)
}

now[address][value] := true if {
	entry := input.countersign.source.lifecycle[_]
	address := entry.address
	is_string(address)
	value := json.marshal(entry.prevent_destroy)
}

# One block an address: of several files with it (main.tf beside main.tofu) the first.
blocks[address] := places[0] if {
	some address, _ in all_blocks
	places := sort(all_blocks[address])
}

all_blocks[address] contains place if {
	block := input.countersign.source.blocks[_]
	address := block.address
	is_string(address)
	place := {"file": block.file, "line": block.line, "end_line": block.end_line}
	not is_override(block.file)
}

is_override(file) if regex.match(`(^|/|_)override\.(tf|tofu)(\.json)?$`, file)

# successor follows moved blocks, a few steps at most; keys do not matter, since a block is one for all its instances.
successor(address) := to if {
	not blocks[address]
	to := moves[address]
} else := address

moves[from] := to if {
	targets := all_moves[from]
	count(targets) == 1
	targets[to]
}

all_moves[from][to] := true if {
	moved := input.countersign.source.moved[_]
	from := data.countersign.lib.addresses.strip_keys(moved.from)
	to := data.countersign.lib.addresses.strip_keys(moved.to)
}

# A moved module takes its blocks along.
module_moves[[from, to]] := true if {
	to := moves[from]
	regex.match(`^(module\.[^.]+\.)*module\.[^.]+$`, from)
}

resolved(address) := last if {
	one := via_module(successor(address))
	two := via_module(successor(one))
	last := via_module(successor(two))
}

via_module(address) := moved if {
	not blocks[address]
	moved := [concat("", [pair[1], substring(address, count(pair[0]), -1)]) |
		module_moves[pair]
		startswith(address, concat("", [pair[0], "."]))
	][0]
} else := address

kept(address) if now[resolved(address)] == protected[address]

kept(address) if now[resolved(address)] == {"true": true}

# What leaves the state without being destroyed has nothing to protect.
kept(address) if {
	not blocks[resolved(address)]
	gone := input.countersign.source.removed[_]
	gone.destroy == false
	from := data.countersign.lib.addresses.strip_keys(gone.from)
	startswith(concat("", [address, "."]), concat("", [from, "."]))
}

lost(address) := finding(
	address, "not-found",
	sprintf("%s had prevent_destroy = true, and the plan's root module was not found to look at it.", [address]),
	{"certainty": "unknown"},
) if {
	not root_is_known
} else := finding(address, "gone", sprintf(
	"%s had prevent_destroy = true, and its block is gone. Terraform keeps no promise of a block that is no longer there.",
	[address],
), {}) if {
	not blocks[resolved(address)]
} else := finding(address, "unclear", sprintf(
	"%s had prevent_destroy = true, and what it has now cannot be told from the source.",
	[resolved(address)],
), object.union({"certainty": "unknown"}, blocks[resolved(address)])) if {
	unclear(resolved(address))
} else := finding(address, "lost", sprintf(
	"%s had prevent_destroy = true and no longer has it: the next plan can destroy it.",
	[resolved(address)],
), blocks[resolved(address)])

root_is_known if {
	block := input.countersign.source.blocks[_]
	is_string(block.module)
}

# An expression, or several lifecycle blocks of which only some say true.
unclear(address) if now[address]["null"]

unclear(address) if now[address]["true"]

finding(address, kind, msg, more) := object.union({
	"msg": msg,
	"address": address,
	"attribute": "lifecycle.prevent_destroy",
	"facts": {"kind": kind},
}, more)

was(file) := file.old_path if {
	file.status == "renamed"
} else := file.path

added_again(file) := count([1 |
	line := file.hunks[_].added[_]
	regex.match(`prevent_destroy["\s]*[=:]\s*true`, line.text)
])
