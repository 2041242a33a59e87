//! Assembles a [`ReviewCase`] from paths, standard input and git: the only input on the way to a verdict.
//!
//! Phases: open the repository and find what is under review; decide which tree is trusted; read the configuration from it; read the
//! plans; index the configuration's source at the commit under review; load policies and run them; make findings.
//!
//! Invariants: configuration, policies and waivers come from the base commit's objects wherever there is a base; the clock, the
//! environment and the working directory come in as values; everything that cannot be read is an error with a hint, never a smaller case.

pub mod config;
mod error;
mod find;
mod plans;
mod policies;

pub use config::{Config, ConfigProblem};
pub use error::LoadError;
pub use plans::PlanSource;
pub use policies::{command_line_bundles, test_bundle};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::change::{Change, unified};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::finding::{self, Finding, Origin};
use crate::git::{self, ChangeRequest, NoChangeReason, Repository};
use crate::policy::{Availability, Need, Policies, Settings, Subject, Trust};
use crate::review::{CasePlan, Gate, ReviewCase, UnderReview};
use crate::source::SourceIndex;
use crate::text::{Printable, Redactor};
use policies::Tree;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Plans in the order given; empty to look for those of the configuration.
    pub plans: Vec<PlanSource>,
    /// Directory in which the program was started.
    pub directory: PathBuf,
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
    /// The repository, where there is one.
    pub repository: Option<Repository>,
    /// The plans that were read, also when none was named.
    pub sources: Vec<PlanSource>,
    /// What policies printed, redacted.
    pub prints: Vec<Printable>,
}

/// How far loading is: stage, steps done, steps in all where that is known.
pub type Progress<'a> = dyn Fn(&str, usize, Option<usize>) + Sync + 'a;

/// Loads everything.
///
/// # Errors
/// When plan, repository, configuration or policies cannot be read; the error carries the exit status.
pub fn load(request: &Request, progress: &Progress<'_>) -> Result<Loaded, LoadError> {
    progress("read the change", 0, None);
    let (repository, under_review) = find_change(request)?;
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
    progress("read the plan", 0, None);
    let sources = find_plans(request, &config, &root)?;
    let plans = read_plans(request, &sources, &config, &root)?;
    progress("load policies", 0, None);
    let mut settings = Settings {
        policy: config.policies.clone(),
        disabled: config.disable.clone(),
        timeout: Duration::from_secs(config.timeout_seconds),
        threads: request.threads,
        trust,
        commit: base.clone(),
        now: request.now,
    };
    let bundles = policies::bundles(tree, &config, &request.policies, &request.data)?;
    settings.disabled.clone_from(&config.disable);
    let policies = Policies::load(&bundles, settings);
    check_config(&config, &policies)?;
    progress("index the source", 0, None);
    let files = source_files(repository.as_ref(), under_review.head())?;
    let mut case = empty_case(
        request,
        repository.as_ref(),
        under_review,
        &config,
        &policies,
        plans,
    )?;
    let indices: Vec<Option<SourceIndex>> = case
        .plans
        .iter()
        .map(|plan| {
            files
                .as_ref()
                .map(|files| index(files, &plan.root, &root, &request.directory))
        })
        .collect();
    let prints = evaluate(
        &mut case,
        &config,
        &policies,
        &indices,
        request.now,
        progress,
    );
    case.source = indices.into_iter().flatten().next();
    add_source_notices(&mut case);
    Ok(Loaded {
        case,
        config,
        repository,
        sources,
        prints,
    })
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
        if request.repo.is_some() || request.base.is_some() || request.head.is_some() {
            return Err(LoadError::input(
                &format!("There is no git repository at {}.", directory.display()),
                "Run it in the repository that holds the change, or name it: --repo DIR.",
            ));
        }
        return Ok((None, UnderReview::NoRepository));
    };
    let ask = ChangeRequest {
        base: request.base.clone(),
        head: request.head.clone(),
        ci: request.env.clone(),
    };
    let under_review = match repository.resolve(&ask).map_err(|e| LoadError::git(&e))? {
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

fn read_plans(
    request: &Request,
    sources: &[PlanSource],
    config: &Config,
    root: &Path,
) -> Result<Vec<CasePlan>, LoadError> {
    sources
        .iter()
        .map(|source| {
            let plan = plans::read(source, &request.directory, &config.show)?;
            let (path, name) = match source {
                PlanSource::Stdin(_) => ("-".to_owned(), "-".to_owned()),
                PlanSource::File(path) => {
                    let absolute = std::path::absolute(request.directory.join(path))
                        .unwrap_or_else(|_| path.clone());
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
            })
        })
        .collect()
}

/// Looks again at plan, head and base; gives what moved since the case was loaded, one sentence each.
#[must_use]
pub fn recheck(request: &Request, config: &Config, case: &ReviewCase) -> Vec<String> {
    let mut moved = Vec::new();
    for (source, plan) in request.plans.iter().zip(&case.plans) {
        match plans::digest(source, &request.directory, &config.show) {
            Ok(digest) if digest == plan.plan.digest => {}
            Ok(_) => moved.push(format!(
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

/// A file of the commit: its path and its bytes.
type SourceFile = (String, Vec<u8>);

/// Texts of all Terraform files of the commit under review.
fn source_files(
    repository: Option<&Repository>,
    head: Option<&str>,
) -> Result<Option<Vec<SourceFile>>, LoadError> {
    let (Some(repository), Some(head)) = (repository, head) else {
        return Ok(None);
    };
    let wanted = |path: &str| {
        [
            ".tf",
            ".tf.json",
            ".tofu",
            ".tofu.json",
            ".terraform.lock.hcl",
        ]
        .iter()
        .any(|end| path.ends_with(end))
    };
    let entries = repository
        .files_matching(head, wanted)
        .map_err(|e| LoadError::git(&e))?;
    let mut files = Vec::new();
    for entry in entries {
        if let Some(bytes) = repository
            .read_blob(head, &entry.path)
            .map_err(|e| LoadError::git(&e))?
        {
            files.push((entry.path, bytes));
        }
    }
    Ok(Some(files))
}

/// Indexes the source for one plan; its root module is the nearest directory above the plan, or the working directory, with Terraform files.
fn index(
    files: &[(String, Vec<u8>)],
    plan_root: &str,
    workdir: &Path,
    directory: &Path,
) -> SourceIndex {
    let parent = |path: &str| {
        path.rsplit_once('/')
            .map_or_else(String::new, |(dir, _)| dir.to_owned())
    };
    let here = std::path::absolute(directory)
        .ok()
        .and_then(|d| {
            d.strip_prefix(workdir)
                .ok()
                .map(|p| p.to_string_lossy().replace('\\', "/"))
        })
        .unwrap_or_default();
    let holds = |dir: &str| {
        files
            .iter()
            .any(|(path, _)| parent(path) == dir && !path.ends_with(".hcl"))
    };
    let mut candidates = Vec::new();
    let mut above = parent(plan_root);
    while !above.is_empty() {
        candidates.push(above.clone());
        above = parent(&above);
    }
    candidates.push(here);
    let root = candidates
        .into_iter()
        .find(|dir| holds(dir))
        .unwrap_or_default();
    SourceIndex::build(files.iter().cloned(), &root, None)
}

fn empty_case(
    request: &Request,
    repository: Option<&Repository>,
    under_review: UnderReview,
    config: &Config,
    policies: &Policies,
    plans: Vec<CasePlan>,
) -> Result<ReviewCase, LoadError> {
    let git = |e| LoadError::git(&e);
    let mut tree = None;
    let mut name = None;
    let mut reviewer = None;
    if let Some(repository) = repository {
        if let Some(head) = under_review.head() {
            tree = Some(repository.tree_id(head).map_err(git)?);
            let identity = repository.repository_identity(head).map_err(git)?;
            name = identity
                .origin
                .or_else(|| identity.roots.first().map(|root| format!("root:{root}")))
                .map(|text| Printable::line(&text));
        }
        reviewer = repository.identity(&request.env).ok().map(|who| Identity {
            name: who.name,
            email: who.email,
        });
    }
    let redactor = Redactor::union(plans.iter().map(|p| &p.plan.redactor));
    let mut notices = Vec::new();
    match under_review.dirty() {
        [] => {}
        [one] => notices.push(format!(
            "the work tree differs from the commit under review in {one}."
        )),
        [one, rest @ ..] => notices.push(format!(
            "the work tree differs from the commit under review in {one} and {} more.",
            rest.len()
        )),
    }
    for plan in &plans {
        if plan.plan.complete == Some(false) {
            notices.push(format!(
                "{} does not cover everything: it was targeted, or some changes are deferred.",
                plan.path
            ));
        }
    }
    Ok(ReviewCase {
        plans,
        under_review,
        tree,
        repository: name,
        source: None,
        policies: policies.summary.clone(),
        problems: policies.problems.clone(),
        findings: Vec::new(),
        not_applicable: Vec::new(),
        not_looked_at: Vec::new(),
        waivers: config.waivers.clone(),
        config: config.digest,
        gate: Gate {
            fail_on_warn: request.fail_on_warn,
            unknown_blocks: config.unknown_blocks,
            not_evaluated_blocks: config.not_evaluated_blocks,
            review_every_change: config.review_every_change,
        },
        notices: notices.iter().map(|n| redactor.line(n)).collect(),
        reviewer,
        redactor,
    })
}

fn evaluate(
    case: &mut ReviewCase,
    config: &Config,
    policies: &Policies,
    indices: &[Option<SourceIndex>],
    now: jiff::Timestamp,
    progress: &Progress<'_>,
) -> Vec<Printable> {
    let change = case.under_review.change().cloned();
    // Which files and lines, not which commits: a merge of the same change says the same.
    let change_digest = change
        .as_ref()
        .and_then(|change| serde_json::to_vec(&change.files).ok())
        .map(|files| Digest::of(&files));
    let in_repository = !matches!(
        case.under_review,
        UnderReview::NoRepository | UnderReview::DiffFile(_)
    );
    let mut findings: Vec<Finding> = Vec::new();
    let mut prints = Vec::new();
    let mut evaluated: Option<usize> = None;
    let mut problems = Vec::new();
    let mut not_applicable = std::collections::BTreeSet::new();
    for (plan_index, plan) in case.plans.iter().enumerate() {
        let source = indices.get(plan_index).and_then(Option::as_ref);
        let available = |need: Need| match need {
            Need::Plan => Availability::Present,
            Need::Git if change.is_some() => Availability::Present,
            Need::Source if source.is_some() => Availability::Present,
            Need::Source | Need::BinaryPlan if in_repository => Availability::Missing,
            Need::Git | Need::Source | Need::BinaryPlan => Availability::NotApplicable,
        };
        let subject = Subject {
            plan: &plan.plan,
            change: change.as_ref(),
            source,
            now,
        };
        let stage = |done: usize, total: usize| progress("evaluate policies", done, Some(total));
        let results = policies.evaluate(&subject, &available, &stage);
        for skipped in results.skipped.iter().filter(|s| !s.applies) {
            if let Some(policy) = policies.summary.policies.get(skipped.policy) {
                let reason = format!(
                    "it needs {}, and there is none under review.",
                    skipped.need.word()
                );
                not_applicable.insert((policy.id.clone(), Printable::line(&reason)));
            }
        }
        let origin = Origin {
            plan_index,
            path: &plan.path,
            root: &plan.root,
            plan: &plan.plan,
            change: change.as_ref(),
            change_digest,
            source,
            policies: &policies.summary.policies,
            rules: &policies.rules,
            overrides: &config.overrides,
        };
        let (own, faults) = finding::from_results(&origin, &results);
        findings.extend(own);
        problems.extend(faults);
        problems.extend(results.problems);
        prints.extend(results.prints);
        evaluated = Some(evaluated.map_or(results.evaluated, |e| e.min(results.evaluated)));
        if source.is_none() {
            for policy in policies
                .summary
                .policies
                .iter()
                .filter(|p| p.uses.contains(&Need::Source))
            {
                case.not_looked_at.push(Printable::line(&format!(
                    "{} read no Terraform source: what only the source tells was not looked at.",
                    policy.id
                )));
            }
        }
    }
    finding::sort(&mut findings);
    case.findings = findings;
    case.not_applicable = not_applicable.into_iter().collect();
    case.not_looked_at.sort();
    case.not_looked_at.dedup();
    case.problems.extend(problems);
    case.problems.sort();
    case.problems.dedup();
    case.policies.evaluated = evaluated.unwrap_or(0);
    prints
}

fn add_source_notices(case: &mut ReviewCase) {
    let Some(source) = &case.source else { return };
    let redactor = case.redactor.clone();
    let notices: Vec<Printable> = source
        .problems
        .iter()
        .take(20)
        .map(|p| redactor.line(&format!("{}:{}: {}", p.file, p.line, p.message)))
        .collect();
    case.notices.extend(notices);
}
