#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::match_wildcard_for_single_variants
)]

use super::*;
use crate::change::AuthorRole;
use crate::git::testing::{Sandbox, base, command, env, git};

/// `main` with one commit, and `feature` (current) one ahead.
fn forked() -> (Sandbox, String, String) {
    let sandbox = Sandbox::new();
    let main = sandbox.commit("one", &[("main.tf", Some("a\n"))]);
    sandbox.switch("feature");
    let head = sandbox.commit("two", &[("main.tf", Some("a\nb\n"))]);
    (sandbox, main, head)
}

fn change(sandbox: &Sandbox, request: &ChangeRequest) -> (Change, BaseSource) {
    match sandbox.open().resolve(request).unwrap() {
        UnderReview::Change(change, source) => (change, source),
        other => panic!("{other:?}"),
    }
}

fn reason(sandbox: &Sandbox, request: &ChangeRequest) -> NoChangeReason {
    match sandbox.open().resolve(request).unwrap() {
        UnderReview::NoChange { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

fn ci(pairs: &[(&str, &str)]) -> ChangeRequest {
    ChangeRequest {
        ci: env(pairs),
        ..ChangeRequest::default()
    }
}

#[test]
fn an_explicit_base_is_compared_from_the_merge_base() {
    let (sandbox, main, head) = forked();
    sandbox.raw.set_head("refs/heads/main").unwrap();
    sandbox
        .raw
        .checkout_head(Some(git2::build::CheckoutBuilder::new().force()))
        .unwrap();
    let moved = sandbox.commit("three", &[("other.tf", Some("x\n"))]);
    let request = ChangeRequest {
        head: Some("feature".to_owned()),
        ..base("main")
    };
    let (change, source) = change(&sandbox, &request);
    assert_eq!(source, BaseSource::Option);
    assert_eq!(change.base, Some(moved));
    assert_eq!((change.head, change.merge_base), (Some(head), Some(main)));
    assert_eq!(change.branch.as_deref(), Some("feature"));
    assert_eq!(change.files.len(), 1);
    assert_eq!(change.files[0].path, "main.tf");
}

#[test]
fn the_local_main_is_the_last_resort_and_never_the_branch_itself() {
    let (sandbox, main, _) = forked();
    let (found, source) = change(&sandbox, &ChangeRequest::default());
    assert_eq!(
        (found.base, source.to_string()),
        (Some(main.clone()), "the local branch main".to_owned())
    );
    let request = ChangeRequest {
        head: Some("main".to_owned()),
        ..ChangeRequest::default()
    };
    assert_eq!(reason(&sandbox, &request), NoChangeReason::NoBase);
    sandbox.branch("master", &main);
    assert_eq!(
        reason(&sandbox, &request),
        NoChangeReason::HeadInBase { base: main }
    );
}

#[test]
fn the_upstream_of_the_branch_is_never_the_base() {
    let (sandbox, main, head) = forked();
    sandbox.remote("origin");
    sandbox.reference("refs/remotes/origin/feature", &head);
    let mut config = sandbox.raw.config().unwrap();
    config.set_str("branch.feature.remote", "origin").unwrap();
    config
        .set_str("branch.feature.merge", "refs/heads/feature")
        .unwrap();
    assert_eq!(
        change(&sandbox, &ChangeRequest::default()).0.base,
        Some(main)
    );
}

#[test]
fn the_default_branch_of_origin_comes_before_local_branches() {
    let (sandbox, main, head) = forked();
    for remote in ["origin", "fork"] {
        sandbox.remote(remote);
    }
    sandbox.reference("refs/remotes/origin/trunk", &main);
    sandbox.reference("refs/remotes/fork/x", &head);
    let symbolic = |remote: &str, branch: &str| {
        let target = format!("refs/remotes/{remote}/{branch}");
        sandbox
            .raw
            .reference_symbolic(&format!("refs/remotes/{remote}/HEAD"), &target, true, "t")
            .unwrap();
    };
    symbolic("fork", "x");
    assert_eq!(
        reason(&sandbox, &ChangeRequest::default()),
        NoChangeReason::HeadInBase { base: head }
    );
    symbolic("origin", "trunk");
    assert_eq!(
        change(&sandbox, &ChangeRequest::default()).1.to_string(),
        "from refs/remotes/origin/HEAD"
    );
    symbolic("origin", "gone");
    let error = sandbox
        .open()
        .resolve(&ChangeRequest::default())
        .unwrap_err();
    assert_eq!(error.remedy(), Some("git remote set-head origin --auto"));
}

#[test]
fn remotes_without_an_origin_must_agree() {
    let (sandbox, main, head) = forked();
    for (remote, id) in [("a", &main), ("b", &head)] {
        sandbox.remote(remote);
        sandbox.reference(&format!("refs/remotes/{remote}/main"), id);
    }
    let request = ci(&[("GITHUB_BASE_REF", "main")]);
    assert!(
        matches!(sandbox.open().resolve(&request), Err(GitError::Ambiguous { candidates, .. }) if candidates.len() == 2)
    );
    sandbox.reference("refs/remotes/b/main", &main);
    assert_eq!(change(&sandbox, &request).0.base, Some(main));
}

#[test]
fn every_ci_names_its_target_branch() {
    let (sandbox, main, _) = forked();
    sandbox.remote("origin");
    sandbox.reference("refs/remotes/origin/target", &main);
    for pairs in [
        &[("GITHUB_BASE_REF", "target")][..],
        &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "target")],
        &[
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "target"),
            // The fork point is the author's choice.
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &"1".repeat(40)),
        ],
        &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &main)],
        &[("BITBUCKET_PR_DESTINATION_BRANCH", "target")],
        &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/target")],
        &[("CHANGE_TARGET", "target")],
        &[("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "target")],
        &[("TRAVIS_BRANCH", "target"), ("TRAVIS_PULL_REQUEST", "12")],
        &[
            ("DRONE_TARGET_BRANCH", "target"),
            ("DRONE_PULL_REQUEST", "12"),
        ],
        &[
            ("CI_COMMIT_TARGET_BRANCH", "target"),
            ("CI_COMMIT_PULL_REQUEST", "12"),
        ],
        &[("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/target")],
        &[("BITRISEIO_GIT_BRANCH_DEST", "target")],
        &[("BASE_BRANCH_NAME", "target"), ("PULL_NUM", "12")],
    ] {
        let (found, source) = change(&sandbox, &ci(pairs));
        assert_eq!(found.base.as_ref(), Some(&main), "{pairs:?}");
        assert_eq!(
            source,
            BaseSource::Ci {
                variable: pairs[0].0.to_owned()
            }
        );
    }
}

#[test]
fn variables_of_pushes_are_not_targets() {
    for pairs in [
        &[("GITHUB_BASE_REF", "")][..],
        &[("GITHUB_BASE_REF", " ")],
        &[("TRAVIS_BRANCH", "x"), ("TRAVIS_PULL_REQUEST", "false")],
        &[("TRAVIS_BRANCH", "x")],
        &[("DRONE_TARGET_BRANCH", "x")],
        &[("BASE_BRANCH_NAME", "x")],
    ] {
        assert_eq!(ci_target(&env(pairs)), None, "{pairs:?}");
    }
}

#[test]
fn a_remote_branch_comes_before_a_local_one_of_the_same_name() {
    let (sandbox, main, head) = forked();
    sandbox.remote("origin");
    sandbox.branch("target", &head);
    assert_eq!(
        reason(&sandbox, &ci(&[("CHANGE_TARGET", "target")])),
        NoChangeReason::HeadInBase { base: head }
    );
    sandbox.reference("refs/remotes/origin/target", &main);
    assert_eq!(
        change(&sandbox, &ci(&[("CHANGE_TARGET", "target")])).0.base,
        Some(main)
    );
}

#[test]
fn a_target_that_cannot_be_found_is_an_error_with_the_fetch() {
    let (sandbox, ..) = forked();
    sandbox.remote("origin");
    let error = sandbox
        .open()
        .resolve(&ci(&[("GITHUB_BASE_REF", "gone")]))
        .unwrap_err();
    assert_eq!(
        error.remedy(),
        Some("git fetch origin +refs/heads/gone:refs/remotes/origin/gone")
    );
    assert!(
        error.to_string().contains("(from GITHUB_BASE_REF)"),
        "{error}"
    );
    for hostile in [
        "--upload-pack=x",
        "a..b",
        "$(touch x)",
        "'; x",
        "@{-1}",
        "..",
        "HEAD~0^{commit}",
    ] {
        let error = sandbox
            .open()
            .resolve(&ci(&[("GITHUB_BASE_REF", hostile)]))
            .unwrap_err();
        assert!(matches!(error, GitError::BaseNotFound { .. }), "{hostile}");
    }
    let error = sandbox
        .open()
        .resolve(&ci(&[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &"1".repeat(40))]))
        .unwrap_err();
    assert_eq!(
        error.remedy().unwrap(),
        format!("git fetch origin {}", "1".repeat(40))
    );
}

#[test]
fn a_base_or_head_that_does_not_exist_is_named() {
    let (sandbox, main, _) = forked();
    let repository = sandbox.open();
    for name in ["gone", "", "a..b", ":/x", "HEAD:main.tf", "HEAD~9", "\0"] {
        assert!(
            matches!(
                repository.resolve(&base(name)),
                Err(GitError::BaseNotFound { .. })
            ),
            "{name:?}"
        );
        let request = ChangeRequest {
            head: Some(name.to_owned()),
            ..ChangeRequest::default()
        };
        assert!(
            matches!(
                repository.resolve(&request),
                Err(GitError::HeadNotFound { .. })
            ),
            "{name:?}"
        );
    }
    sandbox.remote("origin");
    sandbox.reference("refs/remotes/origin/gone", &main);
    assert_eq!(
        repository.resolve(&base("gone")).unwrap_err().remedy(),
        Some("countersign --base origin/gone")
    );
}

#[test]
fn a_name_with_two_meanings_is_refused() {
    let (sandbox, main, head) = forked();
    sandbox.reference("refs/tags/main", &head);
    let error = sandbox.open().resolve(&base("main")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`main` means more than one commit (refs/tags/main, refs/heads/main). Give one of these names in full."
    );
    assert_eq!(
        change(&sandbox, &base("refs/heads/main")).0.base,
        Some(main.clone())
    );
    sandbox.reference("refs/tags/main", &main);
    assert_eq!(change(&sandbox, &base("main")).0.base, Some(main));
}

#[test]
fn a_head_inside_its_base_is_no_change_even_when_asked() {
    let (sandbox, main, head) = forked();
    let request = ChangeRequest {
        head: Some(main.clone()),
        ..base(&head)
    };
    match sandbox.open().resolve(&request).unwrap() {
        UnderReview::NoChange {
            head: found,
            reason,
            dirty,
        } => {
            assert_eq!(
                (found, reason),
                (main, NoChangeReason::HeadInBase { base: head })
            );
            assert_eq!(dirty, ["main.tf"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_repository_without_base_has_no_change() {
    let sandbox = Sandbox::new();
    sandbox.commit("one", &[("main.tf", Some("a\n"))]);
    assert_eq!(
        reason(&sandbox, &ChangeRequest::default()),
        NoChangeReason::NoBase
    );
}

#[test]
fn a_branch_without_commits_is_an_error() {
    let sandbox = Sandbox::new();
    for request in [ChangeRequest::default(), base("HEAD"), base("main")] {
        let error = sandbox.open().resolve(&request).unwrap_err();
        assert!(
            matches!(&error, GitError::UnbornHead { branch } if branch == "main"),
            "{error}"
        );
    }
}

#[test]
fn unrelated_histories_are_an_error() {
    let (sandbox, ..) = forked();
    sandbox.raw.set_head("refs/heads/orphan").unwrap();
    sandbox.commit("alone", &[("x.tf", Some("x\n"))]);
    assert!(matches!(
        sandbox.open().resolve(&base("main")),
        Err(GitError::NoMergeBase { .. })
    ));
}

#[test]
fn everyone_named_by_the_commits_is_an_author() {
    let (sandbox, ..) = forked();
    sandbox.commit(
        "three\n\nco-AUTHORED-by: Eve <eve@example.com>\ntext\nCo-authored-by:\nCo-authored-by: Mallory\n  Co-authored-by: Eve <eve@example.com>\nNot-co-authored-by: X <x@example.com>\n",
        &[("x.tf", Some("x\n"))],
    );
    let (change, _) = change(&sandbox, &ChangeRequest::default());
    let authors: Vec<_> = change
        .authors
        .iter()
        .map(|author| (author.name.as_str(), author.email.as_str(), author.role))
        .collect();
    assert_eq!(
        authors,
        [
            ("Ada", "ada@example.com", AuthorRole::Author),
            ("Bob", "bob@example.com", AuthorRole::Committer),
            ("Eve", "eve@example.com", AuthorRole::CoAuthor),
            ("Mallory", "", AuthorRole::CoAuthor),
        ]
    );
}

#[test]
fn a_detached_head_has_no_branch() {
    let (sandbox, main, head) = forked();
    sandbox.raw.set_head_detached(sandbox.oid(&head)).unwrap();
    let (change, _) = change(&sandbox, &ChangeRequest::default());
    assert_eq!((change.branch, change.base), (None, Some(main)));
}

fn clone(sandbox: &Sandbox, arguments: &[&str]) -> (tempfile::TempDir, Repository) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file://{}", sandbox.path.display());
    let mut all = vec!["clone", "-q"];
    all.extend(arguments);
    all.extend([url.as_str(), "clone"]);
    git(dir.path(), &all);
    let repository = Repository::open(&dir.path().join("clone"), false)
        .unwrap()
        .unwrap();
    (dir, repository)
}

#[test]
fn a_shallow_clone_without_the_merge_base_says_how_to_fetch_it() {
    let (sandbox, main, _) = forked();
    sandbox.commit("three", &[("main.tf", Some("c\n"))]);
    let (_dir, repository) = clone(
        &sandbox,
        &["--depth=1", "--no-single-branch", "--branch=feature"],
    );
    let error = repository.resolve(&base("origin/main")).unwrap_err();
    assert!(matches!(error, GitError::Shallow { .. }), "{error}");
    assert_eq!(error.remedy(), Some("git fetch --unshallow"));
    let (_dir, repository) = clone(&sandbox, &["--depth=1", "--branch=feature"]);
    assert!(matches!(
        repository.resolve(&base(&main)),
        Err(GitError::Shallow { .. })
    ));
    let error = repository
        .resolve(&ci(&[("GITHUB_BASE_REF", "main")]))
        .unwrap_err();
    assert_eq!(
        error.remedy(),
        Some("git fetch --unshallow origin +refs/heads/main:refs/remotes/origin/main")
    );
}

#[test]
fn a_shallow_clone_tells_where_its_history_is_cut() {
    let (sandbox, main, _) = forked();
    let head = sandbox.commit("three", &[("main.tf", Some("c\n"))]);
    assert_eq!(
        sandbox.open().unseen_history(&main, &head).unwrap(),
        Vec::<String>::new()
    );
    let (_dir, repository) = clone(
        &sandbox,
        &["--depth=1", "--no-single-branch", "--branch=feature"],
    );
    assert_eq!(repository.unseen_history(&main, &head).unwrap(), [head]);
}

#[test]
fn a_partial_clone_says_that_contents_are_missing() {
    let (sandbox, ..) = forked();
    sandbox
        .raw
        .config()
        .unwrap()
        .set_bool("uploadpack.allowFilter", true)
        .unwrap();
    let (dir, repository) = clone(
        &sandbox,
        &["--filter=blob:none", "--no-checkout", "--branch=feature"],
    );
    let error = repository.resolve(&base("origin/main")).unwrap_err();
    assert!(matches!(error, GitError::MissingObject { .. }), "{error}");
    let remedy: Vec<&str> = error.remedy().unwrap().split(' ').skip(1).collect();
    let done = command(&dir.path().join("clone"))
        .args(remedy)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let repository = Repository::open(&dir.path().join("clone"), false)
        .unwrap()
        .unwrap();
    assert!(matches!(
        repository.resolve(&base("origin/main")).unwrap(),
        UnderReview::Change(..)
    ));
}
