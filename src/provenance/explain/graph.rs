//! One commit's configuration as a graph: every value with what it refers to, and a digest of what it comes to.
//!
//! A node's digest covers its own tokens with each reference replaced by the digest of what it refers to. So a renamed local, a moved
//! block or another layout gives the same digest, and a changed default gives another one to everything that uses it. A reference to a
//! resource counts by its address only: whether the resource changes is the plan's to say.
//!
//! Nodes are put in an order in which what is referred to comes first, without recursion; a circle is cut.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value as Json;

use super::files::Touched;
use super::places::modules_above;
use super::variables::Variables;
use crate::digest::{Digest, Sink};
use crate::source::{
    Block, Expression, Part, Piece, SourceIndex, directory, expression, items, join,
};

/// What stands between an address and the name of a part in a key.
pub(super) const PART: char = '\0';

/// Something that has a value, or a resource.
pub(super) struct Node {
    key: Arc<str>,
    /// The repository path of its file.
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    /// What it is, for people.
    pub(super) what: String,
    pieces: Vec<Piece>,
    /// For each reference among the pieces, in order.
    links: Vec<Option<usize>>,
    module: Arc<str>,
    /// The address of the block whose `each` it may use.
    scope: Option<String>,
    kind: Kind,
    /// A touched file that it reads.
    pub(super) reads: Option<Arc<str>>,
    /// Why its value may differ without a change of the configuration.
    pub(super) hint: Option<Hint>,
    /// The value, where it can be read.
    pub(super) literal: Option<Arc<Json>>,
    /// What it comes to.
    pub(super) digest: Digest,
    /// Its own tokens, references left out.
    pub(super) own: Digest,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
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
    /// A data source reads it.
    Data(String),
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
    by_key: BTreeMap<String, usize>,
    /// Resources and data sources by configuration address.
    pub(super) resources: BTreeMap<String, Resource>,
    /// Module calls by the path of the module.
    pub(super) calls: HashMap<String, Resource>,
    /// Provider blocks of each module by local name.
    pub(super) providers: HashMap<(Arc<str>, String), Vec<usize>>,
    /// Positions in which references come before what refers to them.
    pub(super) order: Vec<usize>,
    /// Values of locals that are objects, by key, for references into them.
    objects: HashMap<String, Arc<Vec<(String, String)>>>,
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

    /// Whether the position is that of a resource, which changes by itself.
    pub(super) fn is_resource(&self, position: usize) -> bool {
        self.nodes
            .get(position)
            .is_some_and(|node| node.kind == Kind::Resource)
    }

    fn add(&mut self, key: String, place: &Place<'_>, parts: &[&Part]) -> usize {
        let mut pieces = Vec::new();
        let mut hint = None;
        let mut literal = None;
        let mut reads = None;
        for part in parts {
            let found = expression(&part.text, part.json);
            reads = reads.or_else(|| place.touched(&found));
            hint = hint.or(if found.unread {
                Some(Hint::Unread)
            } else {
                found.volatile.map(Hint::Volatile)
            });
            literal = found.literal;
            pieces.extend(found.pieces);
            pieces.push(Piece::Text(format!(";{}", part.name)));
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            key: key.as_str().into(),
            file: place.file.clone(),
            line: parts.first().map_or(place.line, |part| part.line),
            what: place.what.clone(),
            pieces,
            links: Vec::new(),
            module: place.module.clone(),
            scope: place.scope.clone(),
            kind: Kind::Value,
            reads,
            hint,
            literal: literal.filter(|_| parts.len() == 1).map(Arc::new),
            digest: Digest::of(&[]),
            own: Digest::of(&[]),
        });
        self.by_key.entry(key).or_insert(at);
        at
    }

    fn register(&mut self, ground: &Ground<'_>) {
        let facts = &ground.index.facts;
        let mut seen = std::collections::HashSet::new();
        for block in &facts.blocks {
            let (Some(address), Some(module)) = (&block.address, &block.module) else {
                continue;
            };
            if !seen.insert(address.as_str()) {
                continue;
            }
            let mut place = Place::of(block, module, ground);
            place.what.clone_from(address);
            match block.kind.as_str() {
                "resource" | "data" | "ephemeral" | "module" => {
                    let made = self.block(ground, block, address, &place);
                    if block.kind == "module" {
                        self.calls.insert(address.clone(), made);
                    } else {
                        self.resources.insert(address.clone(), made);
                    }
                }
                "variable" => self.variable(ground, block, address, &place),
                "output" => {
                    let parts = all_parts(ground.index, address);
                    let wanted: Vec<&Part> = parts
                        .iter()
                        .filter(|part| {
                            !matches!(part.name.as_str(), "description" | "precondition")
                        })
                        .filter(|part| part.name != "depends_on")
                        .collect();
                    self.add(address.clone(), &place, &wanted);
                }
                "provider" => {
                    let parts = all_parts(ground.index, address);
                    let parts: Vec<&Part> = parts.iter().collect();
                    let at = self.add(address.clone(), &place, &parts);
                    let name = block.labels.first().cloned().unwrap_or_default();
                    self.providers
                        .entry((module.clone(), name))
                        .or_default()
                        .push(at);
                }
                _ => {}
            }
        }
        for local in &facts.locals {
            let (Some(address), Some(module)) = (&local.address, &local.module) else {
                continue;
            };
            // Override files come later in the list and replace what was there.
            if self.by_key.contains_key(address) && !local.overrides {
                continue;
            }
            let mut place = Place::of(local, module, ground);
            place.what.clone_from(address);
            let mut parts = ground.index.parts(local);
            // Another name for the same value is no change of it.
            for part in &mut parts {
                part.name.clear();
            }
            if let [part] = parts.as_slice()
                && !part.json
                && let Some(items) = items(&part.text)
            {
                self.objects.insert(address.clone(), Arc::new(items));
            }
            self.by_key.remove(address);
            self.add(address.clone(), &place, &parts.iter().collect::<Vec<_>>());
        }
    }

    /// A resource, data source or module call: a node for each part, and one for all of it.
    fn block(
        &mut self,
        ground: &Ground<'_>,
        block: &Block,
        address: &str,
        place: &Place<'_>,
    ) -> Resource {
        let parts = all_parts(ground.index, address);
        let mut by_name: BTreeMap<String, Vec<&Part>> = BTreeMap::new();
        for part in &parts {
            if part.name == "lifecycle" {
                for rule in &part.inner {
                    by_name
                        .entry(format!("lifecycle.{}", rule.name))
                        .or_default()
                        .push(rule);
                }
            } else {
                by_name.entry(part.name.clone()).or_default().push(part);
            }
        }
        let mut positions = BTreeMap::new();
        for (name, parts) in by_name {
            let mut place = place.clone();
            place.scope = Some(address.to_owned());
            place.what = format!("{name} of {address}");
            let key = format!("{address}{PART}{name}");
            positions.insert(name, self.add(key, &place, &parts));
        }
        let node = self.add(address.to_owned(), place, &[]);
        let links = positions
            .iter()
            .filter(|(name, _)| block.kind != "resource" || *name != "depends_on")
            .map(|(_, at)| Some(*at))
            .collect();
        if let Some(made) = self.nodes.get_mut(node) {
            made.links = links;
            match block.kind.as_str() {
                "data" => made.hint = Some(Hint::Data(address.to_owned())),
                "module" => {}
                _ => made.kind = Kind::Resource,
            }
        }
        Resource {
            node,
            file: block.file.clone(),
            line: block.line,
            module: place.module.clone(),
            parts: positions,
        }
    }

    fn variable(&mut self, ground: &Ground<'_>, block: &Block, address: &str, place: &Place<'_>) {
        let parts = all_parts(ground.index, address);
        let declared: Vec<&Part> = parts
            .iter()
            .filter(|part| {
                matches!(
                    part.name.as_str(),
                    "type" | "sensitive" | "nullable" | "ephemeral"
                )
            })
            .collect();
        let name = block.labels.first().map(String::as_str).unwrap_or_default();
        let at = self.add(address.to_owned(), place, &declared);
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        node.line = block.line;
        node.literal = None;
        if place.module.is_empty() {
            if let Some(value) = ground.variables.value(name) {
                node.pieces.push(Piece::Text(value.text.clone()));
                node.literal.clone_from(&value.literal);
                node.file = value.file.clone();
                node.line = value.line;
            }
            if ground.variables.is_outside(name) {
                node.hint = Some(Hint::Outside(address.to_owned()));
            }
            return;
        }
        let given = format!("{}{PART}{name}", place.module);
        // The argument of the call is another block's part; linked by its key.
        let default = parts.iter().find(|part| part.name == "default");
        let found = default.map(|part| expression(&part.text, part.json));
        node.pieces
            .push(Piece::Reference(vec![PART.to_string(), given]));
        if let Some(found) = found {
            node.literal = found.literal.map(Arc::new);
            node.pieces.push(Piece::Text(PART.to_string()));
            node.pieces.extend(found.pieces);
        }
    }

    /// Finds what references refer to; makes nodes for the items of objects that are referred to.
    fn link(&mut self, ground: &Ground<'_>) {
        let mut at = 0;
        while at < self.nodes.len() {
            let Some(node) = self.nodes.get(at) else {
                break;
            };
            let module = node.module.clone();
            let scope = node.scope.clone();
            let references: Vec<Vec<String>> = node
                .pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Reference(path) => Some(path.clone()),
                    Piece::Text(_) => None,
                })
                .collect();
            let mut hint = None;
            let links: Vec<Option<usize>> = references
                .iter()
                .map(|path| self.resolve(ground, &module, scope.as_deref(), path, &mut hint))
                .collect();
            if let Some(node) = self.nodes.get_mut(at) {
                if node.links.is_empty() {
                    node.links = links;
                }
                node.hint = node.hint.take().or(hint);
            }
            at += 1;
        }
        self.prune_defaults();
    }

    /// Links each resource to what reaches it from outside its block: the calls of the modules above it, and its provider's blocks.
    fn surround(&mut self) {
        let mut around: Vec<(usize, Vec<usize>)> = Vec::new();
        for (address, resource) in &self.resources {
            let mut links = Vec::new();
            for path in modules_above(address) {
                let call = self.calls.get(path);
                for name in ["for_each", "count", "enabled", "providers"] {
                    links.extend(call.and_then(|call| call.parts.get(name)));
                }
            }
            let kind = address.get(resource.module.len()..).unwrap_or_default();
            let name = kind
                .trim_start_matches('.')
                .split(['_', '.'])
                .next()
                .unwrap_or_default();
            let scopes = std::iter::once("").chain(modules_above(&resource.module));
            for scope in scopes {
                let blocks = self.providers.get(&(Arc::from(scope), name.to_owned()));
                links.extend(blocks.into_iter().flatten());
            }
            if self.is_resource(resource.node) {
                around.push((resource.node, links));
            }
        }
        for (node, links) in around {
            if let Some(node) = self.nodes.get_mut(node) {
                node.links.extend(links.into_iter().map(Some));
            }
        }
    }

    /// A variable whose call gives an argument does not use its default.
    fn prune_defaults(&mut self) {
        for node in &mut self.nodes {
            let gives = matches!(node.pieces.iter().position(|piece| {
                matches!(piece, Piece::Reference(path) if path.first().is_some_and(|first| first.starts_with(PART)))
            }), Some(at) if {
                let link = node.pieces.iter().take(at).filter(|piece| matches!(piece, Piece::Reference(_))).count();
                node.links.get(link).copied().flatten().is_some()
            });
            if gives {
                let end = node
                    .pieces
                    .iter()
                    .position(|piece| matches!(piece, Piece::Text(text) if text.starts_with(PART)));
                if let Some(end) = end {
                    node.pieces.truncate(end);
                }
                let count = node
                    .pieces
                    .iter()
                    .filter(|piece| matches!(piece, Piece::Reference(_)))
                    .count();
                node.links.truncate(count);
                node.literal = None;
            }
        }
    }

    fn resolve(
        &mut self,
        ground: &Ground<'_>,
        module: &Arc<str>,
        scope: Option<&str>,
        path: &[String],
        hint: &mut Option<Hint>,
    ) -> Option<usize> {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names.as_slice() {
            [first, key] if first.starts_with(PART) => self.position(key),
            // `each.key` and `count.index` name the instance: they are the same as long as it is the same.
            ["each", "value", ..] => self.position(&format!("{}{PART}for_each", scope?)),
            ["each" | "count", ..] => None,
            ["local", name, rest @ ..] => {
                let key = within(module, &format!("local.{name}"));
                self.item(ground, &key, rest)
            }
            ["var", name, ..] => self.position(&within(module, &format!("var.{name}"))),
            ["data", kind, name, ..] => {
                self.position(&within(module, &format!("data.{kind}.{name}")))
            }
            ["module", name, rest @ ..] => {
                let called = within(module, &format!("module.{name}"));
                let output = rest
                    .first()
                    .map(|output| format!("{called}.output.{output}"));
                let known = output.and_then(|key| self.position(&key));
                if known.is_none() && self.calls.contains_key(&called) {
                    let whole = self.whole_module(&called);
                    if whole.is_none() {
                        *hint = Some(Hint::Remote(called.clone()));
                        return self.position(&called);
                    }
                    return whole;
                }
                known
            }
            ["ephemeral", kind, name, ..] => {
                self.position(&within(module, &format!("ephemeral.{kind}.{name}")))
            }
            [kind, name, ..] if !matches!(*kind, "path" | "terraform" | "self") => {
                let key = within(module, &format!("{kind}.{name}"));
                self.position(&key).filter(|at| self.is_resource(*at))
            }
            _ => None,
        }
    }

    /// A node that refers to all outputs of a module; none if its files are not known.
    fn whole_module(&mut self, called: &str) -> Option<usize> {
        let key = format!("{called}{PART}{PART}");
        if let Some(at) = self.position(&key) {
            return Some(at);
        }
        let prefix = format!("{called}.output.");
        let links: Vec<Option<usize>> = self
            .by_key
            .range(prefix.clone()..)
            .take_while(|(key, _)| key.starts_with(&prefix))
            .filter(|(key, _)| {
                key.get(prefix.len()..)
                    .is_some_and(|name| !name.contains('.'))
            })
            .map(|(_, at)| Some(*at))
            .collect();
        if links.is_empty() {
            return None;
        }
        let call = self.calls.get(called)?;
        let place = Place {
            file: call.file.clone(),
            line: call.line,
            what: called.to_owned(),
            module: call.module.clone(),
            scope: None,
            ground: None,
        };
        let at = self.add(key, &place, &[]);
        if let Some(node) = self.nodes.get_mut(at) {
            node.links = links;
        }
        Some(at)
    }

    /// The node of a local, or of the item of it that a reference goes to.
    fn item(&mut self, ground: &Ground<'_>, key: &str, rest: &[&str]) -> Option<usize> {
        let mut key = key.to_owned();
        let mut at = self.position(&key)?;
        for name in rest.iter().take(8) {
            let Some(items) = self.objects.get(&key).cloned() else {
                break;
            };
            let below = format!("{key}{PART}.{name}");
            if let Some(known) = self.position(&below) {
                at = known;
            } else {
                let Some((_, text)) = items.iter().find(|(item, _)| item == name) else {
                    break;
                };
                let node = self.nodes.get(at)?;
                let place = Place {
                    file: node.file.clone(),
                    line: node.line,
                    what: node.what.clone(),
                    module: node.module.clone(),
                    scope: None,
                    ground: Some(ground),
                };
                let part = Part {
                    name: String::new(),
                    text: text.clone(),
                    json: false,
                    line: node.line,
                    end_line: node.line,
                    inner: Vec::new(),
                };
                if let Some(items) = crate::source::items(text) {
                    self.objects.insert(below.clone(), Arc::new(items));
                }
                at = self.add(below.clone(), &place, &[&part]);
            }
            key = below;
        }
        Some(at)
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
    let is_argument = pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Reference(path) if path.first().is_some_and(|first| first.starts_with(PART))));
    if is_argument {
        return Some(Arc::clone(value));
    }
    let is_plain = pieces.iter().all(|piece| match piece {
        Piece::Reference(path) => path.len() == 2,
        Piece::Text(text) => {
            text.starts_with(';')
                || matches!(
                    text.as_str(),
                    "toset" | "tolist" | "tomap" | "tonumber" | "(" | ")"
                )
        }
    });
    is_plain.then(|| Arc::clone(value))
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

/// Where a node stands.
#[derive(Clone)]
struct Place<'a> {
    file: Arc<str>,
    line: usize,
    what: String,
    module: Arc<str>,
    scope: Option<String>,
    ground: Option<&'a Ground<'a>>,
}

impl<'a> Place<'a> {
    fn of(block: &Block, module: &Arc<str>, ground: &'a Ground<'a>) -> Self {
        Self {
            file: block.file.clone(),
            line: block.line,
            what: String::new(),
            module: module.clone(),
            scope: None,
            ground: Some(ground),
        }
    }

    /// A file of the change that the expression reads.
    fn touched(&self, found: &Expression) -> Option<Arc<str>> {
        let ground = self.ground?;
        let touched = ground.touched?;
        found.files.iter().find_map(|name| {
            let from = if name.in_module {
                directory(&self.file)
            } else {
                ground.root
            };
            let path = join(from, &name.name)?;
            touched.below(&path, name.complete)
        })
    }
}

/// The parts of a block and of what override files add to it.
fn all_parts(index: &SourceIndex, address: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for block in index.blocks_at(address) {
        let more = index.parts(block);
        if block.overrides {
            parts.retain(|part| more.iter().all(|new| new.name != part.name));
        }
        parts.extend(more);
    }
    parts
}
