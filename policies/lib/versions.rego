# METADATA
# description: |
#   Versions and their constraints as Terraform writes them: "~> 5.0, != 5.3.1". What cannot be read satisfies nothing
#   and fails nothing: relations are undefined for it.
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

# plain gives a version with three digits, as semver wants it; it is undefined for other text.
plain(text) := concat("", [concat(".", array.slice(array.concat(digits, ["0", "0"]), 0, 3)), parts[2]]) if {
	is_string(text)
	parts := regex.find_all_string_submatch_n(`^v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,2})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$`, text, 1)[0]
	digits := [regex.replace(n, `^0+([0-9])`, "$1") | n := split(parts[1], ".")[_]]
}

# older holds where both are versions and the first is the lower one.
older(one, two) if semver.compare(plain(one), plain(two)) < 0

# exact gives the one version that a constraint admits; it is undefined for a range.
exact(constraint) := plain(trim_space(trim_prefix(trim_space(constraint), "="))) if {
	is_string(constraint)
	not contains(constraint, ",")
}

# tightness orders constraints by how much they leave open: 0 is everything, 5 a single version.
tightness(constraint) := max(array.concat([0], [rank(trim_space(term)) | term := split(constraint, ",")[_]])) if {
	is_string(constraint)
} else := 0

rank(term) := 5 if {
	exact(term)
} else := 4 if {
	regex.match(`^~>\s*v?[0-9]+\.[0-9]+\.[0-9]+`, term)
} else := 3 if {
	startswith(term, "~>")
} else := 2 if {
	startswith(term, "<")
} else := 1 if {
	regex.match(`^(>|!=)`, term)
} else := 0
