//! Parts of the JSON beside its changes: one thing altered in each of them, in every case.

use std::collections::BTreeMap;

use super::*;

/// Keys whose parts are altered one by one.
const KEYS: [&str; 4] = [
    "planned_values",
    "prior_state",
    "checks",
    "relevant_attributes",
];
/// At most so many places of one key and case are altered, evenly spread.
const MOST: usize = 20;

/// Another value of the same kind.
fn other(value: &Json) -> Json {
    match value {
        Json::Bool(flag) => json!(!flag),
        Json::Number(_) => json!(4711),
        Json::String(text) => json!(format!("{text}x")),
        Json::Array(items) if items.is_empty() => json!(["x"]),
        Json::Object(fields) if fields.is_empty() => json!({"x": "y"}),
        _ => json!("x"),
    }
}

/// What says only how the JSON is written, keys in an empty module, and marks: whether one of them is the schema's is not in the file.
fn is_bound(place: &str) -> bool {
    !place.contains("/sensitive_values")
        && !place.ends_with("/format_version")
        && !place.ends_with("/root_module")
}

#[test]
fn each_part_beside_the_changes_is_bound_to_the_file() {
    let mut altered = BTreeMap::new();
    for case in Case::all() {
        let tree: Json = serde_json::from_str(&case.text).unwrap();
        let untouched = case.compare(case.text.clone());
        assert_eq!(untouched.differences, [], "{}", case.name);
        assert_eq!(untouched.gaps, [], "{}", case.name);
        for key in KEYS {
            let mut places = Vec::new();
            below(&tree[key], &format!("/{key}"), &mut places);
            let leaf = |place: &&String| {
                let value = tree.pointer(place);
                value.is_some_and(|value| match value {
                    Json::Array(items) => items.is_empty(),
                    Json::Object(fields) => fields.is_empty(),
                    Json::Null => false,
                    _ => true,
                })
            };
            let places: Vec<&String> = places.iter().filter(|p| is_bound(p)).filter(leaf).collect();
            let step = places.len().div_ceil(MOST).max(1);
            for place in places.into_iter().step_by(step) {
                // Two providers have the type.
                if case.name == "27-providers" && place.ends_with("/schema_version") {
                    continue;
                }
                let found = case.edited(|tree| {
                    let value = tree.pointer_mut(place).unwrap();
                    *value = other(value);
                });
                assert_ne!(found.differences, [], "{} {place}", case.name);
                *altered.entry(key).or_insert(0) += 1;
            }
            // Left out as a whole.
            if tree.get(key).is_some() {
                let found = case.edited(|tree| drop(tree.as_object_mut().unwrap().remove(key)));
                assert_ne!(found.differences, [], "{} {key}", case.name);
            }
        }
    }
    assert!(altered["planned_values"] > 250, "{altered:?}");
    assert!(altered["prior_state"] > 250, "{altered:?}");
    assert!(altered["checks"] > 3, "{altered:?}");
    assert!(altered["relevant_attributes"] > 20, "{altered:?}");
}

/// What the parts are that differ.
fn parts(found: &Agreement) -> Vec<(PlanPart, &str)> {
    let parts = found.differences.iter().map(|one| match one {
        PlanDifference::Part { part, subject } => (*part, subject.as_str()),
        other => panic!("{other:?}"),
    });
    parts.collect()
}

#[test]
fn rows_that_are_dropped_added_or_doubled_differ() {
    for key in ["planned_values", "prior_state"] {
        let case = Case::of("04-delete");
        let at = if key == "prior_state" {
            "/prior_state/values/root_module/resources"
        } else {
            "/planned_values/root_module/resources"
        };
        let edits: [fn(&mut Vec<Json>); 3] = [
            |rows| drop(rows.pop()),
            |rows| rows.extend(rows.last().cloned()),
            |rows| {
                let mut row = rows[0].clone();
                row["name"] = json!("more");
                row["address"] = json!("terraform_data.more");
                rows.push(row);
            },
        ];
        for edit in edits {
            let found = case.edited(|tree| {
                edit(tree.pointer_mut(at).unwrap().as_array_mut().unwrap());
            });
            let part = if key == "prior_state" {
                PlanPart::PriorState
            } else {
                PlanPart::PlannedValues
            };
            assert!(matches!(parts(&found)[..], [(found, _)] if found == part));
        }
    }
}

#[test]
fn marks_of_the_file_must_stand_in_both_states() {
    let mut dropped = 0;
    for case in Case::all() {
        let tree: Json = serde_json::from_str(&case.text).unwrap();
        let mut places = Vec::new();
        below(&tree["planned_values"], "/planned_values", &mut places);
        below(&tree["prior_state"], "/prior_state", &mut places);
        for place in places {
            if !place.contains("/sensitive_values") || tree.pointer(&place) != Some(&json!(true)) {
                continue;
            }
            let found = case.edited(|tree| *tree.pointer_mut(&place).unwrap() = json!(false));
            // The schema's own marks are not in the file.
            if case.name != "25-aws-import" {
                assert_ne!(found.differences, [], "{} {place}", case.name);
                dropped += 1;
            }
        }
    }
    assert!(dropped > 10, "{dropped}");
}

#[test]
fn a_row_is_called_as_its_address_says() {
    for case in Case::all() {
        let rows = case.plan.changes.len();
        for index in 0..rows {
            for key in ["mode", "type", "name", "module_address", "index"] {
                let found = case.edited(|tree| {
                    let row = tree["resource_changes"][index].as_object_mut().unwrap();
                    let value = row.get(key).cloned().unwrap_or(json!("x"));
                    row.insert(key.to_owned(), other(&value));
                });
                let is_told = found.differences.iter().any(|one| {
                    matches!(
                        one,
                        PlanDifference::Value {
                            part: ValuePart::Address,
                            ..
                        }
                    )
                });
                assert!(is_told, "{} {index} {key} {found:?}", case.name);
                if rows > 20 {
                    break;
                }
            }
        }
    }
}

#[test]
fn what_forces_a_replacement_is_bound_to_the_file() {
    let mut forced = 0;
    for case in Case::all() {
        for (index, row) in case.plan.changes.iter().enumerate() {
            if row.body.replace_paths.is_none() {
                continue;
            }
            let at = format!("/resource_changes/{index}/change/replace_paths");
            for edit in [json!([]), json!([["other"]])] {
                let found = case.edited(|tree| *tree.pointer_mut(&at).unwrap() = edit);
                let part = |one: &PlanDifference| match one {
                    PlanDifference::Value { part, .. } => Some(*part),
                    _ => None,
                };
                let found: Vec<_> = found.differences.iter().map(part).collect();
                assert_eq!(found, [Some(ValuePart::ReplacePaths)], "{}", case.name);
                forced += 1;
            }
        }
    }
    assert!(forced > 4, "{forced}");
}

#[test]
fn flags_that_are_left_out_and_keys_that_nobody_knows_are_told() {
    for case in Case::all() {
        for key in ["complete", "applyable"] {
            let mut tree: Json = serde_json::from_str(&case.text).unwrap();
            tree.as_object_mut().unwrap().remove(key);
            let plan = Plan::read(tree.to_string().into_bytes()).unwrap();
            let found = case.binary.compare(&plan);
            assert!(
                found.differences.contains(&PlanDifference::Extent),
                "{}",
                case.name
            );
        }
    }
    let case = Case::of("02-update");
    let found = case.edited(|tree| tree["later_values"] = json!({}));
    assert_eq!(found.differences, []);
    let gap = PlannedRow::Part {
        part: PlanPart::Other,
        subject: "later_values".to_owned(),
    };
    assert_eq!(found.gaps, [gap]);
}
