# METADATA
# description: |
#   The setting `match` of the policies about grants: globs, of which a leading ! leaves out. A list with nothing but
#   exceptions covers the rest.
package countersign.lib.scopes

# covers tells whether one of the names (a principal, an address) is meant.
covers(patterns, names) if {
	some pattern in patterns
	not startswith(pattern, "!")
	some name in names
	data.countersign.lib.globs.matches(pattern, name)
	not left_out(patterns, names)
}

covers(patterns, names) if {
	count([p | some p in patterns; not startswith(p, "!")]) == 0
	not left_out(patterns, names)
}

left_out(patterns, names) if {
	some pattern in patterns
	startswith(pattern, "!")
	some name in names
	data.countersign.lib.globs.matches(trim_prefix(pattern, "!"), name)
}
