use super::*;
use crate::load::LoadError;

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
    Guard::new(child)
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
    assert!(guard.is_gone(), "it still runs");
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
    let script = "x=$(head -c 60000000 /dev/zero | tr '\\0' x); while :; do sleep 1; done; echo $x";
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
fn commands_that_run_policies_have_a_parent() {
    let is = |line: &str| {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        watching(&words).map(|command| (command.is_interactive, command.reports.is_some()))
    };
    for line in [
        "countersign --check plan.json",
        "countersign verify plan.json",
        "countersign demo --check",
    ] {
        assert_eq!(is(line), Some((false, true)), "{line}");
    }
    for line in ["countersign hook run pre-push", "countersign policy test"] {
        assert_eq!(is(line), Some((false, false)), "{line}");
    }
    for line in [
        "countersign plan.json",
        "countersign --plain plan.json",
        "countersign demo",
    ] {
        assert_eq!(is(line), Some((true, false)), "{line}");
    }
    for line in [
        "countersign --help",
        "countersign --no-such-option",
        "countersign init",
    ] {
        assert_eq!(is(line), None, "{line}");
    }
}
