//! Two values → nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::attributes::{is_below, is_forcing, join};
use super::super::{Difference, Sensitivity, Value};
use super::list::{self, Pair};
use super::{Content, Name, Node, Note, document, policy, yaml};

/// Most nodes of one diff; values beyond are compared as wholes.
const MAX_NODES: usize = 20_000;

/// How often a document may stand in a string of a document and still be taken apart.
const MAX_NESTED: usize = 3;

/// Fields by which a person knows an element, best first.
const LABELS: &[&str] = &[
    "Sid",
    "sid",
    "name",
    "Name",
    "key",
    "id",
    "description",
    "type",
];

static NULL: Value = Value::Null;

/// Where the walk stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    /// Whether this is inside a document, where paths of the plan do not reach.
    covered: bool,
    /// Whether something above forces the replacement and says so.
    forced: bool,
    /// Whether the whole above is new or gone.
    one_sided: bool,
    /// How many documents are around it.
    nested: usize,
}

impl<'a> Place<'a> {
    fn at(self, path: &'a str) -> Self {
        Self { path, ..self }
    }
}

pub(super) struct Walk {
    forcing: BTreeSet<String>,
    marks: BTreeMap<String, Sensitivity>,
    left: usize,
}

impl Walk {
    pub(super) fn new(forcing: BTreeSet<String>, marks: BTreeMap<String, Sensitivity>) -> Self {
        Self {
            forcing,
            marks,
            left: MAX_NODES,
        }
    }

    pub(super) fn root(&mut self, before: &Value, after: &Value) -> Node {
        let place = Place {
            path: "",
            covered: false,
            forced: false,
            one_sided: false,
            nested: 0,
        };
        let mut root = self.node(Name::Whole, place, before, after);
        if let Content::Branch {
            parts,
            is_list: false,
        } = &mut root.content
        {
            // What forces the replacement first, what is not known yet behind what is.
            parts.sort_by_key(|part| match part {
                part if part.difference == Difference::Same => 3,
                part if forces(part) => 0,
                part if part.is_unknown_after() => 2,
                _ => 1,
            });
        }
        root
    }

    fn node(&mut self, name: Name, place: Place<'_>, before: &Value, after: &Value) -> Node {
        self.left = self.left.saturating_sub(1);
        let difference = match (before, after) {
            _ if before == after => Difference::Same,
            (Value::Null, _) => Difference::Added,
            (_, Value::Null) => Difference::Removed,
            _ => Difference::Changed,
        };
        let mut node = Node {
            name,
            difference,
            forces_replacement: false,
            sensitivity: None,
            notes: Vec::new(),
            is_empty: place.one_sided && is_empty(before) && is_empty(after),
            content: Content::Branch {
                parts: Vec::new(),
                is_list: false,
            },
        };
        let marked = !place.covered && self.is_marked(place.path);
        if self.left == 0 && difference != Difference::Same {
            node.notes.push(Note::Whole);
            leaf(&mut node, before, after);
        } else if difference == Difference::Same
            && !((marked || node.name == Name::Whole)
                && matches!((before, after), (Value::Map(_), Value::Map(_))))
        {
            leaf(&mut node, before, after);
        } else {
            self.fill(&mut node, place, before, after);
        }
        self.mark(&mut node, place);
        node
    }

    /// Takes two different values apart.
    fn fill(&mut self, node: &mut Node, place: Place<'_>, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Map(a), Value::Map(b)) if !(a.is_empty() && b.is_empty()) => {
                self.map(node, place, a, b);
            }
            (Value::Map(a), Value::Null) if !a.is_empty() => {
                self.map(node, one_sided(place), a, &BTreeMap::new());
            }
            (Value::Null, Value::Map(b)) if !b.is_empty() => {
                self.map(node, one_sided(place), &BTreeMap::new(), b);
            }
            (Value::List(a), Value::List(b)) => self.list(node, place, a, b),
            (Value::List(a), Value::Null) if !a.is_empty() => {
                self.list(node, one_sided(place), a, &[]);
            }
            (Value::Null, Value::List(b)) if !b.is_empty() => {
                self.list(node, one_sided(place), &[], b);
            }
            (Value::Text(_) | Value::Null, Value::Text(_) | Value::Null) => {
                self.text(node, place, before, after);
            }
            _ => leaf(node, before, after),
        }
    }

    fn map(
        &mut self,
        node: &mut Node,
        place: Place<'_>,
        a: &BTreeMap<String, Value>,
        b: &BTreeMap<String, Value>,
    ) {
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let mut parts = Vec::new();
        let place = self.below(place);
        for name in names {
            let (x, y) = (a.get(name).unwrap_or(&NULL), b.get(name).unwrap_or(&NULL));
            let path = if place.covered {
                String::new()
            } else {
                join(place.path, name)
            };
            let nothing = x == &Value::Null && y == &Value::Null;
            // In a document null is a value; to Terraform it is the same as nothing.
            let comes = place.covered && a.contains_key(name) != b.contains_key(name);
            if nothing && !comes && (place.covered || !self.is_marked(&path)) {
                continue;
            }
            let mut part = self.node(Name::Field(name.clone()), place.at(&path), x, y);
            if nothing && comes {
                part.difference = if a.contains_key(name) {
                    Difference::Removed
                } else {
                    Difference::Added
                };
            }
            parts.push(part);
        }
        if parts.iter().all(|part| part.difference == Difference::Same)
            && node.difference == Difference::Changed
        {
            // Absent and null mean the same to Terraform.
            node.difference = Difference::Same;
        }
        node.content = Content::Branch {
            parts,
            is_list: false,
        };
    }

    fn list(&mut self, node: &mut Node, place: Place<'_>, a: &[Value], b: &[Value]) {
        let pairing = list::pair(a, b);
        if pairing.by_place {
            node.notes.push(Note::ByPlace);
        }
        if pairing.is_reordered {
            node.difference = Difference::Reordered;
        }
        let place = self.below(place);
        let mut parts = Vec::with_capacity(pairing.pairs.len());
        for pair in pairing.pairs {
            let (before, after) = pair.places();
            let x = before.and_then(|at| a.get(at)).unwrap_or(&NULL);
            let y = after.and_then(|at| b.get(at)).unwrap_or(&NULL);
            let path = match after.or(before) {
                Some(at) if !place.covered => format!("{}[{at}]", place.path),
                _ => String::new(),
            };
            let name = Name::Element {
                before,
                after,
                label: label(x, y),
            };
            let mut part = self.node(name, place.at(&path), x, y);
            part.is_empty = false;
            // A null element that comes or goes is a change of its list.
            match pair {
                Pair::Removed(_) => part.difference = Difference::Removed,
                Pair::Added(_) => part.difference = Difference::Added,
                Pair::Moved(..) => {
                    if part.difference == Difference::Same {
                        part.difference = Difference::Reordered;
                    }
                    part.notes.push(Note::Moved);
                }
                Pair::Kept(..) => {}
            }
            parts.push(part);
        }
        node.content = Content::Branch {
            parts,
            is_list: true,
        };
    }

    fn text(&mut self, node: &mut Node, place: Place<'_>, before: &Value, after: &Value) {
        if place.nested < MAX_NESTED
            && let Some((a, b)) = document::json(before, after)
        {
            node.notes.push(Note::Json);
            self.document(node, place, &a, &b);
            return;
        }
        if place.nested < MAX_NESTED
            && let Some((a, b)) = yaml::documents(before, after)
        {
            node.notes.push(Note::Yaml);
            self.document(node, place, &a, &b);
            return;
        }
        let name = match &node.name {
            Name::Field(name) => name.as_str(),
            _ => "",
        };
        if let Some((note, decoded)) = document::base64(name, before, after) {
            node.notes.push(note);
            if let Some((before, after)) = decoded {
                node.content = Content::Text { before, after };
                return;
            }
        } else if [before, after]
            .iter()
            .any(|side| matches!(side, Value::Text(text) if text.contains('\n')))
        {
            let side = |value: &Value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            };
            node.content = Content::Text {
                before: side(before),
                after: side(after),
            };
            return;
        }
        leaf(node, before, after);
    }

    /// A document in a string: paths of the plan do not reach into it.
    fn document(&mut self, node: &mut Node, place: Place<'_>, a: &Value, b: &Value) {
        let inside = Place {
            path: "",
            covered: true,
            forced: true,
            one_sided: a == &Value::Null || b == &Value::Null,
            nested: place.nested + 1,
        };
        let policies = policy::normal(a, b).filter(|_| node.notes.contains(&Note::Json));
        let (x, y) = policies.as_ref().map_or((a, b), |(x, y)| (x, y));
        if policies.is_some() {
            node.notes.push(Note::Policy);
        }
        if x == y {
            node.notes.push(Note::SpeltAnew);
            return;
        }
        let difference = node.difference;
        self.fill(node, inside, x, y);
        if node.difference == Difference::Same {
            node.difference = difference;
            node.notes.push(Note::SpeltAnew);
        }
        if policies.is_some() {
            policy::judge(node, x, y);
        }
    }

    /// The place below a node: what is marked as a whole is marked once.
    fn below<'a>(&self, place: Place<'a>) -> Place<'a> {
        Place {
            forced: place.forced || self.forcing.contains(place.path),
            ..place
        }
    }

    fn is_marked(&self, path: &str) -> bool {
        self.mark_of(path).is_some()
    }

    /// How the mark at a path or below it changes.
    fn mark_of(&self, path: &str) -> Option<Sensitivity> {
        if path.is_empty() {
            return self.marks.values().next().copied();
        }
        let at = |from: String| self.marks.range(from..).next();
        self.marks.get(path).copied().or_else(|| {
            [".", "["].iter().find_map(|separator| {
                at(format!("{path}{separator}"))
                    .filter(|(next, _)| is_below(next, path))
                    .map(|(_, mark)| *mark)
            })
        })
    }

    fn mark(&self, node: &mut Node, place: Place<'_>) {
        if place.covered {
            return;
        }
        let is_map = matches!(node.content, Content::Branch { is_list: false, .. })
            && !node.notes.contains(&Note::Json);
        let forces = if is_map {
            self.forcing.contains(place.path)
        } else {
            is_forcing(place.path, &self.forcing)
        };
        node.forces_replacement = forces && !place.forced && node.difference != Difference::Same;
        let new_or_gone = matches!(node.difference, Difference::Added | Difference::Removed);
        if let Some(mark) = self.mark_of(place.path)
            && !new_or_gone
        {
            if node.difference == Difference::Same {
                node.difference = Difference::Remarked;
            }
            if !is_map || self.marks.contains_key(place.path) {
                node.sensitivity = Some(mark);
            }
        }
    }
}

fn one_sided(place: Place<'_>) -> Place<'_> {
    Place {
        one_sided: true,
        ..place
    }
}

fn forces(node: &Node) -> bool {
    node.forces_replacement || node.parts().iter().any(forces)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(fields) => fields.is_empty(),
        _ => false,
    }
}

fn leaf(node: &mut Node, before: &Value, after: &Value) {
    let (a, b) = (kind(before), kind(after));
    if let (Some(a), Some(b)) = (a, b)
        && a != b
    {
        node.notes.push(Note::Type(a, b));
    }
    node.content = Content::Leaf {
        before: before.clone(),
        after: after.clone(),
    };
}

/// The type of a value that is known and not hidden.
fn kind(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "list",
        Value::Map(_) => "object",
        Value::Null | Value::Unknown | Value::Sensitive(_) => return None,
    })
}

/// The field that names an element on both sides.
fn label(before: &Value, after: &Value) -> Option<(String, String)> {
    let of = |value: &Value, field: &str| match value {
        Value::Map(fields) => match fields.get(field) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    LABELS.iter().find_map(|field| {
        let found = match (before, after) {
            (Value::Null, side) | (side, Value::Null) => of(side, field),
            _ => of(before, field).filter(|text| of(after, field).as_ref() == Some(text)),
        };
        found.map(|text| ((*field).to_owned(), text))
    })
}
