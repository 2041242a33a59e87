//! The interactive review: loading in the background, effects of the reviewer run here.

use std::io::{BufRead, BufReader, IsTerminal};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::args::ReviewArgs;
use super::draft::Draft;
use super::signing::{Asking, Signing};
use super::{VERSION, World, output, subject};
use crate::approval::{Glass, Occasion, Statement, heads};
use crate::digest::Digest;
use crate::git;
use crate::load::{self, LoadError, Request};
use crate::review::{CasePlan, Exit, ReviewCase, verdict};
use crate::store::write_atomic;
use crate::text::Printable;
use crate::tui::{self, Effect, Model, Msg, Options, Outcome, PersistFailure};

/// What the loading thread leaves for the effects.
struct Open {
    draft: Draft,
    /// The request with the plans that were found.
    request: Request,
    /// How the approval that was written is signed.
    signed: Option<String>,
    /// How many drafts were too old.
    purged: usize,
}

type Shared = Arc<Mutex<Option<Open>>>;

/// Runs the review.
pub(super) fn run(args: &ReviewArgs, world: &World) -> Result<Exit, LoadError> {
    if args.output.output.is_some() || !args.output.reports.is_empty() {
        return Err(LoadError::usage(
            "Reports are written by --check.",
            "countersign --check --report json=FILE PLAN",
        ));
    }
    if !std::io::stdout().is_terminal() {
        return Err(LoadError::usage(
            "Standard output is not a terminal, so nobody can see what is to be reviewed.",
            "Use countersign --check for a report, or start the review at a terminal (--plain: line by line).",
        ));
    }
    let (sender, messages) = channel();
    let shared: Shared = Arc::new(Mutex::new(None));
    start_loading(args, world, &shared, sender)?;
    let mut model = Model::loading();
    let outcome = review(&mut model, &messages, args, world, &shared)?;
    let slot = shared.lock().ok();
    let open = slot.as_ref().and_then(|slot| slot.as_ref());
    let signed = open.and_then(|open| open.signed.as_deref());
    say_goodbye(outcome, signed, args.break_glass.is_some());
    // One that is too old, or seems so to a clock that is wrong, does not go without a word.
    match open.map_or(0, |open| open.purged) {
        0 => {}
        1 => output::say("A draft that was not touched for 14 days was removed."),
        many => output::say(&format!(
            "{many} drafts that were not touched for 14 days were removed."
        )),
    }
    // The process ends here; to free a large plan piece by piece would only take time.
    std::mem::forget((model, messages));
    Ok(outcome.exit())
}

fn review(
    model: &mut Model,
    messages: &Receiver<Msg>,
    args: &ReviewArgs,
    world: &World,
    shared: &Shared,
) -> Result<Outcome, LoadError> {
    let mut runner = |model: &Model, effect: Effect| effect_of(model, effect, shared, args, world);
    let failed = |error: &dyn std::fmt::Display| {
        LoadError::usage(&error.to_string(), "Use countersign --check for a report.")
    };
    if args.plain {
        // Where the plan came through standard input, the answers come from the terminal.
        let mut input: Box<dyn BufRead> = if is_piped(args) {
            let terminal = std::fs::File::open("/dev/tty").map_err(|error| {
                LoadError::usage(
                    &format!("The plan comes through standard input, and there is no terminal for the answers: {error}."),
                    "Write the plan to a file: terraform show -json tfplan > plan.json; countersign --plain plan.json",
                )
            })?;
            Box::new(BufReader::new(terminal))
        } else {
            Box::new(std::io::stdin().lock())
        };
        let mut out = std::io::stdout().lock();
        return tui::run_plain(
            model,
            messages,
            &jiff::Timestamp::now,
            &mut runner,
            (input.as_mut(), &mut out),
            is_piped(args) || std::io::stdin().is_terminal(),
            &mut super::typed::words,
        )
        .map_err(|error| failed(&error));
    }
    let options = Options {
        term: world.env.get("TERM").cloned(),
        colour: world.env.get("NO_COLOR").is_none_or(String::is_empty)
            && args.output.color != super::args::ColorArg::Never,
        mouse: args.mouse,
        tmux: world.env.get("TMUX").is_some_and(|value| !value.is_empty()),
    };
    tui::run(
        model,
        messages,
        &jiff::Timestamp::now,
        &mut runner,
        &options,
    )
    .map_err(|error| failed(&error))
}

/// Whether a plan comes through standard input.
fn is_piped(args: &ReviewArgs) -> bool {
    let mut plans = args.subject.plans.iter();
    plans.any(|path| path.as_os_str() == "-")
}

fn say_goodbye(outcome: Outcome, signed: Option<&str>, glass: bool) {
    match outcome {
        Outcome::Approved => {
            let signed = signed.unwrap_or("not signed").trim_end_matches('.');
            let done = if glass {
                "Not approved: glass is broken."
            } else {
                "Approved."
            };
            output::say(&format!(
                "{done} The record is a note on the commit, {signed}. Share it:"
            ));
            output::say(&format!("  git push origin {}", git::NOTES_REF));
        }
        Outcome::Rejected => output::say("Rejected; the draft is saved."),
        Outcome::Undecided => output::say("Draft saved, not approved."),
        Outcome::Cancelled => output::say("Left before the end, not approved."),
        Outcome::Failed(exit) => output::say(&format!(
            "Nothing could be reviewed ({exit}: exit {}).",
            exit.code()
        )),
    }
}

/// Loads on a thread of its own, with progress, so that the first frame is up at once.
fn start_loading(
    args: &ReviewArgs,
    world: &World,
    shared: &Shared,
    sender: Sender<Msg>,
) -> Result<(), LoadError> {
    let (subject, fail_on_warn) = (args.subject.clone(), args.gate.fail_on_warn);
    let glass = args.break_glass.clone();
    let world = world.clone();
    let shared = Arc::clone(shared);
    let work = move || {
        let last = Mutex::new(Instant::now());
        let progress_sender = Mutex::new(sender.clone());
        let progress = |stage: &str, done: usize, total: Option<usize>| {
            let due = last.lock().is_ok_and(|mut last| {
                let due = done == 0 || last.elapsed() >= Duration::from_millis(50);
                if due {
                    *last = Instant::now();
                }
                due
            });
            if due && let Ok(sender) = progress_sender.lock() {
                // The reviewer may have left already.
                drop(sender.send(Msg::Progress {
                    stage: stage.to_owned(),
                    done,
                    total,
                }));
            }
        };
        // Standard input is read here too: it may come slowly.
        let message = subject::request(&subject, fail_on_warn, &world)
            .and_then(|request| {
                let loaded = load::load(&request, &progress)?;
                Ok(ready(loaded, request, glass.as_deref(), &world, &shared))
            })
            .unwrap_or_else(|error| Msg::Failed(failure(&error)));
        drop(sender.send(message));
    };
    std::thread::Builder::new()
        .name("load".to_owned())
        .stack_size(512 << 20)
        .spawn(work)
        .map(|_handle| ())
        .map_err(|error| {
            LoadError::input(
                &format!("No thread could be started: {error}."),
                "Free some memory.",
            )
        })
}

fn ready(
    loaded: load::Loaded,
    mut request: Request,
    glass: Option<&str>,
    world: &World,
    shared: &Shared,
) -> Msg {
    request.plans.clone_from(&loaded.sources);
    let state = world.state.as_deref();
    let opened = Draft::open(&loaded.case, &request.directory, state, request.now);
    let (draft, journal, purged) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let error = LoadError::input(&error, "");
            return Msg::Failed(tui::Failure {
                not_checked: vec![Printable::line(
                    "Plan and policies were read; without a draft no answer could be kept, so nothing is shown.",
                )],
                ..failure(&error)
            });
        }
    };
    let signs_with = loaded
        .repository
        .as_ref()
        .map(|repository| Signing::find(repository, world).describe(&loaded.approvers));
    let glass = glass.map(|reason| loaded.case.redactor.line(reason));
    let resumed = !journal.entries().is_empty();
    if let Ok(mut slot) = shared.lock() {
        *slot = Some(Open {
            draft,
            request,
            signed: None,
            purged,
        });
    }
    Msg::Loaded(Box::new(tui::Loaded {
        case: loaded.case,
        journal,
        resumed,
        draft_note: if resumed {
            "draft resumed"
        } else {
            "draft new"
        }
        .to_owned(),
        signs_with,
        writes_to: Some(Printable::line(git::NOTES_REF)),
        break_glass: glass,
    }))
}

fn failure(error: &LoadError) -> tui::Failure {
    tui::Failure {
        heading: error.heading.clone(),
        causes: error.causes.clone(),
        hint: (!error.hint.is_empty()).then(|| error.hint.clone()),
        not_checked: vec![Printable::line("No policy was evaluated.")],
        exit: error.exit,
    }
}

fn effect_of(
    model: &Model,
    effect: Effect,
    shared: &Shared,
    args: &ReviewArgs,
    world: &World,
) -> Option<Msg> {
    let mut guard = shared.lock().ok()?;
    let open = guard.as_mut()?;
    match effect {
        Effect::Persist(entry) => Some(Msg::Persisted(match open.draft.append(&entry) {
            Ok(()) => Ok(entry.number),
            Err(error) => Err(PersistFailure {
                number: entry.number,
                reason: Printable::line(&error.to_string()),
            }),
        })),
        Effect::Recheck => {
            let moved = load::recheck(&open.request, model.case()?);
            Some(Msg::Rechecked(if moved.is_empty() {
                Ok(())
            } else {
                Err(moved)
            }))
        }
        Effect::Approve => Some(Msg::Approved(approve(model, open, args, world))),
        Effect::OpenEditor { file, line } => {
            let root = open
                .request
                .repo
                .clone()
                .unwrap_or_else(|| open.request.directory.clone());
            super::editor::open(&root.join(file), line, world);
            None
        }
        Effect::EditText { initial } => {
            Some(Msg::EditorClosed(super::editor::edit(&initial, world)))
        }
        _ => None,
    }
}

/// Loads everything anew, so that the record speaks of what is there now, and writes it when that is what was reviewed.
fn approve(
    model: &Model,
    open: &mut Open,
    args: &ReviewArgs,
    world: &World,
) -> Result<String, String> {
    let reviewed = model.case().ok_or("There is nothing under review.")?;
    let now = jiff::Timestamp::now();
    let loaded =
        load::load(&open.request, &|_, _, _| {}).map_err(|error| error.heading.to_string())?;
    let case = &loaded.case;
    if let Some(moved) = difference(reviewed, case) {
        return Err(format!(
            "{moved} changed since it was loaded; review it again."
        ));
    }
    let journal = model.journal();
    let verdict = verdict(case, &journal, now);
    let (Some(repository), Some(approver), Some(commit), Some(tree)) = (
        &loaded.repository,
        &case.reviewer,
        case.under_review.head(),
        &case.tree,
    ) else {
        return Err("There is no commit or no reviewer that an approval could name.".to_owned());
    };
    let known =
        super::notes::records(repository, commit, tree).map_err(|e| e.heading.to_string())?;
    let known = known.lines;
    let occasion = Occasion {
        reviewer: approver,
        now,
        ttl_days: loaded.config.approval.ttl_days,
        predecessors: &heads(&known),
        tool_version: VERSION,
        break_glass: args.break_glass.as_deref().map(|reason| Glass {
            reason,
            members: loaded.config.glass(),
        }),
    };
    let statement = Statement::build(case, &journal, &verdict, &occasion)
        .map_err(|blocked| blocked.0.join(" "))?;
    let asking = if args.plain {
        Asking::Lines
    } else {
        Asking::Screen
    };
    let sealed = Signing::find(repository, world).record(statement, &loaded.approvers, asking)?;
    let record = sealed.record;
    let who = git::Identity {
        name: approver.name.clone(),
        email: approver.email.clone(),
    };
    let copy = args.record.as_ref().map(|path| world.directory.join(path));
    if let Some(path) = &copy {
        let text = format!("{}\n", record.line());
        write_atomic(path, text.as_bytes(), 0o644).map_err(|error| error.to_string())?;
    }
    let noted = repository.append_note(commit, record.line(), &who, now.as_second());
    if let (Err(_), Some(path)) = (&noted, &copy) {
        // Nothing was approved, so no signed record of it must be left.
        drop(std::fs::remove_file(path));
    }
    noted.map_err(|error| error.to_string())?;
    let short: String = commit.chars().take(7).collect();
    let done = format!("{} on {short}, {}", git::NOTES_REF, sealed.how);
    open.signed = Some(sealed.how);
    Ok(done)
}

/// Digests of the binary plans.
fn plan_files(case: &ReviewCase) -> Vec<Option<Digest>> {
    let binary = |plan: &CasePlan| plan.plan.binary.as_ref().map(|binary| binary.digest);
    case.plans.iter().map(binary).collect()
}

/// What differs between the reviewed case and the one that is there now.
fn difference(reviewed: &ReviewCase, now: &ReviewCase) -> Option<&'static str> {
    let base = |case: &ReviewCase| case.under_review.change().and_then(|c| c.base.clone());
    if reviewed.plan_digest() != now.plan_digest() {
        Some("The plan")
    } else if plan_files(reviewed) != plan_files(now) {
        Some("The plan file")
    } else if reviewed.under_review.head() != now.under_review.head() {
        Some("The head")
    } else if base(reviewed) != base(now) {
        Some("The base")
    } else if reviewed.policies.digest != now.policies.digest || reviewed.config != now.config {
        Some("The policies or the configuration")
    } else {
        None
    }
}
