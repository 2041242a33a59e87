//! One object of the plan: what happens to it, and where its attribute trees stand in the text.

use std::ops::Range;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::raw::{RawBody, RawChange};
use super::{Action, Plan};

/// A range of bytes in the plan's text.
pub type Span = Range<usize>;

/// What kind of object a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A managed resource; also when the plan does not say.
    Managed,
    /// A data source.
    Data,
    /// An ephemeral resource (OpenTofu lists them).
    Ephemeral,
    /// A mode that this version does not know.
    Other,
}

impl Mode {
    fn from_word(word: Option<&str>) -> Self {
        match word {
            None | Some("managed") => Self::Managed,
            Some("data") => Self::Data,
            Some("ephemeral") => Self::Ephemeral,
            Some(_) => Self::Other,
        }
    }
}

/// Where the values of a change stand in the text; parsed only when they are needed.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Value before, absent when null.
    pub before: Option<Span>,
    /// Value after, absent when null.
    pub after: Option<Span>,
    /// Which leaves are known only after apply.
    pub after_unknown: Option<Span>,
    /// Which leaves are sensitive before.
    pub before_sensitive: Option<Span>,
    /// Which leaves are sensitive after.
    pub after_sensitive: Option<Span>,
    /// Attribute paths that force a replacement.
    pub replace_paths: Option<Span>,
    /// Generated configuration of an import, which may hold secrets.
    pub generated_config: Option<Span>,
}

/// A planned change of one resource instance. `(address, deposed)` is its key; addresses are opaque and never split on dots.
#[derive(Clone, Debug)]
pub struct ResourceChange {
    /// Full address with module path and instance key.
    pub address: String,
    /// Address before a move.
    pub previous_address: Option<String>,
    /// Module path with keys; empty for the root module.
    pub module: Arc<str>,
    /// Managed, data or ephemeral.
    pub mode: Mode,
    /// Resource type.
    pub kind: Arc<str>,
    /// Resource name.
    pub name: String,
    /// Provider source as the plan writes it.
    pub provider: Arc<str>,
    /// Key of a deposed object.
    pub deposed: Option<String>,
    /// What is done.
    pub action: Action,
    /// The plan's own words for it, verbatim.
    pub words: Vec<String>,
    /// Why, as the plan says.
    pub reason: Option<String>,
    /// Whether the object is imported.
    pub importing: bool,
    /// The attribute trees.
    pub body: Body,
    /// The whole element in the text.
    pub span: Span,
}

impl ResourceChange {
    pub(super) fn read(
        plan: &mut Reader<'_>,
        raw: &RawValue,
        change: RawChange<'_>,
    ) -> ResourceChange {
        let owned =
            |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let RawBody {
            actions,
            before,
            after,
            after_unknown,
            before_sensitive,
            after_sensitive,
            replace_paths,
            importing,
            generated_config,
        } = change.change.unwrap_or_default();
        let words: Vec<String> = actions
            .unwrap_or_default()
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect();
        let span = |raw: Option<&RawValue>| raw.filter(|r| r.get() != "null").map(|r| plan.span(r));
        let body = Body {
            before: span(before),
            after: span(after),
            after_unknown: span(after_unknown),
            before_sensitive: span(before_sensitive),
            after_sensitive: span(after_sensitive),
            replace_paths: span(replace_paths),
            generated_config: span(generated_config),
        };
        let kind = change.kind.unwrap_or_default();
        let name = owned(change.name).unwrap_or_default();
        let address = owned(change.address).unwrap_or_else(|| format!("{kind}.{name}"));
        ResourceChange {
            address,
            previous_address: owned(change.previous_address),
            module: plan.shared(&change.module_address.unwrap_or_default()),
            mode: Mode::from_word(change.mode.as_deref()),
            kind: plan.shared(&kind),
            name,
            provider: plan.shared(&change.provider_name.unwrap_or_default()),
            deposed: owned(change.deposed).filter(|d| !d.is_empty()),
            action: Action::from_words(&words),
            words,
            reason: owned(change.action_reason),
            importing: importing.is_some_and(|i| i.get() != "null"),
            body,
            span: plan.span(raw),
        }
    }

    /// Whether the change moves the object to another address.
    #[must_use]
    pub fn is_move(&self) -> bool {
        self.previous_address
            .as_ref()
            .is_some_and(|previous| previous != &self.address)
    }

    /// Whether nothing at all would change: no action, no import, no move.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.action.is_no_op() && !self.importing && !self.is_move()
    }

    /// The address with the deposed key behind it, where there is one.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.deposed {
            None => self.address.clone(),
            Some(key) => format!("{} (deposed {key})", self.address),
        }
    }
}

/// A change that this plan puts off.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// Why it is put off.
    pub reason: String,
    /// The change as far as it is known.
    pub change: ResourceChange,
}

/// An action that apply invokes beside the resource changes.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Address of the action.
    pub address: String,
    /// Type of the action.
    pub kind: String,
    /// Provider that runs it.
    pub provider: String,
}

/// A change of a root output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    /// Name of the output.
    pub name: String,
    /// What happens to it.
    pub action: Action,
    /// Values and marks.
    pub body: Body,
}

/// Turns borrowed JSON into owned records with spans; shares strings that repeat.
pub(super) struct Reader<'a> {
    text: &'a str,
    shared: std::collections::HashSet<Arc<str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            shared: std::collections::HashSet::new(),
        }
    }

    /// Where a borrowed value stands in the text.
    pub(super) fn span(&self, raw: &RawValue) -> Span {
        self.range(raw.get())
    }

    /// Where a part of the text stands in it.
    pub(super) fn range(&self, part: &str) -> Span {
        let start = part
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        start..start + part.len()
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.shared.insert(Arc::clone(&new));
        new
    }
}

impl Plan {
    /// The text of a span of this plan.
    #[must_use]
    pub fn slice(&self, span: &Span) -> &str {
        self.text().get(span.clone()).unwrap_or("null")
    }
}
