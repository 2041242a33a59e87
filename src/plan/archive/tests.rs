#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::*;
use crate::plan::Plan;

const DELETE: &[u8] = include_bytes!("../../../testdata/plans/04-delete/tfplan");
const TARGETED: &[u8] = include_bytes!("../../../testdata/plans/binary-targeted/tfplan");
const DESTROY: &[u8] = include_bytes!("../../../testdata/plans/binary-destroy/tfplan");
const REFRESH: &[u8] = include_bytes!("../../../testdata/plans/binary-refresh-only/tfplan");

fn json(text: &[u8]) -> Plan {
    Plan::read(text.to_vec()).unwrap()
}

fn delete_json() -> Plan {
    json(include_bytes!(
        "../../../testdata/plans/04-delete/plan.json"
    ))
}

type Entries = Vec<(String, Vec<u8>)>;

fn entries(bytes: &[u8]) -> Entries {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

fn packed(entries: &Entries) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The plan with one more entry, put there by `add`.
fn with(add: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries(DELETE) {
        writer
            .start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&content).unwrap();
    }
    add(&mut writer);
    writer.finish().unwrap().into_inner()
}

/// The plan with another content of one entry.
fn edited(name: &str, edit: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut entries = entries(DELETE);
    for (found, content) in &mut entries {
        if found == name {
            edit(content);
        }
    }
    packed(&entries)
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut found = 0;
    for start in 0..=out.len() - from.len() {
        if out[start..].starts_with(from) {
            out[start..start + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    out
}

fn refused(bytes: &[u8]) -> ArchiveError {
    match BinaryPlan::read(bytes) {
        Err(error) => error,
        Ok(_) => unreachable!("read"),
    }
}

#[test]
fn the_facts_that_json_lacks_are_read() {
    let plan = BinaryPlan::read(TARGETED).unwrap();
    assert_eq!(plan.terraform_version, "1.11.4");
    assert_eq!(plan.mode, PlanMode::Normal);
    let mut targets = plan.targets.clone();
    targets.sort();
    assert_eq!(
        targets,
        [
            "module.net.terraform_data.zone[\"a.b\"]",
            "terraform_data.site"
        ]
    );
    assert_eq!(plan.replaced, ["terraform_data.site"]);
    assert_eq!(plan.workspace.as_deref(), Some("staging"));
    assert_eq!(plan.backend.as_deref(), Some("local"));
    assert!(plan.applyable && !plan.complete && !plan.errored);
    assert!(plan.has_state && plan.has_previous_state);
    assert!(plan.timestamp.as_deref().unwrap().ends_with('Z'));
    assert_eq!(plan.lock_file, None, "no provider is locked");
    assert!(!plan.is_open_tofu());
    let modes = [DESTROY, REFRESH].map(|bytes| BinaryPlan::read(bytes).unwrap().mode);
    assert_eq!(modes, [PlanMode::Destroy, PlanMode::RefreshOnly]);
}

#[test]
fn the_configuration_is_the_one_that_was_planned() {
    let plan = BinaryPlan::read(TARGETED).unwrap();
    let modules: Vec<_> = plan
        .modules
        .iter()
        .map(|m| (m.key.as_str(), m.source.as_str(), m.directory.as_str()))
        .collect();
    assert_eq!(
        modules,
        [
            ("", "", "."),
            ("net", "./modules/net", "modules/net"),
            ("net.data", "./sub", "modules/net/sub"),
        ]
    );
    let sources: [&[u8]; 3] = [
        include_bytes!("../../../testdata/plans/binary-targeted/main.tf"),
        include_bytes!("../../../testdata/plans/binary-targeted/modules/net/main.tf"),
        include_bytes!("../../../testdata/plans/binary-targeted/modules/net/sub/main.tf.json"),
    ];
    for (module, source) in plan.modules.iter().zip(sources) {
        let files: Vec<_> = module.files.values().collect();
        assert_eq!(files, [source]);
    }
}

#[test]
fn no_value_is_kept_but_what_the_configuration_says() {
    // The token is the default of a variable in the configuration; in variables, changes and states it is stepped over.
    let plan = BinaryPlan::read(TARGETED).unwrap();
    let facts = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        plan.changes, plan.targets, plan.replaced, plan.workspace, plan.backend
    );
    assert!(!facts.contains("4711"), "{facts}");
    assert!(!format!("{plan:?} {:?}", plan.modules).contains("4711"));
}

#[test]
fn the_json_of_the_same_plan_agrees_and_that_of_another_does_not() {
    let targeted = include_bytes!("../../../testdata/plans/binary-targeted/plan.json");
    let destroy = include_bytes!("../../../testdata/plans/binary-destroy/plan.json");
    let refresh = include_bytes!("../../../testdata/plans/binary-refresh-only/plan.json");
    for (bytes, text) in [
        (TARGETED, json(targeted)),
        (DESTROY, json(destroy)),
        (REFRESH, json(refresh)),
        (DELETE, delete_json()),
    ] {
        assert_eq!(
            BinaryPlan::read(bytes).unwrap().compare(&text).differences,
            []
        );
    }
    let mut binary = BinaryPlan::read(DELETE).unwrap();
    let found = binary.compare(&json(destroy)).differences;
    assert_eq!(found[0], PlanDifference::Time);
    assert_eq!(found[0].sentence(), "it was made at another time");
    assert!(found.len() > 5, "{found:?}");
    let plan = delete_json();
    let first = binary.changes[0].clone();
    let of = |problem| PlanDifference::Change {
        address: first.address.clone(),
        deposed: None,
        problem,
    };
    binary.changes[0].action = Action::Create;
    assert_eq!(
        binary.compare(&plan).differences,
        [of(ChangeProblem::OtherAction {
            file: Action::Create,
            json: first.action
        })]
    );
    binary.changes.remove(0);
    assert_eq!(
        binary.compare(&plan).differences,
        [of(ChangeProblem::OnlyInJson(first.action))]
    );
    binary.changes.push(first.clone());
    binary.errored = true;
    binary.terraform_version.push('0');
    binary.complete = !binary.complete;
    binary.outputs.clear();
    let found = binary.compare(&plan).differences;
    assert_eq!(
        found[..3],
        [
            PlanDifference::Version,
            PlanDifference::Errored,
            PlanDifference::Extent
        ]
    );
    assert!(matches!(found[3..], [PlanDifference::Output { .. }]));
}

#[test]
fn edited_json_differs_in_the_row_that_was_edited() {
    let binary = BinaryPlan::read(DELETE).unwrap();
    let text: &str = std::str::from_utf8(include_bytes!(
        "../../../testdata/plans/04-delete/plan.json"
    ))
    .unwrap();
    let edit = |edit: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let mut tree: serde_json::Value = serde_json::from_str(text).unwrap();
        edit(tree["resource_changes"].as_array_mut().unwrap());
        binary
            .compare(&json(tree.to_string().as_bytes()))
            .differences
    };
    let problems = |found: &[PlanDifference]| -> Vec<ChangeProblem> {
        let problem = |difference: &PlanDifference| match difference {
            PlanDifference::Change { problem, .. } => *problem,
            other => unreachable!("{other:?}"),
        };
        found.iter().map(problem).collect()
    };
    assert_eq!(edit(&|_| {}), []);
    let action = edit(&|rows| rows[0]["change"]["actions"] = serde_json::json!(["create"]));
    assert!(matches!(
        problems(&action)[..],
        [ChangeProblem::OtherAction {
            json: Action::Create,
            ..
        }]
    ));
    let address = edit(&|rows| rows[0]["address"] = serde_json::json!("terraform_data.other"));
    assert_eq!(address.len(), 2);
    let gone = edit(&|rows| drop(rows.remove(0)));
    assert!(matches!(
        problems(&gone)[..],
        [ChangeProblem::OnlyInFile(_)]
    ));
    let twice = edit(&|rows| rows.push(rows[0].clone()));
    assert_eq!(problems(&twice), [ChangeProblem::Twice]);
}

#[test]
fn lineage_and_serial_of_the_state_are_read_and_nothing_else() {
    let plan = BinaryPlan::read(DELETE).unwrap();
    assert_eq!(
        plan.lineage.as_deref(),
        Some("f72705d9-f5fd-356e-e19c-73186c194fe6")
    );
    assert_eq!(plan.serial, Some(12));
}

#[test]
fn data_sources_are_known_by_their_place_in_the_address() {
    for (address, data) in [
        ("data.aws_ami.a", true),
        ("aws_instance.data", false),
        ("module.data.aws_instance.a", false),
        ("module.module.data.aws_ami.a[0]", true),
        ("module.a[\"x.data.y\"].data.aws_ami.a[\"\\\"]\"]", true),
        ("module.a[\"].data.\\\"\"].aws_instance.b", false),
        ("ephemeral.aws_secret.a", false),
        ("data", true),
        ("", false),
    ] {
        let change = BinaryChange {
            address: address.to_owned(),
            deposed: None,
            action: Action::NoOp,
        };
        assert_eq!(change.mode() == Mode::Data, data, "{address}");
    }
}

#[test]
fn a_cut_or_changed_archive_is_refused_or_says_the_same() {
    let whole = BinaryPlan::read(DELETE).unwrap();
    for length in 0..DELETE.len() {
        assert!(BinaryPlan::read(&DELETE[..length]).is_err(), "{length}");
    }
    let mut bytes = DELETE.to_vec();
    for place in 0..bytes.len() {
        let flip = 1 << (place % 8);
        bytes[place] ^= flip;
        if let Ok(read) = BinaryPlan::read(&bytes) {
            // Times and versions of a header mean nothing.
            let same = BinaryPlan {
                digest: whole.digest,
                ..read
            };
            assert!(same == whole, "byte {place}");
        }
        bytes[place] ^= flip;
    }
}

#[test]
fn another_zip_is_no_plan() {
    let jar = packed(&vec![(
        "META-INF/MANIFEST.MF".to_owned(),
        b"Manifest-Version: 1.0\n".to_vec(),
    )]);
    assert_eq!(refused(&jar), ArchiveError::NotAPlan);
    assert_eq!(refused(b"PK\x03\x04 and no more"), ArchiveError::Damaged);
}

#[test]
fn bytes_around_the_archive_are_refused() {
    let before = [b"#!/bin/sh\n", DELETE].concat();
    let after = [DELETE, b"\0"].concat();
    let both = [DELETE, TARGETED].concat();
    let commented = with(|writer| {
        writer.set_comment("x".to_owned()).unwrap();
    });
    for bytes in [before, after, both, commented] {
        assert_eq!(refused(&bytes), ArchiveError::Surrounded);
    }
}

#[test]
fn entries_that_readers_take_in_different_ways_are_refused() {
    let twice = with(|writer| {
        writer
            .start_file("tfplaN", SimpleFileOptions::default())
            .unwrap();
    });
    assert_eq!(
        refused(&replaced(&twice, b"tfplaN", b"tfplan")),
        ArchiveError::Duplicate
    );
    // The local header says one name, the directory another.
    let mut other = DELETE.to_vec();
    other[30..36].copy_from_slice(b"tfplum");
    assert_eq!(refused(&other), ArchiveError::Inconsistent);
    // The directory's second entry begins where its first does.
    let mut central = DELETE.to_vec();
    let at = DELETE
        .windows(4)
        .enumerate()
        .filter(|(_, window)| window == b"PK\x01\x02")
        .map(|(at, _)| at)
        .nth(1)
        .unwrap();
    central[at + 42..at + 46].fill(0);
    assert!(matches!(
        refused(&central),
        ArchiveError::Overlap | ArchiveError::Inconsistent
    ));
}

#[test]
fn names_links_passwords_and_other_methods_are_refused() {
    for name in [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "tfconfig/m-/../x",
        "a\\b",
        "C:x",
        "a\u{1b}b",
        "a//b",
        "./a",
    ] {
        let placeholder = "n".repeat(name.len());
        let bytes = with(|writer| {
            writer
                .start_file(placeholder.as_str(), SimpleFileOptions::default())
                .unwrap();
        });
        let bytes = replaced(&bytes, placeholder.as_bytes(), name.as_bytes());
        assert_eq!(refused(&bytes), ArchiveError::Name, "{name:?}");
    }
    let link = with(|writer| {
        writer
            .add_symlink(
                "tfconfig/m-/a.tf",
                "/etc/passwd",
                SimpleFileOptions::default(),
            )
            .unwrap();
    });
    assert_eq!(refused(&link), ArchiveError::Link);
    // The flag of a password, in the local header and in the directory.
    let mut secret = packed(&entries(DELETE));
    for at in 0..secret.len() - 10 {
        if secret[at..].starts_with(b"PK\x03\x04") {
            secret[at + 6] |= 1;
        } else if secret[at..].starts_with(b"PK\x01\x02") {
            secret[at + 8] |= 1;
        }
    }
    assert_eq!(refused(&secret), ArchiveError::Encrypted);
    let mut method = packed(&entries(DELETE));
    for at in 0..method.len() - 12 {
        if method[at..].starts_with(b"PK\x03\x04") {
            method[at + 8] = 12;
        } else if method[at..].starts_with(b"PK\x01\x02") {
            method[at + 10] = 12;
        }
    }
    assert_eq!(refused(&method), ArchiveError::Method);
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let zeros = vec![0; 20 * 1024 * 1024];
    let ratio = with(|writer| {
        writer
            .start_file("tfconfig/m-/zeros.tf", SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&zeros).unwrap();
    });
    assert_eq!(refused(&ratio), ArchiveError::Ratio { limit: 500 });
    // A directory that claims little: what comes out must be as much as it says.
    let lie = with(|writer| {
        writer
            .start_file("tfconfig/m-/liar.tf", SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&vec![b'a'; 70_001]).unwrap();
    });
    let lie = replaced(&lie, &70_001_u32.to_le_bytes(), &100_u32.to_le_bytes());
    assert!(matches!(refused(&lie), ArchiveError::Entry { .. }));
    let many = with(|writer| {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for number in 0..20_001 {
            writer.start_file(format!("x{number}"), stored).unwrap();
        }
    });
    assert_eq!(
        refused(&many),
        ArchiveError::TooManyEntries { limit: 20_000 }
    );
}

#[test]
fn sizes_of_the_64_bit_form_are_refused() {
    let mut bytes = DELETE.to_vec();
    let end = bytes.split_off(bytes.len() - 22);
    let mut locator = b"PK\x06\x07".to_vec();
    locator.resize(20, 0);
    bytes.extend(locator);
    bytes.extend(end);
    assert!(matches!(
        refused(&bytes),
        ArchiveError::Zip64 | ArchiveError::Damaged
    ));
}

#[test]
fn a_list_of_modules_that_cannot_be_right_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        r#"[{"Key":"","Dir":"."},{"Key":"","Dir":"x"}]"#,
        r#"[{"Key":"other","Dir":"."}]"#,
    ] {
        let bytes = edited("tfconfig/modules.json", |content| {
            *content = text.as_bytes().to_vec();
        });
        assert_eq!(refused(&bytes), ArchiveError::Modules, "{text}");
    }
    let stray = with(|writer| {
        writer
            .start_file("tfconfig/m-nowhere/main.tf", SimpleFileOptions::default())
            .unwrap();
    });
    assert_eq!(refused(&stray), ArchiveError::Modules);
}

/// A field of the outer message that holds bytes.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut key = vec![];
    prost::encoding::encode_key(
        u32::from(tag),
        prost::encoding::WireType::LengthDelimited,
        &mut key,
    );
    prost::encoding::encode_varint(content.len() as u64, &mut key);
    key.extend(content);
    key
}

#[test]
fn the_message_inside_is_bounded_and_checked() {
    let base = [&[8, 3][..], &field(14, b"1.11.4")].concat();
    assert!(message::read(&base).is_ok());
    let and = |more: &[u8]| message::read(&[&base[..], more].concat()).err();
    let wrong = Some(ArchiveError::Message);
    assert_eq!(and(&[26, 0].repeat(1_000_001)), wrong, "changes");
    assert_eq!(and(&[42, 0].repeat(10_001)), wrong, "targets");
    assert_eq!(and(&[42, 1, 0xff]), wrong, "no text");
    assert_eq!(and(&[26, 0xff, 0xff, 0xff, 0xff, 0x0f]), wrong, "length");
    assert_eq!(and(&[0x88, 0x01, 9]), wrong, "mode");
    assert_eq!(and(&[0x0b]), wrong, "a group that never ends");
    assert_eq!(and(&[0xff]), wrong, "key");
    assert_eq!(
        and(&[8, 4]),
        Some(ArchiveError::Version { found: 4 }),
        "version"
    );
    assert_eq!(
        message::read(&[8, 3]).err(),
        wrong,
        "no version of Terraform"
    );
    // What OpenTofu may number otherwise is no error.
    assert_eq!(and(&field(29, &[0xff])), None);
    assert_eq!(and(&field(25, b"text")), None);
    // Terraform 1.11 leaves the list of `-replace` empty and gives the reason; both are read, each address once.
    let asked = |address: &[u8]| field(3, &[&field(13, address)[..], &[0x60, 2]].concat());
    let read = message::read(
        &[
            &base[..],
            &field(16, b"a.b"),
            &asked(b"a.b"),
            &asked(b"a.c"),
        ]
        .concat(),
    );
    assert_eq!(read.unwrap().replaced, ["a.b", "a.c"]);
    // An action that is not known is destructive.
    let unknown = field(3, &[&field(13, b"a.b")[..], &field(9, &[8, 77])].concat());
    let read = message::read(&[&base[..], &unknown].concat()).unwrap();
    assert_eq!(read.changes[0].action, Action::Unknown);
    assert!(read.changes[0].action.is_destructive());
}

proptest::proptest! {
    #[test]
    fn no_message_makes_the_reader_fail_otherwise_than_with_an_error(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        tag in 1_u8..33,
    ) {
        // Whatever it says: no panic, and no memory beyond what came in.
        let framed = [&[8, 3][..], &field(14, b"1"), &field(tag, &bytes)].concat();
        for bytes in [&bytes, &framed] {
            if let Ok(facts) = message::read(bytes) {
                proptest::prop_assert!(facts.changes.len() <= bytes.len());
            }
        }
    }
}
