//! `diff`: the same effect, or every difference, and no secret.

use serde_json::{Value as Json, json};

use crate::scene::{Scene, plan, plan_tree};

#[test]
fn a_plan_made_again_has_the_same_effect() {
    let scene = Scene::new();
    scene.write("a.json", plan("effect"));
    let again = crate::scene::package("testdata/plans/effect/again.json");
    scene.write("b.json", std::fs::read(again).unwrap());
    scene
        .run(&["diff", "a.json", "b.json"])
        .must_end(0)
        .must_say("same effect (exit 0): other bytes");
    let run = scene
        .run(&["diff", "-f", "json", "a.json", "a.json"])
        .must_end(0);
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["same_effect"], true, "{run}");
    assert_eq!(report["differences"], json!([]), "{run}");
}

#[test]
fn what_differs_is_listed_without_secrets() {
    let scene = Scene::new();
    let mut tree = plan_tree("02-update");
    let change = |tree: &mut Json, secret: &str, size: u32| {
        let change = &mut tree["resource_changes"][0]["change"];
        change["after"]["input"] =
            json!({"password": secret, "size": size, "copy": format!("has {secret} in it")});
        change["after_unknown"] = json!({});
        change["after_sensitive"] = json!({"input": {"password": true}});
    };
    change(&mut tree, "first-secret-4711", 1);
    scene.write_json("a.json", &tree);
    change(&mut tree, "other-secret-0815", 2);
    scene.write_json("b.json", &tree);
    for format in ["human", "json"] {
        scene
            .run(&["diff", "-f", format, "a.json", "b.json"])
            .must_end(1)
            .must_say("input.password")
            .must_say("input.size")
            .must_say("(sensitive)")
            .must_not_say("secret-4711")
            .must_not_say("secret-0815");
    }
}

#[test]
fn what_cannot_be_compared_is_an_error_and_no_answer() {
    let scene = Scene::new();
    scene.write("a.json", plan("02-update"));
    scene.write("cut.json", &plan("02-update")[..2000]);
    for (other, status) in [("cut.json", 4), ("missing.json", 4)] {
        let run = scene.run(&["diff", "a.json", other]).must_end(status);
        assert!(!run.says("same effect"), "{run}");
    }
    scene.run(&["diff", "a.json"]).must_end(2);
    scene
        .run_on(&["diff", "a.json", "-"], plan("02-update"))
        .must_end(0);
}
