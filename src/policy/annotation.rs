//! `# METADATA` annotations: read by us, because the engine drops comments.
//!
//! A block is the line `# METADATA` and the comment lines right below it; their text is YAML. It belongs to the package or rule on
//! the next line that is neither empty nor a comment. Its scope says how far it reaches: `rule` (that definition), `document` (all
//! definitions of the name), `package`, or `subpackages` (the package and all below it).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::engine::yaml;

/// How far an annotation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One definition of a rule.
    Rule,
    /// All definitions of a rule.
    Document,
    /// A package.
    Package,
    /// A package and all packages below it.
    Subpackages,
}

impl Scope {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "rule" => Some(Self::Rule),
            "document" => Some(Self::Document),
            "package" => Some(Self::Package),
            "subpackages" => Some(Self::Subpackages),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Document => "document",
            Self::Package => "package",
            Self::Subpackages => "subpackages",
        }
    }

    fn is_of_package(self) -> bool {
        matches!(self, Self::Package | Self::Subpackages)
    }
}

/// One annotation block.
#[derive(Clone, Debug)]
pub(super) struct Annotation {
    /// Its YAML as a tree, with its scope.
    pub(super) tree: Json,
    /// How far it reaches.
    pub(super) scope: Scope,
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

    /// Sets a field below `custom`.
    pub(super) fn set_custom(&mut self, key: &str, value: Json) {
        if let Json::Object(fields) = &mut self.tree {
            let custom = fields
                .entry("custom")
                .or_insert_with(|| Json::Object(serde_json::Map::new()));
            if let Json::Object(custom) = custom {
                custom.insert(key.to_owned(), value);
            }
        }
    }

    /// This annotation with what a wider one says about everything that it does not say itself. An id is no one else's.
    #[must_use]
    pub(super) fn over(mut self, wider: &Self) -> Self {
        if let (Json::Object(own), Json::Object(other)) = (&mut self.tree, &wider.tree) {
            for (key, value) in other {
                match (own.get_mut(key), value) {
                    (None, Json::Object(fields)) if key == "custom" => {
                        let mut fields = fields.clone();
                        fields.remove("id");
                        own.insert(key.clone(), Json::Object(fields));
                    }
                    (None, value) => {
                        own.insert(key.clone(), value.clone());
                    }
                    (Some(Json::Object(known)), Json::Object(fields)) if key == "custom" => {
                        for (name, value) in fields.iter().filter(|(name, _)| *name != "id") {
                            known.entry(name).or_insert_with(|| value.clone());
                        }
                    }
                    (Some(_), _) => {}
                }
            }
        }
        self
    }

    /// An annotation that says nothing.
    #[must_use]
    pub(super) fn empty(scope: Scope) -> Self {
        Self {
            tree: Json::Object(serde_json::Map::new()),
            scope,
        }
    }
}

/// A block that cannot be used, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BrokenAnnotation {
    /// Line of `# METADATA`.
    pub(super) line: u32,
    /// What is wrong with it.
    pub(super) problem: String,
}

/// The blocks of a file by the line that they stand above, in their order.
pub(super) type Annotations = BTreeMap<u32, Vec<Annotation>>;

fn is_header(line: &str) -> bool {
    line.trim_start().strip_prefix('#').map(str::trim) == Some("METADATA")
}

/// Reads all blocks of a file.
#[must_use]
pub(super) fn read(text: &str) -> (Annotations, Vec<BrokenAnnotation>) {
    let mut found = Annotations::new();
    let mut broken = Vec::new();
    if !text.contains("METADATA") {
        return (found, broken);
    }
    let mut lines = (1_u32..).zip(text.lines()).peekable();
    while let Some((line, content)) = lines.next() {
        if !is_header(content) {
            continue;
        }
        let mut yaml_text = String::new();
        while let Some((_, content)) =
            lines.next_if(|(_, c)| c.trim_start().starts_with('#') && !is_header(c))
        {
            let comment = content.trim_start().strip_prefix('#').unwrap_or_default();
            yaml_text.push_str(comment.strip_prefix(' ').unwrap_or(comment));
            yaml_text.push('\n');
        }
        let target = lines.clone().find(|(_, content)| {
            let content = content.trim();
            !content.is_empty() && !content.starts_with('#')
        });
        match block(&yaml_text, target) {
            Ok((target, annotation)) => found.entry(target).or_default().push(annotation),
            Err(problem) => broken.push(BrokenAnnotation { line, problem }),
        }
    }
    (found, broken)
}

fn block(text: &str, target: Option<(u32, &str)>) -> Result<(u32, Annotation), String> {
    let Json::Object(mut fields) = yaml::read(text)? else {
        return Err("it is not a YAML mapping".to_owned());
    };
    let (line, code) = target.ok_or("nothing stands below it")?;
    let of_package = code.trim_start().starts_with("package ");
    let scope = match fields.get("scope") {
        None if of_package => Scope::Package,
        None => Scope::Rule,
        Some(word) => word
            .as_str()
            .and_then(Scope::parse)
            .ok_or("its scope is none of rule, document, package and subpackages")?,
    };
    if scope.is_of_package() != of_package {
        let thing = if of_package { "a package" } else { "a rule" };
        return Err(format!(
            "its scope is {}, but it stands above {thing}",
            scope.word()
        ));
    }
    if let Some(Json::Array(authors)) = fields.get_mut("authors") {
        for entry in authors.iter_mut() {
            if let Json::String(text) = entry {
                *entry = author(text);
            }
        }
    }
    fields.insert("scope".to_owned(), Json::from(scope.word()));
    let tree = Json::Object(fields);
    Ok((line, Annotation { tree, scope }))
}

/// An author written as one text: `Name Surname <mail@host>`.
fn author(text: &str) -> Json {
    match text.split_once('<') {
        Some((name, mail)) => serde_json::json!({
            "name": name.trim(),
            "email": mail.trim().trim_end_matches('>'),
        }),
        None => serde_json::json!({ "name": text.trim() }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_objects() {
        let (found, _) = read("# METADATA\n# authors:\n# - A B <c@d>\n# - E\npackage x\n");
        let annotation = found.get(&5).unwrap().first().unwrap();
        assert_eq!(
            annotation.tree.get("authors").unwrap(),
            &serde_json::json!([{"name": "A B", "email": "c@d"}, {"name": "E"}])
        );
    }

    #[test]
    fn a_block_belongs_to_the_next_line_of_code() {
        let text = "# METADATA\n# title: A title\n# custom:\n#   severity: high\n#   needs: [plan, git]\n\npackage x\n\n# a comment\ny := 1\n";
        let (found, broken) = read(text);
        assert_eq!(broken, []);
        let annotation = found.get(&7).unwrap().first().unwrap();
        assert_eq!(annotation.text("title"), Some("A title"));
        assert_eq!(annotation.scope, Scope::Package);
        assert_eq!(
            annotation.custom("needs").unwrap(),
            &serde_json::json!(["plan", "git"])
        );
    }

    #[test]
    fn several_blocks_of_different_scopes_stand_above_one_rule() {
        let text = "package x\n# METADATA\n# scope: document\n# title: All\n# METADATA\n# title: One\ny := 1\n";
        let (found, broken) = read(text);
        assert_eq!(broken, []);
        let blocks: Vec<_> = found
            .get(&7)
            .unwrap()
            .iter()
            .map(|a| (a.scope, a.text("title")))
            .collect();
        assert_eq!(
            blocks,
            [(Scope::Document, Some("All")), (Scope::Rule, Some("One"))]
        );
    }

    #[test]
    fn a_block_that_cannot_be_used_is_reported_with_its_line() {
        for (text, problem) in [
            ("package x\n# METADATA\n# title: [\ny := 1\n", ""),
            ("package y\n# METADATA\n# only text\nz := 1\n", "mapping"),
            ("package x\n# METADATA\n# title: x\n", "nothing stands"),
            (
                "package x\n# METADATA\n# scope: everything\ny := 1\n",
                "none of",
            ),
            (
                "package x\n# METADATA\n# scope: package\ny := 1\n",
                "above a rule",
            ),
        ] {
            let (found, broken) = read(text);
            assert!(found.is_empty(), "{text}");
            assert_eq!(broken.len(), 1, "{text}");
            let broken = broken.first().unwrap();
            assert_eq!(broken.line, 2, "{text}");
            assert!(broken.problem.contains(problem), "{}", broken.problem);
        }
    }

    #[test]
    fn a_wider_annotation_fills_in_but_gives_no_id() {
        let read = |text: &str| {
            let (found, _) = read(&format!("{text}package x\n"));
            found.into_values().next().unwrap().remove(0)
        };
        let own = read("# METADATA\n# title: Own\n# custom:\n#   severity: low\n");
        let wide = read(
            "# METADATA\n# scope: subpackages\n# title: Wide\n# description: D\n# custom:\n#   id: x\n#   severity: high\n#   enforcement: advisory\n",
        );
        let both = own.over(&wide);
        assert_eq!(both.text("title"), Some("Own"));
        assert_eq!(both.text("description"), Some("D"));
        assert_eq!(both.custom("severity").unwrap(), "low");
        assert_eq!(both.custom("enforcement").unwrap(), "advisory");
        assert_eq!(both.custom("id"), None);
    }
}
