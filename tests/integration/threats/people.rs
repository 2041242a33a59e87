//! What the program does for those who sign.

use super::*;

const GROUPS: &str = "
[approval.groups]
security = [\"kim@example.com\"]

[[approval.rules]]
group = \"security\"
policies = [\"no-destroy\"]
";

/// Why nothing can be signed, and how that came about.
type Obstacle = (&'static str, fn(&Scene));

#[test]
fn a_group_is_asked_for_the_findings_of_a_policy() {
    let Some(scene) = stage("04-delete", GROUPS) else {
        return;
    };
    approve(&scene, RAE, "rae", 8).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say(
            "under quorum: 0 of 1 approvals by the group security, which a finding of no-destroy",
        )
        .must_say("ask one of kim@example.com");
    approve(&scene, KIM, "kim", 8).must_end(0);
    scene.run(&["verify"]).must_end(0);
    // Where nothing is destroyed the group is not asked.
    let Some(scene) = stage("02-update", GROUPS) else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene.run(&["verify"]).must_end(0);
}

#[test]
fn one_person_with_two_records_is_one_person() {
    let Some(scene) = stage("02-update", "[approval]\nrequired = 2\n") else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("under quorum: 1 of 2");
    // Neither a name of her own making nor a second key in the list makes two of her.
    on_main(&scene, || {
        let (rae, eve) = (public(&scene, "rae"), public(&scene, "eve"));
        scene.write(
            LIST,
            format!("rae@example.com,ray@example.com {rae}\nrae@example.com {eve}\n"),
        );
    });
    approve(&scene, ("Ray", "ray@example.com"), "rae", 0).must_end(0);
    approve(&scene, RAE, "eve", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("under quorum: 1 of 2");
}

#[test]
fn what_cannot_be_signed_is_not_written_where_the_base_says_who_signs() {
    let Some(stage) = stage("02-update", "") else {
        return;
    };
    let attempts: [Obstacle; 6] = [
        ("git names no SSH key to sign with", |s| {
            s.try_git(&["config", "--global", "--unset", "user.signingkey"]);
        }),
        ("no command is run for that here; name the key", |s| {
            s.try_git(&["config", "--global", "--unset", "user.signingkey"]);
            let marker = s.beside("ran").display().to_string();
            let command = format!("touch {marker}");
            s.git(&["config", "--global", "gpg.ssh.defaultKeyCommand", &command]);
        }),
        ("git signs with OpenPGP here", |s| {
            s.git(&["config", "--global", "gpg.format", "openpgp"]);
        }),
        ("git signs with OpenPGP here", |s| {
            s.git(&["config", "--global", "--unset", "gpg.format"]);
        }),
        ("could not sign", |s| {
            s.git(&["config", "--global", "user.signingkey", "/nowhere/key"]);
        }),
        ("neither an absolute path nor a public key", |s| {
            s.git(&["config", "--global", "user.signingkey", "id_ed25519"]);
        }),
    ];
    for (reason, make) in attempts {
        let scene = stage.copied();
        scene.git(&["config", "--global", "user.signingkey", "~/.ssh/rae"]);
        make(&scene);
        scene.work_as(RAE);
        let run = scene.review(&["--plain"], scene.dialogue(0) + "q\n");
        run.must_end(3)
            .must_say(reason)
            .must_say("nothing was written");
        assert!(!scene.beside("ran").exists());
        scene.run(&["verify"]).must_end(3).must_say("no approval");
    }
}

#[test]
fn without_a_list_a_record_is_written_unsigned_and_says_so() {
    let Some(_) = keygen() else { return };
    let scene = Scene::change("02-update");
    let run = scene
        .approve(0)
        .must_say("not signed: git names no SSH key to sign with");
    run.must_say("git config --global gpg.format ssh");
    scene.run(&["verify"]).must_end(0).must_say("(not signed)");
    // With a key it is signed, and nobody vouches for the key.
    people(&scene);
    std::fs::remove_dir_all(scene.path(".countersign")).unwrap();
    approve(&scene, RAE, "rae", 0)
        .must_end(0)
        .must_say("signed with SHA256:");
    let run = scene.run(&["verify"]).must_end(0).must_say("(not signed)");
    run.must_say("not signed by a known key");
}

#[test]
fn who_signed_is_listed_and_what_was_taken_back_too() {
    let Some(scene) = approved() else { return };
    let key = record(&scene).signatures()[0].keyid.clone();
    for command in ["list", "show"] {
        let run = scene.run(&["approvals", command]).must_end(0);
        run.must_say("Rae Okafor <rae@example.com>")
            .must_say(&format!("signed with {key}"));
    }
    let report = scene
        .run(&["verify", "--format", "json"])
        .must_end(0)
        .report();
    assert_eq!(report["approvals"][0]["key"], *key);
    assert_eq!(report["approvals"][0]["signed"], true);
    let digest = record(&scene).statement_digest().to_string();
    assert_eq!(report["approvals"][0]["digest"], *digest);
    for (word, status) in [("1234", 2), ("not-hex-at-all", 2), ("00000000", 4)] {
        scene.run(&["approvals", "revoke", word]).must_end(status);
    }
    scene
        .run(&["approvals", "revoke", &digest])
        .must_end(0)
        .must_say("binds once this line is in .countersign/revoked");
    scene
        .run(&["approvals", "list"])
        .must_end(0)
        .must_say("revoked");
    // A new review counts again.
    approve(&scene, KIM, "kim", 0).must_end(0);
    scene.run(&["verify"]).must_end(0);
}
