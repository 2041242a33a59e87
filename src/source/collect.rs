//! From one file's tree to its facts, with addresses that count from the file's own module.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::address::{is_identifier, strip_keys};
use super::documents::documents;
use super::facts::{
    Block, Connection, Document, Facts, Imported, Lifecycle, ModuleCall, Moved, OnFailure,
    Provisioner, Removed, Repetition, When,
};
use super::syntax::{Body, Faults, Node, Span};
use super::value::Value;

/// How many labels a top-level block has; `None` for a kind that is not known.
fn label_count(kind: &str) -> Option<usize> {
    match kind {
        "resource" | "data" | "ephemeral" | "action" => Some(2),
        "module" | "variable" | "output" | "provider" | "check" => Some(1),
        "locals" | "terraform" | "moved" | "import" | "removed" => Some(0),
        _ => None,
    }
}

/// The SHA-256 of some bytes in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> Arc<str> {
    let digits = Sha256::digest(bytes)
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    let digit = |value| char::from_digit(u32::from(value), 16);
    let text: String = digits.filter_map(digit).collect();
    text.into()
}

fn repetition(node: &Node<'_>) -> Option<Repetition> {
    let repeats = matches!(
        node.kind.as_ref(),
        "resource" | "data" | "ephemeral" | "module" | "import" | "action"
    );
    let has = |name: &str| repeats && node.body.attribute(name).is_some();
    if has("for_each") {
        Some(Repetition::ForEach)
    } else {
        has("count").then_some(Repetition::Count)
    }
}

/// Gathers the facts of one file.
pub(super) struct Collector<'a> {
    pub(super) file: Arc<str>,
    pub(super) bytes: &'a [u8],
    pub(super) overrides: bool,
    pub(super) facts: Facts,
    pub(super) faults: Faults,
}

impl Collector<'_> {
    /// Takes in a file's top-level blocks.
    pub(super) fn body(&mut self, body: &Body<'_>) {
        for node in &body.blocks {
            self.top_level(node);
        }
        if let Some(attribute) = body.attributes.first() {
            let message = format!(
                "The argument `{}` stands outside every block.",
                attribute.name
            );
            self.faults.push(attribute.span.line, message);
        }
    }

    fn top_level(&mut self, node: &Node<'_>) {
        let address = self.address(node);
        let block = self.block(node, address.clone());
        self.facts.blocks.push(block);
        match node.kind.as_ref() {
            "resource" | "data" | "ephemeral" => {
                self.documents(node, address.as_ref());
                self.lifecycle(node, address.as_ref());
                self.execution(node, address.as_ref(), false);
            }
            "module" => self.module_call(node, address),
            "locals" => self.locals(node),
            "terraform" => self.settings(node),
            "moved" => self.moved(node),
            "import" => self.import(node),
            "removed" => self.removed(node),
            "check" => {
                for data in node.body.blocks_of("data") {
                    let address = self.address(data);
                    let block = self.block(data, address);
                    self.facts.blocks.push(block);
                }
            }
            _ => {}
        }
        if !node.closed {
            // The missing brace swallowed what follows; blocks that can only stand at the top are there.
            for child in &node.body.blocks {
                if label_count(&child.kind) == Some(child.labels.len()) {
                    self.top_level(child);
                }
            }
        }
    }

    fn address(&mut self, node: &Node<'_>) -> Option<String> {
        let kind = node.kind.as_ref();
        let expected = label_count(kind)?;
        if node.labels.len() != expected {
            let found = node.labels.len();
            let message = format!("A `{kind}` block has {expected} labels, this one has {found}.");
            self.faults.push(node.span.line, message);
            return None;
        }
        if let Some(label) = node.labels.iter().find(|label| !is_identifier(label)) {
            let message =
                format!("The label {label:?} of this `{kind}` block is not a valid name.");
            self.faults.push(node.span.line, message);
            return None;
        }
        let labels = node.labels.join(".");
        match kind {
            "resource" => Some(labels),
            "variable" => Some(format!("var.{labels}")),
            "provider" => {
                let alias = node.body.attribute("alias").and_then(Value::literal);
                let suffix = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
                Some(format!("provider.{labels}{suffix}"))
            }
            _ if expected == 0 => None,
            _ => Some(format!("{kind}.{labels}")),
        }
    }

    fn slice(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    pub(super) fn digest(&self, node: &Node<'_>) -> Arc<str> {
        sha256(self.slice(node.span))
    }

    fn block(&self, node: &Node<'_>, address: Option<String>) -> Block {
        Block {
            kind: node.kind.clone().into_owned(),
            labels: node.labels.clone(),
            address,
            module: None,
            repetition: repetition(node),
            file: self.file.clone(),
            line: node.span.line,
            end_line: node.span.end_line,
            digest: self.digest(node),
            bytes: node.span.start..node.span.end,
            overrides: self.overrides,
        }
    }

    fn locals(&mut self, node: &Node<'_>) {
        for attribute in &node.body.attributes {
            let span = attribute.span;
            self.facts.locals.push(Block {
                kind: "local".to_owned(),
                labels: vec![attribute.name.clone().into_owned()],
                address: Some(format!("local.{}", attribute.name)),
                module: None,
                repetition: None,
                file: self.file.clone(),
                line: span.line,
                end_line: span.end_line,
                digest: sha256(self.slice(span)),
                bytes: span.start..span.end,
                overrides: self.overrides,
            });
        }
    }

    /// The JSON documents that are written out in a resource's arguments.
    fn documents(&mut self, node: &Node<'_>, address: Option<&String>) {
        for (attribute, document, line) in documents(node) {
            self.facts.documents.push(Document {
                address: address.cloned(),
                module: None,
                attribute,
                document,
                file: self.file.clone(),
                line,
            });
        }
    }

    fn lifecycle(&mut self, node: &Node<'_>, address: Option<&String>) {
        for lifecycle in node.body.blocks_of("lifecycle") {
            let flag = |name| {
                lifecycle
                    .body
                    .attribute(name)
                    .map_or(Some(false), Value::boolean)
            };
            let ignored = lifecycle.body.attribute("ignore_changes");
            self.facts.lifecycle.push(Lifecycle {
                address: address.cloned(),
                module: None,
                prevent_destroy: flag("prevent_destroy"),
                create_before_destroy: flag("create_before_destroy"),
                ignore_changes: ignored.is_some_and(|value| !value.is_empty_list()),
                file: self.file.clone(),
                line: lifecycle.span.line,
                end_line: lifecycle.span.end_line,
            });
        }
    }

    /// The provisioners and connections of a resource or `removed` block.
    fn execution(&mut self, node: &Node<'_>, address: Option<&String>, removed: bool) {
        for connection in node.body.blocks_of("connection") {
            self.connection(connection, address);
        }
        for (index, provisioner) in node.body.blocks_of("provisioner").enumerate() {
            let r#type = match provisioner.labels.as_slice() {
                [only] => only.clone(),
                other => {
                    self.faults.push(
                        provisioner.span.line,
                        "A `provisioner` block has one label, its type.",
                    );
                    other.join(" ")
                }
            };
            let when = self.keyword(provisioner, "when", ["create", "destroy"]);
            let on_failure = self.keyword(provisioner, "on_failure", ["fail", "continue"]);
            self.facts.provisioners.push(Provisioner {
                address: address.cloned(),
                module: None,
                index,
                r#type,
                when: if when == "destroy" {
                    When::Destroy
                } else {
                    When::Create
                },
                on_failure: if on_failure == "continue" {
                    OnFailure::Continue
                } else {
                    OnFailure::Fail
                },
                removed,
                file: self.file.clone(),
                line: provisioner.span.line,
                end_line: provisioner.span.end_line,
                digest: self.digest(provisioner),
            });
            for connection in provisioner.body.blocks_of("connection") {
                self.connection(connection, address);
            }
        }
    }

    /// The keyword a provisioner's argument holds; the first is the default, an unknown one is a fault.
    fn keyword(&mut self, node: &Node<'_>, name: &str, known: [&'static str; 2]) -> &'static str {
        let [default, other] = known;
        match node.body.attribute(name).map(Value::reference) {
            Some(keyword) if keyword == other => other,
            Some(keyword) if keyword != default => {
                let message = format!(
                    "The provisioner's `{name}` was not understood and is taken as `{default}`."
                );
                self.faults.push(node.span.line, message);
                default
            }
            _ => default,
        }
    }

    fn connection(&mut self, node: &Node<'_>, address: Option<&String>) {
        let r#type = node.body.attribute("type").map(Value::literal_or_source);
        self.facts.connections.push(Connection {
            address: address.cloned(),
            module: None,
            r#type: r#type.unwrap_or_else(|| "ssh".to_owned()),
            file: self.file.clone(),
            line: node.span.line,
            end_line: node.span.end_line,
            digest: self.digest(node),
        });
    }

    fn module_call(&mut self, node: &Node<'_>, address: Option<String>) {
        let source = node.body.attribute("source");
        self.facts.module_calls.push(ModuleCall {
            source: source.map(Value::literal_or_source),
            version: node.body.attribute("version").map(Value::literal_or_source),
            module: None,
            file: self.file.clone(),
            line: node.span.line,
            end_line: node.span.end_line,
            name: if address.is_some() {
                node.labels.concat()
            } else {
                String::new()
            },
            source_known: source.is_some_and(|value| value.literal().is_some()),
            overrides: self.overrides,
            address,
        });
    }

    /// The reference in an argument that the block must have.
    fn reference(&mut self, node: &Node<'_>, name: &str) -> Option<String> {
        let found = node.body.attribute(name).map(Value::reference);
        if found.is_none() {
            let message = format!("This `{}` block has no `{name}`.", node.kind);
            self.faults.push(node.span.line, message);
        }
        found
    }

    fn moved(&mut self, node: &Node<'_>) {
        let from = self.reference(node, "from");
        let to = self.reference(node, "to");
        if let (Some(from), Some(to)) = (from, to) {
            self.facts.moved.push(Moved {
                from,
                to,
                module: None,
                file: self.file.clone(),
                line: node.span.line,
                end_line: node.span.end_line,
            });
        }
    }

    fn import(&mut self, node: &Node<'_>) {
        if let Some(to) = self.reference(node, "to") {
            let id = node.body.attribute("id");
            self.facts.imported.push(Imported {
                to,
                id_known: id.is_some_and(|value| value.literal().is_some()),
                module: None,
                file: self.file.clone(),
                line: node.span.line,
                end_line: node.span.end_line,
            });
        }
    }

    fn removed(&mut self, node: &Node<'_>) {
        let from = self.reference(node, "from");
        let address = from.as_deref().map(strip_keys);
        self.execution(node, address.as_ref(), true);
        if let Some(from) = from {
            let kept = node.body.blocks_of("lifecycle").any(|lifecycle| {
                let destroy = lifecycle.body.attribute("destroy");
                destroy.and_then(Value::boolean) == Some(false)
            });
            self.facts.removed.push(Removed {
                from,
                destroy: !kept,
                module: None,
                file: self.file.clone(),
                line: node.span.line,
                end_line: node.span.end_line,
            });
        }
    }
}
