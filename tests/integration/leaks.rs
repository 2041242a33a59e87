//! Secrets planted in plans, and everything the program writes searched for them: the result must be none.
//!
//! For each plan: random values take the place of every sensitive one, wherever it stands (`plant`); one of each further place in which
//! secrets were met is built in (`places`); policies quote all they can reach (`policies`). Then reports, screens, standard error,
//! line-by-line reviews, drafts, notes and records are searched for each value in each form, whole or in parts (`forms`).

mod forms;
mod places;
mod plant;
mod policies;
mod random;
mod screens;
mod writes;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::decision::Journal;
use countersign::load::{Loaded, PlanSource, Request, load};
use countersign::report::{Context, Format, render};
use countersign::review::verdict;
use serde_json::Value as Json;

use crate::scene::{Scene, package};
use forms::{Secret, Watch};

/// The plans, by their place in `testdata`; those with a directory bring their configuration.
const CASES: &[&str] = &[
    "01-create",
    "02-update",
    "03-replace",
    "04-delete",
    "05-forget",
    "06-moved",
    "07-import",
    "07b-import-generated-config",
    "08-modules-provisioners",
    "09-sensitive",
    "10-unknown",
    "12-errored",
    "14-refresh-only",
    "15-target",
    "17-deposed",
    "18-no-changes",
    "19-outputs-only",
    "20-ephemeral",
    "21-aws-drift",
    "23-aws-iam",
    "25-aws-import",
    "27-providers",
    "demo",
    "public/awslabs-identity-policies.json",
    "public/borchero-delete.json",
    "public/breml-advanced.json",
    "public/checkov-provisioners.json",
    "public/oocx-comprehensive.json",
    "public/ovsds-sensitive.json",
];

/// A plan with secrets in a directory of its own.
pub(crate) struct Case {
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) scene: Scene,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) watch: Watch,
}

impl Case {
    fn new(name: &'static str, number: usize) -> Self {
        let directory = package("testdata/plans").join(name);
        let path = match name {
            "09-sensitive" => package("testdata/plans/sensitive.json"),
            "demo" => package("testdata/demo/plan.json"),
            _ if directory.is_dir() => directory.join("plan.json"),
            _ => directory.clone(),
        };
        let tree: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut plant = plant::plant(tree, name);
        let mut seeds = plant::Seeds::new(&format!("{name} more"), number);
        places::add(&mut plant.tree, &mut seeds);
        let mut secrets = plant.secrets;
        secrets.extend(seeds.secrets.into_values());
        let scene = Scene::repository();
        scene.write(".gitignore", "plan.json\n*.out\nquoting\nbroken\n");
        if name == "demo" {
            crate::scene::copy_terraform(&package("testdata/demo/before"), &scene.path(""));
        } else if directory.join("before").is_dir() {
            crate::scene::copy_terraform(&directory.join("before"), &scene.path(""));
        }
        substitute(&scene, &plant.replaced);
        scene.commit("Before");
        scene.git(&["checkout", "--quiet", "-b", "feat"]);
        if name == "demo" {
            crate::scene::copy_terraform(&package("testdata/demo/after"), &scene.path(""));
        } else if directory.is_dir() {
            crate::scene::copy_terraform(&directory, &scene.path(""));
        }
        scene.write("planted.tf", source(&secrets));
        substitute(&scene, &plant.replaced);
        scene.commit("After");
        scene.write("plan.json", plant.tree.to_string());
        for (file, text) in policies::files() {
            scene.write(&file, text);
        }
        Self {
            number,
            name,
            watch: Watch::new(&secrets),
            secrets,
            scene,
        }
    }

    /// Loads the case as the program does, with the policies of a directory.
    pub(crate) fn load(&self, policies: &str) -> Loaded {
        let request = Request {
            plans: vec![PlanSource::File("plan.json".into())],
            plan_file: None,
            directory: self.scene.path(""),
            repo: None,
            base: Some("main".to_owned()),
            head: None,
            diff: None,
            policies: vec![self.scene.path(policies)],
            data: Vec::new(),
            trust: None,
            baseline: None,
            keep_values: true,
            fail_on_warn: false,
            env: BTreeMap::new(),
            now: jiff::Timestamp::now(),
            threads: 1,
        };
        load(&request, &|_, _, _| {}).unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }
}

/// Configuration that holds the secrets as a literal, a heredoc and a comment, beside the resources that the plan was given.
fn source(secrets: &[Secret]) -> String {
    let mut out = String::new();
    for (number, secret) in secrets.iter().enumerate() {
        let literal = forms::json(&secret.whole)
            .replace("${", "$${")
            .replace("%{", "%%{");
        out.push_str(&format!(
            "variable \"planted_{number}\" {{\n  default = \"{literal}\"\n}}\n"
        ));
    }
    let first = forms::json(&secrets[0].whole)
        .replace("${", "$${")
        .replace("%{", "%%{");
    for name in [
        "rotated",
        "whole",
        "provisioned",
        "shapes",
        "keyed",
        "imported",
    ] {
        out.push_str(&format!(
            "resource \"terraform_data\" \"{name}\" {{\n  input = \"{first}\"\n  # {first}\n"
        ));
        for secret in secrets.iter().filter(|s| s.whole.contains('\n')).take(2) {
            let lines: Vec<String> = secret.whole.lines().map(|l| format!("    {l}")).collect();
            out.push_str(&format!("  note = <<-EOT\n{}\n  EOT\n", lines.join("\n")));
        }
        out.push_str("}\n");
    }
    out
}

/// Replaces values in all Terraform files.
fn substitute(scene: &Scene, replaced: &[(String, String)]) {
    fn walk(directory: &std::path::Path, replaced: &[(String, String)]) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != ".git") {
                walk(&path, replaced);
            } else if path.extension().is_some_and(|extension| extension == "tf") {
                let mut text = std::fs::read_to_string(&path).unwrap();
                for (old, new) in replaced {
                    text = plant::substitute(&text, old, new, true);
                }
                std::fs::write(&path, text).unwrap();
            }
        }
    }
    walk(&scene.path(""), replaced);
}

/// What was searched, and what was found.
#[derive(Default)]
pub(crate) struct Tally {
    plans: usize,
    secrets: usize,
    patterns: usize,
    /// Texts and bytes searched, by the kind of sink.
    sinks: BTreeMap<&'static str, (usize, usize)>,
    /// Texts in which something was masked.
    masked: usize,
    leaks: Vec<String>,
}

impl Tally {
    pub(crate) fn plan(&mut self, case: &Case) {
        self.plans += 1;
        self.secrets += case.secrets.len();
        self.patterns += case.watch.patterns;
    }

    /// Searches one text.
    pub(crate) fn search(&mut self, case: &Case, sink: &'static str, text: &str) {
        let entry = self.sinks.entry(sink).or_default();
        entry.0 += 1;
        entry.1 += text.len();
        self.masked += usize::from(text.contains("(sensitive)"));
        for leak in case.watch.leaks(text) {
            self.leaks
                .push(format!("{leak} in {sink} of {}", case.name));
        }
    }

    fn add(&mut self, other: Self) {
        self.plans += other.plans;
        self.secrets += other.secrets;
        self.patterns += other.patterns;
        for (sink, (texts, bytes)) in other.sinks {
            let entry = self.sinks.entry(sink).or_default();
            entry.0 += texts;
            entry.1 += bytes;
        }
        self.masked += other.masked;
        self.leaks.extend(other.leaks);
    }

    /// Prints the figures and fails when there is a leak.
    #[track_caller]
    #[allow(clippy::print_stdout)]
    pub(crate) fn must_be_clean(mut self) {
        let (texts, bytes) = self.sinks.values().fold((0, 0), |(texts, bytes), sink| {
            (texts + sink.0, bytes + sink.1)
        });
        self.leaks.sort();
        self.leaks.dedup();
        let mut report = format!(
            "{} plans, {} secrets in {} forms and parts, {} sinks with {texts} texts of {bytes} bytes, something masked in {}: {} leaks\n",
            self.plans,
            self.secrets,
            self.patterns,
            self.sinks.len(),
            self.masked,
            self.leaks.len()
        );
        for (sink, (texts, bytes)) in &self.sinks {
            report.push_str(&format!("  {sink}: {texts} texts, {bytes} bytes\n"));
        }
        println!("{report}");
        assert!(texts > 0 && self.secrets > 0, "nothing was searched");
        let limit = std::env::var("LEAKS_SHOWN")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(40);
        // One example of each secret in each form.
        let mut shown = self.leaks.clone();
        shown.dedup_by_key(|leak| leak.split(": ").next().unwrap_or_default().to_owned());
        shown.truncate(limit);
        assert!(self.leaks.is_empty(), "{report}{shown:#?}");
    }
}

/// Searches each case that is asked for with `look`, on two threads.
pub(crate) fn each(cases: &[&'static str], look: impl Fn(&Case, &mut Tally) + Sync) -> Tally {
    let wanted = std::env::var("LEAKS_CASE").ok();
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = cases.get(number) else { break };
            if wanted.as_deref().is_some_and(|wanted| wanted != *name) {
                continue;
            }
            let case = Case::new(name, number);
            let mut tally = Tally::default();
            tally.plan(&case);
            look(&case, &mut tally);
            total.lock().unwrap().add(tally);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(256 << 20)
                    .spawn_scoped(scope, work)
                    .unwrap()
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    total.into_inner().unwrap()
}

/// Searches everything that is made of a case in this process.
fn search_all(case: &Case, loaded: Loaded, tally: &mut Tally) {
    for line in &loaded.prints {
        tally.search(case, "what policies print", line.as_str());
    }
    let review = &loaded.case;
    for problem in &review.problems {
        tally.search(case, "problems of policies", problem.message.as_str());
    }
    let verdict = verdict(review, &Journal::default(), jiff::Timestamp::now());
    for (format, colour, width) in Format::ALL
        .map(|format| (format, true, 100))
        .into_iter()
        .chain([(Format::Human, false, 60)])
    {
        let context = Context {
            case: review,
            verdict: &verdict,
            approvals: &[],
            tool_version: "0",
            colour,
            width,
            max_bytes: countersign::report::MAX_BYTES,
            exit: verdict.exit,
            merged: None,
        };
        tally.search(case, format.word(), &render(format, &context));
    }
    screens::walk(case, loaded, tally);
}

#[test]
fn no_planted_secret_is_in_a_report_or_on_a_screen() {
    each(CASES, |case, tally| {
        let loaded = case.load(policies::QUOTING);
        let problems = &loaded.case.problems;
        assert!(problems.is_empty(), "{}: {problems:?}", case.name);
        assert!(loaded.case.findings.len() > 50, "{}", case.name);
        search_all(case, loaded, tally);
        assert!(tally.masked > 40, "{}: only {}", case.name, tally.masked);
    })
    .must_be_clean();
}

#[test]
fn no_planted_secret_is_told_by_a_policy_that_fails() {
    let cases = [
        "01-create",
        "09-sensitive",
        "27-providers",
        "public/breml-advanced.json",
    ];
    each(&cases, |case, tally| {
        let loaded = case.load(policies::BROKEN);
        assert!(loaded.case.problems.len() > 10, "{}", case.name);
        search_all(case, loaded, tally);
    })
    .must_be_clean();
}

#[test]
fn no_planted_secret_is_in_what_the_program_writes() {
    let cases = ["09-sensitive", "02-update", "public/breml-advanced.json"];
    each(&cases, |case, tally| {
        writes::check(case, tally);
        writes::review(case, tally);
        writes::policy_tests(case, tally);
    })
    .must_be_clean();
}

#[test]
fn no_secret_of_a_broken_plan_is_told() {
    let mut tally = Tally::default();
    writes::broken(&mut tally);
    tally.must_be_clean();
}
