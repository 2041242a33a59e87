//! The providers that only the state names: those of objects that nothing changes are started for every refresh.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Plan, PlanError, shape};

/// A provider that the plan's prior state or planned values name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct StateProvider {
    /// The provider as it stands there.
    pub name: String,
    /// The first object that names it.
    pub address: String,
}

#[derive(Deserialize, Default)]
struct Tree<'a> {
    #[serde(borrow, default)]
    resources: Option<Vec<Object<'a>>>,
    #[serde(borrow, default)]
    child_modules: Option<Vec<Tree<'a>>>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    provider_name: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
struct Values<'a> {
    #[serde(borrow, default)]
    root_module: Option<Tree<'a>>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow, default)]
    values: Option<Values<'a>>,
}

impl Tree<'_> {
    fn collect(&self, found: &mut BTreeMap<String, String>) {
        for object in self.resources.iter().flatten() {
            if let Some(name) = &object.provider_name
                && !found.contains_key(name.as_ref())
            {
                let address = object.address.as_deref().unwrap_or("(no address)");
                found.insert(name.to_string(), address.to_owned());
            }
        }
        for module in self.child_modules.iter().flatten() {
            module.collect(found);
        }
    }
}

impl Plan {
    /// The providers that prior state and planned values name, each once, sorted.
    ///
    /// # Errors
    /// When one of the two has another shape than Terraform writes.
    pub fn state_providers(&self) -> Result<Vec<StateProvider>, PlanError> {
        let mut found = BTreeMap::new();
        if let Some(text) = self.section("prior_state") {
            let state: Option<State<'_>> = shape("prior_state", text)?;
            let root = state
                .and_then(|state| state.values)
                .and_then(|values| values.root_module);
            root.unwrap_or_default().collect(&mut found);
        }
        if let Some(text) = self.section("planned_values") {
            let values: Option<Values<'_>> = shape("planned_values", text)?;
            let root = values.and_then(|values| values.root_module);
            root.unwrap_or_default().collect(&mut found);
        }
        Ok(found
            .into_iter()
            .map(|(name, address)| StateProvider { name, address })
            .collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn providers(text: &str) -> Vec<(String, String)> {
        let plan = Plan::read(text.as_bytes().to_vec()).unwrap();
        let found = plan.state_providers().unwrap();
        found.into_iter().map(|p| (p.name, p.address)).collect()
    }

    #[test]
    fn providers_of_unchanged_objects_are_found_at_any_depth() {
        let path = format!(
            "{}/testdata/plans/14-refresh-only/plan.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).unwrap();
        let found = providers(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "terraform.io/builtin/terraform");
        let deep = r#"{"format_version":"1.2","planned_values":{"root_module":{"child_modules":[{"resources":[
            {"address":"module.a.x.y","provider_name":"registry.terraform.io/acme/b","values":{"provider_name":"no provider"}},
            {"address":"module.a.x.z","provider_name":"registry.terraform.io/acme/b"},
            {"address":"module.a.x.q"}]}]}},"prior_state":{"values":{"root_module":{"resources":[{"provider_name":"aws"}]}}}}"#;
        assert_eq!(
            providers(deep),
            [
                ("aws".to_owned(), "(no address)".to_owned()),
                (
                    "registry.terraform.io/acme/b".to_owned(),
                    "module.a.x.y".to_owned()
                )
            ]
        );
        for empty in [
            r#"{"format_version":"1.2","resource_changes":[]}"#,
            r#"{"format_version":"1.2","resource_changes":[],"prior_state":null,"planned_values":{}}"#,
        ] {
            assert_eq!(providers(empty), []);
        }
    }
}
