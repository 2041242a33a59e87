//! The policies about the git change, in repositories: what each finds, what none of them minds, and that one thing is said once.

use serde_json::Value as Json;

use crate::scene::{Run, Scene, days_from_now, plan};

const MAIN: &str = "terraform {\n  backend \"local\" {\n    path = \"a.state\"\n  }\n}\n\nresource \"terraform_data\" \"a\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n";
const LOCK: &str = "provider \"registry.terraform.io/hashicorp/random\" {\n  version = \"3.6.0\"\n  hashes = [\n    \"h1:one=\",\n    \"zh:two\",\n  ]\n}\n";
/// Put together, so that no scanner takes this file for a leak.
const TOKEN: [&str; 2] = ["ghp_", "Zq9rKgGp1kEmAhOmCUJYBNOHYIGFGX2m8Yab"];

/// A repository on the branch `feat`, where nothing is changed yet, with a plan that no policy minds.
fn scene(configuration: &str) -> Scene {
    let scene = Scene::repository();
    scene.write(".gitignore", "plan.json\nother.json\n");
    scene.write("main.tf", MAIN);
    scene.write(".terraform.lock.hcl", LOCK);
    scene.write(".github/workflows/plan.yml", "on: pull_request\n");
    scene.write(
        "rules/mine.rego",
        "package mine\n\ndeny contains \"x\" if false\n",
    );
    scene.write("countersign.toml", configuration);
    scene.commit("Before");
    scene.git(&["checkout", "--quiet", "-b", "feat"]);
    scene.write("plan.json", plan("18-no-changes"));
    scene
}

fn check(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json"])
}

/// Policy and subject (the address where there is one) of all findings, sorted.
fn found(run: &Run) -> Vec<(String, String)> {
    let report = run.report();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let subject = ["subject", "address"].map(|key| text(&finding[key]));
            (text(&finding["policy"]), subject.concat())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn an_ordinary_change_passes_without_a_word() {
    let scene = scene("");
    scene.write(
        "main.tf",
        format!("{MAIN}\nresource \"terraform_data\" \"b\" {{}}\n"),
    );
    scene.write(
        "modules/new/main.tf",
        "resource \"terraform_data\" \"c\" {}\n",
    );
    scene.write(
        "README.md",
        "See [the plan](docs/plan.md). Run `terraform plan -out=tfplan`.\n",
    );
    scene.commit("Add things");
    let run = check(&scene).must_end(0);
    // The plan is of another commit.
    let planless = [("unplanned-hunk".to_owned(), "terraform_data.b".to_owned())];
    assert_eq!(found(&run), planless, "{run}");
}

#[test]
fn every_policy_about_the_change_fires() {
    let scene = scene("");
    scene.git(&["mv", ".github/workflows/plan.yml", "notes.txt"]);
    scene.write(".terraform.lock.hcl", LOCK.replace("one", "other"));
    scene.write(
        "main.tf",
        MAIN.replace("a.state", "b.state").replace("true", "false"),
    );
    scene.write("out/state.json", "{\"version\": 4, \"terraform_version\": \"1.11.4\",\n \"serial\": 1,\n \"lineage\": \"x\"}\n");
    scene.write(
        "secret.auto.tfvars",
        format!("token = \"{}\"\n", TOKEN.concat()),
    );
    scene.commit("Change what counts");
    let run = check(&scene).must_end(1).must_not_say(&TOKEN.concat());
    let expected = [
        ("backend-change", "main.tf"),
        ("ci-tamper", ".github/workflows/plan.yml"),
        ("hardcoded-secret", "secret.auto.tfvars"),
        ("lockfile-integrity", ".terraform.lock.hcl"),
        ("plan-committed", "out/state.json"),
        ("prevent-destroy-removed", "terraform_data.a"),
    ]
    .map(|(policy, subject)| (policy.to_owned(), subject.to_owned()));
    assert_eq!(found(&run), expected, "{run}");
}

#[test]
fn a_deleted_lock_file_and_links_are_found() {
    let scene = scene("");
    scene.git(&["rm", "--quiet", ".terraform.lock.hcl"]);
    scene.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &link(&scene, "../ci", ".circleci"),
    ]);
    scene.git(&["commit", "--quiet", "-m", "Take the lock away"]);
    let run = check(&scene).must_end(1);
    let messages: Vec<String> = ["ci-tamper", "lockfile-integrity"]
        .iter()
        .flat_map(|policy| run.findings_of(policy))
        .map(|finding| finding["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        messages,
        [
            "This change adds .circleci (a symbolic link), which decides what CI runs.",
            "The lock file of the top directory is gone, and its configuration is still there: any package of its providers is accepted.",
        ],
        "{run}"
    );
}

/// What `update-index --cacheinfo` takes for a symbolic link, also where the file system has none.
fn link(scene: &Scene, target: &str, path: &str) -> String {
    scene.write("other.json", target);
    let id = scene.git(&["hash-object", "-w", "other.json"]);
    format!("120000,{id},{path}")
}

#[test]
fn several_plans_do_not_repeat_what_is_found_in_the_change() {
    let scene = scene("");
    scene.write(".github/workflows/plan.yml", "on: push\n");
    scene.commit("Change the workflow");
    scene.write("other.json", plan("18-no-changes"));
    let run = scene
        .run(&["--check", "-f", "json", "plan.json", "other.json"])
        .must_end(1);
    assert_eq!(run.findings_of("ci-tamper").len(), 1, "{run}");
}

#[test]
fn what_policy_tamper_reports_is_not_reported_twice() {
    let scene = scene("[policies]\npaths = [\"rules\"]\n");
    scene.write(
        "rules/mine.rego",
        "package mine\n\ndeny contains \"y\" if false\n",
    );
    scene.write("elsewhere/other.rego", "package other\n");
    scene.commit("Change a policy");
    let run = check(&scene).must_end(1);
    let expected = [
        ("ci-tamper", "elsewhere/other.rego"),
        ("policy-tamper", "rules/mine.rego"),
    ]
    .map(|(policy, subject)| (policy.to_owned(), subject.to_owned()));
    assert_eq!(found(&run), expected, "{run}");
}

#[test]
fn a_waiver_names_the_file_that_a_finding_is_about() {
    let scene = scene(&format!(
        "[[waiver]]\npolicy = \"ci-tamper\"\naddress = \".github/workflows/plan.yml\"\nreason = \"agreed with the owner, OPS-7\"\nowner = \"platform team\"\nexpires = {}\n",
        days_from_now(3)
    ));
    scene.write(".github/workflows/plan.yml", "on: push\n");
    scene.commit("Change the workflow");
    let run = check(&scene).must_end(0);
    assert_eq!(run.findings_of("ci-tamper")[0]["status"], "waived", "{run}");
    assert_eq!(run.findings_of("waivers").len(), 0, "{run}");
}

#[test]
fn a_commit_that_the_base_left_behind_is_a_step_back() {
    let scene = scene("");
    scene.git(&["checkout", "--quiet", "main"]);
    let run = check(&scene).must_end(0);
    assert_eq!(run.findings_of("rollback-guard").len(), 0, "{run}");
    scene.write("new.tf", "");
    scene.commit("Go on");
    scene.git(&["checkout", "--quiet", "HEAD~1"]);
    let run = check(&scene).must_end(1);
    assert_eq!(
        run.findings_of("rollback-guard")[0]["message"],
        "The commit is 1 commit behind refs/heads/main: applying its plan takes back what those changed.",
        "{run}"
    );
}

#[test]
fn a_branch_that_is_behind_is_only_advised() {
    let scene = scene("[policy.base-fresh]\nmax_commits = 0\n");
    scene.write("a.txt", "a\n");
    scene.commit("Work");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("b.txt", "b\n");
    scene.commit("Go on");
    scene.git(&["checkout", "--quiet", "feat"]);
    let run = check(&scene).must_end(0);
    let findings = run.findings_of("base-fresh");
    assert_eq!(findings.len(), 1, "{run}");
    assert_eq!(findings[0]["enforcement"], "advisory", "{run}");
    assert_eq!(findings[0]["facts"]["behind"], 1, "{run}");
}

#[test]
fn what_is_off_without_settings_says_so() {
    let quiet = scene("");
    quiet.write("a.txt", "a\n");
    quiet.commit("Work");
    let run = check(&quiet).must_end(0);
    let told = run.report()["not_applicable"].clone();
    let ids: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["policy"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        ["allowed-refs", "allowed-repos", "plan-proof"],
        "{run}"
    );

    let strict = scene(
        "[policy.allowed-refs]\nrefs = [\"refs/heads/release\"]\n\n[policy.allowed-repos]\nrepos = [\"example.com/acme/infra\"]\n",
    );
    strict.git(&[
        "remote",
        "add",
        "origin",
        "https://user:secret@Example.com/eve/infra.git",
    ]);
    strict.write("a.txt", "a\n");
    strict.commit("Work");
    let run = check(&strict).must_end(1).must_not_say("user:secret");
    let expected = [
        ("allowed-refs", "refs/heads/main"),
        ("allowed-repos", "example.com/eve/infra"),
    ]
    .map(|(policy, subject)| (policy.to_owned(), subject.to_owned()));
    assert_eq!(found(&run), expected, "{run}");
}

#[test]
fn outside_a_repository_the_policies_about_the_change_are_not_applicable() {
    let scene = Scene::new();
    scene.write("plan.json", plan("18-no-changes"));
    let run = scene
        .run(&["--check", "-f", "json", "plan.json"])
        .must_end(0);
    let told = run.report()["not_applicable"].clone();
    for id in crate::policies::OF_CHANGES {
        let plan_side = id == "ci-tamper";
        assert_eq!(
            told.as_array()
                .unwrap()
                .iter()
                .any(|entry| entry["policy"] == id),
            !plan_side,
            "{id}\n{run}"
        );
    }
    assert!(
        run.report()["not_looked_at"]
            .to_string()
            .contains("ci-tamper saw no git change"),
        "{run}"
    );
}

#[test]
fn a_secret_that_only_the_code_holds_is_in_no_report() {
    let scene = scene("");
    let secret = ["Zq8vT3m", "Kx1Lw9RbN4c"].concat();
    let code = format!(
        "locals {{\n  db_password = \"{secret}\"\n}}\n\nresource \"terraform_data\" \"a\" {{\n  input = {{\n    api-token = upper(\"{secret}\")\n  }}\n}}\n"
    );
    scene.write("main.tf", code);
    scene.commit("After");
    let mut found = 0;
    for format in [
        "human", "json", "sarif", "junit", "github", "gitlab", "markdown", "html",
    ] {
        let run = scene.run(&["--check", "-v", "--base", "main", "-f", format, "plan.json"]);
        found += usize::from(run.says("hardcoded-secret"));
        run.must_not_say(&secret);
    }
    assert_eq!(found, 8);
}
