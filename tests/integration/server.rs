//! The hook of a bare repository: real pushes to one, judged without a plan by the record, its signature, commit, tree, base and policies.

use crate::scene::{RAE, Run, SAM, Scene};
use crate::threats::{approve, sign_anew, stage, write_list};

const NOTES: &str = "refs/notes/countersign";
const MAIN: &str = "refs/heads/main";

/// The reason why a push stops, and how the record is spoiled.
type Attempt = (&'static str, fn(&Scene));

/// A signed stage whose `main` was pushed to a bare repository, in which the hook then was installed.
fn server(case: &str, configuration: &str) -> Option<Scene> {
    let scene = stage(case, configuration)?;
    let remote = scene.beside("server.git").display().to_string();
    scene.git(&["init", "-q", "--bare", "--initial-branch=main", &remote]);
    scene.git(&["remote", "add", "origin", &remote]);
    scene.git(&["push", "-q", "origin", "main"]);
    scene
        .run(&["hook", "install", "--repo", &remote])
        .must_end(0)
        .must_say("pre-receive: installed at")
        .must_say("pre-receive sees no plan");
    Some(scene)
}

fn at(scene: &Scene, name: &str) -> String {
    scene.git(&["ls-remote", "origin", name])
}

/// The push fails, for this reason, and moves nothing.
#[track_caller]
fn refused(scene: &Scene, push: &[&str], reason: &str) -> Run {
    let before = scene.git(&["ls-remote", "origin"]);
    let run = scene.try_git(&[&["push", "origin"], push].concat());
    assert_ne!(run.status, 0, "{run}");
    assert_eq!(scene.git(&["ls-remote", "origin"]), before, "{run}");
    said(run, reason)
}

/// Git puts `remote:` before each line and may fill it up with spaces.
#[track_caller]
fn said(run: Run, text: &str) -> Run {
    let stderr = run.stderr.replace("remote:", " ");
    Run { stderr, ..run }.must_say(text)
}

#[track_caller]
fn accepted(scene: &Scene, push: &[&str]) -> Run {
    scene
        .try_git(&[&["push", "origin"], push].concat())
        .must_end(0)
}

#[test]
fn only_a_covered_change_reaches_a_protected_branch() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    refused(
        &scene,
        &["feat:main"],
        "no approval: nobody approved this commit",
    );
    // Other branches are free.
    accepted(&scene, &["feat"]);
    approve(&scene, RAE, "rae", 0).must_end(0);
    // The record is not there yet.
    refused(&scene, &["feat:main"], "no approval");
    let run = accepted(&scene, &["feat:main", NOTES]);
    let run = said(run, "is covered by a valid record (signed).");
    said(
        run,
        "Not compared here, as there is no plan: the plan's bytes and effect, its findings",
    );
    assert!(at(&scene, MAIN).starts_with(&scene.git(&["rev-parse", "feat"])));
}

#[test]
fn a_merge_and_a_squash_of_what_was_approved_are_covered() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    accepted(&scene, &[NOTES]);
    scene.git(&["checkout", "-q", "main"]);
    let squash = scene.copied();
    scene.git(&["merge", "-q", "--no-ff", "--no-edit", "feat"]);
    said(accepted(&scene, &["main"]), "is covered by a valid record");
    // The copy still pushes to the first one's server, which has moved on: it gets its own.
    let own = squash.beside("own.git").display().to_string();
    squash.git(&["init", "-q", "--bare", "--initial-branch=main", &own]);
    squash.git(&["remote", "set-url", "origin", &own]);
    squash.git(&["push", "-q", "origin", "main", NOTES]);
    squash.run(&["hook", "install", "--repo", &own]).must_end(0);
    squash.git(&["merge", "-q", "--squash", "feat"]);
    squash.git(&["commit", "-q", "-m", "Squashed"]);
    // The address of the other server stands in the record; a server does not know its own.
    said(accepted(&squash, &["main"]), "is covered by a valid record");
}

#[test]
fn a_record_that_does_not_hold_stops_the_push_with_its_reason() {
    let Some(stage) = server("02-update", "[approval]\nttl = \"7d\"\n") else {
        return;
    };
    approve(&stage, RAE, "rae", 0).must_end(0);
    let attempts: [Attempt; 8] = [
        ("bad signature", |scene| {
            let text = scene.git(&["notes", "--ref", NOTES, "show", "HEAD"]);
            let record = countersign::approval::Record::parse(&text).unwrap();
            let mut statement = record.statement().clone();
            statement.displayed += 1;
            let forged = countersign::approval::Record::with_signatures(
                statement,
                record.signatures().to_vec(),
            );
            put(scene, forged.unwrap().line());
        }),
        ("not authorised", |scene| sign_anew(scene, "eve", |_| {})),
        ("other policies", |scene| {
            sign_anew(scene, "rae", |s| s.policies.digest = s.config);
        }),
        ("other configuration", |scene| {
            sign_anew(scene, "rae", |s| s.config = s.policies.digest);
        }),
        ("self-approval", |scene| {
            sign_anew(scene, "sam", |s| {
                s.reviewer.email = SAM.1.to_owned();
                s.authors.clear();
            });
        }),
        ("expired", |scene| {
            sign_anew(scene, "rae", |s| crate::threats::shift(s, -8));
        }),
        ("other commit", |scene| {
            scene.write("more.tf", "locals {}\n");
            scene.commit("More");
        }),
        ("base moved", |scene| {
            sign_anew(scene, "rae", |s| s.merge_base = Some("1".repeat(40)));
        }),
    ];
    for (reason, make) in attempts {
        let scene = with_own_server(&stage);
        make(&scene);
        refused(&scene, &["feat:main", NOTES], reason);
    }
    said(
        accepted(&with_own_server(&stage), &["feat:main", NOTES]),
        "is covered by a valid record (signed).",
    );
}

fn put(scene: &Scene, text: &str) {
    let file = scene.beside("note");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    scene.git(&[
        "notes", "--ref", NOTES, "add", "--force", "-F", file, "HEAD",
    ]);
}

/// A copy of a stage that pushes to a server of its own.
fn with_own_server(stage: &Scene) -> Scene {
    let scene = stage.copied();
    let remote = scene.beside("server.git").display().to_string();
    scene.git(&["init", "-q", "--bare", "--initial-branch=main", &remote]);
    scene.git(&["remote", "set-url", "origin", &remote]);
    scene.git(&["push", "-q", "origin", "main"]);
    scene
        .run(&["hook", "install", "--repo", &remote])
        .must_end(0);
    scene
}

#[test]
fn quorum_and_groups_are_asked_for_on_the_server() {
    let rules = "[approval]\nrequired = 1\n[approval.groups]\ndata = [\"kim@example.com\"]\n\
                 [[approval.rules]]\ngroup = \"data\"\npolicies = [\"no-destroy\"]\n";
    let Some(scene) = server("04-delete", rules) else {
        return;
    };
    approve(&scene, RAE, "rae", 8).must_end(0);
    refused(
        &scene,
        &["feat:main", NOTES],
        "0 of 1 approvals by the group data, which a finding of no-destroy calls for",
    );
    approve(&scene, SAM, "sam", 8);
    let run = refused(
        &scene,
        &["feat:main", NOTES],
        "0 of 1 approvals by the group data",
    );
    said(
        run,
        "by Sam Rivera <sam@example.com>: self-approval: sam@example.com wrote part",
    );
    approve(&scene, crate::threats::KIM, "kim", 8).must_end(0);
    said(
        accepted(&scene, &["feat:main", NOTES]),
        "2 approvals, all signed",
    );
}

#[test]
fn what_was_approved_or_taken_back_stays_in_the_notes() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    accepted(&scene, &[NOTES]);
    let digest = scene.run(&["approvals", "list"]).must_end(0).stdout[..12].to_owned();
    let with_record = scene.git(&["rev-parse", NOTES]);
    scene.run(&["approvals", "revoke", &digest]).must_end(0);
    accepted(&scene, &[NOTES]);
    refused(
        &scene,
        &["feat:main"],
        "revoked: this approval was taken back",
    );
    let earlier = format!("+{with_record}:{NOTES}");
    refused(
        &scene,
        &[&earlier],
        "would lose lines; records and revocations stay",
    );
    refused(&scene, &[&format!(":{NOTES}")], "deleting it stops here");
    // A new commit of the notes without the line is no way either.
    scene.git(&["notes", "--ref", NOTES, "remove", "HEAD"]);
    refused(&scene, &[NOTES], "would lose lines");
    refused(&scene, &["feat:main", NOTES], "would lose lines");
}

#[test]
fn deletions_steps_back_forced_pushes_and_new_protected_branches_stop() {
    let Some(scene) = server(
        "02-update",
        "[git]\nallowed_refs = [\"refs/heads/main\", \"refs/heads/live/*\"]\n",
    ) else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    accepted(&scene, &["feat:main", NOTES]);
    refused(&scene, &[":main"], "is protected; deleting it stops here");
    refused(&scene, &["+feat^:main"], "would go back to an older commit");
    scene.git(&["checkout", "-q", "-b", "other", "main"]);
    scene.write("other.tf", "locals {}\n");
    scene.commit("Other");
    refused(&scene, &["+other:main"], "would lose commits");
    // What is not protected today may hold anything; what a pattern names is protected from its first push.
    accepted(&scene, &["other:draft"]);
    refused(&scene, &["other:live/one"], "would");
    scene.git(&["checkout", "-q", "-b", "third", "feat"]);
    scene.write("third.tf", "locals {}\n");
    scene.commit("Third");
    refused(&scene, &["third:live/one"], "no approval");
    accepted(&scene, &["feat:live/one"]);
    let tree = scene.git(&["rev-parse", "feat^{tree}"]);
    let run = scene.try_git(&["push", "origin", &format!("{tree}:refs/heads/live/two")]);
    assert_ne!(run.status, 0, "{run}");
}

#[test]
fn rules_in_the_change_do_not_count_on_the_server() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    write_list(&scene, &["rae", "eve"]);
    scene.write(
        "countersign.toml",
        "[git]\nallowed_refs = [\"refs/heads/none\"]\n",
    );
    scene.commit("Make it easy");
    scene.work_as(("Eve Lin", "eve@example.com"));
    approve(&scene, ("Eve Lin", "eve@example.com"), "eve", 0);
    refused(&scene, &["feat:main"], "no approval");
}

#[test]
fn what_decides_about_approvals_concerns_the_server_too() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    scene.git(&["checkout", "-q", "main"]);
    // Words are free, wherever no Terraform reads them.
    scene.git(&["checkout", "-q", "-b", "signer"]);
    write_list(&scene, &["rae", "kim", "sam", "eve"]);
    scene.commit("One more signer");
    refused(&scene, &["signer:main"], "no approval");
    // An alarm waits for nobody.
    scene.git(&["checkout", "-q", "-b", "alarm", "main"]);
    scene.write(".countersign/freeze", "incident 12\n");
    scene.commit("Stop");
    accepted(&scene, &["alarm:main"]);
    approve_on(&scene, "feat", 0);
    accepted(&scene, &[NOTES]);
    refused(&scene, &["+feat:main"], "would lose commits");
    scene.git(&["rebase", "-q", "alarm", "feat"]);
    refused(
        &scene,
        &["feat:main"],
        "frozen: approvals are suspended: incident 12",
    );
    // Its end is approved like any change.
    scene.git(&["checkout", "-q", "-b", "go", "alarm"]);
    std::fs::remove_file(scene.path(".countersign/freeze")).unwrap();
    scene.commit("Go on");
    refused(&scene, &["go:main"], "no approval");
    let changing = scene.read("plan.json");
    let none = serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "complete": true, "errored": false,
        "resource_changes": [], "configuration": {"root_module": {}}
    });
    scene.write_json("plan.json", &none);
    scene.git(&["branch", "-q", "-f", "main", "alarm"]);
    approve_on(&scene, "go", 1);
    accepted(&with_frozen_server(&scene), &["go:main", NOTES]);
    scene.write("plan.json", changing);
    // A list that cannot be read takes more away than approvals.
    scene.git(&["checkout", "-q", "-b", "broken", "alarm"]);
    scene.write(".countersign/revoked", "nonsense\n");
    scene.commit("Broken");
    refused(&scene, &["broken:main"], ".countersign/revoked:1");
}

/// A copy whose server is at the frozen `main` of this one's.
fn with_frozen_server(stage: &Scene) -> Scene {
    let scene = stage.copied();
    let remote = scene.beside("frozen.git").display().to_string();
    scene.git(&["init", "-q", "--bare", "--initial-branch=main", &remote]);
    scene.git(&["remote", "set-url", "origin", &remote]);
    scene.git(&["push", "-q", "origin", "alarm:main"]);
    scene
        .run(&["hook", "install", "--repo", &remote])
        .must_end(0);
    scene
}

fn approve_on(scene: &Scene, branch: &str, waivers: usize) {
    scene.git(&["checkout", "-q", branch]);
    approve(scene, RAE, "rae", waivers).must_end(0);
}

#[test]
fn the_update_hook_asks_the_same() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    let hooks = scene.beside("server.git/hooks");
    std::fs::rename(hooks.join("pre-receive"), hooks.join("pre-receive.off")).unwrap();
    let text = format!(
        "#!/bin/sh\nexec '{}' hook run update \"$@\"\n",
        env!("CARGO_BIN_EXE_countersign")
    );
    std::fs::write(hooks.join("update"), text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(hooks.join("update"), mode).unwrap();
    }
    refused(&scene, &["feat:main"], "no approval");
    approve(&scene, RAE, "rae", 0).must_end(0);
    accepted(&scene, &[NOTES]);
    said(
        accepted(&scene, &["feat:main"]),
        "is covered by a valid record",
    );
    scene
        .run(&["hook", "run", "update", "refs/heads/main"])
        .must_end(2)
        .must_say("exec countersign hook run update");
}

#[test]
fn an_earlier_hook_of_the_server_runs_first() {
    let Some(scene) = server("02-update", "") else {
        return;
    };
    let remote = scene.beside("server.git");
    let path = remote.display().to_string();
    scene
        .run(&["hook", "uninstall", "--repo", &path])
        .must_end(0);
    let hook = remote.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\ncat >seen; exit 7\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    scene
        .run(&["hook", "install", "--repo", &path])
        .must_end(0)
        .must_say("the hook that was there runs first");
    refused(&scene, &["feat"], "pre-receive hook declined");
    let seen = std::fs::read_to_string(remote.join("seen")).unwrap();
    assert!(seen.trim_end().ends_with("refs/heads/feat"), "{seen}");
}

#[test]
fn owners_of_code_and_submodules_concern_the_server_where_no_terraform_is() {
    if crate::threats::keygen().is_none() {
        return;
    }
    let configuration = "[approval]\ncodeowners = \".github/CODEOWNERS\"\n[approval.groups]\nx = [\"rae@example.com\"]\n";
    let scene = Scene::change_prepared("02-update", configuration, |scene| {
        crate::threats::people(scene);
        scene.write(".github/CODEOWNERS", "* @x\n");
    });
    // All Terraform is in a directory, so that other files are free.
    scene.git(&["checkout", "-q", "main"]);
    std::fs::create_dir(scene.path("live")).unwrap();
    scene.git(&["mv", "main.tf", "live/main.tf"]);
    scene.write("README.md", "words\n");
    scene.commit("Apart");
    let scene = with_own_server(&with_remote(scene));
    let branch = |name: &str, work: &dyn Fn()| {
        scene.git(&["checkout", "-q", "-B", name, "main"]);
        work();
        scene.commit(name);
    };
    branch("owners", &|| {
        scene.write(".github/CODEOWNERS", "* sam@example.com\n");
    });
    refused(&scene, &["owners:main"], "no approval");
    scene.git(&["checkout", "-q", "-B", "module", "main"]);
    let entry = format!("160000,{},vendor/network", "1".repeat(40));
    scene.git(&["update-index", "--add", "--cacheinfo", &entry]);
    scene.git(&["commit", "-q", "-m", "Another version of a module"]);
    refused(&scene, &["module:main"], "no approval");
    scene.git(&["checkout", "-q", "-f", "main"]);
    branch("words", &|| {
        scene.write("README.md", "more words\n");
    });
    accepted(&scene, &["words:main"]);
}

fn with_remote(scene: Scene) -> Scene {
    scene.git(&["remote", "add", "origin", "nowhere"]);
    scene
}
