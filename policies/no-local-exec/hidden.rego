package countersign.policies.no_local_exec

# Routes beside provisioners and running blocks: what sends requests while the plan is made, what names programs in
# provider arguments, what writes files that run later, what only the added lines show.

hidden_findings := array.concat(
	array.concat(network_findings, argument_findings),
	array.concat(file_findings, line_findings),
)

# The source's blocks of the types that are looked for, by configuration address. Several at one address are an original
# and its overrides.
source_blocks[address][i] := block if {
	block := input.countersign.source.blocks[i]
	block.kind in {"resource", "data"}
	is_watched(block.labels[0])
	is_string(block.address)
	address := data.countersign.lib.addresses.strip_keys(block.address)
}

is_watched(type) if data.countersign.tables.exec_types[["data", "managed", "network"][_]][type]

# block_digest names a block by its source, else by its expressions.
block_digest(item) := crypto.sha256(concat(" ", sort(digests))) if {
	digests := {digest | digest := source_blocks[item.address][_].digest; is_string(digest)}
	count(digests) > 0
} else := digest_of(item.block)

# is_added holds where the git change adds a block's first line.
is_added(address) if {
	block := source_blocks[address][_]
	file := input.countersign.git.files[_]
	file.path == block.file
	file.hunks[_].added[_].line == block.line
}

# connections lists the kinds of connection that provisioners at an address have, as far as the source tells.
connections(address) := sort({connection.type |
	connection := input.countersign.source.connections[_]
	data.countersign.lib.addresses.strip_keys(connection.address) == address
	is_string(connection.type)
})

# Data sources that send requests: a way out for what the plan can read, and a way to hosts that others cannot reach.
network_findings := [object.union_n([
	{
		"address": address,
		"msg": sprintf("%s %s from the machine that runs Terraform. It already did when this plan was made, unless it is read at apply.%s", [
			address,
			how,
			added_text(address),
		]),
		"facts": {"type": block.type, "latent": false, "added": is_new},
	},
	{"severity": severity},
]) |
	scope := data.countersign.lib.configuration.modules[_]
	block := scope.module.resources[_]
	block_mode(block) == "data"
	how := data.countersign.tables.exec_types.network[block.type]
	address := data.countersign.lib.configuration.block_address(scope.address, block)
	is_new := newly(address)
	severity := {true: "medium", false: "low"}[is_new]
]

default newly(_) := false

newly(address) if is_added(address)

added_text(address) := " This change adds it." if {
	is_added(address)
} else := ""

# Arguments of provider configurations that name programs in a roundabout way.
argument_findings := [{
	"msg": sprintf("Provider configuration %s sets %s, which %s.", [entry.key, argument, how]),
	"address": provider_address(entry),
	"attribute": argument,
	"severity": "info",
	"facts": {"type": "credentials", "provider": entry.source, "latent": false},
} |
	entry := data.countersign.lib.providers.entries[_]
	steps := split(entry.source, "/")
	how := data.countersign.tables.exec_arguments[steps[count(steps) - 1]][argument]
	is_set(entry.block.expressions[argument])
]

is_set(expression) if {
	not expression in [null, {}, []]
}

# Files that some program on the machine runs or trusts later.
file_findings := [{
	"address": data.countersign.lib.addresses.instance_address(rc),
	"msg": sprintf("%s writes %s on the machine that applies the plan.", [
		data.countersign.lib.addresses.instance_address(rc),
		what,
	]),
	"attribute": "filename",
	"severity": "high",
	"facts": {"type": rc.type, "latent": false},
} |
	rc := input.resource_changes[_]
	rc.type in {"local_file", "local_sensitive_file"}
	changing(rc)
	what := place_text(rc.change.after.filename)
]

changing(rc) if "create" in rc.change.actions

changing(rc) if "update" in rc.change.actions

place_text(path) := found[0] if {
	is_string(path)
	found := [text |
		entry := data.countersign.tables.exec_types.places[_]
		regex.match(entry.pattern, path)
		text := entry.what
	]
	count(found) > 0
}

# Functions that only the source shows: the plan holds their result at most.
line_findings := [{
	"msg": sprintf("An added line calls %s (%s:%d). The plan JSON does not show the call.", [entry.what, file.path, line.line]),
	"file": file.path,
	"line": line.line,
	"subject": sprintf("%s:%d", [file.path, line.line]),
	"attribute": entry.type,
	"severity": entry.severity,
	"facts": {"type": entry.type, "latent": false, "source_only": true},
} |
	file := input.countersign.git.files[_]
	is_terraform(file.path)
	line := file.hunks[_].added[_]
	contains(line.text, "(")
	entry := data.countersign.tables.exec_types.lines[_]
	regex.match(entry.pattern, line.text)
]

is_terraform(path) if endswith(path, ".tf")

is_terraform(path) if endswith(path, ".tofu")

# Data sources of the source that the plan's configuration does not have: then the plan was made from other files.
unplanned_findings := [object.union(place(block), {
	"address": data.countersign.lib.addresses.strip_keys(block.address),
	"msg": sprintf("%s %s%s. The source has it and the configuration of the plan does not, so it cannot be told whether it ran.", [
		data.countersign.lib.addresses.strip_keys(block.address),
		how,
		location_text(place(block)),
	]),
	"certainty": "unknown",
	"digest": block.digest,
	"facts": {"type": block.labels[0], "latent": false, "source_only": true, "digest": block.digest},
}) |
	count(data.countersign.lib.configuration.modules) > 0
	block := input.countersign.source.blocks[_]
	block.kind == "data"
	how := data.countersign.tables.exec_types.data[block.labels[0]]
	is_string(block.address)
	is_string(block.digest)
	not running_addresses[data.countersign.lib.addresses.strip_keys(block.address)]
]

running_addresses := {item.address: true | item := running_blocks[_]}
