//! The parts of a block: its arguments and nested blocks, each as text with its lines.

use super::facts::Block;
use super::syntax::{Body, Node};
use super::value::Value;
use super::{SourceIndex, hcl};

/// An argument or a nested block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name; of a `dynamic` block the name of the blocks that it makes.
    pub name: String,
    /// The value of an argument, the whole text of a block.
    pub text: String,
    /// Whether the text is JSON.
    pub json: bool,
    /// The first line in the file.
    pub line: usize,
    /// The last line in the file.
    pub end_line: usize,
    /// The arguments of a nested block; from [`SourceIndex::deep_parts`] also its blocks.
    pub inner: Vec<Part>,
    /// Whether it is a nested block of a native file.
    pub is_block: bool,
}

/// How deep blocks are followed.
const DEEP: usize = 16;

impl SourceIndex {
    /// Lists the parts of an indexed block, in order; of a local value the one part that is its value.
    #[must_use]
    pub fn parts(&self, block: &Block) -> Vec<Part> {
        self.parts_to(block, 1)
    }

    /// Lists the parts of an indexed block, and the parts of its blocks.
    #[must_use]
    pub fn deep_parts(&self, block: &Block) -> Vec<Part> {
        self.parts_to(block, DEEP)
    }

    fn parts_to(&self, block: &Block, levels: usize) -> Vec<Part> {
        let Some(text) = self.text_of(block) else {
            return Vec::new();
        };
        let above = block.line.saturating_sub(1);
        if block.file.ends_with(".json") {
            return json_parts(&text, block);
        }
        let parsed = hcl::parse(text.as_bytes());
        if block.kind == "local" {
            return body_parts(&parsed.body, &text, above, 0);
        }
        let node = parsed.body.blocks.first();
        node.map(|node| body_parts(&node.body, &text, above, levels))
            .unwrap_or_default()
    }
}

fn body_parts(body: &Body<'_>, text: &str, above: usize, levels: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = body
        .attributes
        .iter()
        .map(|attribute| Part {
            name: attribute.name.clone().into_owned(),
            text: attribute.value.source().into_owned(),
            json: matches!(attribute.value, Value::Json(_)),
            line: above + attribute.span.line,
            end_line: above + attribute.span.end_line,
            inner: Vec::new(),
            is_block: false,
        })
        .collect();
    if levels > 0 {
        parts.extend(
            body.blocks
                .iter()
                .map(|node| nested(node, text, above, levels)),
        );
    }
    parts.sort_by_key(|part| part.line);
    parts
}

fn nested(node: &Node<'_>, text: &str, above: usize, levels: usize) -> Part {
    let name = match (node.kind.as_ref(), node.labels.first()) {
        ("dynamic", Some(label)) => label.clone(),
        (kind, _) => kind.to_owned(),
    };
    Part {
        name,
        text: text
            .get(node.span.start..node.span.end)
            .unwrap_or_default()
            .to_owned(),
        json: false,
        line: above + node.span.line,
        end_line: above + node.span.end_line,
        inner: body_parts(&node.body, text, above, levels - 1),
        is_block: true,
    }
}

fn json_parts(text: &str, block: &Block) -> Vec<Part> {
    let wrapped = if text.starts_with('{') {
        text.to_owned()
    } else {
        format!("{{{text}}}")
    };
    let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(&wrapped) else {
        return Vec::new();
    };
    let part = |name: String, value: &serde_json::Value, inner| Part {
        name,
        text: value.to_string(),
        json: true,
        line: block.line,
        end_line: block.end_line,
        inner,
        is_block: false,
    };
    if block.kind == "local" {
        return members
            .into_iter()
            .map(|(name, value)| part(name, &value, Vec::new()))
            .collect();
    }
    if !text.starts_with('{') {
        members = match members.into_iter().next() {
            Some((_, serde_json::Value::Object(body))) => body,
            _ => return Vec::new(),
        };
    }
    let mut parts = Vec::new();
    for (name, value) in members {
        match (name.as_str(), &value) {
            ("//", _) => {}
            ("dynamic", serde_json::Value::Object(kinds)) => {
                parts.extend(
                    kinds
                        .iter()
                        .map(|(name, value)| part(name.clone(), value, Vec::new())),
                );
            }
            ("lifecycle", serde_json::Value::Object(rules)) => {
                let inner = rules
                    .iter()
                    .map(|(name, value)| part(name.clone(), value, Vec::new()))
                    .collect();
                parts.push(part(name, &value, inner));
            }
            _ => parts.push(part(name, &value, Vec::new())),
        }
    }
    parts
}

/// The arguments of a variable file, native (`*.tfvars`) or JSON (`*.tfvars.json`), and whether all of it was understood.
#[must_use]
pub fn variable_values(path: &str, bytes: &[u8]) -> (Vec<Part>, bool) {
    let text = String::from_utf8_lossy(bytes);
    if path.ends_with(".json") {
        let Ok(serde_json::Value::Object(members)) = serde_json::from_str(&text) else {
            return (Vec::new(), false);
        };
        let parts = members.into_iter().map(|(name, value)| Part {
            name,
            text: value.to_string(),
            json: true,
            line: 1,
            end_line: 1,
            inner: Vec::new(),
            is_block: false,
        });
        return (parts.collect(), true);
    }
    let parsed = hcl::parse(text.as_bytes());
    let understood = parsed.faults.into_list().is_empty();
    (body_parts(&parsed.body, &text, 0, 0), understood)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parts_of(file: &str, text: &str, address: &str) -> Vec<(String, String, usize)> {
        let index = SourceIndex::build([(file.to_owned(), text.as_bytes().to_vec())], "", None);
        let block = index.locate_config(address).unwrap();
        let parts = index.parts(block);
        parts
            .into_iter()
            .map(|part| (part.name, part.text, part.line))
            .collect()
    }

    #[test]
    fn arguments_and_blocks_with_their_lines() {
        let text = "\nresource \"t\" \"a\" {\n  x = [\n    1,\n  ]\n  dynamic \"disk\" {\n    for_each = var.d\n  }\n}\nlocals {\n  z = 1\n}\n";
        let parts = parts_of("main.tf", text, "t.a");
        assert_eq!(parts.first().unwrap().0, "x");
        let disk = parts.get(1).unwrap();
        assert_eq!((disk.0.as_str(), disk.2), ("disk", 6));
        assert!(disk.1.contains("var.d"));
        assert_eq!(
            parts_of("main.tf", text, "local.z"),
            [("z".to_owned(), "1".to_owned(), 11)]
        );
    }

    #[test]
    fn json_has_the_same_parts() {
        let text = r#"{"resource":{"t":{"a":{"x":[1],"dynamic":{"disk":{"for_each":"${var.d}"}}}}},"locals":{"z":1}}"#;
        let names: Vec<_> = parts_of("main.tf.json", text, "t.a")
            .into_iter()
            .map(|part| part.0)
            .collect();
        assert_eq!(names, ["disk", "x"]);
        assert_eq!(parts_of("main.tf.json", text, "local.z").len(), 1);
    }
}
