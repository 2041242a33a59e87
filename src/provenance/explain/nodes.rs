//! From blocks to the nodes of a graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Reads;
use super::graph::{Graph, Ground, Hint, Kind, Node, PART, Resource, is_meta, within};
use super::variables::Outside;
use crate::digest::Digest;
use crate::source::{
    Block, Expression, Part, Piece, SourceIndex, arguments, directory, expression, items,
};

impl Graph {
    pub(super) fn add(&mut self, key: String, place: &Place<'_>, parts: &[&Part]) -> usize {
        let mut pieces = Vec::new();
        let mut hint = None;
        let mut literal = None;
        let mut outside: Option<Arc<str>> = None;
        let (mut reads, mut by_key, mut by_value) = (None, BTreeMap::new(), false);
        for part in parts {
            let found = expression(&part.text, part.json);
            let more = place.touched(&found);
            reads = reads.or(more.file);
            by_key.extend(more.by_key);
            by_value |= more.by_value;
            hint = hint.or(if found.unread || more.doubt {
                Some(Hint::Unread)
            } else {
                found.volatile.map(Hint::Volatile)
            });
            literal = found.literal;
            let elsewhere = found.elsewhere.iter();
            let mut elsewhere =
                elsewhere.map(|file| format!("{file}, a file that no commit holds").into());
            outside = outside.or_else(|| elsewhere.next());
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
            by_key,
            by_value,
            hint,
            outside,
            literal: literal.filter(|_| parts.len() == 1).map(Arc::new),
            digest: Digest::of(&[]),
            own: Digest::of(&[]),
        });
        self.by_key.entry(key).or_insert(at);
        at
    }

    pub(super) fn register(&mut self, ground: &Ground<'_>) {
        let facts = &ground.index.facts;
        let mut seen = std::collections::HashSet::new();
        let mut merged = Vec::new();
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
                    let made = self.block(ground, block, address, &place, &mut merged);
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
        for (key, place, part) in merged {
            self.items_of_merge(&key, &place, &part);
        }
    }

    /// A resource, data source or module call: a node for each part, and one for all of it.
    pub(super) fn block<'a>(
        &mut self,
        ground: &Ground<'_>,
        block: &Block,
        address: &str,
        place: &Place<'a>,
        merged: &mut Vec<(String, Place<'a>, Part)>,
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
            if let ("resource", [part]) = (block.kind.as_str(), parts.as_slice())
                && !part.json
                && !is_meta(&name)
            {
                self.items_of(&key, &place, part);
                if part.text.trim_start().starts_with("merge") {
                    merged.push((key.clone(), place.clone(), (*part).clone()));
                }
            }
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

    /// A node for each item of an object that is written out in an argument.
    fn items_of(&mut self, key: &str, place: &Place<'_>, part: &Part) {
        for (item, text) in items(&part.text).unwrap_or_default() {
            let part = Part {
                text,
                inner: Vec::new(),
                ..part.clone()
            };
            self.add(format!("{key}{PART}{item}"), place, &[&part]);
        }
    }

    /// A node for each item that a `merge` of objects gives for certain: of its last arguments, as far as they are objects that are
    /// written out, here or as a local.
    fn items_of_merge(&mut self, key: &str, place: &Place<'_>, part: &Part) {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let arguments = arguments(&part.text, "merge").unwrap_or_default();
        for argument in arguments.iter().rev() {
            if let Some(items) = items(argument) {
                for (item, text) in items {
                    found.entry(item).or_insert(text);
                }
                continue;
            }
            let local = argument.trim();
            let name = local
                .strip_prefix("local.")
                .map(|_| within(&place.module, local));
            let Some(items) = name.and_then(|name| self.objects.get(&name).cloned()) else {
                break;
            };
            for (item, _) in items.iter() {
                let is_name = item.chars().all(|c| c.is_alphanumeric() || c == '_');
                let text = if is_name {
                    format!("{local}.{item}")
                } else {
                    local.to_owned()
                };
                found.entry(item.clone()).or_insert(text);
            }
        }
        for (item, text) in found {
            let part = Part {
                text,
                inner: Vec::new(),
                ..part.clone()
            };
            self.add(format!("{key}{PART}{item}"), place, &[&part]);
        }
    }

    pub(super) fn variable(
        &mut self,
        ground: &Ground<'_>,
        block: &Block,
        address: &str,
        place: &Place<'_>,
    ) {
        let parts = all_parts(ground.index, address);
        let name = block.labels.first().map(String::as_str).unwrap_or_default();
        // A value from outside is not changed by what the files say of the variable.
        let from = Some(&place.module).filter(|module| module.is_empty());
        let from = from.and_then(|_root| ground.variables.outside(name));
        let outside = from.is_some();
        let declared: Vec<&Part> = parts
            .iter()
            .filter(|part| {
                !outside
                    && matches!(
                        part.name.as_str(),
                        "type" | "sensitive" | "nullable" | "ephemeral"
                    )
            })
            .collect();
        let at = self.add(address.to_owned(), place, &declared);
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        node.line = block.line;
        node.literal = None;
        if place.module.is_empty() {
            if let Some(value) = ground.variables.value(name).filter(|_| !outside) {
                node.pieces.push(Piece::Text(value.text.clone()));
                node.literal.clone_from(&value.literal);
                node.file = value.file.clone();
                node.line = value.line;
            }
            let variable = || address.to_owned();
            node.hint = from.map(|from| match from {
                Outside::Option => Hint::Outside(variable()),
                Outside::NewFile(file) => Hint::NewFile(variable(), file.clone()),
                Outside::Computed => Hint::Computed(variable()),
            });
            node.outside = from.map(|from| from.variable(address).into());
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
}

/// Where a node stands.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) module: Arc<str>,
    pub(super) scope: Option<String>,
    pub(super) ground: Option<&'a Ground<'a>>,
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

    /// What of the change the expression reads.
    fn touched(&self, found: &Expression) -> Reads {
        let mut reads = Reads::default();
        let ground = self.ground;
        let Some((ground, touched)) = ground.and_then(|ground| Some((ground, ground.touched?)))
        else {
            return reads;
        };
        for name in &found.files {
            let from = if name.in_module {
                directory(&self.file)
            } else {
                ground.root
            };
            let more = touched.read_by(name, from);
            reads.file = reads.file.or(more.file);
            reads.doubt |= more.doubt || (more.by_value && !more.by_key.is_empty());
            reads.by_value |= more.by_value;
            reads.by_key.extend(more.by_key);
        }
        // In the call of a module, what one instance is given counts for all.
        let of_call = |scope: &String| scope.rsplit('.').nth(1) == Some("module");
        if self.scope.as_ref().is_none_or(of_call) {
            let mut files = std::mem::take(&mut reads.by_key).into_values();
            reads.file = reads
                .file
                .or_else(|| files.next().filter(|_| !reads.by_value));
        }
        reads
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
