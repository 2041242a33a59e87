//! Why values differ between the commits: the first place on the way from a value to what was changed.
//!
//! One pass over the head's graph in the order of its references. Each value gets at most two causes: that its configuration differs,
//! and that it refers to a resource which changes in this plan.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Verdict;
use super::graph::{Graph, Hint, Moves, PART, is_meta};
use super::instances::{counts, last_key};
use super::places::{Providers, modules_above};
use super::values::Fields;
use crate::change;
use crate::plan::{Action, Plan};
use crate::source::{Piece, strip_keys};

/// What makes something differ.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// What was changed and where.
    pub(super) text: String,
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    /// The resource through which it comes.
    pub(super) through: Option<Arc<str>>,
    /// Whether it is not the git change, but one made outside Terraform.
    pub(super) drift: bool,
    /// Whether it counts on something not being there.
    pub(super) by_absence: bool,
    /// The variable with a value from outside that the value uses too, so that the cause may not be this.
    pub(super) outside: Option<Arc<str>>,
}

impl Cause {
    /// The cause as a part of a sentence, with what uses it.
    pub(super) fn reason(&self, user: &str) -> String {
        let through = match &self.through {
            Some(_) if self.drift => return format!("{}, which {user} uses", self.text),
            Some(resource) => format!(", by which {resource} changes, used by {user}"),
            None if user.is_empty() || self.text.contains(&format!(" {user} of ")) => String::new(),
            None => format!(", used by {user}"),
        };
        format!("{}{through}", self.text)
    }

    /// The cause, with what `user` has from outside.
    pub(super) fn with_outside(&self, user: &str) -> Option<String> {
        let outside = self.outside.as_ref()?;
        let cause = self.reason(user);
        let user = if user.is_empty() { "it" } else { user };
        Some(format!("{cause}, but {user} also depends on {outside}"))
    }
}

/// What is known while changes are judged.
pub(super) struct Judge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) head: &'a Graph,
    pub(super) base: &'a Graph,
    pub(super) moves: &'a Moves,
    pub(super) providers: Providers<'a>,
    /// `moved`, `import` and `removed` blocks that the change adds.
    pub(super) added: HashMap<(&'static str, String), (Arc<str>, usize)>,
    /// Rows of drift by address.
    pub(super) drift: HashMap<&'a str, usize>,
    /// Configuration addresses with drift.
    pub(super) drifted: HashSet<String>,
    /// The highest index of each counted object, before the plan and after it.
    pub(super) counts: HashMap<String, [Option<u64>; 2]>,
    pub(super) change: &'a change::Change,
    textual: Vec<Option<Rc<Cause>>>,
    flow: Vec<Option<Rc<Cause>>>,
    /// The resource that it refers to and whose change is not explained.
    follows: Vec<Option<Rc<Followed>>>,
    /// Instances that come (`true`) or go, by configuration address and key, and whether that is explained of all of them.
    pub(super) keyed: HashMap<(String, String, bool), bool>,
}

/// A resource whose change is not explained.
pub(super) struct Followed {
    pub(super) address: String,
    /// Whether that is known.
    pub(super) certain: bool,
}

impl Followed {
    pub(super) fn sentence(&self) -> String {
        let Self { address, certain } = self;
        if *certain {
            format!("{address}, whose own change is not explained")
        } else {
            format!("{address}, of whose own change it is not known whether it is explained")
        }
    }
}

/// The grounds for [`Judge::new`].
pub(super) struct Grounds<'a> {
    pub(super) plan: &'a Plan,
    pub(super) head: &'a Graph,
    pub(super) base: &'a Graph,
    pub(super) moves: &'a Moves,
    pub(super) providers: Providers<'a>,
    pub(super) added: HashMap<(&'static str, String), (Arc<str>, usize)>,
    pub(super) change: &'a change::Change,
}

impl<'a> Judge<'a> {
    pub(super) fn new(grounds: Grounds<'a>) -> Self {
        let Grounds {
            plan,
            head,
            base,
            moves,
            providers,
            added,
            change,
        } = grounds;
        let rows = plan.drift.iter().enumerate();
        let drift = rows.map(|(at, row)| (row.address.as_str(), at)).collect();
        let drifted = plan
            .drift
            .iter()
            .map(|row| strip_keys(&row.address))
            .collect();
        Self {
            plan,
            head,
            base,
            moves,
            providers,
            added,
            drift,
            drifted,
            counts: counts(plan),
            change,
            textual: vec![None; head.nodes.len()],
            flow: vec![None; head.nodes.len()],
            follows: vec![None; head.nodes.len()],
            keyed: HashMap::new(),
        }
    }

    /// Judges every change of the plan, in its order.
    pub(super) fn run(mut self) -> (Vec<Option<Verdict>>, Self) {
        let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, row) in self.plan.changes.iter().enumerate() {
            rows.entry(strip_keys(&row.address)).or_default().push(at);
        }
        let mut verdicts: Vec<Option<Verdict>> = vec![None; self.plan.changes.len()];
        let addresses: HashMap<usize, &str> = self
            .head
            .resources
            .iter()
            .map(|(address, resource)| (resource.node, address.as_str()))
            .collect();
        for at in &self.head.order {
            let textual = self.differs(*at);
            set(&mut self.textual, *at, textual);
        }
        for at in &self.head.order {
            let at = *at;
            if !self.head.is_resource(at) {
                let flow = self
                    .head
                    .links(at)
                    .filter_map(|link| self.flow.get(link).cloned().flatten())
                    .min_by_key(|cause| cause.drift);
                set(&mut self.flow, at, flow);
                let follows = self
                    .head
                    .links(at)
                    .find_map(|link| self.follows.get(link).cloned().flatten());
                set(&mut self.follows, at, follows);
                continue;
            }
            let Some(address) = addresses.get(&at).copied() else {
                continue;
            };
            let mut best: Option<Cause> = None;
            for row in rows.remove(address).unwrap_or_default() {
                let Some(change) = self.plan.changes.get(row) else {
                    continue;
                };
                let (verdict, cause) = self.change(change);
                let is_explained = matches!(verdict, Some(Verdict::Explained(_)));
                if let (Action::Create | Action::Delete, Some(key)) =
                    (change.action, last_key(&change.address))
                {
                    let created = change.action == Action::Create;
                    let all = self.keyed.entry((address.to_owned(), key, created));
                    *all.or_insert(true) &= is_explained;
                }
                let certain = match verdict {
                    Some(Verdict::Unexplained(_)) => Some(true),
                    Some(Verdict::NotKnown(_)) if !self.is_followed_for_certain(at) => Some(false),
                    _ => None,
                };
                if let Some(certain) = certain {
                    let address = address.to_owned();
                    set(
                        &mut self.follows,
                        at,
                        Some(Rc::new(Followed { address, certain })),
                    );
                }
                let acts = !matches!(
                    change.action,
                    Action::NoOp | Action::Read | Action::Ephemeral
                );
                if let Some(mut cause) = cause.filter(|_| acts)
                    && best.as_ref().is_none_or(|best| best.drift && !cause.drift)
                {
                    cause.through = Some(address.into());
                    best = Some(cause);
                }
                if let Some(slot) = verdicts.get_mut(row) {
                    *slot = verdict;
                }
            }
            if best.is_none() && self.drifted.contains(address) {
                best = self.head.node(at).map(|node| Cause {
                    text: format!("{address} was changed outside Terraform (drift)"),
                    file: node.file.clone(),
                    line: node.line,
                    through: Some(address.into()),
                    drift: true,
                    by_absence: false,
                    outside: None,
                });
            }
            set(&mut self.flow, at, best.map(Rc::new));
        }
        // What has no block in the head.
        let mut rest: Vec<usize> = rows.into_values().flatten().collect();
        rest.sort_unstable();
        for row in rest {
            if let (Some(change), Some(slot)) = (self.plan.changes.get(row), verdicts.get_mut(row))
            {
                *slot = self.change(change).0;
            }
        }
        (verdicts, self)
    }

    fn is_followed_for_certain(&self, at: usize) -> bool {
        let followed = self.follows.get(at).and_then(Option::as_deref);
        followed.is_some_and(|followed| followed.certain)
    }

    /// Why the configuration of a value differs from the base's.
    fn differs(&self, at: usize) -> Option<Rc<Cause>> {
        let node = self.head.node(at)?;
        let place = |text: String, by_absence| {
            Some(Rc::new(Cause {
                text,
                file: node.file.clone(),
                line: node.line,
                through: None,
                drift: false,
                by_absence,
                outside: None,
            }))
        };
        let here = |verb: &str| format!("{}:{} {verb} {}", node.file, node.line, node.what);
        let key = self.head.key(at)?;
        let Some(old) = self.base.find(&self.moves.before(key)) else {
            return place(here("adds"), true);
        };
        if old.digest == node.digest {
            return None;
        }
        if let Some(file) = &node.reads {
            return place(format!("{file} changes, which {} reads", node.what), false);
        }
        if old.own != node.own {
            return place(here("changes"), false);
        }
        let below = self
            .head
            .links(at)
            .find_map(|link| self.textual.get(link).cloned().flatten());
        below.or_else(|| place(here("changes"), false))
    }

    /// Why a value differs, or may.
    pub(super) fn cause(&self, at: usize) -> Option<Cause> {
        let textual = self.textual.get(at).and_then(Option::as_deref);
        let cause = textual.or_else(|| self.flow.get(at).and_then(Option::as_deref));
        cause.map(|cause| self.with_outside(cause, at))
    }

    /// A cause of a value, with what that has from outside.
    fn with_outside(&self, cause: &Cause, at: usize) -> Cause {
        Cause {
            outside: self.head.node(at).and_then(|node| node.outside.clone()),
            ..cause.clone()
        }
    }

    /// Why a part differs: at head, or because the head has none any more.
    pub(super) fn part(&self, address: &str, before: &str, name: &str) -> Option<Cause> {
        let at = |graph: &Graph, address: &str| {
            let resource = graph
                .resources
                .get(address)
                .or_else(|| graph.calls.get(address));
            resource.and_then(|resource| resource.parts.get(name).copied())
        };
        match (at(self.head, address), at(self.base, before)) {
            (Some(at), _) => self.cause(at),
            (None, Some(old)) => {
                let old = self.base.node(old)?;
                Some(Cause {
                    text: format!(
                        "the change removes {} (was at {}:{})",
                        old.what, old.file, old.line
                    ),
                    file: old.file.clone(),
                    line: old.line,
                    through: None,
                    drift: false,
                    by_absence: true,
                    outside: None,
                })
            }
            (None, None) => None,
        }
    }

    /// Why a part of one instance differs: as [`Self::part`], but not where only other instances get another `each.value`.
    pub(super) fn part_of_instance(
        &self,
        [address, before]: [&str; 2],
        name: &str,
        key: Option<&str>,
    ) -> Option<Cause> {
        if let Some(cause) = self.file_of_instance(address, name, key) {
            return Some(cause);
        }
        let cause = self.part(address, before, name)?;
        let same = || {
            let part = |graph: &Graph, address: &str, name: &str| {
                graph.resources.get(address)?.parts.get(name).copied()
            };
            let (new, old) = (
                part(self.head, address, name)?,
                part(self.base, before, name)?,
            );
            let each = part(self.head, address, "for_each")?;
            if self.head.node(new)?.own != self.base.node(old)?.own
                || self.head.node(new)?.reads.is_some()
                || self
                    .head
                    .links(new)
                    .any(|link| link != each && self.textual.get(link).is_some_and(Option::is_some))
            {
                return None;
            }
            let item = |graph: &Graph, at: usize| {
                let literal = graph.node(at)?.literal.clone()?;
                match literal.as_ref() {
                    Json::Object(items) => items.get(key?).cloned(),
                    // A set's values are its keys.
                    Json::Array(items) => items.iter().find(|item| item.as_str() == key).cloned(),
                    _ => None,
                }
            };
            let old_each = part(self.base, before, "for_each")?;
            (item(self.head, each)? == item(self.base, old_each)?).then_some(new)
        };
        match same() {
            Some(at) => {
                let flow = self.flow.get(at)?.as_deref()?;
                Some(self.with_outside(flow, at))
            }
            None => Some(cause),
        }
    }

    /// The touched file that one instance reads, whose name its key gives.
    fn file_of_instance(&self, address: &str, name: &str, key: Option<&str>) -> Option<Cause> {
        let resource = self.head.resources.get(address)?;
        let node = self.head.node(*resource.parts.get(name)?)?;
        let file = node.by_key.get(key?)?;
        let outside = node.outside.clone();
        if node.by_value {
            let each = self.head.node(*resource.parts.get("for_each")?)?;
            let is_set = matches!(each.literal.as_deref(), Some(Json::Array(_)))
                || matches!(each.pieces.first(), Some(Piece::Text(text)) if text == "fileset" || text == "toset");
            is_set.then_some(())?;
        }
        Some(Cause {
            text: format!("{file} changes, which {} reads", node.what),
            file: node.file.clone(),
            line: node.line,
            through: None,
            drift: false,
            by_absence: false,
            outside,
        })
    }

    /// The resource that a value refers to and whose change is not explained.
    pub(super) fn follows(&self, key: &str) -> Option<&Followed> {
        self.follows.get(self.head.position(key)?)?.as_deref()
    }

    /// Why a part may differ without a change of the configuration.
    pub(super) fn hint(&self, address: &str, name: &str) -> Option<&Hint> {
        let at = self.head.position(&format!("{address}{PART}{name}"))?;
        self.head.node(at)?.hint.as_ref()
    }

    /// The items of an object written out in an argument that change in the plan.
    pub(super) fn items(&self, values: &Fields<'_>, address: &str, name: &str) -> Items {
        let prefix = format!("{address}{PART}{name}{PART}");
        let mut found = Items::default();
        let Some(changed) = values.changed_items(name) else {
            return found;
        };
        found.all = !changed.is_empty();
        for item in changed {
            let Some(at) = self.head.position(&format!("{prefix}{item}")) else {
                found.all = false;
                continue;
            };
            let node = self.head.node(at);
            match self.cause(at) {
                Some(cause) => found.fed = found.fed.or(cause.outside),
                None if node.is_some_and(|node| node.by_key.is_empty()) => {
                    found.untouched.push(format!("{name}{PART}{item}"));
                }
                None => {}
            }
        }
        found
    }

    /// The first attribute of a resource, or of what repeats it, that uses a value from outside, with that value.
    pub(super) fn outside_of(&self, address: &str) -> Option<(String, Arc<str>)> {
        let resource = self.head.resources.get(address)?;
        let own = resource
            .parts
            .iter()
            .filter(|(name, _)| !is_meta(name) || repeats(name));
        let above = modules_above(address).into_iter();
        let above = above.filter_map(|path| self.head.calls.get(path));
        let above = above.flat_map(|call| call.parts.iter().filter(|(name, _)| repeats(name)));
        own.chain(above).find_map(|(name, at)| {
            let outside = self.head.node(*at)?.outside.clone()?;
            Some((name.clone(), outside))
        })
    }

    /// The first value from outside that a module call uses.
    pub(super) fn outside_of_call(&self, path: &str) -> Option<Arc<str>> {
        let parts = &self.head.calls.get(path)?.parts;
        parts
            .values()
            .find_map(|at| self.head.node(*at)?.outside.clone())
    }
}

/// What of an object written out in an argument changes.
#[derive(Default)]
pub(super) struct Items {
    /// Whether every item that changes is written out.
    pub(super) all: bool,
    /// Paths of those that nothing explains.
    pub(super) untouched: Vec<String>,
    /// A value from outside that one of them uses.
    pub(super) fed: Option<Arc<str>>,
}

/// Whether an argument says how many objects there are.
pub(super) fn repeats(name: &str) -> bool {
    matches!(name, "count" | "for_each" | "enabled")
}

fn set<T: ?Sized>(list: &mut [Option<Rc<T>>], at: usize, value: Option<Rc<T>>) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}
