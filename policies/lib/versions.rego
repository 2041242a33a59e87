# METADATA
# description: |
#   Versions and their constraints as Terraform writes them: "~> 5.0, != 5.3.1". What cannot be read satisfies nothing
#   and fails nothing: both relations are undefined for it.
package countersign.lib.versions

# numbers gives [major, minor, patch] of a release; pre-releases and other texts give nothing.
numbers(version) := [part(parts, 0), part(parts, 1), part(parts, 2)] if {
	regex.match(`^v?[0-9]{1,9}(\.[0-9]{1,9}){0,2}$`, version)
	parts := split(trim_left(version, "v"), ".")
}

part(parts, i) := to_number(parts[i]) if {
	i < count(parts)
} else := 0

# satisfies is true or false, and undefined where version or constraint cannot be read.
satisfies(version, constraint) := count([term | term := read[_]; holds(numbers(version), term)]) == count(read) if {
	numbers(version)
	texts := [trim_space(text) | text := split(constraint, ",")[_]]
	read := [term | term := parsed(texts[_])]
	count(read) == count(texts)
}

# parsed gives operator, operand and how many of its parts are written.
parsed(text) := {"operator": operator(found[1]), "operand": numbers(found[2]), "parts": count(split(found[2], "."))} if {
	found := regex.find_all_string_submatch_n(`^(=|!=|>=|<=|>|<|~>|)\s*(v?[0-9][0-9.]*)$`, text, 1)[0]
}

operator(text) := "=" if {
	text == ""
} else := text

holds(version, term) if {
	term.operator == "="
	version == term.operand
}

holds(version, term) if {
	term.operator == "!="
	version != term.operand
}

# Lists are compared from their first element on.
holds(version, term) if {
	term.operator == ">"
	version > term.operand
}

holds(version, term) if {
	term.operator == ">="
	version >= term.operand
}

holds(version, term) if {
	term.operator == "<"
	version < term.operand
}

holds(version, term) if {
	term.operator == "<="
	version <= term.operand
}

# ~> lets the last part that is written grow.
holds(version, term) if {
	term.operator == "~>"
	version >= term.operand
	kept := max([1, term.parts - 1])
	array.slice(version, 0, kept) == array.slice(term.operand, 0, kept)
}
