//! An approval that was used for an apply, used again.

use super::*;

const ONCE: &str = "[approval]\nsingle_use = true\n";

/// Rae approved, and an apply used that up.
fn used() -> Option<Scene> {
    let scene = stage("02-update", ONCE)?;
    approve(&scene, RAE, "rae", 0).must_end(0);
    consume(&scene, 0).must_say("used up: no later verify accepts it");
    Some(scene)
}

#[track_caller]
fn consume(scene: &Scene, status: i32) -> Run {
    scene.run(&["verify", "--consume"]).must_end(status)
}

/// The lines of the note on the head that hold this word in their payload.
fn lines(scene: &Scene, word: &str) -> Vec<String> {
    note(scene)
        .lines()
        .filter(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let payload = STANDARD.decode(line["payload"].as_str().unwrap()).unwrap();
            String::from_utf8(payload).unwrap().contains(word)
        })
        .map(str::to_owned)
        .collect()
}

/// Adds lines to the note on the head, as one who may write the notes.
fn add(scene: &Scene, more: &[String]) {
    put(scene, &format!("{}\n{}\n", note(scene), more.join("\n")));
}

const ATTEMPTS: [Attempt; 7] = [
    (
        "the same plan once more",
        "spent: this approval was used",
        |_| {},
    ),
    ("a plan made anew, with the same effect", "spent", |s| {
        let mut tree: serde_json::Value = serde_json::from_str(&s.read("plan.json")).unwrap();
        tree["timestamp"] = "2031-01-02T03:04:05Z".into();
        s.write_json("plan.json", &tree);
    }),
    ("the reviewer's key signs the same again", "spent", |s| {
        let uses = lines(s, "countersign:use");
        sign_anew(s, "rae", |_| {});
        add(s, &uses);
    }),
    (
        "an approval of Kim's from before was held back",
        "spent",
        |s| {
            let uses = lines(s, "countersign:use");
            sign_anew(s, "kim", |t| {
                KIM.1.clone_into(&mut t.reviewer.email);
            });
            add(s, &uses);
        },
    ),
    ("the notice stands on another commit", "spent", |s| {
        let (uses, approvals) = (
            lines(s, "countersign:use"),
            lines(s, "countersign:approval"),
        );
        put(s, &approvals[0]);
        let file = s.beside("uses");
        std::fs::write(&file, uses.join("\n")).unwrap();
        let file = file.to_str().unwrap();
        s.git(&["notes", "--ref", NOTES, "add", "-F", file, "main"]);
    }),
    ("the files are committed once more", "spent", |s| {
        s.git(&["commit", "--quiet", "--amend", "-m", "Other words"]);
    }),
    ("the base no longer asks for single use", "spent", |s| {
        on_main(s, || s.write("countersign.toml", "# nothing\n"));
    }),
];

#[test]
fn what_was_used_up_is_not_accepted_again() {
    let Some(stage) = used() else { return };
    refuse_all(&stage, &ATTEMPTS);
    // Not in the way of merging what was applied, and listed.
    stage.run(&["--check", "--require-approval"]).must_end(0);
    stage
        .run(&["approvals", "list"])
        .must_end(0)
        .must_say("used for an apply at");
    // A new review counts for a new apply, once.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    approve(&stage, RAE, "rae", 0).must_end(0);
    consume(&stage, 0);
    consume(&stage, 3).must_say("spent");
}

#[test]
fn where_the_base_asks_for_single_use_a_verify_that_uses_nothing_up_is_no_pass() {
    let Some(scene) = stage("02-update", ONCE) else {
        return;
    };
    consume(&scene, 3).must_say("no approval");
    approve(&scene, RAE, "rae", 0).must_end(0);
    let before = scene.git(&["rev-parse", NOTES]);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("single use: the base asks that an approval counts for one apply");
    // A refusal uses nothing up.
    scene.write("countersign.toml", "[approval]\nsingle_use = false\n");
    scene.run(&["verify"]).must_end(3).must_say("single use");
    let other = plan_with_other_effect(&scene);
    consume(&scene, 3).must_say("other effect");
    scene.write("plan.json", other);
    assert_eq!(before, scene.git(&["rev-parse", NOTES]));
    // A job without a name in git.
    scene.git(&["config", "--unset", "user.name"]);
    scene.git(&["config", "--unset", "user.email"]);
    consume(&scene, 0);
    consume(&scene, 3).must_say("by somebody without a name in git");
}

/// Leaves a plan that does something else, and gives the one that was there.
fn plan_with_other_effect(scene: &Scene) -> String {
    let text = scene.read("plan.json");
    let mut tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    tree["resource_changes"][1]["change"]["after"]["input"] = "something else".into();
    scene.write_json("plan.json", &tree);
    text
}

#[test]
fn of_applies_at_one_time_one_goes_on() {
    let Some(scene) = stage("02-update", ONCE) else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    let statuses: Vec<i32> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| scene.run(&["verify", "--consume"]).status))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let passed = statuses.iter().filter(|status| **status == 0).count();
    let refused = statuses.iter().filter(|status| **status == 3).count();
    assert_eq!((passed, refused), (1, 3), "{statuses:?}");
    assert_eq!(lines(&scene, "countersign:use").len(), 1);
}

#[test]
fn of_two_jobs_that_know_nothing_of_each_other_one_can_push_its_notice() {
    let Some(scene) = stage("02-update", ONCE) else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    let remote = scene.beside("server.git").display().to_string();
    scene.git(&["init", "-q", "--bare", "--initial-branch=main", &remote]);
    scene.git(&["remote", "add", "origin", &remote]);
    // The record names the repository as it was called when there was no remote.
    scene.git(&["push", "-q", "origin", "main", NOTES]);
    scene
        .run(&["hook", "install", "--repo", &remote])
        .must_end(0);
    let other = scene.copied();
    consume(&scene, 0);
    consume(&other, 0);
    scene.git(&["push", "-q", "origin", NOTES]);
    let push = other.try_git(&["push", "origin", NOTES]);
    assert_ne!(push.status, 0, "{push}");
    push.must_say("rejected");
    // What unites the two is no way round.
    let theirs = "refs/notes/theirs";
    other.git(&["fetch", "-q", "origin", &format!("{NOTES}:{theirs}")]);
    other.git(&[
        "notes",
        "--ref",
        NOTES,
        "merge",
        "-q",
        "-s",
        "cat_sort_uniq",
        theirs,
    ]);
    assert_eq!(lines(&other, "countersign:use").len(), 2);
    let push = other.try_git(&["push", "origin", NOTES]);
    assert_ne!(push.status, 0, "{push}");
    assert!(
        push.stderr.contains("was used for an apply already"),
        "{push}"
    );
    // Nor is taking the notice away.
    let bare = other.copied();
    bare.git(&["fetch", "-q", "origin", &format!("+{NOTES}:{NOTES}")]);
    let approval = lines(&bare, "countersign:approval");
    put(&bare, &approval[0]);
    let push = bare.try_git(&["push", "origin", NOTES]);
    assert_ne!(push.status, 0, "{push}");
    assert!(push.stderr.contains("would lose lines"), "{push}");
    // The way that the program names.
    other.git(&["fetch", "-q", "origin", &format!("+{NOTES}:{NOTES}")]);
    consume(&other, 3).must_say("spent");
}

/// The one weakness that no server guards against: who has the notes alone can take the notice out.
#[test]
fn without_a_server_a_notice_that_is_deleted_is_forgotten() {
    let Some(scene) = used() else { return };
    let approval = lines(&scene, "countersign:approval");
    put(&scene, &approval[0]);
    consume(&scene, 0);
}
