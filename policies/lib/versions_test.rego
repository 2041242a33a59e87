package countersign.lib.versions_test

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
