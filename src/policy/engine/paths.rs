//! Which places of the input each rule reads, step by step, and which resource types it asks for.
//!
//! Follows what is plain in one rule: references, imports of `input.x`, `x := input.…`, `some x in input.…` and rules that only name a
//! place (`changes := input.resource_changes`). What goes through functions is not followed: this is for advice, not for decisions.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{BoolOp, Expr, Literal, Module, Query, Rule, RuleHead};

use super::syntax::{name_of, package_of, parts};
use crate::policy::dialect::{Reading, Step};

/// What was found in all modules.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Places of the input that are read.
    pub(super) readings: BTreeSet<Reading>,
    /// Resource types that a rule compares `.type` with, by path of the rule (`data.` included); no entry for a rule with a definition
    /// that compares with none.
    pub(super) types: BTreeMap<String, BTreeSet<String>>,
}

type Names = BTreeMap<String, Vec<Step>>;
type Sets = BTreeMap<String, BTreeSet<String>>;

/// Reads all modules.
pub(super) fn read(modules: &[&Module]) -> Paths {
    let mut paths = Paths::default();
    let mut untyped = BTreeSet::new();
    // Rules that name a place, by package.
    let mut places: BTreeMap<String, Names> = BTreeMap::new();
    // Rules that are nothing but a list of texts, by package.
    let mut lists: BTreeMap<String, Sets> = BTreeMap::new();
    for module in modules {
        for rule in &module.policy {
            if let Some((name, texts)) = list_of(rule) {
                lists
                    .entry(package_of(module))
                    .or_default()
                    .insert(name, texts);
            }
            if let Some((name, path)) = place_of(rule) {
                places
                    .entry(package_of(module))
                    .or_default()
                    .insert(name, path);
            }
        }
    }
    for module in modules {
        let full = package_of(module);
        let mut roots: Names = places.get(&full).cloned().unwrap_or_default();
        for import in &module.imports {
            let Some(path) = steps(&import.refr, &Names::new()) else {
                continue;
            };
            let alias = match (&import.r#as, path.last()) {
                (Some(span), _) => span.text().to_owned(),
                (None, Some(Step::Key(name))) => name.clone(),
                _ => continue,
            };
            roots.insert(alias, path);
        }
        for rule in &module.policy {
            let mut walker = Walker {
                names: roots.clone(),
                lists: lists.get(&full),
                found: Vec::new(),
                types: BTreeSet::new(),
            };
            walker.rule(rule);
            let name = name_of(rule);
            for (path, line, column) in walker.found {
                paths.readings.insert(Reading {
                    file: module.package.span.source.get_path().clone(),
                    line,
                    column,
                    package: full.trim_start_matches("data.").to_owned(),
                    rule: name.clone(),
                    path,
                });
            }
            let path = format!("{full}.{name}");
            if walker.types.is_empty() {
                untyped.insert(path);
            } else {
                paths.types.entry(path).or_default().extend(walker.types);
            }
        }
    }
    paths.types.retain(|path, _| !untyped.contains(path));
    paths
}

/// Name and value of a rule of the form `name := value`.
fn constant(rule: &Rule) -> Option<(&str, &Expr)> {
    let Rule::Spec {
        head:
            RuleHead::Compr {
                refr,
                assign: Some(assign),
                ..
            },
        bodies,
        ..
    } = rule
    else {
        return None;
    };
    let plain = bodies.iter().all(|body| body.query.stmts.is_empty());
    match (refr.as_ref(), plain) {
        (Expr::Var { span, .. }, true) => Some((span.text(), &assign.value)),
        _ => None,
    }
}

/// A rule that only names a place of the input: `changes := input.resource_changes`.
fn place_of(rule: &Rule) -> Option<(String, Vec<Step>)> {
    let (name, value) = constant(rule)?;
    Some((name.to_owned(), steps(value, &Names::new())?))
}

/// A rule that is a set or a list of texts: `types := {"aws_instance"}`.
fn list_of(rule: &Rule) -> Option<(String, BTreeSet<String>)> {
    let (name, value) = constant(rule)?;
    let (Expr::Set { items, .. } | Expr::Array { items, .. }) = value else {
        return None;
    };
    let texts: Option<BTreeSet<String>> = items
        .iter()
        .map(|item| match item.as_ref() {
            Expr::String { value, .. } => Some(value.as_string().ok()?.to_string()),
            _ => None,
        })
        .collect();
    Some((name.to_owned(), texts?))
}

/// The path of a reference below `input`; `None` for anything else.
fn steps(expr: &Expr, names: &Names) -> Option<Vec<Step>> {
    match expr {
        Expr::Var { span, .. } => match span.text() {
            "input" => Some(Vec::new()),
            name => names.get(name).cloned(),
        },
        Expr::RefDot { refr, field, .. } => {
            let mut path = steps(refr, names)?;
            path.push(Step::Key(field.0.text().to_owned()));
            Some(path)
        }
        Expr::RefBrack { refr, index, .. } => {
            let mut path = steps(refr, names)?;
            path.push(match index.as_ref() {
                Expr::String { value, .. } | Expr::RawString { value, .. } => {
                    Step::Key(value.as_string().ok()?.to_string())
                }
                _ => Step::Any,
            });
            Some(path)
        }
        _ => None,
    }
}

/// Line and column of a reference's root: the engine's own span is that of its last step.
fn beginning(expr: &Expr) -> (u32, u32) {
    match expr {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => beginning(refr),
        other => {
            let span = other.span();
            let start = usize::try_from(span.start).unwrap_or(0);
            let before = span.source.contents().get(..start).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            // The engine counts a tab as four columns; editors count it as one.
            let column = u32::try_from(line.chars().count() + 1).unwrap_or(u32::MAX);
            (span.line, column)
        }
    }
}

struct Walker<'a> {
    names: Names,
    lists: Option<&'a Sets>,
    found: Vec<(Vec<Step>, u32, u32)>,
    types: BTreeSet<String>,
}

impl Walker<'_> {
    fn rule(&mut self, rule: &Rule) {
        let Rule::Spec { head, bodies, .. } = rule else {
            return;
        };
        for body in bodies {
            self.query(&body.query);
            if let Some(assign) = &body.assign {
                self.expr(&assign.value);
            }
        }
        // The head comes last: its variables are bound in the body.
        match head {
            RuleHead::Compr { refr, assign, .. } => {
                self.brackets(refr);
                if let Some(assign) = assign {
                    self.expr(&assign.value);
                }
            }
            RuleHead::Set { refr, key, .. } => {
                self.brackets(refr);
                if let Some(key) = key {
                    self.expr(key);
                }
            }
            RuleHead::Func { assign, .. } => {
                if let Some(assign) = assign {
                    self.expr(&assign.value);
                }
            }
        }
    }

    fn brackets(&mut self, expr: &Expr) {
        match expr {
            Expr::RefBrack { refr, index, .. } => {
                self.brackets(refr);
                self.expr(index);
            }
            Expr::RefDot { refr, .. } => self.brackets(refr),
            _ => {}
        }
    }

    fn bind(&mut self, name: &Expr, path: Option<Vec<Step>>) {
        let Expr::Var { span, .. } = name else { return };
        match path {
            Some(path) => {
                self.names.insert(span.text().to_owned(), path);
            }
            // It means something else from here on.
            None => {
                self.names.remove(span.text());
            }
        }
    }

    /// Walks what does not have to hold for the rule to hold: types found there narrow nothing.
    fn aside(&mut self, walk: impl FnOnce(&mut Self)) {
        let types = self.types.clone();
        walk(self);
        self.types = types;
    }

    fn query(&mut self, query: &Query) {
        for stmt in &query.stmts {
            match &stmt.literal {
                Literal::SomeVars { vars, .. } => {
                    for var in vars {
                        self.names.remove(var.text());
                    }
                }
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    self.expr(collection);
                    if let Some(key) = key {
                        self.bind(key, None);
                    }
                    let inner = steps(collection, &self.names).map(|mut path| {
                        path.push(Step::Any);
                        path
                    });
                    self.bind(value, inner);
                }
                Literal::Expr { expr, .. } => self.expr(expr),
                Literal::NotExpr { expr, .. } => self.aside(|walker| walker.expr(expr)),
                Literal::Every {
                    value,
                    domain,
                    query,
                    ..
                } => {
                    self.expr(domain);
                    let inner = steps(domain, &self.names).map(|mut path| {
                        path.push(Step::Any);
                        path
                    });
                    match inner {
                        Some(path) => {
                            self.names.insert(value.text().to_owned(), path);
                        }
                        None => {
                            self.names.remove(value.text());
                        }
                    }
                    self.aside(|walker| walker.query(query));
                }
            }
            for with in &stmt.with_mods {
                self.expr(&with.r#as);
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let Some(path) = steps(expr, &self.names) {
            if !path.is_empty() {
                let (line, column) = beginning(expr);
                self.found.push((path, line, column));
            }
            // Expressions in brackets may read on their own.
            self.brackets(expr);
            return;
        }
        match expr {
            Expr::RefBrack { refr, index, .. } => {
                self.note_list(refr, index);
                self.expr(refr);
                self.expr(index);
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                let outside = self.names.clone();
                self.aside(|walker| {
                    walker.query(query);
                    walker.expr(term);
                });
                self.names = outside;
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                let outside = self.names.clone();
                self.aside(|walker| {
                    walker.query(query);
                    walker.expr(key);
                    walker.expr(value);
                });
                self.names = outside;
            }
            Expr::BoolExpr { op, lhs, rhs, .. } => {
                if matches!(op, BoolOp::Eq) {
                    self.note_type(lhs, rhs);
                    self.note_type(rhs, lhs);
                }
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::AssignExpr { lhs, rhs, .. } => {
                self.note_type(lhs, rhs);
                self.note_type(rhs, lhs);
                self.expr(rhs);
                if matches!(lhs.as_ref(), Expr::Var { .. }) {
                    let path = steps(rhs, &self.names);
                    self.bind(lhs, path);
                } else {
                    self.expr(lhs);
                }
            }
            Expr::Membership {
                value, collection, ..
            } => {
                if let Expr::Set { items, .. } | Expr::Array { items, .. } = collection.as_ref() {
                    for item in items {
                        self.note_type(value, item);
                    }
                }
                self.note_list(collection, value);
                for part in parts(expr) {
                    self.expr(part);
                }
            }
            _ => {
                for part in parts(expr) {
                    self.expr(part);
                }
            }
        }
    }

    /// `x.type in types` and `types[x.type]`.
    fn note_list(&mut self, list: &Expr, reference: &Expr) {
        if let Expr::Var { span, .. } = list
            && let Some(texts) = self.lists.and_then(|lists| lists.get(span.text()))
            && is_type(reference)
        {
            self.types.extend(texts.iter().cloned());
        }
    }

    /// `x.type == "aws_instance"`.
    fn note_type(&mut self, reference: &Expr, text: &Expr) {
        let is_type = is_type(reference);
        if let (true, Expr::String { value, .. }) = (is_type, text)
            && let Ok(name) = value.as_string()
        {
            self.types.insert(name.to_string());
        }
    }
}

/// Whether a reference ends in `.type`.
fn is_type(reference: &Expr) -> bool {
    match reference {
        Expr::RefDot { field, .. } => field.0.text() == "type",
        Expr::RefBrack { index, .. } => match index.as_ref() {
            Expr::String { value, .. } => value.as_string().is_ok_and(|t| t.as_ref() == "type"),
            _ => false,
        },
        _ => false,
    }
}
