//! The formats that other programs read.

use serde_json::Value as Json;

use super::*;

/// The text with the digests that are not ours to pin replaced.
fn shown(case: &ReviewCase, text: &str) -> String {
    let mut text = text
        .replace(&case.plans[0].plan.effect.short(), "<effect>")
        .replace(&case.plans[0].plan.digest.short(), "<sha256>")
        .replace(&case.policies.digest.short(), "<bundle>");
    for (index, finding) in case.findings.iter().enumerate() {
        text = text.replace(&finding.fingerprint.to_string(), &format!("<{index}>"));
    }
    text
}

/// Text that every format has to keep from being anything but text.
const HOSTILE: &str = "</b><script>alert(1)</script> ]]> @team #1 [x](https://e.example) `a` ::error::x ##vso[a] 100% \u{202e}\u{1b}[31m\u{fffe}, a:b";

fn hostile_case() -> ReviewCase {
    let mut case = case();
    let finding = &mut case.findings[0];
    finding.message = Printable::lines(&format!("{HOSTILE}\n::warning::y\n##[error]z"));
    finding.address = Some(line(HOSTILE));
    finding.policy = line("p<\"'>&");
    finding.location = Some(Location {
        file: line("../a b/<x>,:é.tf"),
        line: Some(7),
        end_line: None,
        in_diff: None,
        ..Location::default()
    });
    case.problems.push(PolicyProblem {
        policy: line("x"),
        place: None,
        message: Printable::lines(HOSTILE),
    });
    case.notices.push(line(HOSTILE));
    case
}

/// A case with many findings, of which each tenth does not block.
fn large_case(count: usize) -> ReviewCase {
    let mut case = case();
    case.findings = (0..count)
        .map(|index| {
            let enforcement = if index % 10 == 0 {
                Enforcement::Advisory
            } else {
                Enforcement::SoftMandatory
            };
            finding(
                "no-destroy",
                &format!("aws_instance.node{index:06}"),
                enforcement,
            )
        })
        .collect();
    case
}

#[test]
fn sarif_has_a_rule_a_policy_and_a_result_a_finding() {
    let case = case();
    let log: Json = serde_json::from_str(&rendered(Format::Sarif, &case)).unwrap();
    let run = &log["runs"][0];
    let rules: Vec<&Json> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["id"])
        .collect();
    assert_eq!(
        rules,
        [
            "no-destroy",
            "no-local-exec",
            "plain-secret",
            "read-only-principals"
        ]
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    insta::assert_snapshot!(shown(&case, &format!("{:#}", results[1])));
    let place = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    // No line is known: the plan's file, and no region.
    assert_eq!(
        place(0),
        &json!({ "artifactLocation": { "uri": "plan.json" } })
    );
    assert_eq!(place(2)["region"], json!({ "startLine": 2, "endLine": 3 }));
    let levels: Vec<&Json> = results.iter().map(|r| &r["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(&result["ruleId"], rules[index]);
    }
    assert_eq!(run["invocations"][0]["exitCode"], 1);
}

#[test]
fn sarif_keeps_what_blocks_when_there_are_too_many() {
    let case = large_case(26_000);
    let log: Json = serde_json::from_str(&rendered(Format::Sarif, &case)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    let blocking = results.iter().filter(|r| r["level"] == "error").count();
    assert_eq!(blocking, 23_400);
    let said = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(
        said.contains("1000 of 26000 findings are left out"),
        "{said}"
    );
}

#[test]
fn junit_fails_for_what_blocks_and_for_the_verdict() {
    let case = case();
    insta::assert_snapshot!(shown(&case, &rendered(Format::Junit, &case)));
}

#[test]
fn github_gets_an_annotation_a_finding() {
    let case = case();
    insta::assert_snapshot!(shown(&case, &rendered(Format::Github, &case)));
}

#[test]
fn gitlab_gets_an_issue_a_finding() {
    let case = case();
    insta::assert_snapshot!(shown(&case, &rendered(Format::Gitlab, &case)));
}

#[test]
fn markdown_says_what_blocks_first() {
    let case = case();
    insta::assert_snapshot!(shown(&case, &rendered(Format::Markdown, &case)));
}

#[test]
fn markdown_drops_detail_and_then_says_what_is_missing() {
    let case = large_case(800);
    let verdict = verdict(&case, &Journal::default(), now());
    let text = |max_bytes| {
        let context = Context {
            max_bytes,
            ..context(&case, &verdict)
        };
        let text = render(Format::Markdown, &context);
        assert!(text.len() <= max_bytes, "{} > {max_bytes}", text.len());
        text
    };
    let listed = |text: &str| text.matches("- **high** ").count();
    let all = text(1_000_000);
    assert_eq!(all.matches("is wrong.").count(), 800);
    let short = text(MAX_BYTES);
    assert_eq!(listed(&short), 800);
    let cut = text(20_000);
    let missing = 800 - listed(&cut);
    assert!(missing > 0 && cut.contains(&format!("**{missing} findings are not listed here")));
    assert!(
        !cut.contains("### Open, not blocking (80)\n\n- "),
        "what blocks comes first"
    );
    for tiny in [0, 100, 300] {
        let context = Context {
            max_bytes: tiny,
            ..context(&case, &verdict)
        };
        assert!(render(Format::Markdown, &context).contains("countersign: blocked (exit 1)"));
    }
}

#[test]
fn a_page_of_html_is_whole_and_loads_nothing() {
    let page = rendered(Format::Html, &case());
    for part in [
        "<!DOCTYPE html>",
        "default-src 'none'",
        "width=device-width",
        "prefers-color-scheme: dark",
        "<h1 class=\"bad\">blocked <small>exit 1</small></h1>",
        "<code>terraform_data.archive</code>",
        "the change under review does not explain this",
    ] {
        let found = page.to_lowercase().contains(&part.to_lowercase());
        assert!(found, "{part} is not in\n{page}");
    }
    for part in ["<script", "http://", "https://", "src=", "href=", "url("] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn hostile_text_stays_text_in_every_format() {
    let case = hostile_case();
    for format in Format::ALL {
        let text = rendered(format, &case);
        assert!(!text.contains(['\u{202e}', '\u{1b}']), "{format:?}");
        if matches!(format, Format::Junit | Format::Html) {
            assert!(!text.contains('\u{fffe}'), "XML cannot hold it");
        }
        // No line is a command of a CI system, but those that this program gives to GitHub.
        for line in text.lines() {
            let command = line.trim_start().starts_with("::") && format != Format::Github;
            assert!(!command, "{format:?}: {line}");
        }
        assert!(
            !text.contains("##[") && !text.contains("##vso["),
            "{format:?}:\n{text}"
        );
    }
    for format in [Format::Json, Format::Sarif, Format::Gitlab] {
        let parsed: Json = serde_json::from_str(&rendered(format, &case)).unwrap();
        assert!(parsed.to_string().contains("alert(1)"));
    }
    let sarif = rendered(Format::Sarif, &case);
    assert!(
        sarif.contains("\"uri\": \"%3Cx%3E%2C%3A%C3%A9.tf\""),
        "{sarif}"
    );
    let github = rendered(Format::Github, &case);
    let lines: Vec<&str> = github.lines().collect();
    assert_eq!(lines.len(), 5, "{github}");
    for line in &lines {
        let (properties, message) = line.trim_start_matches(':').split_once("::").unwrap();
        assert!(!properties.contains("::") && !message.contains('\n'));
    }
    assert!(
        github.contains("line=7") && github.contains("100%25"),
        "{github}"
    );
    let html = rendered(Format::Html, &case);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert(1)"));
    let junit = rendered(Format::Junit, &case);
    let mut reader = quick_xml::Reader::from_str(&junit);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                for attribute in e.attributes() {
                    attribute.unwrap();
                }
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let markdown = rendered(Format::Markdown, &case);
    for part in ["<script", "@team", "[x](", "https://"] {
        for (at, _) in markdown.match_indices(part) {
            let before = markdown.get(..at).unwrap();
            let line = before.rsplit('\n').next().unwrap_or_default();
            assert!(
                line.contains('`') || before.matches("```").count() % 2 == 1,
                "{part}: {line}"
            );
        }
    }
}

#[test]
fn a_failure_is_a_failure_in_every_format() {
    let failure = Failure {
        exit: Exit::Input,
        heading: "There is no plan.".to_owned(),
        causes: vec!["No such file.".to_owned()],
        hint: Some("Make one.".to_owned()),
    };
    for format in Format::ALL {
        let text = render_failure(format, &failure, "0.1.0");
        assert!(
            text.contains("There is no plan.") && text.ends_with('\n'),
            "{format:?}: {text}"
        );
    }
    let sarif: Json =
        serde_json::from_str(&render_failure(Format::Sarif, &failure, "0.1.0")).unwrap();
    assert_eq!(
        sarif["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
    let junit = render_failure(Format::Junit, &failure, "0.1.0");
    assert!(
        junit.contains("errors=\"1\"") && junit.contains("<error "),
        "{junit}"
    );
    assert!(render_failure(Format::Github, &failure, "0.1.0").starts_with("::error "));
    assert!(render_failure(Format::Gitlab, &failure, "0.1.0").contains("\"blocker\""));
}

#[test]
fn a_policy_that_ran_when_the_program_was_ended_is_a_problem_in_the_report() {
    let failure = Failure {
        exit: Exit::Policy,
        heading: "Policies did not end within 6 s and were stopped.".to_owned(),
        causes: vec![format!("{}rules/acme.rego:3", crate::report::RUNNING)],
        hint: None,
    };
    let report: Json =
        serde_json::from_str(&render_failure(Format::Json, &failure, "0.1.0")).unwrap();
    assert_eq!(report["problems"][0]["place"], "rules/acme.rego:3");
    assert_eq!(report["problems"][0]["policy"], "rules/acme.rego:3");
    assert_eq!(report["problems"][0]["message"], failure.heading.as_str());
}
