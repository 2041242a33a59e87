//! Whether the head of a rule makes what a rule that finds something must be: a set, or at least a list.

use regorus::unstable::{Expr, Rule, RuleHead};

/// What a rule makes.
pub(super) enum Shape {
    /// A function: not a rule that finds something.
    Function,
    /// A set or a list, or something that only evaluation shows.
    Collection,
    /// Something else, in words.
    Wrong(&'static str),
}

/// Reads it from the head.
pub(super) fn of(rule: &Rule) -> Shape {
    match rule {
        Rule::Default { value, .. } => of_value(value),
        Rule::Spec { head, bodies, .. } => match head {
            RuleHead::Func { .. } => Shape::Function,
            RuleHead::Set { .. } => Shape::Collection,
            RuleHead::Compr { refr, assign, .. } => {
                if matches!(refr.as_ref(), Expr::RefBrack { .. } | Expr::RefDot { .. }) {
                    return Shape::Wrong("this makes it an object");
                }
                let values = assign.iter().map(|a| &a.value).chain(
                    bodies
                        .iter()
                        .filter_map(|b| Some(&b.assign.as_ref()?.value)),
                );
                let mut any = false;
                for value in values {
                    any = true;
                    if let Shape::Wrong(what) = of_value(value) {
                        return Shape::Wrong(what);
                    }
                }
                if any {
                    Shape::Collection
                } else {
                    Shape::Wrong("this makes it a boolean")
                }
            }
        },
    }
}

fn of_value(value: &Expr) -> Shape {
    match value {
        Expr::String { .. } | Expr::RawString { .. } => Shape::Wrong("this makes it a text"),
        Expr::Number { .. } => Shape::Wrong("this makes it a number"),
        Expr::Null { .. } => Shape::Wrong("this makes it null"),
        Expr::Object { .. } | Expr::ObjectCompr { .. } => Shape::Wrong("this makes it an object"),
        Expr::Bool { .. } | Expr::BoolExpr { .. } | Expr::Membership { .. } => {
            Shape::Wrong("this makes it a boolean")
        }
        _ => Shape::Collection,
    }
}
