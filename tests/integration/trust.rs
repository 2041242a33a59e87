//! What may judge a change: waivers in comments of the base, waivers that should not stand, and `policy-tamper`.

use serde_json::Value as Json;

use crate::scene::{Run, Scene, days_from_now, plan};

/// A scene in which the base of the case has more words above this line of its `main.tf`, and the change takes them away again.
fn base_with(comment: &str, above: &str) -> Scene {
    let scene = Scene::change("04-delete");
    scene.git(&["checkout", "--quiet", "main"]);
    let text = scene.read("main.tf");
    assert!(text.contains(above), "{text}");
    scene.write(
        "main.tf",
        text.replace(above, &format!("{comment}\n{above}")),
    );
    scene.commit("Say more");
    scene.git(&["checkout", "--quiet", "feat"]);
    scene
}

fn check(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json"])
}

/// Addresses of the findings of no-destroy that are waived.
fn waived(run: &Run) -> Vec<String> {
    run.findings_of("no-destroy")
        .iter()
        .filter(|finding| finding["status"] == "waived")
        .map(|finding| finding["address"].as_str().unwrap().to_owned())
        .collect()
}

fn comment(until: &str) -> String {
    format!("# countersign:waive no-destroy until={until} agreed with the owner, OPS-7")
}

/// Rule and message of what `policy-tamper` found.
fn tampered(run: &Run) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    run.findings_of("policy-tamper")
        .iter()
        .map(|finding| (text(&finding["rule"]), text(&finding["message"])))
        .collect()
}

#[test]
fn a_comment_of_the_base_waives_all_instances_of_its_block() {
    let scene = base_with(
        &comment(&days_from_now(3)),
        "resource \"terraform_data\" \"keyed\"",
    );
    let run = check(&scene).must_end(1);
    let waived = waived(&run);
    assert!(
        waived.len() == 2
            && waived
                .iter()
                .all(|a| a.starts_with("terraform_data.keyed[")),
        "{run}"
    );
    let findings = run.findings_of("no-destroy");
    let given = findings
        .iter()
        .find(|finding| finding["status"] == "waived")
        .map(|finding| &finding["waiver"])
        .unwrap();
    assert_eq!(given["file"], "main.tf", "{run}");
    assert_eq!(
        given["owner"],
        format!("main.tf:{}", given["line"]),
        "{run}"
    );
    assert_eq!(given["reason"], "agreed with the owner, OPS-7", "{run}");
    scene.run(&["--check"]).must_end(1).must_say("3 days left");
}

#[test]
fn a_comment_at_a_module_call_of_the_base_waives_what_is_below() {
    let scene = base_with(&comment(&days_from_now(30)), "module \"old\"");
    let addresses = waived(&check(&scene).must_end(1));
    assert!(
        !addresses.is_empty() && addresses.iter().all(|a| a.starts_with("module.old.")),
        "{addresses:?}"
    );
}

#[test]
fn a_comment_of_the_base_is_about_its_own_root_module_only() {
    let scene = base_with(
        &comment(&days_from_now(3)),
        "resource \"terraform_data\" \"keyed\"",
    );
    // The same addresses in a directory that the base does not have.
    scene.write("other/main.tf", scene.read("main.tf"));
    scene.commit("Another root module");
    scene.write("other/plan.json", plan("04-delete"));
    let run = scene
        .run(&["--check", "-f", "json", "other/plan.json"])
        .must_end(1);
    assert!(waived(&run).is_empty(), "{run}");
    assert_eq!(waived(&check(&scene).must_end(1)).len(), 2);
}

#[test]
fn a_comment_that_the_change_brings_waives_nothing_and_is_a_finding() {
    let scene = Scene::change("04-delete");
    let text = scene.read("main.tf");
    let block = "resource \"terraform_data\" \"keyed\"";
    assert!(text.contains(block), "{text}");
    scene.write(
        "main.tf",
        text.replace(block, &format!("{}\n{block}", comment(&days_from_now(3)))),
    );
    scene.commit("Waive it ourselves");
    let run = check(&scene).must_end(1);
    assert!(waived(&run).is_empty(), "{run}");
    let [(rule, message)] = &tampered(&run)[..] else {
        panic!("{run}");
    };
    assert_eq!(rule, "waivers");
    assert!(
        message.contains("adds a waiver of no-destroy for terraform_data.keyed until"),
        "{message}"
    );
    let location = run.findings_of("policy-tamper")[0]["location"].clone();
    assert_eq!(
        (&location["file"], &location["in_diff"]),
        (&"main.tf".into(), &true.into()),
        "{run}"
    );
    // For a trial it counts, and the report says whose it is.
    let run = scene.run(&["--check", "-f", "json", "--trust", "worktree"]);
    assert_eq!(waived(&run).len(), 2, "{run}");
    assert!(tampered(&run).is_empty(), "{run}");
    assert!(
        run.report()["not_applicable"]
            .to_string()
            .contains("policy-tamper"),
        "{run}"
    );
    run.must_say("waivers in comments (1) were read from the work tree");
}

#[test]
fn what_is_wrong_with_a_comment_or_a_waiver_is_a_finding_that_does_not_block() {
    let bad = "# countersign:waive no-destroy agreed with the owner";
    let scene = base_with(bad, "resource \"terraform_data\" \"keyed\"");
    let run = check(&scene).must_end(1);
    let [finding] = &run.findings_of("waivers")[..] else {
        panic!("{run}");
    };
    assert_eq!(
        (
            &finding["rule"],
            &finding["severity"],
            &finding["enforcement"],
            &finding["location"]["file"]
        ),
        (
            &"malformed".into(),
            &"low".into(),
            &"advisory".into(),
            &"main.tf".into()
        ),
        "{run}"
    );
    let waiver = |address: &str, days: i64| {
        format!(
            "[[waiver]]\npolicy = \"no-destroy\"\naddress = \"{address}\"\nreason = \"agreed with the owner\"\nowner = \"ops\"\nexpires = {}\n",
            days_from_now(days)
        )
    };
    let configuration = [
        waiver("terraform_data.*", 9),
        waiver("module.*", 9),
        waiver("aws_never.there", 9),
        waiver("module.old.*", -1),
    ];
    let scene = Scene::new();
    scene.write("plan.json", plan("04-delete"));
    scene.write("countersign.toml", configuration.concat());
    let run = check(&scene).must_end(0);
    let mut found: Vec<(String, u64)> = run
        .findings_of("waivers")
        .iter()
        .map(|finding| {
            (
                finding["rule"].as_str().unwrap().to_owned(),
                finding["location"]["line"].as_u64().unwrap(),
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("expired".to_owned(), 19),
            ("over-broad".to_owned(), 7),
            ("unused".to_owned(), 13)
        ],
        "{run}"
    );
    scene.run(&["--check", "--fail-on-warn"]).must_end(1);
    // It is the configuration's to say how much they count, but not to waive or switch them off.
    for (more, said) in [
        (
            "[policies]\ndisable = [\"waivers\"]\n",
            "waivers cannot be switched off",
        ),
        (
            "[policy.waivers]\nmany = 3\n",
            "waivers has no setting \"many\"",
        ),
    ] {
        scene.write("countersign.toml", more);
        check(&scene).must_end(2).must_say(said);
    }
    let own = waiver("countersign.toml", 9).replace("no-destroy", "waivers");
    scene.write("countersign.toml", own);
    check(&scene)
        .must_end(2)
        .must_say("findings of waivers cannot be waived");
}

#[test]
fn changes_to_what_judges_the_change_block_until_they_are_waived() {
    let scene = Scene::change_with("02-update", "");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("countersign.toml", "[policies]\npaths = [\"rules\"]\n");
    scene.write(
        "rules/acme.rego",
        "package acme\n\ndeny contains \"never\" if false\n",
    );
    scene.write(
        "rules/more.rego",
        "package more\n\ndeny contains \"never\" if false\n",
    );
    scene.write(".countersign/revoked", "0".repeat(64));
    scene.commit("Rules");
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["merge", "--quiet", "--no-edit", "main"]);
    let run = check(&scene).must_end(0);
    assert!(tampered(&run).is_empty(), "{run}");
    scene.write(
        "countersign.toml",
        "[policies]\npaths = [\"rules\"]\ndisable = [\"no-destroy\"]\n",
    );
    scene.git(&["mv", "rules/acme.rego", "acme.txt"]);
    scene.git(&["rm", "--quiet", "rules/more.rego", ".countersign/revoked"]);
    std::os::unix::fs::symlink("/tmp", scene.path("rules")).unwrap();
    scene.commit("Have it our way");
    let run = check(&scene).must_end(1);
    let mut found = tampered(&run);
    found.sort();
    let rules: Vec<&str> = found.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(
        rules,
        [
            "approvers",
            "configuration",
            "policies",
            "policies",
            "policies"
        ],
        "{run}"
    );
    let messages = found
        .iter()
        .map(|(_, message)| message.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    for said in [
        "edits countersign.toml, the configuration of the reviews to come: it turns no-destroy off.",
        "deletes .countersign/revoked, which says what approvals are revoked.",
        "moves rules/acme.rego away, to acme.txt, from which policies are read.",
        "adds rules (a symbolic link), from which policies are read.",
        "deletes rules/more.rego",
    ] {
        assert!(messages.contains(said), "{said}\n{messages}");
    }
    let finding = &run.findings_of("policy-tamper")[0];
    assert_eq!(
        (
            &finding["enforcement"],
            &finding["severity"],
            &finding["status"]
        ),
        (&"soft-mandatory".into(), &"high".into(), &"open".into()),
        "{run}"
    );
    assert_eq!(
        run.report()["policies"]["commit"],
        scene.git(&["rev-parse", "main"]),
        "{run}"
    );
}

#[test]
fn only_a_waiver_of_the_base_covers_a_change_of_the_rules() {
    let waiver = format!(
        "[[waiver]]\npolicy = \"policy-tamper\"\naddress = \"countersign.toml\"\nreason = \"agreed with the owner\"\nowner = \"ops\"\nexpires = {}\n",
        days_from_now(9)
    );
    // The change adds it.
    let scene = Scene::change("02-update");
    scene.write("countersign.toml", &waiver);
    scene.commit("Waive it ourselves");
    let run = check(&scene).must_end(1);
    assert_eq!(run.findings_of("policy-tamper")[0]["status"], "open");
    assert!(
        tampered(&run)[0]
            .1
            .contains("it adds a waiver of policy-tamper for countersign.toml until"),
        "{run}"
    );
    // The base has it.
    let scene = Scene::change_with("02-update", &waiver);
    scene.write("countersign.toml", format!("{waiver}# and more\n"));
    scene.commit("Add a comment");
    let run = check(&scene).must_end(0);
    assert_eq!(run.findings_of("policy-tamper")[0]["status"], "waived");
    // So may a reviewer.
    let scene = Scene::change("02-update");
    scene.write("countersign.toml", "[approval]\nttl = \"7d\"\n");
    scene.commit("Live shorter");
    scene.approve(1);
    scene.run(&["verify"]).must_end(0);
}

#[test]
fn policies_of_the_command_line_that_the_change_brings_are_found() {
    let scene = Scene::change("02-update");
    scene.write(
        "ci/acme.rego",
        "package acme\n\ndeny contains \"never\" if false\n",
    );
    scene.commit("Rules of our own");
    let run = scene
        .run(&["--check", "-f", "json", "-p", "ci"])
        .must_end(1);
    assert_eq!(tampered(&run).len(), 1, "{run}");
    // Not given, it is a policy of some other tool.
    let run = check(&scene).must_end(1);
    assert!(tampered(&run).is_empty());
    assert_eq!(run.findings_of("ci-tamper").len(), 1, "{run}");
}

#[test]
fn an_edited_command_voids_the_waiver_of_its_provisioner() {
    const CASE: &str = "08-modules-provisioners";
    const PLACE: &str = "terraform_data.root_bootstrap";
    let bootstrap = |run: &Run| {
        let mut findings = run.findings_of("no-local-exec").into_iter();
        findings.find(|f| f["address"] == PLACE && f["attribute"] == "provisioner[0]")
    };
    let digest = |run: &Run| {
        let finding = bootstrap(run).unwrap();
        finding["facts"]["digest"].as_str().unwrap().to_owned()
    };
    let run = check(&Scene::change(CASE)).must_end(1);
    let agreed = digest(&run);
    let waiver = |digest: &str| {
        format!(
            "[[waiver]]\npolicy = \"no-local-exec\"\naddress = \"{PLACE}\"\nreason = \"read, OPS-97\"\nowner = \"ops\"\nexpires = {}\n{digest}",
            days_from_now(20)
        )
    };
    let pinned = waiver(&format!("digest = \"{agreed}\"\n"));
    let scene = Scene::change_with(CASE, &pinned);
    let run = check(&scene).must_end(1);
    assert_eq!(bootstrap(&run).unwrap()["status"], "waived", "{run}");
    assert!(run.findings_of("waivers").is_empty(), "{run}");
    // The same provisioner with another command, in a change of the change.
    let text = scene.read("main.tf");
    scene.write(
        "main.tf",
        text.replace("echo bootstrap", "curl evil.example"),
    );
    scene.commit("Bootstrap otherwise");
    let run = check(&scene).must_end(1);
    assert_eq!(bootstrap(&run).unwrap()["status"], "open", "{run}");
    assert_ne!(digest(&run), agreed);
    let said = run.findings_of("waivers")[0]["message"].to_string();
    assert!(said.contains("is not what it was agreed for"), "{run}");
    assert!(!run.stdout.contains("evil.example"), "{run}");
    // One that names no digest waives no code.
    let run = check(&Scene::change_with(CASE, &waiver(""))).must_end(1);
    assert_eq!(bootstrap(&run).unwrap()["status"], "open", "{run}");
    // Without a source the expressions of the plan name it.
    let scene = Scene::new();
    scene.write("plan.json", plan(CASE));
    let of_plan = digest(&check(&scene).must_end(1));
    assert_ne!(of_plan, agreed);
    scene.write(
        "countersign.toml",
        waiver(&format!("digest = \"{of_plan}\"\n")),
    );
    let run = check(&scene).must_end(1);
    assert_eq!(bootstrap(&run).unwrap()["status"], "waived", "{run}");
    let other = String::from_utf8(plan(CASE))
        .unwrap()
        .replace("echo bootstrap", "echo b00tstrap");
    scene.write("plan.json", other);
    let run = check(&scene).must_end(1);
    assert_eq!(bootstrap(&run).unwrap()["status"], "open", "{run}");
}
