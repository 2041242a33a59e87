//! One object of the plan: what happens to it, and where its attribute trees stand in the text.

use std::ops::Range;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::raw::{RawBody, RawChange, RawImport};
use super::value::Value;
use super::{Action, Plan};
use crate::text::Printable;

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
    /// Identity that the provider gives the object, before.
    pub before_identity: Option<Span>,
    /// Identity that the provider gives the object, after.
    pub after_identity: Option<Span>,
}

/// What an import names the object by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import {
    /// An id, as the provider spells it.
    Id(String),
    /// An identity: an object of attributes.
    Identity(Span),
    /// What an identity was shown as, of a plan whose text is gone.
    Told(Printable),
    /// Known only after another change.
    Unknown,
    /// In a way that this version does not know.
    Other,
}

impl Import {
    fn read(plan: &Reader<'_>, raw: &RawValue) -> Self {
        match serde_json::from_str::<RawImport<'_>>(raw.get()) {
            Ok(RawImport { id: Some(id), .. }) => Self::Id(id.into_owned()),
            Ok(RawImport {
                identity: Some(identity),
                ..
            }) if identity.get() != "null" => {
                // The parts of `raw` borrow from the plan's text as `raw` does.
                Self::Identity(plan.span(identity))
            }
            Ok(RawImport {
                unknown: Some(true),
                ..
            }) => Self::Unknown,
            _ => Self::Other,
        }
    }
}

/// A planned change of one resource instance. `(address, deposed)` is its key; addresses are opaque and never split on dots.
#[derive(Clone, Debug)]
pub struct ResourceChange {
    /// Full address with module path and instance key; type and name where the plan gives none.
    pub address: String,
    /// Whether the plan gives the address.
    pub has_address: bool,
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
    /// What the import names the object by.
    pub import: Option<Import>,
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
            before_identity,
            after_identity,
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
            before_identity: span(before_identity),
            after_identity: span(after_identity),
        };
        let import = importing
            .filter(|raw| raw.get() != "null")
            .map(|raw| Import::read(plan, raw));
        let has_address = change.address.as_deref().is_some_and(|a| !a.is_empty());
        let kind = change.kind.unwrap_or_default();
        let name = owned(change.name).unwrap_or_default();
        let address = owned(change.address).unwrap_or_else(|| format!("{kind}.{name}"));
        ResourceChange {
            address,
            has_address,
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
            importing: import.is_some(),
            import,
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

/// What sets an action off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A change of a resource.
    Lifecycle {
        /// Address of the resource.
        resource: String,
        /// When, in the plan's word.
        event: String,
    },
    /// The person who asked for it with `-invoke`.
    Invoke,
    /// Something that this version does not know.
    Unknown,
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
    /// What sets it off.
    pub trigger: Trigger,
    /// Why this plan puts it off, where it does: then apply does not invoke it.
    pub deferred: Option<String>,
}

/// A change of a root output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    /// Name of the output.
    pub name: String,
    /// What happens to it.
    pub action: Action,
    /// The plan's own words for it, verbatim.
    pub words: Vec<String>,
    /// Whether its values differ, whatever the words say: Terraform's words for outputs may not be accurate.
    pub differs: bool,
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

impl OutputChange {
    /// Whether nothing happens to the output, by its words and by its values.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.action.is_no_op() && !self.differs
    }
}

impl Plan {
    /// What an import names the object by, in words.
    #[must_use]
    pub fn import_text(&self, change: &ResourceChange) -> Option<Printable> {
        Some(match change.import.as_ref()? {
            Import::Id(id) => self.redactor.line(&format!("id {id}")),
            Import::Identity(span) => {
                let value = self.plain_value(span).show(&self.redactor);
                Printable::line(&format!("identity {value}"))
            }
            Import::Told(text) => text.clone(),
            Import::Unknown => Printable::line("an id that is not known yet"),
            Import::Other => Printable::line("something that this version does not know"),
        })
    }

    /// The identity that the provider gives the object, before and after, as far as the plan gives it.
    #[must_use]
    pub fn identity_text(&self, change: &ResourceChange) -> Option<Printable> {
        let text = |span: &Option<Span>| {
            span.as_ref()
                .map(|span| self.plain_value(span).show(&self.redactor).into_string())
        };
        let before = text(&change.body.before_identity);
        let after = text(&change.body.after_identity);
        let shown = match (before, after) {
            (None, None) => return None,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(before), Some(after)) if before == after => after,
            (Some(before), Some(after)) => format!("{before} -> {after}"),
        };
        Some(Printable::line(&shown))
    }

    fn plain_value(&self, span: &Span) -> Value {
        let none = serde_json::Value::Null;
        Value::read(Some(self.slice(span)), &none, &none)
    }

    /// The text of a span of this plan.
    #[must_use]
    pub fn slice(&self, span: &Span) -> &str {
        self.text().get(span.clone()).unwrap_or("null")
    }
}
