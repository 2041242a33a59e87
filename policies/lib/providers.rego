# METADATA
# description: |
#   Provider sources: how a plan names them, one spelling for each, which of them can execute programs.
package countersign.lib.providers

public_registries := ["registry.terraform.io", "registry.opentofu.org"]

# normalise gives host/namespace/type in lower case. Plans of Terraform 0.12 name a provider by its type
# alone, states upgraded from it by -/type: both mean the hashicorp namespace of the public registry.
# A name with other characters than these is none of ours: it stays as it is, so that no pattern takes it for another.
normalise(name) := from_parts(split(lower(name), "/")) if {
	regex.match(`^[A-Za-z0-9._:/-]+$`, name)
} else := name

from_parts(parts) := of_type(parts[0]) if {
	count(parts) == 1
} else := of_type(parts[1]) if {
	count(parts) == 2
	parts[0] == "-"
} else := concat("/", ["registry.terraform.io", parts[0], parts[1]]) if {
	count(parts) == 2
} else := of_type(parts[2]) if {
	count(parts) == 3
	parts[0] == "registry.terraform.io"
	parts[1] == "-"
} else := concat("/", parts)

# A bare name may carry an alias ("aws.east"). The provider built into Terraform is not in a registry.
of_type(name) := "terraform.io/builtin/terraform" if {
	name == "terraform"
} else := concat("/", ["registry.terraform.io/hashicorp", split(name, ".")[0]])

# short leaves out the host of the default registry, as users write it.
short(source) := substring(source, 22, -1) if {
	startswith(source, "registry.terraform.io/")
} else := source

# entries lists the provider configurations, those that only a required_providers block asks for included.
entries := [entry |
	block := input.configuration.provider_config[key]
	entry := {
		"key": key,
		"source": entry_source(key, block),
		"local_name": local_name(key),
		"version": version_of(block),
		"block": block,
	}
]

entry_source(key, block) := normalise(block.full_name) if {
	is_string(block.full_name)
	block.full_name != ""
} else := normalise(block.name) if {
	is_string(block.name)
	block.name != ""
} else := normalise(local_name(key))

version_of(block) := block.version_constraint if {
	is_string(block.version_constraint)
} else := ""

# local_name takes the provider's local name from a key such as module.a.module.b:aws.east.
local_name(key) := split(after_colon[count(after_colon) - 1], ".")[0] if {
	after_colon := split(key, ":")
}

# configuration_keys holds the distinct provider_config_key values of all resource blocks.
configuration_keys := {key |
	part := data.countersign.lib.configuration.modules[_]
	key := part.module.resources[_].provider_config_key
	is_string(key)
}

# entry_keys and entry_names say which keys and local names the plan's provider configuration knows.
entry_keys := {entry.key: entry.source | entry := entries[_]}

entry_names[entry.local_name][entry.source] := true if entry := entries[_]

# implied holds the sources of keys without an entry: old plans leave out providers without a block.
implied[source][key] := true if {
	key := configuration_keys[_]
	not entry_keys[key]
	name := local_name(key)
	not entry_names[name]
	source := normalise(name)
}

# changed_names holds the distinct provider names of everything the plan says about resources and actions.
changed_names := ((changes | drift) | deferred) | actions

changes := {name | name := input.resource_changes[_].provider_name; is_string(name)}

drift := {name | name := input.resource_drift[_].provider_name; is_string(name)}

deferred := {name | name := input.deferred_changes[_].resource_change.provider_name; is_string(name)}

actions := {name | name := action_names[_]; is_string(name)}

action_names := array.concat(
	[name | name := input.action_invocations[_].provider_name],
	[name | name := input.deferred_action_invocations[_].action_invocation.provider_name],
)

# stated maps the sources that only prior state and planned values name to an address: the providers of objects that
# nothing changes run for every refresh.
stated[source] := entry.address if {
	entry := input.countersign.state_providers[_]
	is_string(entry.name)
	source := normalise(entry.name)
	not named_elsewhere[source]
}

# required maps the sources that only the HCL of this plan's modules requires to the places that ask for them.
required[source][place] := true if {
	entry := input.countersign.source.required_providers[_]
	is_string(entry.module)
	source := required_source(entry)
	not named_elsewhere[source]
	place := sprintf("%s:%d", [entry.file, entry.line])
}

# What is written as an expression names no source.
required_source(entry) := normalise(entry.source) if {
	is_string(entry.source)
	not startswith(entry.source, `"`)
} else := normalise(entry.name) if {
	not is_string(object.get(entry, "source", null))
}

named_elsewhere[source] := true if source := entries[_].source

named_elsewhere[source] := true if implied[source]

named_elsewhere[source] := true if source := normalise(changed_names[_])

# sources maps each provider source to true, wherever in the plan it is named.
sources[source] := true if stated[source]

sources[source] := true if required[source]

sources[source] := true if {
	source := entries[_].source
}

sources[source] := true if {
	implied[source]
}

sources[source] := true if {
	source := normalise(changed_names[_])
}

# may_execute gives what a provider can execute, for those known to run programs. A version that surely is
# older than the first one that can is left out.
may_execute(source) := how if {
	known := known_executing(source)
	not surely_older(source, known)
	how := known.how
}

known_executing(source) := known if {
	parts := split(source, "/")
	count(parts) == 3
	parts[0] in public_registries
	path := concat("/", [parts[1], parts[2]])
	known := data.countersign.tables.exec_providers.sources[path]
} else := {"how": "its name is that of a provider which runs programs"} if {
	parts := split(source, "/")
	data.countersign.tables.exec_providers.names[parts[count(parts) - 1]]
}

surely_older(source, known) if {
	version := locked_version(source)
	version_below(version, known.since)
}

surely_older(source, known) if {
	entry := entries[_]
	entry.source == source
	term := split(entry.version, ",")[_]
	term_keeps_below(trim_space(term), known.since)
}

# locked_version is the version that the lock file of the reviewed commit selects.
locked_version(source) := version if {
	versions := [lock.version |
		lock := input.countersign.source.lock[_]
		is_string(lock.provider)
		normalise(lock.provider) == source
		is_string(lock.version)
	]
	version := versions[0]
}

# stated_version is what is known of a provider's version: the lock, else the constraints, else "".
stated_version(source) := locked_version(source)

stated_version(source) := concat(", ", sort(constraints)) if {
	not locked_version(source)
	constraints := {entry.version | entry := entries[_]; entry.source == source; entry.version != ""}
}

# term_keeps_below holds when a constraint term admits no version from since = [major, minor] on.
term_keeps_below(term, since) if {
	regex.match(`^(=\s*)?v?[0-9]`, term)
	version_below(operand(term), since)
}

term_keeps_below(term, since) if {
	regex.match(`^<=`, term)
	version_below(operand(term), since)
}

term_keeps_below(term, since) if {
	regex.match(`^<\s*v?[0-9]`, term)
	numbers_of(operand(term)) == array.concat(since, [0])
}

term_keeps_below(term, since) if {
	regex.match(`^<\s*v?[0-9]`, term)
	version_below(operand(term), since)
}

term_keeps_below(term, since) if {
	regex.match(`^~>`, term)
	count(split(operand(term), ".")) >= 3
	version_below(operand(term), since)
}

term_keeps_below(term, since) if {
	regex.match(`^~>`, term)
	numbers_of(operand(term))[0] < since[0]
}

operand(term) := trim_left(regex.replace(term, `^[=<>~!\s]+`, ""), "v")

# numbers_of gives [major, minor, patch] of a plain version; pre-releases and other text give nothing.
numbers_of(version) := [version_part(parts, 0), version_part(parts, 1), version_part(parts, 2)] if {
	regex.match(`^[0-9]{1,9}(\.[0-9]{1,9}){0,2}$`, version)
	parts := split(version, ".")
}

version_part(parts, i) := to_number(parts[i]) if {
	i < count(parts)
} else := 0

version_below(version, since) if {
	numbers_of(version)[0] < since[0]
}

version_below(version, since) if {
	found := numbers_of(version)
	found[0] == since[0]
	found[1] < since[1]
}
