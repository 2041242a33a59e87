//! `hook install | uninstall | run`: no merge and no push to a protected branch without a valid approval.

use std::io::Read;
use std::path::Path;

use globset::Glob;

use super::args::{HookAction, OutputArgs};
use super::check::load_quietly;
use super::{World, approvals, check, output};
use crate::change::Change;
use crate::git::{
    HookKind, HookWarning, InstallOutcome, RemovalOutcome, Repository, merge_heads, parse_push,
};
use crate::load::{Config, LoadError, Request};
use crate::review::Exit;

const KINDS: [HookKind; 2] = [HookKind::PreMergeCommit, HookKind::PrePush];

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
    if repository.is_bare() {
        return Err(LoadError::usage(
            "This is a bare repository; hooks for the receiving side are not part of this version.",
            "Install the hooks where people merge and push.",
        ));
    }
    let program = world
        .program
        .clone()
        .unwrap_or_else(|| "countersign".into());
    let mut complete = true;
    for kind in KINDS {
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
    output::say(
        "pre-merge-commit does not run for fast-forward merges. So that every merge into your branches is checked, run:",
    );
    output::say("  git config merge.ff false");
    output::say("pre-push checks pushes to protected branches, however the commits came about.");
    Ok(if complete { Exit::Pass } else { Exit::Input })
}

fn uninstall(repo: Option<&Path>, world: &World) -> Result<Exit, LoadError> {
    let repository = approvals::open(repo, world)?;
    for kind in KINDS {
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
        _ => Err(LoadError::usage(
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

fn pre_push(arguments: &[String], world: &World) -> Result<Exit, LoadError> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(16 << 20)
        .read_to_string(&mut text)
        .map_err(|error| {
            LoadError::input(&format!("What git pushes cannot be read: {error}."), "")
        })?;
    let pushed = parse_push(&text).map_err(|e| LoadError::git(&e))?;
    let repository = approvals::open(None, world)?;
    let remote = arguments.first().map_or("origin", String::as_str);
    let mut exit = Exit::Pass;
    for update in pushed {
        if update.is_deletion() {
            if is_protected(
                &protected_refs(&repository, &update.remote_id)?,
                &update.remote_ref,
            )? {
                output::say(&format!(
                    "countersign: {} is protected; deleting it stops here.",
                    update.remote_ref
                ));
                exit = exit.and(Exit::Unapproved);
            }
            continue;
        }
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
        let base = match tip {
            Some(tip) => Some(tip),
            None => tracked(&repository, remote, &update.remote_ref)?,
        };
        let Some(base) = base else {
            // A branch that the remote does not have yet and that no base is known for: only a protected one concerns us.
            if is_protected(&Config::default().allowed_refs, &update.remote_ref)? {
                output::say(&format!(
                    "countersign: {} is new on {remote}; there is nothing to compare it with.",
                    update.remote_ref
                ));
                exit = exit.and(Exit::Input);
            }
            continue;
        };
        if !is_protected(&protected_refs(&repository, &base)?, &update.remote_ref)? {
            continue;
        }
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

/// The remote's default branch, when the pushed branch is new there.
fn tracked(repository: &Repository, remote: &str, name: &str) -> Result<Option<String>, LoadError> {
    let branch = name.trim_start_matches("refs/heads/");
    for candidate in [
        format!("refs/remotes/{remote}/{branch}"),
        format!("refs/remotes/{remote}/HEAD"),
    ] {
        if let Some(id) = repository
            .commit_id(&candidate)
            .map_err(|e| LoadError::git(&e))?
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The protected refs, as the base's configuration has them.
fn protected_refs(repository: &Repository, base: &str) -> Result<Vec<String>, LoadError> {
    base_config(repository, base).map(|config| config.allowed_refs)
}

/// The configuration at the base; one that cannot be read guards nothing and is an error.
fn base_config(repository: &Repository, base: &str) -> Result<Config, LoadError> {
    let bytes = repository
        .read_blob(base, crate::load::config::FILE)
        .map_err(|e| LoadError::git(&e))?;
    let Some(bytes) = bytes else {
        return Ok(Config::default());
    };
    let text = String::from_utf8(bytes).map_err(|_bytes| {
        LoadError::usage(
            "countersign.toml at the base is not UTF-8 text.",
            "Save it as UTF-8.",
        )
    })?;
    Config::read(&text, crate::load::config::FILE)
        .map_err(|problems| LoadError::config(crate::load::config::FILE, &problems))
}

fn is_protected(patterns: &[String], name: &str) -> Result<bool, LoadError> {
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| {
            LoadError::usage(
                &format!("[git] allowed_refs: {error}."),
                "Mend the pattern.",
            )
        })?;
        if glob.compile_matcher().is_match(name) {
            return Ok(true);
        }
    }
    Ok(false)
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
    if !concerns_us(repository, base, head)? {
        output::say(&format!(
            "countersign: {short} touches no Terraform; nothing to check."
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
    let (verdict, lines) = check::with_approval(&loaded, false, world)?;
    if verdict.exit == Exit::Pass {
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
    let short_base: String = base.chars().take(7).collect();
    output::say(&format!(
        "Review it: countersign --base {short_base} --head {short}"
    ));
    Ok(verdict.exit)
}

/// Whether a change can alter what Terraform does or how it is judged: it touches a Terraform file, policies or their data, or any file
/// in or below a directory with Terraform files, such as a template.
fn concerns_us(repository: &Repository, base: &str, head: &str) -> Result<bool, LoadError> {
    let git = |e| LoadError::git(&e);
    let ask = crate::git::ChangeRequest {
        base: Some(base.to_owned()),
        head: Some(head.to_owned()),
        ci: std::collections::BTreeMap::new(),
    };
    let crate::git::UnderReview::Change(change, _) = repository.resolve(&ask).map_err(git)? else {
        return Ok(false);
    };
    if change
        .files
        .iter()
        .any(|f| Change::is_terraform_relevant(&f.path))
    {
        return Ok(true);
    }
    let mut directories = std::collections::BTreeSet::new();
    let config = base_config(repository, base)?;
    for path in config.policy_paths.iter().chain(&config.data_paths) {
        directories.insert(path.trim_start_matches("./").to_owned());
    }
    for commit in [base, head] {
        for entry in repository
            .files_matching(commit, |path, _| {
                [".tf", ".tf.json", ".tofu", ".tofu.json"]
                    .iter()
                    .any(|end| path.ends_with(end))
            })
            .map_err(git)?
        {
            directories.insert(
                entry
                    .path
                    .rsplit_once('/')
                    .map_or(String::new(), |(d, _)| format!("{d}/")),
            );
        }
    }
    let below = |path: &str| directories.iter().any(|d| path.starts_with(d.as_str()));
    Ok(change
        .files
        .iter()
        .any(|f| below(&f.path) || f.old_path.as_deref().is_some_and(below)))
}
