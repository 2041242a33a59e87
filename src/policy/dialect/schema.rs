//! The keys that plan JSON has, as Terraform up to 1.15 and OpenTofu write it: what a policy may sensibly read.
//!
//! Where the keys are the user's own (attributes, variables, resource names) anything may be read.

use super::Dialect;
use crate::text::suggestion;

/// One step of a path into the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum Step {
    /// A known key.
    Key(String),
    /// A variable, `_` or an expression.
    Any,
}

/// What may stand at a place of the plan.
#[derive(Debug)]
enum Node {
    /// Anything.
    Open,
    /// A list, or an object with keys of the user's own.
    Each(&'static Node),
    /// An object with these keys and no others.
    Keys(&'static [(&'static str, &'static Node)]),
}

use Node::{Each, Keys, Open};

static OPEN: Node = Open;

static CHANGE: Node = Keys(&[
    ("actions", &OPEN),
    ("before", &OPEN),
    ("after", &OPEN),
    ("after_unknown", &OPEN),
    ("before_sensitive", &OPEN),
    ("after_sensitive", &OPEN),
    ("before_identity", &OPEN),
    ("after_identity", &OPEN),
    ("replace_paths", &OPEN),
    ("importing", &OPEN),
    ("generated_config", &OPEN),
]);

static RESOURCE_CHANGE: Node = Keys(&[
    ("address", &OPEN),
    ("previous_address", &OPEN),
    ("module_address", &OPEN),
    ("mode", &OPEN),
    ("type", &OPEN),
    ("name", &OPEN),
    ("index", &OPEN),
    ("index_unknown", &OPEN),
    ("provider_name", &OPEN),
    ("deposed", &OPEN),
    ("change", &CHANGE),
    ("action_reason", &OPEN),
]);

static RESOURCE_CHANGES: Node = Each(&RESOURCE_CHANGE);

static DEFERRED: Node = Each(&Keys(&[
    ("reason", &OPEN),
    ("resource_change", &RESOURCE_CHANGE),
]));

static INVOCATION: Node = Keys(&[
    ("address", &OPEN),
    ("type", &OPEN),
    ("name", &OPEN),
    ("provider_name", &OPEN),
    ("config_values", &OPEN),
    ("config_sensitive", &OPEN),
    ("config_unknown", &OPEN),
    ("lifecycle_action_trigger", &OPEN),
    ("invoke_action_trigger", &OPEN),
]);

static VALUES_RESOURCE: Node = Keys(&[
    ("address", &OPEN),
    ("mode", &OPEN),
    ("type", &OPEN),
    ("name", &OPEN),
    ("index", &OPEN),
    ("provider_name", &OPEN),
    ("schema_version", &OPEN),
    ("values", &OPEN),
    ("sensitive_values", &OPEN),
    ("identity_schema_version", &OPEN),
    ("identity", &OPEN),
    ("depends_on", &OPEN),
    ("tainted", &OPEN),
    ("deposed_key", &OPEN),
]);

static VALUES_MODULE: Node = Keys(&[
    ("address", &OPEN),
    ("resources", &Each(&VALUES_RESOURCE)),
    ("child_modules", &Each(&VALUES_MODULE)),
]);

static VALUES: Node = Keys(&[("outputs", &OPEN), ("root_module", &VALUES_MODULE)]);

static CONFIG_RESOURCE: Node = Keys(&[
    ("address", &OPEN),
    ("mode", &OPEN),
    ("type", &OPEN),
    ("name", &OPEN),
    ("provider_config_key", &OPEN),
    ("provisioners", &OPEN),
    ("expressions", &OPEN),
    ("schema_version", &OPEN),
    ("count_expression", &OPEN),
    ("for_each_expression", &OPEN),
    ("depends_on", &OPEN),
]);

static CONFIG_MODULE: Node = Keys(&[
    ("outputs", &OPEN),
    ("resources", &Each(&CONFIG_RESOURCE)),
    ("module_calls", &Each(&MODULE_CALL)),
    ("variables", &OPEN),
    ("actions", &OPEN),
]);

static MODULE_CALL: Node = Keys(&[
    ("source", &OPEN),
    ("expressions", &OPEN),
    ("count_expression", &OPEN),
    ("for_each_expression", &OPEN),
    ("module", &CONFIG_MODULE),
    ("version_constraint", &OPEN),
    ("depends_on", &OPEN),
]);

static PLAN: Node = Keys(&[
    ("format_version", &OPEN),
    ("terraform_version", &OPEN),
    ("variables", &OPEN),
    ("planned_values", &VALUES),
    ("proposed_unknown", &OPEN),
    ("resource_drift", &RESOURCE_CHANGES),
    ("resource_changes", &RESOURCE_CHANGES),
    ("deferred_changes", &DEFERRED),
    ("output_changes", &Each(&CHANGE)),
    (
        "prior_state",
        &Keys(&[
            ("format_version", &OPEN),
            ("terraform_version", &OPEN),
            ("values", &VALUES),
            ("checks", &OPEN),
        ]),
    ),
    (
        "configuration",
        &Keys(&[("provider_config", &OPEN), ("root_module", &CONFIG_MODULE)]),
    ),
    ("relevant_attributes", &OPEN),
    ("checks", &OPEN),
    ("action_invocations", &Each(&INVOCATION)),
    (
        "deferred_action_invocations",
        &Each(&Keys(&[
            ("reason", &OPEN),
            ("action_invocation", &INVOCATION),
        ])),
    ),
    ("timestamp", &OPEN),
    ("applyable", &OPEN),
    ("complete", &OPEN),
    ("errored", &OPEN),
    ("countersign", &EXTENSION),
]);

/// What this program adds.
static EXTENSION: Node = Keys(&[
    ("git", &OPEN),
    ("repository", &OPEN),
    ("source", &OPEN),
    ("provenance", &PROVENANCE),
    ("state_providers", &OPEN),
    ("now", &OPEN),
]);

static PROVENANCE: Node = Keys(&[
    ("explained", &OPEN),
    ("outputs", &OPEN),
    ("unplanned", &OPEN),
    ("proof", &PROOF),
]);

static PROOF: Node = Keys(&[
    ("verdict", &OPEN),
    ("summary", &OPEN),
    ("directory", &OPEN),
    ("files", &OPEN),
    ("paired", &OPEN),
    ("differences", &Each(&POINT)),
    ("gaps", &Each(&POINT)),
    ("omitted", &OPEN),
    ("sha256", &OPEN),
    ("terraform_version", &OPEN),
    ("lineage", &OPEN),
    ("serial", &OPEN),
]);

static POINT: Node = Keys(&[
    ("kind", &OPEN),
    ("subject", &OPEN),
    ("deposed", &OPEN),
    ("problem", &OPEN),
    ("source", &OPEN),
    ("text", &OPEN),
]);

/// What a dialect's input looks like.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Schema(pub(in crate::policy) Dialect);

impl Schema {
    /// What is wrong with a path into the input: the part that no plan has, and what was meant perhaps.
    pub(in crate::policy) fn fault(self, path: &[Step]) -> Option<String> {
        let mut shown = "input".to_owned();
        let mut rest = path;
        if let Some(key) = self.0.plan_key() {
            let (first, below) = path.split_first()?;
            let Step::Key(name) = first else { return None };
            let mut known = vec![key];
            known.extend(self.0.host_keys());
            if !known.contains(&name.as_str()) {
                return Some(format!(
                    "reads input.{name}, which the input of {} does not have{}",
                    self.0.host(),
                    suggestion(name, &known)
                ));
            }
            if name != key {
                return None;
            }
            shown = format!("input.{key}");
            rest = below;
        }
        let mut node = &PLAN;
        for step in rest {
            match (node, step) {
                // An expression may give any of the keys.
                (Open, _) | (Keys(_), Step::Any) => return None,
                (Each(inner), Step::Any) => {
                    shown.push_str("[_]");
                    node = inner;
                }
                // A key of the user's own, or a position.
                (Each(inner), Step::Key(name)) => {
                    shown.push_str(&format!("[{name:?}]"));
                    node = inner;
                }
                (Keys(keys), Step::Key(name)) => {
                    let Some((_, inner)) = keys.iter().find(|(key, _)| key == name) else {
                        let known: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                        return Some(format!(
                            "reads {shown}.{name}, which no plan has{}",
                            suggestion(name, &known)
                        ));
                    };
                    shown.push_str(&format!(".{name}"));
                    node = inner;
                }
            }
        }
        None
    }

    /// Whether a plan has a top-level key of this name.
    pub(in crate::policy) fn plan_has(key: &str) -> bool {
        match &PLAN {
            Keys(keys) => keys.iter().any(|(name, _)| *name == key),
            Open | Each(_) => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    fn path(text: &str) -> Vec<Step> {
        text.split('.')
            .map(|step| match step {
                "_" => Step::Any,
                name => Step::Key(name.to_owned()),
            })
            .collect()
    }

    #[test]
    fn what_no_plan_has_is_named_with_what_was_meant() {
        let schema = Schema(Dialect::Opa);
        assert_eq!(
            schema.fault(&path("resource_changs._.change")).unwrap(),
            "reads input.resource_changs, which no plan has (did you mean \"resource_changes\"?)"
        );
        assert_eq!(
            schema
                .fault(&path("resource_changes._.chnage.after"))
                .unwrap(),
            "reads input.resource_changes[_].chnage, which no plan has (did you mean \"change\"?)"
        );
        for fine in [
            "resource_changes._.change.after.tags.Owner",
            "planned_values.root_module.child_modules._.child_modules._.resources._.values.x",
            "action_invocations._.address",
            "countersign.git.files",
            "_.anything",
            "variables.anything.value",
        ] {
            assert_eq!(schema.fault(&path(fine)), None, "{fine}");
        }
    }

    #[test]
    fn a_wrapped_plan_is_looked_at_below_its_key() {
        let schema = Schema(Dialect::Scalr);
        assert_eq!(schema.fault(&path("tfrun.anything")), None);
        assert_eq!(schema.fault(&path("tfplan.resource_changes._.type")), None);
        assert!(
            schema
                .fault(&path("tfplan.resources"))
                .unwrap()
                .contains("input.tfplan.resources")
        );
        assert!(
            schema
                .fault(&path("resource_changes"))
                .unwrap()
                .contains("input of Scalr")
        );
    }

    /// Every key of a real plan, by the table above.
    fn walk(value: &Json, node: &Node, at: &str, seen: &mut usize) {
        match (node, value) {
            (Keys(keys), Json::Object(fields)) => {
                for (name, value) in fields {
                    let found = keys.iter().find(|(key, _)| key == name);
                    let (_, inner) = found.unwrap_or_else(|| panic!("{at}.{name} is not known"));
                    *seen += 1;
                    walk(value, inner, &format!("{at}.{name}"), seen);
                }
            }
            (Each(inner), Json::Object(fields)) => {
                for value in fields.values() {
                    walk(value, inner, at, seen);
                }
            }
            (Each(inner), Json::Array(items)) => {
                for value in items {
                    walk(value, inner, at, seen);
                }
            }
            _ => {}
        }
    }

    #[test]
    #[allow(clippy::panic)]
    fn every_key_of_the_real_plans_is_known() {
        let mut todo = vec![
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans"),
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo"),
        ];
        let (mut seen, mut plans) = (0, 0);
        while let Some(path) = todo.pop() {
            if path.is_dir() {
                todo.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
                continue;
            }
            if path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            let Ok(plan) = serde_json::from_slice::<Json>(&std::fs::read(&path).unwrap()) else {
                continue;
            };
            // Some are no plans, or plans with a key added on purpose.
            if plan.get("format_version").is_some() && plan.get("resource_changes").is_some() {
                plans += 1;
                walk(&plan, &PLAN, &path.display().to_string(), &mut seen);
            }
        }
        assert!(plans > 5 && seen > 500, "{plans} plans, {seen} keys");
    }
}
