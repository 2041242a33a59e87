//! What `terraform` blocks and the dependency lock file say: where the state is kept, provider requirements, locks.

use std::sync::Arc;

use super::collect::Collector;
use super::facts::{Backend, LockedProvider, RequiredProvider};
use super::syntax::{Body, Node};
use super::value::Value;

impl Collector<'_> {
    /// Backend, encryption and provider requirements of a `terraform` block.
    pub(super) fn settings(&mut self, node: &Node<'_>) {
        for nested in &node.body.blocks {
            let r#type = match nested.kind.as_ref() {
                "backend" | "state_store" => nested.labels.join(" "),
                kind @ ("cloud" | "encryption") => kind.to_owned(),
                "required_providers" => {
                    self.required_providers(nested);
                    continue;
                }
                _ => continue,
            };
            self.facts.backends.push(Backend {
                kind: nested.kind.clone().into_owned(),
                r#type,
                module: None,
                file: self.file.clone(),
                line: nested.span.line,
                end_line: nested.span.end_line,
                digest: self.digest(nested),
            });
        }
    }

    fn required_providers(&mut self, node: &Node<'_>) {
        for attribute in &node.body.attributes {
            let items = attribute.value.object();
            let of = |name: &str| {
                let found = items.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.literal_or_source())
            };
            let source = of("source");
            // Before Terraform 0.13 the value was the version itself.
            let version = of("version").or_else(|| attribute.value.literal());
            if items.is_empty() && version.is_none() {
                let message = format!(
                    "The requirement of `{}` was not understood.",
                    attribute.name
                );
                self.faults.push(attribute.span.line, message);
            }
            self.facts.required_providers.push(RequiredProvider {
                name: attribute.name.clone().into_owned(),
                source,
                version,
                module: None,
                file: self.file.clone(),
                line: attribute.span.line,
            });
        }
    }
}

/// The providers of a dependency lock file.
pub(super) fn locked(file: &Arc<str>, body: &Body<'_>) -> Vec<LockedProvider> {
    let entry = |node: &Node<'_>| {
        let text = |name| node.body.attribute(name).map(Value::literal_or_source);
        let hashes = node
            .body
            .attribute("hashes")
            .map(Value::list)
            .unwrap_or_default();
        LockedProvider {
            provider: node.labels.join(" "),
            version: text("version"),
            constraints: text("constraints"),
            hashes: hashes.iter().map(Value::literal_or_source).collect(),
            file: file.clone(),
            line: node.span.line,
        }
    };
    body.blocks_of("provider").map(entry).collect()
}
