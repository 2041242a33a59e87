//! Rewrites a module so that the engine gives what OPA gives.
//!
//! The engine takes text, so the result is text: edits by the spans of the syntax tree, each within its lines. What OPA's compiler does
//! in its early stages is done here: names are resolved (imports, locals that shadow rules), operands of negations, values of `with`
//! and heads that iterate become statements of their own, and targets of `with` become full paths. The original text stays what people
//! see and what is digested.

mod expr;
mod names;
mod negation;
mod safety;
mod with;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{
    AssignOp, BUILTINS, Expr, Literal, LiteralStmt, Module, Query, Rule, RuleHead,
};

use super::builtins;
use super::edit::{Edits, Piece};
use super::syntax::{dotted, name_of};
use super::tokens::Tokens;
pub(super) use names::{Names, stand_in};

/// What a rule may ask about its own annotations: `(line of the rule, whether the whole chain) → JSON`.
pub(super) type Metadata<'a> = &'a dyn Fn(u32, bool) -> String;

/// A module that has been rewritten.
pub(super) struct Rewritten {
    /// The new text; `None` when nothing had to change.
    pub(super) text: Option<String>,
    /// What cannot be rewritten, with its line.
    pub(super) problems: Vec<(u32, String)>,
}

/// Rewrites one module.
pub(super) fn rewrite(
    text: &str,
    module: &Module,
    names: &Names,
    metadata: Metadata<'_>,
) -> Rewritten {
    let tokens = match Tokens::read(text) {
        Ok(tokens) => tokens,
        Err(problem) => {
            return Rewritten {
                text: None,
                problems: vec![(1, problem)],
            };
        }
    };
    let mut rewriter = Rewriter::new(&tokens, module, names, metadata);
    rewriter.imports(module);
    for rule in &module.policy {
        rewriter.rule(rule);
    }
    let Rewriter {
        edits, problems, ..
    } = rewriter;
    Rewritten {
        text: (!edits.is_empty()).then(|| edits.apply(text)),
        problems,
    }
}

/// A piece that becomes a variable of its own.
struct Hoist {
    name: String,
    start: usize,
    end: usize,
    /// Whether it stands in the brackets of a reference.
    index: bool,
}

struct Rewriter<'a> {
    tokens: &'a Tokens<'a>,
    edits: Edits,
    problems: Vec<(u32, String)>,
    names: &'a Names,
    metadata: Metadata<'a>,
    /// Path of the package as it is written, `data.` in front.
    package: String,
    /// Whether the module is read as Rego v0.
    v0: bool,
    /// Rules of the package.
    rules: &'a BTreeSet<String>,
    /// Imports of this file: alias to path.
    aliases: BTreeMap<String, String>,
    /// Declared names by scope.
    scopes: Vec<Scope>,
    /// Names of the rule at hand that nothing declares.
    free: Scope,
    /// Uses of `walk` in the statement at hand: `(name, first byte, last byte of its argument)`.
    walks: Option<Vec<Hoist>>,
    /// Whether the query at hand has a statement that the engine may put behind later ones.
    late: bool,
    /// Line of the rule at hand.
    line: u32,
    /// Its name, with the package.
    caller: String,
    counter: usize,
    safety: safety::Safety,
}

/// A local name.
#[derive(Clone)]
struct Local {
    /// What it is called in the new text.
    new: String,
    /// Whether its declaration gives it a value; `some x` does not.
    bound: bool,
}

/// Local names.
type Scope = BTreeMap<String, Local>;

/// How the statement at hand stands in its rule.
#[derive(Default)]
struct Place {
    /// It is a body without braces.
    bare: bool,
    /// What is to stand behind it.
    tail: Vec<Piece>,
}

impl Rewriter<'_> {
    /// A new local name. The engine works through the statements of a body by the names of their variables; numbered in the order of
    /// the text, a variable is bound before it is used as an index, which the engine would else take for what binds it.
    fn fresh(&mut self, name: &str) -> String {
        self.counter += 1;
        numbered(self.counter, name)
    }

    fn rule(&mut self, rule: &Rule) {
        self.line = rule.span().line;
        self.caller = format!("{}.{}", self.package, name_of(rule));
        self.counter = 0;
        self.free.clear();
        self.safety.clear();
        match rule {
            Rule::Default { value, .. } => self.expr(value),
            Rule::Spec { head, bodies, .. } => {
                self.scopes.push(Scope::new());
                let (refr, args, value) = match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        (refr, &[][..], assign.as_ref().map(|a| &a.value))
                    }
                    RuleHead::Set { refr, key, .. } => (refr, &[][..], key.as_ref()),
                    RuleHead::Func {
                        refr, args, assign, ..
                    } => (refr, args.as_slice(), assign.as_ref().map(|a| &a.value)),
                };
                for arg in args {
                    self.declare_pattern(arg);
                    self.expr(arg);
                }
                if bodies.is_empty() {
                    // Facts: the engine gives such a function no value, and takes elements of such a set for conflicts.
                    let fact = match head {
                        RuleHead::Func { assign: None, .. } => " := true",
                        RuleHead::Set { key: Some(_), .. } if self.v0 => " { true }",
                        _ => "",
                    };
                    if !fact.is_empty() {
                        let behind = self.tokens.index_from(rule.span().end);
                        let end = self.tokens.end(behind.saturating_sub(1));
                        self.edits.insert(end, fact);
                    }
                    self.head(refr);
                    if let Some(value) = value {
                        self.expr(value);
                    }
                }
                for (index, body) in bodies.iter().enumerate() {
                    self.scopes.push(Scope::new());
                    let value = match (&body.assign, index) {
                        (Some(assign), _) => Some(&assign.value),
                        (None, 0) => value,
                        (None, _) => None,
                    };
                    // With several bodies of one head, what iterates in the head belongs to none of them alone.
                    let alone = index > 0 || bodies.iter().skip(1).all(|other| other.is_else);
                    let hoist = value.filter(|_| alone).and_then(|v| self.head_hoist(v));
                    self.body(&body.query, hoist);
                    if index == 0 {
                        self.head(refr);
                    }
                    if let Some(value) = value {
                        self.expr(value);
                    }
                    self.scopes.pop();
                }
                self.scopes.pop();
                self.unsafe_names();
            }
        }
    }

    /// The head names the rule itself; only what stands in brackets is an expression.
    fn head(&mut self, expr: &Expr) {
        match expr {
            Expr::RefBrack { refr, index, .. } => {
                self.head(refr);
                self.expr(index);
            }
            Expr::RefDot { refr, .. } => self.head(refr),
            _ => {}
        }
    }

    /// A value of a head that iterates (`x := items[_]`) becomes a statement of the body: the engine evaluates heads without iterating
    /// when there is an `else`, and fails where the collection is missing.
    fn head_hoist(&mut self, value: &Expr) -> Option<Hoist> {
        if !iterates(value) {
            return None;
        }
        let (start, end) = self.extent(value)?;
        // Behind everything that binds its variables.
        let name = numbered(LAST, "value");
        self.edits.take(start, end, name.clone());
        Some(Hoist {
            name,
            start,
            end,
            index: false,
        })
    }

    fn body(&mut self, query: &Query, hoist: Option<Hoist>) {
        let tail = hoist.map_or_else(Vec::new, |hoist| {
            vec![
                Piece::Text(format!("; {} := ", hoist.name)),
                Piece::Moved(hoist.start, hoist.end),
            ]
        });
        // The engine's span of an `else` body starts at the `else`.
        let open = query
            .stmts
            .first()
            .map(|stmt| self.tokens.index_at(stmt.span.start))
            .and_then(|first| first.checked_sub(1))
            .filter(|open| self.tokens.word(*open) == "{");
        if let Some(open) = open {
            if let (Some(close), false) = (self.tokens.close(open), tail.is_empty()) {
                let at = self.tokens.start(close);
                let mut pieces = tail;
                pieces.push(Piece::Text(" ".to_owned()));
                self.edits.pieces(at, at, pieces);
            }
            self.query(query);
        } else if let [stmt] = query.stmts.as_slice() {
            self.statement(stmt, Place { bare: true, tail });
        } else if query.stmts.is_empty() && !tail.is_empty() {
            // `else := items[_]` has no body of its own.
            self.problems.push((
                query.span.line,
                "an else without a body cannot iterate in this engine; give it a body.".to_owned(),
            ));
        }
    }

    fn query(&mut self, query: &Query) {
        let outer = std::mem::replace(&mut self.late, false);
        let binding = self.safety.enter(false);
        for stmt in &query.stmts {
            self.statement(stmt, Place::default());
        }
        self.safety.leave(binding);
        self.late = outer;
    }

    fn statement(&mut self, stmt: &LiteralStmt, place: Place) {
        let outer = self.walks.replace(Vec::new());
        let first = self.tokens.index_at(stmt.span.start);
        let behind = self.tokens.index_from(stmt.span.end);
        self.literal(&stmt.literal);
        self.late |= self.may_come_late(&stmt.literal);
        self.output(&stmt.literal);
        let taken = self.taken_apart(&stmt.literal);
        let (negated, inverted) = match &stmt.literal {
            Literal::NotExpr { expr, .. } => (self.negation(expr), iterates(expr)),
            _ => (Vec::new(), false),
        };
        let walks = self.walks.take().unwrap_or_default();
        self.walks = outer;
        let copied = !negated.is_empty() || !walks.is_empty() || taken.is_some();
        let (mut prefix, copy) = self.with(stmt, copied);
        for walk in walks {
            prefix.push(Piece::Text("walk(".to_owned()));
            prefix.push(Piece::Span(walk.start, walk.end));
            prefix.push(Piece::Text(format!(", {})", walk.name)));
            prefix.extend(copy.iter().cloned());
            prefix.push(Piece::Text("; ".to_owned()));
        }
        if let Some((hoist, keys)) = taken {
            prefix.push(Piece::Text(format!("{} := ", hoist.name)));
            prefix.push(Piece::Moved(hoist.start, hoist.end));
            prefix.extend(copy.iter().cloned());
            prefix.push(Piece::Text(format!("; count({}) == {keys}; ", hoist.name)));
        }
        let negated_index = negated.iter().any(|hoist| hoist.index);
        for hoist in negated {
            prefix.push(Piece::Text(format!("{} := ", hoist.name)));
            prefix.push(Piece::Moved(hoist.start, hoist.end));
            prefix.extend(copy.iter().cloned());
            prefix.push(Piece::Text("; ".to_owned()));
        }
        let closing = if inverted || negated_index {
            self.invert(first)
        } else {
            String::new()
        };
        if prefix.is_empty() && place.tail.is_empty() && closing.is_empty() {
            return;
        }
        let core = stmt
            .with_mods
            .first()
            .map_or(behind, |with| self.tokens.index_at(with.span.start));
        let middle = self.tokens.end(core.saturating_sub(1));
        let (start, end) = (
            self.tokens.start(first),
            self.tokens.end(behind.saturating_sub(1)),
        );
        if place.bare {
            prefix.insert(0, Piece::Text("{ ".to_owned()));
        }
        prefix.push(Piece::Span(start, middle));
        prefix.push(Piece::Text(closing));
        prefix.push(Piece::Span(middle, end));
        prefix.extend(place.tail);
        if place.bare {
            prefix.push(Piece::Text(" }".to_owned()));
        }
        self.edits.pieces(start, end, prefix);
    }

    /// `not items[x]` becomes `[true | items[x]] == []`: the engine takes an index for what binds the variable, in
    /// negations too. Gives what closes it.
    fn invert(&mut self, first: usize) -> String {
        let (start, end) = (self.tokens.start(first), self.tokens.end(first));
        // A statement that starts with a brace would be taken for something else.
        if self.tokens.word(first + 1) == "{" {
            let name = self.fresh("is");
            self.edits.replace(start, end, format!("[true | {name} :="));
            format!("; {name}] == []")
        } else {
            self.edits.replace(start, end, "[true |");
            "] == []".to_owned()
        }
    }

    /// `f(x, out)` becomes `out = f(x)` for our functions: the engine knows such calls of its own functions only.
    fn output(&mut self, literal: &Literal) {
        let Literal::Expr { expr, .. } = literal else {
            return;
        };
        let Expr::Call { fcn, params, .. } = expr.as_ref() else {
            return;
        };
        let name = dotted(fcn).unwrap_or_default();
        let root = name.split('.').next().unwrap_or_default();
        let takes = builtins::arity(&name).map(usize::from);
        let (Some(takes), Some((out, inputs))) = (takes, params.split_last()) else {
            return;
        };
        if inputs.len() != takes || BUILTINS.contains_key(name.as_str()) || self.is_global(root) {
            return;
        }
        let (Some((start, end)), Some((from, to))) = (self.extent(expr), self.extent(out)) else {
            return;
        };
        let behind = match inputs.last() {
            Some(last) => self.extent(last).map(|(_, end)| end),
            None => Some(from),
        };
        let Some(behind) = behind else { return };
        self.edits.pieces(
            start,
            end,
            vec![
                Piece::Span(from, to),
                Piece::Text(" = ".to_owned()),
                Piece::Span(start, behind),
                Piece::Text(")".to_owned()),
            ],
        );
    }

    /// `{"a": x} := y` holds in OPA for an object with this key alone, in the engine for one with more of them: what is taken apart
    /// becomes a variable, whose keys are counted. Gives it with their number.
    fn taken_apart(&mut self, literal: &Literal) -> Option<(Hoist, usize)> {
        let Literal::Expr { expr, .. } = literal else {
            return None;
        };
        let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() else {
            return None;
        };
        let has_value = |expr: &Expr| match expr {
            Expr::Var { span, .. } => {
                let local = self.scopes.iter().rev().find_map(|s| s.get(span.text()));
                local.map_or_else(|| self.is_global(span.text()), |local| local.bound)
            }
            Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Call { .. } => true,
            _ => false,
        };
        let (fields, other) = match (lhs.as_ref(), rhs.as_ref()) {
            (Expr::Object { fields, .. }, other) if has_value(other) => (fields, other),
            (other, Expr::Object { fields, .. }) if *op == AssignOp::Eq && has_value(other) => {
                (fields, other)
            }
            _ => return None,
        };
        let pattern = fields.iter().any(|(_, _, value)| self.has_pattern(value));
        let keys: BTreeSet<&str> = fields.iter().map(|(_, key, _)| key.span().text()).collect();
        if !pattern || keys.len() != fields.len() {
            return None;
        }
        let (start, end) = self.extent(other)?;
        let name = self.fresh("object");
        self.edits.take(start, end, name.clone());
        let hoist = Hoist {
            name,
            start,
            end,
            index: false,
        };
        Some((hoist, fields.len()))
    }

    /// Whether the engine may put a statement behind later ones: it binds variables on both sides, or by a parameter.
    fn may_come_late(&self, literal: &Literal) -> bool {
        let Literal::Expr { expr, .. } = literal else {
            return false;
        };
        match expr.as_ref() {
            Expr::AssignExpr { lhs, rhs, .. } => self.has_pattern(lhs) && self.has_pattern(rhs),
            Expr::Call { params, .. } => params.last().is_some_and(|last| self.has_pattern(last)),
            _ => false,
        }
    }

    /// Whether an expression could bind a variable.
    fn has_pattern(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Var { span, .. } => !self.is_global(span.text()),
            Expr::Array { items, .. } => items.iter().any(|item| self.has_pattern(item)),
            Expr::Object { fields, .. } => {
                fields.iter().any(|(_, _, value)| self.has_pattern(value))
            }
            _ => false,
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::SomeVars { vars, .. } => {
                for var in vars {
                    self.declare(var.text(), false);
                    self.renamed(var);
                }
            }
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                self.expr(collection);
                for part in key.iter().chain([value]) {
                    self.declare_pattern(part);
                    self.expr(part);
                }
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.top(expr),
            Literal::Every {
                key,
                value,
                domain,
                query,
                ..
            } => {
                self.expr(domain);
                self.scopes.push(Scope::new());
                for var in key.iter().chain([value]) {
                    self.declare(var.text(), true);
                    self.variable(var);
                }
                self.nested(query);
                self.scopes.pop();
            }
        }
    }

    /// A query inside a statement, whose own statements take what is moved out of expressions.
    fn nested(&mut self, query: &Query) {
        let outer = self.walks.take();
        self.query(query);
        self.walks = outer;
    }
}

/// A number behind those of all variables of a rule.
const LAST: usize = 99_999;

fn numbered(number: usize, name: &str) -> String {
    format!("__{number:05}_{name}")
}

/// A message of the engine with the names that the policy has.
pub(super) fn plain_names(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, behind)) = rest.split_once("__") {
        out.push_str(before);
        let digits = behind.chars().take_while(char::is_ascii_digit).count();
        match behind.split_at_checked(digits) {
            Some((_, tail)) if digits == 5 && tail.starts_with('_') => {
                rest = tail.strip_prefix('_').unwrap_or(tail);
            }
            _ => {
                out.push_str("__");
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether an expression iterates outside any comprehension: it has an index that is a variable.
fn iterates(expr: &Expr) -> bool {
    any(
        expr,
        &|expr| matches!(expr, Expr::RefBrack { index, .. } if matches!(index.as_ref(), Expr::Var { .. })),
    )
}

/// Whether something holds for an expression or a part of it, comprehensions left out.
fn any(expr: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    if test(expr) {
        return true;
    }
    let any = |expr: &Expr| any(expr, test);
    match expr {
        Expr::RefDot { refr, .. } => any(refr),
        Expr::RefBrack { refr, index, .. } => any(refr) || any(index),
        Expr::Call { params, .. } => params.iter().any(|p| any(p)),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().any(|i| any(i)),
        Expr::Object { fields, .. } => fields.iter().any(|(_, k, v)| any(k) || any(v)),
        Expr::UnaryExpr { expr, .. } => any(expr),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => any(lhs) || any(rhs),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => key.as_ref().is_some_and(|k| any(k)) || any(value) || any(collection),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
