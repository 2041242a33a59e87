# METADATA
# description: |
#   What protects objects from deletion: attributes of resource types (tables/deletion_protection.json) before and
#   after a change, and the prevent_destroy arguments that a git change removes.
package countersign.lib.protection

# entries lists the attributes that protect objects of a type; once for each type of the plan.
entries(type) := entries_of_types[type] if {
	entries_of_types[type]
} else := entries_of(type)

entries_of_types := {type: entries_of(type) | type := {rc.type | rc := input.resource_changes[_]}[_]}

entries_of(type) := array.concat(
	object.get(data.countersign.tables.deletion_protection.attributes, type, []),
	[entry |
		entry := data.countersign.tables.deletion_protection.prefixes[_]
		startswith(type, entry.prefix)
	],
)

# types has the globs of the types with entries, for custom.values.
types := array.concat(
	[type | data.countersign.tables.deletion_protection.attributes[type]],
	[concat("", [entry.prefix, "*"]) | entry := data.countersign.tables.deletion_protection.prefixes[_]],
)

# at lists the values at a path of one or two names. A nested block is a list in plan JSON, seldom an object.
at(tree, path) := [value |
	value := tree[path[0]]
	value != null
] if {
	count(path) == 1
} else := array.concat(
	[value |
		block := tree[path[0]][_]
		value := block[path[1]]
		value != null
	],
	[value |
		is_object(tree[path[0]])
		value := tree[path[0]][path[1]]
		value != null
	],
)

# is_unknown holds when the new value is known only after the apply.
is_unknown(_, unknown) if unknown == true

is_unknown(entry, unknown) if {
	mark := unknown[entry.path[0]]
	is_open(entry, mark, unknown)
}

is_open(_, mark, _) if mark == true

is_open(entry, mark, _) if {
	is_array(mark)
	mark[_] == true
	count(entry.path) == 2
}

is_open(entry, _, unknown) if {
	at(unknown, entry.path)[_] == true
}

# is_inverse holds for attributes that weaken when they are true; not set means false.
is_inverse(entry) if entry.safe == ["false"]

is_protected(entry, tree) if {
	values := at(tree, entry.path)
	count(values) > 0
	count([value | value := values[_]; not is_safe(entry, value)]) == 0
}

is_protected(entry, tree) if {
	is_inverse(entry)
	count(at(tree, entry.path)) == 0
}

# is_exposed holds when an unsafe value is written down.
is_exposed(entry, tree) if {
	value := at(tree, entry.path)[_]
	not is_safe(entry, value)
}

is_safe(entry, value) if sprintf("%v", [value]) in entry.safe

is_safe(entry, value) if number(value) >= entry.least

# is_lowered holds for numbers that go down, but not below the least.
is_lowered(entry, before, after) if {
	old := number(at(before, entry.path)[_])
	new := number(at(after, entry.path)[_])
	new < old
	new >= entry.least
}

number(value) := value if is_number(value)

number(value) := to_number(value) if {
	is_string(value)
	regex.match(`^[0-9]{1,9}$`, value)
}

path_text(entry) := concat(".", entry.path)

# loosened tells what happens to an attribute, in words of the table: never with a value of the plan.
loosened(entry) := sprintf("turns %s on (false → true)", [path_text(entry)]) if {
	is_inverse(entry)
} else := sprintf("turns %s off (true → false or not set)", [path_text(entry)]) if {
	entry.safe == ["true"]
} else := sprintf("takes %s away from %s", [path_text(entry), concat(" or ", entry.safe)]) if {
	entry.safe
} else := sprintf("lowers %s below %d", [path_text(entry), entry.least])

# exposed says how an attribute stands that does not protect.
exposed(entry) := sprintf("%s on", [path_text(entry)]) if {
	is_inverse(entry)
} else := sprintf("%s off", [path_text(entry)]) if {
	entry.safe == ["true"]
} else := sprintf("%s other than %s", [path_text(entry), concat(" or ", entry.safe)]) if {
	entry.safe
} else := sprintf("%s below %d", [path_text(entry), entry.least])

# standing says how an attribute stands that protects.
standing(entry) := sprintf("%s is on", [path_text(entry)]) if {
	entry.safe == ["true"]
} else := sprintf("%s is %s", [path_text(entry), concat(" or ", entry.safe)])

# dropped_guards lists the prevent_destroy = true lines that the git change removes and does not write again, with type
# and name of their resource where these can be told.
dropped_guards := [item |
	file := input.countersign.git.files[_]
	is_configuration(old_path(file))
	hunk := file.hunks[_]
	lines := guard_lines(hunk.removed)
	count(lines) > count(guard_lines(hunk.added))
	line := lines[_]
	item := object.union(
		{"file": old_path(file), "line": line},
		{"block": block | block := block_of(file, hunk, line)},
	)
]

is_configuration(path) if endswith(path, ".tf")

is_configuration(path) if endswith(path, ".tofu")

old_path(file) := file.old_path if {
	is_string(file.old_path)
} else := file.path

guard_lines(lines) := [line.line |
	line := lines[_]
	regex.match(`^\s*(lifecycle\s*\{\s*)?prevent_destroy\s*=\s*true\b`, line.text)
]

# block_of gives [type, name]: of the last header above among the removed lines, else of the block that is there at head.
block_of(file, hunk, line) := [last[1], last[2]] if {
	headers := [found[0] |
		removed := hunk.removed[_]
		removed.line < line
		found := regex.find_all_string_submatch_n(`^resource\s+"([^"]+)"\s+"([^"]+)"`, removed.text, 1)
		count(found) > 0
	]
	count(headers) > 0
	last := headers[count(headers) - 1]
} else := blocks[0].labels if {
	blocks := [block |
		block := input.countersign.source.blocks[_]
		block.kind == "resource"
		block.file == file.path
		block.line <= hunk.new_start
		block.end_line >= hunk.new_start
	]
	count(blocks) > 0
}
