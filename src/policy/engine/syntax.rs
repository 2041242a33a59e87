//! Looks at the syntax tree: which inputs rules read, which functions they call, who calls whom.
//!
//! It sees rewritten modules: names stand for one thing only, imports are gone.

use std::collections::{BTreeMap, BTreeSet};

use super::builtins::refused;
use super::load::LoadError;
use super::walker::Walker;

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleHead};

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
    /// Functions called.
    pub(super) calls: BTreeSet<Call>,
    /// Calls with an argument that the function can never take: file, line, what, and whether it is an error.
    pub(super) misfits: BTreeSet<(String, u32, String, bool)>,
    /// Where `data` stands as a whole, or with a first step that is no constant: file and line.
    pub(super) whole_data: BTreeSet<(String, u32)>,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// Its dotted name.
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: u32,
    /// How many arguments it is given.
    pub(super) arguments: usize,
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
    first_name(head_of(rule))
}

/// The head of a rule, without its value and arguments.
fn head_of(rule: &Rule) -> &Expr {
    match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. }
            | RuleHead::Set { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    }
}

fn first_name(expr: &Expr) -> String {
    match expr {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => first_name(refr),
        other => other.span().text().to_owned(),
    }
}

/// The expressions right below one, in the order of the text; of a comprehension none, since what it holds has names of its own.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    let parts: Vec<&Ref<Expr>> = match expr {
        Expr::RefDot { refr, .. } => vec![refr],
        Expr::RefBrack { refr, index, .. } => vec![refr, index],
        Expr::Call { params, .. } => params.iter().collect(),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().collect(),
        Expr::Object { fields, .. } => fields
            .iter()
            .flat_map(|(_, key, value)| [key, value])
            .collect(),
        Expr::UnaryExpr { expr, .. } => vec![expr],
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs, rhs],
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => key.iter().chain([value, collection]).collect(),
        _ => Vec::new(),
    };
    parts.into_iter().map(AsRef::as_ref).collect()
}

/// A reference without brackets as dotted text.
pub(super) fn dotted(expr: &Expr) -> Option<String> {
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
    /// Numbers of parameters of functions.
    arities: BTreeMap<String, usize>,
    /// Where a path is first defined.
    files: BTreeMap<String, (String, u32)>,
    /// Rules all of whose definitions have a name of one word and no keys.
    plain: BTreeSet<String>,
}

/// The queries of a rule: its bodies, and those of comprehensions in its head.
pub(super) fn bodies_of(rule: &Rule) -> Vec<&Query> {
    let mut found = Vec::new();
    match rule {
        Rule::Default { value, .. } => queries_of(value, &mut found),
        Rule::Spec { head, bodies, .. } => {
            let value = match head {
                RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                    assign.as_ref().map(|assign| &assign.value)
                }
                RuleHead::Set { key, .. } => key.as_ref(),
            };
            if let Some(value) = value {
                queries_of(value, &mut found);
            }
            for body in bodies {
                if let Some(assign) = &body.assign {
                    queries_of(&assign.value, &mut found);
                }
                found.push(body.query.as_ref());
            }
        }
    }
    found
}

/// The queries inside a statement: comprehensions and `every`.
pub(super) fn queries_in(stmt: &LiteralStmt) -> Vec<&Query> {
    let mut found = Vec::new();
    match &stmt.literal {
        Literal::SomeVars { .. } => {}
        Literal::SomeIn {
            key,
            value,
            collection,
            ..
        } => {
            for part in key.iter().chain([value, collection]) {
                queries_of(part, &mut found);
            }
        }
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => queries_of(expr, &mut found),
        Literal::Every { domain, query, .. } => {
            queries_of(domain, &mut found);
            found.push(query.as_ref());
        }
    }
    for with in &stmt.with_mods {
        queries_of(&with.r#as, &mut found);
    }
    found
}

fn queries_of<'e>(expr: &'e Expr, found: &mut Vec<&'e Query>) {
    match expr {
        Expr::RefDot { refr, .. } => queries_of(refr, found),
        Expr::RefBrack { refr, index, .. } => {
            queries_of(refr, found);
            queries_of(index, found);
        }
        Expr::Call { params, .. } => params.iter().for_each(|p| queries_of(p, found)),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                queries_of(item, found);
            }
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                queries_of(key, found);
                queries_of(value, found);
            }
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            queries_of(term, found);
            found.push(query.as_ref());
        }
        Expr::ObjectCompr {
            key, value, query, ..
        } => {
            queries_of(key, found);
            queries_of(value, found);
            found.push(query.as_ref());
        }
        Expr::UnaryExpr { expr, .. } => queries_of(expr, found),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            queries_of(lhs, found);
            queries_of(rhs, found);
        }
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            for part in key.iter().chain([value, collection]) {
                queries_of(part, found);
            }
        }
        _ => {}
    }
}

impl Program {
    /// Reads all modules.
    pub(super) fn read(modules: &[Ref<Module>]) -> Self {
        let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
        let mut functions = BTreeSet::new();
        let mut arities = BTreeMap::new();
        let mut files = BTreeMap::new();
        let mut plain = BTreeSet::new();
        let mut keyed = BTreeSet::new();
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for module in modules {
            let package = package_of(module);
            let known = names.entry(package).or_default();
            known.extend(module.policy.iter().map(|rule| name_of(rule)));
        }
        for module in modules {
            let package = package_of(module);
            let empty = BTreeSet::new();
            let local = names.get(&package).unwrap_or(&empty);
            let mut walker = Walker::new(&package, local);
            for rule in &module.policy {
                let path = format!("{package}.{}", name_of(rule));
                files.entry(path.clone()).or_insert_with(|| {
                    let file = module.package.span.source.get_path().clone();
                    (file, rule.span().line)
                });
                if matches!(head_of(rule), Expr::Var { .. }) {
                    plain.insert(path.clone());
                } else {
                    keyed.insert(path.clone());
                }
                let found = walker.uses_of(rule);
                if let Rule::Spec {
                    head: RuleHead::Func { refr, args, .. },
                    ..
                } = rule.as_ref()
                {
                    functions.insert(path.clone());
                    if let Some(name) = dotted(refr) {
                        let name = format!("{package}.{name}");
                        arities.insert(name.clone(), args.len());
                        functions.insert(name);
                    }
                }
                let entry = uses.entry(path).or_default();
                entry.add(&found);
                entry.references.extend(found.references);
                entry.calls.extend(found.calls);
                entry.whole_data.extend(found.whole_data);
                entry.misfits.extend(found.misfits);
            }
        }
        Self {
            plain: plain.difference(&keyed).cloned().collect(),
            uses,
            functions,
            arities,
            files,
        }
    }

    /// What all rules use together.
    pub(super) fn everything(&self) -> Uses {
        let mut all = Uses::default();
        for uses in self.uses.values() {
            all.add(uses);
            all.references.extend(uses.references.iter().cloned());
        }
        all
    }

    /// The paths of rules that a reference may reach: the rule itself, or everything below a package.
    fn reached(&self, reference: &str) -> Vec<&String> {
        let below = format!("{reference}.");
        let above = reference
            .match_indices('.')
            .filter_map(|(dot, _)| reference.get(..dot))
            .chain([reference])
            .filter_map(|path| self.uses.get_key_value(path));
        let from = self.uses.range(below.clone()..);
        let inside = from.take_while(|(path, _)| path.starts_with(&below));
        above.chain(inside).map(|(path, _)| path).collect()
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
            .map(|call| call.name)
            .filter(|name| !name.starts_with("data.") && !name.starts_with("internal."))
            .collect()
    }

    /// Names that can be called, for suggestions.
    pub(super) fn callable(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        names.extend(regorus::unstable::BUILTINS.keys());
        for name in super::builtins::names() {
            names.push(name);
        }
        names
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

    /// Calls of functions that nothing defines, of those that are refused, and with a wrong number of arguments: the engine gives no
    /// value for those, and the rule finds nothing.
    pub(super) fn wrong_calls(&self, is_builtin: &dyn Fn(&str) -> bool) -> Vec<LoadError> {
        let mut out = Vec::new();
        for (path, uses) in &self.uses {
            for Call {
                name,
                file,
                line,
                arguments,
            } in &uses.calls
            {
                let known = if name.starts_with("data.") {
                    self.functions.contains(name)
                        || self.uses.contains_key(name)
                        || is_builtin(name)
                } else {
                    is_builtin(name)
                };
                let caller = path.trim_start_matches("data.");
                let shown = name.trim_start_matches("data.");
                let message = match (known, refused(name)) {
                    (_, Some(why)) => format!("{caller} calls {shown}, which is refused: {why}."),
                    (true, None) => match self.parameters(name) {
                        // The last argument may be what the result is unified with.
                        Some(wanted) if *arguments != wanted && *arguments != wanted + 1 => {
                            format!(
                                "{caller} calls {shown} with {arguments} argument{}, and it takes {wanted}.",
                                if *arguments == 1 { "" } else { "s" }
                            )
                        }
                        _ => continue,
                    },
                    (false, None) => format!(
                        "{caller} calls {shown}, which is not defined{}.",
                        crate::text::suggestion(name, &self.callable()).replace("\"data.", "\"")
                    ),
                };
                out.push(LoadError {
                    file: file.clone(),
                    line: Some(*line),
                    message,
                });
            }
        }
        out
    }

    /// How many arguments a function takes, where that is known and fixed.
    fn parameters(&self, name: &str) -> Option<usize> {
        if let Some(count) = self.arities.get(name) {
            return Some(*count);
        }
        let built_in = super::builtins::arity(name).or_else(|| {
            regorus::unstable::BUILTINS
                .get(name)
                .map(|(_, arity)| *arity)
        });
        built_in
            .filter(|arity| *arity < u8::MAX && name != "print")
            .map(usize::from)
    }

    /// Calls with arguments that the functions can never take: those that are errors, or those that are only odd.
    pub(super) fn misfits(&self, errors: bool) -> Vec<LoadError> {
        let mut out = Vec::new();
        for (path, uses) in &self.uses {
            let caller = path.trim_start_matches("data.");
            for (file, line, what, error) in &uses.misfits {
                if *error == errors {
                    out.push(LoadError {
                        file: file.clone(),
                        line: Some(*line),
                        message: format!("{caller} {what}."),
                    });
                }
            }
        }
        out
    }

    /// Where rules look at all of `data`: the engine answers that with less than there is.
    pub(super) fn whole_data(&self) -> Vec<LoadError> {
        let mut out = Vec::new();
        for (path, uses) in &self.uses {
            let caller = path.trim_start_matches("data.");
            for (file, line) in &uses.whole_data {
                out.push(LoadError {
                    file: file.clone(),
                    line: Some(*line),
                    message: format!(
                        "{caller} looks at data as a whole, or by a name that is no constant (data[x]); this engine finds nothing there: name the first step, such as data.policies[x]."
                    ),
                });
            }
        }
        out
    }

    /// A function or rule that reaches itself. Functions come first: a cycle of them would end the process.
    pub(super) fn recursion(&self) -> Option<Cycle> {
        self.cycle(true).or_else(|| self.cycle(false))
    }

    fn cycle(&self, functions: bool) -> Option<Cycle> {
        let mut done = BTreeSet::new();
        for start in self.uses.keys() {
            if done.contains(start) {
                continue;
            }
            // Depth-first with an explicit stack: (path, remaining successors).
            let mut stack = vec![(start.clone(), self.successors(start, functions))];
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
                        let place = chain.first().and_then(|path| self.files.get(path));
                        return Some(Cycle {
                            functions,
                            file: place.map_or_else(String::new, |(file, _)| file.clone()),
                            line: place.map(|(_, line)| *line),
                            chain,
                        });
                    }
                    Some(next) if done.contains(&next) => {}
                    Some(next) => {
                        on_path.insert(next.clone());
                        let successors = self.successors(&next, functions);
                        stack.push((next, successors));
                    }
                }
            }
        }
        None
    }

    /// Only exact calls and references count: a reference to a package is not a call of everything in it. Of rules those count whose
    /// name is one word: of `a.b` and `a.c` one may use the other.
    fn successors(&self, path: &str, functions: bool) -> Vec<String> {
        let Some(uses) = self.uses.get(path) else {
            return Vec::new();
        };
        let mut out = BTreeSet::new();
        for reference in &uses.references {
            if self.functions.contains(reference) && self.uses.contains_key(reference) {
                out.insert(reference.clone());
            } else if !functions {
                let steps = reference.match_indices('.');
                let above = steps.filter_map(|(dot, _)| reference.get(..dot));
                let found = above
                    .chain([reference.as_str()])
                    .find(|p| self.plain.contains(*p));
                out.extend(found.map(str::to_owned));
            }
        }
        out.into_iter().collect()
    }
}

/// A function or rule that reaches itself.
pub(super) struct Cycle {
    /// Whether only functions are on the way.
    pub(super) functions: bool,
    /// File of the first definition of one of them.
    pub(super) file: String,
    /// Its line.
    pub(super) line: Option<u32>,
    /// The paths on the way, the first again at the end.
    pub(super) chain: Vec<String>,
}
