//! `hook install | uninstall | run`: no merge and no push to a protected branch without a valid approval. What a server asks is in
//! `receive`.

use std::io::Read;
use std::path::Path;

use super::args::{HookAction, OutputArgs};
use super::check::load_quietly;
use super::guard::{concerns_us, is_protected, only_lifts_freeze, protected_refs};
use super::{World, approvals, check, output, receive};
use crate::git::{
    HookKind, HookWarning, InstallOutcome, PushedRef, RemovalOutcome, Repository, merge_heads,
    parse_push,
};
use crate::load::{Config, LoadError, Request};
use crate::review::Exit;

/// The hooks of a repository: where people work, or where they push to.
fn kinds(repository: &Repository) -> &'static [HookKind] {
    if repository.is_bare() {
        &[HookKind::PreReceive]
    } else {
        &[HookKind::PreMergeCommit, HookKind::PrePush]
    }
}

/// Runs `hook …`.
pub(super) fn run(action: &HookAction, world: &World) -> Result<Exit, LoadError> {
    match action {
        HookAction::Install { repo } => install(repo.as_deref(), world),
        HookAction::Uninstall { repo } => uninstall(repo.as_deref(), world),
        HookAction::Run { name, arguments } => run_hook(name, arguments, world),
    }
}

fn install(repo: Option<&Path>, world: &World) -> Result<Exit, LoadError> {
    let repository = approvals::open(repo, world)?;
    let program = world
        .program
        .clone()
        .unwrap_or_else(|| "countersign".into());
    let mut complete = true;
    for &kind in kinds(&repository) {
        let done = repository
            .install_hook(kind, &program)
            .map_err(|e| LoadError::git(&e))?;
        let path = done.path.display();
        match &done.outcome {
            InstallOutcome::Installed => {
                output::say(&format!("{}: installed at {path}", kind.name()));
            }
            InstallOutcome::Updated => output::say(&format!("{}: updated at {path}", kind.name())),
            InstallOutcome::Unchanged => {
                output::say(&format!("{}: already there, at {path}", kind.name()));
            }
            InstallOutcome::NotWritten { line } => {
                complete = false;
                output::say(&format!(
                    "{}: not written; add this line to {path}:\n  {line}",
                    kind.name()
                ));
            }
        }
        if let Some(earlier) = &done.earlier {
            output::say(&format!(
                "  the hook that was there runs first: {}",
                earlier.display()
            ));
        }
        match &done.warning {
            None => {}
            Some(HookWarning::InWorkTree { .. }) => {
                output::say(
                    "  core.hooksPath lies inside the work tree; its files are yours to change.",
                );
            }
            Some(HookWarning::Shared { .. }) => output::say(
                "  core.hooksPath is shared by other repositories of yours; the hook runs there too.",
            ),
        }
    }
    let exit = if complete { Exit::Pass } else { Exit::Input };
    if repository.is_bare() {
        output::say(
            "pre-receive sees no plan: it checks the record, its signature, commit, tree, base and policies. Verify before you apply.",
        );
        output::say(&format!(
            "Who pushes sends the record before or with the change: git push origin {} main",
            crate::git::NOTES_REF
        ));
        return Ok(exit);
    }
    output::say(
        "pre-merge-commit does not run for fast-forward merges. So that every merge into your branches is checked, run:",
    );
    output::say("  git config merge.ff false");
    output::say("pre-push checks pushes to protected branches, however the commits came about.");
    Ok(exit)
}

fn uninstall(repo: Option<&Path>, world: &World) -> Result<Exit, LoadError> {
    let repository = approvals::open(repo, world)?;
    for &kind in kinds(&repository) {
        let done = repository
            .uninstall_hook(kind)
            .map_err(|e| LoadError::git(&e))?;
        let text = match done.outcome {
            RemovalOutcome::Removed => "removed",
            RemovalOutcome::Restored => "removed; the earlier hook is back",
            RemovalOutcome::NotInstalled => "was not ours; left alone",
        };
        output::say(&format!("{}: {text}", kind.name()));
    }
    Ok(Exit::Pass)
}

fn run_hook(name: &str, arguments: &[String], world: &World) -> Result<Exit, LoadError> {
    match HookKind::from_name(name) {
        Some(HookKind::PreMergeCommit) => pre_merge_commit(world),
        Some(HookKind::PrePush) => pre_push(arguments, world),
        Some(HookKind::PreReceive) => receive::pre_receive(world),
        None if name == "update" => receive::update(arguments, world),
        None => Err(LoadError::usage(
            &format!("There is no hook {name} in this version."),
            "See: countersign hook --help",
        )),
    }
}

fn pre_merge_commit(world: &World) -> Result<Exit, LoadError> {
    let repository = approvals::open(None, world)?;
    let heads = merge_heads(&world.env);
    if heads.is_empty() {
        return Err(LoadError::input(
            "Git did not say what is merged (no GITHEAD_… variable), so nothing could be checked.",
            "Merge with git merge BRANCH, or push the branch and merge there.",
        ));
    }
    let git = |e| LoadError::git(&e);
    let Some(base) = repository.commit_id("HEAD").map_err(git)? else {
        return Err(LoadError::input("HEAD has no commit yet.", "Commit first."));
    };
    let mut exit = Exit::Pass;
    for head in heads {
        exit = exit.and(one(&repository, &base, &head, world)?);
    }
    Ok(exit)
}

/// What git writes to the hook's standard input.
pub(super) fn input() -> Result<String, LoadError> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(16 << 20)
        .read_to_string(&mut text)
        .map_err(|error| {
            LoadError::input(&format!("What git pushes cannot be read: {error}."), "")
        })?;
    Ok(text)
}

fn pre_push(arguments: &[String], world: &World) -> Result<Exit, LoadError> {
    let text = input()?;
    let pushed = parse_push(&text).map_err(|e| LoadError::git(&e))?;
    let repository = approvals::open(None, world)?;
    let remote = arguments.first().map_or("origin", String::as_str);
    let mut exit = Exit::Pass;
    for update in pushed {
        let zero = update.remote_id.chars().all(|c| c == '0');
        // What the remote has may never have been fetched.
        let tip = if zero {
            None
        } else {
            repository
                .commit_id(&update.remote_id)
                .map_err(|e| LoadError::git(&e))?
        };
        let is_here = tip.is_some();
        let base = match &tip {
            Some(tip) => Some(tip.clone()),
            None => tracked(&repository, remote, &update.remote_ref)?,
        };
        // What the branch says of itself, and what the default branch says of it.
        let default = tracked(&repository, remote, "")?;
        if !guarded(&repository, &[base.as_deref(), default.as_deref()], &update)? {
            continue;
        }
        if update.is_deletion() {
            output::say(&format!(
                "countersign: {} is protected; deleting it stops here.",
                update.remote_ref
            ));
            exit = exit.and(Exit::Unapproved);
            continue;
        }
        let Some(base) = base else {
            output::say(&format!(
                "countersign: {} is new on {remote}; there is nothing to compare it with.",
                update.remote_ref
            ));
            exit = exit.and(Exit::Input);
            continue;
        };
        if !zero && !is_here {
            output::say(&format!(
                "countersign: what {} is on {remote} is not here, so nothing can be compared. Run: git fetch {remote}",
                update.remote_ref
            ));
            exit = exit.and(Exit::Input);
            continue;
        }
        let forward = repository
            .is_ancestor(&base, &update.local_id)
            .map_err(|e| LoadError::git(&e))?;
        if !forward {
            output::say(&format!(
                "countersign: {} would lose commits that are on {remote}; a forced push is not covered by an approval.",
                update.remote_ref
            ));
            exit = exit.and(Exit::Unapproved);
            continue;
        }
        exit = exit.and(one(&repository, &base, &update.local_id, world)?);
    }
    Ok(exit)
}

/// Whether one of these commits says that the reference is protected; the defaults, where there is none.
fn guarded(
    repository: &Repository,
    commits: &[Option<&str>],
    update: &PushedRef,
) -> Result<bool, LoadError> {
    let mut commits: Vec<&str> = commits.iter().flatten().copied().collect();
    commits.dedup();
    if commits.is_empty() {
        return is_protected(&Config::default().allowed_refs, &update.remote_ref);
    }
    for commit in commits {
        if is_protected(&protected_refs(repository, commit)?, &update.remote_ref)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is known here of a branch of a remote, or else of its default branch.
fn tracked(repository: &Repository, remote: &str, name: &str) -> Result<Option<String>, LoadError> {
    let branch = name.trim_start_matches("refs/heads/");
    let names = [branch, "HEAD", "main", "master"];
    for name in names.iter().filter(|name| !name.is_empty()) {
        let candidate = format!("refs/remotes/{remote}/{name}");
        if let Some(id) = repository
            .commit_id(&candidate)
            .map_err(|e| LoadError::git(&e))?
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Checks one change: does a valid approval cover it, and does nothing block?
fn one(repository: &Repository, base: &str, head: &str, world: &World) -> Result<Exit, LoadError> {
    let short: String = head.chars().take(7).collect();
    if head == base {
        return Ok(Exit::Pass);
    }
    if repository
        .is_ancestor(head, base)
        .map_err(|e| LoadError::git(&e))?
    {
        output::say(&format!(
            "countersign: {short} is older than what is there; going back is not covered by an approval."
        ));
        return Ok(Exit::Unapproved);
    }
    if !concerns_us(repository, base, head, world)? {
        output::say(&format!(
            "countersign: {short} touches no Terraform and nothing that decides about approvals; nothing to check."
        ));
        return Ok(Exit::Pass);
    }
    let root = repository
        .workdir()
        .unwrap_or(&world.directory)
        .to_path_buf();
    let request = Request {
        plans: Vec::new(),
        plan_file: None,
        directory: root.clone(),
        repo: Some(root),
        base: Some(base.to_owned()),
        head: Some(head.to_owned()),
        diff: None,
        policies: Vec::new(),
        data: Vec::new(),
        trust: None,
        baseline: None,
        keep_values: true,
        fail_on_warn: false,
        env: world.env.clone(),
        now: world.now,
        threads: world.threads,
    };
    let loaded = match load_quietly(&request, &OutputArgs::default()) {
        Ok(loaded) => loaded,
        // No plan beside the change: nothing covers it.
        Err(error)
            if error.exit == Exit::Usage
                && error.heading.as_str().starts_with("No plan was given") =>
        {
            output::say(&format!(
                "countersign: {short} changes Terraform, and there is no plan of it here. {}",
                error.hint
            ));
            return Ok(Exit::Unapproved);
        }
        Err(error) => return Err(error),
    };
    let asked = approvals::Asked {
        lifts_freeze: only_lifts_freeze(loaded.case.under_review.change()),
        ..approvals::Asked::default()
    };
    let check::Judged { verdict, lines, .. } = check::with_approval(&loaded, &asked, world)?;
    if verdict.exit == Exit::Pass {
        if let Some(broken) = super::verify::broken(&verdict) {
            output::say(&format!(
                "countersign: {short} is let through, not approved: {broken}."
            ));
            return Ok(Exit::Pass);
        }
        output::say(&format!(
            "countersign: {short} is covered by a valid approval ({}).",
            approvals::signed_words(&lines)
        ));
        return Ok(Exit::Pass);
    }
    output::say(&format!(
        "countersign: {short} stops here ({}, exit {}):",
        verdict.exit,
        verdict.exit.code()
    ));
    for reason in &verdict.reasons {
        output::say(&format!("  {reason}"));
    }
    approvals::say_void(&lines, &verdict.reasons);
    let short_base: String = base.chars().take(7).collect();
    output::say(&format!(
        "Review it: countersign --base {short_base} --head {short}"
    ));
    Ok(verdict.exit)
}
