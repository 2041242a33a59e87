#![allow(clippy::unwrap_used)]

use super::*;
use crate::decision::tests::finding;
use crate::finding::Enforcement;

fn tree(files: Vec<(String, Vec<u8>)>) -> SourceTree {
    SourceTree::default().with_files(files)
}

fn read_files(files: &[(&str, &str)]) -> Inline {
    let files = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    let roots = Roots::from([(String::new(), BTreeSet::from([0]))]);
    let indices = indices(&tree(files), &roots);
    read(&indices, &["no-destroy", "waivers"], &Redactor::default())
}

fn read_text(text: &str) -> Inline {
    read_files(&[("main.tf", text)])
}

fn covers(waiver: &Waiver, address: &str) -> bool {
    waiver.covers(&finding("no-destroy", address, Enforcement::SoftMandatory))
}

#[test]
fn a_comment_waives_all_instances_of_its_block_and_nothing_else() {
    let read = read_text(
        "# countersign:waive no-destroy until=2026-12-01   agreed with the owner, OPS-7\nresource \"aws_db\" \"main\" {}\nresource \"aws_db\" \"main2\" {}\n",
    );
    assert!(read.faults.is_empty());
    let [waiver] = read.waivers.as_slice() else {
        panic!("{:?}", read.waivers);
    };
    assert_eq!(waiver.reason.as_str(), "agreed with the owner, OPS-7");
    assert_eq!(waiver.owner.as_str(), "main.tf:1");
    assert_eq!((waiver.file.as_str(), waiver.line), ("main.tf", 1));
    assert_eq!(waiver.expires.to_string(), "2026-12-01");
    for address in ["aws_db.main", "aws_db.main[0]", "aws_db.main[\"a.b]\\\"\"]"] {
        assert!(covers(waiver, address), "{address}");
    }
    for address in [
        "aws_db.main2",
        "data.aws_db.main",
        "module.a.aws_db.main",
        "aws_db.mai",
    ] {
        assert!(!covers(waiver, address), "{address}");
    }
    let other = finding("no-local-exec", "aws_db.main", Enforcement::SoftMandatory);
    assert!(!waiver.covers(&other));
}

#[test]
fn a_digest_stands_between_day_and_reason() {
    let digest = "0123456789abcdef".repeat(2);
    let read = read_text(&format!(
        "# countersign:waive no-destroy until=2026-12-01 digest={digest} agreed with the owner\nresource \"aws_db\" \"main\" {{}}\n",
    ));
    let waiver = read.waivers.first().unwrap();
    assert_eq!(waiver.digest.as_deref(), Some(digest.as_str()));
    assert_eq!(waiver.reason.as_str(), "agreed with the owner");
    for wrong in ["digest=abc agreed with the owner", "digest=", "digest"] {
        let read = read_text(&format!(
            "# countersign:waive no-destroy until=2026-12-01 {wrong}\nresource \"aws_db\" \"main\" {{}}\n",
        ));
        assert_eq!((read.waivers.len(), read.faults.len()), (0, 1), "{wrong}");
    }
}

#[test]
fn at_a_module_call_it_waives_everything_below() {
    let read = read_text(
        "module \"old\" {\n  // countersign:waive no-destroy until=2026-12-01 moved to the other account\n  source = \"./m\"\n}\n",
    );
    let waiver = read.waivers.first().unwrap();
    for address in [
        "module.old.aws_db.x",
        "module.old[\"k\"].module.in[0].data.a.b",
    ] {
        assert!(covers(waiver, address), "{address}");
    }
    for address in [
        "module.older.aws_db.x",
        "aws_db.old",
        "module.a.module.old.x.y",
    ] {
        assert!(!covers(waiver, address), "{address}");
    }
}

#[test]
fn in_a_shared_module_one_comment_is_one_waiver_of_all_places() {
    let read = read_files(&[
        (
            "main.tf",
            "module \"a\" {\n source = \"./m\"\n}\nmodule \"b\" {\n source = \"./m\"\n}\n",
        ),
        (
            "m/main.tf",
            "# countersign:waive no-destroy until=2026-12-01 agreed with the owner\nresource \"x\" \"y\" {}\n",
        ),
        (
            "other/main.tf",
            "# countersign:waive nonsense\nresource \"x\" \"y\" {}\n",
        ),
    ]);
    // What the plan's root does not reach is for another plan.
    assert!(read.faults.is_empty());
    let [waiver] = read.waivers.as_slice() else {
        panic!("{:?}", read.waivers);
    };
    assert_eq!(waiver.address, "module.a.x.y and 1 more");
    assert!(covers(waiver, "module.a.x.y") && covers(waiver, "module.b[1].x.y[0]"));
    assert!(!covers(waiver, "module.c.x.y") && !covers(waiver, "x.y"));
}

#[test]
fn what_is_no_waiver_is_said_with_its_place() {
    for (comment, fault) in [
        (
            "# countersign:waive until=2026-12-01 agreed with the owner",
            "names no policy",
        ),
        ("# countersign:waive", "names no policy"),
        (
            "# countersign:waive no-destroy agreed with the owner",
            "no day on which it ends",
        ),
        (
            "# countersign:waive no-destroy until=2026-13-01 agreed with the owner",
            "its day is none",
        ),
        (
            "# countersign:waive no-destroy until=20261201 agreed with the owner",
            "its day is none",
        ),
        (
            "# countersign:waive no-destroy until=2026-12-01T00:00 agreed",
            "its day is none",
        ),
        (
            "# countersign:waive no-destroy until=2026-12-01 short",
            "a reason of at least",
        ),
        (
            "# countersign:waive no-destory until=2026-12-01 agreed with the owner",
            "there is no policy \"no-destory\".",
        ),
        (
            "# countersign:waive waivers until=2026-12-01 agreed with the owner",
            "cannot be waived",
        ),
        (
            "# Countersign:Waive no-destroy until=2026-12-01 agreed with the owner",
            "begins otherwise",
        ),
        ("# countersign:ignore no-destroy", "begins otherwise"),
        (
            "/* countersign:waive no-destroy until=2026-12-01 agreed with the owner */",
            "behind # or //",
        ),
        (
            "# countersign:waive no-destroy until=2026-12-01 agreed with the owner\n",
            "directly at no resource",
        ),
    ] {
        let read = read_text(&format!("\n{comment}\nresource \"x\" \"y\" {{}}\n"));
        assert!(read.waivers.is_empty(), "{comment}");
        let [found] = read.faults.as_slice() else {
            panic!("{comment}: {:?}", read.faults);
        };
        let message = found.message.as_str();
        assert!(
            message.starts_with("The comment in main.tf:2 is no waiver: ")
                && message.contains(fault),
            "{comment}: {message}"
        );
        assert_eq!(found.rule, "malformed");
        assert_eq!(found.location.as_ref().unwrap().line, Some(2));
    }
}

#[test]
fn a_block_without_an_address_is_said_too() {
    let read = read_text(
        "# countersign:waive no-destroy until=2026-12-01 agreed with the owner\nresource \"x\" {}\n",
    );
    assert!(read.waivers.is_empty());
    assert_eq!(read.faults.len(), 1);
}

#[test]
fn files_without_such_a_comment_are_not_indexed() {
    let roots = Roots::from([(String::new(), BTreeSet::from([0]))]);
    let files = vec![("main.tf".to_owned(), b"resource \"x\" \"y\" {}".to_vec())];
    assert!(indices(&tree(files), &roots).is_empty());
}

#[test]
fn where_no_root_reaches_a_comment_at_another_block_waives_something_else() {
    let at = |at: &str| {
        let comment = "# countersign:waive no-destroy until=2026-12-01 agreed\n";
        let block = |name: &str| format!("resource \"aws_db\" \"{name}\" {{}}\n\n");
        let text: String = ["a", "b"]
            .map(|name| {
                let above = if at.contains(name) { comment } else { "" };
                format!("{above}{}", block(name))
            })
            .concat();
        let files = vec![("other/main.tf".to_owned(), text.into_bytes())];
        let roots = Roots::from([(String::new(), BTreeSet::from([0]))]);
        waived(indices(&tree(files), &roots).iter().map(|(index, _)| index))
    };
    assert_eq!(at("a").len(), 1);
    assert_ne!(at("a").keys().next(), at("b").keys().next());
    assert_eq!(at("ab").len(), 2);
}

#[test]
fn a_comment_of_one_plans_root_module_waives_nothing_in_another_plan() {
    let comment = "# countersign:waive no-destroy until=2026-12-01 agreed with the owner\n";
    let block = "resource \"aws_db\" \"main\" {}\n";
    let files = vec![
        (
            "a/main.tf".to_owned(),
            format!("{comment}{block}").into_bytes(),
        ),
        ("b/main.tf".to_owned(), block.as_bytes().to_vec()),
    ];
    let roots = Roots::from([("a".to_owned(), [0].into()), ("b".to_owned(), [1].into())]);
    let read = read(
        &indices(&tree(files), &roots),
        &["no-destroy"],
        &Redactor::default(),
    );
    let waiver = read.waivers.first().unwrap();
    assert!(covers(waiver, "aws_db.main"));
    let mut other = finding("no-destroy", "aws_db.main", Enforcement::SoftMandatory);
    other.plan_index = 1;
    assert!(!waiver.covers(&other));
}
