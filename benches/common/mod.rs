//! What the benchmarks share: a plan of any size, and the request to load it.

use std::path::{Path, PathBuf};

use countersign::load::{PlanSource, Request};
use serde_json::Value;

/// Processors.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The time of every run.
pub(crate) fn loaded_at() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

/// Asks for one plan without a repository.
pub(crate) fn request(file: &Path) -> Request {
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

/// Writes a plan with `count` resource changes: the demonstration's, over and over, under module instances of their own.
pub(crate) fn expand(directory: &Path, count: usize) -> PathBuf {
    let text = include_str!("../../testdata/demo/plan.json");
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
