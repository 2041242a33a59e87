//! Identities: SHA-256 digests, injective hashing of structures, canonical JSON and the memory-hard pass.
//!
//! Everything that is compared later (a plan's bytes, its effect, a finding, a bundle) is named by a [`Digest`]. Structures are
//! hashed through [`Sink`], which writes every field with its length, so that two different structures never give the same bytes.

mod canon;
mod keys;

pub use canon::{Canon, CanonError, hash_json, hash_value};
pub use keys::repeated_key;

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, shown in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes bytes as they are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let mut out = [0_u8; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (slot, pair) in out.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *slot = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(out))
    }

    /// The raw bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a digest is 64 hexadecimal digits"))
    }
}

/// Collects fields into one digest; each is written with its length.
pub struct Sink(Sha256);

impl Sink {
    /// Starts a digest of a named kind; the same fields under another name give another digest.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        let mut sink = Self(Sha256::new());
        sink.field(kind.as_bytes());
        sink
    }

    /// Adds one field.
    pub fn field(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds one text field.
    pub fn text(&mut self, text: &str) {
        self.field(text.as_bytes());
    }

    /// Adds a field that may be absent.
    pub fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update([0]),
            Some(text) => {
                self.0.update([1]);
                self.text(text);
            }
        }
    }

    /// Adds a digest.
    pub fn digest(&mut self, digest: &Digest) {
        self.field(&digest.0);
    }

    /// The digest of what was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
thread_local! {
    /// How often this thread ran the memory-hard pass.
    pub(crate) static PASSES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Runs the memory-hard pass (Argon2id, 64 MiB, 3 passes, 1 lane) over secret bytes, so that nobody can test guesses of a secret
/// cheaply against a recorded digest.
///
/// # Errors
/// When 64 MiB of memory cannot be had or the input is longer than Argon2 takes.
pub fn memory_hard(secret: &[u8], salt: &Digest) -> Result<Digest, argon2::Error> {
    #[cfg(test)]
    PASSES.with(|passes| passes.set(passes.get() + 1));
    let params = argon2::Params::new(64 * 1024, 3, 1, Some(32))?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = [0_u8; 32];
    argon.hash_password_into(secret, salt.bytes(), &mut out)?;
    Ok(Digest(out))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_text() {
        let digest = Digest::of(b"plan");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("zz"), None);
        assert_eq!(digest.short().len(), 8);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |parts: &[&str]| {
            let mut sink = Sink::new("test");
            for part in parts {
                sink.text(part);
            }
            sink.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    #[test]
    fn the_memory_hard_pass_depends_on_secret_and_salt() {
        let salt = Digest::of(b"public");
        let one = memory_hard(b"secret", &salt).unwrap();
        assert_eq!(one, memory_hard(b"secret", &salt).unwrap());
        assert_ne!(one, memory_hard(b"secres", &salt).unwrap());
        assert_ne!(one, memory_hard(b"secret", &Digest::of(b"other")).unwrap());
    }
}
