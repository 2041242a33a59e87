//! The reverse: what the git change touches and no change of the plan uses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::{Graph, Node, PART};
use super::judge::Judge;
use super::places::modules_above;
use super::{Unplanned, Verdict};
use crate::source::strip_keys;

/// A place at head or base, and what stands there as its module names it.
type Copies = (bool, Arc<str>, usize, String);

/// Something that was changed and plans nothing, by its place.
pub(super) fn find(judge: &Judge<'_>, verdicts: &[Option<Verdict>]) -> Vec<Unplanned> {
    let plan = judge.plan;
    let mut used: [Vec<bool>; 2] = [
        vec![false; judge.head.nodes.len()],
        vec![false; judge.base.nodes.len()],
    ];
    let mut starts: BTreeSet<String> = BTreeSet::new();
    for (row, verdict) in plan.changes.iter().zip(verdicts) {
        if verdict.is_some() || row.action == crate::plan::Action::Read {
            starts.insert(strip_keys(&row.address));
            starts.extend(row.previous_address.as_deref().map(strip_keys));
        }
    }
    for row in &plan.deferred {
        starts.insert(strip_keys(&row.change.address));
    }
    for output in plan.outputs.iter().filter(|output| !output.is_quiet()) {
        starts.insert(format!("output.{}", output.name));
    }
    for (graph, used) in [judge.head, judge.base].into_iter().zip(&mut used) {
        spread(graph, &starts, used);
    }
    let [in_head, in_base] = &used;
    let mut found: BTreeMap<Copies, Unplanned> = BTreeMap::new();
    // What one call of a module uses is used, whatever other calls of it do.
    let in_use = |graph: &'_ Graph, used: &[bool]| -> BTreeSet<(Arc<str>, usize, String)> {
        let all = graph.nodes.iter().zip(used).filter(|(_, used)| **used);
        all.map(|(node, _)| (node.file.clone(), node.line, of_module(node).to_owned()))
            .collect()
    };
    let (head_use, base_use) = (in_use(judge.head, in_head), in_use(judge.base, in_base));
    let mut add = |node: &'_ Node, what: String, removed: bool| {
        let place = (node.file.clone(), node.line, of_module(node).to_owned());
        if (if removed { &base_use } else { &head_use }).contains(&place) {
            return;
        }
        let (file, line, name) = place;
        let one = Unplanned {
            file: file.to_string(),
            line,
            what,
            removed,
            copies: 0,
        };
        found
            .entry((removed, file, line, name))
            .or_insert(one)
            .copies += 1;
    };
    for at in 0..judge.head.nodes.len() {
        let (Some(node), Some(key)) = (judge.head.node(at), judge.head.key(at)) else {
            continue;
        };
        let Some(what) = item(key) else { continue };
        let old = judge.base.find(&judge.moves.before(key));
        let differs = old.is_none_or(|old| old.own != node.own);
        if differs && in_head.get(at) != Some(&true) {
            add(node, what, false);
        }
    }
    let kept: BTreeSet<String> = (0..judge.head.nodes.len())
        .filter_map(|at| judge.head.key(at))
        .map(|key| judge.moves.before(key).into_owned())
        .collect();
    for at in 0..judge.base.nodes.len() {
        let (Some(node), Some(key)) = (judge.base.node(at), judge.base.key(at)) else {
            continue;
        };
        let Some(what) = item(key) else { continue };
        if !kept.contains(key) && in_base.get(at) != Some(&true) {
            add(node, what, true);
        }
    }
    // Of a block that is new or gone as a whole its parts are not listed.
    let found: BTreeSet<Unplanned> = found.into_values().collect();
    let whole: BTreeSet<(bool, String)> = found
        .iter()
        .map(|one| (one.removed, one.what.clone()))
        .collect();
    found
        .into_iter()
        .filter(|one| {
            one.what
                .split_once(" of ")
                .is_none_or(|(_, block)| !whole.contains(&(one.removed, block.to_owned())))
        })
        .collect()
}

/// The key of a node, counted from its module.
fn of_module(node: &Node) -> &str {
    let rest = node.key.strip_prefix(node.module.as_ref());
    rest.map_or(node.key.as_ref(), |rest| rest.trim_start_matches('.'))
}

/// What a key stands for, where it is something that a plan can show.
fn item(key: &str) -> Option<String> {
    match key.split_once(PART) {
        None => Some(key.to_owned()),
        Some((_, part)) if part.starts_with('.') || part.contains(PART) => None,
        Some((_, part)) if part.starts_with("lifecycle") || part == "depends_on" => None,
        Some((_, "provisioner" | "connection")) => None,
        Some((address, part)) => Some(format!("{part} of {address}")),
    }
}

/// Marks everything that the starting points use, with the calls of the modules that they are in.
fn spread(graph: &Graph, starts: &BTreeSet<String>, used: &mut [bool]) {
    let mut open: Vec<usize> = Vec::new();
    let mut calls: BTreeSet<&str> = BTreeSet::new();
    for start in starts {
        open.extend(graph.position(start));
        calls.extend(modules_above(start));
        if let Some(resource) = graph.resources.get(start) {
            open.extend(resource.parts.values());
        }
    }
    for call in calls {
        let Some(call) = graph.calls.get(call) else {
            continue;
        };
        open.push(call.node);
        for name in [
            "for_each",
            "count",
            "enabled",
            "source",
            "version",
            "providers",
        ] {
            open.extend(call.parts.get(name));
        }
    }
    if !starts.is_empty() {
        open.extend(graph.providers.values().flatten());
    }
    while let Some(at) = open.pop() {
        let Some(slot) = used.get_mut(at) else {
            continue;
        };
        if !std::mem::replace(slot, true) {
            open.extend(graph.links(at));
        }
    }
}
