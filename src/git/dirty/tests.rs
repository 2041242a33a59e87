#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

use crate::git::testing::Sandbox;

fn dirty(sandbox: &Sandbox, head: &str) -> Vec<String> {
    sandbox.open().dirty(sandbox.oid(head)).unwrap()
}

#[test]
fn tracked_files_that_decide_the_plan_are_reported_and_no_others() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit(
        "one",
        &[
            ("a.tf", Some("a\n")),
            ("m/b.tf", Some("b\n")),
            ("c.tfvars.json", Some("{}\n")),
            (".terraform.lock.hcl", Some("x\n")),
            (".countersign/revoked", Some("x\n")),
            ("README.md", Some("x\n")),
        ],
    );
    assert_eq!(dirty(&sandbox, &head), Vec::<String>::new());
    sandbox.write("a.tf", "changed\n");
    std::fs::remove_file(sandbox.path.join("m/b.tf")).unwrap();
    sandbox.write(".terraform.lock.hcl", "changed\n");
    sandbox.write(".countersign/revoked", "changed\n");
    sandbox.write("README.md", "changed\n");
    sandbox.write("untracked.tf", "x\n");
    assert_eq!(
        dirty(&sandbox, &head),
        [
            ".countersign/revoked",
            ".terraform.lock.hcl",
            "a.tf",
            "m/b.tf"
        ]
    );
}

#[test]
fn staged_files_differ_from_head_even_when_restored_in_the_work_tree() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("a.tf", Some("a\n"))]);
    sandbox.write("new.tf", "x\n");
    sandbox.write("a.tf", "b\n");
    sandbox.git(&["add", "new.tf", "a.tf"]);
    assert_eq!(dirty(&sandbox, &head), ["a.tf", "new.tf"]);
}

#[test]
fn index_flags_hide_nothing() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit(
        "one",
        &[
            ("a.tf", Some("a\n")),
            ("b.tf", Some("b\n")),
            ("c.tf", Some("c\n")),
        ],
    );
    sandbox.git(&["update-index", "--assume-unchanged", "a.tf"]);
    sandbox.git(&["update-index", "--skip-worktree", "b.tf", "c.tf"]);
    assert_eq!(dirty(&sandbox, &head), Vec::<String>::new());
    sandbox.write("a.tf", "changed\n");
    sandbox.write("b.tf", "changed\n");
    sandbox.write("c.tf", "c\r\n");
    assert_eq!(dirty(&sandbox, &head), ["a.tf", "b.tf"]);
    std::fs::remove_file(sandbox.path.join("a.tf")).unwrap();
    std::fs::remove_file(sandbox.path.join("b.tf")).unwrap();
    assert_eq!(dirty(&sandbox, &head), ["a.tf"]);
}

#[test]
fn looking_does_not_write_the_index() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("a.tf", Some("a\n"))]);
    let before = std::fs::read(sandbox.path.join(".git/index")).unwrap();
    sandbox.write("a.tf", "b\n");
    dirty(&sandbox, &head);
    assert_eq!(
        std::fs::read(sandbox.path.join(".git/index")).unwrap(),
        before
    );
}
