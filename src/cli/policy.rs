//! `policy list | show | test`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::approvals::write;
use super::args::PolicyAction;
use super::{World, output};
use crate::load::{self, LoadError};
use crate::policy::{Policies, Policy, Settings, Trust, own, run_tests};
use crate::review::Exit;
use crate::text::Printable;

/// Runs `policy …`.
pub(super) fn run(action: &PolicyAction, world: &World) -> Result<Exit, LoadError> {
    match action {
        PolicyAction::List { policies } => list(policies, world),
        PolicyAction::Show { id, policies } => show(id, policies, world),
        PolicyAction::Test { dir } => test(dir, world),
    }
}

fn loaded(directories: &[PathBuf], world: &World) -> Result<(Policies, Exit), LoadError> {
    let bundles = load::command_line_bundles(directories)?;
    let settings = Settings {
        policy: serde_json::Map::new(),
        disabled: std::collections::BTreeSet::new(),
        timeout: Duration::from_secs(10),
        threads: world.threads,
        trust: Trust::Worktree,
        commit: None,
        now: world.now,
    };
    let policies = Policies::load(&bundles, settings);
    for problem in &policies.problems {
        let place = problem
            .place
            .as_ref()
            .map_or_else(String::new, |p| format!("{p}: "));
        output::say(&format!("error: {place}{}", problem.message));
    }
    let exit = if policies.problems.is_empty() {
        Exit::Pass
    } else {
        Exit::Policy
    };
    Ok((policies, exit))
}

fn list(directories: &[PathBuf], world: &World) -> Result<Exit, LoadError> {
    let (policies, exit) = loaded(directories, world)?;
    let mut text = String::new();
    for policy in &policies.summary.policies {
        let (severity, enforcement) = levels(policy);
        text.push_str(&format!(
            "{:<24} {severity:<9} {enforcement:<15} {}\n",
            policy.id, policy.title
        ));
    }
    for policy in own::OWN {
        text.push_str(&format!(
            "{:<24} {:<9} {:<15} {}\n",
            policy.id, policy.severity, policy.enforcement, policy.title
        ));
    }
    write(&text)?;
    Ok(exit)
}

/// The page of a policy that this program itself holds.
fn own_page(policy: &own::OwnPolicy) -> String {
    let mut text = format!(
        "{}: {}\n\n{}\n\nremediation  {}\nseverity     {}\nenforcement  {}\nneeds        {}\nuses         nothing\nfile         part of this program\n",
        policy.id,
        policy.title,
        policy.description,
        policy.remediation,
        policy.severity,
        policy.enforcement,
        policy.needs,
    );
    for (rule, what) in policy.rules {
        text.push_str(&format!("rule         {rule}: {what}\n"));
    }
    text
}

fn levels(policy: &Policy) -> (&'static str, &'static str) {
    (
        policy.severity.map_or("medium", |s| s.word()),
        policy.enforcement.map_or("soft-mandatory", |e| e.word()),
    )
}

fn show(id: &str, directories: &[PathBuf], world: &World) -> Result<Exit, LoadError> {
    if let Some(policy) = own::find(id) {
        write(&own_page(policy))?;
        return Ok(Exit::Pass);
    }
    let (policies, exit) = loaded(directories, world)?;
    let Some((index, policy)) = policies
        .summary
        .policies
        .iter()
        .enumerate()
        .find(|(_, policy)| policy.id.as_str() == id)
    else {
        return Err(LoadError::usage(
            &format!("There is no policy {id}."),
            "See: countersign policy list",
        ));
    };
    let (severity, enforcement) = levels(policy);
    let words = |needs: &[crate::policy::Need]| {
        let words: Vec<&str> = needs.iter().map(|n| n.word()).collect();
        if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        }
    };
    let mut text = format!(
        "{}: {}\n\n{}\n\nremediation  {}\nseverity     {severity}\nenforcement  {enforcement}\nneeds        {}\nuses         {}\nfile         {}\n",
        policy.id,
        policy.title,
        policy.description,
        policy.remediation,
        words(&policy.needs),
        words(&policy.uses),
        policy.file,
    );
    for rule in policies.rules.iter().filter(|rule| rule.policy == index) {
        text.push_str(&format!(
            "rule         {} ({}:{})\n",
            rule.reported, rule.file, rule.line
        ));
    }
    for (name, line) in &policy.settings {
        text.push_str(&format!("setting      {name}: {line}\n"));
    }
    write(Printable::lines(&text).as_str())?;
    Ok(exit)
}

fn test(directory: &Path, world: &World) -> Result<Exit, LoadError> {
    let bundle = load::test_bundle(directory)?;
    let report = run_tests(&bundle, world.now);
    let mut text = String::new();
    for case in report.cases.iter().filter(|case| !case.passed) {
        text.push_str(&format!(
            "FAIL {} ({}:{}): {}\n",
            case.name, case.file, case.line, case.problem
        ));
    }
    let failed = report.cases.iter().filter(|case| !case.passed).count();
    text.push_str(&format!(
        "{} passed, {failed} failed\n",
        report.cases.len() - failed
    ));
    write(Printable::lines(&text).as_str())?;
    for error in &report.errors {
        output::say(&format!("error: {error}"));
    }
    if report.cases.is_empty() {
        output::say("error: there is no test (a rule named test_…).");
    }
    Ok(if failed > 0 {
        Exit::Blocked
    } else if report.errors.is_empty() && !report.cases.is_empty() {
        Exit::Pass
    } else {
        Exit::Policy
    })
}
