//! A change without its attribute trees, for whoever looks only at what happens to which object.

use super::{Plan, ResourceChange};

impl Plan {
    /// Writes the JSON of a change with `null` in the place of its attribute trees and of their marks; all else stands as it is.
    pub fn write_outline(&self, change: &ResourceChange, out: &mut String) {
        let body = &change.body;
        let mut trees: Vec<_> = [
            &body.before,
            &body.after,
            &body.after_unknown,
            &body.before_sensitive,
            &body.after_sensitive,
            &body.generated_config,
        ]
        .into_iter()
        .flatten()
        .collect();
        trees.sort_by_key(|span| span.start);
        let text = self.text();
        let mut from = change.span.start;
        for tree in trees {
            out.push_str(text.get(from..tree.start).unwrap_or_default());
            out.push_str("null");
            from = tree.end;
        }
        out.push_str(text.get(from..change.span.end).unwrap_or_default());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn an_outline_is_the_change_without_its_trees() {
        for file in ["02-update/plan.json", "23-aws-iam/plan.json"] {
            let path = format!("{}/testdata/plans/{file}", env!("CARGO_MANIFEST_DIR"));
            let plan = Plan::read(std::fs::read(path).unwrap()).unwrap();
            for change in &plan.changes {
                let mut out = String::new();
                plan.write_outline(change, &mut out);
                let outline: Json = serde_json::from_str(&out).unwrap();
                let mut whole: Json = serde_json::from_str(plan.slice(&change.span)).unwrap();
                for tree in [
                    "before",
                    "after",
                    "after_unknown",
                    "before_sensitive",
                    "after_sensitive",
                ] {
                    if let Some(slot) = whole["change"].get_mut(tree) {
                        *slot = json!(null);
                    }
                }
                assert_eq!(outline, whole);
            }
        }
    }
}
