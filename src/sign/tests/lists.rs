//! `allowed_signers` line by line, each held against OpenSSH's own reading.

use super::*;

/// A line with `KEY` for the key, and whether it lets the key sign for [`ADDRESS`] now.
const LINES: [(&str, bool); 36] = [
    ("rae@example.com KEY", true),
    ("rae@example.com KEY a comment", true),
    ("  rae@example.com\tKEY", true),
    ("\"rae@example.com\" KEY", true),
    ("sam@example.com KEY", false),
    ("sam@example.com,rae@example.com KEY", true),
    ("*@example.com KEY", true),
    ("*@other.com KEY", false),
    ("?ae@example.com KEY", true),
    ("??ae@example.com KEY", false),
    ("* KEY", true),
    ("*,!rae@example.com KEY", false),
    ("!sam@example.com,*@example.com KEY", true),
    ("!rae@example.com KEY", false),
    (
        "rae@example.com namespaces=\"countersign-approval\" KEY",
        true,
    ),
    (
        "rae@example.com namespaces=\"git,countersign-approval\" KEY",
        true,
    ),
    ("rae@example.com namespaces=\"countersign-*\" KEY", true),
    ("rae@example.com namespaces=\"git\" KEY", false),
    (
        "rae@example.com namespaces=\"*,!countersign-approval\" KEY",
        false,
    ),
    ("rae@example.com NAMESPACES=\"git\" KEY", false),
    ("rae@example.com valid-after=\"20260101\" KEY", true),
    ("rae@example.com valid-after=\"20270101\" KEY", false),
    ("rae@example.com valid-before=\"20270101\" KEY", true),
    ("rae@example.com valid-before=\"20260101\" KEY", false),
    ("rae@example.com valid-after=\"202611220759\" KEY", true),
    ("rae@example.com valid-after=\"20261122080001Z\" KEY", false),
    (
        "rae@example.com valid-before=\"20261122075959Z\" KEY",
        false,
    ),
    (
        "rae@example.com namespaces=\"git\",valid-after=\"20260101\" KEY",
        false,
    ),
    (
        "rae@example.com valid-after=\"20260101\",valid-before=\"20261231\" KEY",
        true,
    ),
    ("rae@example.com valid-after=20260101 KEY", false),
    ("rae@example.com valid-after=\"yesterday\" KEY", false),
    ("rae@example.com no-touch-required KEY", false),
    ("rae@example.com namespaces=\"git KEY", false),
    (
        "rae@example.com valid-before=\"20270101\",valid-before=\"20280101\" KEY",
        false,
    ),
    ("# rae@example.com KEY", false),
    ("rae@example.com cert-authority KEY", false),
];

#[test]
fn each_line_means_what_openssh_makes_of_it() {
    let keys = Keys::new();
    let (signature, line) = match &keys {
        Some(keys) => {
            let key = keys.make("k", &["-t", "ed25519"]);
            (keys.sign("k").unwrap(), key.line())
        }
        None => return,
    };
    let keys = keys.unwrap();
    for (text, counts) in LINES {
        let list = format!("{}\n", text.replace("KEY", &line));
        let ours = outcome(&verifier(Some(&list), None), ADDRESS, &signature);
        assert_eq!(ours.is_ok(), counts, "{text}: {ours:?}");
        assert_eq!(
            keys.openssh_accepts(&list, ADDRESS, &signature),
            counts,
            "{text}: OpenSSH disagrees"
        );
    }
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

#[test]
fn what_is_not_understood_is_a_warning_with_its_line() {
    let text = format!(
        "# people\nrae@example.com {KEY}\n\nsam@example.com verify-required {KEY}\nnobody\nkim@example.com {}\n* {KEY}\n\
kim@example.com ssh-rsa {}\n\"open {KEY}\n",
        KEY.get(..40).unwrap(),
        KEY.get(12..).unwrap()
    );
    let read = AllowedSigners::read(text.as_bytes());
    assert_eq!(read.entries.len(), 2);
    let warned: Vec<(u32, &str)> = read
        .warnings
        .iter()
        .map(|w| (w.line, w.message.as_str()))
        .collect();
    let expected = [
        (4, "verify-required"),
        (5, "has no key"),
        (6, "has no key"),
        (7, "anybody's name"),
        (8, "has no key"),
        (9, "quotation marks"),
    ];
    assert_eq!(warned.len(), expected.len(), "{warned:?}");
    for ((line, message), (at, part)) in warned.iter().zip(expected) {
        assert!(*line == at && message.contains(part), "{line}: {message}");
        assert!(message.ends_with('.'), "{message}");
    }
}

#[test]
fn addresses_are_compared_without_regard_to_case() {
    let list = AllowedSigners::read(format!("Rae@Example.com {KEY}\n").as_bytes());
    assert!(list.entries[0].is_for("rae@EXAMPLE.com"));
    assert!(list.names(&list.entries[0].key, "RAE@example.com"));
    assert!(!list.names(&list.entries[0].key, "sam@example.com"));
}

#[test]
fn a_file_of_any_bytes_is_read_or_warned_of() {
    for bytes in [
        &b"\xff\xfe\0"[..],
        b"\"",
        b"a b",
        b"a ,,, b",
        b"a valid-after= b",
        b"a x=\"\\\"",
        &vec![b'a'; 100_000],
        &vec![b'\n'; MAX_SIGNERS_BYTES + 1],
    ] {
        let read = AllowedSigners::read(bytes);
        assert!(read.entries.is_empty() && !read.warnings.is_empty());
    }
    assert_eq!(AllowedSigners::read(b""), AllowedSigners::default());
}

#[test]
fn a_key_expires_also_for_what_it_signed_before() {
    let Some(keys) = Keys::new() else { return };
    let key = keys.make("k", &["-t", "ed25519"]);
    let signature = keys.sign("k").unwrap();
    let list = format!(
        "* valid-after=\"20261120Z\",valid-before=\"20261121Z\" {}\n",
        key.line()
    );
    let verify = |created: &str, now: &str| {
        let verifier = Verifier {
            now: now.parse().unwrap(),
            ..verifier(Some(&list), None)
        };
        let keyid = key.fingerprint();
        verifier
            .verify(
                &keyid,
                &signature.base64(),
                MESSAGE,
                ADDRESS,
                created.parse().unwrap(),
            )
            .is_ok()
    };
    assert!(verify("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"));
    assert!(!verify("2026-11-20T10:00:00Z", "2026-11-22T11:00:00Z"));
    assert!(!verify("2026-11-19T10:00:00Z", "2026-11-20T11:00:00Z"));
}
