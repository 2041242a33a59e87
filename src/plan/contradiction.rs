//! Rows whose parts contradict each other.
//!
//! Terraform writes no such row, so a plan that holds one was edited, or means something that this version does not know. Policies look
//! at the words of the action, at the values, or at both; whichever they do not look at could hide what apply does.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::value::{holds_true, marks};
use super::{Action, Mode, Plan, ResourceChange, Value};

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contradiction {
    /// The plan gives no address, so nobody can say which object it is about.
    NoAddress,
    /// The plan gives no type that a resource could have, so policies that look for types pass the row by.
    NoType,
    /// Type and name are not those of the address.
    OtherAddress,
    /// A mode that this version does not know.
    UnknownMode,
    /// An action that objects of its mode do not have.
    WrongMode,
    /// `no-op`, but the values before and after differ.
    ChangesAnyway,
    /// `create`, but there are values from before.
    CreatesExisting,
    /// `delete` or `forget`, but there are values for afterwards.
    StaysAnyway,
    /// An object that exists afterwards, but without any values.
    NothingAfter,
    /// A value that is given and marked as not known yet.
    KnownAndUnknown,
}

impl Contradiction {
    /// What is wrong, as the rest of a sentence about the row.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoAddress => "has no address, so it cannot be told which object it is",
            Self::NoType => "has no type, so it cannot be told what kind of object it is",
            Self::OtherAddress => "has an address that is not one of its type and name",
            Self::UnknownMode => "has a mode that this version does not know",
            Self::WrongMode => "has an action that objects of its mode never have",
            Self::ChangesAnyway => "is said not to change, but its values before and after differ",
            Self::CreatesExisting => "is said to be created, but has values from before",
            Self::StaysAnyway => "is said to go, but has values for afterwards",
            Self::NothingAfter => "is said to exist afterwards, but without any values",
            Self::KnownAndUnknown => "has a value that is also marked as not known yet",
        }
    }
}

impl Plan {
    /// What contradicts itself in a row of `resource_changes`, where something does.
    #[must_use]
    pub fn contradiction(&self, change: &ResourceChange) -> Option<Contradiction> {
        if let Some(wrong) = wrong_mode(change) {
            return Some(wrong);
        }
        let body = &change.body;
        let text = |span: &Option<super::Span>| span.as_ref().map(|span| self.slice(span));
        let (before, after) = (text(&body.before), text(&body.after));
        let unknown = text(&body.after_unknown);
        let managed = change.mode == Mode::Managed;
        let wrong = match change.action {
            Action::NoOp if differs(before, after, unknown) => Contradiction::ChangesAnyway,
            Action::Create if before.is_some() => Contradiction::CreatesExisting,
            Action::Delete | Action::Forget if after.is_some() => Contradiction::StaysAnyway,
            Action::Create
            | Action::Update
            | Action::DeleteThenCreate
            | Action::CreateThenDelete
            | Action::ForgetReplace
                if managed && after.is_none() && !unknown.is_some_and(any_mark) =>
            {
                Contradiction::NothingAfter
            }
            _ if unknown
                .is_some_and(|raw| any_mark(raw) && known_too(after, &marks(Some(raw)))) =>
            {
                Contradiction::KnownAndUnknown
            }
            _ if change.is_quiet() => return None,
            _ if !change.has_address => Contradiction::NoAddress,
            _ if !is_type(&change.kind) => Contradiction::NoType,
            _ if !names_itself(change) => Contradiction::OtherAddress,
            _ => return None,
        };
        Some(wrong)
    }
}

fn wrong_mode(change: &ResourceChange) -> Option<Contradiction> {
    match (change.mode, change.action) {
        // Unknown actions have a finding of their own.
        (_, Action::NoOp | Action::Unknown) => None,
        (Mode::Other, _) => Some(Contradiction::UnknownMode),
        (Mode::Managed, Action::Read | Action::Ephemeral) => Some(Contradiction::WrongMode),
        (Mode::Managed, _) | (Mode::Data, Action::Read) => None,
        (Mode::Data, _) => Some(Contradiction::WrongMode),
        (Mode::Ephemeral, action) => action.is_destructive().then_some(Contradiction::WrongMode),
    }
}

/// Whether a text can be the type of a resource.
fn is_type(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && kind
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Whether type and name stand in the address. Where in it they stand is not looked at: keys may hold anything.
fn names_itself(change: &ResourceChange) -> bool {
    let block = format!("{}.{}", change.kind, change.name);
    !change.name.is_empty() && change.address.contains(&block)
}

fn any_mark(raw: &str) -> bool {
    raw.contains("true")
}

/// Whether two values differ, or the second is not known yet. Spelling and the order of keys do not count.
pub(super) fn differs(before: Option<&str>, after: Option<&str>, unknown: Option<&str>) -> bool {
    if unknown.is_some_and(|raw| any_mark(raw) && holds_true(&marks(Some(raw)))) {
        return true;
    }
    let (before, after) = (before.unwrap_or("null"), after.unwrap_or("null"));
    let read = |raw| Value::read(Some(raw), &Json::Null, &Json::Null);
    before != after && read(before) != read(after)
}

/// Whether a value other than null stands where the marks say that it is unknown.
fn known_too(raw: Option<&str>, unknown: &Json) -> bool {
    let Some(raw) = raw.map(str::trim).filter(|raw| *raw != "null") else {
        return false;
    };
    match unknown {
        Json::Bool(mark) => *mark,
        Json::Object(marks) if raw.starts_with('{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
            marks.iter().any(|(name, mark)| {
                let field = fields.get(name).map(|field| field.get());
                holds_true(mark) && known_too(field, mark)
            })
        }
        Json::Array(marks) if raw.starts_with('[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            marks
                .iter()
                .zip(items)
                .any(|(mark, item)| holds_true(mark) && known_too(Some(item.get()), mark))
        }
        _ => false,
    }
}
