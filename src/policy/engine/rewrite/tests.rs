#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::super::parse::parse;
use super::{Names, plain_names, rewrite};
use crate::policy::bundle::{Bundle, Module};
use crate::policy::{TestOptions, TestOutcome};

/// The rewritten text of one module, which keeps its lines.
fn rewritten(text: &str) -> String {
    let parsed = parse("a.rego", &Arc::from(text)).unwrap();
    let names = Names::read(std::iter::once(&parsed.module));
    let done = rewrite(&parsed.text, &parsed.module, &names, &|line, chain| {
        format!("[{line}, {chain}]")
    });
    assert_eq!(done.problems, [], "{text}");
    let out = done.text.unwrap_or_else(|| parsed.text.to_string());
    assert_eq!(out.lines().count(), parsed.text.lines().count(), "{out}");
    out
}

/// Tests of rules that differ between OPA and the engine: all must be true, as they are in OPA.
fn holds(modules: &[&str]) {
    let bundle = Bundle {
        modules: modules
            .iter()
            .enumerate()
            .map(|(index, text)| Module {
                path: format!("{index}.rego"),
                text: Arc::from(*text),
            })
            .collect(),
        ..Bundle::default()
    };
    let report =
        crate::policy::run_tests(&bundle, TestOptions::default(), jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(report.errors, Vec::<String>::new(), "{modules:?}");
    assert!(!report.cases.is_empty(), "{modules:?}");
    for case in &report.cases {
        assert_eq!(
            case.outcome,
            TestOutcome::Passed,
            "{}: {}\n{modules:?}",
            case.name,
            case.problem
        );
    }
}

#[test]
fn the_text_is_what_is_expected_of_it() {
    for (text, expected) in [
        (
            "x if { not f(input.a, 1) }",
            "x if { __00001_not := input.a; not f(__00001_not, 1) }",
        ),
        (
            "x if not f(input.a)",
            "x if { __00001_not := input.a; not f(__00001_not) }",
        ),
        (
            "x if { [p, v] := walk(input); v == 1 }",
            "x if { walk(input, __00001_walk); [__00002_p, __00003_v] := __00001_walk; __00003_v == 1 }",
        ),
        (
            "x := input.a[i] if { i := 1 } else := 2",
            "x := __99999_value if { __00001_i := 1 ; __99999_value := input.a[__00001_i] } else := 2",
        ),
        (
            "x if { not input.a[input.b] }",
            "x if { __00001_not := input.b; [true | input.a[__00001_not]] == [] }",
        ),
        (
            "x if not {1: 2}[input.b]",
            "x if { __00001_not := input.b; [true | __00002_is := {1: 2}[__00001_not]; __00002_is] == [] }",
        ),
        (
            "x if not input.a[i] == f(1) with input.b as 1",
            "x if { __00003_with := 1; __00002_not := f(1) with input.b as __00003_with; [true | input.a[__00001_i] == __00002_not] == [] with input.b as __00003_with }",
        ),
        (
            "x if { y with input as data.a[_] }",
            "x if { __00001_with := data.a[_]; y with input as __00001_with }",
        ),
        (
            "x if { not f(input.a) with input as {\"a\": 1} }",
            "x if { __00002_with := {\"a\": 1}; __00001_not := input.a with input as __00002_with; not f(__00001_not) with input as __00002_with }",
        ),
        (
            "x if { crypto.md5(input.a, out); out == 1 }",
            "x if { __00001_out = crypto.md5(input.a); __00001_out == 1 }",
        ),
        (
            "x := input.a in [1]",
            "x := internal.member_2(input.a, [1])",
        ),
        (
            "x if { z := (1, (input.a) in y); z }",
            "x if { __00001_z := (internal.member_3(1, input.a, y)); __00001_z }",
        ),
        (
            "x if { input.a in [1]; not input.b in [1] }",
            "x if { input.a in [1]; __00001_not := input.b; not __00001_not in [1] }",
        ),
        (
            "x if { z := 1; z in [1] == true }",
            "x if { __00001_z := 1; __00001_z in [1] == true }",
        ),
        ("x := rego.metadata.chain()", "x := [3, true]"),
        (
            "x if { not y; not input.b == 1 }",
            "x if { not y; not input.b == 1 }",
        ),
    ] {
        let head = "package a\n\n";
        let tail = "\n\ny if input.y\n\nf(_, _) if input.f\n\nf(_) if input.f\n";
        let tail = if text.contains("input.a, 1") {
            tail.replace("f(_) ", "g(_) ")
        } else {
            tail.replace("f(_, _)", "g(_, _)")
        };
        assert_eq!(
            rewritten(&format!("{head}{text}{tail}")),
            format!("{head}{expected}{tail}")
        );
    }
}

#[test]
fn facts_of_old_sets_are_rules_with_bodies() {
    let text = "package a\n\np[{\"a\": 1}]\n\nq { input.x }\n";
    assert_eq!(rewritten(text), text.replace("}]\n", "}] { true }\n"));
}

#[test]
fn several_lines_stay_several_lines() {
    let text = "package a\n\nx if {\n\tnot f( # one\n\t\tinput.a, # two\n\t\t[input.b |\n\t\t\ttrue\n\t\t],\n\t)\n}\n\nf(_, _) if true\n\ny := 1\n";
    let out = rewritten(text);
    assert_eq!(out.lines().position(|line| line == "y := 1"), Some(13));
}

#[test]
fn names_in_messages_are_those_of_the_policy() {
    assert_eq!(
        plain_names("var `__00012_x` and __y and __0001_z, __99999_value."),
        "var `x` and __y and __0001_z, value."
    );
}

#[test]
fn walk_gives_pairs_wherever_it_stands() {
    holds(&[
        "package a\n\nimport rego.v1\n\ndoc := {\"a\": {\"b\": 1}}\n\ntest_assigned if {\n\t[path, value] := walk(doc)\n\tvalue == 1\n\tpath == [\"a\", \"b\"]\n}\n\ntest_unified if {\n\t[path, 1] = walk(doc)\n\tpath[1] == \"b\"\n}\n\ntest_indexed if walk(doc)[1] == 1\n\ntest_counted if count([v | [_, v] := walk(doc)]) == 3\n\ntest_with if {\n\t[_, value] := walk(input) with input as doc\n\tvalue == 1\n}\n",
    ]);
}

#[test]
fn operands_of_negations_must_be_defined() {
    holds(&[
        "package a\n\nimport rego.v1\n\nf(x) if x == 1\n\none := 1\n\nnone := input.none\n\ntest_call if not undefined_call\n\nundefined_call if not f(input.missing)\n\ntest_builtin if not undefined_builtin\n\nundefined_builtin if not startswith(input.missing, \"x\")\n\ntest_comparison if not undefined_comparison\n\nundefined_comparison if not input.missing > 5\n\ntest_in if not undefined_in\n\nundefined_in if not input.missing in [1]\n\ntest_index if not undefined_index\n\nundefined_index if not {\"a\": 1}[input.missing]\n\ntest_rule if not undefined_rule\n\nundefined_rule if not f(none)\n\ntest_nested if not undefined_nested\n\nundefined_nested if not count(input.missing) == 0\n\ntest_equal if not input.missing == 1\n\ntest_bare if not input.missing\n\ntest_defined if not f(input.two) with input as {\"two\": 2}\n\ntest_true if not is_one with input as {\"x\": 1}\n\nis_one if not f(input.x)\n\ntest_with if not with_missing\n\nwith_missing if not f(input.y) with input as {\"x\": 1}\n",
    ]);
}

#[test]
fn membership_without_an_operand_has_no_value() {
    // OPA's compiler makes a call of it; the engine would say false, or true where a key and a value are both missing.
    holds(&[
        "package a\n\nimport rego.v1\n\ns := {1, 2}\n\nnone := input.none\n\nf(x) := [x]\n\ndefined(_) if true\n\n\
         test_assigned if not assigned\n\nassigned if {\n\ty := input.missing in s\n\ty == false\n}\n\n\
         test_head if not head == false\n\nhead := input.missing in s\n\n\
         test_rule if not rule == false\n\nrule := none in s\n\n\
         test_collection if not collection == false\n\ncollection := 1 in input.missing\n\n\
         test_array if not array == [false]\n\narray := [input.missing in s]\n\n\
         test_argument if not argument\n\nargument if defined(input.missing in s)\n\n\
         test_compared if not compared\n\ncompared if (input.missing in s) == false\n\n\
         test_negated if not negated\n\nnegated if not (input.missing in {3})\n\n\
         test_negated_again if not negated_again\n\nnegated_again if not (input.missing in {3}) == true\n\n\
         test_negated_call if not negated_call\n\nnegated_call if not f(input.missing in {3}) == [true]\n\n\
         test_comprehension if [x | x := input.missing in s] == []\n\n\
         test_object if [x | x := {\"a\": input.missing in s}] == []\n\n\
         test_nested if not nested == false\n\nnested := (input.missing in s) in s\n\n\
         test_key if not key\n\nkey if 9, input.missing in [1]\n\n\
         test_key_value if not key_value == true\n\nkey_value := 9, input.missing in [1]\n\n\
         test_with if not with_missing == false\n\nwith_missing := y if y := input.x in s with input as {}\n\n\
         test_each if {\n\tfound := [y | y := [1, 7][_] in s]\n\tfound == [true, false]\n}\n\n\
         test_true if is_in with input as {\"x\": 1}\n\nis_in := input.x in s\n\n\
         test_false if is_in == false with input as {\"x\": 7}\n\n\
         test_keyed if keyed with input as {\"x\": {\"k\": 1}}\n\nkeyed := \"k\", 1 in input.x\n\n\
         test_text if of_text == false with input as {\"x\": \"abc\"}\n\nof_text := \"a\" in input.x\n",
    ]);
}

#[test]
fn a_pattern_of_an_object_holds_for_its_keys_alone() {
    holds(&[
        "package a\n\nimport rego.v1\n\ntwo := {\"a\": 1, \"b\": 2}\n\n\
         test_more if not more\n\nmore if {\n\t{\"a\": x} := two\n\tx == 1\n}\n\n\
         test_unified if not unified\n\nunified if {\n\ty := two\n\t{\"a\": 1, \"c\": _} = y\n}\n\n\
         test_input if not of_input with input as two\n\nof_input if {\n\t{\"a\": x} = input\n\tx == 1\n}\n\n\
         test_same if {\n\t{\"a\": x, \"b\": y} := two\n\tx < y\n}\n\n\
         test_each if {\n\tfound := [x | {\"a\": x} = [{\"a\": 1}, two, {\"a\": 3}][_]]\n\tfound == [1, 3]\n}\n\n\
         test_with if {\n\t{\"a\": x} := input with input as {\"a\": 5}\n\tx == 5\n}\n\n\
         test_output if {\n\tx := 1\n\ty = {\"a\": x}\n\ty.a == 1\n}\n",
    ]);
}

#[test]
fn an_index_does_not_bind_a_variable_that_is_assigned() {
    // The engine would take `ids[n]` for what binds `n`.
    holds(&[
        "package a\n\nimport rego.v1\n\nids := {\"x\", \"y\"}\n\ntest_assigned if {\n\tq := \"x\"\n\titem := {\"id\": q}\n\tn := item.id\n\tids[n]\n}\n\ntest_walked if {\n\twalk({\"id\": \"x\"}, [p, \"x\"])\n\tn := p[0]\n\t{\"id\", \"x\"}[n]\n}\n\ntest_each if {\n\tq := \"x\"\n\titem := [q]\n\tsome n in item\n\tids[n]\n}\n\ntest_negated if {\n\tq := \"z\"\n\titem = {\"id\": q}\n\tn = item.id\n\tnot ids[n]\n}\n\ntest_before if {\n\tnot ids[n]\n\tn = concat(\"\", [\"z\"])\n}\n\ntest_iterates if {\n\tq := \"x\"\n\titem := [q]\n\tsome i\n\titem[i] == \"x\"\n\ti == 0\n}\n",
    ]);
}

#[test]
fn imports_mean_what_they_name() {
    holds(&[
        "package lib\n\nimport rego.v1\n\nvalue := 7\n\ndouble(x) := y if y := x * 2\n\nslow := data.user.test_rule\n",
        "package user\n\nimport rego.v1\nimport data.lib\nimport data.lib.value as seven\nimport input.a.b as inner\n\ntest_rule if lib.value == seven\n\ntest_output if {\n\tlib.double(2, x)\n\tx == 4\n}\n\ntest_input if inner.c == 1 with input as {\"a\": {\"b\": {\"c\": 1}}}\n\ntest_with_alias if lib.value == 8 with lib.value as 8\n\ntest_with_inner if inner == 3 with inner as 3\n",
    ]);
}

#[test]
fn locals_may_have_the_names_of_rules_imports_and_outer_locals() {
    holds(&[
        "package a\n\nimport rego.v1\nimport data.lib\n\nresource(x) := x\n\nitems := [1, 2]\n\ntest_some if {\n\tsome resource in [5]\n\tresource == 5\n}\n\ntest_index if {\n\tsome items\n\t[3][items] == 3\n\titems == 0\n}\n\ntest_argument if f(9) == 9\n\nf(items) := items\n\ntest_import if {\n\tlib := 4\n\tlib == 4\n}\n\ntest_own_value if {\n\titems := items\n\titems == [1, 2]\n}\n\ntest_again if {\n\tname := \"a\"\n\tfound := [name | some n in [\"a\", \"b\"]; n == name; name := concat(\"\", [n, \"!\"])]\n\tfound == [\"a!\"]\n}\n\ntest_every if every items in [1] { items == 1 }\n",
        "package lib\n\nimport rego.v1\n\nx := 1\n",
    ]);
}

#[test]
fn with_reaches_rules_functions_and_lists() {
    holds(&[
        "package a\n\nimport rego.v1\n\nlimit := 1\n\nover(x) if x > limit\n\nlow(_) := 0\n\ntwice(x) := x * 2\n\nresult := twice(4)\n\ncases := [1, 2]\n\ntest_rule if over(4) with limit as 3\n\ntest_function if result == 0 with twice as low\n\ntest_function_value if result == 9 with data.a.twice as 9\n\ntest_builtin if result == 4 with twice as abs\n\ntest_own_builtin if result == \"c81e728d9d4c2f636f067f89cc14862c\" with input as 1 with twice as md5_of_two\n\nmd5_of_two(_) := crypto.md5(\"2\")\n\ntest_other_package if data.b.result == 0 with data.a.twice as low\n\ntest_each if {\n\tfound := {x | x := input with input as cases[_]}\n\tfound == {1, 2}\n}\n\ntest_asked_for if {\n\tover(input.x) with input as {\"x\": limit + 1}\n}\n",
        "package b\n\nimport rego.v1\nimport data.a.twice\n\nresult := twice(2)\n",
    ]);
}

#[test]
fn heads_may_iterate() {
    holds(&[
        "package a\n\nimport rego.v1\n\nm := {\"a\": 1, \"b\": 2}\n\nfound := m[k] if {\n\tk := \"b\"\n} else := 0\n\ntest_else if found == 2\n\nall contains m[_]\n\ntest_set if all == {1, 2}\n\nmissing contains input.none[_].x if true\n\ntest_missing if missing == set()\n\nf(k) := m[k] if k == \"a\"\n\nelse := m[j] if {\n\tj := \"b\"\n}\n\ntest_function if {\n\tf(\"a\") == 1\n\tf(\"z\") == 2\n}\n",
    ]);
}

#[test]
fn what_the_engine_cannot_parse_is_mended() {
    holds(&[
        "package a\n\nport(\"*\", _)\n\nport(a, b) if a == b\n\ntest_fact if port(\"*\", 1)\n\ntest_template if {\n\tx := 3\n\t$\"{x} of {[1, 2]} {input.none}\" == \"3 of [1, 2] <undefined>\"\n}\n\nimport data.b.seven\n\ntest_late if seven == 7\n",
        "package b\n\nseven = 7\n\np[x] {\n  x := 1\n} {\n  y := 2\n  x := y\n}\n\nq[{\"a\": 1}]\n\nq[{\"a\": 2}]\n\ntest_chain { p == {1, 2} }\n\ntest_facts { q == {{\"a\": 1}, {\"a\": 2}} }\n",
    ]);
}
