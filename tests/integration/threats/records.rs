//! Whoever may write the notes edits, forges and repeats.

use super::*;

const ATTEMPTS: [Attempt; 19] = [
    (
        "the plan's digest is edited",
        "bad signature: it is not a signature of this record",
        |s| {
            forge(s, |t| {
                t.plans[0].sha256 = countersign::digest::Digest::of(b"other");
            });
        },
    ),
    ("the reviewer is edited", "bad signature", |s| {
        forge(s, |t| "Kim Tran".clone_into(&mut t.reviewer.name));
    }),
    ("the end is put off", "bad signature", |s| {
        forge(s, |t| shift(t, 1));
    }),
    ("the list of authors is edited", "bad signature", |s| {
        forge(s, |t| t.authors = vec!["nobody@example.com".to_owned()]);
    }),
    ("the commit is edited", "bad signature", |s| {
        forge(s, |t| t.commit = "1".repeat(40));
    }),
    ("the policies' digest is edited", "bad signature", |s| {
        forge(s, |t| {
            t.policies.digest = countersign::digest::Digest::of(b"none");
        });
    }),
    (
        "the signature is taken away",
        "unsigned: the record carries no signature",
        |s| {
            let statement = record(s).statement().clone();
            put(s, Record::unsigned(statement).unwrap().line());
        },
    ),
    (
        "the signature is a word",
        "bad signature: it is not base64",
        |s| {
            resigned(s, |signatures| {
                signatures[0].sig = "approved".to_owned() + "!";
            });
        },
    ),
    (
        "one byte of the signature is another",
        "bad signature",
        |s| {
            resigned(s, |signatures| {
                let mut bytes = STANDARD.decode(&signatures[0].sig).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                signatures[0].sig = STANDARD.encode(bytes);
            });
        },
    ),
    (
        "the key's name is that of Kim's key",
        "bad signature: the record names another key",
        |s| {
            let kim = signature(s, "kim", b"").keyid;
            resigned(s, |signatures| signatures[0].keyid = kim);
        },
    ),
    (
        "a good signature stands beside a bad one",
        "bad signature: the record carries more than one",
        |s| {
            resigned(s, |signatures| {
                let mut other = signatures[0].clone();
                "AAAA".clone_into(&mut other.sig);
                signatures.push(other);
            });
        },
    ),
    (
        "the same signature stands twice",
        "bad signature: the record carries more than one",
        |s| {
            resigned(s, |signatures| signatures.push(signatures[0].clone()));
        },
    ),
    (
        "a key of the JSON stands twice",
        "malformed: the envelope repeats the key",
        |s| {
            let line = note(s).replacen("{\"payload\":", "{\"payload\":\"eA==\",\"payload\":", 1);
            put(s, &line);
        },
    ),
    (
        "the same content is written otherwise",
        "malformed: the envelope is not in canonical form",
        |s| {
            put(s, &note(s).replacen("\"payload\":", "\"payload\": ", 1));
        },
    ),
    (
        "the record is larger than any",
        "malformed: the record is larger than",
        |s| {
            put(
                s,
                &note(s).replacen(
                    "\"keyid\":\"",
                    &format!("\"keyid\":\"{}", "x".repeat(1 << 20)),
                    1,
                ),
            );
        },
    ),
    (
        "a right subject stands among wrong ones",
        "malformed: the subjects differ",
        |s| {
            sign_text(s, |text| {
                let more = "\"subject\":[{\"digest\":{\"sha256\":\"00\"},\"name\":\"other.json\"},";
                text.replacen("\"subject\":[", more, 1)
            });
        },
    ),
    (
        "the statement is one about something else",
        "malformed: the predicate type is",
        |s| {
            sign_text(s, |text| {
                text.replacen(
                    "urn:countersign:approval:v1",
                    "https://slsa.dev/provenance/v1",
                    1,
                )
            });
        },
    ),
    (
        "the commit is given by its first digits",
        "malformed",
        |s| {
            let head = s.git(&["rev-parse", "HEAD"]);
            sign_text(s, |text| text.replace(&head, &head[..12]));
        },
    ),
    ("the note is prose", "malformed", |s| {
        put(s, "approved by the boss");
    }),
];

fn resigned(scene: &Scene, edit: impl FnOnce(&mut Vec<Signature>)) {
    let record = record(scene);
    let mut signatures = record.signatures().to_vec();
    edit(&mut signatures);
    let made = Record::with_signatures(record.statement().clone(), signatures).unwrap();
    put(scene, made.line());
}

#[test]
fn forged_records_are_refused() {
    let Some(stage) = approved() else { return };
    refuse_all(&stage, &ATTEMPTS);
}

#[test]
fn junk_beside_a_good_record_takes_nothing_away_and_adds_nothing() {
    let Some(scene) = approved() else { return };
    let good = note(&scene);
    put(
        &scene,
        &format!(
            "junk\n{good}\n{}",
            good.replacen("\"sig\":\"", "\"sig\":\"A", 1)
        ),
    );
    let run = scene.run(&["verify", "--format", "json"]).must_end(0);
    let report = run.report();
    let valid = report["approvals"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["valid"] == true);
    assert_eq!(valid.count(), 1, "{run}");
}
