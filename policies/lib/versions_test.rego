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

import data.countersign.lib.versions

test_plain_versions_have_three_numbers if {
	versions.plain("1") == "1.0.0"
	versions.plain("v1.2") == "1.2.0"
	versions.plain("01.02.003") == "1.2.3"
	versions.plain("1.2.3-beta.1+x") == "1.2.3-beta.1"
	not versions.plain("main")
	not versions.plain("1.2.3.4")
	not versions.plain(null)
}

test_versions_are_compared_by_number if {
	versions.older("5.9.0", "5.10.0")
	versions.older("5.0.0-beta1", "5.0.0")
	not versions.older("5.10.0", "5.9.0")
	not versions.older("v5.1", "5.1.0")
	not versions.older("x", "5.1.0")
}

test_an_exact_constraint_has_one_version if {
	versions.exact("= 1.2.3") == "1.2.3"
	versions.exact("1.2") == "1.2.0"
	not versions.exact("~> 1.2")
	not versions.exact(">= 1.0, < 2.0")
	not versions.exact("= 1.0, = 2.0")
	not versions.exact(null)
}

test_constraints_are_ordered_by_how_much_they_leave_open if {
	[versions.tightness(c) | c := ["= 1.2.3", "~> 1.2.3", "~> 1.2", ">= 1.0, < 2.0", ">= 1.0", "!= 1.1", "", null][_]] == [5, 4, 3, 2, 1, 1, 0, 0]
}
