# METADATA
# title: Modules come from approved places and stay what they are
# description: >-
#   A module from elsewhere is code that runs with the rights of the plan. Finds remote modules that no approved pattern matches, that
#   can change between plan and apply, that lie outside the repository, or whose address holds a credential.
# custom:
#   id: approved-modules
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Pin the module to a version or commit, take it from an approved place, or add its source to allow in [policy.approved-modules] on
#     the base branch.
#   needs: [plan]
#   uses: [source]
#   settings:
#     allow: Globs of approved remote sources, without version and user; a leading ! denies (default any source)
#     pins: What pins a module; loose takes version ranges and tags, strict only exact versions and commits (default "loose")
#   setting_types:
#     allow: globs
#     pins: {type: text, words: [loose, strict]}
package countersign.policies.approved_modules

# METADATA
# title: Modules that must not be used
# scope: document
deny contains finding if {
	call := remote[_]
	not is_approved(call)
	finding := result(call, "source", sprintf("%s comes from %s, which is not approved.", [call.address, call.shown]), {})
}

# A name or password in an address ends up in logs, in the lock of modules and in every clone.
deny contains finding if {
	call := calls[_]
	call.credential
	finding := result(call, "credential", sprintf("The source of %s holds a user name or a credential (not shown).", [call.address]), {"severity": "critical"})
}

deny contains finding if {
	strict
	call := remote[_]
	why := unpinned(call)
	finding := result(call, "version", sprintf("%s can change between plan and apply: %s.", [call.address, why]), {})
}

deny contains finding if {
	call := input.countersign.source.module_calls[_]
	escapes(call)
	finding := {
		"msg": sprintf("%s is read from outside the repository, so no commit says what it holds.", [name_of(call)]),
		"file": call.file,
		"line": call.line,
		"end_line": call.end_line,
		"subject": name_of(call),
		"attribute": "path",
		"facts": {"kind": "path"},
	}
}

deny contains finding if {
	why := data.countersign.lib.configuration.unseen[_]
	why == "the plan holds no configuration"
	finding := {
		"msg": sprintf("It cannot be told which modules this plan calls, since %s.", [why]),
		"attribute": "configuration",
		"certainty": "unknown",
		"facts": {"kind": "configuration"},
	}
}

# METADATA
# title: Modules that can change between plan and apply
# scope: document
warn contains finding if {
	not strict
	call := remote[_]
	why := unpinned(call)
	finding := result(call, "version", sprintf("%s can change between plan and apply: %s.", [call.address, why]), {"severity": "medium"})
}

# METADATA
# title: Settings that cannot be meant
# scope: document
# custom:
#   rule: settings
deny_settings contains finding if {
	not settings.pins in {"loose", "strict"}
	finding := fault("pins", "pins of [policy.approved-modules] is neither loose nor strict.")
}

deny_settings contains finding if {
	pattern := array.concat([x | x := settings.allow; not is_array(x)], [x | x := settings.allow[_]])[_]
	why := pattern_fault(pattern)
	finding := fault("allow", sprintf("A pattern in allow of [policy.approved-modules] can never match: %s.", [why]))
}

settings := object.get(data.countersign.config, "approved-modules", {})

strict if settings.pins == "strict"

calls := [of_call(parent.address, name, call) |
	parent := data.countersign.lib.configuration.modules[_]
	call := parent.module.module_calls[name]
]

of_call(parent, name, call) := {
	"address": data.countersign.lib.configuration.child_address(parent, name),
	"class": class(source),
	"source": source,
	"shown": shown(source),
	"query": query(source),
	"version": object.get(call, "version_constraint", ""),
	"credential": holds_credential(source),
} if {
	source := trim_space(object.get(call, "source", ""))
}

remote := [call | call := calls[_]; call.class != "local"]

# What go-getter makes of a source, as far as pins and places go.
class(source) := "local" if {
	regex.match(`^\.\.?(/|$)`, source)
} else := "git" if {
	regex.match(`(?i)^git::|^git@|^ssh://|^git://|^(www\.)?(github|gitlab)\.com/|^bitbucket\.org/|\.git(//|\?|$)`, source)
} else := "mercurial" if {
	startswith(lower(source), "hg::")
} else := "archive" if {
	regex.match(`(?i)^(https?|s3|gcs|oci|file)::|^(https?|s3|gs|gcs|file|oci)://`, source)
} else := "registry" if {
	regex.match(`^([A-Za-z0-9.-]+(:[0-9]+)?/)?[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+(//.*)?$`, source)
} else := "path" if {
	regex.match(`^([/~\\]|[A-Za-z]:)`, source)
} else := "other"

without_user(source) := regex.replace(
	regex.replace(source, `://[^/@]*@`, "://"),
	`^((?:[A-Za-z0-9]+::)?)[^/@:]+(?::[^/@]*)?@`,
	"$1",
)

# shown is how a source is written in patterns and findings: without user, query and the directory within the module.
shown(source) := regex.replace(regex.replace(split(without_user(source), "?")[0], `([^:])//.*$`, "$1"), `\.git$`, "")

query(source) := {parts[0]: parts[1] |
	text := split(source, "?")[1]
	pair := split(text, "&")[_]
	parts := array.concat(split(pair, "="), [""])
}

# A user of SSH proves nothing without its key; in a web address a user alone is often a token.
default holds_credential(_) := false

holds_credential(source) if {
	user := regex.find_all_string_submatch_n(`(?i)https?://([^/@:]*)@`, source, 1)[0][1]
	not user in {"", "git"}
}

holds_credential(source) if regex.match(`://[^/@:]*:[^/@]+@`, source)

holds_credential(source) if {
	value := query(source)[key]
	regex.match(`(?i)^(aws_access_key_id|aws_access_key_secret|aws_access_token|access_token|token|password|secret|sig|sshkey|x-amz-signature|private_token)$`, key)
	value != ""
}

# Patterns.

is_approved(call) if {
	not is_denied(call)
	is_allowed(call)
}

is_allowed(_) if not settings.allow

is_allowed(_) if settings.allow == []

is_allowed(_) if {
	count(settings.allow) > 0
	count([1 | pattern := settings.allow[_]; not startswith(pattern, "!")]) == 0
}

is_allowed(call) if {
	pattern := settings.allow[_]
	not startswith(pattern, "!")
	matches(pattern, call)
}

is_denied(call) if {
	pattern := settings.allow[_]
	startswith(pattern, "!")
	matches(substring(pattern, 1, -1), call)
}

# In a glob of a place a step upwards could leave it.
matches(pattern, call) if {
	spelling := spellings(call)[_]
	not contains(spelling, "/../")
	not contains(spelling, "%")
	data.countersign.lib.globs.matches(pattern, spelling)
}

# The public registry may be written or left out; every way to name a repository counts as host/path too.
spellings(call) := {call.shown, concat("/", ["registry.terraform.io", call.shown])} if {
	call.class == "registry"
	count(split(call.shown, "/")) == 3
} else := {call.shown, substring(call.shown, 22, -1)} if {
	call.class == "registry"
	startswith(call.shown, "registry.terraform.io/")
} else := {call.shown, git_place(call.shown)} if {
	call.class == "git"
} else := {call.shown}

git_place(source) := regex.replace(
	regex.replace(source, `^(?:git::)?(?:(?:https|ssh)://)?`, ""),
	`^([A-Za-z0-9.-]+):([^0-9/])`,
	"$1/$2",
)

# Pins.

unpinned(call) := "it has no version" if {
	call.class == "registry"
	call.version == ""
} else := "its version is a range" if {
	strict
	call.class == "registry"
	not data.countersign.lib.versions.exact(call.version)
} else := why if {
	call.class == "git"
	why := git_unpinned(object.get(call.query, "ref", ""))
} else := "Mercurial sources are not pinned to a commit" if {
	call.class == "mercurial"
	not regex.match(`^[0-9a-f]{40}$`, object.get(call.query, "rev", ""))
} else := "nothing proves what an archive holds" if {
	call.class == "archive"
	not is_versioned(call)
} else := "it is a path of the machine that made the plan" if {
	call.class == "path"
} else := "its kind of source is not known" if {
	call.class == "other"
}

is_versioned(call) if {
	not strict
	regex.match(`[0-9]+\.[0-9]+(\.[0-9]+)?`, regex.replace(call.source, `^[^?]*?://[^/]*`, ""))
}

is_versioned(call) if regex.match(`^(sha256:|md5:|sha512:)?[0-9a-f]{32,128}$`, object.get(call.query, "checksum", ""))

git_unpinned("") := "it has no ref, so it is the newest commit of the default branch"

git_unpinned(ref) := "its ref is no commit" if {
	strict
	ref != ""
	not is_commit(ref)
} else := "its ref looks like a branch" if {
	not strict
	ref != ""
	not is_commit(ref)
	not looks_like_tag(ref)
}

is_commit(ref) if regex.match(`^([0-9a-f]{40}|[0-9a-f]{64})$`, ref)

looks_like_tag(ref) if regex.match(`(^|[^0-9A-Za-z])v?[0-9]+(\.[0-9]+)+`, ref)

looks_like_tag(ref) if regex.match(`^(refs/tags/|tags/)|^v?[0-9]+$|^[0-9]{4}[-.][0-9]{2}[-.][0-9]{2}`, ref)

# Abbreviated commits can be told apart from names, although they prove less.
looks_like_tag(ref) if regex.match(`^[0-9a-f]{7,39}$`, ref)

# Paths out of the repository: more steps up than the file is deep.

escapes(call) if {
	is_string(call.source)
	regex.match(`^\.\.?(/|$)`, call.source)
	base := [part | part := split(regex.replace(call.file, `/?[^/]*$`, ""), "/")[_]; part != ""]
	steps := [part | part := split(call.source, "/")[_]; not part in {"", "."}]
	goes_above(count(base), steps)
}

goes_above(depth, steps) if {
	some i in numbers.range(1, count(steps))
	taken := array.slice(steps, 0, i)
	ups := count([1 | taken[_] == ".."])
	downs := i - ups
	ups > depth + downs
}

name_of(call) := call.address if {
	is_string(call.address)
} else := call.file

result(call, kind, msg, more) := object.union_n([
	{
		"msg": msg,
		"address": call.address,
		"attribute": kind,
		"subject": call.shown,
		"facts": {"kind": kind, "class": call.class},
	},
	place(call.address),
	more,
])

place(address) := {"file": places[0][0], "line": places[0][1], "end_line": places[0][2]} if {
	spots := object.get(places_of, address, {})
	places := sort([spot | spots[spot]])
	count(places) > 0
} else := {}

places_of[address][spot] := true if {
	call := input.countersign.source.module_calls[_]
	address := call.address
	is_string(address)
	spot := [call.file, call.line, call.end_line]
}

pattern_fault(pattern) := "it is no text" if {
	not is_string(pattern)
} else := "it is empty" if {
	trim(pattern, "! ") == ""
} else := "leave out ?ref=" if {
	regex.match(`\?(ref|rev|checksum|depth)=`, pattern)
} else := "local modules need no approval" if {
	regex.match(`^!?\.\.?/`, pattern)
} else := "leave out the user" if {
	regex.match(`://[^/]*@`, pattern)
}

fault(key, msg) := {"msg": msg, "attribute": key, "file": "countersign.toml", "facts": {}}
