//! Checks one signature: the bytes first, then whether the key may sign in this name.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ssh_key::{HashAlg, PublicKey, SshSig};

use super::blob::{Signature, number, string};
use super::{AllowedSigners, Entry, Key, NAMESPACE, program};
use crate::text::Printable;

/// Kinds of keys whose signatures are checked without another program.
const OWN_KINDS: [&str; 5] = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ecdsa-sha2-nistp384",
];

/// Set by a key on hardware when a person touched it.
const TOUCHED: u8 = 1;
/// Bits of an RSA key below which its signatures do not count.
const RSA_BITS: usize = 2048;

/// A signature that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Fingerprint of the key.
    pub key: String,
    /// Whether the allowed signers name the key for the address; `false` where there is no such list.
    pub vouched: bool,
}

/// Why a signature does not count; each is a part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// It is not a signature of these bytes, or nobody here can tell.
    #[error("{0}")]
    Bad(String),
    /// It is good, and the key may not sign in this name.
    #[error("{0}")]
    NotAuthorised(String),
}

/// Checks signatures against one list, at one time.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// Who may sign; none where the trusted tree has no list.
    pub signers: Option<AllowedSigners>,
    /// `ssh-keygen`, for the keys that are not checked here.
    pub program: Option<PathBuf>,
    /// The time.
    pub now: Timestamp,
}

impl Verifier {
    /// Checks the signature of a message in somebody's name.
    ///
    /// # Errors
    /// With the reason why it does not count.
    pub fn verify(
        &self,
        keyid: &str,
        sig: &str,
        message: &[u8],
        address: &str,
        created: Timestamp,
    ) -> Result<Verified, SignatureProblem> {
        let bad = |why: &str| SignatureProblem::Bad(why.to_owned());
        let signature = Signature::from_base64(sig).map_err(bad)?;
        let key = signature.key();
        let fingerprint = key.fingerprint();
        if keyid != fingerprint {
            return Err(bad("the record names another key than made it"));
        }
        if signature.namespace != NAMESPACE {
            return Err(SignatureProblem::Bad(format!(
                "it was made for \"{}\", not for \"{NAMESPACE}\"",
                signature.namespace()
            )));
        }
        let own = OWN_KINDS.contains(&key.kind());
        if own {
            holds(&signature, message).map_err(bad)?;
        }
        let verified = |vouched| Verified {
            key: fingerprint.clone(),
            vouched,
        };
        let Some(signers) = &self.signers else {
            if !own {
                let place = Place::Anywhere;
                self.by_program(&signature, message, &place)?;
            }
            return Ok(verified(false));
        };
        let authority = key.is_certificate();
        let entry =
            |entry: &&Entry| entry.authority == authority && (authority || entry.key == *key);
        let entries: Vec<&Entry> = signers.entries.iter().filter(entry).collect();
        let entries = entitled(&entries, &fingerprint, address, [self.now, created])
            .map_err(SignatureProblem::NotAuthorised)?;
        if !own {
            let place = Place::In { entries, address };
            self.by_program(&signature, message, &place)?;
        }
        Ok(verified(true))
    }

    /// Whether the list lets a key sign in the name of an address; a certificate's names are not known here.
    #[must_use]
    pub fn names(&self, fingerprint: &str, address: &str) -> bool {
        let entries = self.signers.iter().flat_map(|signers| &signers.entries);
        entries
            .filter(|entry| !entry.authority && entry.is_for(address))
            .any(|entry| entry.key.fingerprint() == fingerprint)
    }

    /// Leaves a signature that this program cannot check to `ssh-keygen`, which is told one principal and the keys that count.
    fn by_program(
        &self,
        signature: &Signature,
        message: &[u8],
        place: &Place<'_>,
    ) -> Result<(), SignatureProblem> {
        let key = signature.key();
        let bad = |why: String| Err(SignatureProblem::Bad(why));
        if key.kind() == "ssh-rsa" && rsa_bits(key).is_none_or(|bits| bits < RSA_BITS) {
            return bad(format!(
                "RSA keys of fewer than {RSA_BITS} bits do not count"
            ));
        }
        let Some(program) = &self.program else {
            return bad(format!(
                "signatures of the kind {} need ssh-keygen, which is not here",
                key.kind()
            ));
        };
        match ask(program, signature, message, place, self.now) {
            Ok(true) => Ok(()),
            Ok(false) => bad("ssh-keygen says that it is not good".to_owned()),
            Err(why) => bad(format!("ssh-keygen could not be asked: {why}")),
        }
    }
}

/// In which list `ssh-keygen` looks.
enum Place<'a> {
    /// In none: only the bytes count.
    Anywhere,
    /// In these entries, for this address.
    In {
        entries: Vec<&'a Entry>,
        address: &'a str,
    },
}

/// The entries that let a key sign in a name at all of the times.
fn entitled<'a>(
    entries: &[&'a Entry],
    fingerprint: &str,
    address: &str,
    times: [Timestamp; 2],
) -> Result<Vec<&'a Entry>, String> {
    if entries.is_empty() {
        return Err(format!(
            "the list of signers does not hold the key {fingerprint}"
        ));
    }
    let of_person: Vec<&Entry> = entries
        .iter()
        .copied()
        .filter(|entry| entry.is_for(address))
        .collect();
    if of_person.is_empty() {
        return Err(format!(
            "the list of signers does not let the key {fingerprint} sign for {}",
            Printable::line(address)
        ));
    }
    let mut why = None;
    let mut good = Vec::new();
    for entry in of_person {
        match times.iter().try_for_each(|time| entry.counts_at(*time)) {
            Ok(()) => good.push(entry),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    match why {
        Some(why) if good.is_empty() => Err(format!("of the list of signers, {why}")),
        _ => Ok(good),
    }
}

/// Whether the bytes are a signature of the message by the key in it.
fn holds(signature: &Signature, message: &[u8]) -> Result<(), &'static str> {
    let key = signature.key();
    let not = "it is not a signature of this record";
    let mut rest = signature.inner.as_slice();
    let algorithm = string(&mut rest).ok_or(not)?;
    string(&mut rest).ok_or(not)?;
    if algorithm != key.kind().as_bytes() {
        return Err("its algorithm does not belong to its key");
    }
    if key.kind().starts_with("sk-") {
        let (flags, mut counter) = rest.split_first().ok_or(not)?;
        number(&mut counter).ok_or(not)?;
        if !counter.is_empty() {
            return Err("it holds more than a signature does");
        }
        if flags & TOUCHED == 0 {
            return Err("nobody touched the hardware key when it was made");
        }
    } else if !rest.is_empty() {
        return Err("it holds more than a signature does");
    }
    let hash = match signature.hash.as_str() {
        "sha256" => HashAlg::Sha256,
        "sha512" => HashAlg::Sha512,
        _ => return Err("its hash is not known"),
    };
    let public = PublicKey::from_bytes(key.bytes()).map_err(|_error| "its key cannot be read")?;
    if public.to_bytes().ok().as_deref() != Some(key.bytes()) {
        return Err("its key cannot be read");
    }
    let inner = ssh_key::Signature::try_from(signature.inner.as_slice()).map_err(|_error| not)?;
    let whole = SshSig::new(public.key_data().clone(), NAMESPACE, hash, inner);
    let whole = whole.map_err(|_error| not)?;
    public
        .verify(NAMESPACE, message, &whole)
        .map_err(|_error| not)
}

/// Bits of the modulus.
fn rsa_bits(key: &Key) -> Option<usize> {
    let mut rest = key.bytes();
    string(&mut rest)?;
    string(&mut rest)?;
    let modulus = string(&mut rest)?;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    let significant = modulus.get(first..)?;
    let zeros = usize::try_from(significant.first()?.leading_zeros()).ok()?;
    rest.is_empty().then_some(significant.len() * 8 - zeros)
}

/// Runs `ssh-keygen -Y verify` in a directory of its own, with nothing of the caller's lists.
fn ask(
    program: &Path,
    signature: &Signature,
    message: &[u8],
    place: &Place<'_>,
    now: Timestamp,
) -> Result<bool, String> {
    let directory = program::private_directory().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        Ok::<_, String>(path)
    };
    let file = write("signature", &signature.armor())?;
    let mut arguments: Vec<std::ffi::OsString> = vec!["-Y".into()];
    match place {
        Place::Anywhere => arguments.push("check-novalidate".into()),
        Place::In { entries, address } => {
            let address = address.to_lowercase();
            let plain = |c: char| c.is_alphanumeric() || "@.+-_=~/'{}|^%$&".contains(c);
            if address.is_empty() || address.starts_with('-') || !address.chars().all(plain) {
                return Err(
                    "the reviewer's address holds characters that it would read otherwise"
                        .to_owned(),
                );
            }
            let mut lines = String::new();
            for entry in entries {
                let authority = if entry.authority {
                    "cert-authority,"
                } else {
                    ""
                };
                let key = entry.key.line();
                lines.push_str(&format!(
                    "{address} {authority}namespaces=\"{NAMESPACE}\" {key}\n"
                ));
            }
            let list = write("signers", &lines)?;
            let at = now.strftime("%Y%m%d%H%M%S").to_string();
            arguments.extend(["verify".into(), "-f".into(), list.into_os_string()]);
            arguments.extend([
                "-I".into(),
                address.into(),
                format!("-Overify-time={at}").into(),
            ]);
        }
    }
    arguments.extend([
        "-n".into(),
        NAMESPACE.into(),
        "-s".into(),
        file.into_os_string(),
    ]);
    let done = program::run_quietly(program, &arguments, directory.path(), message)?;
    Ok(done.status.success())
}
