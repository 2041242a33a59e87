# METADATA
# title: The state stays where it is
# description: >-
#   The state holds every secret, and whoever decides where it is kept can read it. No plan shows the backend. Finds every change of
#   backend, cloud, state_store and encryption blocks and of backend configuration files.
# custom:
#   id: backend-change
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Check who can read and write the new place and who owns its keys, move the state on purpose (terraform init -migrate-state), and
#     waive the file with a reason.
#   needs: [git, source]
#   settings:
#     paths: Patterns of more files from which backends are configured (default [])
#     ignore: Patterns of files that may change their backend (default [])
#   setting_types:
#     paths: {type: texts, of: paths}
#     ignore: {type: texts, of: paths}
package countersign.policies.backend_change

# METADATA
# title: Changed backends
# scope: document
deny contains finding if {
	entry := gone[_]
	finding := changed(entry)
}

deny contains finding if {
	entry := new[_]
	not told(entry)
	count(standing(entry)) == 0
	existed(directory(entry.file))
	finding := block_finding(entry, "added", sprintf("This change adds %s to a configuration that had none: its state moves there.", [block(entry)]))
}

deny contains finding if {
	side := data.countersign.lib.diff.sides[_]
	is_backend_file(side.path)
	not only_new(side)
	finding := side_finding(side, "file", "from which backends are configured")
}

deny contains finding if {
	entry := new[_]
	not told(entry)
	other := standing(entry)[0]
	finding := block_finding(entry, "added", sprintf("This change adds %s beside %s in %s: an override file, or a .tofu file in OpenTofu, takes its place.", [block(entry), block(other), other.file]))
}

# METADATA
# title: Files whose text configures a backend
# scope: document
deny contains finding if {
	side := data.countersign.lib.diff.sides[_]
	not is_backend_file(side.path)
	may_configure(side.path)
	says_backend(side.file)
	finding := side_finding(side, "file", "with arguments of a backend")
}

# METADATA
# title: Backends that need a look
# scope: document
warn contains finding if {
	side := data.countersign.lib.diff.sides[_]
	is_backend_file(side.path)
	only_new(side)
	finding := side_finding(side, "file", "from which backends can be configured")
}

# A link is not followed, so what backend it brings is not known.
warn contains finding if {
	side := data.countersign.lib.diff.sides[_]
	side.path == side.file.path
	regex.match(`\.(tf|tofu)(\.json)?$`, lower(side.path))
	data.countersign.lib.diff.is_link(side.file)
	not is_ignored(side.path)
	finding := side_finding(side, "link", "and what it configures was not looked at")
}

settings := object.get(data.countersign.config, "backend-change", {})

ignored := data.countersign.lib.paths.expression([p | p := settings.ignore[_]; not data.countersign.lib.paths.fault(p)])

is_ignored(path) if regex.match(ignored, data.countersign.lib.paths.folded(path))

is_backend_file(path) if {
	regex.match(named, data.countersign.lib.paths.folded(path))
	not is_ignored(path)
}

is_backend_file(path) if {
	regex.match(more, data.countersign.lib.paths.folded(path))
	not is_ignored(path)
}

# By name: whatever says backend and is no code of Terraform, or lies in a directory of that name.
named := concat("|", [
	`\.tfbackend(\.json)?$|\.backend$`,
	`(^|/)[^/]*(backend|remote[_-]?state)[^/]*\.hcl(\.json)?$`,
	`(^|/)[^/]*backend[^/]*\.tfvars(\.json)?$`,
	`(^|/)backend[^/]*\.(conf|config|cfg|ini|txt|properties)$|[._-]backend\.(conf|config|cfg|ini|txt|properties)$`,
	`(^|/)backend[_-]?configs?/[^/]+\.(hcl|conf|config|cfg|tfvars|json)$|(^|/)backends?/[^/]+\.(hcl|conf|config|cfg)$`,
])

# By the setting.
more := data.countersign.lib.paths.expression([p | p := settings.paths[_]; not data.countersign.lib.paths.fault(p)])

# By content: top-level arguments that only backends have, in files of the kinds that are given to -backend-config.
may_configure(path) if {
	regex.match(`(^|/)[^/]+\.(hcl|conf|config|cfg)$`, data.countersign.lib.paths.folded(path))
	not regex.match(`(^|/)(terragrunt|root|terragrunt\.stack)\.hcl$|\.pkr(vars)?\.hcl$|(^|/)\.terraform\.lock\.hcl$|\.tf[a-z]*\.hcl$`, data.countersign.lib.paths.folded(path))
	not is_ignored(path)
}

says_backend(file) if {
	line := array.concat([l | l := file.hunks[_].added[_]], [l | l := file.hunks[_].removed[_]])[_]
	regex.match(`^"?(bucket|dynamodb_table|use_lockfile|workspace_key_prefix|storage_account_name|container_name|lock_address|unlock_address|conn_str|secret_suffix|kms_key_id|access_key|role_arn)"?\s*=`, line.text)
	file.status != "added"
}

only_new(side) if side.file.status in {"added", "copied"}

# Blocks, one for each place: modules that share a file show it several times.

before := {entry | b := input.countersign.source.base.backends[_]; not is_ignored(b.file); entry := keyed(b, renamed(b.file))}

after := {entry | b := input.countersign.source.backends[_]; not is_ignored(b.file); entry := keyed(b, b.file)}

# The place is the file's directory at the head, so that moving a block or a directory is no change.
keyed(b, now) := {"kind": b.kind, "type": b.type, "digest": b.digest, "file": b.file, "line": b.line, "end_line": b.end_line, "place": directory(now)}

renamed(path) := [file.path |
	file := input.countersign.git.files[_]
	file.status == "renamed"
	file.old_path == path
][0]

renamed(path) := path if {
	count([1 | file := input.countersign.git.files[_]; file.status == "renamed"; file.old_path == path]) == 0
}

same(one, two) if {
	one.place == two.place
	one.kind == two.kind
	one.type == two.type
	one.digest == two.digest
}

gone := [entry | entry := before[_]; count([1 | other := after[_]; same(entry, other)]) == 0]

new := [entry | entry := after[_]; count([1 | other := before[_]; same(entry, other)]) == 0]

# What took its place, the one of its kind first.
heir(entry) := array.concat(
	[other | other := new[_]; other.place == entry.place; other.kind == entry.kind],
	[other | other := new[_]; other.place == entry.place; other.kind != entry.kind],
)[0]

# Blocks of the same directory that were there before and stay.
standing(entry) := [other |
	other := before[_]
	other.place == entry.place
	family(other) == family(entry)
	count([1 | stays := after[_]; same(other, stays)]) > 0
]

# A configuration has one place for its state, whatever the block is called.
family(entry) := "encryption" if entry.kind == "encryption"

family(entry) := "state" if entry.kind != "encryption"

# A new block is told of where an old one went.
told(entry) if {
	old := gone[_]
	old.place == entry.place
}

changed(entry) := block_finding(now, "changed", sprintf("This change edits %s%s.", [block(entry), into(entry, now)])) if {
	now := heir(entry)
} else := {
	"msg": sprintf("This change removes %s from %s: its state is no longer kept there.", [block(entry), entry.file]),
	"file": entry.file,
	"subject": entry.file,
	"attribute": entry.kind,
	"facts": {"kind": "removed", "type": entry.type},
}

into(old, now) := sprintf(", and makes it %s", [block(now)]) if {
	[old.kind, old.type] != [now.kind, now.type]
} else := ""

block(entry) := sprintf("the %s block", [entry.kind]) if {
	entry.type == entry.kind
} else := sprintf("the %s block %s", [entry.kind, json.marshal(entry.type)])

directory(path) := regex.replace(path, `/?[^/]*$`, "")

# existed holds for a directory that had Terraform files at the merge base.
existed(place) if {
	block := input.countersign.source.blocks[_]
	directory(block.file) == place
	not block.file in fresh
}

existed(place) if {
	side := data.countersign.lib.diff.sides[_]
	side.gone
	directory(side.path) == place
	regex.match(`\.(tf|tofu)(\.json)?$`, side.path)
}

fresh := {file.path |
	file := input.countersign.git.files[_]
	file.status in {"added", "copied", "renamed"}
}

block_finding(entry, kind, msg) := {
	"msg": msg,
	"file": entry.file,
	"line": entry.line,
	"end_line": entry.end_line,
	"subject": entry.file,
	"attribute": entry.kind,
	"facts": {"kind": kind, "type": entry.type},
}

side_finding(side, kind, what) := object.union(data.countersign.lib.diff.place(side), {
	"msg": sprintf("This change %s, %s.", [data.countersign.lib.diff.event(side), what]),
	"subject": side.path,
	"attribute": kind,
	"facts": {"kind": kind, "status": side.file.status},
})
