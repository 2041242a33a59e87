//! What one rule uses: a walk over its syntax tree.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, Query, Ref, Rule, RuleHead};

use super::syntax::{Call, Uses, dotted, parts};

/// Walks over the rules of a package.
pub(super) struct Walker<'a> {
    package: &'a str,
    local: &'a BTreeSet<String>,
    uses: Uses,
}

impl<'a> Walker<'a> {
    pub(super) fn new(package: &'a str, local: &'a BTreeSet<String>) -> Self {
        Self {
            package,
            local,
            uses: Uses::default(),
        }
    }

    /// What one rule uses.
    pub(super) fn uses_of(&mut self, rule: &Rule) -> Uses {
        self.rule(rule);
        std::mem::take(&mut self.uses)
    }

    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Default { args, value, .. } => {
                for arg in args {
                    self.expr(arg);
                }
                self.expr(value);
            }
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        self.head(refr);
                        if let Some(assign) = assign {
                            self.expr(&assign.value);
                        }
                    }
                    RuleHead::Set { refr, key, .. } => {
                        self.head(refr);
                        if let Some(key) = key {
                            self.expr(key);
                        }
                    }
                    RuleHead::Func { args, assign, .. } => {
                        for arg in args {
                            self.expr(arg);
                        }
                        if let Some(assign) = assign {
                            self.expr(&assign.value);
                        }
                    }
                }
                for body in bodies {
                    if let Some(assign) = &body.assign {
                        self.expr(&assign.value);
                    }
                    self.query(&body.query);
                }
            }
        }
    }

    /// The head names the rule itself; only what stands in brackets is an expression.
    fn head(&mut self, expr: &Expr) {
        if let Expr::RefBrack { refr, index, .. } = expr {
            self.head(refr);
            self.expr(index);
        } else if let Expr::RefDot { refr, .. } = expr {
            self.head(refr);
        }
    }

    fn query(&mut self, query: &Query) {
        for stmt in &query.stmts {
            match &stmt.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    if let Some(key) = key {
                        self.expr(key);
                    }
                    self.expr(value);
                    self.expr(collection);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
                Literal::Every { domain, query, .. } => {
                    self.expr(domain);
                    self.query(query);
                }
            }
            for with in &stmt.with_mods {
                self.expr(&with.r#as);
            }
        }
    }

    /// A reference whose root is known: `input.x`, `data.x`, or a rule of this package.
    fn reference(&mut self, path: &str) {
        let root = path.split('.').next().unwrap_or_default();
        let expanded = match root {
            "input" | "data" => path.to_owned(),
            root if self.local.contains(root) => format!("{}.{path}", self.package),
            _ => return,
        };
        let mut steps = expanded.split('.');
        match (steps.next(), steps.next()) {
            (Some("input"), Some(key)) => {
                self.uses.inputs.insert(key.to_owned());
                let below = steps.next().unwrap_or_default().to_owned();
                self.uses.below.insert((key.to_owned(), below));
            }
            (Some("input"), None) => self.uses.whole_input = true,
            (Some("data"), _) => {
                self.uses.references.insert(expanded);
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let Some(path) = dotted(expr) {
            if path == "data" && !self.local.contains("data") {
                let span = expr.span();
                let file = span.source.get_path().clone();
                self.uses.whole_data.insert((file, span.line));
            }
            self.reference(&path);
            return;
        }
        match expr {
            Expr::Call {
                fcn, params, span, ..
            } => self.call(fcn, params, span.line),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                self.expr(key);
                self.expr(value);
                self.query(query);
            }
            _ => {
                for part in parts(expr) {
                    self.expr(part);
                }
            }
        }
    }

    fn call(&mut self, fcn: &Expr, params: &[Ref<Expr>], line: u32) {
        let name = dotted(fcn).unwrap_or_else(|| fcn.span().text().to_owned());
        let root = name.split('.').next().unwrap_or_default();
        let full = if self.local.contains(root) {
            format!("{}.{name}", self.package)
        } else {
            name.clone()
        };
        if full.starts_with("data.") {
            self.uses.references.insert(full.clone());
        }
        let file = fcn.span().source.get_path().clone();
        if let Some((what, error)) = super::arguments::wrong(&full, params) {
            let found = (file.clone(), line, what, error);
            self.uses.misfits.insert(found);
        }
        self.uses.calls.insert(Call {
            name: full,
            file,
            line,
            arguments: params.len(),
        });
        // `object.get(input, "key", default)` reads one key, not the whole input.
        if name == "object.get"
            && let [object, key, default] = params
            && object.span().text() == "input"
            && let Expr::String { value, .. } = key.as_ref()
            && let Ok(key) = value.as_string()
        {
            self.uses.inputs.insert(key.to_string());
            self.uses.below.insert((key.to_string(), String::new()));
            self.expr(default);
            return;
        }
        for param in params {
            self.expr(param);
        }
    }
}
