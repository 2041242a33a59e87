//! Makes a signature with `ssh-keygen -Y sign`, as git does: from a key file, an agent or a key on hardware.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::blob::{MAX_SIGNATURE_BYTES, Signature};
use super::{NAMESPACE, program};
use crate::text::Printable;

/// The key to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey {
    /// A file: the private key, or a public key whose private one an agent or a device holds.
    File(PathBuf),
    /// The public key itself; an agent holds the private one.
    Text(String),
}

impl SigningKey {
    /// Reads `user.signingkey` as git does with SSH.
    ///
    /// # Errors
    /// When it names no key.
    pub fn from_setting(text: &str, home: Option<&str>) -> Result<Self, SignError> {
        let text = text.trim();
        if let Some(key) = text.strip_prefix("key::") {
            return Ok(Self::Text(key.trim().to_owned()));
        }
        let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
        if kinds.iter().any(|kind| text.starts_with(kind)) && text.contains(' ') {
            return Ok(Self::Text(text.to_owned()));
        }
        let path = match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => PathBuf::from(text),
        };
        if path.is_absolute() {
            return Ok(Self::File(path));
        }
        // A relative path would lead into the work tree, which the change can write.
        let short: String = text.chars().take(60).collect();
        Err(SignError::NoPath(Printable::line(&short)))
    }

    /// How it is named to a person.
    #[must_use]
    pub fn name(&self) -> Printable {
        match self {
            Self::File(path) => Printable::line(&path.to_string_lossy()),
            Self::Text(text) => {
                let kind = text.split_whitespace().next().unwrap_or("key");
                let comment = text.split_whitespace().nth(2).unwrap_or_default();
                Printable::line(format!("{kind} {comment} of the agent").trim())
            }
        }
    }
}

/// Whether a person can be asked for a passphrase or a touch.
pub enum Prompt {
    /// At the terminal; the program's own messages go there, too.
    Terminal(Stdio),
    /// By nobody: what would ask fails.
    Nobody,
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The setting is no key.
    #[error("user.signingkey is \"{0}\", which is neither an absolute path nor a public key.")]
    NoPath(Printable),
    /// The key needs a passphrase and nobody can be asked.
    #[error(
        "the key {0} needs a passphrase, and there is no terminal to ask at; load it into an agent first (ssh-add)."
    )]
    Locked(Printable),
    /// The program failed.
    #[error("the key {key} could not sign: {reason}.")]
    Failed {
        /// The key.
        key: Printable,
        /// What is known about it.
        reason: Printable,
    },
}

/// Signs a message.
///
/// # Errors
/// With what stood in the way.
pub fn sign(
    message: &[u8],
    key: &SigningKey,
    program: &Path,
    prompt: Prompt,
) -> Result<Signature, SignError> {
    let failed = |reason: &str| SignError::Failed {
        key: key.name(),
        reason: Printable::line(reason.trim().trim_end_matches('.')),
    };
    let io = |error: std::io::Error| failed(&error.to_string());
    let directory = program::private_directory().map_err(io)?;
    let file = directory.path().join("statement");
    std::fs::write(&file, message).map_err(io)?;
    let mut arguments: Vec<OsString> = ["-Y", "sign", "-n", NAMESPACE].map(Into::into).to_vec();
    match key {
        SigningKey::File(path) => arguments.extend(["-f".into(), path.into()]),
        SigningKey::Text(text) => {
            let public = directory.path().join("key.pub");
            std::fs::write(&public, format!("{text}\n")).map_err(io)?;
            arguments.extend(["-U".into(), "-f".into(), public.into_os_string()]);
        }
    }
    arguments.push(file.into_os_string());
    let (at_terminal, nobody) = (
        matches!(prompt, Prompt::Terminal(_)),
        matches!(prompt, Prompt::Nobody),
    );
    let done = match prompt {
        Prompt::Terminal(stderr) => {
            program::run_at_terminal(program, &arguments, directory.path(), stderr)
        }
        Prompt::Nobody => program::run_quietly(program, &arguments, directory.path(), b""),
    };
    let done = done.map_err(|reason| failed(&reason))?;
    if !done.status.success() {
        let said = done.stderr.to_ascii_lowercase();
        if nobody && (said.contains("passphrase") || said.contains("askpass")) {
            return Err(SignError::Locked(key.name()));
        }
        let last = done
            .stderr
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty());
        return Err(match last {
            Some(line) => failed(&line.chars().take(200).collect::<String>()),
            None if at_terminal => failed("the program says why above"),
            None => failed("the program does not say why"),
        });
    }
    let made = directory.path().join("statement.sig");
    let length = std::fs::metadata(&made).map_err(io)?.len();
    if length > 2 * MAX_SIGNATURE_BYTES as u64 {
        return Err(failed("what it wrote is larger than any signature"));
    }
    let text = std::fs::read_to_string(&made).map_err(io)?;
    let signature = Signature::from_armor(&text)
        .map_err(|why| failed(&format!("what it wrote cannot be used: {why}")))?;
    if signature.namespace != NAMESPACE {
        return Err(failed("it signed for something else"));
    }
    Ok(signature)
}
