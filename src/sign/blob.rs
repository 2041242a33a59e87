//! The bytes of a public key and of a signature (OpenSSH's PROTOCOL.sshsig), whatever the kind of key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::text::Printable;

/// The largest signature that is read, in bytes; the largest RSA keys and certificates stay well below.
pub(super) const MAX_SIGNATURE_BYTES: usize = 32 * 1024;

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// A public key as it stands in files and signatures.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    kind: String,
    bytes: Vec<u8>,
}

impl Key {
    /// Reads the bytes of a key; they begin with the name of its kind.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let kind = std::str::from_utf8(string(&mut rest)?).ok()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'@' | b'_');
        if kind.is_empty() || kind.len() > 80 || rest.is_empty() || !kind.bytes().all(plain) {
            return None;
        }
        let key = Self {
            kind: kind.to_owned(),
            bytes: bytes.to_vec(),
        };
        // All but certificates are a row of texts and numbers, each with its length.
        while !key.is_certificate() && !rest.is_empty() {
            string(&mut rest)?;
        }
        Some(key)
    }

    /// The name of its kind, such as `ssh-ed25519`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is a certificate.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.kind.contains("-cert-v")
    }

    /// Its name among people: `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it. A certificate has that of its bytes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
    }

    /// Kind and bytes in base64, as in a public key file.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.kind, STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.fingerprint())
    }
}

/// A signature that was taken apart and not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    pub(super) key: Key,
    pub(super) namespace: String,
    pub(super) hash: String,
    /// Algorithm, data and, from hardware, flags and counter.
    pub(super) inner: Vec<u8>,
    bytes: Vec<u8>,
}

impl Signature {
    /// Takes the bytes apart.
    ///
    /// # Errors
    /// With what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > MAX_SIGNATURE_BYTES {
            return Err("it is larger than any signature");
        }
        let short = "it is not an SSH signature";
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(short)?;
        if number(&mut rest).ok_or(short)? != 1 {
            return Err("it is of a version that is not known");
        }
        let key = Key::from_bytes(string(&mut rest).ok_or(short)?).ok_or("its key is not one")?;
        let namespace = string(&mut rest).ok_or(short)?;
        let reserved = string(&mut rest).ok_or(short)?;
        let hash = string(&mut rest).ok_or(short)?;
        let inner = string(&mut rest).ok_or(short)?.to_vec();
        if !rest.is_empty() || !reserved.is_empty() {
            return Err("it holds more than a signature does");
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_bytes| short);
        Ok(Self {
            key,
            namespace: text(namespace)?,
            hash: text(hash)?,
            inner,
            bytes: bytes.to_vec(),
        })
    }

    /// Reads the form that stands in records: base64 on one line.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn from_base64(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_SIGNATURE_BYTES * 2 {
            return Err("it is larger than any signature");
        }
        let bytes = STANDARD.decode(text).map_err(|_error| "it is not base64")?;
        Self::from_bytes(&bytes)
    }

    /// Reads what `ssh-keygen -Y sign` writes.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn from_armor(text: &str) -> Result<Self, &'static str> {
        let body = text
            .trim()
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END))
            .ok_or("it does not stand between the lines of an SSH signature")?;
        let body: String = body.split_ascii_whitespace().collect();
        Self::from_base64(&body)
    }

    /// The form for records.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.bytes)
    }

    /// The form for `ssh-keygen`.
    #[must_use]
    pub fn armor(&self) -> String {
        let mut out = format!("{BEGIN}\n");
        let mut column = 0;
        for c in self.base64().chars() {
            out.push(c);
            column += 1;
            if column == 70 {
                out.push('\n');
                column = 0;
            }
        }
        if column > 0 {
            out.push('\n');
        }
        out.push_str(END);
        out.push('\n');
        out
    }

    /// The key that it claims to be made with.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it was made for.
    #[must_use]
    pub fn namespace(&self) -> Printable {
        let short: String = self.namespace.chars().take(60).collect();
        Printable::line(&short)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {:?}", self.namespace(), self.key)
    }
}

/// Four bytes, most significant first.
pub(super) fn number(rest: &mut &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_be_bytes(*head))
}

/// A length and as many bytes.
pub(super) fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}
