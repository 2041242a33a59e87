//! Looks at the syntax tree: which inputs rules read, which functions they call, who calls whom.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, Module, Query, Ref, Rule, RuleHead};

/// What one rule or function refers to.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// Top-level keys of `input`.
    pub(super) inputs: BTreeSet<String>,
    /// Keys below a top-level key of `input`; an empty text where all of them may be read.
    pub(super) below: BTreeSet<(String, String)>,
    /// Whether `input` is used as a whole.
    pub(super) whole_input: bool,
    /// Paths below `data`, dotted, `data.` included; names of the same package are resolved.
    pub(super) references: BTreeSet<String>,
    /// Functions called, by dotted name as written, with line and number of arguments.
    pub(super) calls: BTreeSet<(String, u32, usize)>,
    /// Uses of `walk` in the form that the engine silently gets wrong.
    pub(super) broken_walks: BTreeSet<u32>,
}

impl Uses {
    fn add(&mut self, other: &Self) {
        self.inputs.extend(other.inputs.iter().cloned());
        self.below.extend(other.below.iter().cloned());
        self.calls.extend(other.calls.iter().cloned());
        self.whole_input |= other.whole_input;
    }
}

/// Path of a module's package with `data.` in front.
pub(super) fn package_of(module: &Module) -> String {
    dotted(&module.package.refr).map_or_else(|| "data".to_owned(), |path| format!("data.{path}"))
}

/// The name of a rule in its package: the first step of its head.
pub(super) fn name_of(rule: &Rule) -> String {
    let refr = match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. }
            | RuleHead::Set { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    };
    first_name(refr)
}

fn first_name(expr: &Expr) -> String {
    match expr {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => first_name(refr),
        other => other.span().text().to_owned(),
    }
}

/// A reference without brackets as dotted text.
fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { refr, field, .. } => Some(format!("{}.{}", dotted(refr)?, field.0.text())),
        Expr::RefBrack { refr, index, .. } => match index.as_ref() {
            Expr::String { value, .. } | Expr::RawString { value, .. } => {
                let name = value.as_string().ok()?.to_string();
                Some(format!("{}.{name}", dotted(refr)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// All rules of a bundle with what they use, by full path (`data.pkg.rule`).
pub(super) struct Program {
    uses: BTreeMap<String, Uses>,
    functions: BTreeSet<String>,
    /// Imports that the engine would resolve in another way than their file says: file, line, alias.
    pub(super) conflicts: Vec<(String, u32, String)>,
}

type Aliases = BTreeMap<String, BTreeMap<String, String>>;

/// Aliases by package: the engine keeps them by package, not by file. The same alias with another target, or with the name of a
/// rule, would silently mean something else in one of the files.
fn aliases_of(
    modules: &[Ref<Module>],
    names: &BTreeMap<String, BTreeSet<String>>,
) -> (Aliases, Vec<(String, u32, String)>) {
    let mut out = Aliases::new();
    let mut conflicts = Vec::new();
    for module in modules {
        let package = package_of(module);
        let rules = names.get(&package);
        let aliases = out.entry(package).or_default();
        for import in &module.imports {
            let Some(path) = dotted(&import.refr) else {
                continue;
            };
            if path.starts_with("future.") || path.starts_with("rego.") {
                continue;
            }
            let last = path.rsplit('.').next().unwrap_or(&path).to_owned();
            let alias = import
                .r#as
                .as_ref()
                .map_or(last, |span| span.text().to_owned());
            let other = aliases.insert(alias.clone(), path.clone());
            let shadows = rules.is_some_and(|rules| rules.contains(&alias));
            if other.is_some_and(|other| other != path) || shadows {
                let file = import.span.source.get_path().clone();
                conflicts.push((file, import.span.line, alias));
            }
        }
    }
    (out, conflicts)
}

impl Program {
    /// Reads all modules.
    pub(super) fn read(modules: &[Ref<Module>]) -> Self {
        let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
        let mut functions = BTreeSet::new();
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for module in modules {
            let package = package_of(module);
            let known = names.entry(package).or_default();
            known.extend(module.policy.iter().map(|rule| name_of(rule)));
        }
        let (aliases, conflicts) = aliases_of(modules, &names);
        let no_aliases = BTreeMap::new();
        for module in modules {
            let package = package_of(module);
            let aliases = aliases.get(&package).unwrap_or(&no_aliases);
            let empty = BTreeSet::new();
            let mut walker = Walker {
                package: &package,
                local: names.get(&package).unwrap_or(&empty),
                aliases,
                uses: Uses::default(),
            };
            for rule in &module.policy {
                let path = format!("{package}.{}", name_of(rule));
                walker.uses = Uses::default();
                walker.rule(rule);
                if let Rule::Spec {
                    head: RuleHead::Func { refr, .. },
                    ..
                } = rule.as_ref()
                {
                    functions.insert(path.clone());
                    if let Some(name) = dotted(refr) {
                        functions.insert(format!("{package}.{name}"));
                    }
                }
                let entry = uses.entry(path).or_default();
                let found = std::mem::take(&mut walker.uses);
                entry.add(&found);
                entry.references.extend(found.references);
                entry.calls.extend(found.calls);
                entry.broken_walks.extend(found.broken_walks);
            }
        }
        Self {
            uses,
            functions,
            conflicts,
        }
    }

    /// The paths of rules that a reference may reach: the rule itself, or everything below a package.
    fn reached(&self, reference: &str) -> Vec<&String> {
        let below = format!("{reference}.");
        self.uses
            .keys()
            .filter(|path| {
                *path == reference
                    || path.starts_with(&below)
                    || reference.starts_with(&format!("{path}."))
            })
            .collect()
    }

    /// The top-level inputs that a rule reads, itself or through others; `None` when it may read all of them.
    pub(super) fn inputs_of(&self, path: &str) -> Option<BTreeSet<String>> {
        let total = self.total(path);
        (!total.whole_input).then_some(total.inputs)
    }

    /// The keys that a rule reads below each top-level input; `None` where it may read all of them.
    pub(super) fn below_of(&self, path: &str) -> BTreeMap<String, Option<BTreeSet<String>>> {
        let mut out: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
        for (key, below) in self.total(path).below {
            let entry = out.entry(key).or_insert_with(|| Some(BTreeSet::new()));
            if below.is_empty() {
                *entry = None;
            } else if let Some(keys) = entry {
                keys.insert(below);
            }
        }
        out
    }

    /// The built-in functions that a rule calls, itself or through others.
    pub(super) fn builtins_of(&self, path: &str) -> BTreeSet<String> {
        let calls = self.total(path).calls;
        calls
            .into_iter()
            .map(|(name, _, _)| name)
            .filter(|name| !name.starts_with("data."))
            .collect()
    }

    /// Names that can be called, for suggestions.
    pub(super) fn callable(&self) -> Vec<&str> {
        let builtins = regorus::unstable::BUILTINS.keys().copied();
        self.functions
            .iter()
            .map(String::as_str)
            .chain(builtins)
            .chain(super::overrides::NAMES)
            .collect()
    }

    /// What a rule uses of the input, itself or through others.
    fn total(&self, path: &str) -> Uses {
        let mut total = Uses::default();
        let mut seen = BTreeSet::new();
        let mut todo = vec![path.to_owned()];
        while let Some(path) = todo.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            if let Some(uses) = self.uses.get(&path) {
                total.add(uses);
                for reference in &uses.references {
                    todo.extend(self.reached(reference).into_iter().cloned());
                }
            }
        }
        total
    }

    /// Calls of functions that nothing defines: `(rule path, function, line)`.
    pub(super) fn unknown_calls(
        &self,
        is_builtin: &dyn Fn(&str) -> bool,
    ) -> Vec<(String, String, u32)> {
        let mut out = Vec::new();
        for (path, uses) in &self.uses {
            for (name, line, _) in &uses.calls {
                let known = if name.starts_with("data.") {
                    self.functions.contains(name) || self.uses.contains_key(name)
                } else {
                    is_builtin(name)
                };
                if !known {
                    out.push((path.clone(), name.clone(), *line));
                }
            }
        }
        out
    }

    /// Lines on which `walk` is used in the form that finds nothing.
    pub(super) fn broken_walks(&self) -> Vec<(String, u32)> {
        let mut out = Vec::new();
        for (path, uses) in &self.uses {
            out.extend(uses.broken_walks.iter().map(|line| (path.clone(), *line)));
        }
        out
    }

    /// A function or rule that reaches itself, which would end the process: the chain of paths.
    pub(super) fn recursion(&self) -> Option<Vec<String>> {
        let mut done = BTreeSet::new();
        for start in self.uses.keys() {
            if done.contains(start) {
                continue;
            }
            // Depth-first with an explicit stack: (path, remaining successors).
            let mut stack = vec![(start.clone(), self.successors(start))];
            let mut on_path: BTreeSet<String> = [start.clone()].into();
            while let Some((path, successors)) = stack.last_mut() {
                match successors.pop() {
                    None => {
                        on_path.remove(path);
                        done.insert(path.clone());
                        stack.pop();
                    }
                    Some(next) if on_path.contains(&next) => {
                        let mut chain: Vec<String> = stack.iter().map(|(p, _)| p.clone()).collect();
                        let from = chain.iter().position(|p| *p == next).unwrap_or(0);
                        chain.drain(..from);
                        chain.push(next);
                        return Some(chain);
                    }
                    Some(next) if done.contains(&next) => {}
                    Some(next) => {
                        on_path.insert(next.clone());
                        let successors = self.successors(&next);
                        stack.push((next, successors));
                    }
                }
            }
        }
        None
    }

    /// Only exact calls and references count: a reference to a package is not a call of everything in it.
    fn successors(&self, path: &str) -> Vec<String> {
        let Some(uses) = self.uses.get(path) else {
            return Vec::new();
        };
        uses.references
            .iter()
            .filter(|reference| {
                self.functions.contains(*reference) && self.uses.contains_key(*reference)
            })
            .cloned()
            .collect()
    }
}

struct Walker<'a> {
    package: &'a str,
    local: &'a BTreeSet<String>,
    aliases: &'a BTreeMap<String, String>,
    uses: Uses,
}

impl Walker<'_> {
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
                    self.note_walk(collection);
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

    fn note_walk(&mut self, expr: &Expr) {
        if let Expr::Call {
            fcn, params, span, ..
        } = expr
            && params.len() == 1
            && fcn.span().text() == "walk"
        {
            self.uses.broken_walks.insert(span.line);
        }
    }

    /// A reference whose root is known: `input.x`, `data.x`, an alias, or a rule of this package.
    fn reference(&mut self, path: &str) {
        let (root, rest) = path
            .split_once('.')
            .map_or((path, ""), |(root, rest)| (root, rest));
        let expanded = match root {
            "input" | "data" => path.to_owned(),
            root if self.local.contains(root) => format!("{}.{path}", self.package),
            root => match self.aliases.get(root) {
                Some(target) if rest.is_empty() => target.clone(),
                Some(target) => format!("{target}.{rest}"),
                None => return,
            },
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
            self.reference(&path);
            return;
        }
        match expr {
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expr(refr);
                self.expr(index);
            }
            Expr::Call {
                fcn, params, span, ..
            } => self.call(fcn, params, span.line),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.expr(item);
                }
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key);
                    self.expr(value);
                }
            }
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
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::AssignExpr { lhs, rhs, .. } => {
                self.note_walk(rhs);
                self.note_walk(lhs);
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::Membership {
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
            _ => {}
        }
    }

    fn call(&mut self, fcn: &Expr, params: &[Ref<Expr>], line: u32) {
        let name = dotted(fcn).unwrap_or_else(|| fcn.span().text().to_owned());
        let root = name.split('.').next().unwrap_or_default();
        let full = if self.local.contains(root) {
            format!("{}.{name}", self.package)
        } else if let Some(target) = self.aliases.get(root) {
            match name.split_once('.') {
                Some((_, rest)) => format!("{target}.{rest}"),
                None => target.clone(),
            }
        } else {
            name.clone()
        };
        if full.starts_with("data.") {
            self.uses.references.insert(full.clone());
        }
        self.uses.calls.insert((full, line, params.len()));
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
