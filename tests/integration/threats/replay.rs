//! Good records where they do not belong: another commit, plan, repository or time, or after they were taken back.

use super::*;

const ATTEMPTS: [Attempt; 20] = [
    ("the note is gone", "no approval", |s| {
        s.git(&["update-ref", "-d", NOTES]);
    }),
    (
        "the record is moved to a later commit",
        "other commit",
        |s| {
            let line = note(s);
            s.write("extra.tf", "resource \"terraform_data\" \"extra\" {}\n");
            s.commit("One thing more");
            put(s, &line);
        },
    ),
    ("the commit is amended", "other commit", |s| {
        let line = note(s);
        s.write("main.tf", format!("{}\n# more\n", s.read("main.tf")));
        s.git(&["add", "--all"]);
        s.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        put(s, &line);
    }),
    (
        "a plan of the same counts does something else",
        "other effect",
        |s| {
            let mut tree: serde_json::Value = serde_json::from_str(&s.read("plan.json")).unwrap();
            tree["resource_changes"][1]["change"]["after"]["input"] = "something else".into();
            s.write_json("plan.json", &tree);
        },
    ),
    ("a fork has the same commits", "other repository", |s| {
        s.git(&[
            "remote",
            "add",
            "origin",
            "https://git.example.com/team/fork.git",
        ]);
        sign_anew(s, "rae", |t| {
            t.repository = Some(countersign::text::Printable::line(
                "git.example.com/team/infra",
            ));
        });
    }),
    ("the base moved under the change", "base moved", |s| {
        let line = note(s);
        let base = s.git(&["rev-parse", "main"]);
        s.git(&["checkout", "--quiet", "main"]);
        s.git(&["commit", "--quiet", "--allow-empty", "-m", "Elsewhere"]);
        s.git(&["checkout", "--quiet", "feat"]);
        s.git(&["rebase", "--quiet", "main"]);
        assert_ne!(base, s.git(&["rev-parse", "main"]));
        put(s, &line);
    }),
    (
        "an old approval after a rollback to the same files",
        "base moved",
        |s| {
            let line = note(s);
            let approved = s.git(&["rev-parse", "HEAD"]);
            s.git(&["branch", "--force", "main", "feat"]);
            s.git(&["checkout", "--quiet", "main"]);
            s.write("main.tf", "# replaced\n");
            s.commit("Another way");
            s.git(&["checkout", "--quiet", "-b", "rollback"]);
            s.git(&["checkout", &approved, "--", "main.tf"]);
            s.commit("Back");
            assert_eq!(
                s.git(&["rev-parse", "HEAD^{tree}"]),
                s.git(&["rev-parse", &format!("{approved}^{{tree}}")])
            );
            put(s, &line);
        },
    ),
    ("the time of the approval is over", "expired", |s| {
        sign_anew(s, "rae", |t| shift(t, -15));
    }),
    ("it was made tomorrow", "from the future", |s| {
        sign_anew(s, "rae", |t| shift(t, 2));
    }),
    (
        "it would hold for a year",
        "malformed: expires is not acceptable",
        |s| {
            sign_anew(s, "rae", |t| {
                t.expires = t
                    .created
                    .checked_add(SignedDuration::from_hours(24 * 365))
                    .unwrap();
            });
        },
    ),
    (
        "the clock is set back to before the base",
        "clock set back: the base was committed at",
        |s| {
            s.git(&["checkout", "--quiet", "main"]);
            let mut command = s.command("git");
            command.env("GIT_COMMITTER_DATE", "2033-01-01T00:00:00Z");
            Run::of(
                command.args(["commit", "--quiet", "--allow-empty", "-m", "Later"]),
                b"",
            )
            .must_end(0);
            s.git(&["checkout", "--quiet", "feat"]);
        },
    ),
    ("the base lists it as taken back", "revoked", |s| {
        let line = revoke(s);
        on_main(s, || s.write(".countersign/revoked", line));
    }),
    ("the note says that it is taken back", "revoked", |s| {
        drop(revoke(s));
    }),
    (
        "the revocation is deleted from the note, and the base lists it",
        "revoked",
        |s| {
            let before = note(s);
            let line = revoke(s);
            on_main(s, || {
                s.write(".countersign/revoked", format!("# incidents\n\n{line}"));
            });
            put(s, &before);
        },
    ),
    (
        "the notes are rewritten to before the revocation, and the base lists it",
        "revoked",
        |s| {
            let tip = s.git(&["rev-parse", NOTES]);
            let line = revoke(s);
            on_main(s, || s.write(".countersign/revoked", line));
            s.git(&["update-ref", NOTES, &tip]);
        },
    ),
    ("what was taken back is signed again", "revoked", |s| {
        let line = revoke(s);
        on_main(s, || s.write(".countersign/revoked", line));
        sign_anew(s, "rae", |_| {});
    }),
    (
        "the change's own tree lacks the list of what was taken back",
        "revoked",
        |s| {
            let line = revoke(s);
            on_main(s, || s.write(".countersign/revoked", line));
            assert!(!s.path(".countersign/revoked").exists());
        },
    ),
    (
        "approvals are suspended",
        "frozen: approvals are suspended: incident 7, ask the platform team",
        |s| {
            on_main(s, || {
                s.write(
                    ".countersign/freeze",
                    "incident 7,\nask the platform team\n",
                );
            });
        },
    ),
    (
        "approvals are suspended without a word",
        "frozen: approvals are suspended: no reason is given.",
        |s| {
            on_main(s, || s.write(".countersign/freeze", ""));
        },
    ),
    (
        "the change's own tree lacks the suspension",
        "frozen",
        |s| {
            on_main(s, || s.write(".countersign/freeze", "incident 7"));
            assert!(!s.path(".countersign/freeze").exists());
        },
    ),
];

/// Rae takes her approval back; gives the line for the base's list.
fn revoke(scene: &Scene) -> String {
    let digest = record(scene).statement_digest().to_string();
    scene.work_as(RAE);
    let run = scene
        .run(&[
            "approvals",
            "revoke",
            &digest[..10],
            "--reason",
            "the wrong plan",
        ])
        .must_end(0);
    scene.work_as(SAM);
    assert!(run.stdout.starts_with(&format!("{digest} # ")), "{run}");
    run.stdout
}

#[test]
fn good_records_in_the_wrong_place_or_time_are_refused() {
    let Some(stage) = approved() else { return };
    refuse_all(&stage, &ATTEMPTS);
}

/// The reason, and how it comes to stand on `main`.
type Hidden = (&'static str, fn(&Scene));

#[test]
fn a_base_older_than_a_revocation_or_a_suspension_does_not_hide_it() {
    let Some(stage) = approved() else { return };
    let attempts: [Hidden; 2] = [
        ("revoked", |s| {
            let line = revoke(s);
            on_main(s, || s.write(".countersign/revoked", line));
            s.git(&["update-ref", "-d", NOTES]);
        }),
        ("frozen", |s| {
            on_main(s, || s.write(".countersign/freeze", "stop."));
        }),
    ];
    for (reason, make) in attempts {
        let scene = stage.copied();
        let old = scene.git(&["rev-parse", "main"]);
        let line = note(&scene);
        make(&scene);
        put(&scene, &line);
        scene
            .run(&["verify", "--base", &old])
            .must_end(3)
            .must_say(reason);
        scene
            .run(&["--check", "--require-approval", "--base", &old])
            .must_end(3)
            .must_say(reason);
    }
}

#[test]
fn a_plan_under_another_name_or_beside_others_is_refused() {
    let Some(scene) = approved() else { return };
    scene.write("other.json", scene.read("plan.json"));
    for plans in [&["other.json"][..], &["plan.json", "other.json"]] {
        let run = scene.run(&[&["verify"], plans].concat());
        run.must_end(3).must_say("other plan");
    }
    let mut tree: serde_json::Value = serde_json::from_str(&scene.read("plan.json")).unwrap();
    tree["timestamp"] = "2031-01-02T03:04:05Z".into();
    scene.write_json("plan.json", &tree);
    scene.run(&["verify"]).must_end(0);
    scene
        .run(&["verify", "--exact"])
        .must_end(3)
        .must_say("other bytes");
}

#[test]
fn a_list_of_what_was_taken_back_that_cannot_be_read_stops_everything() {
    let Some(stage) = approved() else { return };
    for text in ["3f9a1c20\n", "rae's approval\n", "\u{fffd}\n"] {
        let scene = stage.copied();
        on_main(&scene, || scene.write(".countersign/revoked", text));
        scene
            .run(&["verify"])
            .must_end(2)
            .must_say(".countersign/revoked:1:");
    }
}
