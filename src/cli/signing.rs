//! Signing an approval as git would: which key, and whether a person can be asked.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use super::World;
use super::output::{say, standard_error};
use crate::approval::{Claim, Record, Signature, Signers, Statement, Unproven};
use crate::git::Repository;
use crate::load::Approvers;
use crate::sign::{Prompt, SigningKey, find_program, sign};
use crate::text::Printable;

/// What signs, or why nothing does.
pub(super) enum Signing {
    /// This key, with this program.
    With(SigningKey, PathBuf),
    /// Nothing, for this reason: a sentence.
    Without(String),
}

/// How the person at the terminal is asked for a passphrase or a touch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// Under what was said before.
    Lines,
    /// On the screen that the reviewer takes again afterwards: what is said there must be read first.
    Screen,
}

fn terminal() -> Option<File> {
    File::open("/dev/tty").ok()
}

/// Waits until what stands on the screen was read.
fn wait_for_enter() {
    if let Some(terminal) = terminal() {
        say("Press Enter to go back to the review.");
        let mut line = String::new();
        // Whatever was typed, or nothing.
        drop(BufReader::new(terminal).read_line(&mut line));
    }
}

const HOW: &str = "set it: git config --global gpg.format ssh; git config --global user.signingkey ~/.ssh/id_ed25519.pub";

impl Signing {
    /// Reads git's settings.
    pub(super) fn find(repository: &Repository, world: &World) -> Self {
        match Self::look(repository, world) {
            Ok((key, program)) => Self::With(key, program),
            Err(why) => Self::Without(why),
        }
    }

    fn look(repository: &Repository, world: &World) -> Result<(SigningKey, PathBuf), String> {
        let home = world.env.get("HOME").map(String::as_str);
        let path = world.env.get("PATH").map(String::as_str);
        let settings = repository.signing_settings().map_err(|e| e.to_string())?;
        let format = settings.format.unwrap_or_default().to_ascii_lowercase();
        if settings.key.is_none() && settings.has_key_command {
            return Err(
                "git names a command for the key (gpg.ssh.defaultKeyCommand), and no command is run for that here; name the key: git config --global user.signingkey \"key::$(ssh-add -L | head -n 1)\"."
                    .to_owned(),
            );
        }
        let Some(key) = settings.key else {
            return Err(format!("git names no SSH key to sign with; {HOW}."));
        };
        if format != "ssh" {
            let other = match format.as_str() {
                "" | "openpgp" => "OpenPGP",
                "x509" => "X.509",
                _ => "something else",
            };
            return Err(format!(
                "git signs with {other} here (gpg.format), and approvals are signed with SSH keys; {HOW}."
            ));
        }
        let key = SigningKey::from_setting(&key, home).map_err(|e| e.to_string())?;
        let program = match settings.program {
            None => find_program("ssh-keygen", path)
                .ok_or("ssh-keygen, which signs, is not on the PATH; install OpenSSH.")?,
            Some(named) => match (named.strip_prefix("~/"), home) {
                (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
                _ if named.contains(['/', '\\']) => Some(PathBuf::from(&named))
                    .filter(|path| path.is_absolute())
                    .ok_or("gpg.ssh.program must be a name or an absolute path.")?,
                _ => find_program(&named, path).ok_or_else(|| {
                    format!(
                        "{}, which gpg.ssh.program names, is not on the PATH.",
                        Printable::line(&named)
                    )
                })?,
            },
        };
        Ok((key, program))
    }

    /// For the approve screen.
    pub(super) fn describe(&self, approvers: &Approvers) -> Printable {
        match self {
            Self::With(key, _) => Printable::line(&format!("SSH key {}", key.name())),
            Self::Without(why) if approvers.asks_for_signatures() => {
                Printable::line(&format!("none, and the base asks for one: {why}"))
            }
            Self::Without(why) => {
                Printable::line(&format!("none, the record will not be signed: {why}"))
            }
        }
    }

    /// Makes the record: signed, or unsigned where nobody asks for a signature.
    pub(super) fn record(
        &self,
        statement: Statement,
        approvers: &Approvers,
        asking: Asking,
    ) -> Result<Sealed, String> {
        if statement.break_glass.is_some() && !approvers.asks_for_signatures() {
            return Err(format!(
                "A break-glass record counts only where the base says who may sign ({}), so nothing was written.",
                approvers.signers_file
            ));
        }
        match self.signed(&statement, approvers, asking) {
            Ok(sealed) => Ok(sealed),
            Err(why) if statement.break_glass.is_some() => Err(format!(
                "{why} A break-glass record counts only when it is signed, so nothing was written."
            )),
            Err(why) if approvers.asks_for_signatures() => Err(format!(
                "{why} The base says who must sign ({}), so nothing was written.",
                approvers.signers_file
            )),
            Err(why) => Ok(Sealed {
                record: Record::unsigned(statement).map_err(|e| e.to_string())?,
                how: format!("not signed: {}", Printable::line(&why)),
            }),
        }
    }

    fn signed(
        &self,
        statement: &Statement,
        approvers: &Approvers,
        asking: Asking,
    ) -> Result<Sealed, String> {
        let (key, program) = match self {
            Self::With(key, program) => (key, program),
            Self::Without(why) => return Err(why.clone()),
        };
        let message = statement.pae().map_err(|e| e.to_string())?;
        let full_screen = asking == Asking::Screen;
        let prompt = Prompt::Terminal(standard_error());
        if full_screen {
            say(&format!("Signing with {}.", key.name()));
        }
        let made = sign(&message, key, program, prompt).map_err(|error| {
            if full_screen {
                wait_for_enter();
            }
            error.to_string()
        })?;
        let signature = Signature {
            keyid: made.key().fingerprint(),
            sig: made.base64(),
        };
        // What would not count is never written.
        let claim = Claim {
            keyid: &signature.keyid,
            sig: &signature.sig,
            message: &message,
            address: statement.reviewer.email.trim(),
            created: statement.created,
        };
        match approvers.check(&claim) {
            Ok(_) => {}
            Err(Unproven::Bad(why)) => return Err(format!("The signature does not count: {why}.")),
            Err(Unproven::NotAuthorised(why)) => {
                return Err(format!("This key is not authorised: {why}."));
            }
        }
        let how = format!("signed with {}", signature.keyid);
        let record = Record::with_signatures(statement.clone(), vec![signature]);
        Ok(Sealed {
            record: record.map_err(|e| e.to_string())?,
            how,
        })
    }
}

/// A record, and how it is signed in words.
pub(super) struct Sealed {
    pub(super) record: Record,
    pub(super) how: String,
}
