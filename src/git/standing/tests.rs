#![allow(clippy::unwrap_used)]

use super::*;
use crate::git::testing::{Sandbox, base, env};

/// `main` is two commits ahead of where `work`, with one commit, left it.
fn diverged() -> (Sandbox, [String; 3]) {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("root", &[("a.tf", Some("a\n"))]);
    sandbox.switch("work");
    let work = sandbox.commit("work", &[("b.tf", Some("b\n"))]);
    sandbox.raw.set_head("refs/heads/main").unwrap();
    sandbox.commit("one", &[("c.tf", Some("c\n"))]);
    let main = sandbox.commit("two", &[("c.tf", Some("d\n"))]);
    sandbox.raw.set_head("refs/heads/work").unwrap();
    sandbox.remote("origin");
    (sandbox, [root, work, main])
}

#[test]
fn a_branch_stands_beside_its_target() {
    let (sandbox, [root, work, main]) = diverged();
    let standing = sandbox.open().standing(&ChangeRequest::default()).unwrap();
    assert_eq!(
        standing,
        Standing {
            head: work.clone(),
            base: Some(main),
            merge_base: Some(root.clone()),
            branch: Some("work".to_owned()),
            target: Some("refs/heads/main".to_owned()),
            ahead: Some(1),
            behind: Some(2),
            head_time: Some("2023-11-14T22:13:22Z".to_owned()),
            base_time: Some("2023-11-14T22:13:24Z".to_owned()),
            merge_base_time: Some("2023-11-14T22:13:21Z".to_owned()),
            origin: Some("example.com/origin/infra".to_owned()),
            roots: vec![root],
            shallow: false,
        }
    );
}

#[test]
fn the_target_is_named_as_its_repository_names_it() {
    let (sandbox, [root, _, main]) = diverged();
    sandbox.reference("refs/remotes/origin/release/1", &main);
    sandbox.reference("refs/tags/v1", &main);
    let repository = sandbox.open();
    let target = |request: &ChangeRequest| repository.standing(request).unwrap().target;
    for (name, expected) in [
        ("main", Some("refs/heads/main")),
        ("refs/heads/main", Some("refs/heads/main")),
        ("origin/release/1", Some("refs/heads/release/1")),
        (
            "refs/remotes/origin/release/1",
            Some("refs/heads/release/1"),
        ),
        ("v1", Some("refs/tags/v1")),
        (main.as_str(), None),
        (root.as_str(), None),
        ("main~1", None),
        ("HEAD", None),
    ] {
        assert_eq!(target(&base(name)).as_deref(), expected, "{name}");
    }
    let ci = |pairs| ChangeRequest {
        ci: env(pairs),
        ..ChangeRequest::default()
    };
    assert_eq!(
        target(&ci(&[("GITHUB_BASE_REF", "release/1")])).as_deref(),
        Some("refs/heads/release/1")
    );
    assert_eq!(
        target(&ci(&[("CI_MERGE_REQUEST_DIFF_BASE_SHA", main.as_str())])),
        None
    );
    sandbox
        .raw
        .reference_symbolic(
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/release/1",
            true,
            "test",
        )
        .unwrap();
    assert_eq!(
        target(&ChangeRequest::default()).as_deref(),
        Some("refs/heads/release/1")
    );
}

#[test]
fn a_head_without_a_base_or_within_it_stands_somewhere_too() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit("root", &[("a.tf", Some("a\n"))]);
    let repository = sandbox.open();
    let alone = repository.standing(&ChangeRequest::default()).unwrap();
    assert_eq!((alone.base, alone.behind, alone.target), (None, None, None));
    assert_eq!((alone.head, alone.origin), (old.clone(), None));
    let new = sandbox.commit("next", &[("a.tf", Some("b\n"))]);
    let behind = repository
        .standing(&ChangeRequest {
            head: Some(old.clone()),
            ..base("main")
        })
        .unwrap();
    assert_eq!((behind.ahead, behind.behind), (Some(0), Some(1)));
    assert_eq!((behind.base, behind.merge_base), (Some(new), Some(old)));
}
