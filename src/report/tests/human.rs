use super::*;
use crate::finding::Standing;

/// The text with the digests that are not ours to pin replaced.
fn shown(case: &ReviewCase, text: &str) -> String {
    let plan = &case.plans[0].plan;
    text.replace(&plan.effect.short(), "<effect>")
        .replace(&plan.digest.short(), "<sha256>")
        .replace(&case.policies.digest.short(), "<bundle>")
}

fn human(case: &ReviewCase) -> String {
    shown(case, &rendered(Format::Human, case))
}

fn with(case: &ReviewCase, change: impl FnOnce(&mut Context<'_>)) -> String {
    let verdict = verdict(case, &Journal::default(), now());
    let mut context = context(case, &verdict);
    change(&mut context);
    shown(case, &render(Format::Human, &context))
}

/// Panics with the whole text unless it holds each of the parts, in their order.
#[track_caller]
fn assert_holds(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            unreachable!("{part:?} is not (or not there) in:\n{text}")
        };
        rest = after;
    }
}

#[test]
fn a_blocked_case_says_what_blocks_and_what_was_looked_at() {
    insta::assert_snapshot!(human(&case()), @r#"
    countersign 0.1.0
    plan      plan.json  sha256 <sha256>, effect <effect>, Terraform 1.11.4
              1 to change, 1 to destroy, 1 unchanged
    change    11111111..22222222 on drop-archive: 1 file, +1 -1
    policies  bundle <bundle> from the base 11111111: 3 packages, 7 of 7 rules evaluated

    no-destroy: Resources are not destroyed [soft-mandatory]
    2 findings: 1 open, 1 waived; 1 blocks
      O open    high      terraform_data.archive: destroy, blocks
          terraform_data.archive would be destroyed, because it has no configuration any more.
          at an unknown line: no block of the commit or its base is known for it
          The change under review does not explain this.
          facts: reason=delete_because_no_resource_config
      W waived  high      module.old["a.b"].terraform_data.x (deposed 4e2a1f00): delete/create
          module.old["a.b"].terraform_data.x is wrong.
          at an unknown line: no block of the commit or its base is known for it
          answer: waived until 2026-12-24 by platform team: agreed with the owner (countersign.toml:3)
      fix: Bring the block back, or waive the finding.
      rule: policies/no-destroy/no_destroy.rego:14

    plain-secret: No secret stands in the configuration [advisory]
    1 finding: 1 open; none blocks
      O open  low       terraform_data.database: input.password, update, not proven
          terraform_data.database is wrong.
          subject: db_password
          at main.tf:2-3, which the change touches
          > 2 |     input = { password = "(sensitive)" } # was here
          facts: found=(sensitive), keys=password token

    not applicable (1)
      - branch-policy: there is no pull request.

    not looked at (1)
      - provider schemas: none were given.

    notices (1)
      - The work tree differs from head in main.tf.

    blocked (exit 1): 1 soft-mandatory finding is open
    7 rules over 3 resource changes; 3 findings: 2 open, 1 waived.
    next: `countersign plan.json` to look at each finding beside its change and answer it.
    "#);
}

#[test]
fn a_case_without_findings_says_what_was_evaluated() {
    insta::assert_snapshot!(human(&quiet_case()), @"
    countersign 0.1.0
    plan      plan.json  sha256 <sha256>, effect <effect>, Terraform 1.11.4
              1 to change, 1 to destroy, 1 unchanged
    change    11111111..22222222 on drop-archive: 1 file, +1 -1
    policies  bundle <bundle> from the base 11111111: 3 packages, 7 of 7 rules evaluated

    No findings.
      evaluated  3 policies: no-destroy, no-local-exec, read-only-principals

    pass (exit 0): nothing blocks
    7 rules over 3 resource changes; 0 findings.
    next: `countersign plan.json` to review and approve.
    ");
}

#[test]
fn nothing_evaluated_is_no_pass() {
    let mut case = quiet_case();
    case.policies.evaluated = 0;
    assert_holds(
        &human(&case),
        &[
            "0 of 7 rules evaluated",
            "No rule was evaluated, so this says nothing about the plan.",
            "policy (exit 5): no policy rule was evaluated",
            "0 of 7 rules over 3 resource changes; 0 findings.",
            "`countersign policy list -p DIR`",
        ],
    );
    case.policies.evaluated = 4;
    case.not_applicable = vec![(line("no-local-exec"), line("it needs a repository."))];
    assert_holds(
        &human(&case),
        &[
            "No findings.",
            "2 policies: no-destroy, read-only-principals\n",
            "no-local-exec: it needs a repository.",
        ],
    );
    case.policies.policies.clear();
    assert!(!human(&case).contains("evaluated  "));
}

#[test]
fn problems_come_before_findings() {
    let mut case = case();
    let problem = |place: Option<&str>| PolicyProblem {
        policy: line("acme"),
        place: place.map(line),
        message: line("It does not parse."),
    };
    case.problems = vec![problem(Some("acme.rego:3")), problem(None)];
    assert_holds(
        &human(&case),
        &[
            "2 policy problems: the answer",
            "P acme at acme.rego:3\n      It does not parse.",
            "P acme\n",
            "no-destroy",
            "policy (exit 5): 2 policy problems; 1 soft-mandatory finding is open",
        ],
    );
}

#[test]
fn each_state_has_a_letter_and_a_word() {
    let mut case = case();
    let mut add = |rule: &str, address: &str, standing: Standing| {
        let mut finding = finding("p", address, Enforcement::SoftMandatory);
        finding.rule = line(rule);
        finding.standing = standing;
        case.findings.push(finding);
        case.findings.len() - 1
    };
    add("deferred", "a.deferred", Standing::Fired);
    add("deny", "a.unseen", Standing::NotEvaluated);
    add("deny", "a.elsewhere", Standing::NotApplicable);
    let rejected = add("deny", "a.rejected", Standing::Fired);
    let stale = add("deny", "a.stale", Standing::Fired);
    let waived = add("deny", "a.waived", Standing::Fired);
    let carried = add("deny", "a.carried", Standing::Fired);
    let reject = |reason: &str| Decision::Reject {
        reason: reason.to_owned(),
    };
    let waive = Decision::Waive {
        reason: "seed job retired".to_owned(),
        expires: "2026-12-01".parse().unwrap(),
    };
    let key = |index: usize| DecisionKey::of(&case.findings[index]);
    let mut stale_key = key(stale);
    stale_key.content = Digest::of(b"before");
    let here = case.plan_digest();
    let mut journal = Journal::default();
    for (key, plan, decision) in [
        (key(2), here, Decision::Acknowledge),
        (key(rejected), here, reject("not this week, OPS-1")),
        (stale_key, here, waive.clone()),
        (key(waived), here, waive.clone()),
        (key(carried), Digest::of(b"earlier"), waive),
    ] {
        journal.append(now(), ada(), plan, Event::Decided { key, decision });
    }
    let verdict = verdict(&case, &journal, now());
    let context = Context {
        width: 400,
        ..context(&case, &verdict)
    };
    assert_holds(
        &render(Format::Human, &context),
        &[
            "O open ",
            "W waived ",
            "A acknowledged ",
            "acknowledged by Ada <ada@example.org>\n",
            "D deferred ",
            "N not-evaluated ",
            "- not-applicable ",
            "R rejected ",
            "answer: rejected by Ada <ada@example.org>: not this week, OPS-1\n",
            "S stale ",
            "no longer counts: waived until 2026-12-01 by Ada <ada@example.org>: seed job retired\n",
            "W waived ",
            "answer: waived until 2026-12-01 by Ada",
            "C carried ",
            "answer: waived until 2026-12-01 by Ada",
            "10 findings: 3 open, 1 not evaluated, 1 rejected, 2 waived, 1 acknowledged, 1 carried over, 1 not applicable.",
        ],
    );
}

#[test]
fn findings_stay_in_the_cases_order_with_one_group_a_policy() {
    let mut case = case();
    let mut late = finding("no-destroy", "a.late", Enforcement::Advisory);
    late.remediation = case.findings[0].remediation.clone();
    case.findings.push(late);
    let text = human(&case);
    assert_holds(
        &text,
        &[
            "no-destroy: Resources are not destroyed [soft-mandatory, advisory]\n3 findings: 2 open, 1 waived; 1 blocks",
            "terraform_data.archive: destroy, soft-mandatory, blocks",
            "a.late: advisory\n",
            "fix: Bring the block back",
            "plain-secret",
        ],
    );
    assert_eq!(text.matches("fix: ").count(), 1);
    assert_eq!(text.matches("no-destroy:").count(), 1);
}

#[test]
fn several_plans_are_told_apart() {
    let mut case = case();
    let mut second = case.plans[0].clone();
    second.path = line("network/plan.json");
    second.plan.errored = true;
    second.plan.complete = Some(false);
    second.plan.terraform_version = None;
    second.plan.mode = crate::plan::PlanMode::Destroy;
    case.plans.push(second);
    assert_holds(
        &human(&case),
        &[
            "plan      plan.json",
            "plan      network/plan.json  sha256 <sha256>, effect <effect>, version not stated",
            "Planning failed",
            "(`-destroy`)",
            "not complete",
            "in all    2 to change, 2 to destroy, 2 unchanged",
            "      plan: plan.json\n",
            "input (exit 4): planning failed: network/plan.json is errored and cannot be approved; 1 soft",
            "7 rules over 6 resource changes of 2 plans;",
            "`terraform show -json tfplan > plan.json`",
        ],
    );
    case.plans.clear();
    assert!(human_without_plan(&case).contains("there is no plan"));
}

fn human_without_plan(case: &ReviewCase) -> String {
    rendered(Format::Human, case)
}

#[test]
fn what_the_plan_is_compared_with_is_said_in_every_case() {
    let moved = Change {
        merge_base: Some("3".repeat(40)),
        base: None,
        ..change()
    };
    for (under_review, text) in [
        (
            UnderReview::Commits(Box::new(moved)),
            "change    ?..22222222 on drop-archive, from merge base 33333333: 1 file, +1 -1\n",
        ),
        (
            UnderReview::DiffFile(Box::new(change())),
            "change    a diff file, no commit: 1 file, +1 -1\n",
        ),
        (
            UnderReview::NoChange {
                base: None,
                head: "4".repeat(40),
                reason: line("head is contained in base."),
                dirty: Vec::new(),
            },
            "change    none at 44444444: head is contained in base.\n",
        ),
        (
            UnderReview::NoRepository,
            "change    none: no repository, so nothing is compared with git\n",
        ),
    ] {
        let mut case = quiet_case();
        let commits = matches!(under_review, UnderReview::Commits(_));
        case.under_review = under_review;
        case.policies.trust = Trust::Worktree;
        let shown = human(&case);
        let from = if text.contains("no repository") {
            "from this program and the working directory"
        } else {
            "from the work tree, which the change"
        };
        assert_holds(&shown, &[text, from]);
        assert_eq!(shown.contains("next: "), commits, "{shown}");
    }
}

#[test]
fn the_actual_exit_status_is_named_beside_the_decided_one() {
    let text = with(&case(), |context| context.exit = Exit::Pass);
    assert_holds(
        &text,
        &["blocked (exit 0 as asked, 1 otherwise): 1 soft-mandatory finding is open"],
    );
}

#[test]
fn approvals_say_what_they_are_worth() {
    let case = quiet_case();
    let verdict = verdict(&case, &Journal::default(), now())
        .with_approval(Some("1 of 2 approvals is valid".to_owned()));
    let approvals = approvals();
    let context = Context {
        approvals: &approvals,
        ..context(&case, &verdict)
    };
    assert_holds(
        &render(Format::Human, &context),
        &[
            "approvals (1 of 2 valid)",
            "V valid  ",
            "by ada <ada@example.org>, signed, 2026-11-21T10:00:00Z until 2026-12-05T10:00:00Z",
            "X void   ",
            "not signed",
            ": it is about another plan",
            "unapproved (exit 3): 1 of 2 approvals is valid",
            "`countersign plan.json` to review and approve.",
            "`countersign verify plan.json`",
        ],
    );
}

#[test]
fn colours_only_repeat_what_the_words_say() {
    let plain = with(&case(), |_| {});
    let coloured = with(&case(), |context| context.colour = true);
    assert!(!plain.contains('\u{1b}'));
    assert!(
        coloured.contains("\u{1b}[1;31mO open  \u{1b}[0m"),
        "{coloured}"
    );
    let mut stripped = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        let text = part.split_once('m').filter(|_| index > 0);
        stripped.push_str(text.map_or(part, |(_, rest)| rest));
    }
    assert_eq!(stripped, plain);
}

#[test]
fn text_is_broken_at_the_width_but_an_address_never() {
    let mut case = case();
    let address = format!("module.{}.terraform_data.x", "long".repeat(20));
    case.findings[0].address = Some(line(&address));
    case.findings[0].message = Printable::lines(&"日本語 and words. \n".repeat(20));
    for (width, columns) in [(0, 40), (40, 40), (60, 60)] {
        let text = with(&case, |context| context.width = width);
        assert!(text.contains(&address), "{text}");
        for line in text
            .lines()
            .filter(|line| !line.starts_with("  O ") && !line.starts_with("  W "))
        {
            assert!(crate::text::display_width(line) <= columns, "{line:?}");
        }
    }
}

#[test]
fn a_ci_system_finds_no_command_in_a_message() {
    let mut case = case();
    case.findings[0].message =
        Printable::lines("one\n  ::error::x\n::stop-commands::y\n##[add-mask]z\n###vso[task]");
    let text = human(&case);
    assert_holds(
        &text,
        &[
            "<U+003A>:error::x",
            "<U+003A>:stop-commands::y",
            "#<U+0023>[add-mask]z",
            "#<U+0023>#vso[task]",
        ],
    );
    let json = rendered(Format::Json, &case);
    assert!(!json.contains("##"), "{json}");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        report["findings"][0]["message"],
        case.findings[0].message.as_str()
    );
}

#[test]
fn the_next_command_can_be_pasted() {
    let mut case = case();
    for (path, command) in [
        ("infra/plan.json", "`countersign infra/plan.json`"),
        ("a b's.json", "`countersign 'a b'\\''s.json'`"),
        ("-x.json", "`countersign ./-x.json`"),
        ("-", "`countersign PLAN`"),
    ] {
        case.plans[0].path = line(path);
        assert_holds(&human(&case), &[command]);
    }
}

#[test]
fn long_facts_are_cut_and_empty_ones_left_out() {
    let mut case = case();
    case.findings[0].facts = [
        ("empty".to_owned(), json!(null)),
        ("long".to_owned(), json!("x".repeat(500))),
        ("many".to_owned(), json!([1, "two"])),
        ("flag".to_owned(), json!(true)),
    ]
    .into();
    let text = human(&case);
    assert!(!text.contains("empty"), "{text}");
    assert_holds(&text, &["flag=true", "long=", "…", "[1,\"two\"]"]);
}

#[test]
fn a_run_that_failed_early_says_what_where_and_what_now() {
    let failure = Failure {
        exit: Exit::Input,
        heading: "The plan cannot be reviewed.".to_owned(),
        causes: vec!["plan.json is truncated\u{1b} at line 3.\n::error::x".to_owned()],
        hint: Some("Run terraform show -json again.".to_owned()),
    };
    insta::assert_snapshot!(render_failure(Format::Human, &failure, "0.1.0"), @"
    input (exit 4): The plan cannot be reviewed.
      plan.json is truncated<U+001B> at line 3.
      <U+003A>:error::x
    next: Run terraform show -json again.
    ");
}

#[test]
fn a_waiver_that_ends_soon_says_so_at_the_finding() {
    let mut case = case();
    case.waivers[0].expires = "2026-11-24".parse().unwrap();
    assert_holds(
        &human(&case),
        &["waived until 2026-11-24, 2 days left by platform team: agreed with the owner"],
    );
}

#[test]
fn what_is_wrong_with_a_waiver_is_an_ordinary_finding() {
    use crate::decision::{Coverage, waiver_faults};
    let mut case = case();
    let own = waiver_faults(
        &case.waivers,
        Coverage {
            findings: &case.findings,
            today: "2026-11-22".parse().unwrap(),
            complete: true,
            redactor: &case.redactor,
        },
    );
    let home = crate::finding::Home {
        plan: &line("plan.json"),
        overrides: &std::collections::BTreeMap::new(),
    };
    case.findings = crate::finding::from_own(own, home);
    assert_holds(
        &human(&case),
        &[
            "waivers: Waivers are few, narrow and in use [advisory]\n1 finding: 1 open; none blocks\n",
            "  O open  low       no-destroy for module.gone.*\n      The waiver of no-destroy for module.gone.* (until 2026-12-24, owner platform team) covers no finding; remove it.\n      at countersign.toml:9\n",
            "pass (exit 0): nothing blocks",
        ],
    );
}
