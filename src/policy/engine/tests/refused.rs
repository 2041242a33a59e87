//! Mistakes that OPA's compiler refuses and the engine would pass over, or would say only when a plan makes a rule get there.

use super::{Loaded, bundle, errors};

fn expect(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let found = errors(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(expected), "{text}: {found:?}");
        assert!(!found[0].contains(".."), "{found:?}");
    }
}

#[test]
fn variables_that_nothing_binds_are_said_before_a_plan_gets_there() {
    expect(&[
        (
            "package p\n\ndeny contains msg if {\n\tinput.x\n}\n",
            "a.rego:3: p.deny uses \"msg\", to which nothing gives a value.",
        ),
        (
            "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := $\"{y}\"\n}\n",
            "a.rego:5: p.deny uses \"y\"",
        ),
        (
            "package p\n\nis_bad if input.x\n\ndeny contains \"x\" if [1 | is_bda] == []\n",
            "a.rego:5: p.deny uses \"is_bda\", to which nothing gives a value (did you mean \"is_bad\"?).",
        ),
        (
            "package p\n\ndeny contains \"x\" if {\n\tx == 1\n\tx := 1\n}\n",
            "a.rego:4: \"x\" has no value where p.deny uses it",
        ),
        (
            "package p\n\ndeny contains \"x\" if {\n\tsome i\n\ti > 1\n}\n",
            "a.rego:5: \"i\" has no value where p.deny uses it",
        ),
        (
            "package p\n\ndeny contains m if {\n\tm := \"x\"\n\tm := \"y\"\n}\n",
            "a.rego:5: \"m\" gets a value with := twice",
        ),
    ]);
    let fine = "package p\n\ndeny contains m if {\n\tsome i, k\n\tinput.a[i]\n\tinput.b[[k, _]]\n\t{\"a\": m} = input.c\n\twalk(input.d, [path, v])\n\tcount(path) > k\n\tv == i\n\tnot input.e[j]\n\tj = 1\n\tall := [x | x = input.f[y]; y > 1]\n\tall == []\n}\n\no[k] := v if {\n\tv := input.a[k]\n}\n\nf([a, {\"b\": b}], c) := [a, b, c]\n\ndeny contains input.a[z]\n";
    assert_eq!(errors(fine), Vec::<String>::new());
}

#[test]
fn targets_of_with_and_imports_that_do_not_exist_are_errors() {
    expect(&[
        (
            "package p\n\ndeny contains \"x\" if {\n\tinput.x with inptu as 1\n}\n",
            "a.rego:4: with replaces \"inptu\", which is neither in input or data nor a function or rule (did you mean \"input\"?).",
        ),
        (
            "package p\n\ndeny contains \"x\" if input.x with foo.bar as 1\n",
            "a.rego:3: with replaces \"foo.bar\"",
        ),
        (
            "package p\n\nimport future.keywords.ever\n\ndeny contains \"x\" if true\n",
            "a.rego:3: \"import future.keywords.ever\" names nothing that can be imported (did you mean",
        ),
        (
            "package p\n\nimport rego.v2\n\ndeny contains \"x\" if true\n",
            "\"import rego.v2\" names nothing that can be imported",
        ),
    ]);
    let fine = "package p\n\nimport data.q as r\n\nf(x) := x\n\nlimit := 1\n\ndeny contains \"x\" if {\n\tf(limit) == 2 with limit as 2 with f as abs with r.x as 1 with data.z[\"y\"] as 1 with input.a as 1 with crypto.md5 as abs\n}\n";
    assert_eq!(errors(fine), Vec::<String>::new());
}

#[test]
fn arguments_that_a_function_can_never_take_are_errors() {
    expect(&[
        (
            "package p\n\ndeny contains m if m := sprintf(\"%s\", \"a\")\n",
            "a.rego:3: p.deny gives sprintf a text as argument 2, and it takes an array, such as [x].",
        ),
        (
            "package p\n\ndeny contains \"x\" if startswith(1, input.a)\n",
            "p.deny gives startswith a number as argument 1, and it takes a text.",
        ),
        (
            "package p\n\ndeny contains \"x\" if count(7) > 0\n",
            "and it takes an array, a set, an object or a text.",
        ),
    ]);
    let text = "package p\n\ndeny contains \"x\" if not regex.match(\"^(?!a)\", input.a)\n\ndeny contains sprintf(\"%d\", [count({})])\n\nstartswith_(x) := x\n";
    let loaded = super::load(text);
    assert_eq!(loaded.errors, []);
    let said: Vec<_> = loaded.asides.iter().map(|a| (a.line, &a.message)).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].0 == Some(3) && said[0].1.contains("no regular expression of RE2"));
}

#[test]
fn definitions_that_cannot_stand_together_are_errors() {
    expect(&[
        (
            "package p\n\ndefault a := 1\n\ndefault a := 2\n\ndeny contains \"x\" if a == 1\n",
            "a.rego:5: p.a has a second default; the first is a.rego:3.",
        ),
        (
            "package p\n\na := 1 if input.x\n\na contains 1 if input.y\n\ndeny contains \"x\" if a\n",
            "a.rego:5: p.a is a set (contains) here and one value in a.rego:3; give one of them another name.",
        ),
        (
            "package p\n\nf(x) := x\n\nf(x, y) := x + y\n\ndeny contains \"x\" if f(1)\n",
            "a.rego:5: p.f is a function of 2 arguments here and a function of 1 argument in a.rego:3",
        ),
        (
            "package p\n\na if b\n\nb if [1 | a] == []\n\ndeny contains \"x\" if a\n",
            "a.rego:3: a rule refers to itself: p.a → p.b → p.a.",
        ),
        (
            "package p\n\nf(x) := f(x - 1)\n\ndeny contains \"x\" if f(1)\n",
            "a.rego:3: a function calls itself: p.f → p.f.",
        ),
    ]);
    let fine = "package p\n\ndefault a := 1\n\na := 2 if input.x\n\nb.c := 1\n\nb.d := b.c\n\nm[k] := 1 if k := input.k\n\nm[\"x\"] := 2\n\nf(1) := 1\n\nf(2) := 2\n\ndefault f(_) := 3\n\ndeny contains \"x\" if f(1)\n\ndeny contains \"y\"\n";
    assert_eq!(errors(fine), Vec::<String>::new());
}

#[test]
fn an_import_of_nothing_is_a_warning_and_a_refused_file_is_said_once() {
    let loaded = Loaded::load(
        &bundle(&[
            (
                "a.rego",
                "package p\n\nimport data.lib.helprs\nimport data.lib.helpers\nimport data.lib\nimport data.lib.helpers.f\n\ndeny contains \"x\" if {\n\thelprs.bad\n\thelpers.f(1)\n\tlib.helpers.f(f(2))\n}\n",
            ),
            ("b.rego", "package lib.helpers\n\nf(x) := y\n"),
        ]),
        0,
    );
    let said = |list: &[super::super::load::LoadError]| -> Vec<(String, Option<u32>)> {
        list.iter().map(|e| (e.file.clone(), e.line)).collect()
    };
    assert_eq!(said(&loaded.asides), [("a.rego".to_owned(), Some(3))]);
    assert!(
        loaded.asides[0]
            .message
            .contains("did you mean \"lib.helpers\"?"),
        "{:?}",
        loaded.asides
    );
    assert_eq!(said(&loaded.errors), [("b.rego".to_owned(), Some(3))]);
}
