//! SSH signatures: who may sign, making a signature, and checking one.
//!
//! A signature is an SSHSIG over the bytes of a record in the namespace [`NAMESPACE`], made by `ssh-keygen -Y sign` with the key that
//! git's settings name ([`SigningKey`]); so a key file, an agent and a key on hardware all work as they do for git. Who may sign is an
//! `allowed_signers` file in OpenSSH's format ([`AllowedSigners`]), which the caller reads from the trusted tree.
//!
//! Signatures by Ed25519 and ECDSA keys (P-256, P-384), also those on hardware, are checked here, without any other program. RSA keys,
//! other curves and certificates are left to `ssh-keygen -Y verify`; where it is missing they are refused by name.
//!
//! Invariants: settings, environment and time come in as values; a signature counts for one namespace, one message and one address; what
//! is not understood (a version, trailing bytes, an option) never counts.

mod allowed;
mod blob;
mod make;
mod program;
mod verify;

pub use allowed::{AllowedSigners, Entry, MAX_SIGNERS_BYTES, Warning};
pub use blob::{Key, Signature};
pub use make::{Prompt, SignError, SigningKey, sign};
pub use program::find_program;
pub use verify::{SignatureProblem, Verified, Verifier};

/// The namespace of approvals: a signature made for anything else is none.
pub const NAMESPACE: &str = "countersign-approval";

#[cfg(test)]
mod tests;
