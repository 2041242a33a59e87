//! Verdicts on AWS grants, worked out a second time: a small reading of policy documents in Rust over the same published access levels,
//! compared with what `read-only-principals` finds in every plan of `testdata/plans`, and of the directory that
//! `COUNTERSIGN_PLANS` names where it is set.
//!
//! It covers what stands in one resource change: known documents of principals and resources, and AWS's managed policies. What needs
//! the whole plan (documents known only after apply, customer managed policies) is left to the Rego tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value as Json;

use crate::scene::{Scene, package};

/// Attributes that hold documents: resource type, steps to the text, whether it names its principals itself.
const DOCUMENTS: [(&str, &[&str], bool); 14] = [
    ("aws_iam_policy", &["policy"], false),
    ("aws_iam_role_policy", &["policy"], false),
    ("aws_iam_user_policy", &["policy"], false),
    ("aws_iam_group_policy", &["policy"], false),
    ("aws_iam_role", &["inline_policy", "policy"], false),
    ("aws_s3_bucket_policy", &["policy"], true),
    ("aws_sqs_queue_policy", &["policy"], true),
    ("aws_sns_topic_policy", &["policy"], true),
    ("aws_kms_key", &["policy"], true),
    ("aws_api_gateway_rest_api_policy", &["policy"], true),
    ("aws_backup_vault_policy", &["policy"], true),
    ("aws_dynamodb_resource_policy", &["policy"], true),
    (
        "aws_elasticsearch_domain_policy",
        &["access_policies"],
        true,
    ),
    ("aws_kinesis_resource_policy", &["policy"], true),
];

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);

/// What an action does, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    Read,
    Sensitive,
    Unknown,
    Write,
}

struct Tables {
    /// `service:action` in lower case, with its level.
    actions: BTreeMap<String, Level>,
    read_prefixes: Vec<String>,
    managed: BTreeMap<String, Level>,
}

fn table(name: &str) -> Json {
    let path = package("policies/tables").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

impl Tables {
    fn read() -> Self {
        let mut actions = BTreeMap::new();
        let each = |names: &Json, service: &str, mut take: Box<dyn FnMut(String) + '_>| {
            for name in names.as_str().unwrap().split(' ') {
                take(format!("{service}:{name}").to_lowercase());
            }
        };
        for (service, levels) in table("aws_actions.json").as_object().unwrap() {
            for (letter, names) in levels.as_object().unwrap() {
                let level = if "RL".contains(letter.as_str()) {
                    Level::Read
                } else {
                    Level::Write
                };
                each(
                    names,
                    service,
                    Box::new(|name| {
                        let worst = actions.entry(name).or_insert(level);
                        *worst = level.max(*worst);
                    }),
                );
            }
        }
        let overrides = table("aws_overrides.json");
        for (group, level) in [
            ("read", Level::Read),
            ("sensitive", Level::Sensitive),
            ("write", Level::Write),
        ] {
            for (service, names) in overrides[group].as_object().unwrap() {
                each(
                    names,
                    service,
                    Box::new(|name| {
                        let known = actions.get(&name).copied();
                        // What is listed as sensitive stays a write where it is one and no override makes it a read.
                        if group != "sensitive" || known != Some(Level::Write) {
                            actions.insert(name, level);
                        }
                    }),
                );
            }
        }
        let word = |verdict: &Json| match verdict.as_str().unwrap() {
            "read-only" => Level::Read,
            "sensitive-read" => Level::Sensitive,
            "not-read-only" => Level::Write,
            _ => Level::Unknown,
        };
        let managed = table("aws_managed_policies.json")["aws"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, verdict)| (name.clone(), word(verdict)))
            .collect();
        let read_prefixes = overrides["read_prefixes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|prefix| prefix.as_str().unwrap().to_lowercase())
            .collect();
        Self {
            actions,
            read_prefixes,
            managed,
        }
    }

    /// The actions that a pattern covers, with their levels; the pattern itself where nothing is known of it.
    fn covered(&self, pattern: &str) -> BTreeMap<String, Level> {
        let pattern = pattern.to_lowercase();
        if pattern.chars().all(|c| c == '*' || c == ':') && pattern.starts_with('*') {
            return self.actions.clone();
        }
        let found: BTreeMap<String, Level> = self
            .actions
            .iter()
            .filter(|(action, _)| in_parts(&pattern, action))
            .map(|(action, level)| (action.clone(), *level))
            .collect();
        let name = pattern.split_once(':').map_or("", |(_, name)| name);
        let service = pattern.split_once(':').map_or("", |(service, _)| service);
        let is_service = |action: &String| {
            action
                .split_once(':')
                .is_some_and(|(known, _)| wild(service, known))
        };
        let reads_nothing = name.contains(['*', '?'])
            && self.read_prefixes.iter().any(|p| name.starts_with(p))
            && self.actions.keys().any(is_service);
        if found.is_empty() && !reads_nothing {
            return BTreeMap::from([(pattern, Level::Unknown)]);
        }
        found
    }
}

fn in_parts(pattern: &str, action: &str) -> bool {
    match (pattern.split_once(':'), action.split_once(':')) {
        (Some((a, b)), Some((c, d))) => wild(a, c) && wild(b, d),
        _ => false,
    }
}

/// Whether `*` and `?` of a pattern cover a text; both in lower case.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in pattern {
        let before = reached.clone();
        for at in 0..=text.len() {
            reached[at] = match sign {
                '*' => before[at] || (at > 0 && reached[at - 1]),
                '?' => at > 0 && before[at - 1],
                other => at > 0 && before[at - 1] && text[at - 1] == other,
            };
        }
    }
    reached[text.len()]
}

fn list(value: Option<&Json>) -> Vec<Json> {
    match value {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn element<'a>(statement: &'a Json, name: &str) -> Option<&'a Json> {
    let fields = statement.as_object()?;
    let found = fields
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(found.1)
}

fn texts(value: Option<&Json>) -> Vec<String> {
    list(value)
        .iter()
        .map(|item| {
            item.as_str()
                .map_or_else(|| item.to_string(), str::to_owned)
        })
        .collect()
}

fn principals(statement: &Json) -> Vec<String> {
    if element(statement, "NotPrincipal").is_some() {
        return vec!["*".to_owned()];
    }
    let named: Vec<String> = match element(statement, "Principal") {
        Some(Json::Object(kinds)) => kinds.values().flat_map(|v| texts(Some(v))).collect(),
        other => texts(other),
    };
    if named.is_empty() {
        // A resource policy has to name someone; one that does not is not excused for it.
        return vec![String::new()];
    }
    named
}

/// What a document grants: principal (`""` where it names none) to action to level.
type Grants = BTreeMap<String, BTreeMap<String, Level>>;

fn granted(text: &str, of_resource: bool) -> Grants {
    let mut grants = Grants::new();
    let Ok(document) = serde_json::from_str::<Json>(text) else {
        grants.insert(
            String::new(),
            BTreeMap::from([("?".to_owned(), Level::Unknown)]),
        );
        return grants;
    };
    let statements = list(element(&document, "Statement"));
    let is_deny = |s: &&Json| element(s, "Effect").and_then(Json::as_str) == Some("Deny");
    let denies: Vec<String> = statements
        .iter()
        .filter(is_deny)
        .filter(|s| {
            texts(element(s, "Resource")).iter().any(|r| r == "*")
                && element(s, "Condition").is_none()
                && (!of_resource || principals(s).iter().any(|p| p == "*"))
        })
        .flat_map(|s| texts(element(s, "Action")))
        .map(|pattern| pattern.to_lowercase())
        .collect();
    for statement in statements.iter().filter(|s| !is_deny(s)) {
        let mut actions = BTreeMap::new();
        for pattern in texts(element(statement, "Action")) {
            actions.extend(TABLES.covered(&pattern));
        }
        if let Some(nots) = element(statement, "NotAction") {
            let nots = texts(Some(nots));
            let left = |action: &String| !nots.iter().any(|n| wild(&n.to_lowercase(), action));
            let all = TABLES.actions.iter().filter(|(action, _)| left(action));
            actions.extend(all.map(|(action, level)| (action.clone(), *level)));
        }
        actions.retain(|action, _| !denies.iter().any(|deny| wild(deny, action)));
        let who = if of_resource {
            principals(statement)
        } else {
            vec![String::new()]
        };
        for principal in who {
            grants.entry(principal).or_default().extend(actions.clone());
        }
    }
    grants
}

fn at<'a>(attributes: &'a Json, steps: &[&str]) -> Vec<&'a str> {
    match steps {
        [last] => attributes[*last]
            .as_str()
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect(),
        [first, rest @ ..] => attributes[*first]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|block| at(block, rest))
            .collect(),
        [] => Vec::new(),
    }
}

fn grants_of(kind: &str, attributes: &Json) -> Option<Grants> {
    let mut all = Grants::new();
    let mut known = false;
    for (named, steps, of_resource) in DOCUMENTS {
        if named == kind {
            known = true;
            for text in at(attributes, steps) {
                for (principal, actions) in granted(text, of_resource) {
                    all.entry(principal).or_default().extend(actions);
                }
            }
        }
    }
    let arns = match kind {
        "aws_iam_role" => texts(attributes.get("managed_policy_arns")),
        "aws_iam_role_policy_attachment" | "aws_iam_user_policy_attachment" => {
            texts(attributes.get("policy_arn"))
        }
        _ if known => Vec::new(),
        _ => return None,
    };
    for arn in arns {
        let name = arn.split_once(":iam::aws:policy/")?.1.to_owned();
        let level = TABLES.managed.get(&name).copied().unwrap_or(Level::Unknown);
        all.entry(String::new()).or_default().insert(arn, level);
    }
    Some(all)
}

/// The worst that a resource change adds, [`Level::Read`] where it adds only reads; `None` for one that is not compared here.
fn worst(change: &Json) -> Option<Level> {
    let kind = change["type"].as_str()?;
    let actions = change["change"]["actions"].as_array()?;
    if change["mode"] == "data" || !change["change"]["after"].is_object() {
        return None;
    }
    let names = [
        "policy",
        "inline_policy",
        "managed_policy_arns",
        "policy_arn",
        "access_policies",
        "role",
        "user",
        "name",
    ];
    let unknown = &change["change"]["after_unknown"];
    if names
        .iter()
        .any(|name| unknown[*name].to_string().contains("true"))
    {
        return None;
    }
    if ["no-op", "read", "delete", "forget"]
        .iter()
        .any(|a| actions == &[Json::from(*a)])
    {
        return Some(Level::Read);
    }
    let after = grants_of(kind, &change["change"]["after"])?;
    let before = grants_of(kind, &change["change"]["before"]).unwrap_or_default();
    let moved = ["role", "user", "group"]
        .iter()
        .any(|name| change["change"]["before"][*name] != change["change"]["after"][*name]);
    let mut worst = Level::Read;
    for (principal, actions) in &after {
        let had = before.get(principal).filter(|_| !moved);
        for (action, level) in actions {
            if *level > Level::Read && had.is_none_or(|had| !had.contains_key(action)) {
                worst = worst.max(*level);
            }
        }
    }
    Some(worst)
}

fn plans(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            plans(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.insert(path);
        }
    }
}

#[test]
fn two_readings_of_aws_grants_agree() {
    let mut paths = BTreeSet::new();
    plans(&package("testdata/plans"), &mut paths);
    if let Some(more) = std::env::var_os("COUNTERSIGN_PLANS") {
        plans(Path::new(&more), &mut paths);
    }
    let scene = Scene::new();
    let (mut read, mut compared, mut granting, mut disagreements) = (0, 0, 0, Vec::new());
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        let Ok(plan) = serde_json::from_slice::<Json>(&bytes) else {
            continue;
        };
        let Some(changes) = plan["resource_changes"].as_array() else {
            continue;
        };
        let expected: Vec<(&str, Level)> = changes
            .iter()
            .filter_map(|change| Some((change["address"].as_str()?, worst(change)?)))
            .collect();
        if expected.is_empty() {
            continue;
        }
        scene.write("plan.json", &bytes);
        let run = scene.run(&["--check", "-f", "json", "plan.json"]);
        let Ok(report) = serde_json::from_str::<Json>(&run.stdout) else {
            continue;
        };
        if report["plans"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        read += 1;
        let found = run.findings_of("read-only-principals");
        for (address, level) in expected {
            compared += 1;
            granting += usize::from(level > Level::Read);
            let verdict = found
                .iter()
                .filter(|finding| finding["address"] == address)
                .filter_map(|finding| match finding["facts"]["verdict"].as_str()? {
                    "not-read-only" => Some(Level::Write),
                    "cannot-prove" => Some(Level::Unknown),
                    _ => Some(Level::Sensitive),
                })
                .max()
                .unwrap_or(Level::Read);
            if verdict != level {
                disagreements.push(format!(
                    "{}: {address}: {level:?}, found {verdict:?}",
                    path.display()
                ));
            }
        }
    }
    println!("{read} plans, {compared} resource changes, {granting} of them grant more than reads");
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    assert!(compared > 15 && granting > 8, "{compared} {granting}");
}

#[test]
fn the_second_reading_reads() {
    let level = |pattern: &str| TABLES.covered(pattern).into_values().max();
    assert_eq!(level("S3:ListBucket"), Some(Level::Read));
    assert_eq!(level("ssm:GetParam*"), Some(Level::Sensitive));
    assert_eq!(level("i?m:PassRole"), Some(Level::Write));
    assert_eq!(level("nosuch:Thing"), Some(Level::Unknown));
    assert_eq!(level("rds:Get*"), None);
    assert!(wild("a*c?", "abbcd") && !wild("a?", "a"));
}
