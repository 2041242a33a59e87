//! The plan as a tree: every resource change and output change under its module, with counts.

use std::collections::{BTreeMap, HashMap};

use crate::plan::{Action, CheckStatus, Plan, ResourceChange};
use crate::review::{CasePlan, ReviewCase};
use crate::source::module_steps;
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
    /// Changes that do something.
    pub(super) fn busy(&self) -> usize {
        self.create + self.update + self.delete + self.replace + self.other
    }

    /// The shape of both together.
    fn with(self, other: Self) -> Self {
        Self {
            create: self.create + other.create,
            update: self.update + other.update,
            delete: self.delete + other.delete,
            replace: self.replace + other.replace,
            other: self.other + other.other,
            quiet: self.quiet + other.quiet,
        }
    }

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
    /// The steps of its address below the module that it stands under.
    pub(super) name: Printable,
    /// How many modules of the tree it stands under.
    pub(super) depth: usize,
    /// What happens in it and in the modules below.
    pub(super) shape: Shape,
    /// What happens in it alone.
    own: Shape,
    /// The number of the first module that is not below it.
    end: usize,
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
    /// The most changes of one module with what is below it.
    pub(super) widest: usize,
    /// How deep the module of each row stands.
    levels: Vec<usize>,
}

/// Plan, whether the rows stand beside its resource changes, and the steps of the module's address.
type Key = (usize, bool, Vec<String>);

impl Tree {
    /// Builds the tree of a case.
    pub(super) fn new(case: &ReviewCase) -> Self {
        let mut modules: BTreeMap<Key, Module> = BTreeMap::new();
        let (mut total, mut busy) = (0, 0);
        for (plan_index, plan) in case.plans.iter().enumerate() {
            let mut known: HashMap<&str, Key> = HashMap::new();
            for (index, change) in plan.plan.changes.iter().enumerate() {
                total += 1;
                let key = known.entry(&change.module).or_insert_with(|| {
                    let steps = module_steps(&change.module);
                    let steps = steps.into_iter().map(str::to_owned).collect();
                    (plan_index, false, steps)
                });
                if !modules.contains_key(key) {
                    modules.insert(key.clone(), Module::new());
                }
                let Some(module) = modules.get_mut(key) else {
                    continue;
                };
                // What is said not to change but does is not folded away.
                let quiet = change.is_quiet() && plan.plan.contradiction(change).is_none();
                module.own.count(change.action, quiet);
                let rows = if quiet {
                    &mut module.quiet
                } else {
                    &mut module.busy
                };
                rows.push(TreeRow::Change(plan_index, index));
                busy += usize::from(!quiet);
            }
            for (order, (heading, rows)) in beside(plan_index, &plan.plan).into_iter().enumerate() {
                for (row, action) in rows {
                    let steps = vec![order.to_string(), heading.to_owned()];
                    let module = modules
                        .entry((plan_index, true, steps))
                        .or_insert_with(Module::new);
                    module.own.count(action, false);
                    module.busy.push(row);
                }
            }
        }
        let modules = nest(case, modules);
        let widest = modules.iter().map(|module| module.shape.busy()).max();
        let mut tree = Self {
            widest: widest.unwrap_or(0),
            modules,
            rows: Vec::new(),
            levels: Vec::new(),
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
        self.levels.clear();
        let mut hidden_to = 0;
        for (number, module) in self.modules.iter().enumerate() {
            if number < hidden_to {
                continue;
            }
            self.rows.push(TreeRow::Module(number));
            if module.folded {
                hidden_to = module.end;
            } else {
                self.rows.extend(&module.busy);
                if module.unfolded_quiet {
                    self.rows.extend(&module.quiet);
                } else if !module.quiet.is_empty() {
                    self.rows.push(TreeRow::Quiet(number));
                }
            }
            self.levels.resize(self.rows.len(), module.depth);
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    /// The resource changes of a module and of those below it.
    pub(super) fn below(&self, number: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let end = self.modules.get(number).map_or(number, |module| module.end);
        let modules = self.modules.get(number..end).unwrap_or_default();
        modules
            .iter()
            .flat_map(|module| module.busy.iter().chain(&module.quiet))
            .filter_map(|row| match row {
                TreeRow::Change(plan, index) => Some((*plan, *index)),
                _ => None,
            })
    }

    /// How deep the module of a row stands.
    pub(super) fn level(&self, row: usize) -> usize {
        self.levels.get(row).copied().unwrap_or(0)
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
    fn new() -> Self {
        Self {
            name: Printable::line(""),
            depth: 0,
            shape: Shape::default(),
            own: Shape::default(),
            end: 0,
            folded: false,
            unfolded_quiet: false,
            busy: Vec::new(),
            quiet: Vec::new(),
        }
    }

    /// Changes of its own that do nothing.
    pub(super) fn quiet(&self) -> usize {
        self.own.quiet
    }
}

/// Rows of a plan that are no resource changes, by heading.
fn beside(at: usize, plan: &Plan) -> [(&'static str, Vec<(TreeRow, Action)>); 5] {
    let numbered = |changes: &mut dyn Iterator<Item = Action>, row: fn(usize, usize) -> TreeRow| {
        let rows = changes.enumerate();
        rows.map(|(index, action)| (row(at, index), action))
            .collect::<Vec<_>>()
    };
    let checks = plan.checks.iter().enumerate();
    let checks = checks
        .filter(|(_, check)| check.status != CheckStatus::Pass)
        .map(|(index, _)| (TreeRow::Check(at, index), Action::Read));
    let outputs = plan.outputs.iter().enumerate();
    let outputs = outputs
        .filter(|(_, output)| !output.is_quiet())
        .map(|(index, output)| (TreeRow::Output(at, index), output.action));
    let mut deferred = plan.deferred.iter().map(|row| row.change.action);
    let mut invocations = plan.invocations.iter().map(|_| Action::Read);
    let mut drift = plan.drift.iter().map(|change| change.action);
    [
        ("checks that do not hold", checks.collect()),
        ("outputs", outputs.collect()),
        (
            "deferred: put off to a later plan",
            numbered(&mut deferred, TreeRow::Deferred),
        ),
        (
            "actions that apply invokes",
            numbered(&mut invocations, TreeRow::Invocation),
        ),
        (
            "drift: changed outside Terraform",
            numbered(&mut drift, TreeRow::Drift),
        ),
    ]
}

/// Puts modules under the nearest module above them that has rows, and adds up what is below.
fn nest(case: &ReviewCase, modules: BTreeMap<Key, Module>) -> Vec<Module> {
    let many = case.plans.len() > 1;
    let mut out: Vec<Module> = Vec::with_capacity(modules.len());
    // The modules that the next one may stand under: number and steps.
    let mut above: Vec<(usize, Key)> = Vec::new();
    let close = |out: &mut Vec<Module>, number: usize| {
        let end = out.len();
        let Some(module) = out.get_mut(number) else {
            return;
        };
        module.end = end;
    };
    for (key, mut module) in modules {
        let (plan, is_beside, steps) = &key;
        while let Some((number, (upper_plan, upper_beside, upper))) = above.last() {
            let under = upper_plan == plan
                && !upper_beside
                && !is_beside
                && !upper.is_empty()
                && steps.starts_with(upper);
            if under {
                break;
            }
            close(&mut out, *number);
            above.pop();
        }
        let known = above.last().map_or(0, |(_, (_, _, upper))| upper.len());
        let path = if *is_beside {
            steps.last().cloned().unwrap_or_default()
        } else if steps.is_empty() {
            "root module".to_owned()
        } else {
            steps.get(known..).unwrap_or_default().join(".")
        };
        module.name = match case.plans.get(*plan).filter(|_| many && above.is_empty()) {
            Some(plan) => {
                Printable::line(&format!("{}: {}", plan.path, case.redactor.redact(&path)))
            }
            None => case.redactor.line(&path),
        };
        module.depth = above.len();
        module.shape = module.own;
        let number = out.len();
        for (upper, _) in &above {
            if let Some(upper) = out.get_mut(*upper) {
                upper.shape = upper.shape.with(module.own);
            }
        }
        out.push(module);
        above.push((number, key));
    }
    while let Some((number, _)) = above.pop() {
        close(&mut out, number);
    }
    out
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
