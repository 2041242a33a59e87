//! Whether the git change explains what the plan changes.
//!
//! Both commits' configurations become graphs (`graph`): every argument with the locals, variables, outputs, data sources and resources
//! that it refers to. A resource change is explained when each attribute that changes and is set in the configuration comes to something
//! else at head than at base, or refers to a resource whose own change is explained. So comments, layout, renamed locals and hunks on
//! other attributes explain nothing. Instances, deletes, moves and imports have rules of their own (`changes`).
//!
//! What feeds a value from outside the diff makes its cause unknown: an attribute change is explained only if the diff changed an input
//! of it and no value from outside (`-var`, the environment, a variable file that is not committed or not known to be used) feeds the
//! same attribute. The plan does not tell what such a value was before, so a touched expression may have no effect, and the value from
//! outside all of it. The same holds for what says how many instances there are. There are two ways out, both proven by the plan:
//! an item of an object that does not change needs no explanation (`nodes`), and a variable whose value an attribute had before and
//! keeps is the same as before (`same`). A value that equals a committed default or variable file is not from outside at all.
//!
//! Invariants: what cannot be known is never [`Verdict::Explained`]; a reason holds names and places, no values; the work is linear in
//! blocks, references and changes; nothing recurses over the input.

mod changes;
mod files;
mod graph;
mod instances;
mod judge;
mod links;
mod nodes;
mod places;
mod same;
mod types;
mod unplanned;
mod values;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::change;
use crate::plan::Plan;
use crate::source::{SourceIndex, directory, strip_keys};
use files::Touched;
use graph::{Graph, Ground, Moves};
use judge::{Cause, Grounds, Judge};
use places::Providers;

pub(super) use types::Type;
pub use variables::VariableFile;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The git change between the two commits.
    pub change: &'a change::Change,
    /// The configuration at the commit under review.
    pub head: &'a SourceIndex,
    /// The configuration at the commit that it is compared with.
    pub base: &'a SourceIndex,
    /// The directory of the root module.
    pub root: &'a str,
    /// Files of variable values: those of the root module's directory, and those that the change touches.
    pub variables: &'a [VariableFile],
}

/// A reason: what and where, without values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A sentence.
    pub text: String,
    /// The file that it names first.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<usize>,
    /// Whether it counts on something not being there.
    #[serde(skip)]
    by_absence: bool,
}

impl Reason {
    fn of(text: String) -> Self {
        Self {
            text,
            file: None,
            line: None,
            by_absence: false,
        }
    }

    fn from_cause(cause: &Cause, user: &str) -> Self {
        Self::placed(cause.reason(user), cause)
    }

    /// A sentence about a cause.
    fn placed(mut text: String, cause: &Cause) -> Self {
        // Other texts begin with a path or an address.
        if text.starts_with("the ") {
            text.replace_range(..1, "T");
        }
        Self {
            text: format!("{text}."),
            file: Some(cause.file.to_string()),
            line: Some(cause.line),
            by_absence: cause.by_absence,
        }
    }
}

/// Whether the git change explains a change of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Explained(Reason),
    /// A change made outside Terraform accounts for it, or for a part of it.
    Drift(Reason),
    /// Neither does.
    Unexplained(Reason),
    /// It cannot be known.
    NotKnown(Reason),
}

impl Verdict {
    /// The word that policies see.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Explained(_) => "explained",
            Self::Drift(_) => "drift",
            Self::Unexplained(_) => "unexplained",
            Self::NotKnown(_) => "not-known",
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Explained(reason)
            | Self::Drift(reason)
            | Self::Unexplained(reason)
            | Self::NotKnown(reason) => reason,
        }
    }

    /// Yes or no, where it is one of them.
    #[must_use]
    pub fn is_explained(&self) -> Option<bool> {
        match self {
            Self::Explained(_) => Some(true),
            Self::Unexplained(_) => Some(false),
            Self::Drift(_) | Self::NotKnown(_) => None,
        }
    }
}

/// A resource change with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Position among the plan's changes.
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
}

/// An output change with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The name of the output.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// Something that the change touches and that plans nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unplanned {
    /// The file, of what was removed the one at base.
    pub file: String,
    /// The line.
    pub line: usize,
    /// What it is.
    pub what: String,
    /// Whether the change removes it.
    pub removed: bool,
    /// In how many calls of its module it stands.
    pub copies: usize,
}

/// The verdicts on one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Of each resource change that does something, in the plan's order.
    pub changes: Vec<Change>,
    /// Of each output that changes.
    pub outputs: Vec<Output>,
    /// What was touched and plans nothing.
    pub unplanned: Vec<Unplanned>,
}

impl Explanation {
    /// The verdict on the plan's change at a position.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<&Verdict> {
        let at = self
            .changes
            .binary_search_by_key(&index, |change| change.index)
            .ok()?;
        self.changes.get(at).map(|change| &change.verdict)
    }

    /// What policies see of it under `input.countersign.provenance`.
    #[must_use]
    pub fn document(&self, plan: &Plan) -> Json {
        let explained = self.changes.iter().filter_map(|change| {
            let planned = plan.changes.get(change.index)?;
            let reason = change.verdict.reason();
            Some(json!({
                "address": planned.address,
                "deposed": planned.deposed,
                "type": planned.kind,
                "actions": planned.words,
                "verdict": change.verdict.word(),
                "reason": reason.text,
                "file": reason.file,
                "line": reason.line,
            }))
        });
        let outputs = self.outputs.iter().map(|output| {
            let reason = output.verdict.reason();
            json!({
                "name": output.name,
                "verdict": output.verdict.word(),
                "reason": reason.text,
                "file": reason.file,
                "line": reason.line,
            })
        });
        json!({
            "explained": explained.collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
            "unplanned": self.unplanned,
        })
    }
}

/// Joins a plan with the change behind it.
#[must_use]
pub fn explain(plan: &Plan, sides: &Sides<'_>) -> Explanation {
    let touched = Touched::of(
        sides.change,
        [sides.head, sides.base].map(SourceIndex::links),
    );
    let variables = variables::read(sides.variables, sides.root, [sides.head, sides.base], plan);
    let moves = moves(sides);
    let none = Moves::default();
    let ground = |index, variables, touched, moves| {
        Graph::build(&Ground {
            index,
            root: sides.root,
            variables,
            touched,
            moves,
        })
    };
    let mut head = ground(sides.head, &variables.head, Some(&touched), &moves);
    let base = ground(sides.base, &variables.base, None, &none);
    let same = same::variables(plan, &head, &base, &moves, &variables.planned);
    head.feed(&same);
    let judge = Judge::new(Grounds {
        plan,
        head: &head,
        base: &base,
        moves: &moves,
        providers: Providers::of(sides.head, sides.base),
        added: added(sides),
        change: sides.change,
    });
    let (mut verdicts, judge) = judge.run();
    let unplanned = unplanned::find(&judge, &verdicts);
    let mut outputs: Vec<Output> = plan
        .outputs
        .iter()
        .filter(|output| !output.is_quiet())
        .map(|output| Output {
            name: output.name.clone(),
            verdict: output_verdict(&judge, &output.name),
        })
        .collect();
    if let Some(place) = problem(sides, &variables.problems) {
        let all = verdicts.iter_mut().flatten();
        all.chain(outputs.iter_mut().map(|output| &mut output.verdict))
            .for_each(|verdict| doubt(verdict, &place));
    }
    let changes = verdicts.into_iter().enumerate();
    Explanation {
        changes: changes
            .filter_map(|(index, verdict)| {
                Some(Change {
                    index,
                    verdict: verdict?,
                })
            })
            .collect(),
        outputs,
        unplanned,
    }
}

fn output_verdict(judge: &Judge<'_>, name: &str) -> Verdict {
    let key = format!("output.{name}");
    let Some(at) = judge.head.position(&key) else {
        return match judge.base.find(&key) {
            Some(old) => Verdict::Explained(Reason {
                text: format!(
                    "The change removes {key} (was at {}:{}).",
                    old.file, old.line
                ),
                file: Some(old.file.to_string()),
                line: Some(old.line),
                by_absence: true,
            }),
            None => Verdict::Unexplained(Reason::of(format!("{key} stands in neither commit."))),
        };
    };
    if let Some(cause) = judge.cause(at) {
        if let Some(text) = cause.with_outside(&key) {
            return Verdict::NotKnown(Reason::placed(text, &cause));
        }
        let reason = Reason::from_cause(&cause, &key);
        return if cause.drift {
            Verdict::Drift(reason)
        } else {
            Verdict::Explained(reason)
        };
    }
    if let Some(followed) = judge.follows(&key) {
        let reason = Reason::of(format!("It follows {}.", followed.sentence()));
        return if followed.certain {
            Verdict::Unexplained(reason)
        } else {
            Verdict::NotKnown(reason)
        };
    }
    let text = format!("Nothing in the change touches {key}, nor what it refers to.");
    match judge.head.node(at).and_then(|node| node.hint.as_ref()) {
        Some(hint) if hint.is_doubt() => Verdict::NotKnown(Reason::of(text)),
        _ => Verdict::Unexplained(Reason::of(text)),
    }
}

/// What was not understood makes absence, and so much that rests on it, unknown.
fn doubt(verdict: &mut Verdict, place: &str) {
    let reason = match verdict {
        Verdict::Unexplained(reason) => reason,
        Verdict::Explained(reason) if reason.by_absence => reason,
        _ => return,
    };
    *verdict = Verdict::NotKnown(Reason::of(format!(
        "{place} was not fully understood. {}",
        reason.text
    )));
}

/// The first place in the reach of the root module that was not understood.
fn problem(sides: &Sides<'_>, variables: &[String]) -> Option<String> {
    let of = |index: &SourceIndex| {
        let reached: BTreeSet<&str> = index
            .facts
            .blocks
            .iter()
            .filter(|block| block.module.is_some())
            .map(|block| directory(&block.file))
            .collect();
        let mut problems = index.problems.iter().filter(|problem| problem.syntax);
        problems
            .find(|problem| reached.contains(directory(&problem.file)))
            .map(|problem| match problem.line {
                Some(line) => format!("{}:{line}", problem.file),
                None => problem.file.to_string(),
            })
    };
    of(sides.head)
        .or_else(|| of(sides.base))
        .or_else(|| variables.first().cloned())
}

/// The `moved` blocks that the change adds, by their new address without keys.
fn moves(sides: &Sides<'_>) -> Moves {
    let mut old = BTreeSet::new();
    for moved in &sides.base.facts.moved {
        old.insert((&moved.from, &moved.to));
    }
    // What the base never had cannot have moved, and what it has already was not moved there.
    let facts = &sides.base.facts;
    let blocks = facts
        .blocks
        .iter()
        .filter_map(|block| block.address.as_deref());
    let calls = facts
        .module_calls
        .iter()
        .filter_map(|call| call.address.as_deref());
    let known: BTreeSet<String> = blocks.chain(calls).map(strip_keys).collect();
    let mut moves = Moves::default();
    for moved in &sides.head.facts.moved {
        let (from, to) = (strip_keys(&moved.from), strip_keys(&moved.to));
        let new = moved.module.is_some() && !old.contains(&(&moved.from, &moved.to));
        if new && known.contains(&from) && !known.contains(&to) {
            moves.insert(to, from);
        }
    }
    moves
}

/// The `moved`, `import` and `removed` blocks that the change adds, by kind and address without keys.
fn added(sides: &Sides<'_>) -> HashMap<(&'static str, String), (Arc<str>, usize)> {
    let (head, base) = (&sides.head.facts, &sides.base.facts);
    let mut found = HashMap::new();
    let old: BTreeSet<(&str, &str, &str)> = base
        .moved
        .iter()
        .map(|moved| ("moved", moved.from.as_str(), moved.to.as_str()))
        .chain(
            base.imported
                .iter()
                .map(|import| ("import", "", import.to.as_str())),
        )
        .chain(
            base.removed
                .iter()
                .map(|removed| ("removed", removed.from.as_str(), "")),
        )
        .collect();
    let mut add = |kind, from: &str, to: &str, of: &str, place: (&Arc<str>, usize)| {
        if !old.contains(&(kind, from, to)) {
            found.insert((kind, strip_keys(of)), (place.0.clone(), place.1));
        }
    };
    for moved in head.moved.iter().filter(|moved| moved.module.is_some()) {
        add(
            "moved",
            &moved.from,
            &moved.to,
            &moved.to,
            (&moved.file, moved.line),
        );
    }
    for import in head
        .imported
        .iter()
        .filter(|import| import.module.is_some())
    {
        add(
            "import",
            "",
            &import.to,
            &import.to,
            (&import.file, import.line),
        );
    }
    for removed in head
        .removed
        .iter()
        .filter(|removed| removed.module.is_some())
    {
        add(
            "removed",
            &removed.from,
            "",
            &removed.from,
            (&removed.file, removed.line),
        );
    }
    found
}
