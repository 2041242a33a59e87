//! The plan's JSON as it is written: borrowed, attribute trees unparsed.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

type Text<'a> = Option<Cow<'a, str>>;

#[derive(Deserialize)]
pub(super) struct RawChange<'a> {
    #[serde(borrow, default)]
    pub(super) address: Text<'a>,
    #[serde(borrow, default)]
    pub(super) previous_address: Text<'a>,
    #[serde(borrow, default)]
    pub(super) module_address: Text<'a>,
    #[serde(borrow, default)]
    pub(super) mode: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) provider_name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) deposed: Text<'a>,
    #[serde(borrow, default)]
    pub(super) change: Option<RawBody<'a>>,
    #[serde(borrow, default)]
    pub(super) action_reason: Text<'a>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawBody<'a> {
    #[serde(borrow, default)]
    pub(super) actions: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    pub(super) before: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after_unknown: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) before_sensitive: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after_sensitive: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) replace_paths: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) importing: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) generated_config: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RawDeferred<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_change: RawChange<'a>,
}

#[derive(Deserialize)]
pub(super) struct RawInvocation<'a> {
    #[serde(borrow, default)]
    pub(super) address: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) provider_name: Text<'a>,
}

/// The values of a state-like tree (`planned_values`, `prior_state.values`), for marks only.
#[derive(Deserialize, Default)]
pub(super) struct RawState<'a> {
    #[serde(borrow, default)]
    pub(super) outputs: std::collections::BTreeMap<String, RawOutput<'a>>,
    #[serde(borrow, default)]
    pub(super) root_module: Option<RawModule<'a>>,
}

#[derive(Deserialize)]
pub(super) struct RawOutput<'a> {
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RawModule<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<RawObject<'a>>,
    #[serde(borrow, default)]
    pub(super) child_modules: Vec<RawModule<'a>>,
}

#[derive(Deserialize)]
pub(super) struct RawObject<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) sensitive_values: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RawPrior<'a> {
    #[serde(borrow, default)]
    pub(super) values: Option<RawState<'a>>,
}

/// The parts of `configuration` that tell what is sensitive.
#[derive(Deserialize, Default)]
pub(super) struct RawConfiguration<'a> {
    #[serde(borrow, default)]
    pub(super) root_module: Option<RawConfigModule<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawConfigModule<'a> {
    #[serde(borrow, default)]
    pub(super) variables: Option<std::collections::BTreeMap<String, RawVariable<'a>>>,
    #[serde(borrow, default)]
    pub(super) module_calls: Option<std::collections::BTreeMap<String, RawModuleCall<'a>>>,
    #[serde(borrow, default)]
    pub(super) outputs: Option<std::collections::BTreeMap<String, RawConfigOutput<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct RawConfigOutput<'a> {
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) expression: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RawVariable<'a> {
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) default: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RawModuleCall<'a> {
    #[serde(borrow, default)]
    pub(super) expressions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) module: Option<RawConfigModule<'a>>,
}
