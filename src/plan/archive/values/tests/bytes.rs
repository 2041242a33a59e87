//! Values by their bytes: what both programs write in rare cases, and what neither writes.

use rmp::encode;
use serde_json::{Value as Json, json};

use super::super::walk::{Found, Step, compare};
use crate::plan::value::Value;

const UNKNOWN: &[u8] = &[0xd4, 0, 0];

fn is(bytes: &[u8], json: &str, unknown: &Json) -> Found {
    let value = Value::read(Some(json), &Json::Null, &Json::Null);
    compare(bytes, Some(&value), unknown, true)
}

fn same(bytes: &[u8], json: &str) {
    assert!(
        matches!(is(bytes, json, &Json::Null), Found::Same(_)),
        "{json}"
    );
}

fn differs(bytes: &[u8], json: &str) {
    assert!(
        matches!(is(bytes, json, &Json::Null), Found::Differs(_)),
        "{json}"
    );
}

fn unreadable(bytes: &[u8], json: &str) {
    assert_eq!(is(bytes, json, &Json::Null), Found::Unreadable, "{json}");
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encode::write_str(&mut out, text).unwrap();
    out
}

fn float(value: f64) -> Vec<u8> {
    let mut out = Vec::new();
    encode::write_f64(&mut out, value).unwrap();
    out
}

/// A dynamic value.
fn typed(kind: &str, value: &[u8]) -> Vec<u8> {
    let mut out = vec![0x92];
    encode::write_bin(&mut out, kind.as_bytes()).unwrap();
    out.extend(value);
    out
}

#[test]
fn numbers_are_compared_by_their_digits() {
    same(&[5], "5");
    same(&[5], "5.0");
    same(&[5], "0.5e1");
    differs(&[5], "\"5\"");
    same(&[0xff], "-1");
    same(
        &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
        "18446744073709551615",
    );
    differs(
        &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
        "18446744073709551616",
    );
    same(&float(0.1), "0.1");
    same(&float(1e21), "1000000000000000000000");
    differs(&float(1e21), "1000000000000000000001");
    differs(&float(0.1), "0.10000000000000001");
    same(&float(5e-324), "4.940656458412465e-324");
    for none in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        unreadable(&float(none), "1");
    }
    // Text may be a number that fits nothing else.
    same(&text("18446744073709551616"), "18446744073709551616");
    same(&text("18446744073709551616"), "\"18446744073709551616\"");
    differs(&text("18446744073709551616"), "18446744073709551617");
    differs(&text("22"), "22");
    differs(&text("0.5"), "0.5");
    same(&text("0.1"), "0.1");
    // Where the type is given it decides.
    same(
        &typed("\"number\"", &text("18446744073709551616")),
        "18446744073709551616",
    );
    differs(
        &typed("\"number\"", &text("18446744073709551616")),
        "\"18446744073709551616\"",
    );
    differs(
        &typed("\"string\"", &text("18446744073709551616")),
        "18446744073709551616",
    );
}

#[test]
fn text_is_compared_as_go_writes_it() {
    same(&text("größe"), "\"gr\\u00f6\\u00dfe\"");
    differs(&text("e\u{301}"), "\"\u{e9}\"");
    same(&[0xa3, b'a', 0xff, 0xfe], "\"a\u{fffd}\u{fffd}\"");
    differs(&[0xa3, b'a', 0xff, 0xfe], "\"a\u{fffd}\"");
}

#[test]
fn dynamic_values_have_the_type_that_they_say() {
    same(&typed("\"string\"", &text("a")), "\"a\"");
    same(&typed("[\"list\",\"number\"]", &[0x92, 1, 2]), "[1,2]");
    same(
        &typed("[\"set\",\"string\"]", &[0x91, 0xa1, b'a']),
        "[\"a\"]",
    );
    same(
        &typed("[\"map\",\"bool\"]", &[0x81, 0xa1, b'a', 0xc3]),
        "{\"a\":true}",
    );
    same(
        &typed("[\"tuple\",[\"number\",\"bool\"]]", &[0x92, 1, 0xc2]),
        "[1,false]",
    );
    same(
        &typed(
            "[\"object\",{\"a\":\"dynamic\"}]",
            &[&[0x81, 0xa1, b'a'][..], &typed("\"bool\"", &[0xc3])].concat(),
        ),
        "{\"a\":true}",
    );
    same(&typed("\"string\"", &[0xc0]), "null");
    // The value is not of the type.
    for (kind, value, json) in [
        ("\"bool\"", &[1][..], "1"),
        ("\"string\"", &[1], "1"),
        ("\"number\"", &[0xc3], "true"),
        ("[\"list\",\"bool\"]", &[0x91, 1], "[1]"),
        ("[\"list\",\"bool\"]", &[0x80], "{}"),
        ("\"string\"", &[0x90], "[]"),
        ("[\"map\",\"bool\"]", &[0x90], "[]"),
        ("[\"tuple\",[\"number\"]]", &[0x92, 1, 2], "[1,2]"),
        ("[\"object\",{}]", &[0x81, 0xa1, b'a', 1], "{\"a\":1}"),
        (
            "[\"object\",{\"b\":\"number\"}]",
            &[0x81, 0xa1, b'a', 1],
            "{\"a\":1}",
        ),
        ("\"dynamic\"", &[1], "1"),
        ("\"capsule\"", &[1], "1"),
        ("[\"capsule\",1]", &[1], "1"),
        ("{", &[1], "1"),
    ] {
        unreadable(&typed(kind, value), json);
    }
    // Text that could be a type.
    let list = |first: &str| [&[0x92][..], &text(first), &text("x")].concat();
    unreadable(&list("\"string\""), "[\"\\\"string\\\"\",\"x\"]");
    same(&list("string"), "[\"string\",\"x\"]");
}

#[test]
fn unknown_values_are_marked_and_absent() {
    let object = [&[0x81, 0xa1, b'a'][..], UNKNOWN].concat();
    let list = [&[0x91][..], UNKNOWN].concat();
    assert_eq!(is(&object, "{}", &json!({"a": true})), Found::Same(1));
    assert_eq!(is(&list, "[null]", &json!([true])), Found::Same(1));
    assert_eq!(is(UNKNOWN, "null", &json!(true)), Found::Same(1));
    for (bytes, json, unknown) in [
        (&object, "{}", json!({})),
        (&object, "{}", json!(true)),
        (&object, "{\"a\":null}", json!({"a": true})),
        (&object, "{\"a\":1}", json!({"a": true})),
        (&object, "{}", json!({"a": true, "b": true})),
        (&object, "{}", json!({"a": true, "b": {"c": [true]}})),
        (&list, "[]", json!([true])),
        (&list, "[null]", json!([false])),
        (&list, "[null]", json!([true, true])),
        (&list, "[null]", json!({"0": true})),
        (&list, "[1]", json!([true])),
    ] {
        assert!(
            matches!(is(bytes, json, &unknown), Found::Differs(_)),
            "{json} {unknown}"
        );
    }
    // Where nothing is marked the shape means nothing.
    assert_eq!(is(&[0x91, 1], "[1]", &json!({"0": false})), Found::Same(1));
    // Refinements: not null, with a prefix, between bounds.
    for refinement in [
        &[0x82, 1, 0xc2, 2, 0xa1, b'a'][..],
        &[0x82, 3, 0x92, 0, 0xc3, 4, 0x92, 9, 0xc2],
        &[0x82, 5, 2, 6, 2],
        &[0x80, 0],
    ] {
        let mut bytes = vec![];
        encode::write_ext_meta(&mut bytes, u32::try_from(refinement.len()).unwrap(), 12).unwrap();
        bytes.extend(refinement);
        let expected = if refinement == [0x80, 0] {
            Found::Unreadable
        } else {
            Found::Same(1)
        };
        assert_eq!(is(&bytes, "null", &json!(true)), expected);
    }
}

#[test]
fn refinements_that_leave_one_value_are_refused() {
    for refinement in [
        &[0x81, 1, 0xc3][..],
        &[0x82, 3, 0x92, 7, 0xc3, 4, 0x92, 7, 0xc3],
        &[0x81, 6, 0],
        &[0x82, 1, 0xc2, 1, 0xc2],
        &[0x81, 9, 0xc2],
        &[0x81, 1, 0xd4, 0, 0],
        &[0x81, 2, 0xa9, b'a'],
        &[0x90, 0xc0],
    ] {
        let mut bytes = vec![];
        encode::write_ext_meta(&mut bytes, u32::try_from(refinement.len()).unwrap(), 12).unwrap();
        bytes.extend(refinement);
        assert_eq!(
            is(&bytes, "null", &json!(true)),
            Found::Unreadable,
            "{refinement:?}"
        );
    }
}

#[test]
fn bytes_that_neither_program_writes_are_no_values() {
    for bytes in [
        &[][..],
        &[0xc1],
        &[0xc4, 1, b'a'],
        &[0xd4, 1, 0],
        &[0xd4, 12, 0],
        &[0xd5, 0, 0, 0],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 0],
        &[0xa5, b'a'],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0x81, 1, 1],
        &[0xcb, 0],
    ] {
        assert!(
            matches!(is(bytes, "{}", &Json::Null), Found::Unreadable),
            "{bytes:?}"
        );
    }
    unreadable(&[5, 5], "5");
    let twice = [0x82, 0xa1, b'a', 1, 0xa1, b'a', 1];
    unreadable(&twice, "{\"a\":1}");
    // Deeper than any plan; neither the stack nor the time is used up.
    let deep = vec![0x91; 1_000_000];
    let lists = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(!matches!(
        is(&deep, &lists(120), &Json::Null),
        Found::Same(_)
    ));
    let nested = (0..200).fold(vec![0xc0], |inner, _| typed("\"dynamic\"", &inner));
    unreadable(&nested, "null");
    let wide = [&[0xdd, 0, 0x10, 0, 0][..], &vec![0xc0; 0x0010_0000]].concat();
    differs(&wide, "[null]");
}

#[test]
fn the_way_to_a_difference_is_told_as_far_as_the_json_has_it() {
    let deep = [0x81, 0xa1, b'a', 0x81, 0xa1, b'b', 1];
    assert_eq!(
        is(&deep, "{\"a\":{\"b\":2}}", &Json::Null),
        Found::Differs(vec![Step::Name("a".to_owned()), Step::Name("b".to_owned())])
    );
    assert_eq!(
        is(&deep, "{\"a\":{}}", &Json::Null),
        Found::Differs(vec![Step::Name("a".to_owned()), Step::Hidden])
    );
    assert_eq!(
        is(&deep, "{}", &Json::Null),
        Found::Differs(vec![Step::Name("a".to_owned())])
    );
    let value = Value::read(Some("{}"), &Json::Null, &Json::Null);
    assert_eq!(
        compare(&deep, Some(&value), &Json::Null, false),
        Found::Differs(vec![Step::Hidden])
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
    ) {
        for json in ["null", "[]", "[null,null]", "{\"\":1}"] {
            let found = is(&bytes, json, &Json::Null);
            proptest::prop_assert!(!matches!(found, Found::Same(leaves) if leaves > bytes.len()));
        }
    }
}
