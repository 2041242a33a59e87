use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn envelope(payload: &str) -> String {
    format!(
        r#"{{"payload":"{}","payloadType":"application/vnd.in-toto+json","signatures":[]}}"#,
        STANDARD.encode(payload)
    )
}

fn payload() -> String {
    statement(&case(), "Ada").payload().unwrap()
}

fn error_of(line: &str) -> RecordError {
    Record::parse(line).unwrap_err()
}

/// What is wrong once one part of the payload reads differently.
fn edited(from: &str, to: &str) -> RecordError {
    let payload = payload();
    assert!(payload.contains(from), "{from}");
    error_of(&envelope(&payload.replacen(from, to, 1)))
}

#[test]
fn a_record_reads_back_from_its_line_and_is_named_by_it() {
    let record = record(&case(), "Ada");
    assert_eq!(record.line(), envelope(&payload()));
    assert_eq!(record.digest(), Digest::of(record.line().as_bytes()));
    assert_eq!(record.statement_digest(), Digest::of(payload().as_bytes()));
    assert_eq!(Record::parse(record.line()), Ok(record));
}

#[test]
fn a_signature_changes_the_record_and_not_the_statement() {
    let signature = Signature {
        keyid: "SHA256:abc".to_owned(),
        sig: "AAAA".to_owned(),
    };
    let unsigned = record(&case(), "Ada");
    let signed =
        Record::with_signatures(statement(&case(), "Ada"), vec![signature.clone()]).unwrap();
    assert_ne!(signed.digest(), unsigned.digest());
    assert_eq!(signed.statement_digest(), unsigned.statement_digest());
    assert_eq!(
        Record::parse(signed.line()).unwrap().signatures(),
        [signature]
    );
}

#[test]
fn an_envelope_is_read_in_one_spelling_only() {
    let line = record(&case(), "Ada").line().to_owned();
    for (other, name) in [
        (format!("{line} "), "canonical"),
        (line.replace("\"payload\":", "\"payload\": "), "canonical"),
        (
            line.replace("\"payloadType\"", "\"payload\\u0054ype\""),
            "canonical",
        ),
        (format!("{line}{line}"), "cannot be read"),
        (format!("{line}x"), "cannot be read"),
        (
            line.replace("\"signatures\":[]", "\"signatures\":[],\"signatures\":[]"),
            "repeats the key \"signatures\"",
        ),
        (
            line.replace("\"signatures\":[]", "\"signatures\":[],\"extra\":1"),
            "cannot be read",
        ),
        (
            line.replace("\"signatures\":[]", "\"signatures\":{}"),
            "cannot be read",
        ),
        (line.replace(",\"signatures\":[]", ""), "cannot be read"),
        (
            line.replace(
                "\"signatures\":[]",
                "\"signatures\":[{\"keyid\":\"a\",\"sig\":\"b\",\"sig\":\"c\"}]",
            ),
            "repeats the key \"sig\"",
        ),
        (
            line.replace("vnd.in-toto", "vnd.other"),
            "payload type is \"application/vnd.other+json\"",
        ),
        (
            line.replace("\"payload\":\"", "\"payload\":\"*"),
            "not base64",
        ),
        (
            envelope("").replace("\"payload\":\"", "\"payload\":\"/w=="),
            "not base64",
        ),
        (String::new(), "cannot be read"),
        ("null".to_owned(), "cannot be read"),
        ("[".repeat(200_000), "cannot be read"),
        (" ".repeat(MAX_RECORD_BYTES + 1), "larger than"),
        (
            format!("{{\"payload\":\"{}\"}}", "A".repeat(MAX_RECORD_BYTES)),
            "larger than",
        ),
    ] {
        assert_ne!(other, line);
        let error = error_of(&other).to_string();
        assert!(
            error.contains(name) && error.ends_with('.'),
            "{name}: {error}"
        );
    }
}

#[test]
fn base64_is_read_with_its_padding_and_no_stray_bits() {
    for payload in ["a", "ab"] {
        let line = envelope(payload);
        assert!(line.contains("=\""));
        assert_eq!(error_of(&line.replace('=', "")), RecordError::Payload);
    }
    assert_eq!(
        error_of(&envelope("a").replace("YQ==", "YR==")),
        RecordError::Payload
    );
}

#[test]
fn a_statement_is_read_in_one_spelling_only() {
    for (from, to, name) in [
        ("\"_type\":", "\"_type\": ", "canonical"),
        (
            "https://in-toto.io/Statement/v1",
            "https://in-toto.io/Statement/v0.1",
            "statement type",
        ),
        (
            "urn:countersign:approval:v1",
            "urn:countersign:approval:v2",
            "predicate type",
        ),
        (
            "urn:countersign:approval:v1",
            "urn:\\u001b[2J",
            "predicate type is \"urn:<U+001B>",
        ),
        (
            "\"displayed\":1",
            "\"displayed\":1,\"displayed\":1",
            "repeats the key \"displayed\"",
        ),
        (
            "\"displayed\":1",
            "\"displayed\":1,\"displayed\":2",
            "repeats the key \"displayed\"",
        ),
        ("\"displayed\":1", "\"displayed\":\"1\"", "cannot be read"),
        ("\"displayed\":1", "\"displayed\":1.0", "cannot be read"),
        ("\"displayed\":1", "\"displayed\":-1", "cannot be read"),
        (
            "\"displayed\":1",
            "\"displayed\":1,\"more\":1",
            "cannot be read",
        ),
        ("\"displayed\":1,", "", "cannot be read"),
        (
            "\"decision\":\"waived\"",
            "\"decision\":\"approved\"",
            "cannot be read",
        ),
        (
            "\"decision\":\"waived\"",
            "\"decision\":\"acknowledged\"",
            "do not fit the decision",
        ),
        (
            "\"decision\":\"acknowledged\"",
            "\"decision\":\"not-applicable\"",
            "do not fit the decision",
        ),
        (
            "\"decision\":\"acknowledged\",\"expires\":null",
            "\"decision\":\"acknowledged\"",
            "canonical",
        ),
        (
            "2026-11-22T08:00:00Z",
            "2026-11-22T09:00:00+01:00",
            "canonical",
        ),
        (
            "retired with",
            "retired\\u001b with",
            "invisible characters",
        ),
        (
            "\"name\":\"Ada\"",
            "\"name\":\"A\\u202eda\"",
            "invisible characters",
        ),
        (
            "\"name\":\"countersign\"",
            "\"name\":\"counter\\u200bsign\"",
            "invisible characters",
        ),
        (
            "example.org/infra",
            "example.org/\\u0009infra",
            "invisible characters",
        ),
        ("e1:", "e2:", "an effect is e1:"),
    ] {
        let error = edited(from, to).to_string();
        assert!(
            error.contains(name) && error.ends_with('.'),
            "{from} {to}: {error}"
        );
    }
    let upper = payload().replacen(&"1".repeat(40), &"A".repeat(40), 1);
    assert!(matches!(
        error_of(&envelope(&upper)),
        RecordError::Field {
            field: "commit",
            ..
        }
    ));
    let digest = case().config.to_string();
    assert_eq!(
        edited(&digest, &digest.to_uppercase()),
        RecordError::NotCanonical("statement")
    );
    assert!(
        error_of(&envelope(&format!("{} ", payload())))
            .to_string()
            .contains("canonical")
    );
    assert!(
        error_of(&envelope(&format!("{}{{}}", payload())))
            .to_string()
            .contains("trailing")
    );
}

#[test]
fn subjects_and_bindings_must_agree() {
    let plan = case().plans[0].plan.digest.to_string();
    let other = Digest::of(b"other plan").to_string();
    for (from, to) in [
        (
            format!("\"gitCommit\":\"{HEAD}\""),
            format!("\"gitCommit\":\"{OTHER}\""),
        ),
        (
            format!("\"gitTree\":\"{TREE}\""),
            format!("\"gitTree\":\"{OTHER}\""),
        ),
        (
            format!("\"sha256\":\"{plan}\"}},\"name\""),
            format!("\"sha256\":\"{other}\"}},\"name\""),
        ),
        (
            format!("\"gitTree\":\"{TREE}\""),
            format!("\"gitTree\":\"{TREE}\",\"sha1\":\"{TREE}\""),
        ),
        (
            "\"subject\":[".to_owned(),
            format!("\"subject\":[{{\"digest\":{{\"sha256\":\"{other}\"}},\"name\":\"x\"}},"),
        ),
        (
            format!(",{{\"digest\":{{\"gitTree\":\"{TREE}\"}},\"name\":\"tree\"}}"),
            String::new(),
        ),
    ] {
        assert_eq!(edited(&from, &to), RecordError::Subjects, "{from}");
    }
}

#[test]
fn values_that_cannot_be_are_named() {
    let made = statement(&case(), "Ada");
    let cases: Vec<(&str, Box<dyn Fn(&mut Statement)>)> = vec![
        ("commit", Box::new(|s| s.commit = "HEAD".to_owned())),
        ("commit", Box::new(|s| s.commit = "1".repeat(41))),
        ("tree", Box::new(|s| s.tree = String::new())),
        ("base", Box::new(|s| s.base = Some("main".to_owned()))),
        (
            "mergeBase",
            Box::new(|s| s.merge_base = Some("main".to_owned())),
        ),
        (
            "policies.commit",
            Box::new(|s| s.policies.commit = Some("main".to_owned())),
        ),
        ("expires", Box::new(|s| s.expires = s.created)),
        (
            "expires",
            Box::new(|s| s.expires = s.created + SignedDuration::from_hours(24 * 14 + 1)),
        ),
        ("reviewer", Box::new(|s| s.reviewer.email = String::new())),
        ("plans", Box::new(|s| s.plans.clear())),
        ("plans", Box::new(|s| s.plans.push(s.plans[0].clone()))),
        ("authors", Box::new(|s| s.authors.reverse())),
        (
            "authors",
            Box::new(|s| s.authors = vec!["Wanda@example.org".to_owned()]),
        ),
        (
            "predecessors",
            Box::new(|s| s.predecessors = vec![Digest::of(b"a"); 2]),
        ),
        ("answers", Box::new(|s| s.answers.reverse())),
        (
            "answers",
            Box::new(|s| s.answers.push(s.answers[1].clone())),
        ),
        (
            "answers",
            Box::new(|s| {
                s.created -= SignedDuration::from_secs(1);
                s.expires = s.created + SignedDuration::from_secs(60);
            }),
        ),
    ];
    for (field, change) in cases {
        let mut forged = made.clone();
        change(&mut forged);
        let line = Record::unsigned(forged).unwrap().line().to_owned();
        match error_of(&line) {
            RecordError::Field { field: found, .. } => assert_eq!(found, field),
            other => panic!("{field}: {other}"),
        }
    }
}

#[test]
fn every_edit_of_one_byte_is_refused_or_gives_another_record() {
    let record = record(&case(), "Ada");
    let payload = record.statement().payload().unwrap();
    for at in (0..payload.len()).filter(|at| payload.is_char_boundary(*at)) {
        let mut bytes = payload.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(read) = Statement::parse(&text) {
            assert_ne!(&read, record.statement(), "at {at}");
            assert_eq!(read.payload().unwrap(), text, "at {at}");
        }
    }
}

#[test]
fn a_note_is_read_line_by_line_and_a_bad_line_spoils_only_itself() {
    let good = record(&case(), "Ada");
    let mut note = b"\n\xff\xfe\ngarbage\n".to_vec();
    note.extend_from_slice(good.line().as_bytes());
    note.extend_from_slice(b"\n\n");
    let lines = read_note(&note);
    let is_good: Vec<bool> = lines.iter().map(|line| line.record.is_ok()).collect();
    assert_eq!(is_good, [false, false, true]);
    assert_eq!(lines[0].digest, Digest::of(b"\xff\xfe"));
    assert_eq!(lines[2], NoteLine::from(good));
    assert!(
        lines[0]
            .record
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("UTF-8")
    );
    assert!(read_note(b"").is_empty());
    let many = read_note(&b"x\n".repeat(MAX_RECORDS + 9));
    assert_eq!(many.len(), MAX_RECORDS + 1);
    assert_eq!(many[MAX_RECORDS].record, Err(RecordError::TooMany));
}
