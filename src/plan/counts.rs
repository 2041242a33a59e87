//! How many changes of each kind a plan holds: the shape of it in one line.

use serde::{Deserialize, Serialize};

use super::{Action, Plan};

/// Numbers of changes by kind; a replacement counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// New objects.
    pub create: usize,
    /// Objects changed in place.
    pub update: usize,
    /// Objects destroyed and made anew.
    pub replace: usize,
    /// Objects destroyed.
    pub delete: usize,
    /// Data sources read during apply.
    pub read: usize,
    /// Objects that stay as they are.
    pub no_op: usize,
    /// Objects imported, whatever else happens to them.
    pub import: usize,
    /// Objects moved to another address, whatever else happens to them.
    #[serde(rename = "move")]
    pub moved: usize,
    /// Objects abandoned, replaced or not.
    pub forget: usize,
    /// Objects changed outside Terraform.
    pub drift: usize,
    /// Root outputs that change.
    pub output: usize,
}

impl Counts {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut counts = Self {
            drift: plan.drift.len(),
            output: plan.outputs.iter().filter(|o| !o.is_quiet()).count(),
            ..Self::default()
        };
        for change in &plan.changes {
            match change.action {
                Action::NoOp => counts.no_op += 1,
                Action::Create => counts.create += 1,
                Action::Read => counts.read += 1,
                Action::Update => counts.update += 1,
                Action::DeleteThenCreate | Action::CreateThenDelete => counts.replace += 1,
                Action::Forget | Action::ForgetReplace => counts.forget += 1,
                Action::Delete | Action::Unknown => counts.delete += 1,
                Action::Ephemeral => {}
            }
            counts.import += usize::from(change.importing);
            counts.moved += usize::from(change.is_move());
        }
        counts
    }

    /// Adds another plan's numbers.
    pub fn add(&mut self, other: &Self) {
        self.create += other.create;
        self.update += other.update;
        self.replace += other.replace;
        self.delete += other.delete;
        self.read += other.read;
        self.no_op += other.no_op;
        self.import += other.import;
        self.moved += other.moved;
        self.forget += other.forget;
        self.drift += other.drift;
        self.output += other.output;
    }
}
