//! `countersign.toml`: every mistake at once with its line, what the keys switch, and whose copy of the file counts.
//!
//! Configuration and waivers are read from the base commit. What the change under review does to them is for the next change.

use crate::scene::{Run, Scene, days_from_now, plan};

/// A scene outside any repository with the plan that deletes eight objects.
fn outside(configuration: &str) -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan("04-delete"));
    scene.write("countersign.toml", configuration);
    scene
}

fn check(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json", "plan.json"])
}

/// A waiver of the addresses that match.
fn waiver(address: &str, expires: &str) -> String {
    format!(
        "[[waiver]]\npolicy = \"no-destroy\"\naddress = '{address}'\nreason = \"agreed with the owner, OPS-7\"\nowner = \"platform team\"\nexpires = {expires}\n"
    )
}

fn count(run: &Run, status: &str) -> usize {
    run.findings_of("no-destroy")
        .iter()
        .filter(|finding| finding["status"] == status)
        .count()
}

#[test]
fn every_mistake_is_reported_at_once_with_its_line() {
    let scene = outside(
        "[plan]\npath = [\"plan.json\"]\n\n[policies]\ntimeout = \"1h\"\ndisable = \"no-destroy\"\n\n[polices]\n\n[approval]\nttl = \"90d\"\nrequired = 0\n",
    );
    let run = scene.run(&["--check"]).must_end(2);
    assert!(run.stdout.is_empty(), "{run}");
    let run = run.must_say("countersign.toml has 6 problems.");
    let run =
        run.must_say("countersign.toml:2: [plan] has no key \"path\" (did you mean \"paths\"?).");
    let run = run
        .must_say("countersign.toml:5: \"timeout\" must be between")
        .must_say("countersign.toml:6: ");
    let run = run
        .must_say("countersign.toml:8: there is no table [polices] (did you mean \"policies\"?).");
    run.must_say("countersign.toml:11: \"ttl\" must be")
        .must_say("countersign.toml:12: \"required\" must be")
        .must_say("hint: ");
}

#[test]
fn a_configuration_that_cannot_be_parsed_is_reported_with_its_line() {
    let run = outside("[plan]\npaths = [\n")
        .run(&["--check", "-f", "json"])
        .must_end(2);
    assert_eq!(run.report()["verdict"]["status"], "usage", "{run}");
    run.must_say("countersign.toml:");
    outside("").run(&["--check"]).must_end(1);
    let scene = outside("");
    scene.write("countersign.toml", b"[plan]\n# \xff\n");
    scene.run(&["--check"]).must_end(2).must_say("is not UTF-8");
}

#[test]
fn policies_and_settings_that_do_not_exist_are_mistakes() {
    for (configuration, said) in [
        (
            "[policy.no-destory]\nenforcement = \"advisory\"\n",
            "countersign.toml:2: there is no policy \"no-destory\" (did you mean \"no-destroy\"?).",
        ),
        (
            "[policies]\ndisable = [\"no-destory\"]\n",
            "countersign.toml:2: there is no policy \"no-destory\"",
        ),
        (
            "[policy.no-destroy]\nignored = []\n",
            "countersign.toml:2: no-destroy has no setting \"ignored\"",
        ),
        (
            "[policy.no-destroy]\nenforcement = \"hard\"\n",
            "countersign.toml:2: \"enforcement\" must be one of",
        ),
        (
            "\n[[waiver]]\npolicy = \"no-destory\"\naddress = \"a.b\"\nreason = \"agreed with the owner\"\nowner = \"ops\"\nexpires = 2099-01-01\n",
            "countersign.toml:2: there is no policy \"no-destory\"",
        ),
    ] {
        outside(configuration)
            .run(&["--check"])
            .must_end(2)
            .must_say(said);
    }
}

#[test]
fn waivers_without_bounds_are_mistakes() {
    for (from, to, said) in [
        (
            "reason = \"agreed with the owner, OPS-7\"\n",
            "",
            "this waiver has no \"reason\"",
        ),
        (
            "owner = \"platform team\"\n",
            "",
            "this waiver has no \"owner\"",
        ),
        (
            "expires = 2099-01-01\n",
            "",
            "this waiver has no \"expires\"",
        ),
        (
            "expires = 2099-01-01",
            "expires = \"next week\"",
            "this waiver has no \"expires\"",
        ),
        (
            "agreed with the owner, OPS-7",
            "ok",
            "a reason of at least 10 characters",
        ),
        (
            "address = 'terraform_data.dropped'",
            "address = '*'",
            "covers every resource",
        ),
        (
            "address = 'terraform_data.dropped'\n",
            "",
            "this waiver has no \"address\"",
        ),
    ] {
        let good = waiver("terraform_data.dropped", "2099-01-01");
        let bad = good.replace(from, to);
        assert_ne!(good, bad);
        outside(&bad)
            .run(&["--check"])
            .must_end(2)
            .must_say("countersign.toml:1: ")
            .must_say(said);
    }
}

#[test]
fn a_waiver_covers_its_addresses_until_its_last_day() {
    for expires in [days_from_now(0), days_from_now(30)] {
        let run = check(&outside(&waiver("terraform_data.keyed[\"*\"]", &expires))).must_end(1);
        assert_eq!(
            (count(&run, "waived"), count(&run, "open")),
            (2, 6),
            "{run}"
        );
        let finding = run
            .findings_of("no-destroy")
            .into_iter()
            .find(|finding| finding["status"] == "waived")
            .unwrap();
        assert_eq!(finding["waiver"]["owner"], "platform team", "{run}");
        assert_eq!(finding["waiver"]["line"], 1, "{run}");
    }
    let all = [
        waiver("terraform_data.*", &days_from_now(3)),
        waiver("module.*", &days_from_now(3)),
    ]
    .concat();
    let run = check(&outside(&all)).must_end(0);
    assert_eq!(count(&run, "waived"), 8, "{run}");
}

#[test]
fn brackets_of_a_waiver_are_instance_keys() {
    let run = check(&outside(&waiver(
        "terraform_data.counted[12]",
        &days_from_now(3),
    )))
    .must_end(1);
    assert_eq!(count(&run, "waived"), 0, "{run}");
    let run = check(&outside(&waiver(
        "terraform_data.counted[1]",
        &days_from_now(3),
    )))
    .must_end(1);
    assert_eq!(count(&run, "waived"), 1, "{run}");
}

#[test]
fn expired_and_unused_waivers_are_said() {
    let expired = waiver("terraform_data.dropped", &days_from_now(-1));
    let run = check(&outside(&expired)).must_end(1);
    assert_eq!(count(&run, "open"), 8, "{run}");
    outside(&expired)
        .run(&["--check"])
        .must_end(1)
        .must_say("is over; remove it")
        .must_say("countersign.toml:1");
    let unused = waiver("terraform_data.never_there", &days_from_now(9));
    outside(&unused)
        .run(&["--check"])
        .must_end(1)
        .must_say("covers no finding; remove it")
        .must_say("countersign.toml:1");
}

#[test]
fn a_hard_mandatory_finding_cannot_be_waived() {
    let configuration = format!(
        "[policy.no-destroy]\nenforcement = \"hard-mandatory\"\n{}",
        waiver("terraform_data.*", &days_from_now(9))
    );
    let run = check(&outside(&configuration)).must_end(1);
    assert_eq!(count(&run, "open"), 8, "{run}");
    assert!(
        run.report()["verdict"]["reasons"]
            .to_string()
            .contains("8 hard-mandatory findings are open"),
        "{run}"
    );
}

#[test]
fn levels_are_the_configurations_to_set() {
    let run = check(&outside(
        "[policy.no-destroy]\nenforcement = \"advisory\"\nseverity = \"info\"\n",
    ))
    .must_end(0);
    let finding = &run.findings_of("no-destroy")[0];
    assert_eq!(
        (&finding["enforcement"], &finding["severity"]),
        (&"advisory".into(), &"info".into()),
        "{run}"
    );
    let run = check(&outside("[policies]\ndisable = [\"no-destroy\"]\n")).must_end(0);
    assert_eq!(
        (
            run.findings_of("no-destroy").len(),
            &run.report()["policies"]["packages"]
        ),
        (0, &10.into()),
        "{run}"
    );
}

#[test]
fn with_every_policy_switched_off_nothing_passes() {
    let ids = [
        "any-ref-role",
        "approved-providers",
        "deny-guard-removed",
        "exec-grant",
        "no-delete-grants",
        "no-destroy",
        "no-local-exec",
        "no-static-credentials",
        "read-only-principals",
        "state-bucket-read-only",
        "wildcard-grant",
    ];
    let off = format!("[policies]\ndisable = {ids:?}\n");
    check(&outside(&off))
        .must_end(5)
        .must_say("no policy rule was evaluated");
}

#[test]
fn findings_of_unknown_truth_block_unless_switched() {
    let rule = "package acme\n\ndeny contains {\"msg\": \"who knows\", \"certainty\": \"unknown\"} if true\n";
    for (configuration, status) in [
        ("[policies]\npaths = [\"rules\"]\n", 1),
        (
            "[policies]\npaths = [\"rules\"]\non_unknown = \"warn\"\n",
            0,
        ),
    ] {
        let scene = outside(configuration);
        scene.write("plan.json", plan("02-update"));
        scene.write("rules/acme.rego", rule);
        let run = check(&scene).must_end(status);
        assert_eq!(run.findings_of("acme")[0]["status"], "open", "{run}");
    }
}

#[test]
fn plans_are_looked_for_where_the_configuration_says() {
    let scene = outside("[plan]\npaths = [\"out/a.json\", \"out/b.json\"]\n");
    scene
        .run(&["--check"])
        .must_end(2)
        .must_say("there is none of out/a.json, out/b.json");
    scene.write("out/b.json", plan("02-update"));
    let run = scene.run(&["--check", "-f", "json"]).must_end(0);
    assert_eq!(run.report()["plans"][0]["path"], "out/b.json", "{run}");
}

#[test]
fn a_waiver_in_the_change_does_not_count_for_it() {
    let scene = Scene::change("04-delete");
    scene.write(
        "countersign.toml",
        [
            waiver("terraform_data.*", &days_from_now(9)),
            waiver("module.*", &days_from_now(9)),
        ]
        .concat(),
    );
    // Neither in the work tree nor committed.
    for _ in 0..2 {
        let run = scene.run(&["--check", "-f", "json"]).must_end(1);
        assert_eq!(
            (count(&run, "open"), &run.report()["policies"]["trust"]),
            (8, &"base".into()),
            "{run}"
        );
        scene.commit("Waive it ourselves");
    }
    // For a trial it does, and the verdict says whose it is.
    let run = scene
        .run(&["--check", "-f", "json", "--trust", "worktree"])
        .must_end(0);
    assert_eq!(
        (count(&run, "waived"), &run.report()["policies"]["trust"]),
        (8, &"worktree".into()),
        "{run}"
    );
    scene
        .run(&["--check", "--trust", "worktree"])
        .must_end(0)
        .must_say("from the work tree, which the change under review can edit");
}

#[test]
fn a_waiver_of_the_base_counts() {
    let scene = Scene::change_with(
        "04-delete",
        &[
            waiver("terraform_data.*", &days_from_now(9)),
            waiver("module.*", &days_from_now(9)),
        ]
        .concat(),
    );
    let run = scene.run(&["--check", "-f", "json"]).must_end(0);
    assert_eq!(count(&run, "waived"), 8, "{run}");
    // Taking it back in the change changes nothing yet either, but it is a change of the rules.
    scene.write("countersign.toml", "");
    scene.commit("Take it back");
    let run = scene.run(&["--check", "-f", "json"]).must_end(1);
    assert_eq!(count(&run, "waived"), 8, "{run}");
    assert_eq!(run.findings_of("policy-tamper").len(), 1, "{run}");
}

#[test]
fn policies_are_the_bases_too() {
    let scene = Scene::change_with("02-update", "[policies]\npaths = [\"rules\"]\n");
    // The base names a directory that it does not have.
    scene
        .run(&["--check"])
        .must_end(5)
        .must_say("There is no policy in rules at the trusted commit.");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write(
        "rules/acme.rego",
        "package acme\n\ndeny contains \"never\" if true\n",
    );
    scene.commit("Rules");
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["merge", "--quiet", "--no-edit", "main"]);
    scene.write(
        "rules/acme.rego",
        "package acme\n\ndeny contains \"never\" if false\n",
    );
    scene.commit("Soften the rule");
    let run = scene.run(&["--check", "-f", "json"]).must_end(1);
    assert_eq!(run.findings_of("acme").len(), 1, "{run}");
    scene.run(&["--check", "--trust", "worktree"]).must_end(0);
}

#[test]
fn a_broken_configuration_of_the_base_is_a_mistake_of_the_base() {
    let scene = Scene::change_with("02-update", "[nonsense]\n");
    let run = scene
        .run(&["--check"])
        .must_end(2)
        .must_say("countersign.toml:1: there is no table [nonsense]");
    run.must_say("the base commit");
    // One that only the change breaks does not stop the change from being judged.
    let scene = Scene::change("02-update");
    scene.write("countersign.toml", "[nonsense]\n");
    scene.commit("Break it");
    scene
        .run(&["--check"])
        .must_end(1)
        .must_say("policy-tamper")
        .must_say("it cannot be read there, line 1: there is no table [nonsense]");
}

#[test]
fn what_providers_are_approved_is_the_configurations_to_say() {
    let scene = outside(
        "[policy.approved-providers]\nallow = [\"hashicorp/*\", \"terraform.io/builtin/terraform\", \"app.terraform.io/acme/*\", \"evil/aws\", \"hashicorpp/aws\"]\n",
    );
    scene.write("plan.json", plan("27-providers"));
    let run = check(&scene).must_end(1);
    assert!(
        run.findings_of("approved-providers")
            .iter()
            .all(|finding| finding["rule"] == "warn"),
        "{run}"
    );
    scene.write("countersign.toml", "");
    let denied = check(&scene).must_end(1).findings_of("approved-providers");
    let subjects: Vec<_> = denied
        .iter()
        .filter(|finding| finding["rule"] == "deny")
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    assert_eq!(
        subjects,
        [
            "registry.terraform.io/hashicorpp/aws",
            "app.terraform.io/acme/aws",
            "registry.terraform.io/evil/aws"
        ]
    );
}
