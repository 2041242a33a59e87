//! Commands that run policies without a person run twice: a parent that only watches, and a child that does the work.
//!
//! The child tells the parent over a pipe which policy from outside begins and ends, and what it may take. What the child cannot stop by
//! itself (one call that does not return, a stack that is used up, memory that is gone) the parent stops, and says which policy it was: an
//! error with status 5, never a status that could be taken for a pass. Everything else passes through: streams, signals, the status.
//!
//! The child stays in the process group of its parent, so that keys of the terminal and job control reach both; it starts nothing while
//! policies run, and so ends alone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::args::{Cli, Command as Verb, DemoArgs, OutputArgs};
use super::check::Reports;
use super::{explain, output};
use crate::load::LoadError;
use crate::policy::{Watched, set_watcher};
use crate::review::Exit;
use crate::text::Printable;

/// Tells the child that it is one: the number of the pipe's end.
const VARIABLE: &str = "COUNTERSIGN_WATCHED";
/// How often the parent looks at the child.
const LOOK: Duration = Duration::from_millis(20);
/// How much of what the child said may still come when it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A command that runs policies without a person.
struct Headless {
    /// The reports that it writes, where it writes some.
    reports: Option<OutputArgs>,
}

/// Nothing for all other commands.
fn headless(arguments: &[OsString]) -> Option<Headless> {
    let cli = Cli::try_parse_from(arguments).ok()?;
    let reports = match cli.command {
        None if cli.review.check => Some(cli.review.output),
        Some(Verb::Demo(DemoArgs {
            check: true,
            output,
            ..
        })) => Some(output),
        Some(Verb::Verify(args)) => Some(args.output),
        Some(Verb::Hook { .. } | Verb::Policy { .. }) => None,
        _ => return None,
    };
    Some(Headless { reports })
}

/// In the child: tells the parent what runs.
pub fn watch() {
    let pipe = std::env::var(VARIABLE)
        .ok()
        .and_then(|number| number.parse::<u32>().ok())
        .and_then(|number| {
            let path = format!("/dev/fd/{number}");
            File::options().write(true).open(path).ok()
        })
        .filter(|file| file.metadata().is_ok_and(|m| m.file_type().is_fifo()));
    let Some(pipe) = pipe else {
        return;
    };
    // Nobody else would end it when the parent is gone.
    #[cfg(target_os = "linux")]
    let _unsupported = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    set_watcher(move |watched| {
        let line = match watched {
            Watched::Begin {
                step,
                time,
                memory,
                name,
            } => format!(
                "begin {step} {} {memory} {}\n",
                time.as_millis(),
                Printable::line(name)
            ),
            Watched::End { step } => format!("end {step}\n"),
        };
        // A parent that is gone ends this process.
        drop((&mut &pipe).write_all(line.as_bytes()));
    });
}

/// What the child says.
enum Said {
    Begin(u64, Step),
    End(u64),
}

/// What runs in the child.
struct Step {
    name: String,
    time: Duration,
    memory: u64,
    /// On the parent's clock, which stands still while the parent does.
    began: Duration,
    /// Bytes that the child held when it began.
    held: u64,
}

fn understood(line: &str) -> Option<Said> {
    let mut words = line.splitn(5, ' ');
    match (words.next()?, words.next()?.parse().ok()?) {
        ("end", step) => Some(Said::End(step)),
        ("begin", step) => Some(Said::Begin(
            step,
            Step {
                time: Duration::from_millis(words.next()?.parse().ok()?),
                memory: words.next()?.parse().ok()?,
                name: words.next()?.to_owned(),
                began: Duration::ZERO,
                held: 0,
            },
        )),
        _ => None,
    }
}

/// Runs the command in a child when it is one that runs policies without a person; gives the status to end with.
#[must_use]
pub fn supervise(arguments: &[OsString]) -> Option<u8> {
    if std::env::var_os(VARIABLE).is_some() {
        return None;
    }
    let command = headless(arguments)?;
    let (child, said) = match start(arguments) {
        Ok(started) => started,
        Err(error) => {
            output::say(&format!(
                "warning: policies run in this process, where only the engine limits them: no other could be started ({error})."
            ));
            return None;
        }
    };
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT]).ok();
    let mut guard = Guard {
        child,
        steps: BTreeMap::new(),
        clock: Duration::ZERO,
        passed_on: None,
    };
    let ended = guard.attend(&said, signals.as_mut());
    let error = match ended {
        Ended::By(status) => {
            if let Some(code) = status.code() {
                return Some(u8::try_from(code).unwrap_or(Exit::Policy.code()));
            }
            let signal = status.signal().unwrap_or_default();
            output::erase_after_another();
            if guard.passed_on == Some(signal) {
                // It only returns when it failed.
                drop(signal_hook::low_level::emulate_default_handler(signal));
                return Some(Exit::Policy.code());
            }
            guard.fault(signal)
        }
        Ended::Stopped(error) => {
            output::erase_after_another();
            error
        }
    };
    if let Some(output) = command.reports
        && !guard.steps.is_empty()
        && let Err(other) = Reports::from(&output).and_then(|r| r.write_failure(&error))
    {
        explain(&other);
    }
    explain(&error);
    Some(error.exit.code())
}

fn start(arguments: &[OsString]) -> std::io::Result<(Child, Receiver<Said>)> {
    let (reader, writer) = std::io::pipe()?;
    rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty())?;
    let child = Command::new(std::env::current_exe()?)
        .args(arguments.iter().skip(1))
        .env(VARIABLE, writer.as_raw_fd().to_string())
        // The engine's errors capture a backtrace each otherwise.
        .env("RUST_LIB_BACKTRACE", "0")
        .spawn()?;
    let (sender, said) = channel();
    std::thread::Builder::new().spawn(move || listen(reader, &sender))?;
    Ok((child, said))
}

fn listen(reader: std::io::PipeReader, sender: &Sender<Said>) {
    for line in BufReader::new(reader).lines() {
        let Ok(line) = line else {
            break;
        };
        if let Some(said) = understood(&line)
            && sender.send(said).is_err()
        {
            break;
        }
    }
}

enum Ended {
    By(ExitStatus),
    Stopped(LoadError),
}

struct Guard {
    child: Child,
    steps: BTreeMap<u64, Step>,
    clock: Duration,
    /// The signal that was sent on last.
    passed_on: Option<i32>,
}

impl Guard {
    fn attend(&mut self, said: &Receiver<Said>, mut signals: Option<&mut Signals>) -> Ended {
        let mut looked = Instant::now();
        loop {
            match said.recv_timeout(LOOK) {
                Ok(said) => self.hear(said),
                Err(RecvTimeoutError::Timeout) => {}
                // The child's end of the pipe is closed when it ends.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
            }
            match self.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => {
                    while let Ok(said) = said.recv_timeout(LAST_WORDS) {
                        self.hear(said);
                    }
                    return Ended::By(status);
                }
                Err(_) => {
                    return Ended::Stopped(self.stop("The run of the policies cannot be watched"));
                }
            }
            if let Some(signals) = signals.as_mut() {
                for signal in signals.pending() {
                    self.pass_on(signal);
                }
            }
            if looked.elapsed() < LOOK {
                continue;
            }
            self.clock += looked.elapsed().min(10 * LOOK);
            looked = Instant::now();
            if let Some(error) = self.look() {
                return Ended::Stopped(error);
            }
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Begin(number, mut step) => {
                step.began = self.clock;
                // What others hold that run beside it is not its own; the first one counts for all.
                step.held = self
                    .steps
                    .values()
                    .next()
                    .map_or_else(|| self.held().unwrap_or_default(), |first| first.held);
                self.steps.insert(number, step);
            }
            Said::End(number) => {
                self.steps.remove(&number);
            }
        }
    }

    /// Whether something runs too long or takes too much.
    fn look(&mut self) -> Option<LoadError> {
        let overdue = self
            .steps
            .values()
            .find(|step| self.clock.saturating_sub(step.began) > step.time)
            .map(|step| step.time);
        if let Some(time) = overdue {
            let why = format!("Policies did not end within {} s", time.as_secs());
            return Some(self.stop(&why));
        }
        let step = self.steps.values().next()?;
        let most = step.held.saturating_add(step.memory);
        if self.held()? > most {
            let why = format!("Policies took more than {} MB of memory", most >> 20);
            return Some(self.stop(&why));
        }
        None
    }

    /// Bytes of memory that the child holds, where the system says so.
    fn held(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes << 10)
    }

    fn pass_on(&mut self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            self.passed_on = Some(number);
            // It fails only where the child has just ended.
            let _gone = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    fn stop(&mut self, why: &str) -> LoadError {
        drop(self.child.kill());
        drop(self.child.wait());
        self.error(&format!("{why} and were stopped."))
    }

    fn fault(&self, signal: i32) -> LoadError {
        let name = match signal {
            4 | 5 | 7 | 8 | 11 => "a fault",
            6 => "an abort (its stack or its memory was used up)",
            9 => "the system, perhaps for want of memory",
            _ => "a signal",
        };
        let when = if self.steps.is_empty() {
            "Nothing was decided"
        } else {
            "Policies could not be evaluated"
        };
        self.error(&format!(
            "{when}: the program was ended by {name} (signal {signal})."
        ))
    }

    /// Names what ran: the last that began, and what ran beside it.
    fn error(&self, heading: &str) -> LoadError {
        let causes = self.steps.values().rev().take(8);
        LoadError {
            exit: Exit::Policy,
            heading: Printable::line(heading),
            causes: causes
                .map(|step| Printable::line(&format!("running: policy {}", step.name)))
                .collect(),
            hint: Printable::line(if self.steps.is_empty() {
                "Run it again; please report it if it happens again."
            } else {
                "Mend the policy, or take it out of the configuration or command line."
            }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_says_is_understood() {
        let Some(Said::Begin(7, step)) = understood("begin 7 12000 4096 rules/a b.rego:3") else {
            panic!("no step")
        };
        assert_eq!(step.name, "rules/a b.rego:3");
        assert_eq!((step.time.as_secs(), step.memory), (12, 4096));
        assert!(matches!(understood("end 7"), Some(Said::End(7))));
        for other in ["", "end", "begin 7", "begin x 1 2 n", "stop 7"] {
            assert!(understood(other).is_none(), "{other}");
        }
    }

    fn guard(script: &str) -> Guard {
        let child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        Guard {
            child,
            steps: BTreeMap::new(),
            clock: Duration::ZERO,
            passed_on: None,
        }
    }

    fn step(milliseconds: u64, memory: u64) -> Said {
        understood(&format!("begin 1 {milliseconds} {memory} rules/a.rego:3")).unwrap()
    }

    /// What the parent says of a child that runs a policy.
    fn stopped(script: &str, begin: Said) -> LoadError {
        let mut guard = guard(script);
        let (sender, said) = channel();
        sender.send(begin).unwrap();
        let error = match guard.attend(&said, None) {
            Ended::Stopped(error) => error,
            Ended::By(status) => guard.fault(status.signal().unwrap()),
        };
        assert!(guard.child.try_wait().unwrap().is_some(), "it still runs");
        assert_eq!(error.exit, Exit::Policy);
        assert_eq!(error.causes[0].as_str(), "running: policy rules/a.rego:3");
        error
    }

    #[test]
    fn a_policy_that_does_not_end_is_stopped() {
        let error = stopped("exec sleep 1000", step(100, u64::MAX));
        assert!(error.heading.as_str().contains("did not end within"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_policy_that_takes_all_memory_is_stopped() {
        let script =
            "x=$(head -c 60000000 /dev/zero | tr '\\0' x); while :; do sleep 1; done; echo $x";
        let error = stopped(script, step(1_000_000, 20 << 20));
        assert!(error.heading.as_str().contains("MB of memory"), "{error:?}");
    }

    #[test]
    fn a_policy_that_breaks_the_program_is_named() {
        let error = stopped("kill -ABRT $$", step(1_000_000, u64::MAX));
        assert!(error.heading.as_str().contains("signal 6"), "{error:?}");
    }

    #[test]
    fn a_step_that_ended_is_not_to_blame() {
        let mut guard = guard("sleep 0.3; exit 7");
        let (sender, said) = channel();
        sender.send(step(100, u64::MAX)).unwrap();
        sender.send(Said::End(1)).unwrap();
        let Ended::By(status) = guard.attend(&said, None) else {
            panic!("stopped")
        };
        assert_eq!(status.code(), Some(7));
        assert!(guard.error("x").causes.is_empty());
    }

    #[test]
    fn only_commands_without_a_person_have_a_parent() {
        let is = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            headless(&words).is_some()
        };
        for line in [
            "countersign --check plan.json",
            "countersign verify plan.json",
            "countersign demo --check",
            "countersign hook run pre-push",
            "countersign policy test",
        ] {
            assert!(is(line), "{line}");
        }
        for line in [
            "countersign plan.json",
            "countersign --plain plan.json",
            "countersign demo",
            "countersign --help",
            "countersign --no-such-option",
            "countersign init",
        ] {
            assert!(!is(line), "{line}");
        }
    }
}
