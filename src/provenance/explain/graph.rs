//! One commit's configuration as a graph: every value with what it refers to, and a digest of what it comes to.
//!
//! A node's digest covers its own tokens with each reference replaced by the digest of what it refers to. So a renamed local, a moved
//! block or another layout gives the same digest, and a changed default gives another one to everything that uses it. A reference to a
//! resource counts by its address only: whether the resource changes is the plan's to say.
//!
//! Nodes are put in an order in which what is referred to comes first, without recursion; a circle is cut.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value as Json;

use super::files::Touched;
use super::variables::Variables;
use crate::digest::{Digest, Sink};
use crate::source::{Piece, SourceIndex};

/// What stands between an address and the name of a part in a key.
pub(super) const PART: char = '\0';

/// Something that has a value, or a resource.
pub(super) struct Node {
    pub(super) key: Arc<str>,
    /// The repository path of its file.
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    /// What it is, for people.
    pub(super) what: String,
    pub(super) pieces: Vec<Piece>,
    /// For each reference among the pieces, in order.
    pub(super) links: Vec<Option<usize>>,
    pub(super) module: Arc<str>,
    /// The address of the block whose `each` it may use.
    pub(super) scope: Option<String>,
    pub(super) kind: Kind,
    /// A touched file that it reads.
    pub(super) reads: Option<Arc<str>>,
    /// Touched files that it reads in the instances with these keys.
    pub(super) by_key: BTreeMap<String, Arc<str>>,
    /// Whether that holds only where the values of `for_each` are its keys.
    pub(super) by_value: bool,
    /// Why its value may differ without a change of the configuration.
    pub(super) hint: Option<Hint>,
    /// The variable with a value from outside that it uses, on whatever way, and why that is not known.
    pub(super) outside: Option<Arc<str>>,
    /// The value, where it can be read.
    pub(super) literal: Option<Arc<Json>>,
    /// What it comes to.
    pub(super) digest: Digest,
    /// Its own tokens, references left out.
    pub(super) own: Digest,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Value,
    Resource,
}

/// Why a value may differ although nothing in the repository does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// A function gives another result each time.
    Volatile(&'static str),
    /// It reads a file whose name is computed.
    Unread,
    /// It refers to a module whose files are not in the repository.
    Remote(String),
    /// The variable's value does not come from the files.
    Outside(String),
    /// The variable may have its value from this new file, which must be named to the plan command.
    NewFile(String, String),
    /// The variable's value is computed in a file.
    Computed(String),
    /// A data source reads it.
    Data(String),
}

impl Hint {
    /// Whether nobody can know, so that the value may come from the files after all.
    pub(super) fn is_doubt(&self) -> bool {
        !matches!(self, Self::Outside(_) | Self::Data(_))
    }
}

/// A resource or data source with its parts.
pub(super) struct Resource {
    pub(super) node: usize,
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    pub(super) module: Arc<str>,
    /// Positions of its parts' nodes, by name; rules of `lifecycle` with that word before them.
    pub(super) parts: BTreeMap<String, usize>,
}

/// A configuration as a graph.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) by_key: BTreeMap<String, usize>,
    /// Resources and data sources by configuration address.
    pub(super) resources: BTreeMap<String, Resource>,
    /// Module calls by the path of the module.
    pub(super) calls: HashMap<String, Resource>,
    /// Provider blocks of each module by local name.
    pub(super) providers: HashMap<(Arc<str>, String), Vec<usize>>,
    /// Positions in which references come before what refers to them.
    pub(super) order: Vec<usize>,
    /// Values of locals that are objects, by key, for references into them.
    pub(super) objects: HashMap<String, Arc<Vec<(String, String)>>>,
}

/// What a graph is made of.
pub(super) struct Ground<'a> {
    pub(super) index: &'a SourceIndex,
    /// The directory of the root module.
    pub(super) root: &'a str,
    pub(super) variables: &'a Variables,
    /// Files that differ; none for the base.
    pub(super) touched: Option<&'a Touched>,
    /// New names of resources and modules with their old ones.
    pub(super) moves: &'a Moves,
}

/// Addresses that `moved` blocks of the change give, by the new one.
#[derive(Default)]
pub(super) struct Moves(BTreeMap<String, String>);

impl Moves {
    pub(super) fn insert(&mut self, to: String, from: String) {
        self.0.insert(to, from);
    }

    /// The address in the base of what has this address, or this key, in the head.
    pub(super) fn before<'k>(&self, key: &'k str) -> std::borrow::Cow<'k, str> {
        if self.0.is_empty() {
            return key.into();
        }
        let (address, part) = key
            .split_once(PART)
            .map_or((key, None), |(a, p)| (a, Some(p)));
        let mut end = address.len();
        loop {
            let above = address.get(..end).unwrap_or_default();
            if let Some(from) = self.0.get(above) {
                let rest = address.get(end..).unwrap_or_default();
                let part = part.map(|part| format!("{PART}{part}")).unwrap_or_default();
                return format!("{from}{rest}{part}").into();
            }
            match above.rfind('.') {
                Some(dot) => end = dot,
                None => return key.into(),
            }
        }
    }
}

/// An address that counts from a module.
pub(super) fn within(module: &str, address: &str) -> String {
    if module.is_empty() {
        address.to_owned()
    } else {
        format!("{module}.{address}")
    }
}

/// Arguments and blocks that make no attribute of the plan.
pub(super) fn is_meta(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "for_each"
            | "enabled"
            | "provider"
            | "depends_on"
            | "lifecycle"
            | "provisioner"
            | "connection"
    ) || name.starts_with("lifecycle.")
}

impl Graph {
    pub(super) fn build(ground: &Ground<'_>) -> Self {
        let mut graph = Self::default();
        graph.register(ground);
        graph.link(ground);
        graph.surround();
        graph.arrange();
        graph.digest(ground);
        graph
    }

    pub(super) fn find(&self, key: &str) -> Option<&Node> {
        self.nodes.get(self.position(key)?)
    }

    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    pub(super) fn key(&self, position: usize) -> Option<&str> {
        self.nodes.get(position).map(|node| node.key.as_ref())
    }

    pub(super) fn node(&self, position: usize) -> Option<&Node> {
        self.nodes.get(position)
    }

    /// Positions that a node refers to, in order.
    pub(super) fn links(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let node = self.nodes.get(position);
        node.into_iter()
            .flat_map(|node| node.links.iter().copied().flatten())
    }

    /// The positions of the keys that begin with this, by what follows.
    pub(super) fn below<'g>(
        &'g self,
        prefix: &str,
    ) -> impl Iterator<Item = (&'g str, usize)> + use<'g> {
        let prefix = prefix.to_owned();
        let all = self.by_key.range(prefix.clone()..);
        all.map_while(move |(key, at)| Some((key.strip_prefix(prefix.as_str())?, *at)))
    }

    /// Whether the position is that of a resource, which changes by itself.
    pub(super) fn is_resource(&self, position: usize) -> bool {
        self.nodes
            .get(position)
            .is_some_and(|node| node.kind == Kind::Resource)
    }

    /// Follows values from outside to what they feed, but for those of variables that are the same as before. Resources end the way:
    /// whether they change is judged of them.
    pub(super) fn feed(&mut self, same: &BTreeSet<usize>) {
        for at in same {
            if let Some(node) = self.nodes.get_mut(*at) {
                node.outside = None;
            }
        }
        for at in self.order.clone() {
            let fed = self.links(at).find_map(|link| {
                let target = self.nodes.get(link)?;
                let is_value = target.kind == Kind::Value;
                target.outside.clone().filter(|_| is_value)
            });
            if let Some(node) = self.nodes.get_mut(at)
                && node.outside.is_none()
            {
                node.outside = fed;
            }
        }
    }

    /// Puts references before what refers to them, depth first with a list of its own.
    fn arrange(&mut self) {
        let mut done = vec![false; self.nodes.len()];
        let mut open: Vec<(usize, usize)> = Vec::new();
        for start in 0..self.nodes.len() {
            if done.get(start).copied().unwrap_or(true) {
                continue;
            }
            if let Some(slot) = done.get_mut(start) {
                *slot = true;
            }
            open.push((start, 0));
            while let Some((at, next)) = open.pop() {
                let links = self.nodes.get(at).map(|node| node.links.as_slice());
                match links.and_then(|links| links.get(next)) {
                    None => self.order.push(at),
                    Some(link) => {
                        open.push((at, next + 1));
                        if let Some(link) = *link
                            && let Some(slot) = done.get_mut(link)
                            && !std::mem::replace(slot, true)
                        {
                            open.push((link, 0));
                        }
                    }
                }
            }
        }
    }

    fn digest(&mut self, ground: &Ground<'_>) {
        let names: HashMap<usize, String> = self
            .resources
            .iter()
            .map(|(address, resource)| (resource.node, ground.moves.before(address).into_owned()))
            .collect();
        let mut seen = vec![false; self.nodes.len()];
        for at in self.order.clone() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let mut own = Sink::new("countersign expression v1");
            let mut all = Sink::new("countersign value v1");
            let mut links = node.links.iter();
            let mut hint = node.hint.clone();
            let mut read: Vec<Option<Arc<Json>>> = Vec::new();
            let mut follow =
                |path: Option<&[String]>, link: Option<usize>, own: &mut Sink, all: &mut Sink| {
                    let target =
                        link.and_then(|link| self.nodes.get(link).map(|node| (link, node)));
                    let Some((link, target)) =
                        target.filter(|(link, _)| seen.get(*link) == Some(&true))
                    else {
                        let name = path.unwrap_or_default().join(".");
                        own.text(&name);
                        all.text(&name);
                        return None;
                    };
                    // What of it is used; the name itself may change.
                    let skipped = match path.and_then(<[String]>::first).map(String::as_str) {
                        Some("data" | "module" | "ephemeral") => 3,
                        Some("each") => 0,
                        _ => 2,
                    };
                    for step in path.unwrap_or_default().iter().skip(skipped) {
                        own.text(step);
                        all.text(step);
                    }
                    if let (Kind::Resource, Some(name)) = (target.kind, names.get(&link)) {
                        own.text(name);
                        all.text(name);
                    } else {
                        all.digest(&target.digest);
                        if hint.is_none() {
                            hint.clone_from(&target.hint);
                        }
                    }
                    target.literal.clone()
                };
            if node.pieces.is_empty() {
                for link in &node.links {
                    follow(None, *link, &mut own, &mut all);
                }
            }
            for piece in &node.pieces {
                match piece {
                    Piece::Text(text) => {
                        own.text(text);
                        all.text(text);
                    }
                    Piece::Reference(path) => {
                        let link = links.next().copied().flatten();
                        own.text("reference");
                        all.text("reference");
                        read.push(follow(Some(path), link, &mut own, &mut all));
                    }
                }
            }
            if let Some(file) = &node.reads {
                own.text(file);
                all.text(file);
            }
            let literal = node
                .literal
                .clone()
                .or_else(|| through(&node.pieces, &read));
            let (own, all) = (own.finish(), all.finish());
            if let Some(node) = self.nodes.get_mut(at) {
                (node.own, node.digest, node.hint, node.literal) = (own, all, hint, literal);
            }
            if let Some(slot) = seen.get_mut(at) {
                *slot = true;
            }
        }
    }
}

/// The value of an expression that is one reference, or one in a conversion, to something that has a value.
fn through(pieces: &[Piece], read: &[Option<Arc<Json>>]) -> Option<Arc<Json>> {
    let [Some(value)] = read else { return None };
    is_same(pieces).then(|| Arc::clone(value))
}

/// Whether an expression with one reference has the value of what that refers to, but for its type.
pub(super) fn is_same(pieces: &[Piece]) -> bool {
    let is_argument = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Reference(path) if path.first().is_some_and(|first| first.starts_with(PART))));
    is_argument
        || pieces.iter().all(|piece| match piece {
            Piece::Reference(path) => path.len() == 2,
            Piece::Text(text) => {
                text.starts_with(';')
                    || matches!(
                        text.as_str(),
                        "toset" | "tolist" | "tomap" | "tonumber" | "(" | ")"
                    )
            }
        })
}

impl Node {
    /// The local name and alias that a `provider` argument names.
    pub(super) fn provider_name(&self) -> (String, Option<String>) {
        let reference = self.pieces.iter().find_map(|piece| match piece {
            Piece::Reference(path) => Some(path.as_slice()),
            Piece::Text(_) => None,
        });
        match reference {
            Some([name, alias, ..]) => (name.clone(), Some(alias.clone())),
            _ => match self.pieces.first() {
                Some(Piece::Text(name)) => (name.trim_matches('"').to_owned(), None),
                _ => (String::new(), None),
            },
        }
    }
}
