use super::*;

const KINDS: [(&str, &[&str]); 5] = [
    ("ed25519", &["-t", "ed25519"]),
    ("p256", &["-t", "ecdsa", "-b", "256"]),
    ("p384", &["-t", "ecdsa", "-b", "384"]),
    ("p521", &["-t", "ecdsa", "-b", "521"]),
    ("rsa", &["-t", "rsa", "-b", "2048"]),
];

#[test]
fn what_openssh_signs_is_verified_with_every_kind_of_key() {
    let Some(keys) = Keys::new() else { return };
    for (name, options) in KINDS {
        let key = keys.make(name, options);
        let signature = keys.sign(name).unwrap();
        assert_eq!(*signature.key(), key, "{name}");
        let list = format!("{ADDRESS} {} comment\n", key.line());
        let whole = verifier(Some(&list), Some(&keys.program));
        let expected = Verified {
            key: key.fingerprint(),
            vouched: true,
        };
        assert_eq!(outcome(&whole, ADDRESS, &signature), Ok(expected), "{name}");
        // Three kinds need no other program; the rest is refused by name without it.
        let alone = outcome(&verifier(Some(&list), None), ADDRESS, &signature);
        if ["p521", "rsa"].contains(&name) {
            let why = alone.unwrap_err().to_string();
            assert!(
                why.contains(key.kind()) && why.contains("need ssh-keygen"),
                "{why}"
            );
        } else {
            assert!(alone.unwrap().vouched, "{name}");
        }
        // Without a list the bytes are still checked, and nobody vouches.
        let nobody = outcome(&verifier(None, Some(&keys.program)), ADDRESS, &signature);
        assert!(!nobody.unwrap().vouched, "{name}");
    }
}

#[test]
fn another_message_name_or_key_is_refused() {
    let Some(keys) = Keys::new() else { return };
    for (name, options) in KINDS {
        let key = keys.make(name, options);
        let signature = keys.sign(name).unwrap();
        let list = format!("{ADDRESS} {}\n", key.line());
        for list in [Some(list.as_str()), None] {
            let verifier = verifier(list, Some(&keys.program));
            let keyid = key.fingerprint();
            let other = verifier.verify(&keyid, &signature.base64(), b"other", ADDRESS, now());
            assert!(
                matches!(other, Err(SignatureProblem::Bad(_))),
                "{name}: {other:?}"
            );
            let named = verifier.verify("SHA256:x", &signature.base64(), MESSAGE, ADDRESS, now());
            assert!(
                matches!(named, Err(SignatureProblem::Bad(_))),
                "{name}: {named:?}"
            );
        }
        let verifier = verifier(Some(&list), Some(&keys.program));
        assert!(
            matches!(
                outcome(&verifier, "sam@example.com", &signature),
                Err(SignatureProblem::NotAuthorised(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn a_signature_for_another_namespace_is_none() {
    let Some(keys) = Keys::new() else { return };
    let key = keys.make("k", &["-t", "ed25519"]);
    for namespace in ["git", "file", "countersign-approval2"] {
        std::fs::write(keys.path("m"), MESSAGE).unwrap();
        drop(std::fs::remove_file(keys.path("m.sig")));
        assert!(keys.run(&["-Y", "sign", "-n", namespace, "-f", "k", "m"], b""));
        let text = std::fs::read_to_string(keys.path("m.sig")).unwrap();
        let signature = Signature::from_armor(&text).unwrap();
        let verifier = verifier(Some(&format!("* {}\n", key.line())), None);
        let why = outcome(&verifier, ADDRESS, &signature).unwrap_err();
        assert!(why.to_string().contains(namespace), "{why}");
    }
}

/// Every single byte of a signature matters, and so does every bit that base64 leaves over.
#[test]
fn a_signature_that_was_changed_anywhere_is_refused() {
    let Some(keys) = Keys::new() else { return };
    for (name, options) in &KINDS[..3] {
        let key = keys.make(name, options);
        let signature = keys.sign(name).unwrap();
        let list = format!("* {}\n", key.line());
        let verifier = verifier(Some(&list), None);
        let bytes = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD
                .decode(signature.base64())
                .unwrap()
        };
        for at in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[at] ^= 1;
            if let Ok(edited) = Signature::from_bytes(&edited) {
                assert!(
                    outcome(&verifier, ADDRESS, &edited).is_err(),
                    "{name}: byte {at}"
                );
            }
        }
        for cut in 0..bytes.len() {
            assert!(
                Signature::from_bytes(&bytes[..cut]).is_err(),
                "{name}: {cut}"
            );
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Signature::from_bytes(&longer).is_err());
    }
    let armor = keys.sign("ed25519").unwrap().armor();
    assert!(keys.openssh_accepts(
        &format!("* {}\n", keys.public("ed25519").line()),
        ADDRESS,
        &Signature::from_armor(&armor).unwrap()
    ));
}

#[test]
fn a_short_rsa_key_does_not_count() {
    let Some(keys) = Keys::new() else { return };
    if !keys.run(
        &["-q", "-N", "", "-t", "rsa", "-b", "1024", "-f", "short"],
        b"",
    ) {
        eprintln!("SKIPPED: this ssh-keygen makes no short RSA keys");
        return;
    }
    let list = format!("* {}\n", keys.public("short").line());
    let signature = keys.sign("short").unwrap();
    let why = outcome(
        &verifier(Some(&list), Some(&keys.program)),
        ADDRESS,
        &signature,
    );
    assert!(why.unwrap_err().to_string().contains("2048"));
}

#[test]
fn a_certificate_counts_where_its_authority_is_named() {
    let Some(keys) = Keys::new() else { return };
    let authority = keys.make("ca", &["-t", "ed25519"]);
    keys.make("user", &["-t", "ed25519"]);
    let issue = [
        "-q",
        "-s",
        "ca",
        "-I",
        "id",
        "-n",
        ADDRESS,
        "-V",
        "20260101:20270101",
        "user.pub",
    ];
    assert!(keys.run(&issue, b""));
    let signature = keys.sign("user-cert.pub").unwrap();
    assert!(signature.key().is_certificate());
    let list = format!("*@example.com cert-authority {}\n", authority.line());
    let verify =
        |list: &str, program, address| outcome(&verifier(Some(list), program), address, &signature);
    let program = Some(keys.program.as_path());
    assert!(verify(&list, program, ADDRESS).unwrap().vouched);
    // Not without the program, not for a name that the certificate does not hold, not as a plain key.
    assert!(verify(&list, None, ADDRESS).is_err());
    assert!(verify(&list, program, "sam@example.com").is_err());
    assert!(verify(&list.replace(" cert-authority", ""), program, ADDRESS).is_err());
    let other = keys.make("other", &["-t", "ed25519"]);
    let foreign = format!("*@example.com cert-authority {}\n", other.line());
    assert!(verify(&foreign, program, ADDRESS).is_err());
}

#[test]
fn a_locked_key_says_what_helps_and_does_not_wait() {
    let Some(keys) = Keys::new() else { return };
    assert!(keys.run(
        &[
            "-q",
            "-t",
            "ed25519",
            "-N",
            "a long passphrase",
            "-f",
            "locked"
        ],
        b""
    ));
    let error = keys.sign("locked").unwrap_err();
    assert!(matches!(error, SignError::Locked(_)), "{error}");
    assert!(error.to_string().contains("ssh-add"), "{error}");
    let missing = keys.sign("nothing").unwrap_err();
    assert!(missing.to_string().contains("could not sign"), "{missing}");
}

#[test]
fn settings_name_a_file_or_a_key_and_never_a_place_in_the_work_tree() {
    let read = |text| SigningKey::from_setting(text, Some("/home/rae"));
    assert_eq!(
        read("~/.ssh/id.pub"),
        Ok(SigningKey::File("/home/rae/.ssh/id.pub".into()))
    );
    assert_eq!(read("/keys/id"), Ok(SigningKey::File("/keys/id".into())));
    for text in ["key::ssh-ed25519 AAAA x", "ssh-ed25519 AAAA x"] {
        assert_eq!(
            read(text),
            Ok(SigningKey::Text("ssh-ed25519 AAAA x".to_owned()))
        );
    }
    for text in ["id.pub", "./id", "../id", "ABCD1234", "-f"] {
        assert!(matches!(read(text), Err(SignError::NoPath(_))), "{text}");
    }
}

#[test]
fn a_program_is_found_on_absolute_directories_only() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ssh-keygen"), "").unwrap();
    let path = directory.path().to_str().unwrap();
    assert!(find_program("ssh-keygen", Some(path)).is_some());
    assert_eq!(find_program("ssh-keygen", Some(".:bin:")), None);
    assert_eq!(find_program("ssh-keygen", None), None);
}
