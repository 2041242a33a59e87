//! The plan's JSON as it is written: borrowed, attribute trees unparsed.
//!
//! A derived reader takes a list for an object too, field by field. Policies would see a list where this program saw a change, so each
//! object here is read as an object and nothing else (`remote = "Self"` leaves the trait to [`objects_only`]).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

type Text<'a> = Option<Cow<'a, str>>;

macro_rules! objects_only {
    ($($name:ident)*) => {$(
        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object<'a>(PhantomData<$name<'a>>);
                impl<'de: 'a, 'a> Visitor<'de> for Object<'a> {
                    type Value = $name<'a>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        $name::deserialize(MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Object(PhantomData))
            }
        }
    )*};
}

objects_only! {
    RawChange RawBody RawDeferred RawInvocation RawState RawOutput RawModule RawObject RawPrior RawConfiguration RawConfigModule RawVariable RawModuleCall
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
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
#[serde(remote = "Self")]
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
#[serde(remote = "Self")]
pub(super) struct RawDeferred<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_change: RawChange<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
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
#[serde(remote = "Self")]
pub(super) struct RawState<'a> {
    #[serde(borrow, default)]
    pub(super) outputs: std::collections::BTreeMap<String, RawOutput<'a>>,
    #[serde(borrow, default)]
    pub(super) root_module: Option<RawModule<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawOutput<'a> {
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawModule<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<RawObject<'a>>,
    #[serde(borrow, default)]
    pub(super) child_modules: Vec<RawModule<'a>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawObject<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) sensitive_values: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawPrior<'a> {
    #[serde(borrow, default)]
    pub(super) values: Option<RawState<'a>>,
}

/// The parts of `configuration` that tell what is sensitive.
#[derive(Deserialize, Default)]
#[serde(remote = "Self")]
pub(super) struct RawConfiguration<'a> {
    #[serde(borrow, default)]
    pub(super) root_module: Option<RawConfigModule<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self")]
pub(super) struct RawConfigModule<'a> {
    #[serde(borrow, default)]
    pub(super) variables: Option<std::collections::BTreeMap<String, RawVariable<'a>>>,
    #[serde(borrow, default)]
    pub(super) module_calls: Option<std::collections::BTreeMap<String, RawModuleCall<'a>>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawVariable<'a> {
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) default: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawModuleCall<'a> {
    #[serde(borrow, default)]
    pub(super) expressions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) module: Option<RawConfigModule<'a>>,
}
