//! What surrounds the files: links, submodules, and modules that only the plan's snapshot holds.

use std::collections::BTreeMap;

use super::problems;
use crate::source::{Layout, Repetition, SourceIndex, Tool};

const MAIN: &str = "module \"a\" {\n  source = \"./a\"\n}\n";
const BLOCK: &str = "\nresource \"t\" \"r\" {}\n";

fn build(files: &[(&str, &str)], layout: &Layout) -> SourceIndex {
    SourceIndex::build_in(owned(files), layout)
}

fn owned(files: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
    files.iter().map(own).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(own).collect()
}

fn place<'i>(index: &'i SourceIndex, address: &str) -> Option<(&'i str, usize)> {
    let block = index.locate_config(address)?;
    Some((block.file.as_ref(), block.line))
}

#[test]
fn links_to_files_and_directories_are_followed_to_the_lines_of_the_target() {
    let layout = Layout {
        links: pairs(&[
            ("env/main.tf", "shared/root.text"),
            ("env/a", "modules/real"),
            ("modules/real", "lib/x"),
        ]),
        ..Layout::at("env")
    };
    let files = [("shared/root.text", MAIN), ("lib/x/r.tf", BLOCK)];
    let index = build(&files, &layout);
    assert_eq!(place(&index, "module.a"), Some(("shared/root.text", 1)));
    assert_eq!(place(&index, "module.a.t.r"), Some(("lib/x/r.tf", 2)));
    assert!(problems(&index).is_empty());
    assert!(index.text("shared/root.text").is_some());
    let endless = Layout {
        links: pairs(&[("a", "b"), ("b", "a")]),
        ..Layout::at("")
    };
    assert!(place(&build(&[("main.tf", MAIN)], &endless), "module.a").is_some());
}

#[test]
fn a_link_that_leads_nowhere_is_a_problem_without_a_line() {
    let layout = Layout {
        broken_links: ["main.tf".to_owned(), "README".to_owned()].into(),
        ..Layout::at("")
    };
    let index = build(&[], &layout);
    let [problem] = index.problems.as_slice() else {
        panic!("{:?}", index.problems);
    };
    assert_eq!((problem.file.as_ref(), problem.line), ("main.tf", None));
}

#[test]
fn a_module_in_a_submodule_is_named_as_such() {
    let layout = Layout {
        submodules: ["a".to_owned(), "b".to_owned()].into(),
        ..Layout::at("")
    };
    let index = build(&[("main.tf", MAIN)], &layout);
    let [(1, message)] = problems(&index)[..] else {
        panic!("{:?}", index.problems);
    };
    assert!(message.contains("`a` is a submodule"), "{message}");
}

#[test]
fn the_snapshot_serves_modules_that_the_commit_does_not_hold() {
    let main = "module \"far\" {\n  source = \"registry/x/y\"\n}\nmodule \"up\" {\n  source = \"../../up\"\n}\nmodule \"near\" {\n  source = \"./near\"\n}\n";
    let far = "# countersign:waive no-destroy until=2030-01-01 because\nresource \"t\" \"r\" {}\nmodule \"in\" {\n  source = \"./in\"\n}\n";
    let layout = Layout {
        modules: pairs(&[
            ("", "."),
            ("far", ".terraform/modules/far"),
            ("far.in", ".terraform/modules/far/in"),
            ("near", "near"),
            ("up", "../../up"),
        ]),
        snapshot: owned(&[
            ("./main.tf", "# another text\n"),
            (".terraform/modules/far/main.tf", far),
            (".terraform/modules/far/in/main.tf", BLOCK),
            ("near/main.tf", "# another text\n"),
            ("../../up/main.tf", BLOCK),
        ]),
        ..Layout::at("env")
    };
    let files = [("env/main.tf", main), ("env/near/main.tf", BLOCK)];
    let index = build(&files, &layout);
    let far = "env/.terraform/modules/far/main.tf";
    assert_eq!(place(&index, "module.far.t.r"), Some((far, 2)));
    let inner = "env/.terraform/modules/far/in/main.tf";
    assert_eq!(place(&index, "module.far.module.in.t.r"), Some((inner, 2)));
    assert_eq!(
        place(&index, "module.up.t.r"),
        Some(("../../up/main.tf", 2))
    );
    // What the commit holds is read from the commit.
    assert_eq!(
        place(&index, "module.near.t.r"),
        Some(("env/near/main.tf", 2))
    );
    assert!(index.is_snapshot(far) && index.is_snapshot(inner));
    assert!(!index.is_snapshot("env/main.tf") && !index.is_snapshot("env/near/main.tf"));
    assert!(problems(&index).is_empty(), "{:?}", index.problems);
    assert!(
        index.facts.directives.is_empty(),
        "no waiver comes out of a plan"
    );
    let json = serde_json::to_value(&index).unwrap();
    assert_eq!(json["snapshot_files"].as_array().unwrap().len(), 3);
}

#[test]
fn blocks_tell_by_what_they_are_repeated() {
    let text = "resource \"t\" \"a\" {\n  count = 2\n}\nmodule \"b\" {\n  source   = \"./b\"\n  for_each = {}\n}\nresource \"t\" \"c\" {\n  tags = { count = 1 }\n}\nvariable \"count\" {\n  count = 1\n}\n";
    let index = build(&[("main.tf", text)], &Layout::at(""));
    let all: Vec<_> = index.facts.blocks.iter().map(|b| b.repetition).collect();
    let expected = [
        Some(Repetition::Count),
        Some(Repetition::ForEach),
        None,
        None,
    ];
    assert_eq!(all, expected);
    let json = serde_json::to_value(&index).unwrap();
    assert_eq!(json["blocks"][1]["repetition"], "for_each");
}

#[test]
fn files_of_the_other_tool_belong_to_no_module() {
    let files = [
        ("a.tf", "resource \"t\" \"a\" {}\n"),
        (
            "a.tofu",
            "resource \"t\" \"b\" {}\nmodule \"m\" {\n  source = \"./m\"\n}\n",
        ),
        ("c.tf", "resource \"t\" \"c\" {}\n"),
        ("m/d.tf", "resource \"t\" \"d\" {}\n"),
    ];
    let addresses = |tool| {
        let layout = Layout {
            tool,
            ..Layout::at("")
        };
        let index = build(&files, &layout);
        let blocks = index.facts.blocks.iter();
        // Every block stays in the index, wherever it belongs.
        assert_eq!(blocks.clone().count(), 5);
        let mut found: Vec<_> = blocks.filter_map(|block| block.address.clone()).collect();
        found.sort();
        found.join(" ")
    };
    assert_eq!(addresses(Some(Tool::Terraform)), "t.a t.c");
    for tool in [Some(Tool::OpenTofu), None] {
        assert_eq!(addresses(tool), "module.m module.m.t.d t.b t.c");
    }
}
