//! The plan's JSON as it is written: borrowed, attribute trees unparsed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

type Text<'a> = Option<Cow<'a, str>>;

/// Go writes an empty list as null.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What is derived would take a list of the fields in order too, and no policy reads that.
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
    RawChange
    RawBody
    RawImport
    RawDeferred
    RawInvocation
    RawTrigger
    RawDeferredInvocation
    RawCheck
    RawCheckAddress
    RawCheckInstance
    RawProblem
    RawOutput
    RawObject
    RawConfiguration
    RawConfigModule
    RawVariable
    RawModuleCall
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
    #[serde(borrow, default)]
    pub(super) before_identity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after_identity: Option<&'a RawValue>,
}

/// `importing`: one of an id, an identity, or the word that it is not known yet.
#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawImport<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) identity: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) unknown: Option<bool>,
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
    #[serde(borrow, default)]
    pub(super) lifecycle_action_trigger: Option<RawTrigger<'a>>,
    #[serde(borrow, default)]
    pub(super) invoke_action_trigger: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawTrigger<'a> {
    #[serde(borrow, default)]
    pub(super) triggering_resource_address: Text<'a>,
    #[serde(borrow, default)]
    pub(super) action_trigger_event: Text<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawDeferredInvocation<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
    #[serde(borrow)]
    pub(super) action_invocation: RawInvocation<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawCheck<'a> {
    #[serde(borrow, default)]
    pub(super) address: Option<RawCheckAddress<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) instances: Option<Vec<RawCheckInstance<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self")]
pub(super) struct RawCheckAddress<'a> {
    #[serde(borrow, default)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) to_display: Text<'a>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawCheckInstance<'a> {
    #[serde(borrow, default)]
    pub(super) address: Option<RawCheckAddress<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) problems: Option<Vec<RawProblem<'a>>>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawProblem<'a> {
    #[serde(borrow, default)]
    pub(super) message: Text<'a>,
}

/// An output of a state.
#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct RawOutput<'a> {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) sensitive: bool,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

/// An object of a state.
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
#[serde(remote = "Self")]
pub(super) struct RawVariable<'a> {
    #[serde(default, deserialize_with = "or_default")]
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
