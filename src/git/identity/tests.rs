#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

use super::*;
use crate::git::testing::{Sandbox, env};

#[test]
fn the_configuration_names_the_person_and_variables_override_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.open();
    let identity = |pairs: &[(&str, &str)]| {
        let found = repository.identity(&env(pairs)).unwrap();
        format!("{} <{}>", found.name, found.email)
    };
    assert_eq!(identity(&[]), "Ada <ada@example.com>");
    assert_eq!(
        identity(&[("GIT_AUTHOR_NAME", "Eve"), ("EMAIL", "x@example.com")]),
        "Eve <ada@example.com>"
    );
    assert_eq!(
        identity(&[
            ("GIT_AUTHOR_NAME", "Eve"),
            ("GIT_COMMITTER_NAME", "Bob"),
            ("GIT_COMMITTER_EMAIL", " ")
        ]),
        "Bob <ada@example.com>"
    );
    sandbox
        .raw
        .config()
        .unwrap()
        .set_str("committer.email", "c@example.com")
        .unwrap();
    assert_eq!(identity(&[]), "Ada <c@example.com>");
}

#[test]
fn an_unknown_person_gets_the_command_that_helps() {
    let sandbox = Sandbox::new();
    for key in ["user.name", "committer.name", "author.name"] {
        sandbox.raw.config().unwrap().set_str(key, " ").unwrap();
    }
    // An empty value of the repository hides one of the user.
    let error = sandbox.open().identity(&env(&[])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "git does not know your name. Run `git config --global user.name VALUE`."
    );
}

#[test]
fn configuration_says_who_set_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.open();
    let value = repository.config_value("user.name").unwrap().unwrap();
    assert_eq!(
        (value.value.as_str(), value.scope),
        ("Ada", ConfigScope::Repository)
    );
    assert_eq!(repository.config_value("countersign.unset").unwrap(), None);
    assert!(repository.config_value("no section").is_err());
}

#[test]
fn a_clone_url_loses_its_credentials_and_spelling() {
    for (url, expected) in [
        (
            "https://user:secret@GitHub.com/Acme/infra.git",
            "github.com/Acme/infra",
        ),
        (
            "https://token@github.com:443/Acme/infra/",
            "github.com/Acme/infra",
        ),
        ("git@github.com:Acme/infra.git", "github.com/Acme/infra"),
        (
            "ssh://git@github.com:22/Acme/infra.git",
            "github.com/Acme/infra",
        ),
        ("ssh://git@host.example:2222/x.git", "host.example:2222/x"),
        ("https://h/x.git?token=secret#secret", "h/x"),
        ("https://a@b:p@h/x", "h/x"),
        ("http://h:80/x", "h/x"),
        ("git://h:9418/x.git", "h/x"),
        ("https://h", "h/"),
        ("host:/abs/path.git", "host/abs/path"),
        ("file:///srv/infra.git", "/srv/infra"),
        ("/srv/infra.git/", "/srv/infra"),
        ("../infra", "../infra"),
        ("./a:b", "./a:b"),
        ("C:/infra", "C:/infra"),
        (".git", ".git"),
        ("/srv/.git", "/srv/.git"),
        ("", ""),
    ] {
        assert_eq!(normalised(url), expected, "{url}");
    }
}

#[test]
fn a_repository_is_known_by_origin_and_root_commits() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let head = sandbox.commit("two", &[("x.tf", Some("y\n"))]);
    let identity = sandbox.open().repository_identity(&head).unwrap();
    assert_eq!(
        identity,
        RepositoryIdentity {
            origin: None,
            roots: vec![one]
        }
    );
    for remote in ["another", "origin"] {
        sandbox.remote(remote);
    }
    let identity = sandbox.open().repository_identity(&head).unwrap();
    assert_eq!(identity.origin.as_deref(), Some("example.com/origin/infra"));
    std::fs::write(sandbox.path.join(".git/shallow"), format!("{head}\n")).unwrap();
    assert_eq!(
        sandbox.open().repository_identity(&head).unwrap().roots,
        Vec::<String>::new()
    );
}
