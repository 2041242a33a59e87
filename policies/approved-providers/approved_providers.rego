# METADATA
# title: Only approved providers
# description: >-
#   A provider is a program that runs with the credentials of the plan. Every provider the plan names must match
#   an approved pattern: in the configuration, in resource changes, in drift, in deferred changes, in actions.
# custom:
#   id: approved-providers
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Check the source address for a typing error, use an approved provider, or add this one to allow in
#     [policy.approved-providers] on the base branch.
#   needs: [plan]
#   uses: [source]
#   settings:
#     allow: Patterns of approved sources; a leading ! denies, "@ ~> 5.0" behind one asks for a version (default ["hashicorp/*", "terraform.io/builtin/terraform"])
#     deny: Patterns of sources that are never approved (default [])
#     exec_providers: deny takes providers that can run programs out of wildcard patterns (default "allow")
#   setting_types:
#     allow: {type: texts, of: sources}
#     deny: {type: texts, of: sources}
#     exec_providers: {type: text, words: [allow, deny]}
package countersign.policies.approved_providers

# METADATA
# title: Providers that are not approved
# scope: document
# custom:
#   values: none
deny contains finding if {
	unapproved[source]
	finding := unapproved_finding(source)
}

# Rows without a provider are not rows of a provider that is approved.
deny contains finding if {
	count(nameless) > 0
	finding := {
		"msg": sprintf("The plan does not say which provider %s%s belongs to.", [nameless[0], more_text(count(nameless))]),
		"subject": "unknown",
		"certainty": "unknown",
		"facts": {"used_by": array.slice(nameless, 0, 5), "uses": count(nameless)},
	}
}

# Providers of data sources that were read during planning are named only in the configuration.
deny contains finding if {
	why := data.countersign.lib.configuration.unseen[_]
	finding := {
		"msg": sprintf("It cannot be told which providers this plan configures, since %s.", [why]),
		"attribute": "configuration",
		"certainty": "unknown",
		"facts": {"used_by": [], "uses": 0},
	}
}

# METADATA
# title: Providers worth a second look
# scope: document
# custom:
#   values: none
warn contains finding if {
	data.countersign.lib.providers.sources[source]
	twin := lookalike(source)
	finding := {
		"msg": sprintf("Provider %s looks like %s, but is another one.", [source, twin]),
		"subject": source,
		"facts": {"kind": "look-alike", "hint": twin, "used_by": used_by(source), "uses": uses(source)},
	}
}

warn contains finding if {
	data.countersign.lib.providers.sources[source]
	not lookalike(source)
	is_disguised(source)
	finding := {
		"msg": sprintf("The name of provider %s holds characters beside ASCII, which can imitate another name.", [source]),
		"subject": source,
		"facts": {"kind": "look-alike", "hint": "", "used_by": used_by(source), "uses": uses(source)},
	}
}

warn contains finding if {
	data.countersign.lib.providers.sources[source]
	finding := version_finding(source)
}

warn contains finding if {
	lock := input.countersign.source.lock[_]
	is_string(lock.provider)
	source := data.countersign.lib.providers.normalise(lock.provider)
	not data.countersign.lib.providers.sources[source]
	not is_approved(source)
	finding := {
		"msg": sprintf("Provider %s is not approved; the lock file lists it, though nothing in this plan uses it.", [source]),
		"subject": source,
		"severity": "low",
		"file": lock.file,
		"line": lock.line,
		"facts": {"kind": "locked", "used_by": [], "uses": 0},
	}
}

warn contains finding if {
	configured_sources[source]
	not used_sources[source]
	source != "terraform.io/builtin/terraform"
	finding := {
		"msg": sprintf(
			"Provider %s is configured, but no resource or data source uses it. Provider functions and ephemeral resources would not show in the plan.",
			[source],
		),
		"subject": source,
		"severity": "low",
		"facts": {"kind": "unused", "used_by": used_by(source), "uses": uses(source)},
	}
}

settings := object.get(data.countersign.config, "approved-providers", {})

allow_setting := object.get(settings, "allow", ["hashicorp/*", "terraform.io/builtin/terraform"])

# Patterns.

allow_patterns := [pattern |
	text := allow_setting[_]
	is_string(text)
	not startswith(trim_space(text), "!")
	pattern := compiled(trim_space(text))
]

denied_patterns := [compiled(text) | text := array.concat(refused, denied)[_]]

refused := [substring(trimmed, 1, -1) |
	text := allow_setting[_]
	trimmed := trim_space(text)
	startswith(trimmed, "!")
]

denied := [trim_left(trim_space(text), "!") |
	text := array.concat([settings.deny], [text | text := settings.deny[_]])[_]
	is_string(text)
]

# compiled gives a pattern's hosts (none written: both public registries), namespace and type.
compiled(written) := {
	"text": text,
	"versions": versions_of(written),
	"hosts": hosts_of(parts),
	"namespace": namespace_of(parts),
	"type": type_of(parts),
	"exact": is_exact(text),
} if {
	text := trim_space(split(written, "@")[0])
	parts := split(lower(text), "/")
}

# A version range stands behind the source: hashicorp/aws @ ~> 5.0.
versions_of(written) := trim_space(substring(written, indexof(written, "@") + 1, -1)) if {
	contains(written, "@")
} else := ""

hosts_of(parts) := [parts[0]] if {
	count(parts) == 3
} else := data.countersign.lib.providers.public_registries if {
	count(parts) < 3
} else := []

namespace_of(parts) := parts[1] if {
	count(parts) == 3
} else := namespace_name(parts[0]) if {
	count(parts) == 2
} else := "*" if {
	parts == ["*"]
} else := "hashicorp"

namespace_name(text) := "hashicorp" if {
	text == "-"
} else := text

type_of(parts) := parts[count(parts) - 1]

is_wild(text) if contains(text, "*")

is_wild(text) if contains(text, "?")

default is_exact(_) := true

is_exact(text) := false if is_wild(text)

matches_source(pattern, source) if {
	parts := split(source, "/")
	count(parts) == 3
	count([1 | parts[_] == ""]) == 0
	parts[0] in pattern.hosts
	data.countersign.lib.globs.matches(pattern.namespace, parts[1])
	data.countersign.lib.globs.matches(pattern.type, parts[2])
}

# A wildcard approves names as they look, so it does not approve names that can look like another. It does
# not approve providers which run programs either, where these are to be named one by one.
approves(pattern, source) if {
	matches_source(pattern, source)
	pattern.exact
}

approves(pattern, source) if {
	matches_source(pattern, source)
	not pattern.exact
	not is_disguised(source)
	not is_held_back(source)
}

is_held_back(source) if {
	settings.exec_providers == "deny"
	data.countersign.lib.providers.may_execute(source)
}

is_denied(source) if {
	pattern := denied_patterns[_]
	pattern.versions == ""
	matches_source(pattern, source)
}

# A denied range denies where the lock file selects a version in it.
is_denied(source) if {
	pattern := denied_patterns[_]
	pattern.versions != ""
	matches_source(pattern, source)
	data.countersign.lib.versions.satisfies(data.countersign.lib.providers.locked_version(source), pattern.versions) == true
}

is_approved(source) if {
	not is_denied(source)
	pattern := allow_patterns[_]
	approves(pattern, source)
}

unapproved[source] := true if {
	data.countersign.lib.providers.sources[source]
	not is_approved(source)
}

# Versions: patterns that approve a source only in some versions are held against the lock file.

approving(source) := [pattern |
	pattern := allow_patterns[_]
	approves(pattern, source)
]

wanted_versions(source) := [pattern.versions | pattern := approving(source)[_]]

version_finding(source) := {
	"msg": sprintf("Provider %s is locked at a version outside of the approved %s.", [
		source,
		concat(" or ", wanted),
	]),
	"subject": source,
	"severity": "high",
	"facts": {"kind": "version", "approved": wanted, "locked": version, "used_by": used_by(source), "uses": uses(source)},
} if {
	wanted := wanted_versions(source)
	count(wanted) > 0
	not "" in wanted
	version := data.countersign.lib.providers.locked_version(source)
	verdicts := [verdict | verdict := data.countersign.lib.versions.satisfies(version, wanted[_])]
	count(verdicts) == count(wanted)
	not true in verdicts
}

version_finding(source) := {
	"msg": sprintf("Provider %s is approved only in %s, and its version cannot be told: %s.", [
		source,
		concat(" or ", wanted),
		version_problem(source),
	]),
	"subject": source,
	"severity": "medium",
	"facts": {"kind": "version", "approved": wanted, "locked": "", "used_by": used_by(source), "uses": uses(source)},
} if {
	wanted := wanted_versions(source)
	count(wanted) > 0
	not "" in wanted
	verdicts := [verdict |
		version := data.countersign.lib.providers.locked_version(source)
		verdict := data.countersign.lib.versions.satisfies(version, wanted[_])
	]
	count(verdicts) < count(wanted)
	not true in verdicts
}

version_problem(source) := "the lock file's version or the range cannot be read" if {
	data.countersign.lib.providers.locked_version(source)
} else := "there is no lock file with it"

# Uses: one pass over the plan, for the providers that findings are about.

reported[source] := true if unapproved[source]

reported[source] := true if {
	data.countersign.lib.providers.sources[source]
	lookalike(source)
}

reported[source] := true if {
	data.countersign.lib.providers.sources[source]
	is_disguised(source)
}

# reported_names maps the plan's spelling of a reported provider to its source.
reported_names := {name: source |
	name := data.countersign.lib.providers.changed_names[_]
	source := data.countersign.lib.providers.normalise(name)
	reported[source]
}

addresses_of[source][address] := true if {
	count(reported_names) > 0
	rc := input.resource_changes[_]
	source := reported_names[rc.provider_name]
	address := data.countersign.lib.addresses.instance_address(rc)
}

addresses_of[source][address] := true if {
	count(reported_names) > 0
	rc := input.resource_drift[_]
	source := reported_names[rc.provider_name]
	address := data.countersign.lib.addresses.instance_address(rc)
}

addresses_of[source][address] := true if {
	rc := input.deferred_changes[_].resource_change
	source := reported_names[rc.provider_name]
	address := data.countersign.lib.addresses.instance_address(rc)
}

addresses_of[source][address] := true if {
	invocation := input.action_invocations[_]
	source := reported_names[invocation.provider_name]
	address := invocation.address
}

addresses_of[source][address] := true if {
	invocation := input.deferred_action_invocations[_].action_invocation
	source := reported_names[invocation.provider_name]
	address := invocation.address
}

keys_of[source][key] := true if {
	entry := data.countersign.lib.providers.entries[_]
	source := entry.source
	key := entry.key
}

keys_of[source][key] := true if {
	data.countersign.lib.providers.implied[source][key]
}

# Providers that only the state or the source names are used by an object there, or at the place that requires them.
keys_of[source][address] := true if address := data.countersign.lib.providers.stated[source]

keys_of[source][place] := true if data.countersign.lib.providers.required[source][place]

addresses_list(source) := [address | addresses_of[source][address]]

keys_list(source) := [key | keys_of[source][key]]

users(source) := array.concat(addresses_list(source), keys_list(source))

used_by(source) := array.slice(users(source), 0, 5)

uses(source) := count(users(source))

# nameless holds the addresses of rows that name no provider.
nameless := array.concat(
	[address |
		rc := input.resource_changes[_]
		provider := object.get(rc, "provider_name", null)
		not is_string(provider)
		address := data.countersign.lib.addresses.instance_address(rc)
	],
	[address |
		rc := input.deferred_changes[_].resource_change
		provider := object.get(rc, "provider_name", null)
		not is_string(provider)
		address := data.countersign.lib.addresses.instance_address(rc)
	],
)

configured_sources[source] := true if {
	source := data.countersign.lib.providers.entries[_].source
}

used_sources[source] := true if {
	source := data.countersign.lib.providers.normalise(data.countersign.lib.providers.changed_names[_])
}

used_sources[source] := true if data.countersign.lib.providers.stated[source]

used_sources[source] := true if {
	key := data.countersign.lib.providers.configuration_keys[_]
	source := data.countersign.lib.providers.entry_keys[key]
}

# A key without an entry belongs to a provider that was passed into a module, known by its local name.
used_sources[source] := true if {
	key := data.countersign.lib.providers.configuration_keys[_]
	not data.countersign.lib.providers.entry_keys[key]
	name := data.countersign.lib.providers.local_name(key)
	data.countersign.lib.providers.entry_names[name][source]
}

# Findings.

unapproved_finding(source) := object.union_n([
	{
		"msg": sprintf("Provider %s is not approved%s%s.%s", [
			source,
			hint_text(source),
			why_text(source),
			use_text(source),
		]),
		"subject": source,
		"facts": object.union_n([
			{"used_by": used_by(source), "uses": uses(source), "reason": why(source)},
			{"hint": hint | hint := lookalike(source)},
		]),
	},
	{"severity": "critical" | lookalike(source)},
	{"severity": "critical" | is_disguised(source)},
	asked_for(source),
])

hint_text(source) := sprintf(" (did you mean %s?)", [lookalike(source)]) if {
	lookalike(source)
} else := " (its name holds characters that can imitate another name)" if {
	is_disguised(source)
} else := ""

why(source) := "denied" if {
	is_denied(source)
} else := "wildcard-does-not-cover-executing" if {
	is_held_back(source)
	matches_any_allowed(source)
} else := "not-in-allow"

matches_any_allowed(source) if {
	pattern := allow_patterns[_]
	matches_source(pattern, source)
}

why_text(source) := ": a pattern denies it" if {
	why(source) == "denied"
} else := sprintf(": it can run programs (%s), so a wildcard does not cover it", [how]) if {
	why(source) == "wildcard-does-not-cover-executing"
	how := data.countersign.lib.providers.may_execute(source)
} else := ""

use_text(source) := sprintf(" It is used by %s%s.", [used_by(source)[0], more_text(uses(source))]) if {
	addresses_of[source]
} else := sprintf(" It is named by %s%s.", [used_by(source)[0], more_text(uses(source))]) if {
	uses(source) > 0
} else := ""

more_text(n) := sprintf(" and %d more", [n - 1]) if {
	n > 1
} else := ""

# asked_for points to the required_providers entry, where the source index has one.
asked_for(source) := {"file": places[0][0], "line": places[0][1]} if {
	places := sort([[required.file, required.line] |
		required := input.countersign.source.required_providers[_]
		is_string(required.file)
		is_number(required.line)
		data.countersign.lib.providers.required_source(required) == source
	])
	count(places) > 0
} else := {}
