//! The diff of one change as a tree: maps, blocks, lists and documents in strings by their structure.
//!
//! It knows nothing of a terminal and hides nothing by itself: values come from [`Plan::values`], in which sensitive and unknown leaves
//! are kinds without text, and every other text must pass the redactor where it is shown.
//!
//! Phases:
//! 1. `walk`: two values → nodes; equal parts become one node, whatever their size;
//! 2. `list`: which element before is which element after: equal ones, moved ones, the same by a name, then similar ones;
//! 3. `document`: strings that hold JSON or base64; 4. `policy`: IAM documents, statement by statement.
//!
//! Invariants: what differs in the plan differs in the tree; the work is bounded, and where a bound was met a [`Note`] says so.

mod document;
mod list;
mod policy;
mod walk;
mod yaml;

#[cfg(test)]
mod tests;

use super::{Body, Difference, Plan, Sensitivity, Value};

/// What a node is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// The value itself, such as that of an output.
    Whole,
    /// A field of a map, object or block.
    Field(String),
    /// An element of a list, by its place before and after.
    Element {
        /// Place before.
        before: Option<usize>,
        /// Place after.
        after: Option<usize>,
        /// A field that names the element, where it has one.
        label: Option<(String, String)>,
    },
}

/// What is to be said of a node beside its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A string that holds JSON.
    Json,
    /// A string that holds YAML.
    Yaml,
    /// A JSON document of IAM statements.
    Policy,
    /// Base64 of text; the text is what is shown.
    Base64,
    /// Base64 of something that is no text, with the bytes before and after.
    Binary(usize, usize),
    /// Base64 of gzip data, with the bytes before and after.
    Gzip(usize, usize),
    /// Two spellings of one document or set.
    SpeltAnew,
    /// The element has another place.
    Moved,
    /// The type of the value changes.
    Type(&'static str, &'static str),
    /// The statement or document grants more.
    Widened,
    /// Too many elements to compare each with each; they are paired by their places.
    ByPlace,
    /// Too large to take apart.
    Whole,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Two values that are not taken apart.
    Leaf {
        /// As it was.
        before: Value,
        /// As it will be.
        after: Value,
    },
    /// Texts to compare line by line; a side that does not exist is absent.
    Text {
        /// As it was.
        before: Option<String>,
        /// As it will be.
        after: Option<String>,
    },
    /// Parts, unchanged ones included.
    Branch {
        /// The parts in the order in which they are shown.
        parts: Vec<Node>,
        /// Whether the parts are elements of a list.
        is_list: bool,
    },
}

/// One node of the diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is called.
    pub name: Name,
    /// How it differs.
    pub difference: Difference,
    /// Whether it forces the replacement.
    pub forces_replacement: bool,
    /// How its mark changes; also when only an element of it is concerned.
    pub sensitivity: Option<Sensitivity>,
    /// What is to be said of it.
    pub notes: Vec<Note>,
    /// Whether it is an empty part of something that is new or gone as a whole.
    pub is_empty: bool,
    /// Its values or parts.
    pub content: Content,
}

impl Name {
    /// The places of an element before and after.
    #[must_use]
    pub fn places(&self) -> Option<(Option<usize>, Option<usize>)> {
        match self {
            Self::Element { before, after, .. } => Some((*before, *after)),
            _ => None,
        }
    }
}

impl Node {
    /// The parts, where it has some.
    #[must_use]
    pub fn parts(&self) -> &[Node] {
        match &self.content {
            Content::Branch { parts, .. } => parts,
            _ => &[],
        }
    }

    /// Whether the value becomes known only at apply, and nothing else is to be said of it.
    #[must_use]
    pub fn is_unknown_after(&self) -> bool {
        matches!(
            self.content,
            Content::Leaf {
                after: Value::Unknown,
                ..
            }
        )
    }
}

impl Plan {
    /// The diff of a change as a tree; the root stands for the whole object and is never folded.
    #[must_use]
    pub fn diff(&self, body: &Body) -> Node {
        let (before, after) = self.values(body);
        let forcing = self.replace_paths(body).into_iter().collect();
        let mut walk = walk::Walk::new(forcing, self.mark_changes(body));
        walk.root(&before, &after)
    }
}
