//! Expressions: names, `in`, `walk`, `rego.metadata`.

use regorus::unstable::{AssignOp, Expr, Module, Span};

use super::super::syntax::{dotted, package_of, parts};
use super::names::{aliases_of, is_missing, stand_in};
use super::{Hoist, Local, Metadata, Names, Rewriter};
use crate::policy::engine::edit::{Edits, Piece};
use crate::policy::engine::tokens::Tokens;

impl<'a> Rewriter<'a> {
    pub(super) fn new(
        tokens: &'a Tokens<'a>,
        module: &Module,
        names: &'a Names,
        metadata: Metadata<'a>,
    ) -> Self {
        let first = tokens.index_at(module.package.refr.span().start);
        let last = tokens.index_from(module.package.span.end).saturating_sub(1);
        let path = tokens.slice(tokens.start(first), tokens.end(last));
        let mut aliases = aliases_of(module);
        for import in &module.imports {
            // The path as it is written, brackets included.
            let first = tokens.index_at(import.refr.span().start);
            let end = import
                .r#as
                .as_ref()
                .map_or(import.span.end, |span| span.start);
            let mut behind = tokens.index_from(end);
            if import.r#as.is_some() {
                behind = behind.saturating_sub(1);
            }
            let path = tokens.slice(tokens.start(first), tokens.end(behind.saturating_sub(1)));
            if let Some(known) =
                dotted(&import.refr).and_then(|d| aliases.values_mut().find(|path| **path == d))
            {
                path.clone_into(known);
            }
        }
        Self {
            tokens,
            edits: Edits::default(),
            problems: Vec::new(),
            rules: names.of(&package_of(module)),
            names,
            metadata,
            package: format!("data.{path}"),
            v0: !module.rego_v1,
            aliases,
            scopes: Vec::new(),
            free: super::Scope::new(),
            walks: None,
            late: false,
            line: 1,
            caller: String::new(),
            counter: 0,
            safety: super::safety::Safety::default(),
        }
    }

    /// Takes out imports whose names are resolved here: the engine keeps them by package, not by file.
    pub(super) fn imports(&mut self, module: &Module) {
        for import in &module.imports {
            let root = import
                .refr
                .span()
                .text()
                .split('.')
                .next()
                .unwrap_or_default();
            if matches!(root, "future" | "rego") {
                self.keywords(&import.refr);
                continue;
            }
            let first = self.tokens.index_at(import.span.start);
            let behind = self.tokens.index_from(import.span.end);
            let (start, end) = (
                self.tokens.start(first),
                self.tokens.end(behind.saturating_sub(1)),
            );
            self.edits.replace(start, end, "");
        }
    }

    /// Imports of keywords that no version of Rego has are errors in OPA; the engine passes over them.
    fn keywords(&mut self, path: &Expr) {
        const KNOWN: [&str; 6] = [
            "rego.v1",
            "future.keywords",
            "future.keywords.contains",
            "future.keywords.every",
            "future.keywords.if",
            "future.keywords.in",
        ];
        let name = dotted(path).unwrap_or_default();
        if !KNOWN.contains(&name.as_str()) {
            let hint = crate::text::suggestion(&name, &KNOWN);
            let message = format!("\"import {name}\" names nothing that can be imported{hint}.");
            self.problems.push((path.span().line, message));
        }
    }

    pub(super) fn declare(&mut self, name: &str, bound: bool) {
        self.safety.declared(name);
        if name == "_" || self.scopes.last().is_some_and(|s| s.contains_key(name)) {
            return;
        }
        let new = self.fresh(name);
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), Local { new, bound });
        }
    }

    /// Declares the variables of a pattern: a function's parameter, the left side of `:=`, what stands behind `some`.
    pub(super) fn declare_pattern(&mut self, pattern: &Expr) {
        match pattern {
            Expr::Var { span, .. } => self.declare(span.text(), true),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.declare_pattern(item);
                }
            }
            Expr::Object { fields, .. } => {
                for (_, _, value) in fields {
                    self.declare_pattern(value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains_key(name))
    }

    /// Whether a name that is not declared here means a rule or an import.
    pub(super) fn is_global(&self, name: &str) -> bool {
        !self.is_declared(name)
            && (matches!(name, "input" | "data")
                || self.rules.contains(name)
                || self.aliases.contains_key(name))
    }

    /// The place of a token that is exactly a span.
    fn place(&self, span: &Span) -> (usize, usize) {
        let index = self.tokens.index_at(span.start);
        (self.tokens.start(index), self.tokens.end(index))
    }

    /// A variable where it is used.
    pub(super) fn variable(&mut self, span: &Span) {
        if let Some(new) = self.renamed(span) {
            self.safety.used(&new, span);
        }
    }

    /// Writes the new name of a variable; gives it where no declaration gives the variable a value.
    pub(super) fn renamed(&mut self, span: &Span) -> Option<String> {
        let name = span.text();
        let (start, end) = self.place(span);
        let declared = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        if let Some(local) = declared {
            let Local { new, bound } = local.clone();
            self.edits.replace(start, end, new.clone());
            return (!bound).then_some(new);
        } else if let Some(path) = self.aliases.get(name) {
            self.edits.replace(start, end, path.clone());
        } else if name != "_" && !self.is_global(name) {
            let known = self.free.get(name).map(|local| local.new.clone());
            let new = known.unwrap_or_else(|| {
                let new = self.fresh(name);
                let local = Local {
                    new: new.clone(),
                    bound: false,
                };
                self.free.insert(name.to_owned(), local);
                new
            });
            self.edits.replace(start, end, new.clone());
            return Some(new);
        }
        None
    }

    /// The first and the last byte of an expression, from its tokens: quotes and closing brackets included, parentheses left out.
    pub(super) fn extent(&self, expr: &Expr) -> Option<(usize, usize)> {
        let (first, last) = self.token_extent(expr)?;
        Some((self.tokens.start(first), self.tokens.end(last)))
    }

    /// First and last token of an expression.
    pub(super) fn token_extent(&self, expr: &Expr) -> Option<(usize, usize)> {
        let both = |a: &Expr, b: &Expr| {
            let (first, _) = self.token_extent(a)?;
            let (_, last) = self.token_extent(b)?;
            // Parentheses around an operand belong to no expression of the tree.
            let depth = self.tokens.depth(first).min(self.tokens.depth(last));
            let (mut first, mut last) = (first, last);
            while self.tokens.depth(first) > depth && first > 0 {
                first -= 1;
            }
            while self.tokens.depth(last) > depth && last + 1 < self.tokens.len() {
                last += 1;
            }
            Some((first, last))
        };
        match expr {
            Expr::Array { .. }
            | Expr::Set { .. }
            | Expr::Object { .. }
            | Expr::ArrayCompr { .. }
            | Expr::SetCompr { .. }
            | Expr::ObjectCompr { .. } => self.bracketed(expr),
            Expr::RefDot { refr, field, .. } => {
                let (first, _) = self.token_extent(refr)?;
                Some((first, self.tokens.index_at(field.0.start)))
            }
            Expr::RefBrack { refr, .. } => {
                let (first, last) = self.token_extent(refr)?;
                Some((first, self.tokens.close(last + 1)?))
            }
            Expr::Call { fcn, .. } => {
                let (first, last) = self.token_extent(fcn)?;
                Some((first, self.tokens.close(last + 1)?))
            }
            Expr::UnaryExpr { span, expr, .. } => {
                let (_, last) = self.token_extent(expr)?;
                Some((self.tokens.index_at(span.start), last))
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => both(lhs, rhs),
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => both(key.as_ref().unwrap_or(value), collection),
            _ => {
                let index = self.tokens.index_at(expr.span().start);
                Some((index, index))
            }
        }
    }

    /// Literals in brackets: the engine's span of an object may start too late, that of `set()` ends too late.
    fn bracketed(&self, expr: &Expr) -> Option<(usize, usize)> {
        let mut first = self.tokens.index_at(expr.span().start);
        if let Expr::Object { fields, .. } = expr
            && let Some((_, key, _)) = fields.first()
        {
            let (key, _) = self.token_extent(key)?;
            let depth = self.tokens.depth(key);
            first = (0..key)
                .rev()
                .find(|i| self.tokens.word(*i) == "{" && self.tokens.depth(*i) < depth)?;
        }
        Some((first, self.tokens.close(first)?))
    }

    /// The expression of a statement.
    pub(super) fn top(&mut self, expr: &Expr) {
        if let Expr::AssignExpr { op, lhs, rhs, .. } = expr {
            let unifies = *op != AssignOp::ColEq;
            let before = self.safety.enter(unifies);
            self.expr(rhs);
            if !unifies {
                self.declared_again(lhs);
                self.declare_pattern(lhs);
            }
            self.safety.enter(unifies);
            self.expr(lhs);
            self.safety.leave(before);
        } else if let Expr::Membership { key: None, .. } = expr {
            // As a statement, false is as good as undefined.
            self.parts(expr);
        } else {
            self.expr(expr);
        }
    }

    fn parts(&mut self, expr: &Expr) {
        for part in parts(expr) {
            self.expr(part);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Var { span, .. } => self.variable(span),
            Expr::RefBrack { refr, index, .. } => {
                self.expr(refr);
                let before = self.safety.enter(true);
                self.index(index);
                self.safety.leave(before);
            }
            // `=` as a part of something else.
            Expr::AssignExpr { .. } => {
                let before = self.safety.enter(true);
                self.parts(expr);
                self.safety.leave(before);
            }
            Expr::Call { .. } => self.call(expr),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.comprehension(query, &[term.as_ref()]);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => self.comprehension(query, &[key.as_ref(), value.as_ref()]),
            Expr::Membership { .. } => {
                self.membership(expr);
                self.parts(expr);
            }
            _ => self.parts(expr),
        }
    }

    /// `x in y` with an operand that may be undefined becomes a call, as OPA's compiler makes it: a call without an argument has no
    /// value. The engine says *false* there, and *true* where neither the element nor what is looked for exists (`9, x.none in []`).
    fn membership(&mut self, expr: &Expr) {
        let Expr::Membership {
            key,
            value,
            collection,
            ..
        } = expr
        else {
            return;
        };
        let operands: Vec<&Expr> = key
            .iter()
            .chain([value, collection])
            .map(AsRef::as_ref)
            .collect();
        if !operands.iter().any(|o| self.may_be_undefined(o)) {
            return;
        }
        let places: Option<Vec<_>> = operands.iter().map(|o| self.extent(o)).collect();
        let (Some(places), Some((start, end))) = (places, self.extent(expr)) else {
            return;
        };
        let mut pieces = vec![Piece::Text(format!("internal.member_{}(", places.len()))];
        for (index, (start, end)) in places.into_iter().enumerate() {
            if index > 0 {
                pieces.push(Piece::Text(", ".to_owned()));
            }
            pieces.push(Piece::Span(start, end));
        }
        pieces.push(Piece::Text(")".to_owned()));
        self.edits.pieces(start, end, pieces);
    }

    /// What stands in brackets. The engine takes a variable there for what binds it, and may do so before its declaration; `[x][0]`
    /// only uses it.
    fn index(&mut self, index: &Expr) {
        if let Expr::Var { span, .. } = index
            && self.late
            && let Some(local) = self.scopes.last().and_then(|scope| scope.get(span.text()))
            && local.bound
        {
            let text = format!("[{}][0]", local.new);
            let (start, end) = self.place(span);
            self.edits.replace(start, end, text);
        } else {
            self.expr(index);
        }
    }

    fn comprehension(&mut self, query: &regorus::unstable::Query, terms: &[&Expr]) {
        self.scopes.push(super::Scope::new());
        self.nested(query);
        let outer = self.walks.take();
        let before = self.safety.enter(false);
        for term in terms {
            self.expr(term);
        }
        self.safety.leave(before);
        self.walks = outer;
        self.scopes.pop();
    }

    fn call(&mut self, expr: &Expr) {
        let Expr::Call {
            fcn, params, span, ..
        } = expr
        else {
            return;
        };
        let name = dotted(fcn).unwrap_or_default();
        let root = name.split('.').next().unwrap_or_default();
        let own = !self.is_global(root);
        if own
            && params.is_empty()
            && matches!(name.as_str(), "rego.metadata.rule" | "rego.metadata.chain")
        {
            if let Some((start, end)) = self.extent(expr) {
                let literal = (self.metadata)(self.line, name.ends_with("chain"));
                self.edits.replace(start, end, literal);
            }
            return;
        }
        if own && name == "walk" && params.len() == 1 {
            self.walk(expr, params.first().map(AsRef::as_ref), span.line);
        }
        if own {
            if self.names.mocked.contains(&name)
                && is_missing(&name)
                && let Some((start, end)) = self.extent(fcn)
            {
                self.edits.replace(start, end, stand_in(&name));
            }
        } else if self.rules.contains(root) && !self.aliases.contains_key(root) {
            let full = format!("{}.{name}", self.package);
            let (start, _) = self.place(fcn.span());
            if self.names.mocked.contains(&full) {
                self.edits.insert(start, format!("{}.", self.package));
            }
        } else {
            self.expr(fcn);
        }
        // The last parameter may be what the result is unified with.
        for (index, param) in params.iter().enumerate() {
            let before = self.safety.enter(index + 1 == params.len());
            self.expr(param);
            self.safety.leave(before);
        }
    }

    /// `walk(x)` as an expression finds nothing in the engine: it becomes `walk(x, w)` in front of the statement and `w` in it.
    fn walk(&mut self, call: &Expr, param: Option<&Expr>, line: u32) {
        let places = param.and_then(|param| Some((self.extent(call)?, self.extent(param)?)));
        let name = self.fresh("walk");
        match (places, self.walks.as_mut()) {
            (Some(((start, end), (from, to))), Some(walks)) => {
                walks.push(Hoist {
                    name: name.clone(),
                    start: from,
                    end: to,
                    index: false,
                });
                self.edits.replace(start, end, name);
            }
            _ => self.problems.push((
                line,
                "walk cannot be used at this place in this engine; write walk(x, [path, value]) as a statement."
                    .to_owned(),
            )),
        }
    }
}
