//! The headless gate on real plans: what it finds, where, and what it says that it did not look at.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, package, plan, plan_tree};

/// A scene outside any repository with the plan of a case.
pub(crate) fn outside(case: &str) -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan(case));
    scene
}

pub(crate) fn json_of(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json"])
}

/// `rule address attribute` of each finding of a policy, sorted.
fn places(run: &Run, policy: &str) -> Vec<String> {
    let text = |finding: &Json, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let mut places: Vec<String> = run
        .findings_of(policy)
        .iter()
        .map(|finding| {
            format!(
                "{} {} {}",
                text(finding, "rule"),
                text(finding, "address"),
                text(finding, "attribute")
            )
        })
        .collect();
    places.sort();
    places
}

#[test]
fn the_demonstration_finds_something_of_every_promised_policy() {
    let scene = Scene::new();
    let run = scene.run(&["demo", "--check", "-f", "json"]).must_end(1);
    let report = run.report();
    let policies: BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["policy"].as_str().unwrap())
        .collect();
    for policy in [
        "no-destroy",
        "no-local-exec",
        "approved-providers",
        "read-only-principals",
    ] {
        assert!(policies.contains(policy), "{policy}\n{run}");
    }
    assert_eq!(report["policies"]["trust"], "base", "{run}");
    assert_eq!(report["change"]["files"], 5, "{run}");
    assert_eq!(report["problems"], json!([]), "{run}");
    // It leaves nothing behind.
    assert_eq!(fs::read_dir(scene.beside("tmp")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(scene.path("")).unwrap().count(), 0);
}

#[test]
fn the_demonstration_is_a_report_for_people_too() {
    let run = Scene::new().run(&["demo", "--check"]).must_end(1);
    for text in [
        "no-destroy: Nothing is destroyed",
        "no-local-exec: Nothing runs programs",
        "modules/service/task/main.tf:26, which the change touches",
        "approved-providers: Only approved providers",
        "Provider registry.terraform.io/hashicorp/azurerm is not approved.",
        "read-only-principals: Principals stay read-only",
        "Anyone (allUsers) gains more than read access",
        "from the base",
        "rules evaluated",
        "blocked (exit 1)",
    ] {
        assert!(run.says(text), "{text:?} was expected\n{run}");
    }
    assert!(!run.stdout.contains('\u{1b}'), "colours in a pipe\n{run}");
}

#[test]
fn every_delete_is_a_finding_with_its_reason() {
    let scene = Scene::change("04-delete");
    let run = json_of(&scene).must_end(1);
    assert_eq!(
        places(&run, "no-destroy"),
        [
            "deny module.many[\"y\"].terraform_data.this -",
            "deny module.old.terraform_data.this -",
            "deny terraform_data.counted[1] -",
            "deny terraform_data.counted[2] -",
            "deny terraform_data.dropped -",
            "deny terraform_data.keyed[\"b\"] -",
            "deny terraform_data.keyed[\"c\"] -",
            "deny terraform_data.switched[0] -",
        ]
    );
    let findings = run.findings_of("no-destroy");
    let reasons: BTreeSet<&str> = findings
        .iter()
        .map(|finding| finding["facts"]["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons.len(), 5, "{run}");
    let counted = findings
        .iter()
        .find(|finding| finding["address"] == "terraform_data.counted[1]")
        .unwrap();
    assert_eq!(
        counted["location"],
        json!({"file": "main.tf", "line": 2, "end_line": 5, "in_diff": true, "kind": "block", "side": "commit"}),
        "{run}"
    );
    let change = &run.report()["change"];
    assert_eq!(change["head"], scene.git(&["rev-parse", "feat"]), "{run}");
    assert_eq!(
        change["merge_base"],
        scene.git(&["rev-parse", "main"]),
        "{run}"
    );
}

#[test]
fn forgets_warn_and_a_destroy_time_program_of_a_removed_block_is_found_in_the_source() {
    let run = json_of(&Scene::change("05-forget")).must_end(1);
    let found = places(&run, "no-destroy");
    assert_eq!(
        found
            .iter()
            .filter(|place| place.starts_with("warn "))
            .count(),
        4,
        "{run}"
    );
    assert!(
        found.contains(&"deny terraform_data.destroyed_with_provisioner -".to_owned()),
        "{run}"
    );
    // The plan's JSON does not hold it; without the source it cannot be seen, and that is said.
    let hidden = run.findings_of("no-local-exec");
    assert_eq!(hidden.len(), 1, "{run}");
    assert_eq!(
        (&hidden[0]["rule"], &hidden[0]["location"]["file"]),
        (&"deny".into(), &"main.tf".into()),
        "{run}"
    );
    let run = json_of(&outside("05-forget")).must_end(1);
    assert_eq!(run.findings_of("no-local-exec").len(), 0, "{run}");
    assert!(
        run.report()["not_looked_at"]
            .to_string()
            .contains("no-local-exec read no Terraform source"),
        "{run}"
    );
}

#[test]
fn provisioners_are_found_at_any_depth() {
    let expected = [
        "deny module.region.module.cluster.module.node.terraform_data.vm provisioner[0]",
        "deny module.region.module.cluster.module.node.terraform_data.vm provisioner[1]",
        "deny module.region.module.cluster.terraform_data.join provisioner[0]",
        "deny terraform_data.root_bootstrap provisioner[0]",
    ];
    let run = json_of(&Scene::change("08-modules-provisioners")).must_end(1);
    let found = places(&run, "no-local-exec");
    for place in expected {
        assert!(found.contains(&place.to_owned()), "{place}\n{run}");
    }
    // The source says that this one runs on destroy only, which does not prove that it does not run now.
    let last = |finding: &&Json| finding["attribute"] == "provisioner[2]";
    let findings = run.findings_of("no-local-exec");
    let destroy = findings.iter().find(last).unwrap();
    assert_eq!(
        [
            &destroy["facts"]["when"],
            &destroy["rule"],
            &destroy["certainty"]
        ],
        ["destroy", "deny", "unknown"],
        "{run}"
    );
    let first = run
        .findings_of("no-local-exec")
        .into_iter()
        .find(|finding| finding["facts"]["type"] == "file")
        .unwrap();
    assert_eq!(first["location"]["file"], "node/main.tf", "{run}");
}

#[test]
fn grants_are_found_by_principal() {
    let run = json_of(&Scene::change("23-aws-iam")).must_end(1);
    let findings = run.findings_of("read-only-principals");
    let verdict = |address: &str| {
        let found = findings
            .iter()
            .find(|finding| finding["address"] == address);
        found.map_or("none", |finding| {
            finding["facts"]["verdict"].as_str().unwrap()
        })
    };
    assert_eq!(verdict("aws_iam_role.admin"), "not-read-only");
    assert_eq!(verdict("aws_iam_policy.not_read_only"), "not-read-only");
    assert_eq!(verdict("aws_iam_policy.not_action"), "not-read-only");
    assert_ne!(verdict("aws_iam_policy.unknown"), "none");
    assert_ne!(verdict("aws_iam_policy.read_only"), "not-read-only");
    let admin = findings
        .iter()
        .find(|finding| finding["address"] == "aws_iam_role.admin")
        .unwrap();
    assert_eq!(admin["subject"], "drift-admin", "{run}");
}

#[test]
fn plans_of_other_projects_are_judged() {
    for (file, policy, denied) in [
        ("awslabs-identity-policies", "read-only-principals", 3),
        ("borchero-delete", "no-destroy", 2),
        ("checkov-provisioners", "no-local-exec", 2),
    ] {
        let scene = Scene::new();
        let path = package("testdata/plans/public").join(format!("{file}.json"));
        scene.write("plan.json", fs::read(path).unwrap());
        let run = json_of(&scene).must_end(1);
        let found = run
            .findings_of(policy)
            .iter()
            .filter(|finding| finding["rule"] == "deny")
            .count();
        assert_eq!(found, denied, "{file}\n{run}");
    }
}

#[test]
fn fingerprints_outlive_a_plan_made_again() {
    let fingerprints = |run: &Run| -> Vec<Json> {
        run.findings_of("no-destroy")
            .iter()
            .map(|finding| finding["fingerprint"].clone())
            .collect()
    };
    let scene = Scene::change("04-delete");
    let before = json_of(&scene).must_end(1);
    let mut tree = plan_tree("04-delete");
    tree["timestamp"] = "2031-01-01T00:00:00Z".into();
    scene.write_json("plan.json", &tree);
    let after = json_of(&scene).must_end(1);
    assert_eq!(fingerprints(&before), fingerprints(&after));
    let plans = [&before, &after].map(|run| run.report()["plans"][0].clone());
    assert_eq!(plans[0]["effect"], plans[1]["effect"]);
    assert_ne!(plans[0]["sha256"], plans[1]["sha256"]);
}

#[test]
fn a_diff_file_stands_in_place_of_a_repository() {
    let scene = Scene::change("04-delete");
    let diff = scene.try_git(&["diff", "main...feat"]).stdout;
    let in_repository = json_of(&scene).report()["change"].clone();
    let other = outside("04-delete");
    other.write("change.diff", diff);
    let run = other
        .run(&["--check", "-f", "json", "--diff", "change.diff"])
        .must_end(1);
    let change = &run.report()["change"];
    for key in ["files", "insertions", "deletions"] {
        assert_eq!(change[key], in_repository[key], "{key}\n{run}");
    }
    assert_eq!(
        (&change["base"], &change["head"]),
        (&Json::Null, &Json::Null),
        "{run}"
    );
}

#[test]
fn a_plan_outside_any_repository_says_what_was_not_compared() {
    let run = json_of(&outside("04-delete")).must_end(1);
    assert!(run.report()["change"].is_null(), "{run}");
    outside("04-delete")
        .run(&["--check"])
        .must_end(1)
        .must_say("no repository, so nothing is compared with git");
}

#[test]
fn a_dirty_work_tree_is_said() {
    let scene = Scene::change("02-update");
    assert_eq!(json_of(&scene).report()["change"]["dirty"], json!([]));
    scene.write("main.tf", "# edited\n");
    scene.write("notes.txt", "not Terraform");
    let run = json_of(&scene).must_end(0);
    assert_eq!(run.report()["change"]["dirty"], json!(["main.tf"]), "{run}");
    scene
        .run(&["--check"])
        .must_end(0)
        .must_say("the work tree differs from the commit under review in main.tf");
}

#[test]
fn what_another_root_module_runs_is_no_finding_of_this_plan() {
    let scene = Scene::repository();
    let copy = |case: &str, to: &str| {
        crate::scene::copy_terraform(&package("testdata/plans").join(case), &scene.path(to));
    };
    copy("08-modules-provisioners", "network");
    copy("02-update/before", "service");
    scene.commit("Before");
    scene.git(&["checkout", "--quiet", "-b", "feat"]);
    copy("02-update", "service");
    scene.commit("After");
    scene.write("service/plan.json", plan("02-update"));
    let run = scene
        .run(&["--check", "-f", "json", "service/plan.json"])
        .must_end(0);
    assert_eq!(
        run.findings_of("no-local-exec"),
        Vec::<Json>::new(),
        "{run}"
    );
}
