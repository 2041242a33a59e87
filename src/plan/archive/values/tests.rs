#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::plan::change::Reader;
use crate::plan::{BinaryPlan, ChangeProblem, input, read_outputs};

mod beside;
mod bytes;

/// A case with a binary plan.
struct Case {
    name: String,
    binary: BinaryPlan,
    text: String,
    plan: Plan,
}

impl Case {
    fn at(directory: &Path) -> Self {
        let text = fs::read_to_string(directory.join("plan.json"))
            .or_else(|_| fs::read_to_string(directory.parent().unwrap().join("sensitive.json")))
            .unwrap();
        Self {
            name: directory
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned(),
            binary: BinaryPlan::read(&fs::read(directory.join("tfplan")).unwrap()).unwrap(),
            plan: Plan::read(text.clone().into_bytes()).unwrap(),
            text,
        }
    }

    fn of(name: &str) -> Self {
        Self::at(&plans().join(name))
    }

    fn all() -> Vec<Self> {
        let mut directories: Vec<PathBuf> = fs::read_dir(plans())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("tfplan").is_file())
            .collect();
        directories.sort();
        assert!(directories.len() > 25);
        directories.iter().map(|path| Self::at(path)).collect()
    }

    /// What the comparison says of other JSON. Its rows are read anew; facts above them are those of the plan.
    fn compare(&self, text: String) -> Agreement {
        let document = input::document(&text).unwrap();
        let mut reader = Reader::new(&text);
        let mut rows = |key: &str| -> Vec<ResourceChange> {
            let rows: Vec<&RawValue> =
                serde_json::from_str(document.text(key).unwrap_or("[]")).unwrap();
            rows.into_iter()
                .map(|raw| {
                    let row = serde_json::from_str(raw.get()).unwrap();
                    ResourceChange::read(&mut reader, raw, row)
                })
                .collect()
        };
        let (changes, drift) = (rows("resource_changes"), rows("resource_drift"));
        let outputs = read_outputs(&reader, &document).unwrap();
        let sections = document
            .sections
            .iter()
            .map(|section| (section.name.to_owned(), reader.range(section.text)))
            .collect();
        let plan = Plan {
            changes,
            drift,
            outputs,
            sections,
            text: std::sync::Arc::new(String::new()),
            ..self.plan.clone()
        };
        let plan = Plan {
            text: std::sync::Arc::new(text),
            ..plan
        };
        self.binary.compare(&plan)
    }

    fn edited(&self, edit: impl FnOnce(&mut Json)) -> Agreement {
        let mut tree: Json = serde_json::from_str(&self.text).unwrap();
        edit(&mut tree);
        self.compare(tree.to_string())
    }
}

fn plans() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans")
}

/// Every place of a plan where a value of the file is shown, as a JSON pointer.
fn values_of(tree: &Json) -> Vec<String> {
    let mut out = Vec::new();
    for section in ["resource_changes", "resource_drift"] {
        for index in 0..tree[section].as_array().map_or(0, Vec::len) {
            for side in ["before", "after"] {
                out.push(format!("/{section}/{index}/change/{side}"));
            }
        }
    }
    for name in tree["output_changes"].as_object().into_iter().flatten() {
        for side in ["before", "after"] {
            out.push(format!("/output_changes/{}/{side}", name.0));
        }
    }
    for name in tree["variables"].as_object().into_iter().flatten() {
        out.push(format!("/variables/{}/value", name.0));
    }
    out
}

/// Pointers to everything below a place, the place itself first.
fn below(tree: &Json, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match tree {
        Json::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                below(field, &format!("{at}/{name}"), out);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(item, &format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
}

/// The raw text at a pointer.
fn raw<'a>(text: &'a str, pointer: &str) -> &'a RawValue {
    let mut at: &RawValue = serde_json::from_str(text).unwrap();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        at = if at.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(at.get()).unwrap();
            items[step.parse::<usize>().unwrap()]
        } else {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(at.get()).unwrap();
            fields[&step]
        };
    }
    at
}

/// Other text in the place of a part of it: every other byte stays.
fn spliced(text: &str, part: &str, with: &str) -> String {
    let at = part.as_ptr().addr() - text.as_ptr().addr();
    format!("{}{with}{}", &text[..at], &text[at + part.len()..])
}

/// Values that are not the one of a scalar leaf, though they look like it.
fn others(leaf: &str) -> Vec<String> {
    let mut out = match leaf.as_bytes()[0] {
        b'"' => {
            let text: String = serde_json::from_str(leaf).unwrap();
            vec![
                json!(format!("{text} ")).to_string(),
                json!(text.to_uppercase() + "x").to_string(),
                format!("[{leaf}]"),
            ]
        }
        b't' => vec!["false".to_owned(), "\"true\"".to_owned(), "1".to_owned()],
        b'f' => vec!["true".to_owned(), "\"false\"".to_owned(), "0".to_owned()],
        b'n' => vec![
            "\"\"".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            "0".to_owned(),
            "false".to_owned(),
        ],
        _ => vec![
            format!(
                "{}1{}",
                if leaf.starts_with('-') { "-" } else { "" },
                leaf.trim_start_matches('-')
            ),
            format!("\"{leaf}\""),
            leaf.strip_prefix('-')
                .map_or_else(|| format!("-1{leaf}"), str::to_owned),
        ],
    };
    if leaf != "null" {
        out.push("null".to_owned());
    }
    if let Ok(text) = serde_json::from_str::<String>(leaf)
        && text.parse::<i64>().is_ok()
    {
        out.push(text);
    }
    out
}

#[test]
fn what_terraform_shows_of_a_plan_is_what_the_plan_holds() {
    let mut values = 0;
    for case in Case::all() {
        let found = case.binary.compare(&case.plan);
        assert_eq!(found.differences, [], "{}", case.name);
        assert_eq!(found.gaps, [], "{}", case.name);
        values += found.values;
    }
    assert!(values > 1_500, "{values}");
}

#[test]
fn every_leaf_of_every_plan_is_held_against_the_file() {
    let mut edits = 0;
    for case in Case::all() {
        let tree: Json = serde_json::from_str(&case.text).unwrap();
        for place in values_of(&tree) {
            let mut pointers = Vec::new();
            below(
                tree.pointer(&place).unwrap_or(&Json::Null),
                &place,
                &mut pointers,
            );
            for pointer in pointers {
                let Some(value) = tree.pointer(&pointer) else {
                    continue;
                };
                // A null that a plan leaves out where nothing is known is told by `after_unknown`.
                if value.is_object() || value.is_array() {
                    continue;
                }
                let leaf = raw(&case.text, &pointer).get();
                let others = others(leaf);
                // One of the ways for each leaf, all of them in turn.
                let other = &others[edits % others.len()];
                let found = case.compare(spliced(&case.text, leaf, other));
                let named = found.differences.iter().any(|difference| match difference {
                    PlanDifference::Value { row, .. } => pointer.starts_with(&match row {
                        PlannedRow::Change { .. } => "/resource_changes/".to_owned(),
                        PlannedRow::Drift { .. } => "/resource_drift/".to_owned(),
                        PlannedRow::Output { name } => format!("/output_changes/{name}/"),
                        PlannedRow::Variable { name } => format!("/variables/{name}/"),
                        other => panic!("{other:?}"),
                    }),
                    PlanDifference::Variable { name, .. } => {
                        pointer.starts_with(&format!("/variables/{name}/"))
                    }
                    other => panic!("{other:?}"),
                });
                assert!(named, "{}: {pointer} as {other}: {found:?}", case.name);
                edits += 1;
            }
        }
    }
    assert!(edits > 1_500, "{edits}");
}

/// Cases whose numbers survive a tree of floats, so that whole trees can be edited.
fn editable() -> Vec<Case> {
    let cases: Vec<Case> = Case::all()
        .into_iter()
        .filter(|case| {
            let found = case.edited(|_| {});
            found.differences.is_empty() && found.gaps.is_empty()
        })
        .collect();
    assert!(cases.len() > 20);
    cases
}

#[test]
fn what_is_added_or_left_out_differs() {
    let mut edits = 0;
    for case in editable() {
        let tree: Json = serde_json::from_str(&case.text).unwrap();
        for place in values_of(&tree) {
            let mut pointers = Vec::new();
            below(
                tree.pointer(&place).unwrap_or(&Json::Null),
                &place,
                &mut pointers,
            );
            for pointer in pointers {
                let keys: Vec<String> = match tree.pointer(&pointer) {
                    Some(Json::Object(fields)) => fields.keys().cloned().collect(),
                    Some(Json::Array(_)) => Vec::new(),
                    _ => continue,
                };
                let mut differs = |edit: &dyn Fn(&mut Json)| {
                    let found = case.edited(|tree| edit(tree.pointer_mut(&pointer).unwrap()));
                    assert!(!found.differences.is_empty(), "{}: {pointer}", case.name);
                    edits += 1;
                };
                if let Some(Json::Array(items)) = tree.pointer(&pointer) {
                    differs(&|list| list.as_array_mut().unwrap().push(json!(null)));
                    if !items.is_empty() {
                        differs(&|list| drop(list.as_array_mut().unwrap().remove(0)));
                    }
                    if items.first() != items.last() {
                        differs(&|list| list.as_array_mut().unwrap().reverse());
                    }
                } else {
                    differs(&|object| object["added by hand"] = json!(null));
                    if let Some(key) = keys.first() {
                        differs(&|object| drop(object.as_object_mut().unwrap().remove(key)));
                    }
                }
            }
        }
    }
    assert!(edits > 500, "{edits}");
}

#[test]
fn known_and_unknown_are_not_exchanged() {
    let (mut hidden, mut filled) = (0, 0);
    for case in editable() {
        let tree: Json = serde_json::from_str(&case.text).unwrap();
        for (index, row) in tree["resource_changes"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let change = format!("/resource_changes/{index}/change");
            let differs = |edit: &dyn Fn(&mut Json)| {
                let found = case.edited(|tree| edit(tree.pointer_mut(&change).unwrap()));
                assert!(!found.differences.is_empty(), "{}: {change}", case.name);
            };
            // What is known is said to be unknown, with its value and without.
            for name in row["change"]["after"].as_object().into_iter().flatten() {
                differs(&|change| change["after_unknown"][name.0] = json!(true));
                differs(&|change| {
                    change["after_unknown"][name.0] = json!(true);
                    change["after"].as_object_mut().unwrap().remove(name.0);
                });
                hidden += 1;
            }
            // What is unknown is said to be known.
            for (name, mark) in row["change"]["after_unknown"]
                .as_object()
                .into_iter()
                .flatten()
            {
                if mark == &json!(true) {
                    differs(&|change| change["after_unknown"][name] = json!(false));
                    differs(&|change| {
                        change["after_unknown"][name] = json!(false);
                        change["after"][name] = json!("known");
                    });
                    differs(&|change| change["after"][name] = json!("known"));
                    filled += 1;
                }
            }
        }
    }
    assert!(hidden > 100 && filled > 40, "{hidden} {filled}");
}

#[test]
fn marks_of_the_file_must_be_marks_of_the_json() {
    let case = Case::of("09-sensitive");
    let tree: Json = serde_json::from_str(&case.text).unwrap();
    let mut edits = 0;
    for section in ["resource_changes", "output_changes"] {
        let mut pointers = Vec::new();
        below(&tree[section], &format!("/{section}"), &mut pointers);
        for pointer in pointers
            .iter()
            .filter(|pointer| pointer.contains("_sensitive"))
        {
            if tree.pointer(pointer) == Some(&json!(true)) {
                let found = case.edited(|tree| *tree.pointer_mut(pointer).unwrap() = json!(false));
                assert!(
                    found.differences.iter().any(|difference| matches!(
                        difference,
                        PlanDifference::Value {
                            part: ValuePart::SensitiveBefore | ValuePart::SensitiveAfter,
                            ..
                        }
                    )),
                    "{pointer}: {found:?}"
                );
                edits += 1;
            }
        }
    }
    assert!(edits > 15, "{edits}");
    // A mark of the provider's schema is in the JSON only.
    let found =
        case.edited(|tree| tree["resource_changes"][0]["change"]["after_sensitive"] = json!(true));
    assert_eq!(found.differences, []);
}

/// The part and path of the only difference.
fn only(found: &Agreement) -> (ValuePart, &str) {
    match found.differences.as_slice() {
        [PlanDifference::Value { part, path, .. }] => (*part, path),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_difference_names_the_attribute_and_no_value() {
    let case = Case::of("23-aws-iam");
    let tree: Json = serde_json::from_str(&case.text).unwrap();
    let index = tree["resource_changes"]
        .as_array()
        .unwrap()
        .iter()
        .position(|row| row["change"]["after"]["policy"].is_string())
        .unwrap();
    let found = case.edited(|tree| {
        let policy = &mut tree["resource_changes"][index]["change"]["after"]["policy"];
        *policy = json!(policy.as_str().unwrap().replace('*', "s3:GetObject"));
    });
    assert_eq!(only(&found), (ValuePart::After, "policy"));
    let secrets = Case::of("28-values");
    let at = |text: &str, pointer: &str| -> String {
        let leaf = raw(text, pointer).get();
        spliced(text, leaf, "\"other\"")
    };
    let tree: Json = serde_json::from_str(&secrets.text).unwrap();
    let index = tree["resource_changes"]
        .as_array()
        .unwrap()
        .iter()
        .position(|row| row["name"] == "secret")
        .unwrap();
    for (pointer, path) in [
        ("deep/open", "input.deep.open"),
        ("deep/list/0/pw", "input.deep.list[0].pw"),
        ("set/0", "input.set"),
        ("list/0", "input.list[0]"),
    ] {
        let text = at(
            &secrets.text,
            &format!("/resource_changes/{index}/change/before/input/{pointer}"),
        );
        let found = secrets.compare(text);
        assert_eq!(only(&found), (ValuePart::Before, path));
    }
}

#[test]
fn what_else_a_row_tells_is_compared() {
    let doctored = |case: &str, find: &dyn Fn(&Json) -> bool, edit: &dyn Fn(&mut Json)| {
        let case = Case::of(case);
        let found = case.edited(|tree| {
            let rows = tree["resource_changes"].as_array_mut().unwrap();
            edit(rows.iter_mut().find(|row| find(row)).unwrap());
        });
        only(&found).0
    };
    let any = |_: &Json| true;
    assert_eq!(
        doctored("02-update", &any, &|row| row["provider_name"] =
            json!("registry.terraform.io/other/aws")),
        ValuePart::Provider
    );
    let moved = |row: &Json| row["previous_address"].is_string();
    assert_eq!(
        doctored("06-moved", &moved, &|row| row["previous_address"] =
            json!("a.b")),
        ValuePart::PreviousAddress
    );
    assert_eq!(
        doctored("06-moved", &moved, &|row| row["previous_address"] =
            json!(null)),
        ValuePart::PreviousAddress
    );
    let reason = |row: &Json| row["action_reason"].is_string();
    assert_eq!(
        doctored("04-delete", &reason, &|row| row["action_reason"] =
            json!("replace_by_request")),
        ValuePart::Reason
    );
    let import = |row: &Json| row["change"]["importing"].is_object();
    assert_eq!(
        doctored(
            "25-aws-import",
            &import,
            &|row| row["change"]["importing"] = json!({"id": "other"})
        ),
        ValuePart::Import
    );
    assert_eq!(
        doctored(
            "25-aws-import",
            &import,
            &|row| row["change"]["importing"] = json!(null)
        ),
        ValuePart::Import
    );
    assert_eq!(
        doctored("07b-import-generated-config", &import, &|row| {
            row["change"]["generated_config"] = json!("resource \"a\" \"b\" {}");
        }),
        ValuePart::GeneratedConfig
    );
    assert_eq!(
        doctored("02-update", &any, &|row| row["change"]["before_identity"] =
            json!({"id": "x"})),
        ValuePart::Identity
    );
}

#[test]
fn drift_and_variables_are_complete() {
    let drift = Case::of("21-aws-drift");
    let found = drift.edited(|tree| drop(tree["resource_drift"].as_array_mut().unwrap().remove(0)));
    assert!(
        matches!(found.differences[..], [PlanDifference::Drift { .. }]),
        "{found:?}"
    );
    let found = drift.edited(|tree| {
        let mut row = tree["resource_drift"][0].clone();
        row["address"] = json!("aws_instance.other");
        tree["resource_drift"].as_array_mut().unwrap().push(row);
    });
    assert!(
        matches!(found.differences[..], [PlanDifference::Drift { .. }]),
        "{found:?}"
    );
    // A default that is said to be another one; one that nobody declares; one that is left out.
    let case = Case::of("15-target");
    let found = case.edited(|tree| tree["variables"]["more"] = json!({"value": 1}));
    assert!(
        matches!(found.differences[..], [PlanDifference::Variable { .. }]),
        "{found:?}"
    );
    // What was set must be shown, and the default of what was not.
    let case = Case::of("28b-values-create");
    for name in ["token", "tuple", "sizes"] {
        let from = raw(&case.text, &format!("/variables/{name}")).get();
        let found = case.compare(
            case.text
                .replacen(&format!("\"{name}\":{from},"), "", 1)
                .replacen(&format!(",\"{name}\":{from}"), "", 1),
        );
        let expected = PlanDifference::Variable {
            name: name.to_owned(),
            problem: ChangeProblem::OnlyInFile(Action::Read),
        };
        assert!(found.differences.contains(&expected), "{name}");
    }
}

#[test]
fn a_file_without_its_values_proves_nothing() {
    let case = Case::of("02-update");
    let found = case.binary.clone().without_values().compare(&case.plan);
    assert_eq!(found.gaps, [PlannedRow::Plan]);
}
