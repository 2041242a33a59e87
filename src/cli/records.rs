//! `approvals list | show | revoke | purge`: the records of a commit for people.

use std::path::Path;

use super::approvals::{open, write};
use super::args::ApprovalsAction;
use super::notes::records;
use super::{World, output};
use crate::approval::{Claim, NoteLine, Record, Revocation, Signers, read_note};
use crate::decision::Identity;
use crate::git::Repository;
use crate::load::{self, Approvers, LoadError, REVOKED};
use crate::review::Exit;
use crate::store::Drafts;
use crate::text::Printable;

/// Fewest digits by which an approval is named.
const DIGITS: usize = 8;

/// Runs `approvals …`.
pub(super) fn run(action: &ApprovalsAction, world: &World) -> Result<Exit, LoadError> {
    match action {
        ApprovalsAction::List { commit, repo } => list(commit, repo.as_deref(), world, false),
        ApprovalsAction::Show { commit, repo } => list(commit, repo.as_deref(), world, true),
        ApprovalsAction::Revoke {
            digest,
            reason,
            repo,
        } => revoke(digest, reason.as_deref(), repo.as_deref(), world),
        ApprovalsAction::Purge { all } => purge(*all, world),
    }
}

/// Who may sign, as the branch that changes go to says.
fn approvers(repository: &Repository, world: &World) -> Result<Option<Approvers>, LoadError> {
    let path = world.env.get("PATH").map(String::as_str);
    let tip = repository.target_tip();
    tip.map(|tip| load::approvers_at(repository, &tip, path, world.now))
        .transpose()
}

fn list(commit: &str, repo: Option<&Path>, world: &World, whole: bool) -> Result<Exit, LoadError> {
    let repository = open(repo, world)?;
    let git = |e| LoadError::git(&e);
    let Some(id) = repository.commit_id(commit).map_err(git)? else {
        return Err(LoadError::input(
            &format!("There is no commit {commit}."),
            "Name a commit, a branch or a tag.",
        ));
    };
    let tree = repository.tree_id(&id).map_err(git)?;
    let found = records(&repository, &id, &tree)?;
    let approvers = approvers(&repository, world)?;
    let mut text = String::new();
    for line in &found.lines {
        match &line.record {
            Ok(record) => {
                let statement = record.statement();
                let digest = record.statement_digest();
                let listed = approvers
                    .as_ref()
                    .is_some_and(|a| a.revoked.contains(&digest));
                let revoked = if listed || found.revoked.contains(&digest) {
                    ", revoked"
                } else {
                    ""
                };
                let used = found.spent.iter().find(|spending| spending.ends(record));
                let used = used.map(|by| format!(", used for an apply at {}", by.created));
                let glass = match &statement.break_glass {
                    Some(reason) => format!(", BREAK-GLASS, not an approval: {reason}"),
                    None => String::new(),
                };
                text.push_str(&format!(
                    "{digest}  {}  {} to {}  {}{revoked}{}{glass}\n",
                    Printable::line(&statement.reviewer.to_string()),
                    statement.created,
                    statement.expires,
                    signature(record, approvers.as_ref()),
                    used.unwrap_or_default()
                ));
                if whole {
                    let payload = statement
                        .payload()
                        .map_err(|e| LoadError::input(&e.to_string(), ""))?;
                    text.push_str(Printable::lines(&payload).as_str());
                    text.push('\n');
                }
            }
            Err(error) => {
                text.push_str(&format!("{}  not a record: {error}\n", line.digest));
            }
        }
    }
    let short: String = id.chars().take(7).collect();
    if found.lines.is_empty() {
        output::say(&format!("There is no approval for {short}."));
    }
    write(&text)?;
    Ok(Exit::Pass)
}

/// Who signed, in words.
fn signature(record: &Record, approvers: Option<&Approvers>) -> String {
    let (one, approvers) = match (record.signatures(), approvers) {
        ([], _) => return "unsigned".to_owned(),
        ([one], Some(approvers)) => (one, approvers),
        ([_], None) => return "signed; nothing here says by whom it may be".to_owned(),
        _ => return "more than one signature, so none counts".to_owned(),
    };
    let statement = record.statement();
    let Ok(message) = statement.pae() else {
        return "unsigned".to_owned();
    };
    let claim = Claim {
        keyid: &one.keyid,
        sig: &one.sig,
        message: &message,
        address: statement.reviewer.email.trim(),
        created: statement.created,
    };
    match approvers.check(&claim) {
        Ok(signer) if signer.vouched => format!("signed with {}", signer.key),
        Ok(signer) => format!("signed with {}, which no list of signers names", signer.key),
        Err(crate::approval::Unproven::Bad(why)) => {
            format!("bad signature: {}", Printable::line(&why))
        }
        Err(crate::approval::Unproven::NotAuthorised(why)) => {
            format!("not authorised: {}", Printable::line(&why))
        }
    }
}

/// Finds the one record whose statement has this digest, on whatever commit.
fn find(repository: &Repository, digits: &str) -> Result<(String, Record), LoadError> {
    let digits = digits.to_ascii_lowercase();
    if digits.len() < DIGITS || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(LoadError::usage(
            &format!("An approval is named by {DIGITS} digits of its digest or more."),
            "See them: countersign approvals list",
        ));
    }
    let git = |e| LoadError::git(&e);
    let mut found: Vec<(String, Record)> = Vec::new();
    for note in repository.list_notes().map_err(git)? {
        let Ok(text) = repository.read_note(&note) else {
            continue;
        };
        for NoteLine { record, .. } in read_note(text.as_bytes()) {
            if let Ok(record) = record
                && record.statement_digest().to_string().starts_with(&digits)
                && found
                    .iter()
                    .all(|(_, known)| known.statement_digest() != record.statement_digest())
            {
                found.push((note.commit.clone(), record));
            }
        }
    }
    let several = found.len() > 1;
    match found.pop() {
        Some(one) if !several => Ok(one),
        Some(_) => Err(LoadError::usage(
            &format!("More than one approval begins with {digits}."),
            "Name it with more digits: countersign approvals list",
        )),
        None => Err(LoadError::input(
            &format!("There is no approval {digits} in the notes here."),
            "Fetch them: git fetch origin refs/notes/countersign:refs/notes/countersign",
        )),
    }
}

fn revoke(
    digits: &str,
    reason: Option<&str>,
    repo: Option<&Path>,
    world: &World,
) -> Result<Exit, LoadError> {
    let repository = open(repo, world)?;
    let (commit, record) = find(&repository, digits)?;
    let who = repository
        .identity(&world.env)
        .map_err(|e| LoadError::git(&e))?;
    let line = |text: &str| Printable::line(text.trim()).into_string();
    let seconds = world.now.as_second();
    let revocation = Revocation {
        created: jiff::Timestamp::from_second(seconds).unwrap_or(world.now),
        reason: reason.map(|text| Printable::line(text.trim())),
        revoker: Identity {
            name: line(&who.name),
            email: line(&who.email),
        },
        statement: record.statement_digest(),
    };
    let text = revocation
        .line()
        .map_err(|error| LoadError::usage(&error.to_string(), "Give a shorter reason."))?;
    repository
        .append_note(&commit, &text, &who, seconds)
        .map_err(|e| LoadError::git(&e))?;
    let statement = record.statement();
    let mut comment = format!(
        "of {}, made {}",
        statement.reviewer.email, statement.created
    );
    if let Some(reason) = &revocation.reason {
        comment.push_str(&format!(": {reason}"));
    }
    let short: String = commit.chars().take(7).collect();
    output::say(&format!(
        "Taken back in the note of {short}, which whoever may write {} can undo. It binds once this line is in {REVOKED} on the base:",
        crate::git::NOTES_REF
    ));
    write(&format!(
        "{} # {}\n",
        revocation.statement,
        Printable::line(&comment)
    ))?;
    Ok(Exit::Pass)
}

fn purge(all: bool, world: &World) -> Result<Exit, LoadError> {
    let Some(state) = &world.state else {
        return Err(LoadError::input(
            "There is no state directory.",
            "Set HOME.",
        ));
    };
    let fail = |error: crate::store::StoreError| LoadError::input(&error.to_string(), "");
    let drafts = Drafts::open(state).map_err(fail)?;
    let removed = drafts
        .purge(if all { 0 } else { 14 }, world.now)
        .map_err(fail)?;
    output::say(&format!("{removed} draft files removed."));
    Ok(Exit::Pass)
}
