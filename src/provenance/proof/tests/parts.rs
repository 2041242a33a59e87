//! One thing altered in each part of the JSON's configuration, in every case.

use super::*;

/// At most so many places of a case are altered, evenly spread.
const MOST: usize = 15;

/// Every place below, as a JSON pointer.
fn below(tree: &Json, at: &str, out: &mut Vec<String>) {
    match tree {
        Json::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                below(field, &format!("{at}/{name}"), out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                below(item, &format!("{at}/{index}"), out);
            }
        }
        Json::Null => {}
        // A module or a variable about which nothing is said.
        Json::Object(_) if at.ends_with("module") || at.contains("/variables/") => {}
        _ => out.push(at.to_owned()),
    }
}

/// Another value of the same kind.
fn other(value: &Json) -> Json {
    match value {
        Json::Bool(flag) => json!(!flag),
        Json::Number(_) => json!(4711),
        Json::String(text) => json!(format!("{text}x")),
        Json::Array(_) => json!(["x"]),
        // A call that refers to nothing.
        _ => json!({"constant_value": "x"}),
    }
}

#[test]
fn each_part_of_the_configuration_is_bound_to_the_planned_files() {
    let (mut differ, mut unclear, mut missed) = (0, 0, Vec::new());
    for case in Case::all() {
        let mut places = Vec::new();
        let mut tree = Json::Null;
        let mut read = case.clone();
        read.edit_json(|json| tree.clone_from(json));
        below(&tree["configuration"], "/configuration", &mut places);
        let step = places.len().div_ceil(MOST).max(1);
        for place in places.iter().step_by(step) {
            // Two providers have the type, each its own version.
            if case.name == "27-providers" && place.ends_with("/schema_version") {
                continue;
            }
            let mut case = case.clone();
            case.edit_json(|json| {
                let value = json.pointer_mut(place).unwrap();
                *value = other(value);
            });
            match case.proof().verdict() {
                ProofVerdict::Differs => differ += 1,
                ProofVerdict::NotProven => unclear += 1,
                ProofVerdict::Proven => missed.push(format!("{} {place}", case.name)),
            }
        }
    }
    assert_eq!(missed, Vec::<String>::new());
    assert!(differ > 250, "{differ}");
    assert!(unclear < differ / 20, "{unclear} of {differ}");
}
