//! `not f(a.b)`: OPA works out operands in front of the negation, so a missing one makes the body undefined. The engine would say *true*.

use regorus::unstable::{AssignOp, BoolOp, Expr};

use super::{Hoist, Rewriter, any};

impl Rewriter<'_> {
    /// Takes operands out of the negated expression of a statement.
    pub(super) fn negation(&mut self, expr: &Expr) -> Vec<Hoist> {
        let wildcard = |expr: &Expr| matches!(expr, Expr::Var { span, .. } if span.text() == "_");
        let mut hoists = Vec::new();
        if any(expr, &wildcard) {
            return hoists;
        }
        match expr {
            Expr::Call { params, .. } => {
                for param in params {
                    self.operand(param, false, &mut hoists);
                }
            }
            Expr::BoolExpr {
                op: BoolOp::Eq,
                lhs,
                rhs,
                ..
            }
            | Expr::AssignExpr {
                op: AssignOp::Eq,
                lhs,
                rhs,
                ..
            } => {
                for side in [lhs, rhs] {
                    if matches!(side.as_ref(), Expr::RefDot { .. } | Expr::RefBrack { .. }) {
                        self.indices(side, &mut hoists);
                    } else if !matches!(side.as_ref(), Expr::Var { .. }) {
                        self.operand(side, false, &mut hoists);
                    }
                }
            }
            Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::BinExpr { lhs, rhs, .. } => {
                self.operand(lhs, false, &mut hoists);
                self.operand(rhs, false, &mut hoists);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                for part in key.iter().chain([value, collection]) {
                    self.operand(part, false, &mut hoists);
                }
            }
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.indices(expr, &mut hoists),
            _ => {}
        }
        hoists
    }

    /// Takes out an operand that may be undefined.
    fn operand(&mut self, expr: &Expr, index: bool, hoists: &mut Vec<Hoist>) {
        if !self.may_be_undefined(expr) {
            return;
        }
        if let Some((start, end)) = self.extent(expr) {
            let name = self.fresh("not");
            self.edits.take(start, end, name.clone());
            hoists.push(Hoist {
                name,
                start,
                end,
                index,
            });
        }
    }

    /// Whether an expression may have no value.
    pub(super) fn may_be_undefined(&self, expr: &Expr) -> bool {
        any(expr, &|expr| match expr {
            Expr::Var { span, .. } => self.is_global(span.text()),
            Expr::RefDot { .. }
            | Expr::RefBrack { .. }
            | Expr::Call { .. }
            | Expr::ArithExpr { .. }
            | Expr::BinExpr { .. } => true,
            _ => false,
        })
    }

    /// Takes calls and references out of the brackets of a reference.
    fn indices(&mut self, expr: &Expr, hoists: &mut Vec<Hoist>) {
        match expr {
            Expr::RefDot { refr, .. } => self.indices(refr, hoists),
            Expr::RefBrack { refr, index, .. } => {
                self.indices(refr, hoists);
                self.operand(index, true, hoists);
            }
            Expr::Call { .. } => self.operand(expr, false, hoists),
            _ => {}
        }
    }
}
