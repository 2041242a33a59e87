//! The threat model of approvals, as a table of attempts: what somebody tries, and the reason for which `verify` refuses it.
//!
//! The stage: `main` says who may sign (Rae, Kim and Sam, each with a key), Sam wrote the change, and Rae approved it with her key. That
//! approval counts; each attempt starts from a copy of this stage and must not end with one that does. The attackers are Sam, who writes
//! the change, whoever may write the notes, whoever sits where the plan is applied, and Eve, who has a key that nobody named.
//!
//! | part | who tries what |
//! | --- | --- |
//! | `records` | edited, forged, repeated and oversized records |
//! | `signers` | foreign keys, foreign names, other namespaces, lists in the wrong place, self-approval |
//! | `replay` | good records for another commit, plan, repository or time; what was taken back |
//! | `change` | changes that would loosen the rules by which they are judged |
//! | `emergency` | what sets aside who must approve, and what it cannot set aside; owners of code; the same bytes |
//! | `history` | merges, objects and references that are other than they seem; notes that are no notes |
//! | `spending` | an approval that was used for an apply, used again |
//! | `people` | what the program does for those who sign: quorum, groups, revoking, keys that cannot sign |

#![allow(clippy::print_stderr)]

mod change;
mod emergency;
mod history;
mod people;
mod records;
mod replay;
mod signers;
mod spending;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::approval::{Given, Record, Signature, Statement, read_note};
use countersign::sign::{Prompt, SigningKey, find_program, sign};
use jiff::SignedDuration;

use crate::scene::{RAE, Run, SAM, Scene};

const NOTES: &str = "refs/notes/countersign";
const LIST: &str = ".countersign/allowed_signers";
pub(crate) const KIM: (&str, &str) = ("Kim Tran", "kim@example.com");

/// What is tried, the reason why it fails, and how it is done.
type Attempt = (&'static str, &'static str, fn(&Scene));

/// OpenSSH's program; without it nothing can be signed, and the test says so.
pub(crate) fn keygen() -> Option<PathBuf> {
    let found = find_program("ssh-keygen", std::env::var("PATH").ok().as_deref());
    if found.is_none() {
        eprintln!("SKIPPED: ssh-keygen is not on the PATH, so nothing could be signed");
    }
    found
}

/// Makes everybody's key and writes the list of those who may sign.
pub(crate) fn people(scene: &Scene) {
    for name in ["rae", "kim", "sam", "eve"] {
        let path = key_path(scene, name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut command = scene.command("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]);
        Run::of(command.arg(path), b"").must_end(0);
    }
    scene.git(&["config", "--global", "gpg.format", "ssh"]);
    write_list(scene, &["rae", "kim", "sam"]);
}

pub(crate) fn key_path(scene: &Scene, name: &str) -> PathBuf {
    scene.beside("home").join(".ssh").join(name)
}

pub(crate) fn public(scene: &Scene, name: &str) -> String {
    let text = std::fs::read_to_string(key_path(scene, name).with_extension("pub")).unwrap();
    text.trim().to_owned()
}

pub(crate) fn write_list(scene: &Scene, names: &[&str]) {
    let line = |name: &&str| format!("{name}@example.com {}\n", public(scene, name));
    scene.write(LIST, names.iter().map(line).collect::<String>());
}

/// A stage with nobody's approval.
pub(crate) fn stage(case: &str, configuration: &str) -> Option<Scene> {
    keygen()?;
    Some(Scene::change_prepared(case, configuration, people))
}

/// The stage: Rae's approval counts.
fn approved() -> Option<Scene> {
    let scene = stage("02-update", "")?;
    approve(&scene, RAE, "rae", 0).must_end(0);
    let run = scene.run(&["verify"]).must_end(0);
    run.must_say("verified: a valid approval covers this plan and commit (signed).");
    Some(scene)
}

/// Somebody approves at the keyboard with a key.
pub(crate) fn approve(scene: &Scene, who: (&str, &str), key: &str, waivers: usize) -> Run {
    let setting = format!("~/.ssh/{key}");
    scene.git(&["config", "--global", "user.signingkey", &setting]);
    scene.work_as(who);
    let run = scene.review(&["--plain"], scene.dialogue(waivers));
    scene.work_as(SAM);
    run
}

/// Every attempt ends with status 3 and its reason; nothing else of the report says that an approval counts.
#[track_caller]
fn refuse_all(stage: &Scene, attempts: &[Attempt]) {
    for (what, reason, make) in attempts {
        let scene = stage.copied();
        make(&scene);
        let run = scene.run(&["verify", "--format", "json"]);
        assert_eq!(run.status, 3, "{what}\n{run}");
        let report = run.report();
        let reasons = report["verdict"]["reasons"].to_string();
        assert!(
            reasons.contains(reason),
            "{what}: {reason:?} was expected in {reasons}\n{run}"
        );
        let alone = !reasons.contains("under quorum");
        let valid = |approval: &serde_json::Value| approval["valid"] == true;
        let approvals = report["approvals"].as_array().unwrap();
        assert!(!(alone && approvals.iter().any(valid)), "{what}\n{run}");
    }
}

/// The one line of the note on the head.
fn note(scene: &Scene) -> String {
    scene.git(&["notes", "--ref", NOTES, "show", "HEAD"])
}

/// Puts a note in place of the one on the head.
fn put(scene: &Scene, text: &str) {
    let file = scene.beside("note");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    scene.git(&[
        "notes", "--ref", NOTES, "add", "--force", "-F", file, "HEAD",
    ]);
}

fn record(scene: &Scene) -> Record {
    let lines = read_note(note(scene).as_bytes());
    lines.into_iter().find_map(|line| line.record.ok()).unwrap()
}

/// Edits the statement and leaves the signature as it is.
fn forge(scene: &Scene, edit: impl FnOnce(&mut Statement)) {
    let record = record(scene);
    let mut statement = record.statement().clone();
    edit(&mut statement);
    let forged = Record::with_signatures(statement, record.signatures().to_vec()).unwrap();
    put(scene, forged.line());
}

/// Edits the statement and signs it anew with a key.
pub(crate) fn sign_anew(scene: &Scene, key: &str, edit: impl FnOnce(&mut Statement)) {
    let mut statement = record(scene).statement().clone();
    edit(&mut statement);
    let signature = signature(scene, key, &statement.pae().unwrap());
    let made = Record::with_signatures(statement, vec![signature]).unwrap();
    put(scene, made.line());
}

/// Edits the payload's text, which no statement need be, and signs it with Rae's key.
fn sign_text(scene: &Scene, edit: impl FnOnce(String) -> String) {
    let payload = edit(record(scene).statement().payload().unwrap());
    let kind = "application/vnd.in-toto+json";
    let pae = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
    let signature = signature(scene, "rae", pae.as_bytes());
    put(scene, &envelope(&payload, &signature));
}

fn envelope(payload: &str, signature: &Signature) -> String {
    format!(
        "{{\"payload\":\"{}\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{{\"keyid\":\"{}\",\"sig\":\"{}\"}}]}}",
        STANDARD.encode(payload),
        signature.keyid,
        signature.sig
    )
}

fn signature(scene: &Scene, key: &str, message: &[u8]) -> Signature {
    let key = SigningKey::File(key_path(scene, key));
    let made = sign(message, &key, &keygen().unwrap(), Prompt::Nobody).unwrap();
    Signature {
        keyid: made.key().fingerprint(),
        sig: made.base64(),
    }
}

/// Moves a statement in time.
pub(crate) fn shift(statement: &mut Statement, days: i64) {
    let by = SignedDuration::from_hours(24 * days);
    for time in [&mut statement.created, &mut statement.expires] {
        *time = time.checked_add(by).unwrap();
    }
    for answer in &mut statement.answers {
        if let Given::Reviewer { at, .. } = &mut answer.given {
            *at = at.checked_add(by).unwrap();
        }
    }
}

/// A commit on `main`, which goes on; the change stays where it was.
fn on_main(scene: &Scene, work: impl FnOnce()) {
    scene.git(&["checkout", "--quiet", "main"]);
    work();
    scene.commit("On main");
    scene.git(&["checkout", "--quiet", "feat"]);
}
