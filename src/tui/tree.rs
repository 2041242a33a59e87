//! The plan as a tree: every resource change and output change under its module, with counts.

use std::collections::BTreeMap;

use crate::plan::{Action, CheckStatus, ResourceChange};
use crate::review::{CasePlan, ReviewCase};
use crate::text::Printable;

/// Numbers of changes in a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) create: usize,
    pub(super) update: usize,
    pub(super) delete: usize,
    pub(super) replace: usize,
    pub(super) other: usize,
    pub(super) quiet: usize,
}

impl Shape {
    fn count(&mut self, action: Action, quiet: bool) {
        let slot = match action {
            _ if quiet => &mut self.quiet,
            Action::Create => &mut self.create,
            Action::Update => &mut self.update,
            Action::Delete | Action::Unknown => &mut self.delete,
            Action::DeleteThenCreate | Action::CreateThenDelete => &mut self.replace,
            _ => &mut self.other,
        };
        *slot += 1;
    }
}

/// One visible row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeRow {
    /// A module, by its number.
    Module(usize),
    /// A resource change: plan and index.
    Change(usize, usize),
    /// An output change: plan and index.
    Output(usize, usize),
    /// A change made outside Terraform: plan and index.
    Drift(usize, usize),
    /// A change that is put off: plan and index.
    Deferred(usize, usize),
    /// An action that apply invokes: plan and index.
    Invocation(usize, usize),
    /// A condition that does not hold, or is not known to: plan and index.
    Check(usize, usize),
    /// How many changes of a module do nothing.
    Quiet(usize),
}

/// A module with what happens in it.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) name: Printable,
    pub(super) shape: Shape,
    pub(super) folded: bool,
    pub(super) unfolded_quiet: bool,
    busy: Vec<TreeRow>,
    quiet: Vec<TreeRow>,
}

/// All changes with a cursor.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) modules: Vec<Module>,
    pub(super) rows: Vec<TreeRow>,
    pub(super) cursor: usize,
    pub(super) top: usize,
    pub(super) total: usize,
    pub(super) busy: usize,
}

impl Tree {
    /// Builds the tree of a case.
    pub(super) fn new(case: &ReviewCase) -> Self {
        let mut modules: BTreeMap<(usize, String), Module> = BTreeMap::new();
        let many = case.plans.len() > 1;
        let (mut total, mut busy) = (0, 0);
        for (plan_index, plan) in case.plans.iter().enumerate() {
            let name = |module: &str| {
                let module = if module.is_empty() {
                    "root module"
                } else {
                    module
                };
                if many {
                    Printable::line(&format!("{}: {}", plan.path, case.redactor.redact(module)))
                } else {
                    case.redactor.line(module)
                }
            };
            for (index, change) in plan.plan.changes.iter().enumerate() {
                total += 1;
                let module = modules
                    .entry((plan_index, change.module.to_string()))
                    .or_insert_with(|| Module::new(name(&change.module)));
                // What is said not to change but does is not folded away.
                let quiet = change.is_quiet() && plan.plan.contradiction(change).is_none();
                module.shape.count(change.action, quiet);
                let rows = if quiet {
                    &mut module.quiet
                } else {
                    &mut module.busy
                };
                rows.push(TreeRow::Change(plan_index, index));
                busy += usize::from(!quiet);
            }
            let mut beside = |order: &str, heading: &str, rows: Vec<(TreeRow, Action)>| {
                for (row, action) in rows {
                    let module = modules
                        .entry((plan_index, format!("\u{10ffff}{order}")))
                        .or_insert_with(|| Module::new(name(heading)));
                    module.shape.count(action, false);
                    module.busy.push(row);
                }
            };
            let numbered = |changes: &[ResourceChange], row: fn(usize, usize) -> TreeRow| {
                let rows = changes.iter().enumerate();
                rows.map(|(index, change)| (row(plan_index, index), change.action))
                    .collect()
            };
            let outputs = plan
                .plan
                .outputs
                .iter()
                .enumerate()
                .filter(|(_, output)| !output.is_quiet());
            let outputs =
                outputs.map(|(index, output)| (TreeRow::Output(plan_index, index), output.action));
            beside("1", "outputs", outputs.collect());
            let checks = plan.plan.checks.iter().enumerate();
            let checks = checks
                .filter(|(_, check)| check.status != CheckStatus::Pass)
                .map(|(index, _)| (TreeRow::Check(plan_index, index), Action::Read));
            beside("0", "checks that do not hold", checks.collect());
            let deferred: Vec<ResourceChange> = plan
                .plan
                .deferred
                .iter()
                .map(|deferred| deferred.change.clone())
                .collect();
            beside(
                "2",
                "deferred: put off to a later plan",
                numbered(&deferred, TreeRow::Deferred),
            );
            let invocations = (0..plan.plan.invocations.len())
                .map(|index| (TreeRow::Invocation(plan_index, index), Action::Read));
            beside("3", "actions that apply invokes", invocations.collect());
            beside(
                "4",
                "drift: changed outside Terraform",
                numbered(&plan.plan.drift, TreeRow::Drift),
            );
        }
        let mut tree = Self {
            modules: modules.into_values().collect(),
            rows: Vec::new(),
            cursor: 0,
            top: 0,
            total,
            busy,
        };
        tree.lay_rows();
        tree.cursor = tree
            .rows
            .iter()
            .position(|row| !matches!(row, TreeRow::Module(_)))
            .unwrap_or(0);
        tree
    }

    fn lay_rows(&mut self) {
        self.rows.clear();
        for (number, module) in self.modules.iter().enumerate() {
            self.rows.push(TreeRow::Module(number));
            if module.folded {
                continue;
            }
            self.rows.extend(&module.busy);
            if module.unfolded_quiet {
                self.rows.extend(&module.quiet);
            } else if !module.quiet.is_empty() {
                self.rows.push(TreeRow::Quiet(number));
            }
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    /// The row under the cursor.
    pub(super) fn selected(&self) -> Option<TreeRow> {
        self.rows.get(self.cursor).copied()
    }

    /// Folds or unfolds the module under the cursor, or its changes that do nothing.
    pub(super) fn fold(&mut self, fold: bool) {
        let Some(row) = self.selected() else { return };
        let heading = |tree: &Self| {
            tree.rows
                .iter()
                .take(tree.cursor + 1)
                .rposition(|row| matches!(row, TreeRow::Module(_)))
        };
        match row {
            TreeRow::Module(number) => {
                if let Some(module) = self.modules.get_mut(number) {
                    module.folded = fold;
                }
            }
            TreeRow::Quiet(number) if !fold => {
                if let Some(module) = self.modules.get_mut(number) {
                    module.unfolded_quiet = true;
                }
            }
            _ if fold => {
                if let Some(at) = heading(self)
                    && let Some(TreeRow::Module(number)) = self.rows.get(at).copied()
                    && let Some(module) = self.modules.get_mut(number)
                {
                    if module.unfolded_quiet {
                        module.unfolded_quiet = false;
                    } else {
                        module.folded = true;
                    }
                    self.cursor = at;
                }
            }
            _ => return,
        }
        self.lay_rows();
    }

    /// Lays out every row there is.
    pub(super) fn unfold_all(&mut self) {
        for module in &mut self.modules {
            module.folded = false;
            module.unfolded_quiet = true;
        }
        self.lay_rows();
    }

    /// Goes to the next or previous module.
    pub(super) fn jump_group(&mut self, forward: bool) {
        let is_module = |row: &TreeRow| matches!(row, TreeRow::Module(_));
        let found = if forward {
            self.rows
                .iter()
                .skip(self.cursor + 1)
                .position(is_module)
                .map(|step| self.cursor + 1 + step)
        } else {
            self.rows.iter().take(self.cursor).rposition(is_module)
        };
        self.cursor = found.unwrap_or(self.cursor);
    }

    /// Goes to the next or previous row whose address holds a text.
    pub(super) fn find(&mut self, case: &ReviewCase, wanted: &str, forward: bool) -> bool {
        let wanted = wanted.to_lowercase();
        let total = self.rows.len();
        let order = (1..=total).map(|step| {
            if forward {
                (self.cursor + step) % total
            } else {
                (self.cursor + total - step) % total
            }
        });
        for at in order {
            if self
                .rows
                .get(at)
                .is_some_and(|row| label(case, *row).to_lowercase().contains(&wanted))
            {
                self.cursor = at;
                return true;
            }
        }
        false
    }
}

impl Module {
    fn new(name: Printable) -> Self {
        Self {
            name,
            shape: Shape::default(),
            folded: false,
            unfolded_quiet: false,
            busy: Vec::new(),
            quiet: Vec::new(),
        }
    }
}

/// The plan and the resource change that a row is about.
pub(super) fn resource(case: &ReviewCase, row: TreeRow) -> Option<(&CasePlan, &ResourceChange)> {
    let plan = |index: usize| case.plans.get(index);
    match row {
        TreeRow::Change(at, index) => {
            plan(at).and_then(|plan| Some((plan, plan.plan.changes.get(index)?)))
        }
        TreeRow::Drift(at, index) => {
            plan(at).and_then(|plan| Some((plan, plan.plan.drift.get(index)?)))
        }
        TreeRow::Deferred(at, index) => {
            plan(at).and_then(|plan| Some((plan, &plan.plan.deferred.get(index)?.change)))
        }
        _ => None,
    }
}

/// The address or name that a row shows.
pub(super) fn label(case: &ReviewCase, row: TreeRow) -> String {
    let name = match row {
        TreeRow::Output(plan, index) => case
            .plans
            .get(plan)
            .and_then(|plan| plan.plan.outputs.get(index))
            .map(|output| output.name.clone()),
        TreeRow::Invocation(plan, index) => {
            let invocation = case
                .plans
                .get(plan)
                .and_then(|plan| plan.plan.invocations.get(index));
            invocation.map(|invocation| {
                let address = &invocation.address;
                let provider = &invocation.provider;
                match &invocation.deferred {
                    None => format!("{address} ({provider})"),
                    Some(reason) => format!("{address} ({provider}), put off: {reason}"),
                }
            })
        }
        TreeRow::Check(plan, index) => {
            let check = case
                .plans
                .get(plan)
                .and_then(|plan| plan.plan.checks.get(index));
            check.map(|check| check.address.clone())
        }
        row => resource(case, row).map(|(_, change)| change.label()),
    };
    case.redactor.line(&name.unwrap_or_default()).into_string()
}
