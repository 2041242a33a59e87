//! The effect digest on real plans: equal for a plan made again, different for each kind of leaf that could change.
//!
//! `testdata/plans/effect` holds one plan twice, made two seconds apart by Terraform from the same configuration and state. Every
//! other case here is that plan, or another real one, with a single leaf changed.

use countersign::plan::{Effect, Plan};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::scene::{package, plan, plan_tree};

fn effect(text: impl Into<Vec<u8>>) -> Effect {
    Plan::read(text.into()).unwrap().effect
}

fn effect_of(tree: &Json) -> Effect {
    effect(tree.to_string())
}

fn again() -> Vec<u8> {
    std::fs::read(package("testdata/plans/effect/again.json")).unwrap()
}

/// The row of `resource_changes` at an address.
fn row<'a>(tree: &'a mut Json, address: &str, deposed: Option<&str>) -> &'a mut Json {
    let rows = tree["resource_changes"].as_array_mut().unwrap();
    rows.iter_mut()
        .find(|row| row["address"] == address && row["deposed"].as_str() == deposed)
        .unwrap()
}

/// The change of the resource with most kinds of values.
fn app(tree: &mut Json) -> &mut Json {
    &mut row(tree, "terraform_data.app", None)["change"]
}

/// The object of a state-like tree at an address in the root module.
fn object<'a>(values: &'a mut Json, address: &str) -> &'a mut Json {
    let rows = values["root_module"]["resources"].as_array_mut().unwrap();
    rows.iter_mut()
        .find(|row| row["address"] == address)
        .unwrap()
}

fn remove(tree: &mut Json, key: &str) {
    assert!(
        tree.as_object_mut().unwrap().remove(key).is_some(),
        "no {key}"
    );
}

/// Exchanges two leaves that must differ.
fn swap(tree: &mut Json, one: &str, other: &str) {
    let (a, b) = (tree[one].take(), tree[other].take());
    assert_ne!(a, b);
    tree[one] = b;
    tree[other] = a;
}

#[test]
fn a_plan_made_again_has_other_bytes_and_the_same_effect() {
    let (one, two) = (
        Plan::read(plan("effect")).unwrap(),
        Plan::read(again()).unwrap(),
    );
    assert_ne!(one.digest, two.digest);
    assert_eq!(one.effect, two.effect);
    let (one, two) = (
        plan_tree("effect"),
        serde_json::from_slice::<Json>(&again()).unwrap(),
    );
    assert_ne!(one["timestamp"], two["timestamp"]);
    assert_ne!(one["relevant_attributes"], two["relevant_attributes"]);
    let stamped = |mut tree: Json| {
        row(&mut tree, "terraform_data.stamped", None)["change"]["after"]["input"].take()
    };
    assert_ne!(stamped(one), stamped(two), "plantimestamp() shows");
}

#[test]
fn a_time_that_is_not_the_time_of_planning_is_a_leaf_like_any_other() {
    let base = plan_tree("effect");
    let effect = effect_of(&base);
    let mut other = base.clone();
    row(&mut other, "terraform_data.stamped", None)["change"]["after"]["input"] =
        json!("2020-01-01T00:00:00Z");
    assert_ne!(effect_of(&other), effect);
    // What stood in the state before is no time of planning, even where it reads like one.
    let mut before = base.clone();
    row(&mut before, "terraform_data.stamped", None)["change"]["before"]["input"] =
        base["timestamp"].clone();
    assert_ne!(effect_of(&before), effect);
    let mut later = before.clone();
    later["timestamp"] = json!("2026-11-22T23:59:59Z");
    row(&mut later, "terraform_data.stamped", None)["change"]["before"]["input"] =
        later["timestamp"].clone();
    assert_ne!(effect_of(&later), effect_of(&before));
}

/// A name for a leaf, and what changes it.
type Edit = (&'static str, fn(&mut Json));

const EDITS: &[Edit] = &[
    ("before", |t| {
        app(t)["before"]["input"]["name"] = json!("ap");
    }),
    ("after", |t| {
        app(t)["after"]["input"]["name"] = json!("app-3");
    }),
    ("unknown", |t| {
        app(t)["after_unknown"]["output"] = json!(false);
    }),
    ("action", |t| {
        app(t)["actions"] = json!(["create"]);
    }),
    ("order of a replacement", |t| {
        row(t, "terraform_data.twice", None)["change"]["actions"] = json!(["delete", "create"]);
    }),
    ("reason", |t| {
        row(t, "terraform_data.twice", None)["action_reason"] = json!("replace_by_request");
    }),
    ("replace path", |t| {
        row(t, "terraform_data.twice", None)["change"]["replace_paths"] = json!([["input"]]);
    }),
    ("variable", |t| {
        t["variables"]["region"]["value"] = json!("eu-west-3");
    }),
    ("sensitive variable", |t| {
        t["variables"]["token"]["value"] = json!("other-token-zzzz");
    }),
    ("sensitive attribute", |t| {
        app(t)["after"]["input"]["token"] = json!("other-token-zzzz");
    }),
    ("short sensitive attribute", |t| {
        app(t)["after"]["input"]["token"] = json!("x");
    }),
    ("sensitive attribute before", |t| {
        app(t)["before"]["input"]["token"] = json!("other-token-zzzz");
    }),
    ("mark", |t| {
        app(t)["after_sensitive"]["input"]["token"] = json!(false);
    }),
    ("output", |t| {
        t["output_changes"]["ports"]["after"] = json!([443]);
    }),
    ("sensitive output", |t| {
        t["output_changes"]["token"]["after"] = json!("other-token-zzzz");
    }),
    ("action of an output", |t| {
        t["output_changes"]["ports"]["actions"] = json!(["delete"]);
    }),
    ("status of a check", |t| {
        t["checks"][0]["status"] = json!("pass");
    }),
    ("message of a check", |t| {
        t["checks"][0]["instances"][0]["problems"][0]["message"] = json!("fine");
    }),
    ("provisioner command", |t| {
        let resources = &mut t["configuration"]["root_module"]["resources"];
        let mut resources = resources.as_array_mut().unwrap().iter_mut();
        let runs = resources.find(|r| r["name"] == "runs").unwrap();
        runs["provisioners"][0]["expressions"]["command"]["constant_value"] = json!("echo mad");
    }),
    ("provider constraint", |t| {
        t["configuration"]["provider_config"]["terraform"]["version_constraint"] = json!("~> 1.1");
    }),
    ("module source", |t| {
        t["configuration"]["root_module"]["module_calls"]["leaf"]["source"] = json!("./leaf2");
    }),
    ("default of a sensitive variable", |t| {
        t["configuration"]["root_module"]["variables"]["token"]["default"] = json!("zzzz-token");
    }),
    ("import id", |t| {
        row(t, "terraform_data.adopted", None)["change"]["importing"]["id"] = json!("adopted-2");
    }),
    ("import", |t| {
        remove(
            &mut row(t, "terraform_data.adopted", None)["change"],
            "importing",
        );
    }),
    ("previous address", |t| {
        row(t, "terraform_data.new_name", None)["previous_address"] = json!("terraform_data.older");
    }),
    ("bool", |t| {
        app(t)["after"]["input"]["on"] = json!(true);
    }),
    ("bool as text", |t| {
        app(t)["after"]["input"]["on"] = json!("false");
    }),
    ("number as text", |t| {
        app(t)["after"]["input"]["ports"] = json!(["443", 8080]);
    }),
    ("null to absent", |t| {
        remove(&mut app(t)["after"]["input"], "none");
    }),
    ("null to false", |t| {
        app(t)["after"]["input"]["none"] = json!(false);
    }),
    ("null to empty", |t| {
        app(t)["after"]["input"]["none"] = json!("");
    }),
    ("key", |t| {
        let input = app(t)["after"]["input"].as_object_mut().unwrap();
        let name = input.remove("name").unwrap();
        input.insert("nam".to_owned(), name);
    }),
    ("order of a list", |t| {
        app(t)["after"]["input"]["ports"] = json!([8080, 443]);
    }),
    ("element of a list", |t| {
        app(t)["after"]["input"]["ports"] = json!([443, 8080, 443]);
    }),
    ("address", |t| {
        row(t, "terraform_data.app", None)["address"] = json!("terraform_data.ap");
    }),
    ("provider", |t| {
        row(t, "terraform_data.app", None)["provider_name"] =
            json!("terraform.io/builtin/terraforn");
    }),
    ("deposed key", |t| {
        row(t, "terraform_data.twice", Some("0badc0de"))["deposed"] = json!("0badc0df");
    }),
    ("deposed object", |t| {
        let rows = t["resource_changes"].as_array_mut().unwrap();
        rows.retain(|row| row["deposed"].is_null());
    }),
    ("row that stands twice", |t| {
        let again = row(t, "terraform_data.app", None).clone();
        t["resource_changes"].as_array_mut().unwrap().push(again);
    }),
    ("reading of a data source", |t| {
        let state = object(
            &mut t["prior_state"]["values"],
            "data.terraform_remote_state.network",
        );
        state["values"]["outputs"]["subnet"] = json!("subnet-0bbb2222");
    }),
    ("value of the state", |t| {
        let state = object(&mut t["prior_state"]["values"], "terraform_data.app");
        state["values"]["input"]["name"] = json!("app-0");
    }),
    ("planned value", |t| {
        object(&mut t["planned_values"], "terraform_data.app")["values"]["input"]["name"] =
            json!("app-9");
    }),
    ("relevant attribute", |t| {
        t["relevant_attributes"][0]["resource"] = json!("terraform_data.x");
    }),
    ("completeness", |t| {
        t["complete"] = json!(false);
    }),
    ("completeness to absent", |t| remove(t, "complete")),
    ("version of Terraform", |t| {
        t["terraform_version"] = json!("1.11.5");
    }),
    ("key that this version does not know", |t| {
        t["future"] = json!({"a": 1});
    }),
];

#[test]
fn each_kind_of_leaf_changes_the_effect() {
    let base = plan_tree("effect");
    let mut seen = vec![("nothing", effect_of(&base))];
    for (name, edit) in EDITS {
        let mut tree = base.clone();
        edit(&mut tree);
        assert_ne!(tree, base, "{name}: nothing was changed");
        let effect = effect_of(&tree);
        for (other, known) in &seen {
            assert_ne!(effect, *known, "{name} has the effect of {other}");
        }
        seen.push((name, effect));
    }
}

#[test]
fn the_last_digit_of_a_number_counts() {
    let text = String::from_utf8(plan("effect")).unwrap();
    let number = "123456789012345678901234567891";
    assert!(text.contains(number));
    let long = format!("1{}", "0".repeat(400));
    let mut seen = vec![effect(text.clone())];
    for other in [
        "123456789012345678901234567892",
        "123456789012345678901234567891.0",
        "1.1",
        "1.10",
        "1e400",
        long.as_str(),
    ] {
        let effect = effect(text.replace(number, other));
        assert!(!seen.contains(&effect), "{other}");
        seen.push(effect);
    }
}

#[test]
fn secrets_that_change_places_change_the_effect() {
    let base = plan_tree("effect");
    let mut variables = base.clone();
    let (token, second) = ("token", "second");
    let values = &mut variables["variables"];
    let (a, b) = (
        values[token]["value"].take(),
        values[second]["value"].take(),
    );
    values[token]["value"] = b;
    values[second]["value"] = a;
    let mut attributes = base.clone();
    swap(
        &mut app(&mut attributes)["after"]["input"],
        "token",
        "other",
    );
    let mut both = variables.clone();
    swap(&mut app(&mut both)["after"]["input"], "token", "other");
    let effects: Vec<Effect> = [&base, &variables, &attributes, &both]
        .into_iter()
        .map(effect_of)
        .collect();
    for (index, effect) in effects.iter().enumerate() {
        assert!(!effects.iter().skip(index + 1).any(|other| other == effect));
    }
}

#[test]
fn drift_is_part_of_the_effect() {
    let base = plan_tree("21-aws-drift");
    let effect = effect_of(&base);
    let edits: [fn(&mut Json); 3] = [
        |t| {
            t["resource_drift"][0]["change"]["actions"] = json!(["no-op"]);
        },
        |t| t["resource_drift"][0]["change"]["after"] = json!({"id": "other"}),
        |t| {
            t["resource_drift"].as_array_mut().unwrap().pop();
        },
    ];
    for edit in edits {
        let mut tree = base.clone();
        edit(&mut tree);
        assert_ne!(effect_of(&tree), effect);
    }
}

/// Writes a tree anew: other white space, other order of keys, other escapes, as the bits say.
fn respell(tree: &Json, bits: &mut impl Iterator<Item = bool>, out: &mut String) {
    let mut next = || bits.next().unwrap_or_default();
    match tree {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            if next() {
                fields.reverse();
            }
            let middle = fields.len() / 2;
            if next() {
                fields.rotate_left(middle);
            }
            out.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                string(name, bits, out);
                out.push_str(if bits.next().unwrap_or_default() {
                    " :\t"
                } else {
                    ":"
                });
                respell(value, bits, out);
            }
            out.push_str(if bits.next().unwrap_or_default() {
                "\r\n}"
            } else {
                "}"
            });
        }
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                if bits.next().unwrap_or_default() {
                    out.push_str("\n   ");
                }
                respell(item, bits, out);
            }
            out.push(']');
        }
        Json::String(text) => string(text, bits, out),
        other => out.push_str(&other.to_string()),
    }
}

fn string(text: &str, bits: &mut impl Iterator<Item = bool>, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if bits.next().unwrap_or_default() || c.is_control() || matches!(c, '"' | '\\') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('"');
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spelling_does_not_change_the_effect(seed in proptest::collection::vec(any::<bool>(), 64..2000)) {
        let tree = plan_tree("effect");
        // Keys of the top level are refused when they are escaped.
        let mut bits = seed.into_iter().cycle();
        let mut parts = Vec::new();
        for (name, value) in tree.as_object().unwrap() {
            let mut part = String::new();
            respell(value, &mut bits, &mut part);
            parts.push(format!("\n \"{name}\" : {part}"));
        }
        if bits.next().unwrap() {
            parts.reverse();
        }
        let text = format!("{{{} }}\n", parts.join(","));
        prop_assert_ne!(&text, &tree.to_string());
        prop_assert_eq!(effect(text), effect_of(&tree));
    }
}

#[test]
fn pretty_printing_does_not_change_the_effect() {
    let tree = plan_tree("effect");
    let pretty = serde_json::to_string_pretty(&tree).unwrap();
    assert_eq!(effect(pretty), effect_of(&tree));
}

#[test]
fn the_effect_names_its_version_and_reads_back() {
    let effect = effect(plan("effect"));
    assert_eq!(Effect::parse(&effect.to_string()), Some(effect));
    assert!(effect.to_string().starts_with("e1:"));
}
