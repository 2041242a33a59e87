//! Whose key, in whose name, for what, and who says so.

use super::*;

const ATTEMPTS: [Attempt; 16] = [
    (
        "Eve signs in Rae's name",
        "not authorised: the list of signers does not hold the key",
        |s| {
            sign_anew(s, "eve", |_| {});
        },
    ),
    (
        "Kim signs in Rae's name",
        "not authorised: the list of signers does not let the key",
        |s| {
            sign_anew(s, "kim", |_| {});
        },
    ),
    (
        "Sam, who wrote it, signs in Rae's name",
        "not authorised: the list of signers does not let the key",
        |s| {
            sign_anew(s, "sam", |_| {});
        },
    ),
    (
        "Sam signs in his own name",
        "self-approval: sam@example.com wrote part",
        |s| {
            sign_anew(s, "sam", |t| {
                "sam@example.com".clone_into(&mut t.reviewer.email);
            });
        },
    ),
    (
        "Sam signs in his own name and leaves himself out of the authors",
        "self-approval",
        |s| {
            sign_anew(s, "sam", |t| {
                "SAM@example.com".clone_into(&mut t.reviewer.email);
                t.authors = vec!["other@example.com".to_owned()];
            });
        },
    ),
    (
        "Rae signs for a commit that names her as co-author",
        "self-approval: rae@example.com",
        |s| {
            s.git(&[
                "commit",
                "--quiet",
                "--amend",
                "-m",
                "After\n\nCo-authored-by: R <Rae@Example.com>",
            ]);
            let head = s.git(&["rev-parse", "HEAD"]);
            let before = s.git(&["rev-parse", "HEAD@{1}"]);
            let line = s.git(&["notes", "--ref", NOTES, "show", &before]);
            put(s, &line);
            sign_anew(s, "rae", |t| t.commit = head);
        },
    ),
    (
        "Rae's key made the signature for git",
        "bad signature: it was made for",
        |s| other_namespace(s, "git"),
    ),
    (
        "Rae's key made the signature for files",
        "bad signature: it was made for",
        |s| other_namespace(s, "file"),
    ),
    (
        "Rae's key signed the payload without its type",
        "bad signature",
        |s| {
            let payload = record(s).statement().payload().unwrap();
            let signature = signature(s, "rae", payload.as_bytes());
            put(s, &envelope(&payload, &signature));
        },
    ),
    ("the change adds Eve to the list", "not authorised", |s| {
        s.write(
            LIST,
            format!("{}rae@example.com {}\n", s.read(LIST), public(s, "eve")),
        );
        carry_over(s, "eve");
    }),
    (
        "the repository's settings name another list",
        "not authorised",
        |s| {
            let list = format!("* {}\n", public(s, "eve"));
            std::fs::write(s.beside("home").join("list"), list).unwrap();
            let list = s.beside("home").join("list");
            s.git(&[
                "config",
                "gpg.ssh.allowedSignersFile",
                list.to_str().unwrap(),
            ]);
            sign_anew(s, "eve", |_| {});
        },
    ),
    ("the work tree's list names Eve", "not authorised", |s| {
        s.write(LIST, format!("* {}\n", public(s, "eve")));
        sign_anew(s, "eve", |_| {});
    }),
    ("Rae was taken off the list since", "not authorised", |s| {
        on_main(s, || write_list(s, &["kim", "sam"]));
    }),
    (
        "everybody was taken off the list since",
        "not authorised",
        |s| {
            on_main(s, || s.write(LIST, "# nobody\n"));
        },
    ),
    (
        "Rae's key has a time that is over",
        "not authorised: of the list of signers, line 1 allowed the key until",
        |s| {
            listed(s, "valid-before=\"20200101\"");
        },
    ),
    (
        "Rae's key is for commits only",
        "not authorised: of the list of signers, line 1 allows the key for other",
        |s| {
            listed(s, "namespaces=\"git\"");
        },
    ),
];

fn listed(scene: &Scene, option: &str) {
    let line = format!("rae@example.com {option} {}\n", public(scene, "rae"));
    on_main(scene, || scene.write(LIST, line));
}

fn other_namespace(scene: &Scene, namespace: &str) {
    let statement = record(scene).statement().clone();
    let message = scene.beside("message");
    std::fs::write(&message, statement.pae().unwrap()).unwrap();
    let mut command = scene.command("ssh-keygen");
    command.args(["-Y", "sign", "-n", namespace, "-f"]);
    Run::of(command.arg(key_path(scene, "rae")).arg(&message), b"").must_end(0);
    let armor = std::fs::read_to_string(scene.beside("message.sig")).unwrap();
    let made = countersign::sign::Signature::from_armor(&armor).unwrap();
    let signature = Signature {
        keyid: made.key().fingerprint(),
        sig: made.base64(),
    };
    let made = Record::with_signatures(statement, vec![signature]).unwrap();
    put(scene, made.line());
}

/// Commits, and makes the approval one of the new commit, signed with a key.
fn carry_over(scene: &Scene, key: &str) {
    let line = note(scene);
    let commit = scene.commit("One thing more");
    let tree = scene.git(&["rev-parse", "HEAD^{tree}"]);
    put(scene, &line);
    sign_anew(scene, key, |t| {
        t.commit = commit;
        t.tree = tree;
    });
}

#[test]
fn foreign_signatures_are_refused() {
    let Some(stage) = approved() else { return };
    refuse_all(&stage, &ATTEMPTS);
}

#[test]
fn an_entry_with_an_unknown_option_does_not_count_and_is_told_of() {
    let Some(scene) = approved() else { return };
    listed(&scene, "verify-required");
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("not authorised")
        .must_say(".countersign/allowed_signers:1: the entry does not count: the option \"verify-required\" is not known.");
}

#[test]
fn a_key_that_may_sign_for_everybody_is_the_authors_too() {
    let Some(scene) = approved() else { return };
    on_main(&scene, || {
        scene.write(LIST, format!("*@example.com {}\n", public(&scene, "rae")));
    });
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("self-approval: the key may also sign for sam@example.com");
}

/// A list that is there and cannot be read is not a list that is missing.
#[test]
fn a_list_that_is_no_plain_file_stops_everything() {
    let Some(stage) = approved() else { return };
    let attempts: [fn(&Scene); 3] = [
        |s| {
            s.git(&["rm", "--quiet", "--cached", LIST]);
            std::fs::remove_file(s.path(LIST)).unwrap();
            s.write(&format!("{LIST}/inner"), "x");
        },
        #[cfg(unix)]
        |s| {
            std::fs::remove_file(s.path(LIST)).unwrap();
            std::os::unix::fs::symlink("nowhere", s.path(LIST)).unwrap();
        },
        |s| {
            std::fs::remove_file(s.path(LIST)).unwrap();
            s.write(
                "countersign.toml",
                format!("[approval]\nallowed_signers = \"{LIST}\"\n"),
            );
        },
    ];
    for make in attempts {
        let scene = stage.copied();
        on_main(&scene, || make(&scene));
        scene
            .run(&["verify"])
            .must_end(2)
            .must_say("allowed_signers");
    }
}

/// Settings of the repository are no commands: the change's author may have written them.
#[test]
fn a_program_that_the_repository_names_is_not_run() {
    let Some(scene) = stage("02-update", "") else {
        return;
    };
    let script = scene.beside("evil");
    let marker = scene.beside("ran");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\n", marker.display())).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = script.to_str().unwrap();
    scene.git(&["config", "gpg.ssh.program", script]);
    scene.git(&["config", "gpg.ssh.defaultKeyCommand", script]);
    approve(&scene, RAE, "rae", 0)
        .must_end(0)
        .must_say("signed with SHA256:");
    assert!(!marker.exists());
    scene.run(&["verify"]).must_end(0);
    // What the user sets for all repositories is the user's own.
    scene.git(&["config", "--global", "gpg.ssh.program", script]);
    approve(&scene, KIM, "kim", 0).must_say("could not sign");
    assert!(marker.exists());
}
