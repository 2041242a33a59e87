//! The attribute diff as lines: structure by indentation, unchanged parts folded, one column or two.

mod leaf;
mod lines;
mod sheet;
mod text;

#[cfg(test)]
mod tests;

use super::super::model::Look;
use super::super::rich::Rich;
use super::super::theme::Role;
use crate::plan::{Content, Difference, Name, Node, Note, Sensitivity, Value};
use crate::text::{Redactor, display_width, fit_middle};
use sheet::{Sheet, Span};

/// Most parts of one map or list that are shown; hostile plans have ten thousands.
const MOST_PARTS: usize = 1_000;

/// Most lines of one diff.
const MOST_LINES: usize = 6_000;

/// Widest name to which its neighbours are aligned.
const COLUMN: usize = 28;

/// Makes the lines of a diff.
pub(super) fn lines(redactor: &Redactor, root: &Node, look: Look, width: usize) -> Vec<Rich> {
    let mut painter = Painter {
        redactor,
        look,
        sheet: Sheet::new(width, look.side_by_side),
    };
    match &root.content {
        Content::Branch {
            parts,
            is_list: false,
        } => painter.object(root, parts),
        Content::Leaf {
            before: Value::Null,
            after: Value::Null,
        } => painter.say(0, Role::Dim, "no attributes"),
        _ => {
            painter.part(root, 0, 0, "");
        }
    }
    painter.sheet.into_lines()
}

struct Painter<'a> {
    redactor: &'a Redactor,
    look: Look,
    sheet: Sheet,
}

fn role(difference: Difference) -> Role {
    match difference {
        Difference::Added => Role::Add,
        Difference::Removed => Role::Remove,
        Difference::Changed | Difference::Remarked => Role::Change,
        Difference::Reordered | Difference::Same => Role::Dim,
    }
}

impl Painter<'_> {
    fn is_folded(&self, node: &Node) -> bool {
        !self.look.unchanged && (node.difference == Difference::Same || node.is_empty)
    }

    /// The whole object.
    fn object(&mut self, root: &Node, parts: &[Node]) {
        if parts.is_empty() {
            self.say(0, Role::Dim, "no attributes");
            return;
        }
        let is_new = root.difference == Difference::Added;
        let unknown: Vec<&Node> = parts
            .iter()
            .filter(|part| is_new && is_plain_unknown(part))
            .collect();
        if unknown.len() < 2 {
            self.parts(parts, 0, false);
            return;
        }
        let known: Vec<Node> = parts
            .iter()
            .filter(|part| !(is_new && is_plain_unknown(part)))
            .cloned()
            .collect();
        self.parts(&known, 0, false);
        let names: Vec<String> = unknown.iter().map(|part| self.name(part)).collect();
        let head = vec![(Role::Add, "  + ".to_owned())];
        let text = format!("known after apply: {}", names.join(", "));
        self.sheet.after(&head, vec![(Role::Dim, text)]);
    }

    /// The parts of a map or list, and a line for what is folded.
    fn parts(&mut self, parts: &[Node], depth: usize, is_list: bool) {
        let shown: Vec<bool> = if is_list && !self.look.unchanged {
            in_context(parts)
        } else {
            parts.iter().map(|part| !self.is_folded(part)).collect()
        };
        let names: Vec<(&Node, String)> = parts
            .iter()
            .zip(&shown)
            .filter(|(_, shown)| **shown)
            .take(MOST_PARTS)
            .map(|(part, _)| (part, self.name(part)))
            .collect();
        let column = names
            .iter()
            .filter(|(part, _)| part.parts().is_empty() || self.one_line(part).is_some())
            .map(|(_, name)| display_width(name))
            .filter(|width| *width <= COLUMN)
            .max()
            .unwrap_or(0);
        let total = shown.iter().filter(|shown| **shown).count();
        let mut done = 0;
        for (part, name) in names {
            if self.sheet.len() >= MOST_LINES {
                break;
            }
            self.part(part, depth, column, &name);
            done += 1;
        }
        if done < total {
            let text = format!("{} more that differ are not shown here", total - done);
            self.say(depth, Role::Warn, &text);
        }
        let folded = || {
            parts
                .iter()
                .zip(&shown)
                .filter(|(_, shown)| !**shown)
                .map(|(part, _)| part)
        };
        let empty = folded().filter(|part| part.is_empty).count();
        let same = folded().count() - empty;
        let what = if is_list { "element" } else { "attribute" };
        if same > 0 {
            let text = format!("... {same} unchanged {what}{} (x)", plural(same));
            self.say(depth, Role::Dim, &text);
        }
        if empty > 0 {
            let text = format!("... {empty} empty {what}{} (x)", plural(empty));
            self.say(depth, Role::Dim, &text);
        }
        if depth == 0 && self.look.unchanged {
            let same = parts
                .iter()
                .filter(|part| part.difference == Difference::Same)
                .count();
            if same > 0 {
                let text = format!("{same} unchanged {what}{} shown (x folds)", plural(same));
                self.say(0, Role::Dim, &text);
            }
        }
    }

    /// One node with what is below it.
    fn part(&mut self, node: &Node, depth: usize, column: usize, name: &str) {
        match &node.content {
            Content::Branch { parts, is_list } if node.difference != Difference::Same => {
                self.branch(node, (parts, *is_list), (depth, column), name);
            }
            Content::Branch { .. } => {
                let head = self.head(node, depth, 0, name);
                self.sheet.both(node.difference, &head, Vec::new());
            }
            Content::Leaf { before, after } => {
                self.leaf(node, (before, after), depth, column, name);
            }
            Content::Text { before, after } => {
                let mut head = self.head(node, depth, 0, name);
                head.extend(notes(node, true));
                self.sheet.both(node.difference, &head, Vec::new());
                self.sheet.anchor();
                self.text(before.as_deref(), after.as_deref(), depth + 1);
            }
        }
    }

    fn branch(
        &mut self,
        node: &Node,
        (parts, is_list): (&[Node], bool),
        (depth, column): (usize, usize),
        name: &str,
    ) {
        // A block that stands once needs no line for its list.
        if let (true, [only]) = (is_list, parts)
            && !only.parts().is_empty()
            && node.notes.is_empty()
            && only.name.places() == Some((Some(0), Some(0)))
        {
            let mut only = only.clone();
            only.forces_replacement |= node.forces_replacement;
            only.sensitivity = only.sensitivity.or(node.sensitivity);
            let name = format!("{name}{}", self.name(&only));
            self.part(&only, depth, 0, &name);
            return;
        }
        if let Some(items) = self.one_line(node) {
            let mut head = self.head(node, depth, column, name);
            head.push((Role::Dim, " = ".to_owned()));
            let body = (role(node.difference), items);
            let behind = notes(node, false);
            let words: usize = behind.iter().map(|(_, text)| display_width(text)).sum();
            if head
                .iter()
                .map(|(_, text)| display_width(text))
                .sum::<usize>()
                + display_width(&body.1)
                + words
                <= self.sheet.column()
            {
                head.push(body);
                head.extend(behind);
                self.sheet.both(node.difference, &head, Vec::new());
                self.sheet.anchor();
                return;
            }
        }
        let mut head = self.head(node, depth, 0, name);
        head.extend(notes(node, true));
        if node.difference == Difference::Reordered && !node.notes.contains(&Note::Moved) {
            head.push((Role::Dim, "  the same elements, reordered only".to_owned()));
            self.sheet.both(node.difference, &head, Vec::new());
            self.sheet.anchor();
            if !self.look.unchanged {
                return;
            }
        } else {
            self.sheet.both(node.difference, &head, Vec::new());
            self.sheet.anchor();
        }
        self.parts(parts, depth + 1, is_list);
    }

    /// A short new or lost list of plain values on one line.
    fn one_line(&self, node: &Node) -> Option<String> {
        let Content::Branch {
            parts,
            is_list: true,
        } = &node.content
        else {
            return None;
        };
        let one_sided = matches!(node.difference, Difference::Added | Difference::Removed);
        if !one_sided || parts.len() > 8 {
            return None;
        }
        let mut items = Vec::new();
        for part in parts {
            let Content::Leaf { before, after } = &part.content else {
                return None;
            };
            let value = if node.difference == Difference::Added {
                after
            } else {
                before
            };
            if value.is_container() || part.forces_replacement {
                return None;
            }
            items.push(value.show(self.redactor).into_string());
        }
        Some(format!("[{}]", items.join(", ")))
    }

    /// Indentation, sign and name.
    fn head(&self, node: &Node, depth: usize, column: usize, name: &str) -> Vec<Span> {
        let indent = self.sheet.indent(depth);
        let name = fit_middle(name, self.sheet.column().saturating_sub(indent + 12).max(8));
        let pad = " ".repeat(column.saturating_sub(display_width(&name)));
        let text = if node.difference == Difference::Same {
            Role::Dim
        } else {
            Role::Text
        };
        let mut out = vec![
            (
                role(node.difference),
                format!("{}{} ", " ".repeat(indent), node.difference.symbol()),
            ),
            (text, format!("{name}{pad}")),
        ];
        if let Name::Element {
            label: Some((field, value)),
            ..
        } = &node.name
            && !node.parts().is_empty()
        {
            let text = self.redactor.line(&format!(" {field} \"{value}\""));
            let room = self.sheet.column().saturating_sub(indent + 14).max(8);
            out.push((Role::Strong, fit_middle(text.as_str(), room)));
        }
        out
    }

    /// A name as it is shown; an element of plain values has none.
    fn name(&self, node: &Node) -> String {
        let text = match &node.name {
            Name::Whole => "(value)".to_owned(),
            Name::Field(name) => {
                let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
                if !name.is_empty() && name.chars().all(plain) {
                    name.clone()
                } else {
                    serde_json::Value::from(name.as_str()).to_string()
                }
            }
            Name::Element { .. } if is_plain(node) => String::new(),
            Name::Element {
                before: Some(before),
                after: Some(after),
                ..
            } if before != after => format!("[{before} -> {after}]"),
            Name::Element { before, after, .. } => {
                format!("[{}]", after.or(*before).unwrap_or_default())
            }
        };
        // A name of megabytes is cut before it is looked at closely.
        let text = self.redactor.redact(&text);
        let cut: String = if text.len() > 4_000 {
            text.chars().take(500).chain("…".chars()).collect()
        } else {
            text
        };
        crate::text::Printable::line(&cut).into_string()
    }

    /// A line that is no value.
    fn say(&mut self, depth: usize, role: Role, text: &str) {
        let indent = " ".repeat(self.sheet.indent(depth) + 2);
        self.sheet.left(vec![(role, format!("{indent}{text}"))]);
    }
}

/// Elements that are shown: what differs, and beside a plain value its neighbours.
fn in_context(parts: &[Node]) -> Vec<bool> {
    let differs = |at: usize| {
        parts
            .get(at)
            .is_some_and(|part| part.difference != Difference::Same)
    };
    let plain = |at: usize| parts.get(at).is_some_and(is_plain);
    (0..parts.len())
        .map(|at| {
            let beside =
                (at > 0 && differs(at - 1) && plain(at - 1)) || (differs(at + 1) && plain(at + 1));
            differs(at) || (plain(at) && beside && parts.len() > 2)
        })
        .collect()
}

/// Whether a node is a value that is not a map, a list or a text of lines.
fn is_plain(node: &Node) -> bool {
    match &node.content {
        Content::Leaf { before, after } => !before.is_container() && !after.is_container(),
        _ => false,
    }
}

fn is_plain_unknown(node: &Node) -> bool {
    node.is_unknown_after()
        && node.notes.is_empty()
        && node.sensitivity.is_none()
        && !node.forces_replacement
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Words behind a name or value.
fn notes(node: &Node, is_head: bool) -> Vec<Span> {
    let mut out = Vec::new();
    let mut say = |role: Role, text: String| out.push((role, format!("  {text}")));
    let is_policy = node.notes.contains(&Note::Policy);
    for note in &node.notes {
        match note {
            Note::Json if is_policy => {}
            Note::Json => say(Role::Dim, "json".to_owned()),
            Note::Yaml => say(Role::Dim, "yaml".to_owned()),
            Note::Policy => say(Role::Dim, "json, IAM policy".to_owned()),
            Note::Base64 => say(Role::Dim, "base64 of this text".to_owned()),
            Note::Binary(a, b) => say(Role::Dim, format!("# base64, no text, {}", sizes(*a, *b))),
            Note::Gzip(a, b) => say(Role::Dim, format!("# base64 of gzip, {}", sizes(*a, *b))),
            Note::SpeltAnew => say(
                Role::Change,
                "the same content, written differently".to_owned(),
            ),
            Note::Moved => say(Role::Dim, "moved".to_owned()),
            Note::Type(a, b) => say(Role::Change, format!("# {a} becomes {b}")),
            Note::Widened => say(Role::Warn, "widened".to_owned()),
            Note::ByPlace => say(
                Role::Warn,
                "many elements: compared place by place".to_owned(),
            ),
            Note::Whole => say(Role::Warn, "# too large to take apart".to_owned()),
        }
    }
    if node.forces_replacement {
        say(Role::Replace, "# forces replacement".to_owned());
    }
    match node.sensitivity {
        Some(Sensitivity::Gained) => say(Role::Change, "# becomes sensitive".to_owned()),
        Some(Sensitivity::Lost) => say(Role::Warn, "# no longer sensitive".to_owned()),
        None => {}
    }
    if is_head && node.difference == Difference::Remarked && node.sensitivity.is_none() {
        say(Role::Dim, "the same values".to_owned());
    }
    out
}

fn sizes(before: usize, after: usize) -> String {
    match (before, after) {
        (0, n) | (n, 0) => format!("{n} bytes"),
        (a, b) => format!("{a} -> {b} bytes"),
    }
}
