package countersign.lib.globs_test

test_stars_stand_for_any_run if {
	data.countersign.lib.globs.matches("random_*", "random_id")
	data.countersign.lib.globs.matches("*", "")
	data.countersign.lib.globs.matches("module.a[\"x\"].*", "module.a[\"x\"].module.b.t.n[0]")
	not data.countersign.lib.globs.matches("random_*", "my_random_id")
}

test_question_marks_stand_for_one if {
	data.countersign.lib.globs.matches("a?", "ab")
	not data.countersign.lib.globs.matches("a?", "a")
}

test_everything_else_is_literal if {
	not data.countersign.lib.globs.matches("a.b", "axb")
	not data.countersign.lib.globs.matches("a[0]", "a0")
	data.countersign.lib.globs.matches(`a+b(c|d)^$\{e}`, `a+b(c|d)^$\{e}`)
}

test_odd_values_match_nothing if {
	text := null
	not data.countersign.lib.globs.matches("*", text)
	not data.countersign.lib.globs.matches(text, "a")
	not data.countersign.lib.globs.matches_any(text, "a")
	not data.countersign.lib.globs.matches_any([], "a")
	data.countersign.lib.globs.matches_any([3, "a"], "a")
}
