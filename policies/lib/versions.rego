# METADATA
# description: |
#   Versions and version constraints as Terraform writes them.
package countersign.lib.versions

# plain gives a version with three numbers, as semver wants it; it is undefined for other text.
plain(text) := concat("", [concat(".", array.slice(array.concat(numbers, ["0", "0"]), 0, 3)), parts[2]]) if {
	is_string(text)
	parts := regex.find_all_string_submatch_n(`^v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,2})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$`, text, 1)[0]
	numbers := [regex.replace(n, `^0+([0-9])`, "$1") | n := split(parts[1], ".")[_]]
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
