use super::*;
use crate::decision::Waiver;
use crate::finding::Standing;
use crate::plan::Effect;
use crate::policy::PolicyProblem;

fn sorted_keys(value: &serde_json::Value, text: &str) {
    match value {
        serde_json::Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let mut from = 0;
            for key in keys {
                let name = format!("\"{key}\":");
                let at = text[from..]
                    .find(&name)
                    .unwrap_or_else(|| panic!("{key} is out of order"));
                let inner = &text[from + at + name.len()..];
                sorted_keys(&fields[key], inner);
                from += at + name.len() + fields[key].to_string().len();
            }
        }
        serde_json::Value::Array(items) => {
            let mut from = 1;
            for item in items {
                sorted_keys(item, &text[from..]);
                from += item.to_string().len() + 1;
            }
        }
        _ => {}
    }
}

#[test]
fn an_approval_binds_everything_that_was_reviewed() {
    let case = case();
    let made = statement(&case, "Ada");
    let plan = &case.plans[0].plan;
    let value: serde_json::Value = serde_json::from_str(&made.payload().unwrap()).unwrap();
    assert_eq!(value["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(value["predicateType"], "urn:countersign:approval:v1");
    assert_eq!(
        value["subject"],
        serde_json::json!([
            {"name": "live/plan.json", "digest": {"sha256": plan.digest.to_string(), "countersignEffectV1": plan.effect.to_string()}},
            {"name": "commit", "digest": {"gitCommit": HEAD}},
            {"name": "tree", "digest": {"gitTree": TREE}},
        ])
    );
    let predicate = &value["predicate"];
    for (key, expected) in [
        (
            "authors",
            serde_json::json!(["noreply@forge.example", "wanda@example.org"]),
        ),
        ("base", BASE.into()),
        ("commit", HEAD.into()),
        ("config", case.config.to_string().into()),
        ("created", "2026-11-22T08:00:00Z".into()),
        ("displayed", 1.into()),
        ("expires", "2026-12-06T08:00:00Z".into()),
        ("mergeBase", MERGE_BASE.into()),
        ("predecessors", serde_json::json!([])),
        ("repository", "example.org/infra".into()),
        (
            "reviewer",
            serde_json::json!({"name": "Ada", "email": "ada@example.org"}),
        ),
        (
            "tool",
            serde_json::json!({"name": "countersign", "version": "0.1.0"}),
        ),
        ("tree", TREE.into()),
        (
            "policies",
            serde_json::json!({"commit": BASE, "digest": case.policies.digest.to_string(), "trust": "base"}),
        ),
    ] {
        assert_eq!(predicate[key], expected, "{key}");
    }
    assert_eq!(predicate["plans"][0]["mode"], "normal");
    assert_eq!(predicate["plans"][0]["counts"]["delete"], 1);
    assert_eq!(predicate["plans"][0]["counts"]["update"], 1);
    let answers = predicate["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    let waived = answers.iter().find(|a| a["decision"] == "waived").unwrap();
    assert_eq!(waived["fingerprint"], database().fingerprint.to_string());
    assert_eq!(waived["content"], database().content.to_string());
    assert_eq!(waived["reason"], "retired with OPS-7");
    assert_eq!(waived["expires"], "2026-11-26");
    assert_eq!(waived["policy"], "no-destroy");
    assert_eq!(
        made.answers
            .iter()
            .map(Answer::word)
            .filter(|w| *w == "acknowledged")
            .count(),
        1
    );
}

#[test]
fn equal_reviews_give_equal_bytes_with_keys_in_order() {
    let payload = statement(&case(), "Ada").payload().unwrap();
    assert_eq!(payload, statement(&case(), "Ada").payload().unwrap());
    let value: serde_json::Value = serde_json::from_str(&payload).unwrap();
    sorted_keys(&value, &payload);
}

#[test]
fn no_value_of_the_plan_enters_the_record() {
    let case = case();
    let mut journal = answered(&case);
    let reason = format!("the password was {SECRET},\nso\u{202e} it goes");
    answer(
        &mut journal,
        &case,
        &database(),
        waive(&reason, "2026-11-26"),
    );
    let payload = build(&case, &journal, &person("Ada"))
        .unwrap()
        .payload()
        .unwrap();
    assert!(!payload.contains(SECRET) && !payload.contains('\u{202e}'));
    assert!(payload.contains("the password was (sensitive),\\nso<U+202E> it goes"));
}

#[test]
fn reviewers_with_strange_names_are_recorded_fit_to_show() {
    let case = case();
    let reviewer = Identity {
        name: "A\u{1b}[2Jda".to_owned(),
        email: " Ada@Example.ORG ".to_owned(),
    };
    let made = build(&case, &answered(&case), &reviewer).unwrap();
    assert_eq!(made.reviewer.name, "A<U+001B>[2Jda");
    assert_eq!(made.reviewer.email, "Ada@Example.ORG");
    let record = Record::unsigned(made).unwrap();
    assert_eq!(Record::parse(record.line()), Ok(record));
}

#[test]
fn what_blocks_approving_refuses_the_statement() {
    let refused = |change: &dyn Fn(&mut ReviewCase)| {
        let mut case = case();
        let journal = answered(&case);
        change(&mut case);
        build(&case, &journal, &person("Ada"))
            .unwrap_err()
            .0
            .join(" ")
    };
    let problem = PolicyProblem {
        policy: Printable::line("p"),
        place: None,
        message: Printable::line("does not parse."),
    };
    let blockers: Vec<(&str, Box<dyn Fn(&mut ReviewCase)>)> = vec![
        (
            "undecided",
            Box::new(|c| c.findings.push(finding("p", "a.b", Enforcement::Advisory))),
        ),
        (
            "changed since",
            Box::new(|c| c.findings[0].content = Digest::of(b"other")),
        ),
        ("errored", Box::new(|c| c.plans[0].plan.errored = true)),
        (
            "no repository",
            Box::new(|c| c.under_review = UnderReview::NoRepository),
        ),
        (
            "does not parse",
            Box::new(move |c| c.problems.push(problem.clone())),
        ),
        ("No policy rule", Box::new(|c| c.policies.evaluated = 0)),
        ("who you are", Box::new(|c| c.reviewer = None)),
        ("no plan", Box::new(|c| c.plans.clear())),
        ("tree of the commit", Box::new(|c| c.tree = None)),
        (
            "commit is not acceptable",
            Box::new(|c| match &mut c.under_review {
                UnderReview::Commits(change) => change.head = Some("HEAD".to_owned()),
                _ => panic!(),
            }),
        ),
        (
            "commit under review is not known",
            Box::new(|c| match &mut c.under_review {
                UnderReview::Commits(change) => change.head = None,
                _ => panic!(),
            }),
        ),
    ];
    for (words, change) in &blockers {
        let text = refused(change.as_ref());
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_change_that_was_never_displayed_and_a_rejection_refuse_the_statement() {
    let case = case();
    let mut journal = Journal::default();
    answer(
        &mut journal,
        &case,
        &database(),
        waive("retired with OPS-7", "2026-11-26"),
    );
    answer(&mut journal, &case, &bucket(), Decision::Acknowledge);
    assert!(
        build(&case, &journal, &person("Ada"))
            .unwrap_err()
            .to_string()
            .contains("never displayed")
    );
    let mut journal = answered(&case);
    let no = Decision::Reject {
        reason: "keep the database".to_owned(),
    };
    answer(&mut journal, &case, &database(), no);
    assert!(
        build(&case, &journal, &person("Ada"))
            .unwrap_err()
            .to_string()
            .contains("rejected")
    );
}

#[test]
fn terms_that_cannot_be_refuse_the_statement() {
    let case = case();
    let journal = answered(&case);
    let verdict = verdict(&case, &journal, now());
    let ada = person("Ada");
    for ttl_days in [0, 15, 255] {
        let bad = Occasion {
            ttl_days,
            ..occasion(&ada)
        };
        let text = Statement::build(&case, &journal, &verdict, &bad)
            .unwrap_err()
            .to_string();
        assert!(text.contains("1 to 14 days"), "{text}");
    }
    let nobody = Identity {
        name: "Ada".to_owned(),
        email: " ".to_owned(),
    };
    assert!(
        build(&case, &journal, &nobody)
            .unwrap_err()
            .to_string()
            .contains("no address")
    );
    let mut short = verdict.clone();
    short.states.pop();
    let text = Statement::build(&case, &journal, &short, &occasion(&ada))
        .unwrap_err()
        .to_string();
    assert!(text.contains("another review"), "{text}");
    let mut failing = verdict.clone();
    failing.exit = crate::review::Exit::Blocked;
    failing.reasons.push("1 finding was rejected".to_owned());
    let text = Statement::build(&case, &journal, &failing, &occasion(&ada))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("The gate fails: 1 finding was rejected."),
        "{text}"
    );
    let unapproved = verdict.with_approval(Some("no approval".to_owned()));
    Statement::build(&case, &journal, &unapproved, &occasion(&ada)).unwrap();
    let latest = Occasion {
        now: Timestamp::MAX,
        ..occasion(&ada)
    };
    assert!(Statement::build(&case, &journal, &unapproved, &latest).is_err());
}

#[test]
fn several_plans_are_bound_in_the_order_of_their_names_and_names_differ() {
    let mut case = case();
    case.plans.push(plan("a/plan.json", "c", MORNING));
    let made = statement(&case, "Ada");
    let roots: Vec<&str> = made.plans.iter().map(|p| p.root.as_str()).collect();
    assert_eq!(roots, ["a/plan.json", "live/plan.json"]);
    case.plans[1].root = "live/plan.json".to_owned();
    let refused = build(&case, &answered(&case), &person("Ada")).unwrap_err();
    assert!(refused.to_string().contains("same name"), "{refused}");
}

#[test]
fn waivers_of_the_configuration_and_findings_that_do_not_apply_are_recorded_as_such() {
    let mut case = case();
    let waiver = |address: &str| {
        Waiver::new(
            "w".to_owned(),
            address.to_owned(),
            "agreed with the owner",
            "ops",
            "2026-12-01".parse().unwrap(),
            "countersign.toml",
            3,
        )
    };
    case.waivers.push(waiver("a.b").unwrap());
    case.findings
        .push(finding("w", "a.b", Enforcement::SoftMandatory));
    let mut quiet = finding("n", "c.d", Enforcement::HardMandatory);
    quiet.standing = Standing::NotApplicable;
    case.findings.push(quiet);
    let record = record(&case, "Ada");
    let mut words: Vec<&str> = record
        .statement()
        .answers
        .iter()
        .map(Answer::word)
        .collect();
    words.sort_unstable();
    assert_eq!(
        words,
        [
            "acknowledged",
            "not applicable",
            "waived",
            "waived by the configuration"
        ]
    );
    assert_eq!(Record::parse(record.line()).as_ref(), Ok(&record));
    // Only a person's answers enter the journal.
    assert_eq!(
        journal([record.statement()], case.plan_digest())
            .entries()
            .len(),
        2
    );
}

#[test]
fn answers_carried_over_from_an_earlier_plan_are_recorded_with_their_day() {
    let case = case();
    let mut journal = Journal::default();
    let change = case.display_mark(0, 0).unwrap();
    let earlier = Digest::of(b"earlier plan");
    journal.append(now(), person("Ada"), earlier, Event::Displayed { change });
    // The waiver's last day is today: it counted when it was given and counts until midnight.
    for (finding, decision) in [
        (database(), waive("retired with OPS-7", "2026-11-22")),
        (bucket(), Decision::Acknowledge),
    ] {
        let key = DecisionKey::of(&finding);
        journal.append(
            after_days(-2),
            person("Ada"),
            earlier,
            Event::Decided { key, decision },
        );
    }
    let record = Record::unsigned(build(&case, &journal, &person("Ada")).unwrap()).unwrap();
    assert!(check(&record, &Context::of(&case, now())).is_ok());
    assert_eq!(
        check(&record, &Context::of(&case, after_days(1)))
            .unwrap_err()
            .name(),
        "not-covered"
    );
}

#[test]
fn an_answer_dated_after_the_record_by_a_wandering_clock_takes_its_date() {
    let case = case();
    let mut journal = answered(&case);
    let key = DecisionKey::of(&bucket());
    journal.append(
        after_days(1),
        person("Ada"),
        case.plan_digest(),
        Event::Decided {
            key,
            decision: Decision::Acknowledge,
        },
    );
    let made = build(&case, &journal, &person("Ada")).unwrap();
    assert!(
        made.answers
            .iter()
            .all(|a| matches!(a.given, Given::Reviewer { at, .. } if at == made.created))
    );
}

#[test]
fn a_review_too_large_for_one_record_is_refused_when_it_is_made() {
    let mut case = case();
    let mut journal = answered(&case);
    for number in 0..4000 {
        let found = finding("p", &format!("a.b[{number}]"), Enforcement::Advisory);
        answer(&mut journal, &case, &found, Decision::Acknowledge);
        case.findings.push(found);
    }
    let refused = build(&case, &journal, &person("Ada"))
        .err()
        .map(|b| b.to_string());
    assert!(refused.is_some_and(|text| text.contains("larger than")));
}

#[test]
fn a_signature_goes_over_the_pre_authentication_encoding() {
    let made = statement(&case(), "Ada");
    let payload = made.payload().unwrap();
    let expected = format!(
        "DSSEv1 28 application/vnd.in-toto+json {} {payload}",
        payload.len()
    );
    assert_eq!(made.pae().unwrap(), expected.into_bytes());
}

#[test]
fn an_effect_reads_back_from_its_record() {
    let case = case();
    let effect = case.plans[0].plan.effect;
    assert_eq!(Effect::parse(&effect.to_string()), Some(effect));
}
