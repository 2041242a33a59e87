# METADATA
# title: The lock file keeps its promises
# description: >-
#   The dependency lock file says which provider packages may run. Deleting it, replacing a hash while the version stays, or
#   going back to an older version takes that away, and shows in no plan.
# custom:
#   id: lockfile-integrity
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Make the lock file again with terraform init (or terraform providers lock) from the base's copy, and look at what it changes.
#   needs: [git, source]
#   settings:
#     ignore: Patterns of lock files that are not looked at (default [])
#   setting_types:
#     ignore: {type: texts, of: paths}
package countersign.policies.lockfile_integrity

# METADATA
# title: Locks that were taken away or replaced
# scope: document
deny contains finding if {
	lock := locks[_]
	finding := taken_away(lock)
}

deny contains finding if {
	lock := locks[_]
	lock.damaged
	finding := file_finding(lock, "damaged", sprintf("%s cannot be read to its end, so its providers are not known.", [lock.file]), {"certainty": "unknown"})
}

deny contains finding if {
	side := data.countersign.lib.diff.sides[_]
	is_lock(side.path)
	side.path == side.file.path
	data.countersign.lib.diff.is_link(side.file)
	not is_ignored(side.path)
	finding := {
		"msg": sprintf("This change %s, so another file decides which packages are accepted.", [data.countersign.lib.diff.event(side)]),
		"file": side.path,
		"subject": side.path,
		"attribute": "file",
		"facts": {"kind": "link"},
	}
}

deny contains finding if {
	pair := pairs[_]
	bad := bad_hashes(pair)
	finding := provider_finding(pair, bad.kind, bad.msg)
}

deny contains finding if {
	pair := pairs[_]
	data.countersign.lib.versions.older(pair.after.version, pair.before.version)
	finding := provider_finding(pair, "older", sprintf("%s goes back from %s to %s.", [name(pair), pair.before.version, pair.after.version]))
}

# A version that cannot be compared is no proof of anything.
deny contains finding if {
	pair := pairs[_]
	pair.after.version != pair.before.version
	not comparable(pair)
	finding := object.union(
		provider_finding(pair, "older", sprintf("The versions of %s before and after cannot be compared.", [name(pair)])),
		{"certainty": "unknown"},
	)
}

deny contains finding if {
	lock := locks[_]
	entry := lock.after[_]
	count(entry.hashes) == 0
	not empty_before(lock, entry)
	finding := provider_finding(
		{"lock": lock, "after": entry}, "no-hashes",
		sprintf("%s is locked without any hash, so every package of it is accepted.", [short(entry.provider)]),
	)
}

# The same type from elsewhere: another namespace or another registry.
deny contains finding if {
	lock := locks[_]
	gone := removed(lock)[_]
	entry := added(lock)[_]
	type_of(gone) == type_of(entry)
	not same_public(gone, entry)
	finding := provider_finding(
		{"lock": lock, "after": entry}, "replaced",
		sprintf("%s takes the place of %s.", [short(entry.provider), short(gone.provider)]),
	)
}

# METADATA
# title: Locks that changed
# scope: document
warn contains finding if {
	lock := locks[_]
	is_array(lock.before)
	entry := added(lock)[_]
	finding := provider_finding({"lock": lock, "after": entry}, "added", sprintf("%s is a new provider.", [short(entry.provider)]))
}

warn contains finding if {
	lock := locks[_]
	is_array(lock.after)
	entry := removed(lock)[_]
	finding := provider_finding({"lock": lock, "after": object.remove(entry, ["line"])}, "removed", sprintf("%s is no longer locked.", [short(entry.provider)]))
}

warn contains finding if {
	pair := pairs[_]
	not bad_hashes(pair)
	pair.after.version == pair.before.version
	lost := count(hashes(pair.before, "") - hashes(pair.after, ""))
	lost > 0
	count(pair.after.hashes) > 0
	finding := provider_finding(pair, "fewer-hashes", sprintf("%s stays at %s but %s.", [name(pair), pair.after.version, were(lost, "removed")]))
}

warn contains finding if {
	pair := pairs[_]
	before := object.get(pair.before, "constraints", null)
	after := object.get(pair.after, "constraints", null)
	data.countersign.lib.versions.tightness(after) < data.countersign.lib.versions.tightness(before)
	finding := provider_finding(pair, "wider", sprintf("The constraint of %s is wider: %s was %s.", [name(pair), quoted(after), quoted(before)]))
}

settings := object.get(data.countersign.config, "lockfile-integrity", {})

ignored := data.countersign.lib.paths.expression([p | p := settings.ignore[_]; not data.countersign.lib.paths.fault(p)])

is_ignored(path) if regex.match(ignored, data.countersign.lib.paths.folded(path))

is_lock(path) if regex.match(`(^|/)\.terraform\.lock\.hcl$`, path)

locks := [lock |
	lock := input.countersign.source.lock_changes[_]
	not is_ignored(lock.file)
]

# A lock file goes with its root module; without it, what is left of the module runs with whatever the registry serves.
taken_away(lock) := file_finding(
	lock, "deleted",
	sprintf("The lock file of %s is gone, and its configuration is still there: any package of its providers is accepted.", [where(lock)]),
	{},
) if {
	is_array(lock.before)
	not is_array(lock.after)
	directory(lock.file) in source_directories
}

where(lock) := "the top directory" if {
	directory(lock.file) == ""
} else := directory(lock.file)

directory(path) := regex.replace(path, `/?[^/]*$`, "")

source_directories := {directory(file) | file := {block.file | block := input.countersign.source.blocks[_]}[_]}

# pairs holds each provider that a lock file had before and has after.
pairs := [{"lock": lock, "before": before, "after": after} |
	lock := locks[_]
	before := lock.before[_]
	after := lock.after[_]
	normal(before) == normal(after)
]

normal(entry) := data.countersign.lib.providers.normalise(entry.provider)

added(lock) := [entry | entry := lock.after[_]; not normal(entry) in {normal(e) | e := lock.before[_]}]

removed(lock) := [entry | entry := lock.before[_]; not normal(entry) in {normal(e) | e := lock.after[_]}]

type_of(entry) := regex.replace(normal(entry), `^.*/`, "")

# The two public registries serve the same names; changing from one to the other is a change of tools.
same_public(one, two) if {
	parts := [split(normal(e), "/") | e := [one, two][_]]
	every p in parts { p[0] in data.countersign.lib.providers.public_registries }
	array.slice(parts[0], 1, 3) == array.slice(parts[1], 1, 3)
}

hashes(entry, prefix) := {hash | hash := entry.hashes[_]; startswith(hash, prefix)}

# What is wrong with the hashes of a version that stayed. More h1 hashes are those of more platforms; zh hashes come from the
# release all at once.
bad_hashes(pair) := {
	"kind": "substituted",
	"msg": sprintf("%s stays at %s but %s and %s: its packages may be other ones.", [
		name(pair), pair.after.version, were(count(lost), "removed"), were(count(gained), "added"),
	]),
} if {
	pair.after.version == pair.before.version
	lost := hashes(pair.before, "") - hashes(pair.after, "")
	gained := hashes(pair.after, "") - hashes(pair.before, "")
	count(lost) > 0
	count(gained) > 0
} else := {
	"kind": "more-of-a-release",
	"msg": sprintf("%s stays at %s but %s (zh), although a release has all of them from the start.", [
		name(pair), pair.after.version, were(count(gained), "added"),
	]),
} if {
	pair.after.version == pair.before.version
	count(hashes(pair.before, "zh:")) > 0
	gained := hashes(pair.after, "zh:") - hashes(pair.before, "zh:")
	count(gained) > 0
}

empty_before(lock, entry) if {
	before := lock.before[_]
	normal(before) == normal(entry)
	before.version == entry.version
	count(before.hashes) == 0
}

comparable(pair) if data.countersign.lib.versions.older(pair.after.version, pair.before.version)

comparable(pair) if {
	data.countersign.lib.versions.plain(pair.after.version)
	data.countersign.lib.versions.plain(pair.before.version)
}

were(1, what) := sprintf("1 hash was %s", [what])

were(n, what) := sprintf("%d hashes were %s", [n, what]) if n != 1

quoted(null) := "none"

quoted(text) := json.marshal(text) if text != null

name(pair) := short(pair.after.provider)

short(provider) := data.countersign.lib.providers.short(data.countersign.lib.providers.normalise(provider))

file_finding(lock, kind, msg, more) := object.union(
	{"msg": msg, "file": lock.file, "subject": lock.file, "attribute": "file", "facts": {"kind": kind}},
	more,
)

provider_finding(pair, kind, msg) := object.union({key: pair.after[key] | key := ["line"][_]; pair.after[key]}, {
	"msg": msg,
	"file": pair.lock.file,
	"subject": pair.lock.file,
	"attribute": sprintf("%s %s", [short(pair.after.provider), kind]),
	"facts": {"kind": kind, "provider": data.countersign.lib.providers.normalise(pair.after.provider)},
})
