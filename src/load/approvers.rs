//! What the trusted tree says about approvals beside the configuration: who may sign, what is taken back, whether all is suspended.
//!
//! Taking back and suspending also count where the head or the tip of the target branch says so: a base can be older than both, and they
//! only ever take an approval away.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::LoadError;
use super::config::{ALLOWED_SIGNERS, Config};
use super::policies::Tree;
use crate::approval::{Claim, CodeOwners, Signer, Signers, Unproven};
use crate::digest::Digest;
use crate::git::{EntryKind, Repository};
use crate::sign::{AllowedSigners, SignatureProblem, Verifier, find_program};
use crate::text::Printable;

/// The list of approvals that were taken back.
pub const REVOKED: &str = ".countersign/revoked";
/// The file that suspends all approvals.
pub const FREEZE: &str = ".countersign/freeze";

/// Largest file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// What the trusted tree says.
#[derive(Clone, Debug)]
pub struct Approvers {
    /// Checks signatures against its list.
    pub verifier: Verifier,
    /// Where that list stands.
    pub signers_file: String,
    /// Digests of statements that were taken back.
    pub revoked: BTreeSet<Digest>,
    /// Why approvals are suspended, if they are.
    pub frozen: Option<Printable>,
    /// Who owns which files, where owners must approve.
    pub owners: Option<CodeOwners>,
    /// What in these files does not count, one sentence each.
    pub warnings: Vec<Printable>,
}

impl Approvers {
    pub(super) fn read(
        tree: Tree<'_>,
        config: &Config,
        path: Option<&str>,
        now: jiff::Timestamp,
    ) -> Result<Self, LoadError> {
        let named = config.approval.allowed_signers.as_deref();
        let place = named.unwrap_or(ALLOWED_SIGNERS);
        let bytes = file(tree, place)?;
        if bytes.is_none() && named.is_some() {
            return Err(LoadError::usage(
                &format!(
                    "{place}, which [approval] allowed_signers names, does not exist where the configuration is read from."
                ),
                "Commit it there: one line for each person, with address and public key.",
            ));
        }
        let signers = bytes.as_deref().map(AllowedSigners::read);
        let warnings = signers.iter().flat_map(|signers| &signers.warnings);
        let warnings = warnings
            .map(|warning| {
                Printable::line(&format!("{place}:{}: {}", warning.line, warning.message))
            })
            .collect();
        let mut out = Self {
            verifier: Verifier {
                signers,
                program: find_program("ssh-keygen", path),
                now,
            },
            signers_file: place.to_owned(),
            revoked: BTreeSet::new(),
            frozen: None,
            owners: owners(tree, config)?,
            warnings,
        };
        out.take_back(tree)?;
        Ok(out)
    }

    /// Takes in what a further commit takes away.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub fn restrict(&mut self, repository: &Repository, commit: &str) -> Result<(), LoadError> {
        self.take_back(Tree::Commit(repository, commit))
    }

    fn take_back(&mut self, tree: Tree<'_>) -> Result<(), LoadError> {
        if let Some(bytes) = file(tree, REVOKED)? {
            self.revoked.extend(revoked(&bytes)?);
        }
        if self.frozen.is_none()
            && let Some(bytes) = file(tree, FREEZE)?
        {
            let text = String::from_utf8_lossy(&bytes);
            let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = text.chars().take(300).collect();
            self.frozen = Some(Printable::line(if short.is_empty() {
                "no reason is given."
            } else {
                &short
            }));
        }
        Ok(())
    }

    /// Whether the trusted tree says who must sign.
    #[must_use]
    pub fn asks_for_signatures(&self) -> bool {
        self.verifier.signers.is_some()
    }
}

impl Signers for Approvers {
    fn check(&self, claim: &Claim<'_>) -> Result<Signer, Unproven> {
        let Claim {
            keyid,
            sig,
            message,
            address,
            created,
        } = *claim;
        match self.verifier.verify(keyid, sig, message, address, created) {
            Ok(verified) => Ok(Signer {
                key: verified.key,
                vouched: verified.vouched,
            }),
            Err(SignatureProblem::Bad(why)) => Err(Unproven::Bad(why)),
            Err(SignatureProblem::NotAuthorised(why)) => Err(Unproven::NotAuthorised(why)),
        }
    }

    fn names(&self, key: &str, address: &str) -> bool {
        self.verifier.names(key, address)
    }
}

/// The owners of code, where the configuration names a file of them.
fn owners(tree: Tree<'_>, config: &Config) -> Result<Option<CodeOwners>, LoadError> {
    let Some(path) = config.approval.codeowners.as_deref() else {
        return Ok(None);
    };
    let hint = "Mend it on the base, or take out [approval] codeowners.";
    let bytes = file(tree, path)?.ok_or_else(|| {
        let what = "which [approval] codeowners names, does not exist where the configuration is read from";
        LoadError::usage(&format!("{path}, {what}."), hint)
    })?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_error| LoadError::usage(&format!("{path} is not UTF-8 text."), hint))?;
    CodeOwners::read(path, text, &config.approval.groups)
        .map(Some)
        .map_err(|error| LoadError::usage(&error.to_string(), hint))
}

/// One digest a line; what follows it behind `#` is a comment.
fn revoked(bytes: &[u8]) -> Result<BTreeSet<Digest>, LoadError> {
    let mut out = BTreeSet::new();
    let wrong = |line: usize, why: &str| {
        LoadError::usage(
            &format!("{REVOKED}:{line}: {why}"),
            "Write one digest of an approval a line, 64 hexadecimal digits: countersign approvals list.",
        )
    };
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let number = index + 1;
        let text =
            std::str::from_utf8(line).map_err(|_error| wrong(number, "it is not UTF-8 text."))?;
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let digest = Digest::parse(text).ok_or_else(|| {
            let short: String = text.chars().take(20).collect();
            wrong(
                number,
                &format!("\"{}\" is no digest.", Printable::line(&short)),
            )
        })?;
        out.insert(digest);
    }
    Ok(out)
}

/// A file of the tree; none where nothing stands. Anything else in its place is an error: it must not read as nothing.
fn file(tree: Tree<'_>, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
    let wrong = |what: &str| {
        LoadError::usage(
            &format!("{path} {what}."),
            "It decides about approvals; make it a plain file, and its directory a plain directory.",
        )
    };
    let bytes = match tree {
        Tree::Commit(repository, commit) => {
            let git = |e| LoadError::git(&e);
            // Each step must be what it seems: a link would lead out of what was reviewed.
            let mut walked = PathBuf::new();
            for part in Path::new(path).components() {
                walked.push(part);
                let here = walked.to_string_lossy().replace('\\', "/");
                let above = walked
                    .parent()
                    .map(|path| path.to_string_lossy().replace('\\', "/"));
                let entries = repository.list(commit, &above.unwrap_or_default(), false);
                let entries = entries.map_err(git)?;
                let found = entries.iter().find(|entry| entry.path == here);
                match found.map(|entry| entry.kind) {
                    None => return Ok(None),
                    Some(EntryKind::Directory) if here != path => {}
                    Some(EntryKind::File) if here == path => {}
                    Some(_) => return Err(wrong("is not a plain file, or lies behind a link")),
                }
            }
            repository.read_blob(commit, path).map_err(git)?
        }
        Tree::Directory(root) => {
            let place = root.join(path);
            match std::fs::symlink_metadata(&place) {
                Ok(meta) if meta.is_file() && meta.len() <= MAX_BYTES => Some(
                    std::fs::read(&place)
                        .map_err(|error| wrong(&format!("cannot be read: {error}")))?,
                ),
                Ok(_) => return Err(wrong("is not a plain file, or is too large")),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(wrong(&format!("cannot be read: {error}"))),
            }
        }
    };
    match &bytes {
        Some(bytes) if bytes.len() as u64 > MAX_BYTES => Err(wrong("is too large")),
        _ => Ok(bytes),
    }
}
