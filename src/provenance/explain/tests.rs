//! Verdicts on real plans of two commits (`testdata/repos`), with the configuration or the plan changed a little.
#![allow(clippy::unwrap_used)]

mod fed;
mod outside;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::*;
use crate::change::{Change as GitChange, FileChange, FileStatus};

/// Two commits and a plan, to be changed before they are compared.
struct Case {
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    /// Links of the commit under review.
    links: BTreeMap<String, Option<String>>,
    plan: Json,
}

fn read(directory: &Path, below: &str, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), into);
        } else {
            into.insert(name, std::fs::read_to_string(path).unwrap());
        }
    }
}

fn case(name: &str) -> Case {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/repos")
        .join(name);
    let mut case = Case {
        before: BTreeMap::new(),
        after: BTreeMap::new(),
        links: BTreeMap::new(),
        plan: serde_json::from_slice(&std::fs::read(root.join("plan.json")).unwrap()).unwrap(),
    };
    read(&root.join("before"), "", &mut case.before);
    read(&root.join("after"), "", &mut case.after);
    case
}

/// A provider that is not part of Terraform.
const OTHER: &str = "registry.terraform.io/example/terraform";

impl Case {
    /// The plan with another provider in every row.
    fn of_provider(&mut self, source: &str) {
        let text = self.plan.to_string();
        let text = text.replace("terraform.io/builtin/terraform", source);
        self.plan = serde_json::from_str(&text).unwrap();
    }

    fn index(files: &BTreeMap<String, String>) -> SourceIndex {
        let files = files
            .iter()
            .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
        SourceIndex::build(files, "", None)
    }

    fn explain(&self) -> Explanation {
        let plan = Plan::read(self.plan.to_string().into_bytes()).unwrap();
        let paths: BTreeSet<&String> = self.before.keys().chain(self.after.keys()).collect();
        let files = paths
            .iter()
            .filter(|path| self.before.get(**path) != self.after.get(**path))
            .map(|path| FileChange {
                path: (*path).clone(),
                old_path: None,
                status: FileStatus::Modified,
                mode: None,
                old_mode: None,
                binary: false,
                hunks: Vec::new(),
                strings: None,
            });
        let change = GitChange {
            files: files.collect(),
            ..GitChange::default()
        };
        let bytes = |text: Option<&String>| text.map(|text| text.clone().into_bytes());
        let variables: Vec<VariableFile> = paths
            .iter()
            .filter(|path| path.contains(".tfvars"))
            .map(|path| VariableFile {
                path: (*path).clone(),
                head: bytes(self.after.get(*path)),
                base: bytes(self.before.get(*path)),
            })
            .collect();
        let mut head = Self::index(&self.after);
        head.links.clone_from(&self.links);
        explain(
            &plan,
            &Sides {
                change: &change,
                head: &head,
                base: &Self::index(&self.before),
                root: "",
                variables: &variables,
            },
        )
    }

    fn replace(&mut self, from: &str, to: &str) {
        for text in self.before.values_mut().chain(self.after.values_mut()) {
            *text = text.replace(from, to);
        }
    }

    /// Verdict and reason of the first change.
    fn first(&self) -> (String, String) {
        let found = self.explain();
        let verdict = &found.changes.first().unwrap().verdict;
        (verdict.word().to_owned(), verdict.reason().text.clone())
    }

    fn word(&self) -> String {
        self.first().0
    }
}

#[test]
fn the_reason_names_the_place_and_the_way() {
    let chain = case("module-chain").explain();
    let reasons: Vec<&str> = chain
        .changes
        .iter()
        .map(|c| c.verdict.reason().text.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "main.tf:3 changes v of module.m, used by input.",
            "main.tf:3 changes v of module.m, by which module.m.terraform_data.a changes, used by input.",
        ]
    );
    let output = chain.outputs.first().unwrap();
    assert_eq!(output.verdict.word(), "explained");
    assert!(
        output
            .verdict
            .reason()
            .text
            .contains("by which module.n.terraform_data.a changes")
    );
    assert_eq!(
        case("template-file").first().1,
        "t/x.tpl changes, which input of terraform_data.a reads."
    );
}

#[test]
fn drift_is_a_verdict_of_its_own() {
    let mut case = case("state-edited-comment");
    let mut row = case.plan["resource_changes"][0].clone();
    let (before, after) = (
        row["change"]["before"].clone(),
        row["change"]["after"].clone(),
    );
    row["change"]["before"] = after;
    row["change"]["after"] = before;
    row["change"]["actions"] = json!(["update"]);
    case.plan["resource_drift"] = json!([row]);
    assert_eq!(case.word(), "drift");
    assert_eq!(
        case.explain()
            .changes
            .first()
            .unwrap()
            .verdict
            .is_explained(),
        None
    );
    // Drift of another attribute accounts for nothing.
    case.plan["resource_drift"][0]["change"]["before"]["input"] = json!("evil");
    case.plan["resource_drift"][0]["change"]["after"]["input"] = json!("evil");
    assert_eq!(case.word(), "unexplained");
}

#[test]
fn what_was_not_understood_makes_absence_unknown() {
    let mut broken = case("state-edited-comment");
    broken.after.insert(
        "broken.tf".to_owned(),
        "resource \"terraform_data\" {\n".to_owned(),
    );
    let (word, reason) = broken.first();
    assert_eq!(word, "not-known");
    assert!(
        reason.starts_with("broken.tf:1 was not fully understood."),
        "{reason}"
    );
    // A change of what was understood stays explained.
    let mut broken = case("template-file");
    broken.after.insert(
        "broken.tf".to_owned(),
        "resource \"terraform_data\" {\n".to_owned(),
    );
    assert_eq!(broken.word(), "explained");
    // What lies outside the root module's reach says nothing.
    let mut apart = case("state-edited-comment");
    apart
        .after
        .insert("other/broken.tf".to_owned(), "resource {\n".to_owned());
    assert_eq!(apart.word(), "unexplained");
}

#[test]
fn a_module_from_elsewhere_is_known_by_its_call_only() {
    let remote = |after: &str| {
        let mut case = case("module-chain");
        for files in [&mut case.before, &mut case.after] {
            files.remove("m/main.tf");
        }
        case.replace("./m", "example/m/any");
        let text = case.before.get("main.tf").unwrap().clone();
        case.after
            .insert("main.tf".to_owned(), text.replace("v = \"1\"", after));
        case.explain()
    };
    let words = |explanation: &Explanation| -> Vec<&str> {
        explanation
            .changes
            .iter()
            .map(|change| change.verdict.word())
            .collect()
    };
    let changed = remote("v = \"2\"");
    assert_eq!(words(&changed), ["explained", "explained"]);
    let same = remote("v = \"1\"");
    assert_eq!(words(&same), ["not-known", "not-known"]);
}

#[test]
fn touching_something_else_explains_nothing() {
    let outside = |edit: &dyn Fn(&str) -> String| {
        let mut case = case("state-edited-comment");
        let text = case.before.get("main.tf").unwrap().clone();
        case.after.insert("main.tf".to_owned(), edit(&text));
        case.word()
    };
    for (what, edit) in [
        (
            "a provisioner",
            "  input = \"a\"\n  provisioner \"local-exec\" {\n    command = \"x\"\n  }\n",
        ),
        (
            "prevent_destroy",
            "  input = \"a\"\n  lifecycle {\n    prevent_destroy = true\n  }\n",
        ),
        (
            "depends_on",
            "  input = \"a\"\n  depends_on = [terraform_data.other]\n",
        ),
        (
            "another argument",
            "  input = \"a\"\n  triggers_replace = \"x\"\n",
        ),
    ] {
        let word = outside(&|text| text.replace("  input = \"a\"\n", edit));
        assert_eq!(word, "unexplained", "{what}");
    }
    assert_eq!(
        outside(&|text| format!("{text}locals {{\n  x = \"a\"\n}}\n")),
        "unexplained"
    );
    // The same value through a local is another expression, and is explained; renaming the local then is not.
    assert_eq!(
        outside(&|text| format!(
            "{}locals {{\n  x = \"z\"\n}}\n",
            text.replace("= \"a\"", "= local.x")
        )),
        "explained"
    );
}

#[test]
fn ignored_attributes_and_providers_explain_any_attribute() {
    let mut case = case("state-edited-comment");
    case.after.insert(
        "main.tf".to_owned(),
        "resource \"terraform_data\" \"a\" {\n  input = \"a\"\n}\n".to_owned(),
    );
    case.before.insert(
        "main.tf".to_owned(),
        "resource \"terraform_data\" \"a\" {\n  input = \"a\"\n  lifecycle {\n    ignore_changes = [input]\n  }\n}\n".to_owned(),
    );
    assert_eq!(case.word(), "explained");
    let mut case = self::case("state-edited-comment");
    case.of_provider(OTHER);
    case.after.insert(
        "p.tf".to_owned(),
        "provider \"terraform\" {\n  region = \"b\"\n}\n".to_owned(),
    );
    case.before.insert(
        "p.tf".to_owned(),
        "provider \"terraform\" {\n  region = \"a\"\n}\n".to_owned(),
    );
    assert_eq!(case.word(), "explained");
    // A new hash of the same version is no new provider.
    let lock = |version: &str, hash: &str| {
        format!("provider \"{OTHER}\" {{\n  version = \"{version}\"\n  hashes = [\"{hash}\"]\n}}\n")
    };
    let mut case = self::case("state-edited-comment");
    case.of_provider(OTHER);
    case.before
        .insert(".terraform.lock.hcl".to_owned(), lock("1.0.0", "h1:a"));
    case.after
        .insert(".terraform.lock.hcl".to_owned(), lock("1.0.0", "h1:b"));
    assert_eq!(case.word(), "unexplained");
    case.after
        .insert(".terraform.lock.hcl".to_owned(), lock("1.1.0", "h1:b"));
    assert_eq!(case.word(), "explained");
}

/// What a change could add to have a value from outside look like its own.
#[test]
fn what_is_added_beside_a_value_from_outside_explains_nothing() {
    let name = "variable-from-outside";
    let plain = || {
        let mut case = case(name);
        case.after = case.before.clone();
        case
    };
    assert_eq!(plain().word(), "unexplained");
    let main = plain().after.get("main.tf").unwrap().clone();
    for (what, file, text) in [
        (
            "a move from what never was",
            "m.tf",
            "moved {\n  from = terraform_data.ghost\n  to   = terraform_data.a\n}\n".to_owned(),
        ),
        ("a provider of Terraform's own", "p.tf", "provider \"terraform\" {}\n".to_owned()),
        (
            "its requirement",
            "p.tf",
            "terraform {\n  required_providers {\n    terraform = {\n      source = \"terraform.io/builtin/terraform\"\n    }\n  }\n}\n"
                .to_owned(),
        ),
        (
            "attributes that are ignored",
            "main.tf",
            main.replacen(
                "resource \"terraform_data\" \"a\" {\n",
                "resource \"terraform_data\" \"a\" {\n  lifecycle {\n    ignore_changes = [triggers_replace]\n  }\n",
                1,
            ),
        ),
        (
            "a mark of the variable",
            "main.tf",
            main.replacen("variable \"v\" {\n", "variable \"v\" {\n  nullable = false\n", 1),
        ),
    ] {
        let mut case = plain();
        let before = case.after.insert(file.to_owned(), text);
        assert_ne!(before.as_ref(), case.after.get(file), "{what}");
        assert_eq!(case.word(), "unexplained", "{what}");
    }
    // With a provider from elsewhere too: it may act otherwise, but it gives no variable a value.
    let mut case = plain();
    case.of_provider(OTHER);
    let provider = "provider \"terraform\" {\n  region = \"a\"\n}\n";
    case.after.insert("p.tf".to_owned(), provider.to_owned());
    assert_eq!(case.word(), "unexplained");
}

#[test]
fn a_hunk_in_a_module_of_many_calls_is_one_that_plans_nothing() {
    let mut case = case("state-edited-comment");
    let calls: Vec<String> = (0..5)
        .map(|at| format!("module \"k{at}\" {{\n  source = \"./m\"\n}}\n"))
        .collect();
    let calls = calls.concat();
    let inner = |value: u32| format!("locals {{\n  unused = {value}\n}}\n");
    case.before.insert("k.tf".to_owned(), calls.clone());
    case.after.insert("k.tf".to_owned(), calls);
    case.before.insert("m/main.tf".to_owned(), inner(1));
    case.after.insert("m/main.tf".to_owned(), inner(2));
    let found = case.explain().unplanned;
    let [one] = found.as_slice() else {
        unreachable!("{found:?}");
    };
    assert_eq!(
        (one.what.as_str(), one.line, one.copies),
        ("module.k0.local.unused", 2, 5)
    );
}

#[test]
fn a_file_that_is_read_through_a_link_counts() {
    let mut linked = case("template-file");
    for files in [&mut linked.before, &mut linked.after] {
        let text = files.remove("t/x.tpl").unwrap();
        files.insert("shared/real.tpl".to_owned(), text);
    }
    assert_eq!(linked.word(), "unexplained");
    for link in [("t/x.tpl", "shared/real.tpl"), ("t", "shared")] {
        linked.links = [(link.0.to_owned(), Some(link.1.to_owned()))].into();
        let expected = if link.0 == "t" {
            "unexplained"
        } else {
            "explained"
        };
        assert_eq!(linked.word(), expected, "{link:?}");
    }
}

#[test]
fn references_in_a_circle_and_a_long_chain_end() {
    let mut case = case("state-edited-comment");
    let mut text = "resource \"terraform_data\" \"a\" {\n  input = local.l0\n}\nlocals {\n  c = local.d\n  d = local.c\n".to_owned();
    for at in 0..20_000 {
        text.push_str(&format!("  l{at} = local.l{}\n", at + 1));
    }
    case.before
        .insert("main.tf".to_owned(), format!("{text}  l20000 = 1\n}}\n"));
    case.after
        .insert("main.tf".to_owned(), format!("{text}  l20000 = 2\n}}\n"));
    let (word, reason) = case.first();
    assert_eq!(word, "explained");
    assert_eq!(reason, "main.tf:20007 changes local.l20000, used by input.");
    case.after
        .insert("main.tf".to_owned(), format!("{text}  l20000 = 1\n}}\n"));
    assert_eq!(case.word(), "unexplained");
}

#[test]
fn a_value_of_the_plan_never_stands_in_a_reason() {
    for name in [
        "state-edited-comment",
        "variable-from-outside",
        "state-edited-neighbour",
    ] {
        let text = format!("{:?}", case(name).explain());
        assert!(!text.contains("evil") && !text.contains('7'), "{text}");
    }
}

#[test]
fn removed_blocks_of_the_base_are_no_news() {
    let mut gone = case("for-each-keys");
    gone.after.insert("main.tf".to_owned(), String::new());
    gone.before.insert("main.tf".to_owned(), String::new());
    assert_eq!(gone.word(), "unexplained");
}
