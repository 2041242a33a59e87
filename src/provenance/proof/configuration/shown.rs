//! The `configuration` of the JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    pub(super) provider_config: BTreeMap<String, Provider>,
    #[serde(default)]
    pub(super) root_module: Option<Module>,
}

#[derive(Deserialize)]
pub(super) struct Provider {
    #[serde(default)]
    pub(super) name: String,
    pub(super) full_name: Option<String>,
    #[serde(default)]
    pub(super) version_constraint: Option<String>,
    #[serde(default)]
    pub(super) alias: Option<String>,
    #[serde(default)]
    pub(super) module_address: Option<String>,
    #[serde(default)]
    pub(super) expressions: Json,
}

#[derive(Default, Deserialize)]
pub(super) struct Module {
    #[serde(default)]
    pub(super) resources: Vec<Resource>,
    #[serde(default, rename = "module_calls")]
    pub(super) calls: BTreeMap<String, Call>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, Output>,
}

#[derive(Deserialize)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) sensitive: Option<bool>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) expression: Json,
    #[serde(default)]
    pub(super) depends_on: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    pub(super) address: String,
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) provider_config_key: Option<String>,
    #[serde(default)]
    pub(super) provisioners: Vec<Provisioner>,
    #[serde(default)]
    pub(super) expressions: Json,
    pub(super) count_expression: Option<Json>,
    pub(super) for_each_expression: Option<Json>,
    #[serde(default)]
    pub(super) depends_on: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Provisioner {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) expressions: Json,
}

#[derive(Deserialize)]
pub(super) struct Call {
    #[serde(default)]
    pub(super) source: String,
    pub(super) version_constraint: Option<String>,
    #[serde(default)]
    pub(super) expressions: Json,
    pub(super) count_expression: Option<Json>,
    pub(super) for_each_expression: Option<Json>,
    #[serde(default)]
    pub(super) depends_on: Vec<String>,
    pub(super) module: Option<Module>,
}

#[derive(Deserialize)]
pub(super) struct Variable {
    #[serde(default, deserialize_with = "present")]
    pub(super) default: Option<Json>,
    #[serde(default)]
    pub(super) sensitive: Option<bool>,
    #[serde(default)]
    pub(super) description: Option<String>,
}

/// Null is a default too.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}
