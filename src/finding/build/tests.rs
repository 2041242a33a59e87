use super::*;
use crate::plan::Plan;

const PLAN: &str = r#"{"format_version":"1.2","resource_changes":[{"address":"a.b","mode":"managed","type":"a","name":"b","change":{"actions":["update"],"before":{},"after":{}}}]}"#;

fn found(results: &[Json], change_digest: Option<Digest>) -> Vec<Finding> {
    let plan = Plan::read(PLAN.as_bytes().to_vec()).unwrap();
    let text = "package p\n\ndeny contains \"x\" if input\n";
    let policy = Policy {
        id: Printable::line("p"),
        title: Printable::default(),
        description: Printable::default(),
        remediation: Printable::default(),
        severity: None,
        enforcement: None,
        needs: Vec::new(),
        uses: Vec::new(),
        settings: Vec::new(),
        setting_types: std::collections::BTreeMap::new(),
        package: "p".to_owned(),
        file: Printable::line("p.rego"),
        text: std::sync::Arc::from(text),
        builtin: false,
        dialect: crate::policy::Dialect::Opa,
        bundle: Printable::default(),
    };
    let rule = Rule {
        policy: 0,
        name: "deny".to_owned(),
        reported: "deny".to_owned(),
        kind: RuleKind::Deny,
        sliced: false,
        view: crate::policy::View::default(),
        inputs: None,
        severity: None,
        enforcement: None,
        title: Printable::default(),
        description: Printable::default(),
        remediation: Printable::default(),
        file: std::sync::Arc::from("p.rego"),
        line: 3,
        text: std::sync::Arc::from(text),
    };
    let hits = results.iter().map(|result| {
        let mut fields = result.as_object().unwrap().clone();
        let message = fields.remove("msg").unwrap();
        Hit {
            rule: 0,
            line: 3,
            message: message.as_str().unwrap().to_owned(),
            fields,
        }
    });
    let results = Results {
        hits: hits.collect(),
        ..Results::default()
    };
    let origin = Origin {
        plan_index: 0,
        path: &Printable::line("plan.json"),
        root: "plan.json",
        plan: &plan,
        change: None,
        change_digest,
        source: None,
        explanation: None,
        policies: &[policy],
        rules: &[rule],
        overrides: &BTreeMap::new(),
    };
    let (findings, problems) = from_results(&origin, &results);
    assert!(problems.is_empty(), "{problems:?}");
    findings
}

#[test]
fn findings_at_one_address_have_fingerprints_of_their_own() {
    let open =
        |port: u16| serde_json::json!({"msg": format!("port {port} is open"), "address": "a.b"});
    let findings = found(&[open(22), open(3389), open(22)], None);
    let fingerprints: BTreeSet<Digest> = findings.iter().map(|f| f.fingerprint).collect();
    assert_eq!(fingerprints.len(), 3);
}

#[test]
fn an_answer_reopens_when_the_file_or_the_git_change_is_another() {
    let of = |file: &str, change: &str| {
        let result = serde_json::json!({"msg": "protected file changed", "file": file});
        found(&[result], Some(Digest::of(change.as_bytes())))
            .pop()
            .unwrap()
    };
    let (one, other_file, other_change) = (of("a", "1"), of("b", "1"), of("a", "2"));
    assert_eq!(one.content, of("a", "1").content);
    assert_ne!(one.content, other_file.content);
    assert_ne!(one.content, other_change.content);
}
