//! Assembles a [`ReviewCase`] from paths, standard input and git: the only input on the way to a verdict.
//!
//! Phases: open the repository and find what is under review; decide which tree is trusted; read the configuration from it; read the
//! plans; index the configuration's source at the commit under review; load policies and run them; make findings.
//!
//! Invariants: configuration, policies and waivers come from the base commit's objects wherever there is a base; the clock, the
//! environment and the working directory come in as values; everything that cannot be read is an error with a hint, never a smaller case.

mod ahead;
mod approvers;
mod assemble;
mod bare;
mod baseline;
mod before;
pub mod config;
mod error;
mod explain;
mod find;
mod judge;
mod own;
mod plans;
mod policies;
mod proof;
mod root;
mod show;
mod source;
mod tamper;
mod waivers;

pub use approvers::{Approvers, FREEZE, REVOKED};
pub use bare::without_plan;
pub use config::{ALLOWED_SIGNERS, Config, ConfigProblem};
pub use error::LoadError;
pub use plans::PlanSource;
pub use policies::{command_line_bundles, local_bundles, local_config, test_bundle};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::change::{Change, unified};
use crate::git::{self, ChangeRequest, NoChangeReason, Repository};
use crate::policy::{Policies, Settings, Trust};
use crate::review::{CasePlan, ReviewCase, UnderReview};
use crate::text::Printable;
use assemble::{Evaluation, add_source_notices, empty_case};
use judge::Joining;
use policies::Tree;
use source::SourceTree;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Plans in the order given; empty to look for those of the configuration.
    pub plans: Vec<PlanSource>,
    /// Directory in which the program was started.
    pub directory: PathBuf,
    /// `--plan-file`: the binary plan that belongs to the one plan.
    pub plan_file: Option<PathBuf>,
    /// `--repo`.
    pub repo: Option<PathBuf>,
    /// `--base`.
    pub base: Option<String>,
    /// `--head`.
    pub head: Option<String>,
    /// `--diff`.
    pub diff: Option<PathBuf>,
    /// `--policy`.
    pub policies: Vec<PathBuf>,
    /// `--data`.
    pub data: Vec<PathBuf>,
    /// `--trust`.
    pub trust: Option<Trust>,
    /// `--baseline`.
    pub baseline: Option<PathBuf>,
    /// Whether the plans' values are needed after the policies ran: to show, to approve. Otherwise each plan is let go of once it was judged,
    /// so that memory does not grow with their number.
    pub keep_values: bool,
    /// `--fail-on-warn`.
    pub fail_on_warn: bool,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The run's clock.
    pub now: jiff::Timestamp,
    /// Threads to use.
    pub threads: usize,
}

/// A case with what is needed to act on it later.
pub struct Loaded {
    /// The facts.
    pub case: ReviewCase,
    /// The configuration that was used.
    pub config: Config,
    /// What the trusted tree says about approvals beside the configuration.
    pub approvers: Approvers,
    /// The repository, where there is one.
    pub repository: Option<Repository>,
    /// The plans that were read, also when none was named.
    pub sources: Vec<PlanSource>,
    /// What policies printed, redacted.
    pub prints: Vec<Printable>,
    /// How each rule ran on each plan, one line each.
    pub trace: Vec<Printable>,
}

/// How far loading is: stage, steps done, steps in all where that is known.
pub type Progress<'a> = dyn Fn(&str, usize, Option<usize>) + Sync + 'a;

/// Loads everything.
///
/// # Errors
/// When plan, repository, configuration or policies cannot be read; the error carries the exit status.
#[expect(clippy::too_many_lines, reason = "the phases, one after the other")]
pub fn load(request: &Request, progress: &Progress<'_>) -> Result<Loaded, LoadError> {
    progress("read the change", 0, None);
    let (repository, under_review) = find_change(request)?;
    let standing = repository
        .as_ref()
        .map(|repository| repository.standing(&asked(request)))
        .transpose()
        .map_err(|e| LoadError::git(&e))?;
    let base = trusted_commit(request, &under_review)?;
    let trust = if base.is_some() {
        Trust::Base
    } else {
        Trust::Worktree
    };
    let root = repository
        .as_ref()
        .and_then(Repository::workdir)
        .unwrap_or(&request.directory)
        .to_path_buf();
    let tree = match (&repository, &base) {
        (Some(repository), Some(commit)) => Tree::Commit(repository, commit),
        _ => Tree::Directory(&root),
    };
    let config = read_config(tree)?;
    let approvers = approvers(request, tree, &config, repository.as_ref(), &under_review)?;
    progress("read the plan", 0, None);
    let sources = find_plans(request, &config, &root)?;
    if request.plan_file.is_some() && sources.len() != 1 {
        return Err(LoadError::usage(
            "--plan-file belongs to one plan, and there are several.",
            "Run it once for each, or give the binary plans themselves: countersign a/tfplan b/tfplan.",
        ));
    }
    // What is no plan is said before anything else is done.
    let first = sources
        .first()
        .map(|source| read_plan(request, source, &config, &root));
    let first = first.transpose()?;
    progress("load policies", 0, None);
    let settings = Settings {
        policy: config.policies.clone(),
        disabled: config.disable.clone(),
        timeout: Duration::from_secs(config.timeout_seconds),
        threads: request.threads,
        trust,
        commit: base.clone(),
        now: request.now,
    };
    let bundles = policies::bundles(tree, &config, &request.policies, &request.data)?;
    let policies = Policies::load(&bundles, settings);
    check_config(&config, &policies)?;
    progress("index the source", 0, None);
    let tree = match (&repository, under_review.head()) {
        (Some(repository), Some(head)) => Some(SourceTree::read(repository, head)?),
        _ => None,
    };
    let before = match (&repository, under_review.change(), &tree) {
        (Some(repository), Some(change), Some(tree)) => before::before(repository, change, tree)?,
        _ => None,
    };
    let evaluation = Evaluation::new(
        &under_review,
        &config,
        &policies,
        standing.as_ref(),
        request.now,
    );
    let joining = Joining {
        request,
        repository: repository.as_ref(),
        tree: tree.as_ref(),
        before: before.as_ref(),
        root: &root,
        commit: None,
        variables: BTreeMap::new(),
    };
    let rest = sources.get(1..).unwrap_or_default();
    let size = |source: &PlanSource| source.size(&request.directory);
    let sizes: Vec<u64> = rest.iter().map(size).collect();
    let held = sources.first().map_or(0, size);
    let read = |number: usize| match rest.get(number) {
        Some(source) => read_plan(request, source, &config, &root),
        None => Err(LoadError::input("There is no such plan.", "")),
    };
    let (plans, mut found, evaluated) =
        ahead::read(held, &sizes, request.threads, &read, |rest| {
            let all = first.into_iter().map(Ok).chain(rest);
            judge::each(all, &under_review, joining, evaluation, progress)
        })?;
    let mut case = empty_case(
        request,
        repository.as_ref(),
        standing.as_ref(),
        under_review,
        &config,
        &policies,
        plans,
    )?;
    baseline::add(&mut case, request, repository.as_ref(), base.as_deref())?;
    let told = evaluated.put_into(&mut case);
    progress("compare with the base", 0, None);
    let ground = own::Ground {
        request,
        repository: repository.as_ref(),
        base: base.as_deref(),
        config: &config,
        policies: &policies,
        tree: tree.as_ref(),
        found: &found,
        root: &root,
    };
    own::add(&mut case, &ground)?;
    add_source_notices(&mut case, &found, tree.as_ref());
    case.notices.extend(approvers.warnings.iter().cloned());
    case.sources = found.iter_mut().map(|found| found.sources.take()).collect();
    Ok(Loaded {
        case,
        config,
        approvers,
        repository,
        sources,
        prints: told.prints,
        trace: told.trace,
    })
}

/// Who may approve, by the trusted tree; what the change or its target takes back counts too.
fn approvers(
    request: &Request,
    tree: Tree<'_>,
    config: &Config,
    repository: Option<&Repository>,
    under_review: &UnderReview,
) -> Result<Approvers, LoadError> {
    let path = request.env.get("PATH").map(String::as_str);
    let mut approvers = Approvers::read(tree, config, path, request.now)?;
    if let Some(repository) = repository {
        let tip = repository.target_tip();
        for commit in under_review.head().into_iter().chain(tip.as_deref()) {
            approvers.restrict(repository, commit)?;
        }
    }
    Ok(approvers)
}

/// What git is asked.
fn asked(request: &Request) -> ChangeRequest {
    ChangeRequest {
        base: request.base.clone(),
        head: request.head.clone(),
        ci: request.env.clone(),
    }
}

fn find_change(request: &Request) -> Result<(Option<Repository>, UnderReview), LoadError> {
    if let Some(path) = &request.diff {
        let fail = |what: String| {
            LoadError::input(
                &format!("{} cannot be used: {what}", path.display()),
                "Give the output of git diff.",
            )
        };
        if request.base.is_some() || request.head.is_some() {
            return Err(LoadError::usage(
                "--diff stands in place of --base and --head.",
                "Give one or the other.",
            ));
        }
        let bytes = std::fs::read(path).map_err(|e| fail(format!("{e}.")))?;
        let files = unified::parse(&bytes).map_err(|e| fail(e.to_string()))?;
        let change = Change {
            files,
            ..Change::default()
        };
        return Ok((None, UnderReview::DiffFile(Box::new(change))));
    }
    let (directory, from_env) = match &request.repo {
        Some(directory) => (directory.clone(), false),
        None => (request.directory.clone(), true),
    };
    let Some(repository) =
        Repository::open(&directory, from_env).map_err(|e| LoadError::git(&e))?
    else {
        // What names a repository must not lead to a review without one.
        if from_env
            && request
                .env
                .get("GIT_DIR")
                .is_some_and(|dir| !dir.is_empty())
        {
            return Err(LoadError::input(
                "GIT_DIR names no git repository.",
                "Take it out of the environment: unset GIT_DIR.",
            ));
        }
        if request.repo.is_some() || request.base.is_some() || request.head.is_some() {
            return Err(LoadError::input(
                &format!("There is no git repository at {}.", directory.display()),
                "Run it in the repository that holds the change, or name it: --repo DIR.",
            ));
        }
        return Ok((None, UnderReview::NoRepository));
    };
    let under_review = match repository
        .resolve(&asked(request))
        .map_err(|e| LoadError::git(&e))?
    {
        git::UnderReview::Change(change, _) => UnderReview::Commits(Box::new(change)),
        git::UnderReview::NoChange {
            head,
            reason,
            dirty,
        } => UnderReview::NoChange {
            head,
            dirty,
            base: match &reason {
                NoChangeReason::NoBase => None,
                NoChangeReason::HeadInBase { base } => Some(base.clone()),
            },
            reason: Printable::line(&match reason {
                NoChangeReason::NoBase => "no base was asked for and none was found.".to_owned(),
                NoChangeReason::HeadInBase { base } => {
                    format!(
                        "the base {} already holds the head.",
                        base.chars().take(7).collect::<String>()
                    )
                }
            }),
        },
    };
    Ok((Some(repository), under_review))
}

/// The commit whose tree is trusted; none when the work tree is.
fn trusted_commit(
    request: &Request,
    under_review: &UnderReview,
) -> Result<Option<String>, LoadError> {
    let base = match under_review {
        UnderReview::Commits(change) => change.base.clone(),
        UnderReview::NoChange { base, .. } => base.clone(),
        _ => None,
    };
    match (request.trust, base) {
        (Some(Trust::Worktree), _) | (None, None) => Ok(None),
        (Some(Trust::Base), None) => Err(LoadError::input(
            "--trust base was asked for, and there is no base commit.",
            "Name one: --base origin/main.",
        )),
        (_, Some(base)) => Ok(Some(base)),
    }
}

fn read_config(tree: Tree<'_>) -> Result<Config, LoadError> {
    let bytes = match tree {
        Tree::Commit(repository, commit) => repository
            .read_blob(commit, config::FILE)
            .map_err(|e| LoadError::git(&e))?,
        Tree::Directory(root) => match std::fs::read(root.join(config::FILE)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(LoadError::usage(
                    &format!("{} cannot be read: {error}.", config::FILE),
                    "Mend its permissions.",
                ));
            }
        },
    };
    let Some(bytes) = bytes else {
        return Ok(Config::default());
    };
    let text = String::from_utf8(bytes).map_err(|_bytes| {
        LoadError::usage(
            &format!("{} is not UTF-8 text.", config::FILE),
            "Save it as UTF-8.",
        )
    })?;
    Config::read(&text, config::FILE).map_err(|problems| LoadError::config(config::FILE, &problems))
}

/// What a commit says about approvals, for commands that review nothing.
///
/// # Errors
/// When its configuration or one of the files cannot be read.
pub fn approvers_at(
    repository: &Repository,
    commit: &str,
    path: Option<&str>,
    now: jiff::Timestamp,
) -> Result<Approvers, LoadError> {
    let tree = Tree::Commit(repository, commit);
    Approvers::read(tree, &read_config(tree)?, path, now)
}

/// Reads a text file that was named, such as a report: no device, no pipe, no more than a plan may have.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path, directory: &Path) -> Result<String, LoadError> {
    let hint = "Name a file that can be read.";
    let bytes = plans::read_file(path, directory).map_err(|error| LoadError {
        hint: Printable::line(hint),
        ..error
    })?;
    String::from_utf8(bytes)
        .map_err(|_bytes| LoadError::input(&format!("{} is not UTF-8 text.", path.display()), hint))
}

/// Reads plans alone: no change, no policies. Only binary plans need a configuration, which says what shows them.
///
/// # Errors
/// When a plan, or the configuration that it needs, cannot be read.
pub fn plans_alone(request: &Request) -> Result<Vec<CasePlan>, LoadError> {
    let mut config = Config::default();
    for source in &request.plans {
        if plans::is_binary(source, &request.directory)? {
            config = trusted_config(request)?;
            break;
        }
    }
    let read = |source| read_plan(request, source, &config, &request.directory);
    request.plans.iter().map(read).collect()
}

/// The configuration of the trusted tree, for commands that review nothing.
fn trusted_config(request: &Request) -> Result<Config, LoadError> {
    let (repository, under_review) = find_change(request)?;
    let base = trusted_commit(request, &under_review)?;
    let workdir = repository.as_ref().and_then(Repository::workdir);
    read_config(match (&repository, &base) {
        (Some(repository), Some(commit)) => Tree::Commit(repository, commit),
        _ => Tree::Directory(workdir.unwrap_or(&request.directory)),
    })
}

fn check_config(config: &Config, policies: &Policies) -> Result<(), LoadError> {
    let mut problems = config.check_policies(&policies.summary.policies);
    let all: Vec<&str> = policies
        .summary
        .policies
        .iter()
        .map(|p| p.id.as_str())
        .chain(policies.disabled.iter().map(String::as_str))
        .collect();
    problems.extend(config.check_disabled(&all));
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    Err(LoadError::config(config::FILE, &problems))
}

/// The plans to read: those that were named, or the first of the configuration's that exists.
fn find_plans(
    request: &Request,
    config: &Config,
    root: &Path,
) -> Result<Vec<PlanSource>, LoadError> {
    if !request.plans.is_empty() {
        return find::expand(&request.plans, &request.directory);
    }
    let found = config
        .plan_paths
        .iter()
        .flat_map(|name| [request.directory.join(name), root.join(name)])
        .find(|path| path.is_file());
    match found {
        Some(path) => {
            let shown = path
                .strip_prefix(&request.directory)
                .unwrap_or(&path)
                .to_path_buf();
            Ok(vec![PlanSource::File(shown)])
        }
        None => Err(LoadError::usage(
            &format!(
                "No plan was given, and there is none of {}.",
                config.plan_paths.join(", ")
            ),
            "Make one: terraform plan -out=tfplan && terraform show -json tfplan > plan.json.",
        )),
    }
}

fn read_plan(
    request: &Request,
    source: &PlanSource,
    config: &Config,
    root: &Path,
) -> Result<CasePlan, LoadError> {
    let mut plan = plans::read(source, &request.directory, &config.show, request.threads)?;
    if let Some(file) = &request.plan_file {
        plan = plans::beside(plan, file, &request.directory)?;
    }
    let (path, name) = match source {
        PlanSource::Stdin(_) => ("-".to_owned(), "-".to_owned()),
        PlanSource::File(path) => {
            let absolute =
                std::path::absolute(request.directory.join(path)).unwrap_or_else(|_| path.clone());
            let inside = absolute
                .strip_prefix(root)
                .ok()
                .map(|p| p.to_string_lossy().replace('\\', "/"));
            let file = path
                .file_name()
                .map_or_else(String::new, |f| f.to_string_lossy().into_owned());
            (path.to_string_lossy().into_owned(), inside.unwrap_or(file))
        }
    };
    Ok(CasePlan {
        path: plan.redactor.line(&path),
        root: name,
        plan,
        proof: None,
    })
}

/// Looks again at plan, head and base; gives what moved since the case was loaded, one sentence each.
#[must_use]
pub fn recheck(request: &Request, case: &ReviewCase) -> Vec<String> {
    let mut moved = Vec::new();
    for (source, plan) in request.plans.iter().zip(&case.plans) {
        let file = request.plan_file.as_deref();
        match plans::is_unchanged(source, file, &request.directory, &plan.plan) {
            Ok(true) => {}
            Ok(false) => moved.push(format!(
                "The plan {} changed since it was loaded.",
                plan.path
            )),
            Err(_) => moved.push(format!("The plan {} cannot be read any more.", plan.path)),
        }
    }
    let base = |under_review: &UnderReview| under_review.change().and_then(|c| c.base.clone());
    match find_change(request) {
        Ok((_, now)) => {
            if now.head() != case.under_review.head() {
                moved.push("The head moved since it was loaded.".to_owned());
            }
            if base(&now) != base(&case.under_review) {
                moved.push("The base moved since it was loaded.".to_owned());
            }
            if now.dirty() != case.under_review.dirty() {
                moved.push("The work tree changed since it was loaded.".to_owned());
            }
        }
        Err(error) => moved.push(error.heading.to_string()),
    }
    moved
}
