//! How a plan was asked for: its JSON has no word for it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::Document;
use super::{Action, Mode, PlanError, ResourceChange, flag, shape};

/// How the plan was asked for, as far as its JSON tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanMode {
    /// Changes towards the configuration.
    Normal,
    /// `-destroy`: everything goes while the code is still there.
    Destroy,
    /// `-refresh-only`: only the state would be updated.
    RefreshOnly,
}

impl PlanMode {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Destroy => "destroy",
            Self::RefreshOnly => "refresh-only",
        }
    }
}

/// A destroy plan deletes every managed object, without a reason, while its code is still there; a refresh-only one has no list of
/// changes although there are managed objects. An errored plan stopped before it could tell.
pub(super) fn infer(
    document: &Document<'_>,
    changes: &[ResourceChange],
) -> Result<PlanMode, PlanError> {
    if flag(document, "errored")? == Some(true) {
        return Ok(PlanMode::Normal);
    }
    if changes.is_empty() {
        // A targeted plan may leave everything out, but then it says that it is not complete.
        let refreshed = flag(document, "complete")? != Some(false)
            && (has_managed(document, "resource_drift")? || has_managed_state(document)?);
        return Ok(if refreshed {
            PlanMode::RefreshOnly
        } else {
            PlanMode::Normal
        });
    }
    let mut current = changes
        .iter()
        .filter(|change| change.mode == Mode::Managed && change.deposed.is_none())
        .peekable();
    let destroys = current.peek().is_some()
        && current.all(|change| change.action == Action::Delete && change.reason.is_none())
        && has_code(document)?;
    Ok(if destroys {
        PlanMode::Destroy
    } else {
        PlanMode::Normal
    })
}

#[derive(Deserialize, Default)]
struct Tree<'a> {
    #[serde(borrow, default)]
    resources: Option<Vec<Object<'a>>>,
    #[serde(borrow, default)]
    child_modules: Option<Vec<Tree<'a>>>,
    #[serde(borrow, default)]
    module_calls: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    mode: Option<std::borrow::Cow<'a, str>>,
}

impl Object<'_> {
    fn is_managed(&self) -> bool {
        self.mode.as_deref().unwrap_or("managed") == "managed"
    }
}

impl Tree<'_> {
    fn has_managed(&self) -> bool {
        self.resources.iter().flatten().any(Object::is_managed)
            || self.child_modules.iter().flatten().any(Tree::has_managed)
    }
}

#[derive(Deserialize, Default)]
struct Rooted<'a> {
    #[serde(borrow, default)]
    root_module: Option<Tree<'a>>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow, default)]
    values: Option<Rooted<'a>>,
}

fn has_managed(document: &Document<'_>, key: &str) -> Result<bool, PlanError> {
    let Some(text) = document.text(key) else {
        return Ok(false);
    };
    let rows: Vec<Object<'_>> = shape(key, text)?;
    Ok(rows.iter().any(Object::is_managed))
}

fn has_managed_state(document: &Document<'_>) -> Result<bool, PlanError> {
    let Some(text) = document.text("prior_state") else {
        return Ok(false);
    };
    let state: State<'_> = shape("prior_state", text)?;
    let root = state.values.and_then(|values| values.root_module);
    Ok(root.is_some_and(|root| root.has_managed()))
}

/// Whether the configuration holds anything that could make an object; a plan without a configuration is given the benefit.
fn has_code(document: &Document<'_>) -> Result<bool, PlanError> {
    let Some(text) = document.text("configuration") else {
        return Ok(true);
    };
    let configuration: Rooted<'_> = shape("configuration", text)?;
    Ok(configuration.root_module.is_some_and(|root| {
        root.has_managed() || root.module_calls.is_some_and(|calls| calls.get() != "null")
    }))
}
