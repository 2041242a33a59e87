//! Values that are not taken apart.

use super::super::super::theme::Role;
use super::sheet::Span;
use super::{Painter, notes, role};
use crate::plan::{Difference, Node, Value};
use crate::text::{display_width, fit_end};

/// Longest value that is shown from its beginning; of longer ones only the surroundings of what differs.
const LONG: usize = 1_200;

/// How much of an equal beginning or end of a long value is shown.
const AROUND: usize = 60;

/// Longest text in characters that one value fills.
const MOST: usize = 40_000;

impl Painter<'_> {
    pub(super) fn leaf(
        &mut self,
        node: &Node,
        (before, after): (&Value, &Value),
        depth: usize,
        column: usize,
        name: &str,
    ) {
        let mut head = self.head(node, depth, column, name);
        if !name.is_empty() {
            head.push((Role::Dim, " = ".to_owned()));
        }
        let mut behind = notes(node, false);
        match node.difference {
            Difference::Changed => self.changed(node, before, after, head, behind),
            Difference::Removed => {
                head.push((Role::Remove, self.shown(before)));
                head.append(&mut behind);
                self.sheet.both(node.difference, &head, Vec::new());
            }
            Difference::Remarked => {
                head.push((Role::Change, self.shown(after)));
                head.push((Role::Dim, ", the same value".to_owned()));
                head.append(&mut behind);
                self.sheet.both(node.difference, &head, Vec::new());
            }
            Difference::Added | Difference::Same | Difference::Reordered => {
                head.push((role(node.difference), self.shown(after)));
                head.append(&mut behind);
                self.sheet.both(node.difference, &head, Vec::new());
            }
        }
        if node.difference != Difference::Same {
            self.sheet.anchor();
        }
    }

    /// A value on one line. Quotes in a string are escaped, so that it cannot end where it does not.
    fn line_of(&self, value: &Value) -> String {
        let text = value.show(self.redactor).into_string();
        let inner = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match (value, inner) {
            (Value::Text(_), Some(inner)) if inner.contains('"') => {
                format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\""))
            }
            _ => text,
        }
    }

    /// A value as text, at most so long as one value may be.
    fn shown(&self, value: &Value) -> String {
        let text = self.line_of(value);
        if text.len() <= MOST {
            return text;
        }
        let count = text.chars().count();
        let head: String = text.chars().take(LONG).collect();
        format!("{head}… ({count} characters)")
    }

    /// A line with words behind it, or below it where they do not fit.
    fn beside(&mut self, mut head: Vec<Span>, behind: Vec<Span>) {
        let width = |spans: &[Span]| -> usize {
            spans
                .iter()
                .map(|(_, text)| display_width(text))
                .sum::<usize>()
        };
        if behind.is_empty() || width(&head) + width(&behind) <= self.sheet.column() {
            head.extend(behind);
            self.sheet.line(head);
            return;
        }
        let indent = head.first().map_or(0, |(_, sign)| display_width(sign));
        self.sheet.line(head);
        let at = self.sheet.last();
        let mut below = vec![(Role::Dim, " ".repeat(indent))];
        below.extend(behind);
        self.sheet.line(below);
        self.sheet.stand_at(at);
    }

    fn changed(
        &mut self,
        node: &Node,
        before: &Value,
        after: &Value,
        mut head: Vec<Span>,
        behind: Vec<Span>,
    ) {
        if let (Value::Sensitive(_), Value::Sensitive(_)) = (before, after) {
            head.push((Role::Change, "(sensitive), its value changes".to_owned()));
            head.extend(behind);
            self.sheet.both(node.difference, &head, Vec::new());
            return;
        }
        let (mut a, mut b) = (self.line_of(before), self.line_of(after));
        let mut behind = behind;
        if a == b {
            head.push((Role::Change, a));
            head.push((
                Role::Change,
                "  # differs only in what is hidden".to_owned(),
            ));
            head.extend(behind);
            self.sheet.both(node.difference, &head, Vec::new());
            return;
        }
        if is_only_space(before, after) {
            (a, b) = (a.replace(' ', "·"), b.replace(' ', "·"));
            behind.push((Role::Change, "  # only white space differs".to_owned()));
        }
        let used: usize = head.iter().map(|(_, text)| display_width(text)).sum();
        let room = self.sheet.column().saturating_sub(used + 4);
        let beside = if self.sheet.is_wide() {
            0
        } else {
            display_width(&b)
        };
        if after == &Value::Unknown && before.is_container() && !self.look.unchanged {
            // The old value of what is not known yet is of little use: a line of it will do.
            a = fit_end(&a, room.saturating_sub(beside).max(12));
        }
        if self.sheet.is_wide() {
            let (x, y) = parted(&a, &b);
            let (mut left, mut right) = (head.clone(), head);
            left.extend(x);
            right.extend(y);
            right.extend(behind);
            self.sheet.sides(left, right);
            return;
        }
        let short = a.len() + b.len() < LONG && display_width(&a) + display_width(&b) <= room;
        if short {
            head.push((Role::Remove, a));
            head.push((Role::Dim, " -> ".to_owned()));
            head.push((Role::Add, b));
            self.beside(head, behind);
            return;
        }
        let indent: usize = head.first().map_or(0, |(_, sign)| display_width(sign));
        head.extend(behind);
        self.sheet.line(head);
        let at = self.sheet.last();
        let (x, y) = parted(&a, &b);
        for (role, sign, spans) in [(Role::Remove, "- ", x), (Role::Add, "+ ", y)] {
            let mut line = vec![(role, format!("{}{sign}", " ".repeat(indent)))];
            line.extend(spans);
            self.sheet.line(line);
        }
        self.sheet.stand_at(at);
    }
}

/// Whether two strings are the same but for white space.
fn is_only_space(before: &Value, after: &Value) -> bool {
    let (Value::Text(a), Value::Text(b)) = (before, after) else {
        return false;
    };
    let bare =
        |text: &'_ str| -> Vec<char> { text.chars().filter(|c| !c.is_whitespace()).collect() };
    a.len() < 100_000 && b.len() < 100_000 && a != b && bare(a) == bare(b)
}

/// Two texts with what differs in them set off; of a long text only the surroundings of that.
pub(super) fn parted(a: &str, b: &str) -> (Vec<Span>, Vec<Span>) {
    let head: usize = a
        .chars()
        .zip(b.chars())
        .take_while(|(x, y)| x == y)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let (rest_a, rest_b) = (
        a.get(head..).unwrap_or_default(),
        b.get(head..).unwrap_or_default(),
    );
    let tail: usize = rest_a
        .chars()
        .rev()
        .zip(rest_b.chars().rev())
        .take_while(|(x, y)| x == y)
        .map(|(c, _)| c.len_utf8())
        .sum();
    // Where little is the same, setting off the rest says nothing.
    let is_alike = (head + tail) * 3 >= a.len().min(b.len()) || a.len().max(b.len()) > LONG;
    let side = |text: &str, rest: &str, plain: Role, part: Role| {
        if !is_alike {
            return vec![(plain, clipped(text))];
        }
        let is_long = text.len() > LONG;
        let front = text.get(..head).unwrap_or_default();
        let middle = rest.get(..rest.len() - tail).unwrap_or_default();
        let end = rest.get(rest.len() - tail..).unwrap_or_default();
        let mut out = Vec::new();
        let front_count = if is_long { front.chars().count() } else { 0 };
        if front_count > 2 * AROUND {
            let kept: String = front.chars().skip(front_count - AROUND).collect();
            out.push((
                Role::Dim,
                format!("({} equal characters)…", front_count - AROUND),
            ));
            out.push((plain, kept));
        } else {
            out.push((plain, front.to_owned()));
        }
        out.push((part, clipped(middle)));
        let end_count = if is_long { end.chars().count() } else { 0 };
        if end_count > 2 * AROUND {
            let kept: String = end.chars().take(AROUND).collect();
            out.push((plain, kept));
            out.push((
                Role::Dim,
                format!("…({} equal characters)", end_count - AROUND),
            ));
        } else {
            out.push((plain, end.to_owned()));
        }
        out.retain(|(_, text)| !text.is_empty());
        out
    };
    (
        side(a, rest_a, Role::Remove, Role::RemovePart),
        side(b, rest_b, Role::Add, Role::AddPart),
    )
}

fn clipped(text: &str) -> String {
    if text.len() <= MOST {
        return text.to_owned();
    }
    let count = text.chars().count();
    let head: String = text.chars().take(LONG).collect();
    format!("{head}… ({count} characters)")
}
