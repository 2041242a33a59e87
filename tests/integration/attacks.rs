//! Policies that want the machine, the terminal or a pass: each ends with an error that names it, or with its findings.
//!
//! A test that hangs fails, because every run of the program has an end ([`Run::of`]).

use serde_json::Value as Json;

use crate::scene::{Run, Scene, plan};
use crate::user_policies::with_policy;

/// A rule with this body, that finds something when the body holds.
fn rule(body: &str) -> String {
    format!("package acme\n\ndeny contains \"found\" if {{\n\t{body}\n}}\n")
}

fn attack(text: &str) -> Run {
    let scene = with_policy(text);
    scene.write("countersign.toml", "[policies]\ntimeout = \"1s\"\n");
    scene.run(&["--check", "-f", "json", "-p", "rules", "plan.json"])
}

/// Status 5, with the file in the report, and nothing of the engine on standard error.
#[track_caller]
fn refused(text: &str) -> Run {
    let run = attack(text).must_end(5);
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["verdict"]["exit"], 5, "{run}");
    assert!(run.stdout.contains("rules/acme.rego"), "{run}");
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
    run
}

/// It does no harm: its finding is the only thing that comes of it.
#[track_caller]
fn harmless(text: &str) {
    let run = attack(text).must_end(1);
    assert_eq!(run.findings_of("acme").len(), 1, "{run}");
}

#[test]
fn time_is_bounded() {
    refused(&rule(
        "r := numbers.range(1, 3000)\n\tsum([1 | some a in r; some b in r; some c in r; a * b * c < 0]) > 0",
    ))
    .must_say("ran longer than 1 s");
    refused(&rule(
        "n := numbers.range(1, 14)\n\tg := {sprintf(\"%d\", [a]): [sprintf(\"%d\", [b]) | some b in n] | some a in n}\n\tcount(graph.reachable_paths(g, {\"1\"})) > 0",
    ));
    refused(&rule(
        "r := numbers.range(1, 2000)\n\tx := [r | some i in r]\n\tcount([p | walk(x, [p, _]); walk(x, [_, v]); v == p]) > 0",
    ));
}

#[test]
fn what_does_not_return_is_stopped_from_outside() {
    // One call, which looks at no clock: the digits of a number with 120 million of them.
    let run = refused(&rule("count(format_int(bits.lsh(1, 400000000), 10)) > 0"))
        .must_say("Policies did not end within 6 s and were stopped.");
    assert!(
        run.stderr.contains("running: policy rules/acme.rego:3"),
        "{run}"
    );
}

#[test]
fn memory_is_bounded() {
    refused(&rule("count(numbers.range(1, 1000000000)) > 0"));
    harmless(&rule("count(sprintf(\"%2000000000d\", [1])) > 0"));
    refused(&rule("count(net.cidr_expand(\"0.0.0.0/0\")) > 0"));
    let mut text = "package acme\n\ns0 := \"xxxxxxxxxxxxxxxx\"\n\n".to_owned();
    for index in 1..40 {
        let before = index - 1;
        text.push_str(&format!(
            "s{index} := concat(\"\", [s{before}, s{before}])\n\n"
        ));
    }
    text.push_str("deny contains \"found\" if count(s39) > 0\n");
    refused(&text);
}

#[test]
fn depth_is_bounded() {
    refused("package acme\n\nf(x) := f(x + 1)\n\ndeny contains \"found\" if f(1) > 0\n")
        .must_say("calls itself");
    let mut chain = "package acme\n\nr0 := 1\n\n".to_owned();
    for index in 1..5000 {
        chain.push_str(&format!("r{index} := r{}\n\n", index - 1));
    }
    chain.push_str("deny contains \"found\" if r4999 == 1\n");
    harmless(&chain);
    harmless(&rule(&format!(
        "x := {}1\n\tx > 1",
        "1 +\n\t".repeat(15_000)
    )));
}

#[test]
fn patterns_and_documents_are_bounded() {
    harmless(&rule(
        "s := concat(\"\", [\"a\" | some i in numbers.range(1, 20000)])\n\tnot regex.match(\"^(a+)+$\", sprintf(\"%sb\", [s]))",
    ));
    let mut bomb = String::new();
    for (name, before) in "abcdefghi".chars().zip("xabcdefgh".chars()) {
        let item = if before == 'x' {
            "x".to_owned()
        } else {
            format!("*{before}")
        };
        let items = [item.as_str(); 9].join(",");
        bomb.push_str(&format!("{name}: &{name} [{items}]\\n"));
    }
    let run = attack(&rule(&format!("count(yaml.unmarshal(\"{bomb}\")) > 0")));
    assert!([0, 5].contains(&run.status), "{run}");
    let deep =
        "s := concat(\"\", [\"[\" | some i in numbers.range(1, 200000)])\n\tnot json.is_valid(s)";
    harmless(&rule(deep));
}

#[test]
fn backtraces_that_ci_asks_for_make_nothing_endless() {
    let scene = with_policy(&rule(
        "r := numbers.range(1, 3000)\n\tsum([1 | some a in r; some b in r; some c in r; a * b * c < 0]) > 0",
    ));
    scene.write("countersign.toml", "[policies]\ntimeout = \"1s\"\n");
    let mut command = scene.countersign();
    command
        .args(["--check", "-p", "rules", "plan.json"])
        .env("RUST_BACKTRACE", "1");
    Run::of(&mut command, b"")
        .must_end(5)
        .must_say("ran longer than 1 s");
}

#[test]
fn lines_of_a_policy_reach_no_terminal() {
    let escape = "\u{1b}]0;title\u{7}\u{1b}[31m red";
    let warned = [
        // Read as Rego v0, the engine warns of words that v1 takes for keywords.
        format!("package acme\n\ndeny[msg] {{\n msg := \"x\"\n some x in [\"{escape}\"]\n}}\n"),
        // It warns of an import that says nothing.
        format!("package acme\n\nimport input # {escape}\n\ndeny contains \"found\" if true\n"),
    ];
    for text in warned {
        let scene = with_policy(&text);
        for arguments in [
            &["--check", "-p", "rules", "plan.json"][..],
            &["policy", "check", "rules"],
            &["policy", "list", "-p", "rules"],
            &["--plain", "-p", "rules", "plan.json"],
        ] {
            // Line by line only where there is a terminal; a report has colours there.
            let run = if arguments.contains(&"--plain") {
                scene.review(arguments, "q\n")
            } else {
                scene.run(arguments)
            };
            let run = run.must_not_say("\u{1b}");
            assert!(!run.stderr.contains("warning: `"), "{run}");
            assert!(!run.stderr.contains("redundant import"), "{run}");
        }
    }
}

#[test]
fn what_is_printed_is_gathered() {
    let run = attack(&rule(
        "s := concat(\"\", [\"xxxxxxxxxx\" | some i in numbers.range(1, 100000)])\n\tprint(\"\\u001b[31m\", s)",
    ))
    .must_end(1);
    assert_eq!(run.stderr, "", "{}", run.stderr.len());
}

#[test]
fn directories_are_bounded() {
    let run = |scene: &Scene| {
        scene
            .run(&["--check", "-p", "rules", "plan.json"])
            .must_end(5)
    };
    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    scene.write("rules/big.rego", "# comment\n".repeat(2 << 20));
    run(&scene).must_say("rules/big.rego cannot be read: it is larger than");

    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    for index in 0..5 {
        let text = format!("package a{index}\n{}", "# comment\n".repeat(12 << 17));
        scene.write(&format!("rules/{index}.rego"), text);
    }
    run(&scene).must_say("The policies in rules are larger than");
}

#[test]
#[cfg(unix)]
fn links_lead_nowhere() {
    for (target, said) in [
        (".", "is nested too deeply"),
        ("/dev/zero", "it is not a file"),
        ("/dev/null", "it is not a file"),
    ] {
        let scene = with_policy("package acme\n\ndeny contains \"found\" if true\n");
        std::os::unix::fs::symlink(target, scene.path("rules/link.rego")).unwrap();
        scene
            .run(&["--check", "-p", "rules", "plan.json"])
            .must_end(5)
            .must_say(said);
    }
}

#[test]
#[cfg(unix)]
fn a_signal_ends_both() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    let scene = with_policy(&rule("true"));
    let mut program = scene
        .countersign()
        .args(["--check", "-p", "rules", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = program.stdin.take().unwrap();
    let mut stdout = program.stdout.take().unwrap();
    // More than the pipe holds: when this returns, the child reads.
    std::io::Write::write_all(&mut stdin, &vec![b' '; 1 << 20]).unwrap();
    let status = scene
        .command("kill")
        .args(["-TERM", &program.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(program.wait().unwrap().signal(), Some(15));
    // It ends when the last holder of standard output is gone.
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut stdout, &mut rest).unwrap();
    assert!(rest.is_empty());
}

#[test]
fn the_severity_may_be_written_in_capitals() {
    let text = "# METADATA\n# custom:\n#   severity: HIGH\npackage acme\n\ndeny contains {\"msg\": \"own\", \"severity\": \"Critical\"} if true\n\ndeny contains \"found\" if true\n";
    let run = attack(text).must_end(1);
    let mut found: Vec<Json> = run
        .findings_of("acme")
        .iter()
        .map(|finding| finding["severity"].clone())
        .collect();
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, ["critical", "high"], "{run}");
}
