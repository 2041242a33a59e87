//! Variables with a value from outside that is the same as before, as the plan itself shows.
//!
//! The plan has the value of now only. But an attribute whose expression is the variable at both commits, and which had this value
//! before the plan and keeps it, got it from there: the variable had the same value when the object was last applied. An attribute that
//! `lifecycle` ignores shows nothing unless it has the value of now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;

use super::graph::{Graph, Moves, PART, is_meta, is_same};
use super::values::Fields;
use crate::plan::{Mode, Plan};
use crate::source::{Piece, strip_keys};

/// Positions of the variables whose value is that of before.
pub(super) fn variables(
    plan: &Plan,
    head: &Graph,
    base: &Graph,
    moves: &Moves,
    planned: &BTreeMap<String, Json>,
) -> BTreeSet<usize> {
    let mut same = BTreeSet::new();
    let named = names(head);
    if named.is_empty() {
        return same;
    }
    for row in &plan.changes {
        if row.mode == Mode::Data || row.deposed.is_some() {
            continue;
        }
        let address = strip_keys(&row.address);
        let Some(resource) = head.resources.get(&address) else {
            continue;
        };
        let before = moves.before(&address);
        let mut values: Option<Fields<'_>> = None;
        for (name, at) in resource.parts.iter().filter(|(name, _)| !is_meta(name)) {
            let items = head.below(&format!("{address}{PART}{name}{PART}"));
            let own = std::iter::once((name.clone(), *at));
            for (path, at) in own.chain(items.map(|(item, at)| (format!("{name}{PART}{item}"), at)))
            {
                let Some((variable, value)) = named.get(&at).and_then(|variable| {
                    let name = head.key(*variable)?.strip_prefix("var.")?;
                    Some((*variable, planned.get(name)?))
                }) else {
                    continue;
                };
                let old = base.find(&format!("{before}{PART}{path}"));
                let untouched = old.map(|old| old.digest) == head.node(at).map(|node| node.digest);
                let values = values.get_or_insert_with(|| Fields::of(plan, &row.body));
                if untouched && values.keeps(&path, value) {
                    same.insert(variable);
                }
            }
        }
    }
    same
}

/// The positions whose value is that of a variable from outside, with its position.
fn names(graph: &Graph) -> HashMap<usize, usize> {
    let mut named = HashMap::new();
    for at in &graph.order {
        let Some(node) = graph.node(*at) else {
            continue;
        };
        if node.outside.is_some() {
            named.insert(*at, *at);
            continue;
        }
        let references = node
            .pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Reference(_)));
        if let [Some(link)] = node.links.as_slice()
            && references.count() == 1
            && is_same(&node.pieces)
            && let Some(variable) = named.get(link)
        {
            named.insert(*at, *variable);
        }
    }
    named
}
