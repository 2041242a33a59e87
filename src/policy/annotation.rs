//! `# METADATA` annotations: read by us, because the engine drops comments.
//!
//! A block is the line `# METADATA` and the comment lines right below it; their text is YAML. It belongs to the package or rule on
//! the next line that is neither empty nor a comment.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::engine::yaml;

/// One annotation block.
#[derive(Clone, Debug)]
pub(super) struct Annotation {
    /// Its YAML as a tree.
    pub(super) tree: Json,
}

impl Annotation {
    /// A text field.
    #[must_use]
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.tree.get(key).and_then(Json::as_str)
    }

    /// A field below `custom`.
    #[must_use]
    pub(super) fn custom(&self, key: &str) -> Option<&Json> {
        self.tree.get("custom").and_then(|custom| custom.get(key))
    }
}

/// A block that is not YAML, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BrokenAnnotation {
    /// Line of `# METADATA`.
    pub(super) line: u32,
    /// What the YAML reader said.
    pub(super) problem: String,
}

/// Reads all blocks of a file, by the line that they stand above.
#[must_use]
pub(super) fn read(text: &str) -> (BTreeMap<u32, Annotation>, Vec<BrokenAnnotation>) {
    let mut found = BTreeMap::new();
    let mut broken = Vec::new();
    let mut lines = (1_u32..).zip(text.lines()).peekable();
    while let Some((line, content)) = lines.next() {
        if content.strip_prefix('#').map(str::trim) != Some("METADATA") {
            continue;
        }
        let mut yaml_text = String::new();
        while let Some((_, content)) = lines.next_if(|(_, c)| c.starts_with('#')) {
            let comment = content.strip_prefix('#').unwrap_or_default();
            yaml_text.push_str(comment.strip_prefix(' ').unwrap_or(comment));
            yaml_text.push('\n');
        }
        let mut target = None;
        for (number, content) in lines.clone() {
            let content = content.trim();
            if !content.is_empty() && !content.starts_with('#') {
                target = Some(number);
                break;
            }
        }
        match (yaml::read(&yaml_text), target) {
            (Ok(tree @ Json::Object(_)), Some(target)) => {
                found.insert(target, Annotation { tree });
            }
            (Ok(Json::Object(_)), None) => broken.push(BrokenAnnotation {
                line,
                problem: "nothing stands below it".to_owned(),
            }),
            (Ok(_), _) => broken.push(BrokenAnnotation {
                line,
                problem: "it is not a YAML mapping".to_owned(),
            }),
            (Err(problem), _) => broken.push(BrokenAnnotation { line, problem }),
        }
    }
    (found, broken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_block_belongs_to_the_next_line_of_code() {
        let text = "# METADATA\n# title: A title\n# custom:\n#   severity: high\n#   needs: [plan, git]\n\npackage x\n\n# a comment\ny := 1\n";
        let (found, broken) = read(text);
        assert!(broken.is_empty());
        let annotation = found.get(&7).unwrap();
        assert_eq!(annotation.text("title"), Some("A title"));
        assert_eq!(
            annotation.custom("needs").unwrap(),
            &serde_json::json!(["plan", "git"])
        );
    }

    #[test]
    fn a_block_that_is_not_yaml_is_reported_with_its_line() {
        let (_, broken) = read("package x\n# METADATA\n# title: [\ny := 1\n");
        assert_eq!(broken.len(), 1);
        assert_eq!(broken.first().unwrap().line, 2);
        let (_, broken) = read("# METADATA\n# only text\npackage x\n");
        assert_eq!(broken.len(), 1);
    }
}
