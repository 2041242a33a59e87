//! What the attribute diff shows, and that nothing which changes looks the same.
#![allow(clippy::indexing_slicing)]

use serde_json::{Value as Json, json};

use super::super::*;
use super::semantics::{EFFECT, read, row, tree};

const SENSITIVE: &[u8] = include_bytes!("../../../testdata/plans/sensitive.json");

/// The rows of an update from one value to another, given as text of JSON.
fn rows(before: &str, after: &str, more: &Json) -> Vec<AttributeChange> {
    let mut tree = tree(EFFECT);
    let change = tree["resource_changes"][1]["change"]
        .as_object_mut()
        .unwrap();
    change.insert("before".to_owned(), json!("@before"));
    change.insert("after".to_owned(), json!("@after"));
    for key in ["after_unknown", "before_sensitive", "after_sensitive"] {
        change.insert(key.to_owned(), json!({}));
    }
    for (key, value) in more.as_object().unwrap() {
        change.insert(key.clone(), value.clone());
    }
    let text = tree
        .to_string()
        .replace("\"@before\"", before)
        .replace("\"@after\"", after);
    let plan = Plan::read(text.into_bytes()).unwrap();
    plan.attribute_changes(&row(&plan, "terraform_data.app").body)
}

fn changed(rows: &[AttributeChange]) -> Vec<(String, Difference)> {
    rows.iter()
        .filter(|row| row.difference != Difference::Same)
        .map(|row| (row.path.clone(), row.difference))
        .collect()
}

#[test]
fn a_change_of_nothing_but_a_mark_is_shown() {
    let plan = Plan::read(SENSITIVE.to_vec()).unwrap();
    for (address, sensitivity) in [
        ("terraform_data.becomes_sensitive", Sensitivity::Gained),
        ("terraform_data.becomes_plain", Sensitivity::Lost),
    ] {
        let rows = plan.attribute_changes(&row(&plan, address).body);
        let marked: Vec<_> = rows.iter().filter(|r| r.sensitivity.is_some()).collect();
        assert_eq!(marked.len(), 1, "{address}");
        assert_eq!(marked[0].path, "input");
        assert_eq!(marked[0].difference, Difference::Remarked);
        assert_eq!(marked[0].sensitivity, Some(sensitivity));
        // The value itself stays hidden on both sides.
        assert!(matches!(marked[0].before, Value::Sensitive(_)));
        assert!(matches!(marked[0].after, Value::Sensitive(_)));
    }
    let database = plan.attribute_changes(&row(&plan, "terraform_data.database").body);
    let output = database.iter().filter(|r| r.path.starts_with("output"));
    assert!(
        output.into_iter().all(|r| r.sensitivity.is_none()),
        "not known yet is not unmarked"
    );
}

#[test]
fn marks_inside_lists_and_on_null_are_shown() {
    let marks = json!({"before_sensitive": {"l": [false, true]}, "after_sensitive": {"l": [true, false], "n": true}});
    let rows = rows(
        r#"{"l":["a","b"],"n":null}"#,
        r#"{"l":["a","b"],"n":null}"#,
        &marks,
    );
    let marked: Vec<_> = rows.iter().filter(|r| r.sensitivity.is_some()).collect();
    let paths: Vec<_> = marked
        .iter()
        .map(|r| (r.path.as_str(), r.difference))
        .collect();
    assert_eq!(
        paths,
        [("l", Difference::Remarked), ("n", Difference::Remarked)]
    );
}

#[test]
fn a_secret_that_is_not_known_yet_has_changed() {
    for (before, after, unknown) in [
        (r#"{"s":null}"#, r"{}", json!({"s": true})),
        (r#"{"s":[null]}"#, r#"{"s":[null]}"#, json!({"s": [true]})),
        (
            r#"{"s":{"a":1}}"#,
            r#"{"s":{"a":1}}"#,
            json!({"s": {"b": true}}),
        ),
    ] {
        let marks = json!({"after_unknown": unknown, "before_sensitive": {"s": true}, "after_sensitive": {"s": true}});
        let rows = rows(before, after, &marks);
        assert!(!changed(&rows).is_empty(), "{before} {unknown}");
    }
}

#[test]
fn unknown_elements_of_lists_are_shown_even_where_the_list_is_missing() {
    let unknown = json!({"after_unknown": {"l": [true], "m": [false, true]}});
    let rows = rows(r#"{"l":[],"m":["a"]}"#, r#"{"m":["a"]}"#, &unknown);
    let shown: Vec<String> = rows
        .iter()
        .map(|r| {
            format!(
                "{} {}",
                r.path,
                r.after.show(&crate::text::Redactor::default())
            )
        })
        .collect();
    assert_eq!(
        shown,
        ["l [(known after apply)]", "m [\"a\", (known after apply)]"]
    );
}

#[test]
fn what_forces_a_replacement_is_marked_above_and_below_it() {
    let paths = json!({"replace_paths": [["tags", "a.b"], ["disk"], ["set", 1e3], ["ports", 0]],
        "before_sensitive": {"set": true}, "after_sensitive": {"set": true}});
    let rows = rows(
        r#"{"tags":{"a.b":"1","c":"1"},"disk":{"size":1},"set":[1],"ports":[1,2],"free":1}"#,
        r#"{"tags":{"a.b":"2","c":"2"},"disk":{"size":2},"set":[2],"ports":[2,3],"free":2}"#,
        &paths,
    );
    let forcing: Vec<_> = rows
        .iter()
        .filter(|r| r.forces_replacement)
        .map(|r| r.path.as_str())
        .collect();
    assert_eq!(forcing, ["disk.size", "ports", "set", "tags[\"a.b\"]"]);
    assert_eq!(rows.len(), 6);
}

#[test]
fn steps_of_replace_paths_keep_their_digits() {
    let mut tree = tree(EFFECT);
    tree["resource_changes"][1]["change"]["replace_paths"] = json!([["a", "@"], ["b"]]);
    let text = tree.to_string().replace("\"@\"", "1e400");
    let plan = Plan::read(text.into_bytes()).unwrap();
    let body = &row(&plan, "terraform_data.app").body;
    assert_eq!(plan.replace_paths(body), ["a[1e400]", "b"]);
}

#[test]
fn numbers_are_shown_with_every_digit() {
    for number in [
        "123456789012345678901234567890",
        "1e400",
        "1.10",
        "-0.0",
        "0.1000000000000000055511151231257827",
    ] {
        let rows = rows(r#"{"n":1}"#, &format!("{{\"n\":{number}}}"), &json!({}));
        assert_eq!(rows[0].after, Value::Number(number.to_owned()));
        assert_eq!(
            rows[0]
                .after
                .show(&crate::text::Redactor::default())
                .as_str(),
            number
        );
    }
    let rows = rows(r#"{"n":1.1}"#, r#"{"n":1.10}"#, &json!({}));
    assert_eq!(changed(&rows).len(), 1);
}

#[test]
fn a_document_in_a_string_hides_no_change() {
    // Readers disagree on a repeated key, so the text itself is shown.
    let twice = rows(
        r#"{"p":"{\"a\":1}"}"#,
        r#"{"p":"{\"a\":2,\"a\":1}"}"#,
        &json!({}),
    );
    assert_eq!(changed(&twice), [("p".to_owned(), Difference::Changed)]);
    let deep = rows(
        r#"{"p":"[{\"a\":1}]"}"#,
        r#"{"p":"[{\"a\":2,\"a\":1}]"}"#,
        &json!({}),
    );
    assert_eq!(changed(&deep), [("p".to_owned(), Difference::Changed)]);
    let spaced = rows(
        r#"{"p":"{\"a\":1}"}"#,
        r#"{"p":"{ \"a\": 1 }"}"#,
        &json!({}),
    );
    assert_eq!(changed(&spaced), [("p".to_owned(), Difference::Changed)]);
    let parts = rows(
        r#"{"p":"{\"a\":1,\"b\":1}"}"#,
        r#"{"p":"{\"a\":2,\"b\":1}"}"#,
        &json!({}),
    );
    assert_eq!(changed(&parts), [("p.a".to_owned(), Difference::Changed)]);
}

#[test]
fn no_text_can_pose_as_its_neighbour() {
    let value = Value::read(
        Some(r#"{"a":"x\", admin = \"true","b\" = 1, \"c":[ "y\", \"z" ]}"#),
        &Json::Null,
        &Json::Null,
    );
    assert_eq!(
        value.show(&crate::text::Redactor::default()).as_str(),
        r#"{a = "x\", admin = \"true", "b\" = 1, \"c" = ["y\", \"z"]}"#
    );
}

#[test]
fn generated_configuration_is_kept_for_the_reader() {
    let mut tree = tree(EFFECT);
    tree["resource_changes"][0]["change"]["generated_config"] = json!("resource {}\n");
    let plan = read(&tree);
    let span = row(&plan, "terraform_data.adopted")
        .body
        .generated_config
        .clone();
    assert_eq!(plan.slice(&span.unwrap()), "\"resource {}\\n\"");
}
