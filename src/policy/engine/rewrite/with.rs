//! `with`: targets become full paths, values that iterate become statements of their own.

use regorus::unstable::{Expr, LiteralStmt, WithModifier};

use super::super::syntax::dotted;
use super::names::{is_builtin, is_missing, stand_in};
use super::{Rewriter, any, iterates};
use crate::policy::engine::edit::Piece;

impl Rewriter<'_> {
    /// Rewrites the modifiers of a statement; gives what must stand in front of it, and the modifiers again for other statements.
    pub(super) fn with(&mut self, stmt: &LiteralStmt, copied: bool) -> (Vec<Piece>, Vec<Piece>) {
        let mut prefix = Vec::new();
        let mut copy = Vec::new();
        for with in &stmt.with_mods {
            self.target(with);
            // A path may name a function, which is no value.
            let path = dotted(&with.r#as);
            let is_function = path.as_deref().is_some_and(|path| self.is_function(path));
            let root = path
                .as_deref()
                .and_then(|path| path.split('.').next())
                .unwrap_or_default();
            if !is_function || self.is_global(root) {
                let outer = self.walks.take();
                self.expr(&with.r#as);
                self.walks = outer;
            } else if let (Some(path), Some((start, end))) = (&path, self.extent(&with.r#as)) {
                self.edits.replace(start, end, stand_in(path));
            }
            let Some((start, end)) = self.extent(&with.r#as) else {
                continue;
            };
            copy.push(Piece::Text(" with ".to_owned()));
            if let Some((start, end)) = self.extent(&with.refr) {
                copy.push(Piece::Span(start, end));
            }
            copy.push(Piece::Text(" as ".to_owned()));
            // The engine forgets rules that only the value of a `with` has asked for.
            let asks = any(&with.r#as, &|expr| match expr {
                Expr::Var { span, .. } => self.is_global(span.text()),
                Expr::Call { .. } => true,
                _ => false,
            });
            let plain = path.is_some() && !asks;
            if !is_function && (iterates(&with.r#as) || asks || (copied && !plain)) {
                let name = self.fresh("with");
                self.edits.take(start, end, name.clone());
                prefix.push(Piece::Text(format!("{name} := ")));
                prefix.push(Piece::Moved(start, end));
                prefix.push(Piece::Text("; ".to_owned()));
                copy.push(Piece::Text(name));
            } else {
                copy.push(Piece::Span(start, end));
            }
        }
        (prefix, copy)
    }

    /// Whether a path names a function: of this bundle, or a builtin.
    fn is_function(&self, path: &str) -> bool {
        let root = path.split('.').next().unwrap_or_default();
        if self.is_declared(root) {
            false
        } else if let Some(target) = self.aliases.get(root) {
            self.names
                .functions
                .contains(&path.replacen(root, target, 1))
        } else if self.rules.contains(root) {
            self.names
                .functions
                .contains(&format!("{}.{path}", self.package))
        } else {
            self.names.functions.contains(path) || is_builtin(path)
        }
    }

    fn target(&mut self, with: &WithModifier) {
        let mut root = with.refr.as_ref();
        while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = root {
            root = refr;
        }
        let first = root.span().text();
        let Some(name) = dotted(&with.refr) else {
            return;
        };
        let known = matches!(first, "input" | "data")
            || self.aliases.contains_key(first)
            || self.rules.contains(first)
            || is_builtin(&name);
        if !known {
            // The engine would replace nothing.
            let hint = crate::text::suggestion(first, &["input", "data"]);
            let message = format!(
                "with replaces \"{name}\", which is neither in input or data nor a function or rule{hint}."
            );
            self.problems.push((root.span().line, message));
            return;
        }
        let Some((start, end)) = self.extent(root) else {
            return;
        };
        if let Some(path) = self.aliases.get(first) {
            self.edits.replace(start, end, path.clone());
        } else if self.rules.contains(first) {
            self.edits.insert(start, format!("{}.", self.package));
        } else if is_missing(&name)
            && let Some((start, end)) = self.extent(&with.refr)
        {
            self.edits.replace(start, end, stand_in(&name));
        }
    }
}
