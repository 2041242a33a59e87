//! Instance keys: which instances `count` and `for_each` give at head and base, as far as they can be read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::graph::{Graph, PART};
use super::judge::{Cause, Judge};
use super::places::modules_above;
use crate::change::FileStatus;
use crate::plan::{Action, Plan, ResourceChange};
use crate::source::{Piece, strip_keys};

/// The most values that are looked at for one instance key.
const MAX_NODES: usize = 10_000;

/// The most signs at which a key is taken apart.
const MAX_SIGNS: usize = 8;

/// Why an instance is there or not.
pub(super) enum Instance {
    /// Its key comes or goes.
    Because(Cause),
    /// The expression is touched, and its keys cannot be read.
    Perhaps(Cause),
}

impl Judge<'_> {
    /// Why an instance is there or not: `count` or `for_each` of the resource or of a module above.
    pub(super) fn instance(
        &self,
        row: &ResourceChange,
        [address, before_it]: [&str; 2],
        created: bool,
    ) -> Option<Instance> {
        let keys = steps(&row.address);
        let key_of = |path: &str| {
            let step = keys.iter().find(|(name, _)| name == path);
            step.and_then(|(_, key)| key.as_deref())
        };
        let module = strip_keys(&row.module);
        let mut scopes = modules_above(&module);
        scopes.push(address);
        let outside = scopes.iter().find_map(|scope| self.outside_repeat(scope));
        for scope in scopes {
            let before = if scope == address {
                before_it.to_owned()
            } else {
                self.moves.before(scope).into_owned()
            };
            for name in ["for_each", "count", "enabled"] {
                let Some(cause) = self.part(scope, &before, name) else {
                    continue;
                };
                let literal = |graph: &Graph, scope: &str| {
                    graph.find(&format!("{scope}{PART}{name}"))?.literal.clone()
                };
                let key = key_of(scope);
                // Without the argument there is one instance, and it has no key.
                let holds = |graph: &Graph, scope: &str| {
                    if graph.position(&format!("{scope}{PART}{name}")).is_none() {
                        return Some(key.is_none());
                    }
                    gives(literal(graph, scope).as_deref()?, key)
                };
                let (old, new) = (holds(self.base, &before), holds(self.head, scope));
                // Where both can be read, the instance must be one that came or went.
                if old.is_some() && old == new || new == Some(!created) {
                    continue;
                }
                // Of what was, or will be, without the instance for certain nothing more need be known.
                let certain = if created { old } else { new } == Some(false);
                let known = certain
                    || match name {
                        "for_each" => key.is_some_and(|key| {
                            self.names(scope, &before, key, created)
                                || self.goes_along(scope, key, created)
                        }),
                        "count" => key.is_some_and(|key| self.is_last(scope, key, created)),
                        _ => true,
                    };
                // Any of them may bring or take it.
                return Some(if certain || known && outside.is_none() {
                    Instance::Because(Cause {
                        outside: None,
                        ..cause
                    })
                } else {
                    Instance::Perhaps(Cause { outside, ..cause })
                });
            }
        }
        None
    }

    /// The value from outside that says how many objects an address stands for.
    fn outside_repeat(&self, scope: &str) -> Option<Arc<str>> {
        ["for_each", "count", "enabled"].iter().find_map(|name| {
            let node = self.head.find(&format!("{scope}{PART}{name}"))?;
            node.outside.clone()
        })
    }

    /// Whether what a `for_each` refers to says the key at one commit only: at head of a new instance, at base of one that is gone.
    fn names(&self, scope: &str, before: &str, key: &str, created: bool) -> bool {
        let part = |address: &str| format!("{address}{PART}for_each");
        let (new, read) = says(self.head, &part(scope), key);
        let (old, _) = says(self.base, &part(before), key);
        let new = new || says_parts(self.head, &part(scope), key);
        let old = old || says_parts(self.base, &part(before), key);
        let lines = |added: bool| {
            let files = read.iter().filter_map(|file| self.change.file(file));
            let mut lines = files
                .flat_map(|file| &file.hunks)
                .flat_map(|hunk| if added { &hunk.added } else { &hunk.removed });
            lines.any(|line| holds_word(&line.text, key))
        };
        // A listed file has the key as its name.
        let listed = |side: FileStatus| {
            let is_key = |path: &str| {
                let above = path.strip_suffix(key);
                above.is_some_and(|above| above.is_empty() || above.ends_with('/'))
            };
            let mut files = self.change.files.iter();
            !read.is_empty() && files.any(|file| file.status == side && is_key(&file.path))
        };
        let new = new || lines(true) || listed(FileStatus::Added);
        let old = old || lines(false) || listed(FileStatus::Deleted);
        if created { new && !old } else { old && !new }
    }

    /// Whether an instance of a resource that the `for_each` refers to has the same key, comes or goes too, and is explained.
    fn goes_along(&self, scope: &str, key: &str, created: bool) -> bool {
        let mut open: Vec<usize> = self
            .head
            .position(&format!("{scope}{PART}for_each"))
            .into_iter()
            .collect();
        let mut seen: HashSet<usize> = open.iter().copied().collect();
        while let Some(at) = open.pop() {
            if self.head.is_resource(at) {
                let address = self.head.key(at).unwrap_or_default();
                let known = (address.to_owned(), key.to_owned(), created);
                if self.keyed.get(&known) == Some(&true) {
                    return true;
                }
            } else if seen.len() < MAX_NODES {
                open.extend(self.head.links(at).filter(|link| seen.insert(*link)));
            }
        }
        false
    }

    /// Whether an index comes behind those that were there before, or of one that is gone, that stay.
    fn is_last(&self, scope: &str, key: &str, created: bool) -> bool {
        let Some([before, after]) = self.counts.get(scope) else {
            return false;
        };
        let last = if created { before } else { after };
        key.parse::<u64>()
            .is_ok_and(|key| last.is_none_or(|last| last < key))
    }
}

/// Whether the text of a value, or of what it refers to, says a word; with the touched files that are read on the way.
fn says(graph: &Graph, key: &str, word: &str) -> (bool, BTreeSet<Arc<str>>) {
    let mut open: Vec<usize> = graph.position(key).into_iter().collect();
    let mut seen: HashSet<usize> = open.iter().copied().collect();
    let (mut found, mut read) = (false, BTreeSet::new());
    while let Some(at) = open.pop() {
        let Some(node) = graph.node(at).filter(|_| !graph.is_resource(at)) else {
            continue;
        };
        found |= node
            .pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text(text) if holds_word(text, word)));
        read.extend(node.reads.clone());
        if seen.len() < MAX_NODES {
            open.extend(graph.links(at).filter(|link| seen.insert(*link)));
        }
    }
    (found, read)
}

/// Whether the text says both parts of a key that may be put together, as `"${name}-${region}"` is, at one of its signs.
fn says_parts(graph: &Graph, of: &str, key: &str) -> bool {
    let signs = key.match_indices(['-', '_', '.', '/', ':', '|']);
    signs.take(MAX_SIGNS).any(|(at, sign)| {
        let (first, last) = (key.get(..at), key.get(at + sign.len()..));
        let says = |part: Option<&str>| part.is_some_and(|part| says(graph, of, part).0);
        says(first) && says(last)
    })
}

/// Whether a text holds a word that no letter, digit or sign of a name goes on with.
fn holds_word(text: &str, word: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-./".contains(c));
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let behind = text
                .get(at + word.len()..)
                .and_then(|text| text.chars().next());
            !goes_on(before) && !goes_on(behind)
        })
}

/// The highest index of each counted object, before the plan and after it.
pub(super) fn counts(plan: &Plan) -> HashMap<String, [Option<u64>; 2]> {
    let mut counts: HashMap<String, [Option<u64>; 2]> = HashMap::new();
    for row in plan.changes.iter().filter(|row| row.deposed.is_none()) {
        for (path, key) in steps(&row.address) {
            let Some(index) = key.and_then(|key| key.parse::<u64>().ok()) else {
                continue;
            };
            let [before, after] = counts.entry(path).or_default();
            if row.action != Action::Create {
                *before = (*before).max(Some(index));
            }
            if !matches!(row.action, Action::Delete | Action::Forget) {
                *after = (*after).max(Some(index));
            }
        }
    }
    counts
}

/// The names on the way to an object with their instance keys: `module.a["x"].t.n[0]` gives `module.a` with `"x"` and `module.a.t.n`
/// with `0`.
pub(super) fn steps(address: &str) -> Vec<(String, Option<String>)> {
    let mut steps: Vec<(String, Option<String>)> = Vec::new();
    let mut path = String::new();
    let mut rest = address;
    while let Some(at) = rest.find('[') {
        let (before, behind) = rest.split_at(at);
        path.push_str(before);
        let end = key_end(behind);
        let (key, after) = behind.split_at(end);
        let inner = key.strip_prefix('[').unwrap_or(key);
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let key =
            serde_json::from_str::<String>(inner).unwrap_or_else(|_not_a_text| inner.to_owned());
        steps.push((path.clone(), Some(key)));
        rest = after;
    }
    path.push_str(rest);
    if !rest.is_empty() {
        steps.push((path, None));
    }
    steps
}

/// The key of an instance in its resource.
pub(super) fn last_key(address: &str) -> Option<String> {
    let (_, key) = steps(address).pop()?;
    key
}

/// Where the key that begins with a bracket ends.
fn key_end(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a literal `count` or `for_each` gives an instance with this key.
pub(super) fn gives(literal: &Json, key: Option<&str>) -> Option<bool> {
    let Some(key) = key else {
        return Some(false);
    };
    match literal {
        Json::Number(number) => {
            let key: u64 = key.parse().ok()?;
            Some(key < number.as_u64()?)
        }
        Json::Array(items) => {
            let keys: Option<BTreeSet<&str>> = items.iter().map(Json::as_str).collect();
            Some(keys?.contains(key))
        }
        Json::Object(items) => Some(items.contains_key(key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_beside_their_names() {
        let steps = |address| {
            let list = steps(address);
            list.into_iter()
                .map(|(path, key)| format!("{path}={}", key.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            steps("module.a[\"x].\\\"y\"].module.b.t.n[0]"),
            ["module.a=x].\"y", "module.a.module.b.t.n=0"]
        );
        assert_eq!(steps("t.n"), ["t.n="]);
        assert_eq!(steps("t.n[\"open"), ["t.n=\"open"]);
    }

    #[test]
    fn a_key_is_given_or_not() {
        assert_eq!(gives(&json!(2), Some("1")), Some(true));
        assert_eq!(gives(&json!(2), Some("2")), Some(false));
        assert_eq!(gives(&json!(["a"]), Some("a")), Some(true));
        assert_eq!(gives(&json!({"a": 1}), Some("b")), Some(false));
        assert_eq!(gives(&json!("a"), Some("b")), None);
        assert_eq!(gives(&json!(2), None), Some(false));
    }
}
