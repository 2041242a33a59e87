//! What three policies find, held against a reading of the plan's JSON that shares nothing with them: every destroyed and abandoned
//! object, every provisioner and running block, every provider.
//!
//! Runs over the plans of `testdata`, and over those of the directories in `COUNTERSIGN_PLANS` (separated as in `PATH`), if it is set.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::load::command_line_bundles;
use countersign::plan::Plan;
use countersign::policy::{Availability, Hit, Policies, Settings, Subject, Trust};
use serde_json::{Value as Json, json};

use crate::scene::package;

/// What a policy says, or should say, of one thing: rule, and what names the thing.
type Claims = BTreeMap<(String, String), usize>;

fn claim(claims: &mut Claims, rule: &str, thing: &str) {
    *claims
        .entry((rule.to_owned(), thing.to_owned()))
        .or_default() += 1;
}

fn text<'a>(value: &'a Json, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words(row: &Json) -> BTreeSet<&str> {
    let actions = list(&row["change"]["actions"]);
    actions.iter().filter_map(Json::as_str).collect()
}

fn is_managed(thing: &Json) -> bool {
    !matches!(text(thing, "mode"), Some("data" | "ephemeral"))
}

/// An address without instance keys. Written by hand here: a scan that knows quotes, no pattern.
fn without_keys(address: &str) -> String {
    let mut out = String::new();
    let mut letters = address.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '[' {
            out.push(letter);
            continue;
        }
        let mut quoted = false;
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if quoted => drop(letters.next()),
                '"' => quoted = !quoted,
                ']' if !quoted => break,
                _ => {}
            }
        }
    }
    out
}

/// Every resource block of the configuration with its configuration address.
fn blocks<'a>(module: &'a Json, prefix: &str, out: &mut Vec<(String, &'a Json)>) {
    for block in list(&module["resources"]) {
        if let Some(address) = text(block, "address") {
            out.push((format!("{prefix}{}", without_keys(address)), block));
        }
    }
    if let Some(calls) = module["module_calls"].as_object() {
        for (name, call) in calls {
            blocks(&call["module"], &format!("{prefix}module.{name}."), out);
        }
    }
}

/// Destroyed and abandoned objects.
fn destroyed(plan: &Json) -> Claims {
    let mut claims = Claims::new();
    let name = |row: &Json| {
        let deposed = text(row, "deposed").filter(|key| !key.is_empty());
        format!(
            "{} {}",
            text(row, "address").unwrap_or_default(),
            deposed.unwrap_or("-")
        )
    };
    for row in list(&plan["resource_changes"]) {
        let words = words(row);
        if is_managed(row) && words.contains("delete") {
            claim(&mut claims, "deny", &name(row));
        } else if is_managed(row) && words.contains("forget") {
            claim(&mut claims, "warn", &name(row));
        }
    }
    for deferred in list(&plan["deferred_changes"]) {
        let row = &deferred["resource_change"];
        if is_managed(row) && words(row).contains("delete") {
            claim(&mut claims, "deferred", &name(row));
        }
    }
    claims
}

/// Types of blocks that run programs, by mode.
const RUNNING: [(&str, &[&str]); 3] = [
    (
        "data",
        &[
            "external",
            "linux_script",
            "local_command",
            "localrun_run",
            "shell_script",
            "shell_sensitive_script",
            "sys_shell_script",
            "tf_local_exec",
        ],
    ),
    ("ephemeral", &["external", "local_command", "shell_script"]),
    (
        "managed",
        &[
            "ansible_playbook",
            "helmfile_release",
            "helmfile_release_set",
            "kubectl_ensure",
            "linux_script",
            "localrun_run",
            "shell_script",
            "shell_sensitive_script",
            "sys_shell_script",
            "tf_local_exec",
        ],
    ),
];

/// Provisioners as `address provisioner[N] type`, running blocks as `address type`, action invocations likewise.
fn programs(plan: &Json) -> Claims {
    let mut claims = Claims::new();
    let mut all = Vec::new();
    blocks(&plan["configuration"]["root_module"], "", &mut all);
    // What happens to the instances of each block.
    let mut happens: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for row in list(&plan["resource_changes"]) {
        if let Some(address) = text(row, "address") {
            let words = words(row);
            let known = ["no-op", "create", "read", "update", "delete", "forget"];
            let entry = happens.entry(without_keys(address)).or_default();
            if words.is_empty() || words.iter().any(|word| !known.contains(word)) {
                entry.insert("?");
            }
            entry.extend(words);
        }
    }
    let nothing = BTreeSet::new();
    for (address, block) in &all {
        let words = happens.get(address).unwrap_or(&nothing);
        let any = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
        for (index, provisioner) in list(&block["provisioners"]).iter().enumerate() {
            let kind = text(provisioner, "type").unwrap_or("unknown");
            let rule = if any(&["create", "delete", "?"]) {
                "deny"
            } else {
                "warn"
            };
            claim(
                &mut claims,
                rule,
                &format!("{address} provisioner[{index}] {kind}"),
            );
        }
        let mode = text(block, "mode").unwrap_or("managed");
        let kind = text(block, "type").unwrap_or_default();
        let runs = RUNNING
            .iter()
            .any(|(of, kinds)| *of == mode && kinds.contains(&kind));
        if runs {
            let none = block["count_expression"]["constant_value"] == json!(0);
            let now = mode != "managed" || any(&["create", "update", "delete", "?"]);
            let rule = if now && !none { "deny" } else { "warn" };
            claim(&mut claims, rule, &format!("{address} - {kind}"));
        }
    }
    for invocation in list(&plan["action_invocations"]) {
        let address = without_keys(text(invocation, "address").unwrap_or("(no address)"));
        let kind = text(invocation, "type").unwrap_or("unknown");
        claim(&mut claims, "deny", &format!("{address} action {kind}"));
    }
    claims
}

/// One spelling for a provider.
fn source_of(name: &str) -> String {
    let name = name.to_lowercase();
    let hashicorp = |kind: &str| match kind.split('.').next() {
        Some("terraform") => "terraform.io/builtin/terraform".to_owned(),
        kind => format!(
            "registry.terraform.io/hashicorp/{}",
            kind.unwrap_or_default()
        ),
    };
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [kind] | ["-", kind] | ["registry.terraform.io", "-", kind] => hashicorp(kind),
        [space, kind] => format!("registry.terraform.io/{space}/{kind}"),
        _ => name,
    }
}

/// The providers of a module of a state and of those below it.
fn of_state(module: &Json, found: &mut BTreeSet<String>) {
    let names = list(&module["resources"]).iter();
    found.extend(
        names
            .filter_map(|row| text(row, "provider_name"))
            .map(source_of),
    );
    for child in list(&module["child_modules"]) {
        of_state(child, found);
    }
}

/// Every provider that the plan names, approved or not: the test runs with nothing approved.
fn providers(plan: &Json) -> Claims {
    let mut found: BTreeSet<String> = BTreeSet::new();
    of_state(&plan["planned_values"]["root_module"], &mut found);
    of_state(&plan["prior_state"]["values"]["root_module"], &mut found);
    let rows = list(&plan["resource_changes"])
        .iter()
        .chain(list(&plan["resource_drift"]))
        .chain(list(&plan["action_invocations"]))
        .chain(
            list(&plan["deferred_changes"])
                .iter()
                .map(|row| &row["resource_change"]),
        )
        .chain(
            list(&plan["deferred_action_invocations"])
                .iter()
                .map(|row| &row["action_invocation"]),
        );
    found.extend(
        rows.filter_map(|row| text(row, "provider_name"))
            .map(source_of),
    );
    let mut keys = BTreeSet::new();
    let mut local_names = BTreeSet::new();
    if let Some(entries) = plan["configuration"]["provider_config"].as_object() {
        for (key, entry) in entries {
            let local = key
                .rsplit(':')
                .next()
                .and_then(|name| name.split('.').next());
            let name = [text(entry, "full_name"), text(entry, "name"), local];
            let name = name.into_iter().flatten().find(|name| !name.is_empty());
            found.extend(name.map(source_of));
            keys.insert(key.as_str());
            local_names.extend(local);
        }
    }
    let mut all = Vec::new();
    blocks(&plan["configuration"]["root_module"], "", &mut all);
    for (_, block) in &all {
        let Some(key) = text(block, "provider_config_key") else {
            continue;
        };
        // A key without an entry is one that a calling module passed in, or one that old plans leave out.
        let local = key
            .rsplit(':')
            .next()
            .and_then(|name| name.split('.').next());
        if !keys.contains(key) && local.is_some_and(|name| !local_names.contains(name)) {
            found.extend(local.map(source_of));
        }
    }
    found
        .into_iter()
        .map(|source| (("deny".to_owned(), source), 1))
        .collect()
}

/// What a policy found, in the same words.
fn found(policies: &Policies, hits: &[Hit], policy: &str) -> Claims {
    let mut claims = Claims::new();
    for hit in hits {
        let rule = &policies.rules[hit.rule];
        if policies.summary.policies[rule.policy].id.as_str() != policy {
            continue;
        }
        let field = |key: &str| hit.fields.get(key).and_then(Json::as_str);
        let fact = |key: &str| {
            hit.fields
                .get("facts")
                .and_then(|facts| facts[key].as_str())
        };
        let thing = match policy {
            "no-destroy" => Some(format!(
                "{} {}",
                field("address").unwrap_or_default(),
                field("deposed").unwrap_or("-")
            )),
            "approved-providers" => {
                let known = rule.reported == "deny" && field("certainty").is_none();
                field("subject").filter(|_| known).map(str::to_owned)
            }
            _ => programs_found(field("address"), field("attribute"), fact("type"), hit),
        };
        if let Some(thing) = thing {
            claim(&mut claims, &rule.reported, &thing);
        }
    }
    claims
}

/// Provisioners, running blocks and actions; the other routes are hints that plan JSON alone does not settle.
fn programs_found(
    address: Option<&str>,
    attribute: Option<&str>,
    kind: Option<&str>,
    hit: &Hit,
) -> Option<String> {
    let (address, kind) = (address?, kind?);
    let facts = hit.fields.get("facts")?;
    match attribute {
        Some(place) if place.starts_with("provisioner[") => {
            Some(format!("{address} {place} {kind}"))
        }
        None if facts.get("runs").is_some() => Some(format!("{address} - {kind}")),
        _ if hit.message.contains("invokes the action") && facts["latent"] == json!(false) => {
            Some(format!("{address} action {kind}"))
        }
        _ => None,
    }
}

fn plans_below(directory: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            plans_below(&path, out);
        } else if path.extension().is_some_and(|e| e == "json") {
            out.push(path);
        }
    }
}

fn policies() -> Policies {
    let nothing_approved = json!({"approved-providers": {"allow": []}});
    let settings = Settings {
        policy: nothing_approved.as_object().unwrap().clone(),
        disabled: BTreeSet::new(),
        timeout: Duration::from_secs(60),
        threads: 1,
        trust: Trust::Worktree,
        commit: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    Policies::load(&command_line_bundles(&[]).unwrap(), settings)
}

#[test]
fn three_policies_agree_with_a_plain_reading_of_the_plan() {
    let policies = policies();
    assert_eq!(policies.problems, []);
    let mut files = Vec::new();
    plans_below(&package("testdata"), &mut files);
    for directory in std::env::var_os("COUNTERSIGN_PLANS")
        .iter()
        .flat_map(std::env::split_paths)
    {
        plans_below(&directory, &mut files);
    }
    let mut compared: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut read = 0;
    for path in files {
        let Ok(plan) = Plan::read(fs::read(&path).unwrap()) else {
            continue;
        };
        // By its parts, since other words may stand around the JSON.
        let parts = plan.section_names().map(|name| {
            let text = plan.section(name).unwrap();
            (name.to_owned(), serde_json::from_str(text).unwrap())
        });
        let tree = Json::Object(parts.collect());
        read += 1;
        let subject = Subject {
            plan: &plan,
            change: None,
            source: None,
            proof: None,
            explanation: None,
            repository: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let results = policies.evaluate(&subject, &|_, _| Availability::Present, &|_, _| {});
        assert_eq!(results.problems, [], "{}", path.display());
        let expected = [
            ("no-destroy", destroyed(&tree)),
            ("no-local-exec", programs(&tree)),
            ("approved-providers", providers(&tree)),
        ];
        for (policy, expected) in expected {
            let found = found(&policies, &results.hits, policy);
            if found != expected {
                let only = |one: &Claims, other: &Claims| -> Vec<String> {
                    let differs = one
                        .iter()
                        .filter(|(claim, count)| other.get(*claim) != Some(*count));
                    differs
                        .map(|((rule, thing), count)| format!("{rule} {thing} ×{count}"))
                        .collect()
                };
                wrong.push(format!(
                    "{} {policy}: missing {:?}, too much {:?}",
                    path.display(),
                    only(&expected, &found),
                    only(&found, &expected)
                ));
            }
            for ((rule, _), count) in found {
                *compared.entry((policy, rule)).or_default() += count;
            }
        }
    }
    println!("{read} plans, {compared:?}");
    assert!(
        wrong.is_empty(),
        "{} disagreements:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(read > 30, "{read}");
    for (policy, rule) in [
        ("no-destroy", "deny"),
        ("no-destroy", "warn"),
        ("no-local-exec", "deny"),
        ("approved-providers", "deny"),
    ] {
        assert!(compared[&(policy, rule.to_owned())] > 0, "{policy} {rule}");
    }
}
