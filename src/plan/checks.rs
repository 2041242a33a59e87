//! What stands in a plan beside its changes: conditions with their results, and the actions that apply invokes.

use std::borrow::Cow;

use super::change::{Invocation, Trigger};
use super::document::Document;
use super::raw::{RawCheck, RawDeferredInvocation, RawInvocation, RawTrigger};
use super::{PlanError, shape};

/// How a condition came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It could not be worked out.
    Error,
    /// It is known only after apply; also where the plan has a word that this version does not know.
    Unknown,
}

impl CheckStatus {
    fn from_word(word: &str) -> Self {
        match word {
            "pass" => Self::Pass,
            "fail" => Self::Fail,
            "error" => Self::Error,
            _ => Self::Unknown,
        }
    }

    /// The plan's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// The conditions of one object: preconditions and postconditions, a `check` block, or a variable's validation. A failed `check` block
/// does not stop apply.
#[derive(Clone, Debug)]
pub struct Check {
    /// `resource`, `output_value`, `check`, `var`, or what the plan says.
    pub kind: String,
    /// What is checked, in the plan's words.
    pub address: String,
    /// How it came out.
    pub status: CheckStatus,
    /// Messages of the conditions that do not hold, each with the instance in front where that is not the object itself. They
    /// may quote values, so they are shown through the redactor only.
    pub messages: Vec<String>,
}

/// Reads `checks`.
pub(super) fn read_checks(document: &Document<'_>) -> Result<Vec<Check>, PlanError> {
    let Some(text) = document.text("checks") else {
        return Ok(Vec::new());
    };
    let items: Vec<RawCheck<'_>> = shape("checks", text)?;
    Ok(items.into_iter().map(check).collect())
}

fn check(raw: RawCheck<'_>) -> Check {
    let owned = |text: Option<Cow<'_, str>>| text.unwrap_or_default().into_owned();
    let address = raw.address.unwrap_or_default();
    let kind = owned(address.kind);
    let shown = owned(address.to_display);
    let mut status = CheckStatus::from_word(raw.status.as_deref().unwrap_or_default());
    let mut messages = Vec::new();
    for instance in raw.instances.into_iter().flatten() {
        // An object whose instance failed has not passed, whatever stands beside it.
        let inner = CheckStatus::from_word(instance.status.as_deref().unwrap_or_default());
        if status == CheckStatus::Pass && inner != CheckStatus::Pass {
            status = inner;
        }
        let place = owned(instance.address.unwrap_or_default().to_display);
        for problem in instance.problems.into_iter().flatten() {
            let message = owned(problem.message);
            messages.push(if place.is_empty() || place == shown {
                message
            } else {
                format!("{place}: {message}")
            });
        }
    }
    Check {
        kind,
        address: shown,
        status,
        messages,
    }
}

/// Reads `action_invocations` and, behind them, `deferred_action_invocations`.
pub(super) fn read_invocations(document: &Document<'_>) -> Result<Vec<Invocation>, PlanError> {
    let mut out = Vec::new();
    if let Some(text) = document.text("action_invocations") {
        let items: Vec<RawInvocation<'_>> = shape("action_invocations", text)?;
        out.extend(items.into_iter().map(|item| invocation(item, None)));
    }
    if let Some(text) = document.text("deferred_action_invocations") {
        let items: Vec<RawDeferredInvocation<'_>> = shape("deferred_action_invocations", text)?;
        out.extend(items.into_iter().map(|item| {
            let reason = item.reason.unwrap_or_default().into_owned();
            invocation(item.action_invocation, Some(reason))
        }));
    }
    Ok(out)
}

fn invocation(raw: RawInvocation<'_>, deferred: Option<String>) -> Invocation {
    let owned = |text: Option<Cow<'_, str>>| text.unwrap_or_default().into_owned();
    let trigger = match (raw.lifecycle_action_trigger, raw.invoke_action_trigger) {
        (
            Some(RawTrigger {
                triggering_resource_address,
                action_trigger_event,
            }),
            _,
        ) => Trigger::Lifecycle {
            resource: owned(triggering_resource_address),
            event: owned(action_trigger_event),
        },
        (None, Some(raw)) if raw.get() != "null" => Trigger::Invoke,
        _ => Trigger::Unknown,
    };
    Invocation {
        address: owned(raw.address),
        kind: owned(raw.kind),
        provider: owned(raw.provider_name),
        trigger,
        deferred,
    }
}
