#![allow(clippy::unwrap_used)]

use regorus::{Engine, Value};

use super::{REFUSED, all, arity, install, is_known, refused, take_faults};

/// The value of an expression; *undefined* as such.
fn value(expression: &str) -> Value {
    let mut engine = Engine::new();
    engine.set_rego_v0(true);
    engine.set_strict_builtin_errors(false);
    install(&mut engine, 0).unwrap();
    engine
        .add_policy(
            "a.rego".to_owned(),
            format!("package a\n\nx = {expression}\n"),
        )
        .unwrap();
    engine.eval_rule("data.a.x".to_owned()).unwrap()
}

#[track_caller]
fn gives(expression: &str, expected: &str) {
    let found = value(expression);
    assert_eq!(found, value(expected), "{expression} gave {found}");
}

#[test]
fn letters_and_numbers_are_read_as_go_reads_them() {
    gives("upper(\"straße\")", "\"STRAßE\"");
    gives("lower(\"ΟΔΟΣ\")", "\"οδοσ\"");
    gives("lower(\"İA\")", "\"ia\"");
    for (text, number) in [
        ("1", "1"),
        ("+1", "1"),
        (".5", "0.5"),
        ("1.", "1"),
        ("-0.50", "-0.5"),
        ("010", "10"),
        ("1e2", "100"),
        ("12345678901234567890123", "12345678901234567890123"),
    ] {
        gives(&format!("to_number(\"{text}\")"), number);
    }
    gives("to_number(true)", "1");
    gives("to_number(null)", "0");
    for text in [
        " 1", "1 ", "", ".", "0x10", "1_000", "inf", "NaN", "1e", "e5", "--1", "1e999",
    ] {
        let found = value(&format!("to_number(\"{text}\")"));
        assert_eq!(found, Value::Undefined, "{text}");
    }
}

#[test]
fn names_are_unique_and_known() {
    let mut names: Vec<&str> = all().map(|(name, ..)| *name).collect();
    names.extend(REFUSED.iter().map(|(name, ..)| *name));
    let number = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), number);
    assert!(is_known("sprintf") && !is_known("http.send"));
    assert!(refused("http.send").is_some() && refused("sprintf").is_none());
    assert_eq!(
        (arity("http.send"), arity("replace"), arity("x")),
        (Some(1), Some(3), None)
    );
}

#[test]
fn old_functions_and_operators_by_name() {
    for (expression, expected) in [
        ("any([false, true])", "true"),
        ("any([])", "false"),
        ("all({true})", "true"),
        ("all([true, 1])", "false"),
        ("cast_array({2, 1})", "[1, 2]"),
        ("cast_set([1, 1])", "{1}"),
        ("cast_string(\"a\")", "\"a\""),
        ("set_diff({1, 2}, {2})", "{1}"),
        ("minus({1, 2}, {2})", "{1}"),
        ("minus(3, 1)", "2"),
        ("plus(1, 2)", "3"),
        ("mul(2, 3)", "6"),
        ("div(6, 4)", "1.5"),
        ("rem(7, 4)", "3"),
        ("and({1, 2}, {2})", "{2}"),
        ("or({1}, {2})", "{1, 2}"),
        ("lte(1, 1)", "true"),
        ("neq(1, 1)", "false"),
        ("re_match(\"^a+$\", \"aa\")", "true"),
    ] {
        gives(expression, expected);
    }
    for expression in ["cast_string(1)", "div(1, 0)", "any(1)", "minus({1}, 1)"] {
        assert_eq!(value(expression), Value::Undefined, "{expression}");
    }
}

#[test]
fn patterns_are_not_too_small_and_split_as_in_go() {
    for (expression, expected) in [
        ("regex.match(\"^[a-z0-9]{1,1000}$\", \"abc\")", "true"),
        ("regex.match(`^\\w{100}$`, \"a\")", "false"),
        ("regex.is_valid(\"(\")", "false"),
        ("regex.is_valid(1)", "false"),
        ("regex.split(\"a*\", \"baaac\")", "[\"b\", \"c\"]"),
        ("regex.split(\",\", \"a,,b\")", "[\"a\", \"\", \"b\"]"),
        ("regex.split(\"x\", \"\")", "[\"\"]"),
        ("regex.replace(\"ab\", \"(a)(b)\", \"$2$1\")", "\"ba\""),
        ("regex.find_n(\"a.\", \"abacad\", 2)", "[\"ab\", \"ac\"]"),
        (
            "regex.find_n(\"a.\", \"abacad\", -1)",
            "[\"ab\", \"ac\", \"ad\"]",
        ),
        (
            "regex.find_all_string_submatch_n(\"a(x*)b\", \"-axxb-ab-\", -1)",
            "[[\"axxb\", \"xx\"], [\"ab\", \"\"]]",
        ),
        ("regex.globs_match(\"a.a.[0-9]+z\", \"b.b*\")", "false"),
        ("regex.globs_match(\"[a-z]+-[0-9]*\", \"x+-7*\")", "true"),
        ("regex.globs_match(\"a*\", \"\")", "true"),
    ] {
        gives(expression, expected);
    }
    assert_eq!(value("regex.match(\"(\", \"a\")"), Value::Undefined);
    assert!(
        take_faults()
            .0
            .iter()
            .any(|note| note.starts_with("regex.match: "))
    );
}

#[test]
fn address_ranges() {
    for (expression, expected) in [
        (
            "net.cidr_intersects(\"10.0.0.0/8\", \"10.1.2.0/24\")",
            "true",
        ),
        (
            "net.cidr_intersects(\"10.0.0.0/9\", \"10.128.0.0/9\")",
            "false",
        ),
        ("net.cidr_overlap(\"10.0.0.0/8\", \"10.1.2.3\")", "true"),
        (
            "net.cidr_contains_matches([\"10.0.0.0/8\", \"::/0\"], {\"a\": \"10.1.1.1\", \"b\": [\"fe80::1\", 7]})",
            "{[0, \"a\"], [1, \"b\"]}",
        ),
        (
            "net.cidr_contains_matches(\"10.0.0.0/8\", {\"10.1.1.1\", \"11.1.1.1\"})",
            "{[\"10.0.0.0/8\", \"10.1.1.1\"]}",
        ),
        (
            "net.cidr_merge([\"10.0.0.0/25\", \"10.0.0.128/25\", \"192.168.0.1\", \"192.168.1.0/24\"])",
            "{\"10.0.0.0/24\", \"192.168.0.0/23\"}",
        ),
        (
            "net.cidr_expand(\"10.0.0.0/30\")",
            "{\"10.0.0.0\", \"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"}",
        ),
    ] {
        gives(expression, expected);
    }
    assert_eq!(
        value("net.cidr_intersects(\"10.0.0.0/8\", \"x\")"),
        Value::Undefined
    );
}

#[test]
fn digests_and_tokens() {
    // The digests are those of the tests in RFC 1321, RFC 3174, FIPS 180 and RFC 2202/4231.
    for (expression, expected) in [
        (
            "crypto.md5(\"abc\")",
            "\"900150983cd24fb0d6963f7d28e17f72\"",
        ),
        (
            "crypto.sha1(\"abc\")",
            "\"a9993e364706816aba3e25717850c26c9cd0d89d\"",
        ),
        (
            "crypto.sha256(\"abc\")",
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
        ),
        (
            "crypto.hmac.md5(\"what do ya want for nothing?\", \"Jefe\")",
            "\"750c783e6ab0b503eaa86e310a5db738\"",
        ),
        (
            "crypto.hmac.sha256(\"what do ya want for nothing?\", \"Jefe\")",
            "\"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\"",
        ),
        ("crypto.hmac.equal(\"a\", \"a\")", "true"),
        (
            "io.jwt.decode(\"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.AP8\")",
            "[{\"alg\": \"none\"}, {\"a\": 1}, \"00ff\"]",
        ),
    ] {
        gives(expression, expected);
    }
    assert_eq!(value("io.jwt.decode(\"a.b\")"), Value::Undefined);
}

#[test]
fn collections_and_texts() {
    for (expression, expected) in [
        ("numbers.range(3, 1)", "[3, 2, 1]"),
        ("numbers.range_step(1, 6, 2)", "[1, 3, 5]"),
        ("array.flatten([1, [2, [3]], []])", "[1, 2, [3]]"),
        (
            "object.subset({\"a\": {\"b\": 1, \"c\": 2}}, {\"a\": {\"b\": 1}})",
            "true",
        ),
        ("object.subset({\"a\": [1, 2, 3]}, {\"a\": [2, 3]})", "true"),
        ("object.subset([1, 2, 3], [1, 3])", "false"),
        ("object.subset([1, 2, 3], {3, 1})", "true"),
        ("object.subset({1, 2}, {3})", "false"),
        ("strings.count(\"aaaa\", \"aa\")", "2"),
        ("json.is_valid(1)", "false"),
        ("json.is_valid(\"[1]\")", "true"),
        ("yaml.is_valid(\"a: b\")", "true"),
        (
            "sprintf(\"%s %d\", [123456789123456789123, 123456789123456789123])",
            "\"123456789123456789123 123456789123456789123\"",
        ),
        (
            "strings.render_template(\"{{.a}}-{{ .b.c }}\", {\"a\": \"x\", \"b\": {\"c\": 1}})",
            "\"x-1\"",
        ),
        (
            "json.patch({\"a\": {\"b\": 1}}, [{\"op\": \"move\", \"path\": [], \"from\": [\"a\"]}, {\"op\": \"add\", \"path\": [\"c\"], \"value\": 2}])",
            "{\"b\": 1, \"c\": 2}",
        ),
        (
            "json.patch([1, 2], [{\"op\": \"copy\", \"path\": \"\", \"from\": \"/1\"}])",
            "2",
        ),
    ] {
        gives(expression, expected);
    }
}

#[test]
fn what_would_not_fit_into_memory_ends_the_evaluation() {
    for expression in [
        "numbers.range(1, 100000000)",
        "net.cidr_expand(\"10.0.0.0/8\")",
        "graph.reachable_paths({n: [m | m = numbers.range(1, 13)[_]] | n = numbers.range(1, 13)[_]}, [1])",
        "strings.render_template(\"{{range .}}\", {})",
        "http.send({})",
    ] {
        let mut engine = Engine::new();
        engine.set_rego_v0(true);
        install(&mut engine, 0).unwrap();
        engine
            .add_policy(
                "a.rego".to_owned(),
                format!("package a\n\nx = {expression}\n"),
            )
            .unwrap();
        assert!(
            engine.eval_rule("data.a.x".to_owned()).is_err(),
            "{expression}"
        );
        assert!(take_faults().1.is_some(), "{expression}");
    }
}
