package countersign.lib.versions_test

answer(version, constraint) := data.countersign.lib.versions.satisfies(version, constraint)

test_versions_within_a_constraint if {
	every pair in [
		["5.60.0", "~> 5.0"], ["5.0.0", "~> 5.0"], ["5.60.3", "~> 5.60.1"], ["5.60.0", "5.60.0"], ["v5.60.0", "= 5.60"],
		["5.60.0", ">= 5.0, < 6.0"], ["5.60.0", "!= 5.59.0"], ["6.0.0", "> 5.99.99"], ["5.0.0", "<= 5"], ["4.9.9", "< 5"],
		["5.9.0", "~> 5"], ["10.0.0", "> 9.0"],
	] {
		answer(pair[0], pair[1]) == true
	}
}

test_versions_outside_of_a_constraint if {
	every pair in [
		["6.0.0", "~> 5.0"], ["5.61.0", "~> 5.60.1"], ["5.60.0", "~> 5.60.1"], ["5.60.1", "5.60.0"], ["6.1.0", ">= 5.0, < 6.0"],
		["5.59.0", "!= 5.59.0"], ["5.0.0", "> 5.0"], ["5.0.1", "<= 5"], ["5.0.0", "< 5"], ["6.0.0", "~> 5"], ["9.0.0", ">= 10.0.0"],
	] {
		answer(pair[0], pair[1]) == false
	}
}

test_what_cannot_be_read_is_undecided if {
	found := {v |
		pair := [["5.0.0-beta1", "~> 5.0"], ["5.0.0", "~> five"], ["5.0.0", ""], ["5.0.0", ">= 1.0, nonsense"], ["", "~> 5.0"], ["5.0.0", "~> 5.0-rc1"]][_]
		v := answer(pair[0], pair[1])
	}
	found == set()
}
