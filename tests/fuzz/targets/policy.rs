//! Bytes as Rego: loading them and evaluating what was loaded ends in time, ends nothing else, and never passes in silence.
//!
//! A form feed divides the bytes into files of one bundle.
#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use countersign::plan::Plan;
use countersign::policy::{Availability, Bundle, Module, Policies, Settings, Subject, Trust};
use libfuzzer_sys::fuzz_target;

/// As the program's own thread has it, and those on which rules are evaluated.
const STACK_BYTES: usize = 512 << 20;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../testdata/plans/02-update/plan.json");
    Plan::read(bytes.to_vec()).expect("the plan of the repository")
});

fuzz_target!(
    init: expect_panics_of_the_engine(),
    |data: &[u8]| {
        let Ok(text) = std::str::from_utf8(data) else {
            return;
        };
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || run(text));
            worker.expect("a thread").join().expect("no panic");
        });
    }
);

/// A panic of the engine while it evaluates becomes a problem of the rule; everywhere else a panic is a find.
fn expect_panics_of_the_engine() {
    let fatal = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("policy") {
            fatal(panic);
        }
    }));
}

fn run(text: &str) {
    let modules = text.split('\u{c}').enumerate().map(|(index, text)| Module {
        path: format!("{index}.rego"),
        text: Arc::from(text),
    });
    let bundle = Bundle {
        name: "policy".to_owned(),
        required: true,
        modules: modules.collect(),
        ..Bundle::default()
    };
    let settings = Settings {
        policy: serde_json::Map::new(),
        disabled: BTreeSet::new(),
        timeout: Duration::from_millis(200),
        threads: 1,
        trust: Trust::Worktree,
        commit: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let policies = Policies::load(&[bundle], settings);
    for problem in &policies.problems {
        printable(problem.message.as_str());
    }
    assert!(
        !policies.rules.is_empty() || !policies.problems.is_empty(),
        "nothing was loaded and nothing was said"
    );
    let subject = Subject {
        plan: &PLAN,
        change: None,
        repository: None,
        source: None,
        proof: None,
        explanation: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let results = policies.evaluate(&subject, &|_, _| Availability::Present, &|_, _| {});
    for problem in &results.problems {
        printable(problem.message.as_str());
    }
    for print in &results.prints {
        printable(print.as_str());
    }
    // A policy that has nothing to look at, such as its settings, is listed as that.
    let skipped: usize = results.skipped.iter().map(|s| policies.rules_of(s)).sum();
    assert!(
        results.evaluated + skipped >= policies.rules.len()
            || !results.problems.is_empty()
            || !policies.problems.is_empty(),
        "a rule was not evaluated and nothing was said"
    );
    assert!(
        results
            .hits
            .iter()
            .all(|hit| hit.rule < policies.rules.len())
    );
}

fn printable(text: &str) {
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
}
