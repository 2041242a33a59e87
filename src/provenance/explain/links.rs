//! From references to the nodes that they refer to.

use std::sync::Arc;

use super::graph::{Graph, Ground, Hint, PART, within};
use super::nodes::Place;
use super::places::modules_above;
use crate::source::{Part, Piece};

impl Graph {
    /// Finds what references refer to; makes nodes for the items of objects that are referred to.
    pub(super) fn link(&mut self, ground: &Ground<'_>) {
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
    pub(super) fn surround(&mut self) {
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
    pub(super) fn prune_defaults(&mut self) {
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

    pub(super) fn resolve(
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
    pub(super) fn whole_module(&mut self, called: &str) -> Option<usize> {
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
    pub(super) fn item(&mut self, ground: &Ground<'_>, key: &str, rest: &[&str]) -> Option<usize> {
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
                    is_block: false,
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
}
