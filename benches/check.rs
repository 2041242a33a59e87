//! Reading and checking plans of 1,000, 10,000 and 50,000 resource changes: processor time, wall clock and peak memory.
//!
//! `cargo bench` expands the demonstration's plan; `cargo bench -- FILE...` measures plans of your own. Each measurement runs in a process of
//! its own, so that the peak is its own. Beside it stands `serde_json::from_slice::<Value>` of the same bytes, as a yardstick.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use countersign::decision::Journal;
use countersign::load::{self, PlanSource, Request};
use countersign::plan::Plan;
use countersign::review::verdict;
use serde_json::Value;

/// What is measured: a plain JSON tree of the same bytes as the yardstick, loading on one core and on all, the whole check, and the same
/// with 60 rules of a team's own.
const MODES: [&str; 5] = ["value", "read-1", "read", "check", "rules"];

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if let [mode, file] = arguments.as_slice()
        && MODES.contains(&mode.as_str())
    {
        measure(mode, Path::new(file));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = if arguments.is_empty() {
        [1_000, 10_000, 50_000]
            .iter()
            .map(|n| expand(directory.path(), *n))
            .collect()
    } else {
        arguments.iter().map(PathBuf::from).collect()
    };
    println!(
        "{:<28} {:>7} {:<6} {:>8} {:>8} {:>9}",
        "plan", "MB", "what", "cpu s", "wall s", "peak MB"
    );
    for file in &files {
        let size = std::fs::metadata(file).unwrap().len() as f64 / 1e6;
        for mode in MODES {
            let mut runs: Vec<Vec<f64>> = (0..3).map(|_| run(mode, file)).collect();
            runs.sort_by(|a, b| a[0].total_cmp(&b[0]));
            let median = &runs[1];
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            println!(
                "{name:<28} {size:>7.1} {mode:<6} {:>8.2} {:>8.2} {:>9.0}",
                median[0], median[1], median[2]
            );
        }
    }
}

/// Runs one measurement in a process of its own.
fn run(mode: &str, file: &Path) -> Vec<f64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([mode, file.to_str().unwrap()])
        .env("RUST_LIB_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect()
}

fn measure(mode: &str, file: &Path) {
    let started = Instant::now();
    match mode {
        "value" => {
            let bytes = std::fs::read(file).unwrap();
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            std::hint::black_box(&value);
        }
        "read" | "read-1" => {
            let threads = if mode == "read" { cores() } else { 1 };
            let plan = Plan::read_on(std::fs::read(file).unwrap(), threads).unwrap();
            std::hint::black_box(&plan);
        }
        _ => {
            let mut request = request(file);
            let directory = tempfile::tempdir().unwrap();
            if mode == "rules" {
                write_rules(directory.path());
                request.policies.push(directory.path().to_path_buf());
            }
            let loaded = load::load(&request, &|_, _, _| {}).unwrap();
            let verdict = verdict(&loaded.case, &Journal::default(), loaded_at());
            std::hint::black_box(&verdict);
        }
    }
    let wall = started.elapsed().as_secs_f64();
    println!("{} {wall} {}", cpu_seconds(), peak_megabytes());
}

/// Writes 60 rules as teams write them for conftest: six kinds of check for ten types of resources.
fn write_rules(directory: &Path) {
    const TYPES: [&str; 10] = [
        "aws_instance",
        "aws_s3_bucket",
        "aws_db_instance",
        "aws_security_group",
        "aws_iam_role",
        "aws_lambda_function",
        "google_compute_instance",
        "google_storage_bucket",
        "azurerm_storage_account",
        "azurerm_resource_group",
    ];
    const CHECKS: [&str; 6] = [
        "\"delete\" in rc.change.actions\n\tmsg := sprintf(\"%s is destroyed\", [rc.address])",
        "tags := object.get(rc.change.after, \"tags\", {})\n\tsome key in [\"owner\", \"cost-center\"]\n\tnot tags[key]\n\tmsg := sprintf(\"%s has no tag %s\", [rc.address, key])",
        "not startswith(rc.change.after.name, \"prod-\")\n\tmsg := sprintf(\"%s is not named after its stage: %v\", [rc.address, rc.change.after.name])",
        "rule := rc.change.after.ingress[_]\n\trule.cidr_blocks[_] == \"0.0.0.0/0\"\n\tmsg := sprintf(\"%s is open to the world on port %d\", [rc.address, rule.from_port])",
        "not rc.change.after.encrypted\n\tnot rc.change.after.kms_key_id\n\tmsg := sprintf(\"%s is not encrypted\", [rc.address])",
        "document := json.unmarshal(rc.change.after.policy)\n\tdocument.Statement[_].Action == \"*\"\n\tmsg := sprintf(\"%s allows everything\", [rc.address])",
    ];
    for kind in TYPES {
        let mut text = format!("package bench.{kind}\n");
        for check in CHECKS {
            text.push_str(&format!(
                "\ndeny contains msg if {{\n\trc := input.resource_changes[_]\n\trc.type == \"{kind}\"\n\t{check}\n}}\n"
            ));
        }
        std::fs::write(directory.join(format!("{kind}.rego")), text).unwrap();
    }
}

fn loaded_at() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

fn request(file: &Path) -> Request {
    Request {
        plans: vec![PlanSource::File(file.to_path_buf())],
        plan_file: None,
        directory: std::env::temp_dir(),
        repo: None,
        base: None,
        head: None,
        diff: None,
        policies: Vec::new(),
        data: Vec::new(),
        trust: None,
        baseline: None,
        keep_values: false,
        fail_on_warn: false,
        env: std::collections::BTreeMap::new(),
        now: loaded_at(),
        threads: cores(),
    }
}

/// User and system time of this process; 0 where the system does not tell.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|t| t.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_megabytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

/// Writes a plan with `count` resource changes: the demonstration's, over and over, under module instances of their own.
fn expand(directory: &Path, count: usize) -> PathBuf {
    let text = include_str!("../testdata/demo/plan.json");
    let mut plan: Value = serde_json::from_str(text).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap().clone();
    let resources = plan["planned_values"].clone();
    let prior = plan["prior_state"].clone();
    let copies = count.div_ceil(changes.len());
    let mut all = Vec::with_capacity(count);
    for copy in 0..copies {
        for change in &changes {
            if all.len() == count {
                break;
            }
            let mut change = change.clone();
            let module = format!("module.copy[{copy}]");
            let address = change["address"].as_str().unwrap().to_owned();
            change["address"] = Value::from(format!("{module}.{address}"));
            let inner = change.get("module_address").and_then(Value::as_str);
            let path = inner.map_or_else(|| module.clone(), |inner| format!("{module}.{inner}"));
            change["module_address"] = Value::from(path);
            all.push(change);
        }
    }
    plan["resource_changes"] = Value::Array(all);
    // What Terraform repeats per object is repeated here too, so that the file has the usual proportions.
    plan["planned_values"]["copies"] = Value::Array(vec![resources; copies]);
    plan["prior_state"]["copies"] = Value::Array(vec![prior; copies]);
    let path = directory.join(format!("{count}-changes.json"));
    std::fs::write(&path, plan.to_string()).unwrap();
    path
}
