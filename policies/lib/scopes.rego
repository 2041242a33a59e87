# METADATA
# description: |
#   The setting `match` of the policies about grants: globs, of which a leading ! leaves out. A list with nothing but
#   exceptions covers the rest. A scope is made once and asked for every principal.
package countersign.lib.scopes

# scope gives {"wanted": expression, "unwanted": expression}; an expression is null where there is no pattern.
scope(patterns) := {
	"wanted": any_of([p | some p in patterns; not startswith(p, "!")]),
	"unwanted": any_of([trim_prefix(p, "!") | some p in patterns; startswith(p, "!")]),
}

any_of(patterns) := null if count(patterns) == 0

any_of(patterns) := "" if "*" in patterns

any_of(patterns) := concat("|", [data.countersign.lib.globs.expression(p) | some p in patterns]) if {
	count(patterns) > 0
	not "*" in patterns
}

# covers tells whether one of the names (a principal, an address) is meant.
covers(scope, names) if {
	is_wanted(scope.wanted, names)
	not is_left_out(scope.unwanted, names)
}

is_wanted(null, _)

is_wanted("", _)

is_wanted(expression, names) if {
	is_string(expression)
	expression != ""
	some name in names
	regex.match(expression, name)
}

is_left_out(expression, names) if {
	is_string(expression)
	some name in names
	regex.match(expression, name)
}
