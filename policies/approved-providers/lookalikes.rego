package countersign.policies.approved_providers

# Look-alikes.

# lookalike gives the approved or official provider that a source can be mistaken for. Namespaces that an
# allow pattern names are trusted as they are.
lookalike(source) := data.countersign.lib.providers.short(twins[0]) if {
	not is_trusted_namespace(source)
	not is_official(source)
	twins := sort(twins_of(source))
	count(twins) > 0
}

is_trusted_namespace(source) if {
	pattern := allow_patterns[_]
	not is_wild(pattern.namespace)
	matches_source(pattern, source)
}

is_official(source) if {
	parts := split(source, "/")
	count(parts) == 3
	parts[0] in data.countersign.lib.providers.public_registries
	parts[1] == "hashicorp"
	data.countersign.tables.hashicorp_providers[parts[2]]
}

twins_of(source) := {twin |
	parts := split(plain(source), "/")
	count(parts) == 3
	model := models[_]
	twin := twin_of(parts, model)
	not is_same_path(source, twin)
}

# is_same_path holds for one provider on both public registries.
is_same_path(source, twin) if {
	on_default_host(source) == on_default_host(twin)
}

on_default_host(source) := concat("/", array.concat(["registry.terraform.io"], array.slice(split(source, "/"), 1, 3))) if {
	split(source, "/")[0] in data.countersign.lib.providers.public_registries
} else := source

# models are the names worth imitating: approved ones, and the hashicorp namespace.
models := array.concat(
	[{"host": host, "namespace": pattern.namespace, "type": pattern.type} |
		pattern := allow_patterns[_]
		not is_wild(pattern.namespace)
		host := pattern.hosts[0]
	],
	array.concat(
		[{"host": "registry.terraform.io", "namespace": "hashicorp", "type": "*"}],
		[{"host": "registry.terraform.io", "namespace": "hashicorp", "type": type} |
			data.countersign.tables.hashicorp_providers[type]
		],
	),
)

# twin_of gives the model's name where at most two letters differ in all. A wildcard type stands for itself.
twin_of(parts, model) := concat("/", [model.host, model.namespace, parts[2]]) if {
	is_wild(model.type)
	hosts := host_distance(parts[0], model.host)
	spaces := distance(parts[1], model.namespace)
	hosts + spaces <= 2
	hosts + spaces > 0
} else := concat("/", [model.host, model.namespace, parts[2]]) if {
	is_wild(model.type)
	parts[0] == model.host
	parts[1] == model.namespace
	data.countersign.lib.globs.matches(model.type, parts[2])
} else := concat("/", [model.host, model.namespace, model.type]) if {
	not is_wild(model.type)
	hosts := host_distance(parts[0], model.host)
	spaces := distance(parts[1], model.namespace)
	types := distance(parts[2], model.type)
	hosts + spaces + types <= 2
}

# Both public registries carry the same providers.
host_distance(host, model) := 0 if {
	host in data.countersign.lib.providers.public_registries
	model in data.countersign.lib.providers.public_registries
} else := distance(host, model)

# distance is the edit distance of two words up to 2 (1 for words under five letters); above, it is undefined.
distance(a, b) := 0 if {
	a == b
} else := 1 if {
	within_one(a, b)
} else := 2 if {
	count(b) >= 5
	within_two(a, b)
}

# Without the common start and end, words one edit apart leave at most one letter on each side.
within_one(a, b) if {
	abs(count(a) - count(b)) <= 1
	rest := stripped(a, b)
	count(rest[0]) <= 1
	count(rest[1]) <= 1
}

# Two edits: the first is at the first letter that differs.
within_two(a, b) if {
	abs(count(a) - count(b)) <= 2
	rest := stripped(a, b)
	within_one(substring(rest[0], 1, -1), substring(rest[1], 1, -1))
}

within_two(a, b) if {
	abs(count(a) - count(b)) <= 2
	rest := stripped(a, b)
	within_one(substring(rest[0], 1, -1), rest[1])
}

within_two(a, b) if {
	abs(count(a) - count(b)) <= 2
	rest := stripped(a, b)
	within_one(rest[0], substring(rest[1], 1, -1))
}

stripped(a, b) := without_common_end(substring(a, start, -1), substring(b, start, -1)) if {
	start := max([i |
		i := numbers.range(0, min([count(a), count(b)]))[_]
		substring(a, 0, i) == substring(b, 0, i)
	])
}

without_common_end(a, b) := [substring(a, 0, count(a) - end), substring(b, 0, count(b) - end)] if {
	end := max([i |
		i := numbers.range(0, min([count(a), count(b)]))[_]
		substring(a, count(a) - i, -1) == substring(b, count(b) - i, -1)
	])
}

# is_disguised holds for names outside ASCII and for hosts in their encoded form.
is_disguised(source) if not regex.match(`^[\x21-\x7e]*$`, source)

is_disguised(source) if contains(source, "xn--")

# plain replaces letters of other alphabets by the Latin ones they look like.
plain(source) := strings.replace_n(confusable, source)

confusable := {
	"а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "і": "i", "ї": "i", "ј": "j",
	"к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "ѕ": "s", "т": "t", "у": "y", "ԝ": "w", "х": "x",
	"α": "a", "ο": "o", "ρ": "p", "ν": "v", "ι": "i", "κ": "k", "υ": "u", "ı": "i", "ɡ": "g", "ⅼ": "l",
	"á": "a", "à": "a", "ä": "a", "é": "e", "è": "e", "í": "i", "ó": "o", "ö": "o", "ú": "u", "ü": "u", "ç": "c", "ñ": "n",
}
