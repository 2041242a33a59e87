# METADATA
# description: |
#   The globs of settings: * stands for any run of characters (dots, slashes and brackets included), ?
#   for one character, everything else for itself. Brackets are literal, since addresses are full of them.
package countersign.lib.globs

matches("*", text) if is_string(text)

matches(pattern, text) if {
	is_string(pattern)
	pattern != "*"
	is_string(text)
	regex.match(expression(pattern), text)
}

matches_any(patterns, text) if {
	pattern := patterns[_]
	matches(pattern, text)
}

expression(pattern) := concat("", ["(?s)^", replace(replace(escaped, `\*`, ".*"), `\?`, "."), "$"]) if {
	escaped := regex.replace(pattern, `[.+*?^${}()|\[\]\\]`, `\$0`)
}
