//! The tree of a diff, on a plan that Terraform 1.11.4 made and on small values.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value as Json;

use super::super::{Difference, Plan, Value};
use super::list::{self, Pair};
use super::walk::Walk;
use super::{Content, Name, Node, Note};
use crate::text::Redactor;

const REAL: &[u8] = include_bytes!("../../../testdata/plans/29-diff/plan.json");
const REPLACE: &[u8] = include_bytes!("../../../testdata/plans/03-replace/plan.json");
const SENSITIVE: &[u8] = include_bytes!("../../../testdata/plans/sensitive.json");
const DRIFT: &[u8] = include_bytes!("../../../testdata/plans/21-aws-drift/plan.json");

fn value(text: &str) -> Value {
    Value::read(Some(text), &Json::Null, &Json::Null)
}

fn diff(before: &str, after: &str) -> Node {
    Walk::new(
        std::collections::BTreeSet::new(),
        std::collections::BTreeMap::new(),
    )
    .root(&value(before), &value(after))
}

fn of(plan: &[u8], address: &str) -> Node {
    let plan = Plan::read(plan.to_vec()).unwrap();
    let change = plan.changes.iter().find(|c| c.address == address).unwrap();
    plan.diff(&change.body)
}

/// A line for each part that differs: sign, name, notes and values.
fn outline(node: &Node) -> String {
    fn write(node: &Node, depth: usize, out: &mut String) {
        if node.difference == Difference::Same {
            return;
        }
        let name = match &node.name {
            Name::Whole => "(whole)".to_owned(),
            Name::Field(name) => name.clone(),
            Name::Element { before, after, .. } => {
                let place = |at: &Option<usize>| at.map_or("-".to_owned(), |at| at.to_string());
                format!("[{}>{}]", place(before), place(after))
            }
        };
        out.push_str(&" ".repeat(depth));
        out.push_str(&format!("{}{name}", node.difference.symbol()));
        for note in &node.notes {
            out.push_str(&format!(" {note:?}"));
        }
        if node.forces_replacement {
            out.push_str(" FORCES");
        }
        if let Some(mark) = node.sensitivity {
            out.push_str(&format!(" {mark:?}"));
        }
        match &node.content {
            Content::Leaf { before, after } => {
                let show = |value: &Value| value.show(&Redactor::default());
                out.push_str(&format!(": {} > {}\n", show(before), show(after)));
            }
            Content::Text { before, after } => {
                let lines = |text: &Option<String>| text.as_ref().map_or(0, |t| t.lines().count());
                out.push_str(&format!(
                    ": {} lines > {} lines\n",
                    lines(before),
                    lines(after)
                ));
            }
            Content::Branch { parts, .. } => {
                out.push('\n');
                for part in parts {
                    write(part, depth + 1, out);
                }
            }
        }
    }
    let mut out = String::new();
    for part in node.parts() {
        write(part, 0, &mut out);
    }
    out
}

#[test]
fn a_real_policy_is_compared_by_its_statements() {
    insta::assert_snapshot!("bucket", outline(&of(REAL, "terraform_data.bucket")));
}

#[test]
fn real_blocks_lists_and_texts() {
    insta::assert_snapshot!("group", outline(&of(REAL, "terraform_data.group")));
    insta::assert_snapshot!("host", outline(&of(REAL, "terraform_data.host")));
    insta::assert_snapshot!("db", outline(&of(REAL, "terraform_data.db")));
    let plan = Plan::read(DRIFT.to_vec()).unwrap();
    let mut drift = String::new();
    for row in &plan.drift {
        drift.push_str(&format!(
            "{}\n{}",
            row.address,
            outline(&plan.diff(&row.body))
        ));
    }
    insta::assert_snapshot!("drift", drift);
}

#[test]
fn what_forces_a_replacement_comes_first_and_says_so() {
    let node = of(REPLACE, "terraform_data.create_first");
    let first = node.parts().first().unwrap();
    assert_eq!(first.name, Name::Field("triggers_replace".to_owned()));
    assert!(first.forces_replacement || first.parts().iter().any(|part| part.forces_replacement));
}

#[test]
fn a_change_of_a_mark_alone_is_in_the_tree() {
    for (address, mark) in [
        (
            "terraform_data.becomes_sensitive",
            super::Sensitivity::Gained,
        ),
        ("terraform_data.becomes_plain", super::Sensitivity::Lost),
    ] {
        let node = of(SENSITIVE, address);
        let input = node
            .parts()
            .iter()
            .find(|part| part.name == Name::Field("input".to_owned()))
            .unwrap();
        assert_eq!(input.difference, Difference::Remarked, "{address}");
        assert_eq!(input.sensitivity, Some(mark), "{address}");
    }
}

/// What the flat rows call a change is one in the tree as well, and the other way round.
#[test]
fn tree_and_rows_agree_on_what_changes() {
    for bytes in [REAL, REPLACE, SENSITIVE, DRIFT] {
        let plan = Plan::read(bytes.to_vec()).unwrap();
        for change in plan.changes.iter().chain(&plan.drift) {
            let rows = plan.attribute_changes(&change.body);
            let tree = plan.diff(&change.body);
            let changed: std::collections::BTreeSet<&str> = rows
                .iter()
                .filter(|row| row.difference != Difference::Same)
                .map(|row| row.path.split(['.', '[']).next().unwrap())
                .collect();
            let parts: std::collections::BTreeSet<&str> = tree
                .parts()
                .iter()
                .filter(|part| part.difference != Difference::Same)
                .filter_map(|part| match &part.name {
                    Name::Field(name) => Some(name.as_str()),
                    _ => None,
                })
                .collect();
            // An empty map that comes or goes has no row of its own.
            assert!(
                changed.is_subset(&parts),
                "{}: {changed:?} {parts:?}",
                change.address
            );
        }
    }
}

fn policy(statements: &str) -> String {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
    format!(r#"{{"policy":{}}}"#, Json::from(text))
}

/// The notes of the document.
fn verdict(before: &str, after: &str) -> Vec<Note> {
    let node = diff(&policy(before), &policy(after));
    let notes = node.parts().first().unwrap().notes.clone();
    notes
        .into_iter()
        .filter(|note| !matches!(note, Note::Json | Note::Policy))
        .collect()
}

#[test]
fn widened_is_said_only_where_it_is_plain_and_narrowed_never() {
    let read = r#"[{"Effect":"Allow","Action":"s3:Get","Resource":"b"}]"#;
    for (before, after, expected) in [
        (
            read,
            r#"[{"Effect":"Allow","Action":["s3:Get","s3:Put"],"Resource":"b"}]"#,
            vec![Note::Widened],
        ),
        (
            r#"[{"Effect":"Allow","Action":["s3:Get","s3:Put"],"Resource":"b"}]"#,
            read,
            vec![],
        ),
        // One for another.
        (
            read,
            r#"[{"Effect":"Allow","Action":"s3:Put","Resource":"b"}]"#,
            vec![],
        ),
        // More of this, less of that.
        (
            r#"[{"Effect":"Allow","Action":["a:1","a:2"],"Resource":"b"}]"#,
            r#"[{"Effect":"Allow","Action":"a:1","Resource":["b","c"]}]"#,
            vec![],
        ),
        // A denial that grows grants less; one that goes, more.
        (
            r#"[{"Effect":"Deny","Action":"a:1","Resource":"b"}]"#,
            r#"[{"Effect":"Deny","Action":["a:1","a:2"],"Resource":"b"}]"#,
            vec![],
        ),
        (
            r#"[{"Effect":"Deny","Action":"a:1"},{"Effect":"Allow","Action":"x:y"}]"#,
            r#"[{"Effect":"Allow","Action":"x:y"}]"#,
            vec![Note::Widened],
        ),
        // What a pattern covers already is no more.
        (
            r#"[{"Effect":"Allow","Action":"s3:*"}]"#,
            r#"[{"Effect":"Allow","Action":["s3:*","s3:Get"]}]"#,
            vec![],
        ),
        // The rest of a pattern's kind is not judged.
        (
            r#"[{"Effect":"Allow","NotAction":"a:1"}]"#,
            r#"[{"Effect":"Allow","NotAction":["a:1","a:2"]}]"#,
            vec![],
        ),
        (
            r#"[{"Effect":"Allow","Action":"a:1","Condition":{"Bool":{"x":"true"}}}]"#,
            r#"[{"Effect":"Allow","Action":"a:1"}]"#,
            vec![Note::Widened],
        ),
        (
            r#"[{"Effect":"Allow","Action":"a:1","Condition":{"Bool":{"x":"true"}}}]"#,
            r#"[{"Effect":"Allow","Action":"a:1","Condition":{"Bool":{"x":"false"}}}]"#,
            vec![],
        ),
        (
            r#"[{"Effect":"Allow","Action":"a:1"}]"#,
            r#"[{"Effect":"Deny","Action":"a:1"}]"#,
            vec![],
        ),
        // A set in another order or spelling means the same.
        (
            r#"[{"Effect":"Allow","Action":["a:1","a:2"]}]"#,
            r#"[{"Effect":"Allow","Action":["a:2","a:1"]}]"#,
            vec![Note::SpeltAnew],
        ),
        (
            r#"[{"Effect":"Allow","Action":["a:1"]}]"#,
            r#"{"Effect":"Allow","Action":"a:1"}"#,
            vec![Note::SpeltAnew],
        ),
    ] {
        assert_eq!(verdict(before, after), expected, "{before} {after}");
    }
}

#[test]
fn statements_are_the_same_by_their_sid_before_their_likeness() {
    let node = diff(
        &policy(
            r#"[{"Sid":"A","Effect":"Allow","Action":"a:1"},{"Sid":"B","Effect":"Allow","Action":"b:1"}]"#,
        ),
        &policy(
            r#"[{"Sid":"B","Effect":"Allow","Action":"a:1"},{"Sid":"A","Effect":"Allow","Action":"b:1"}]"#,
        ),
    );
    let text = outline(&node);
    assert!(text.contains("[1>0] ") && text.contains("[0>1]"), "{text}");
}

#[test]
fn lists_are_paired_by_equality_name_and_likeness() {
    let pairs = |a: &str, b: &str| {
        let (Value::List(a), Value::List(b)) = (value(a), value(b)) else {
            panic!("lists");
        };
        let pairing = list::pair(&a, &b);
        (pairing.pairs, pairing.is_reordered)
    };
    for (a, b, expected, reordered) in [
        (
            "[1,2]",
            "[1,2,3]",
            vec![Pair::Kept(0, 0), Pair::Kept(1, 1), Pair::Added(2)],
            false,
        ),
        (
            "[1,2,3]",
            "[1,3]",
            vec![Pair::Kept(0, 0), Pair::Removed(1), Pair::Kept(2, 1)],
            false,
        ),
        (
            "[1,2,3]",
            "[3,1,2]",
            vec![Pair::Moved(2, 0), Pair::Kept(0, 1), Pair::Kept(1, 2)],
            true,
        ),
        (
            "[1,1]",
            "[1]",
            vec![Pair::Kept(0, 0), Pair::Removed(1)],
            false,
        ),
        ("[null]", "[]", vec![Pair::Removed(0)], false),
        // One value of many is another one.
        (
            "[1,2]",
            "[1,5]",
            vec![Pair::Kept(0, 0), Pair::Removed(1), Pair::Added(1)],
            false,
        ),
        (
            r#"[{"name":"a","x":1},{"name":"b","x":2}]"#,
            r#"[{"name":"b","x":9},{"name":"a","x":1}]"#,
            vec![Pair::Moved(1, 0), Pair::Kept(0, 1)],
            false,
        ),
        (
            r#"[{"p":1,"q":"u"},{"p":2,"q":"v"}]"#,
            r#"[{"p":3,"q":"w"},{"p":2,"q":"n"}]"#,
            vec![Pair::Removed(0), Pair::Added(0), Pair::Kept(1, 1)],
            false,
        ),
        (
            r#"[{"p":1}]"#,
            r#"[{"p":2}]"#,
            vec![Pair::Kept(0, 0)],
            false,
        ),
    ] {
        let (mut found, is_reordered) = pairs(a, b);
        let mut expected = expected;
        let key = |pair: &Pair| format!("{pair:?}");
        found.sort_by_key(key);
        expected.sort_by_key(key);
        assert_eq!(found, expected, "{a} {b}");
        assert_eq!(is_reordered, reordered, "{a} {b}");
    }
}

#[test]
fn types_null_and_digits_are_told_apart() {
    assert_eq!(
        outline(&diff(
            r#"{"a":"80","b":1.0,"c":[],"d":null,"e":{}}"#,
            r#"{"a":80,"b":1.00,"c":null,"d":{},"e":{"x":1}}"#
        )),
        "~a Type(\"string\", \"number\"): \"80\" > 80\n~b: 1.0 > 1.00\n-c: [] > null\n+d: null > {}\n~e\n +x: null > 1\n"
    );
}

#[test]
fn documents_in_strings_keep_every_difference() {
    let doc = |text: &str| format!(r#"{{"p":{}}}"#, Json::from(text));
    for (a, b, expected) in [
        (
            r#"{"a":{"x":null}}"#,
            r#"{"a":{}}"#,
            "~p Json\n ~a\n  -x: null > null\n",
        ),
        (r#"{"a":1}"#, r#"{ "a": 1 }"#, "~p Json SpeltAnew\n"),
        // Readers disagree on a repeated key.
        (
            r#"{"a":1}"#,
            r#"{"a":2,"a":1}"#,
            "~p: \"{\"a\":1}\" > \"{\"a\":2,\"a\":1}\"\n",
        ),
        (
            r#"{"a":"{\"b\":1}"}"#,
            r#"{"a":"{\"b\":2}"}"#,
            "~p Json\n ~a Json\n  ~b: 1 > 2\n",
        ),
    ] {
        assert_eq!(outline(&diff(&doc(a), &doc(b))), expected);
    }
}

#[test]
fn parts_of_something_new_that_are_empty_are_marked_so() {
    let node = diff("null", r#"{"a":[],"b":{},"c":null,"d":"","e":1}"#);
    let empty: Vec<(&Name, bool)> = node.parts().iter().map(|p| (&p.name, p.is_empty)).collect();
    let name = |name: &str| Name::Field(name.to_owned());
    assert_eq!(
        empty,
        [
            (&name("a"), true),
            (&name("b"), true),
            (&name("d"), false),
            (&name("e"), false)
        ]
    );
}

#[test]
fn hostile_sizes_are_bounded_and_said() {
    let items = |from: usize, more: &str| {
        let items: Vec<String> = (from..from + 10_000)
            .map(|n| format!(r#"{{"port":{n},"note":"n{n}{more}"}}"#))
            .collect();
        format!(r#"{{"l":[{}]}}"#, items.join(","))
    };
    let node = diff(&items(0, ""), &items(20_000, "x"));
    let list = node.parts().first().unwrap();
    assert!(list.notes.contains(&Note::ByPlace));
    assert_eq!(list.parts().len(), 10_000);
    assert!(
        list.parts()
            .iter()
            .all(|part| part.difference == Difference::Changed)
    );
    // Beyond the bound on nodes, values are compared as wholes.
    let end = list.parts().last().unwrap();
    assert!(end.notes.contains(&Note::Whole));
    let deep = |last: &str| format!("{}{last}{}", r#"{"a":"#.repeat(120), "}".repeat(120));
    assert_eq!(outline(&diff(&deep("1"), &deep("2"))).lines().count(), 120);
}
