//! `with`: targets become full paths, values that iterate become statements of their own.

use regorus::unstable::{Expr, LiteralStmt, WithModifier};

use super::super::syntax::dotted;
use super::names::{is_missing, stand_in};
use super::{Rewriter, iterates};
use crate::policy::engine::edit::Piece;

impl Rewriter<'_> {
    /// Rewrites the modifiers of a statement; gives what must stand in front of it, and the modifiers again for other statements.
    pub(super) fn with(&mut self, stmt: &LiteralStmt, copied: bool) -> (Vec<Piece>, Vec<Piece>) {
        let mut prefix = Vec::new();
        let mut copy = Vec::new();
        for with in &stmt.with_mods {
            self.target(with);
            let outer = self.walks.take();
            self.expr(&with.r#as);
            self.walks = outer;
            let Some((start, end)) = self.extent(&with.r#as) else {
                continue;
            };
            copy.push(Piece::Text(" with ".to_owned()));
            if let Some((start, end)) = self.extent(&with.refr) {
                copy.push(Piece::Span(start, end));
            }
            copy.push(Piece::Text(" as ".to_owned()));
            // A path may name a function, which is no value.
            let is_path = dotted(&with.r#as).is_some();
            if iterates(&with.r#as) || (copied && !is_path) {
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

    fn target(&mut self, with: &WithModifier) {
        let mut root = with.refr.as_ref();
        while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = root {
            root = refr;
        }
        let Some(name) = dotted(&with.refr) else {
            return;
        };
        let Some((start, end)) = self.extent(root) else {
            return;
        };
        let first = root.span().text();
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
