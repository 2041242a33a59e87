#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr
)]

mod hardware;
mod lists;
mod signatures;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;

const ADDRESS: &str = "rae@example.com";
const MESSAGE: &[u8] = b"DSSEv1 28 application/vnd.in-toto+json 2 {}";

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// OpenSSH's own program; without it nothing can be compared, and the test says so.
fn keygen() -> Option<PathBuf> {
    let found = find_program("ssh-keygen", std::env::var("PATH").ok().as_deref());
    if found.is_none() {
        eprintln!("SKIPPED: ssh-keygen is not on the PATH, so nothing was compared with it");
    }
    found
}

/// A directory with keys.
struct Keys {
    directory: TempDir,
    program: PathBuf,
}

impl Keys {
    fn new() -> Option<Self> {
        Some(Self {
            directory: tempfile::tempdir().unwrap(),
            program: keygen()?,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs `ssh-keygen` with this input.
    fn run(&self, arguments: &[&str], input: &[u8]) -> bool {
        use std::io::Write;
        let mut child = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdin.take().unwrap().write_all(input));
        child.wait().unwrap().success()
    }

    /// Makes a key without a passphrase and gives its public part.
    fn make(&self, name: &str, options: &[&str]) -> Key {
        let arguments = [&["-q", "-N", "", "-C", "test", "-f", name], options].concat();
        assert!(self.run(&arguments, b""), "{options:?}");
        self.public(name)
    }

    fn public(&self, name: &str) -> Key {
        use base64::Engine as _;
        let text = std::fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        let base64 = text.split_whitespace().nth(1).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(base64)
            .unwrap();
        Key::from_bytes(&bytes).unwrap()
    }

    /// Signs as the program does, headless.
    fn sign(&self, name: &str) -> Result<Signature, SignError> {
        let key = SigningKey::File(self.path(name));
        sign(MESSAGE, &key, &self.program, Prompt::Nobody)
    }

    /// Whether OpenSSH accepts a signature under a list of signers at a time.
    fn openssh_accepts(&self, list: &str, address: &str, signature: &Signature) -> bool {
        std::fs::write(self.path("list"), list).unwrap();
        std::fs::write(self.path("sig"), signature.armor()).unwrap();
        let time = now().strftime("%Y%m%d%H%M%S").to_string();
        self.run(
            &[
                "-Y",
                "verify",
                "-f",
                "list",
                "-I",
                address,
                "-n",
                NAMESPACE,
                "-s",
                "sig",
                &format!("-Overify-time={time}"),
            ],
            MESSAGE,
        )
    }
}

fn verifier(list: Option<&str>, program: Option<&Path>) -> Verifier {
    Verifier {
        signers: list.map(|text| AllowedSigners::read(text.as_bytes())),
        program: program.map(Path::to_path_buf),
        now: now(),
    }
}

fn outcome(
    verifier: &Verifier,
    address: &str,
    signature: &Signature,
) -> Result<Verified, SignatureProblem> {
    let keyid = signature.key().fingerprint();
    verifier.verify(&keyid, &signature.base64(), MESSAGE, address, now())
}
