#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;
use crate::plan::{Action, BinaryPlan, ChangeProblem, ResourceChange};

mod doctored;
mod parts;

type Entries = BTreeMap<String, Vec<u8>>;

/// A case with everything that a proof is made from, ready to be doctored.
#[derive(Clone)]
struct Case {
    name: String,
    zip: Entries,
    json: Vec<u8>,
    /// The plan that the JSON is, read once.
    plan: Plan,
    commit: CommitTree,
    root: &'static str,
    /// Whether the JSON was given by itself; otherwise its configuration is not compared.
    paired: bool,
}

fn plans() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans")
}

fn terraform_below(directory: &Path, at: &str, out: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "before" {
            terraform_below(&path, &format!("{at}{name}/"), out);
        } else if name.ends_with(".tf") || name.ends_with(".tf.json") {
            out.insert(format!("{at}{name}"), fs::read(&path).unwrap());
        }
    }
}

impl Case {
    fn of(name: &str) -> Self {
        let directory = plans().join(name);
        let mut archive =
            ZipArchive::new(Cursor::new(fs::read(directory.join("tfplan")).unwrap())).unwrap();
        let mut zip = Entries::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            zip.insert(entry.name().unwrap().into_owned(), content);
        }
        let json = fs::read(directory.join("plan.json"))
            .or_else(|_| fs::read(plans().join("sensitive.json")));
        let mut commit = CommitTree::default();
        terraform_below(&directory, "", &mut commit.files);
        let json = json.unwrap();
        Self {
            name: name.to_owned(),
            zip,
            plan: Plan::read(json.clone()).unwrap(),
            json,
            commit,
            root: "",
            paired: true,
        }
    }

    /// Every case with a binary plan.
    fn all() -> Vec<Self> {
        let mut names: Vec<String> = fs::read_dir(plans())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("tfplan").is_file())
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert!(names.len() > 20, "{names:?}");
        names.iter().map(|name| Self::of(name)).collect()
    }

    fn proof(&self) -> Proof {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.zip {
            writer
                .start_file(name.as_str(), SimpleFileOptions::default())
                .unwrap();
            writer.write_all(content).unwrap();
        }
        let binary = BinaryPlan::read(&writer.finish().unwrap().into_inner()).unwrap();
        let plan = self.plan.clone().with_binary(binary);
        Proof::of(&Evidence {
            plan: &plan,
            paired: self.paired,
            commit: Some(&self.commit),
            root: self.root,
        })
        .unwrap()
    }

    fn edit_json(&mut self, edit: impl FnOnce(&mut Json)) {
        let mut tree: Json = serde_json::from_slice(&self.json).unwrap();
        edit(&mut tree);
        self.json = tree.to_string().into_bytes();
        self.plan = Plan::read(self.json.clone()).unwrap();
    }

    fn commit_file(&mut self, path: &str, content: &str) {
        self.commit
            .files
            .insert(path.to_owned(), content.as_bytes().to_vec());
    }

    fn zip_file(&mut self, name: &str, content: &str) {
        self.zip
            .insert(name.to_owned(), content.as_bytes().to_vec());
    }

    fn modules(&mut self, edit: impl FnOnce(&mut Vec<Json>)) {
        let list = self.zip.get_mut("tfconfig/modules.json").unwrap();
        let mut tree: Vec<Json> = serde_json::from_slice(list).unwrap();
        edit(&mut tree);
        *list = serde_json::to_vec(&tree).unwrap();
    }
}

fn file(path: &str, problem: FileProblem) -> Difference {
    Difference::File {
        path: path.to_owned(),
        problem,
    }
}

fn module(key: &str, problem: ModuleProblem) -> Difference {
    Difference::Module {
        key: key.to_owned(),
        problem,
    }
}

fn differs(case: &Case, wanted: &[Difference]) {
    let proof = case.proof();
    assert_eq!(proof.differences, wanted, "{}", case.name);
    assert_eq!(proof.verdict(), ProofVerdict::Differs, "{}", case.name);
}

fn proven(case: &Case) {
    let proof = case.proof();
    assert_eq!(proof.differences, [], "{}", case.name);
    assert_eq!(proof.gaps, [], "{}", case.name);
    assert_eq!(proof.verdict(), ProofVerdict::Proven);
}

#[test]
fn every_real_plan_is_proven_by_its_own_commit_and_json() {
    for case in Case::all() {
        proven(&case);
        assert!(case.proof().files > 0, "{}", case.name);
    }
}

#[test]
fn a_file_that_was_edited_after_the_plan_differs_in_every_case() {
    for case in Case::all() {
        for path in case.commit.files.keys() {
            let mut edited = case.clone();
            edited.commit.files.get_mut(path).unwrap().extend(b"#\n");
            differs(&edited, &[file(path, FileProblem::Changed)]);
        }
    }
}

#[test]
fn files_that_came_or_went_differ_in_every_case() {
    for case in Case::all() {
        let mut added = case.clone();
        added.commit_file("late.tf", "# nothing\n");
        differs(&added, &[file("late.tf", FileProblem::NotPlanned)]);
        let mut planned = case.clone();
        planned.zip_file("tfconfig/m-/extra.tf", "# nothing\n");
        differs(&planned, &[file("extra.tf", FileProblem::NotInCommit)]);
        let mut overriding = case.clone();
        overriding.commit_file("x_override.tf.json", "{}");
        differs(
            &overriding,
            &[file("x_override.tf.json", FileProblem::NotPlanned)],
        );
        // Files that Terraform does not read, and directories that no module is in, say nothing.
        let mut other = case;
        for path in ["x.tfvars", ".hidden.tf", "a.tf~", "elsewhere/main.tf"] {
            other.commit_file(path, "x");
        }
        proven(&other);
    }
}

#[test]
fn the_json_of_another_plan_differs_in_every_case() {
    let all = Case::all();
    for (case, next) in all.iter().zip(all.iter().cycle().skip(1)) {
        let mut swapped = case.clone();
        swapped.plan = next.plan.clone();
        let found = swapped.proof();
        assert_eq!(found.verdict(), ProofVerdict::Differs);
        // Some were made within one second.
        if case.plan.section("timestamp") == next.plan.section("timestamp") {
            assert!(found.differences.len() > 2, "{}", case.name);
            continue;
        }
        assert_eq!(
            found.differences[0],
            Difference::Plan(PlanDifference::Time),
            "{} shown as {}",
            case.name,
            next.name
        );
    }
}

#[test]
fn rows_of_the_json_that_were_edited_differ_in_every_case() {
    let mut rows_seen = 0;
    for case in Case::all() {
        for row in 0..case.plan.changes.len() {
            rows_seen += 1;
            let problems = |edit: &dyn Fn(&mut Vec<ResourceChange>)| -> Vec<&'static str> {
                let mut edited = case.clone();
                edit(&mut edited.plan.changes);
                let proof = edited.proof();
                assert_eq!(proof.verdict(), ProofVerdict::Differs, "{}", case.name);
                let mut problems: Vec<_> = proof
                    .difference_points()
                    .iter()
                    .map(|point| point.problem)
                    .collect();
                problems.sort_unstable();
                problems
            };
            let other = match case.plan.changes[row].action {
                Action::NoOp => Action::Create,
                _ => Action::NoOp,
            };
            assert_eq!(
                problems(&|rows| rows[row].action = other),
                ["other-action"],
                "{} row {row}",
                case.name
            );
            assert_eq!(
                problems(&|rows| rows[row].address = "terraform_data.not_there".to_owned()),
                ["only-in-json", "only-in-plan-file"],
                "{} row {row}",
                case.name
            );
            assert_eq!(
                problems(&|rows| drop(rows.remove(row))),
                ["only-in-plan-file"]
            );
            assert_eq!(problems(&|rows| rows.push(rows[row].clone())), ["twice"]);
        }
    }
    assert!(rows_seen > 80, "{rows_seen}");
}

#[test]
fn facts_of_the_whole_plan_are_compared() {
    for (key, value, wanted) in [
        (
            "timestamp",
            json!("2020-01-01T00:00:00Z"),
            PlanDifference::Time,
        ),
        ("timestamp", Json::Null, PlanDifference::Time),
        (
            "terraform_version",
            json!("1.11.3"),
            PlanDifference::Version,
        ),
        ("errored", json!(true), PlanDifference::Errored),
        ("complete", json!(false), PlanDifference::Extent),
        ("applyable", json!(false), PlanDifference::Extent),
    ] {
        let mut case = Case::of("04-delete");
        case.edit_json(|tree| tree[key] = value);
        differs(&case, &[Difference::Plan(wanted)]);
    }
    let mut case = Case::of("19-outputs-only");
    case.edit_json(|tree| {
        let outputs = tree["output_changes"].as_object_mut().unwrap();
        let name = outputs.keys().next().unwrap().clone();
        outputs.insert(
            name,
            json!({"actions": ["delete"], "before": "a", "after": null}),
        );
    });
    let found = case.proof().differences;
    assert!(matches!(
        found[..],
        [Difference::Plan(PlanDifference::Output {
            problem: ChangeProblem::OtherAction {
                json: Action::Delete,
                ..
            },
            ..
        })]
    ));
}

#[test]
fn what_git_does_on_checkout_is_no_difference() {
    for case in Case::all() {
        let mut checked_out = case.clone();
        for (name, content) in &mut checked_out.zip {
            if name.ends_with(".tf") {
                *content = String::from_utf8(content.clone())
                    .unwrap()
                    .replace('\n', "\r\n")
                    .into_bytes();
            }
        }
        proven(&checked_out);
        let mut mixed = checked_out;
        mixed.commit.files.get_mut("main.tf").unwrap().push(b'\n');
        differs(&mixed, &[file("main.tf", FileProblem::Changed)]);
    }
}

#[test]
fn a_root_module_in_a_directory_is_compared_there() {
    let mut case = Case::of("binary-targeted");
    case.root = "stacks/site";
    case.commit.files = std::mem::take(&mut case.commit.files)
        .into_iter()
        .map(|(path, bytes)| (format!("stacks/site/{path}"), bytes))
        .collect();
    case.commit_file("main.tf", "# another root module\n");
    proven(&case);
    case.commit_file("stacks/site/modules/net/sub/late.tf", "");
    differs(
        &case,
        &[file(
            "stacks/site/modules/net/sub/late.tf",
            FileProblem::NotPlanned,
        )],
    );
}

#[test]
fn long_lists_are_cut_and_counted() {
    let mut case = Case::of("04-delete");
    for number in 0..130 {
        case.commit_file(&format!("late{number:03}.tf"), "");
    }
    let proof = case.proof();
    assert_eq!(proof.difference_points().len(), 100);
    assert_eq!(proof.omitted(), 30);
    assert_eq!(
        proof.sentence(),
        "differs: 130 differences between plan file, commit and JSON"
    );
}
