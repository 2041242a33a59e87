//! `--check`: the headless gate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::{OutputArgs, ReviewArgs};
use super::progress::Progress;
use super::{VERSION, World, approvals, output, subject};
use crate::approval::Record;
use crate::decision::Journal;
use crate::load::{self, LoadError, Loaded, Request};
use crate::report::{self, ApprovalLine, Failure, Format};
use crate::review::{Exit, UnderReview, Verdict, verdict};
use crate::store::write_atomic;

/// Which reports are written where; the first goes to standard output or `--output`.
pub(super) struct Reports {
    main: (Format, Option<PathBuf>),
    more: Vec<(Format, PathBuf)>,
    args: OutputArgs,
}

impl Reports {
    /// Reads the options.
    pub(super) fn from(args: &OutputArgs) -> Result<Self, LoadError> {
        let format = |word: &str| {
            super::args::format(word)
                .map_err(|error| LoadError::usage(&error, "See countersign --help."))
        };
        let mut more = Vec::new();
        for text in &args.reports {
            let Some((word, path)) = text.split_once('=') else {
                return Err(LoadError::usage(
                    &format!("--report {text} is not of the form FMT=FILE."),
                    "For example: --report json=report.json",
                ));
            };
            more.push((format(word)?, path.into()));
        }
        let reports = Self {
            main: (format(&args.format)?, args.output.clone()),
            more,
            args: args.clone(),
        };
        let mut seen = BTreeSet::new();
        for path in reports.files() {
            if !seen.insert(plain(path)) {
                return Err(LoadError::usage(
                    &format!("Two reports are to be written to {}.", path.display()),
                    "Name another file for one of them.",
                ));
            }
        }
        Ok(reports)
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let more = self.more.iter().map(|(_, path)| path.as_path());
        self.main.1.as_deref().into_iter().chain(more)
    }

    /// Refuses to write over a file that is read.
    pub(super) fn spare(&self, read: &[PathBuf]) -> Result<(), LoadError> {
        let read: BTreeSet<PathBuf> = read.iter().map(|path| plain(path)).collect();
        match self.files().find(|path| read.contains(&plain(path))) {
            None => Ok(()),
            Some(path) => Err(LoadError::usage(
                &format!(
                    "{} is read, and a report is to be written to it.",
                    path.display()
                ),
                "Name another file for the report.",
            )),
        }
    }

    /// Writes all reports in what another writer makes of each format.
    pub(super) fn write_each(
        &self,
        render: impl Fn(Format, bool) -> Result<String, LoadError>,
    ) -> Result<(), LoadError> {
        let (format, path) = &self.main;
        let more = self.more.iter().map(|(format, path)| (*format, Some(path)));
        let all = std::iter::once((*format, path.as_ref())).chain(more);
        // Nothing is written where one of them cannot be.
        let texts = all
            .map(|(format, path)| Ok((render(format, path.is_none())?, path)))
            .collect::<Result<Vec<_>, LoadError>>()?;
        for (text, path) in texts {
            emit(&text, path.map(PathBuf::as_path))?;
        }
        Ok(())
    }

    /// Writes all reports of a case.
    pub(super) fn write(&self, outcome: &Outcome<'_>, world: &World) -> Result<(), LoadError> {
        let context = |to_terminal: bool| report::Context {
            case: &outcome.loaded.case,
            verdict: outcome.verdict,
            approvals: outcome.approvals,
            tool_version: VERSION,
            colour: to_terminal && output::colour(self.args.color, &world.env),
            width: if to_terminal { output::width() } else { 100 },
            max_bytes: self.args.max_bytes,
            exit: outcome.exit,
            merged: None,
        };
        let (format, path) = &self.main;
        emit(
            &report::render(*format, &context(path.is_none())),
            path.as_deref(),
        )?;
        for (format, path) in &self.more {
            emit(&report::render(*format, &context(false)), Some(path))?;
        }
        Ok(())
    }

    /// Writes the report of a failure; JSON keeps its schema, people read standard error.
    pub(super) fn write_failure(&self, error: &LoadError) -> Result<(), LoadError> {
        let failure = Failure {
            exit: error.exit,
            heading: error.heading.to_string(),
            causes: error.causes.iter().map(ToString::to_string).collect(),
            hint: (!error.hint.is_empty()).then(|| error.hint.to_string()),
        };
        let (format, path) = &self.main;
        if *format != Format::Human || path.is_some() {
            emit(
                &report::render_failure(*format, &failure, VERSION),
                path.as_deref(),
            )?;
        }
        for (format, path) in &self.more {
            emit(
                &report::render_failure(*format, &failure, VERSION),
                Some(path),
            )?;
        }
        Ok(())
    }
}

/// A path by which the same file is known again: as it lies on the disk, or without steps that lead nowhere where there is none yet.
fn plain(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_absent| {
        let (parent, name) = (path.parent(), path.file_name());
        let parent = match parent {
            Some(parent) if parent.as_os_str().is_empty() => Path::new(".").canonicalize(),
            Some(parent) => parent.canonicalize(),
            None => return path.to_owned(),
        };
        match (parent, name) {
            (Ok(parent), Some(name)) => parent.join(name),
            _ => path.to_owned(),
        }
    })
}

/// What reports are written from.
pub(super) struct Outcome<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) verdict: &'a Verdict,
    pub(super) approvals: &'a [ApprovalLine],
    pub(super) exit: Exit,
}

pub(super) fn emit(text: &str, path: Option<&Path>) -> Result<(), LoadError> {
    match path {
        None => output::data(text).map_err(|error| {
            LoadError::input(
                &format!("Standard output cannot be written: {error}."),
                "Free some space.",
            )
        }),
        Some(path) => write_atomic(path, text.as_bytes(), 0o644).map_err(|error| {
            LoadError::input(
                &format!("The report cannot be written: {error}"),
                "Name a directory that can be written.",
            )
        }),
    }
}

/// Loads, with progress, what policies print and timings on standard error.
pub(super) fn load_quietly(request: &Request, args: &OutputArgs) -> Result<Loaded, LoadError> {
    let started = std::time::Instant::now();
    let progress = Progress::start(args, &request.env);
    let loaded = load::load(request, &|stage, done, total| {
        progress.note(stage, done, total);
    })?;
    drop(progress);
    if args.trace {
        for line in &loaded.trace {
            output::say(&format!("trace: {line}"));
        }
    }
    if args.verbose || args.trace {
        for line in &loaded.prints {
            output::say(&format!("print: {line}"));
        }
    }
    if args.verbose {
        output::say(&format!(
            "loaded and evaluated in {} ms",
            started.elapsed().as_millis()
        ));
    }
    Ok(loaded)
}

/// Runs the gate.
pub(super) fn run(args: &ReviewArgs, world: &World) -> Result<Exit, LoadError> {
    let reports = Reports::from(&args.output)?;
    let mut request = subject::request(&args.subject, args.gate.fail_on_warn, world)?;
    request.baseline.clone_from(&args.gate.baseline);
    request.keep_values = args.gate.require_approval;
    match gate(args, &reports, &request, world) {
        Ok(exit) => Ok(exit),
        Err(error) => {
            reports.write_failure(&error)?;
            Err(error)
        }
    }
}

fn gate(
    args: &ReviewArgs,
    reports: &Reports,
    request: &Request,
    world: &World,
) -> Result<Exit, LoadError> {
    let loaded = load_quietly(request, &args.output)?;
    let (verdict, lines) = if args.gate.require_approval {
        let judged = with_approval(&loaded, &approvals::Asked::exact(args.gate.exact), world)?;
        (judged.verdict, judged.lines)
    } else {
        (
            verdict(&loaded.case, &Journal::default(), world.now),
            Vec::new(),
        )
    };
    let exit = if args.gate.exit_zero && verdict.exit == Exit::Blocked {
        if !args.output.quiet {
            output::say(&format!(
                "--exit-zero: the verdict is {} (exit {}), and 0 is returned.",
                verdict.exit,
                verdict.exit.code()
            ));
        }
        Exit::Pass
    } else {
        verdict.exit
    };
    reports.write(
        &Outcome {
            loaded: &loaded,
            verdict: &verdict,
            approvals: &lines,
            exit,
        },
        world,
    )?;
    Ok(exit)
}

/// A verdict, and the approvals behind it.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// All records, for reports.
    pub(super) lines: Vec<ApprovalLine>,
    /// Those that count.
    pub(super) records: Vec<Record>,
}

/// The verdict with the answers of valid approvals, and with a reason when there is none.
pub(super) fn with_approval(
    loaded: &Loaded,
    asked: &approvals::Asked<'_>,
    world: &World,
) -> Result<Judged, LoadError> {
    let case = &loaded.case;
    match &case.under_review {
        UnderReview::Commits(_) => {}
        UnderReview::NoChange { reason, .. } => {
            return Err(LoadError::input(
                &format!(
                    "An approval was asked for, and there is no change under review: {reason}"
                ),
                "Name the base of the change: --base REF.",
            ));
        }
        UnderReview::DiffFile(_) | UnderReview::NoRepository => {
            return Err(LoadError::input(
                "An approval was asked for, and there is no repository that could hold one.",
                "Run it in the repository of the change, or name it: --repo DIR.",
            ));
        }
    }
    let decided = approvals::decide(loaded, asked, world)?;
    let journal = decided.journal.unwrap_or_default();
    let mut verdict = verdict(case, &journal, world.now).with_approval(decided.refusal);
    // A mark of its own in every report: this is no approval.
    if let (Exit::Pass, Some(broken)) = (verdict.exit, decided.broken) {
        verdict.reasons.push(broken);
    }
    Ok(Judged {
        verdict,
        lines: decided.lines,
        records: decided.records,
    })
}
