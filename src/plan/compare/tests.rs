#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value as Json, json};

use super::*;

const UPDATE: &[u8] = include_bytes!("../../../testdata/plans/02-update/plan.json");

fn tree() -> Json {
    serde_json::from_slice(UPDATE).unwrap()
}

fn read(tree: &Json) -> Plan {
    Plan::read(tree.to_string().into_bytes()).unwrap()
}

fn differences(edit: &dyn Fn(&mut Json)) -> Vec<DiffPoint> {
    let mut edited = tree();
    edit(&mut edited);
    diff(&read(&tree()), &read(&edited), 1).unwrap()
}

/// Every leaf below a value, by its JSON pointer.
fn leaves(value: &Json, at: &str, out: &mut Vec<String>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(field, &format!("{at}/{name}"), out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{at}/{index}"), out);
            }
        }
        _ => out.push(at.to_owned()),
    }
}

#[test]
fn two_readings_of_one_plan_do_not_differ() {
    assert_eq!(differences(&|_| {}), []);
    let later = |tree: &mut Json| tree["timestamp"] = json!("2031-01-01T00:00:00Z");
    assert_eq!(differences(&later), []);
    let reordered = |tree: &mut Json| tree["resource_changes"].as_array_mut().unwrap().reverse();
    assert_eq!(differences(&reordered), []);
}

#[test]
fn every_leaf_of_a_change_that_counts_is_told_with_its_address_and_field() {
    let original = tree();
    let mut pointers = Vec::new();
    leaves(
        &original["resource_changes"][0],
        "/resource_changes/0",
        &mut pointers,
    );
    let address = original["resource_changes"][0]["address"].as_str().unwrap();
    assert!(pointers.len() > 10);
    for pointer in pointers {
        let edit = |tree: &mut Json| {
            let leaf = tree.pointer_mut(&pointer).unwrap();
            *leaf = match &leaf {
                Json::Bool(value) => json!(!value),
                Json::String(text) => json!(format!("{text}x")),
                _ => json!("x"),
            };
        };
        let mut edited = tree();
        edit(&mut edited);
        // Marks of another kind are refused when the plan is read, which is no matter of this.
        let Ok(second) = Plan::read(edited.to_string().into_bytes()) else {
            continue;
        };
        let points = diff(&read(&original), &second, 1).unwrap();
        let field = pointer.split('/').rfind(|part| {
            let part = *part;
            matches!(part, "before" | "after" | "actions") || MARKS.contains(&part)
        });
        let told = points.iter().any(|point| {
            let own = point.side != DiffSide::Both || !point.details.is_empty();
            point.kind == DiffKind::Change && point.subject.starts_with(address) && own
        });
        assert!(told, "{pointer}: {points:?}");
        if let Some(field @ ("before" | "after" | "actions")) = field {
            let named = points.iter().flat_map(|point| &point.details);
            assert!(
                named.clone().any(|d| d.field == field),
                "{pointer}: {points:?}"
            );
        }
    }
}

#[test]
fn other_parts_of_the_document_are_told_by_name() {
    let cases: [(&str, Json, DiffKind, DiffSide); 6] = [
        (
            "terraform_version",
            json!("1.11.5"),
            DiffKind::Plan,
            DiffSide::Both,
        ),
        ("complete", json!(false), DiffKind::Plan, DiffSide::Both),
        (
            "variables",
            json!({"new": {"value": 1}}),
            DiffKind::Variable,
            DiffSide::OnlySecond,
        ),
        (
            "output_changes",
            json!({"new": {"actions": ["create"], "before": null, "after": 1}}),
            DiffKind::Output,
            DiffSide::OnlySecond,
        ),
        (
            "configuration",
            json!({"root_module": {}}),
            DiffKind::Section,
            DiffSide::Both,
        ),
        (
            "a_key_of_a_later_version",
            json!(1),
            DiffKind::Section,
            DiffSide::OnlySecond,
        ),
    ];
    for (key, value, kind, side) in cases {
        let points = differences(&|tree| tree[key] = value.clone());
        let found = points
            .iter()
            .find(|point| (point.kind, point.side) == (kind, side));
        assert!(found.is_some(), "{key}: {points:?}");
    }
    let gone =
        differences(&|tree| drop(tree["resource_changes"].as_array_mut().unwrap().remove(0)));
    assert_eq!(
        (gone[0].kind, gone[0].side),
        (DiffKind::Change, DiffSide::OnlyFirst)
    );
    let twice = differences(&|tree| {
        let row = tree["resource_changes"][0].clone();
        tree["resource_changes"].as_array_mut().unwrap().push(row);
    });
    assert_eq!(
        (twice[0].kind, twice[0].side),
        (DiffKind::Change, DiffSide::OnlySecond)
    );
}

#[test]
fn the_time_of_planning_is_no_difference_and_does_not_hide_one() {
    let at = |time: &str, other: &str| {
        let mut tree = tree();
        tree["timestamp"] = json!(time);
        let change = &mut tree["resource_changes"][0]["change"];
        change["after_unknown"] = json!({});
        change["after"]["input"] = json!({"time": time, "other": other});
        read(&tree)
    };
    let (a, b) = ("2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z");
    assert_eq!(diff(&at(a, "x"), &at(b, "x"), 1).unwrap(), []);
    let points = diff(&at(a, "x"), &at(b, "y"), 1).unwrap();
    let paths: Vec<_> = points[0]
        .details
        .iter()
        .map(|d| d.path.as_deref())
        .collect();
    assert_eq!(paths, [Some("input.other")]);
}

#[test]
fn a_value_that_is_marked_as_unknown_too_is_told_by_its_field() {
    let points = differences(&|tree| {
        let change = &mut tree["resource_changes"][0]["change"];
        change["after_unknown"] = json!({"input": true});
    });
    assert!(
        points[0]
            .details
            .iter()
            .any(|d| d.field.starts_with("after")),
        "{points:?}"
    );
    let marked = |value: &str| {
        let mut tree = tree();
        let change = &mut tree["resource_changes"][0]["change"];
        change["after_unknown"] = json!({"input": true});
        change["after"]["input"] = json!(value);
        read(&tree)
    };
    let points = diff(&marked("a"), &marked("b"), 1).unwrap();
    assert_eq!(points[0].details[0].field, "after");
    assert_eq!(points[0].details[0].values, None);
}
