# METADATA
# description: |
#   Patterns of repository paths: * and ? stay within one name, ** spans several. A pattern without a slash
#   matches a name at any depth, one with a slash counts from the top. What matches a directory matches everything below it.
package countersign.lib.paths

# folded gives a path as a case-insensitive file system reads it: in lower case, without characters that such systems pass
# over, and without dots and spaces at the end of names.
folded(path) := regex.replace(
	regex.replace(
		replace(lower(path), "ſ", "s"),
		`[\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{206a}-\x{206f}\x{feff}]`,
		"",
	),
	`[. ]+(/|$)`,
	"$1",
)

# expression gives the regular expression of a list of patterns; its own start and end are anchored.
expression(patterns) := concat("", ["(?s)^(?:", concat("|", [body(folded_pattern(p)) | p := patterns[_]]), ")(?:/|$)"]) if {
	count(patterns) > 0
} else := `^\b\B$`

folded_pattern(pattern) := lower(trim_suffix(trim_suffix(pattern, "/**"), "/"))

body(pattern) := regexed(substring(pattern, 1, -1)) if {
	startswith(pattern, "/")
} else := regexed(pattern) if {
	contains(pattern, "/")
} else := concat("", ["(?:.*/)?", regexed(pattern)])

regexed(pattern) := replace(replace(replace(replace(escaped, `\?`, "[^/]"), `\*\*/`, "(?:.*/)?"), `\*\*`, ".*"), `\*`, "[^/]*") if {
	escaped := regex.replace(pattern, `[.+*?^${}()|\[\]\\]`, `\$0`)
}

# fault says why a pattern can never match; it is undefined for one that can.
fault(pattern) := "it is no text" if {
	not is_string(pattern)
} else := "it is empty" if {
	trim(pattern, "/ ") == ""
} else := `paths are written with "/", and this one has "\"` if {
	contains(pattern, `\`)
} else := "it has an empty name between two slashes" if {
	contains(pattern, "//")
} else := `no path of a repository has "." or ".." as a name` if {
	regex.match(`(^|/)\.\.?(/|$)`, pattern)
} else := "a name in it ends with a dot or a space, and such names are compared without" if {
	regex.match(`[. ](/|$)`, pattern)
} else := "it begins with a space" if {
	startswith(pattern, " ")
}
