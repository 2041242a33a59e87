//! Merges, objects and references that are other than they seem, and notes that are no notes.

use super::*;

/// On the stage that Rae approved.
const ATTEMPTS: [Attempt; 9] = [
    (
        "git is told to show the approved commit in place of another",
        "other commit",
        |s| {
            let (good, line) = (s.git(&["rev-parse", "HEAD"]), note(s));
            s.write("more.tf", "resource \"terraform_data\" \"more\" {}\n");
            let bad = s.commit("More");
            put(s, &line);
            s.git(&["replace", &bad, &good]);
            assert!(
                !s.git(&["ls-tree", "--name-only", "HEAD"])
                    .contains("more.tf")
            );
        },
    ),
    ("the notes are a tag's name for a text", "reading", |s| {
        let blob = s.git(&["hash-object", "-w", "plan.json"]);
        s.git(&["update-ref", NOTES, &blob]);
    }),
    ("the notes are another branch", "no approval", |s| {
        s.git(&["symbolic-ref", NOTES, "refs/heads/main"]);
    }),
    (
        "the record stands in a directory of the notes' tree",
        "no approval",
        |s| {
            let line = note(s);
            let file = s.beside("record");
            std::fs::write(&file, line).unwrap();
            let blob = s.git(&["hash-object", "-w", file.to_str().unwrap()]);
            let head = s.git(&["rev-parse", "HEAD"]);
            s.git(&["update-ref", "-d", NOTES]);
            s.git(&["read-tree", "--empty"]);
            let entry = format!("100644,{blob},records/{head}");
            s.git(&["update-index", "--add", "--cacheinfo", &entry]);
            let tree = s.git(&["write-tree"]);
            let commit = s.git(&["commit-tree", "-m", "notes", &tree]);
            s.git(&["update-ref", NOTES, &commit]);
            s.git(&["reset", "--quiet"]);
        },
    ),
    (
        "the revocation stands where another program would not look",
        "revoked",
        |s| {
            let line = note(s);
            let digest = record(s).statement_digest().to_string();
            s.git(&["checkout", "--quiet", "feat"]);
            s.run(&["approvals", "revoke", &digest]).must_end(0);
            let whole = note(s);
            let file = s.beside("revocation");
            let other: Vec<&str> = whole.lines().filter(|l| *l != line.trim()).collect();
            std::fs::write(&file, other.join("\n")).unwrap();
            let revocation = s.git(&["hash-object", "-w", file.to_str().unwrap()]);
            std::fs::write(&file, line).unwrap();
            let approval = s.git(&["hash-object", "-w", file.to_str().unwrap()]);
            let head = s.git(&["rev-parse", "HEAD"]);
            // The same commit twice: by its whole name, and below two digits.
            s.git(&["read-tree", "--empty"]);
            for (blob, path) in [
                (approval, head.clone()),
                (revocation, format!("{}/{}", &head[..2], &head[2..])),
            ] {
                let entry = format!("100644,{blob},{path}");
                s.git(&["update-index", "--add", "--cacheinfo", &entry]);
            }
            let tree = s.git(&["write-tree"]);
            let commit = s.git(&["commit-tree", "-m", "notes", &tree]);
            s.git(&["update-ref", NOTES, &commit]);
            s.git(&["reset", "--quiet"]);
        },
    ),
    (
        "the record says that the change has no authors, and Sam is its reviewer with a letter that only looks like his",
        "not authorised",
        |s| {
            sign_anew(s, "sam", |t| {
                "s\u{430}m@example.com".clone_into(&mut t.reviewer.email);
                t.authors.clear();
            });
        },
    ),
    ("the reviewer's name hides a line", "malformed", |s| {
        sign_text(s, |text| text.replace("Rae Okafor", "Rae\\u001b[2K Okafor"));
    }),
    (
        "the record is of a later version of the predicate",
        "malformed: the predicate type is",
        |s| {
            sign_text(s, |text| text.replace("approval:v1", "approval:v2"));
        },
    ),
    (
        "a notice of use is signed and offered as an approval",
        "no approval",
        |s| {
            let record = record(s);
            let uses = countersign::approval::Spending::of(
                std::slice::from_ref(&record),
                "Rae",
                jiff::Timestamp::now(),
            );
            put(s, &uses.unwrap().line().unwrap());
        },
    ),
];

#[test]
fn objects_and_references_that_are_not_what_they_seem_are_refused() {
    let Some(stage) = approved() else { return };
    for attempt in ATTEMPTS {
        if attempt.1 == "reading" {
            let scene = stage.copied();
            attempt.2(&scene);
            let run = scene.run(&["verify"]);
            assert_ne!(run.status, 0, "{}\n{run}", attempt.0);
            run.must_say("refs/notes/countersign");
        } else {
            refuse_all(&stage, &[attempt]);
        }
    }
}

/// Sam merges what Kim wrote, puts more into the merge, and says in his record that only Kim wrote it.
#[test]
fn who_puts_more_into_a_merge_wrote_it() {
    let Some(scene) = stage("02-update", "") else {
        return;
    };
    scene.git(&["checkout", "--quiet", "-b", "side", "main"]);
    scene.work_as(KIM);
    scene.write("side.tf", "locals {}\n");
    scene.commit("Kim's own");
    scene.work_as(SAM);
    scene.git(&["checkout", "--quiet", "-b", "evil", "main"]);
    scene.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    scene.git(&["checkout", "feat", "--", "."]);
    scene.commit("Merge side");
    approve(&scene, SAM, "sam", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("self-approval: sam@example.com wrote part");
    sign_anew(&scene, "sam", |t| {
        t.authors = vec!["kim@example.com".to_owned()];
    });
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("self-approval: sam@example.com wrote part");
    // Rae may approve it, and somebody else's merge that adds nothing leaves her approval alone.
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene.run(&["verify"]).must_end(0);
}

/// Sam merges `main` into his branch, and `main` is moved there: the first parent of the merge is his own commit.
#[test]
fn a_merge_the_other_way_round_does_not_choose_the_rules() {
    let Some(scene) = stage("02-update", "") else {
        return;
    };
    write_list(&scene, &["rae", "kim", "eve"]);
    scene.commit("More signers");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.work_as(KIM);
    scene.write("side.tf", "locals {}\n");
    scene.commit("Kim's own");
    scene.work_as(SAM);
    let before = scene.git(&["rev-parse", "main"]);
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["merge", "--quiet", "--no-edit", "main"]);
    let own = scene.git(&["rev-parse", "HEAD^1"]);
    scene.git(&["branch", "--force", "main", "feat"]);
    scene.git(&["checkout", "--quiet", "main"]);
    let remote = scene.beside("remote.git").display().to_string();
    scene.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        &remote,
    ]);
    scene.git(&["remote", "add", "origin", &remote]);
    scene.git(&["push", "--quiet", "origin", "main"]);
    scene.git(&["fetch", "--quiet", "origin"]);
    scene.git(&["remote", "set-head", "origin", "main"]);
    let eve = ("Eve Lin", "eve@example.com");
    scene.git(&["config", "--global", "user.signingkey", "~/.ssh/eve"]);
    scene.work_as(eve);
    let run = scene.review(&["--plain", "--base", &own], scene.dialogue(2));
    scene.work_as(SAM);
    run.must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("its commits do not tell what the branch was before");
    let run = scene.run(&["verify", "--base", &before]);
    assert_eq!(run.status, 3, "{run}");
}

#[test]
fn approving_moves_no_branch_that_the_notes_point_to() {
    let Some(scene) = stage("02-update", "") else {
        return;
    };
    let main = scene.git(&["rev-parse", "main"]);
    scene.git(&["symbolic-ref", NOTES, "refs/heads/main"]);
    approve(&scene, RAE, "rae", 0);
    assert_eq!(scene.git(&["rev-parse", "main"]), main);
}

/// Two names of one person that differ in a letter which is the same in lower case.
#[test]
fn a_letter_with_two_capitals_does_not_make_two_people() {
    let Some(scene) = stage("02-update", "[approval]\nrequired = 2\n") else {
        return;
    };
    approve(&scene, KIM, "kim", 0).must_end(0);
    approve(&scene, ("Kim Tran", "\u{212a}im@example.com"), "kim", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("under quorum: 1 of 2");
}

/// A thousand notes with one large text: small to push, and once was held in memory a thousand times.
#[test]
fn many_notes_of_one_large_text_are_read_once() {
    let Some(scene) = approved() else { return };
    let line = format!("{}\n", "x".repeat(1 << 20));
    let file = scene.beside("large");
    std::fs::write(&file, line.repeat(8)).unwrap();
    let blob = scene.git(&["hash-object", "-w", file.to_str().unwrap()]);
    let tree = scene.git(&["rev-parse", &format!("{NOTES}^{{tree}}")]);
    scene.git(&["read-tree", &tree]);
    let mut entries = String::new();
    for number in 0..1_000 {
        entries += &format!("100644 {blob}\t{number:040x}\n");
    }
    let mut git = scene.command("git");
    Run::of(
        git.args(["update-index", "--index-info"]),
        entries.as_bytes(),
    )
    .must_end(0);
    let tree = scene.git(&["write-tree"]);
    let commit = scene.git(&["commit-tree", "-p", NOTES, "-m", "many", &tree]);
    scene.git(&["update-ref", NOTES, &commit]);
    scene.git(&["reset", "--quiet"]);
    // As much memory as one needs, and much less than a thousand.
    let script = format!(
        "ulimit -v 4000000; exec '{}' verify",
        env!("CARGO_BIN_EXE_countersign")
    );
    let mut command = scene.command("sh");
    Run::of(command.args(["-c", &script]), b"").must_end(0);
}
