//! The verdict on one resource change.

use std::collections::BTreeSet;

use super::graph::{Hint, PART, is_meta};
use super::instances::{Instance, steps};
use super::judge::{Cause, Judge};
use super::places::{modules_above, nearest_call};
use super::values::{Fields, differing};
use super::{Reason, Verdict};
use crate::plan::{Action, Mode, ResourceChange};
use crate::source::strip_keys;

type Judged = (Option<Verdict>, Option<Cause>);

fn explained(cause: Cause, user: &str) -> Judged {
    if let Some(text) = cause.with_outside(user) {
        return (Some(Verdict::NotKnown(Reason::placed(text, &cause))), None);
    }
    let reason = Reason::from_cause(&cause, user);
    let verdict = if cause.drift {
        Verdict::Drift(reason)
    } else {
        Verdict::Explained(reason)
    };
    (Some(verdict), Some(cause))
}

fn unexplained(text: impl Into<String>) -> Judged {
    (Some(Verdict::Unexplained(Reason::of(text.into()))), None)
}

fn not_known(text: impl Into<String>) -> Judged {
    (Some(Verdict::NotKnown(Reason::of(text.into()))), None)
}

/// The expression that repeats an object is touched, and whether that is why the instance comes or goes is not known.
fn perhaps(cause: &Cause, site: &Site, created: bool) -> Judged {
    let text = match &cause.outside {
        Some(outside) => format!(
            "{}, but which instances there are also depends on {outside}",
            cause.reason("")
        ),
        None => format!(
            "{}, but whether that {} this instance cannot be read there",
            cause.reason(&site.address),
            if created { "adds" } else { "removes" }
        ),
    };
    (Some(Verdict::NotKnown(Reason::placed(text, cause))), None)
}

/// Where a change stands in the configuration of both commits.
struct Site {
    address: String,
    before: String,
    in_head: bool,
    in_base: bool,
}

/// The argument that keeps changes of attributes from being planned.
const IGNORED: &str = "lifecycle.ignore_changes";

impl Judge<'_> {
    /// The verdict, and what makes the object differ where that is known; nothing where nothing is changed.
    pub(super) fn change(&self, row: &ResourceChange) -> Judged {
        if row.is_quiet()
            || matches!(row.action, Action::Read | Action::Ephemeral)
            || row.mode == Mode::Data
        {
            return (None, None);
        }
        if row.deposed.is_some() {
            return unexplained(
                "It is left over from an earlier replacement (deposed), which no file tells of.",
            );
        }
        match row.reason.as_deref() {
            Some("replace_by_request") => {
                return unexplained(
                    "The replacement was asked for on the command line (-replace).",
                );
            }
            Some("replace_because_tainted") => {
                return unexplained(
                    "The object is marked as tainted in the state, which no file tells of.",
                );
            }
            _ => {}
        }
        let address = strip_keys(&row.address);
        let mut before = self.moves.before(&address).into_owned();
        if let Some(previous) = row.previous_address.as_deref().map(strip_keys)
            && self.base.resources.contains_key(&previous)
        {
            before = previous;
        }
        let site = Site {
            in_head: self.head.resources.contains_key(&address),
            in_base: self.base.resources.contains_key(&before),
            address,
            before,
        };
        match row.action {
            Action::Delete | Action::Forget => self.delete(row, &site),
            Action::Create => self.create(row, &site),
            Action::Update
            | Action::DeleteThenCreate
            | Action::CreateThenDelete
            | Action::ForgetReplace => self.update(row, &site),
            Action::NoOp => self.renamed(row, &site),
            _ => unexplained("Its action is not known."),
        }
    }

    fn delete(&self, row: &ResourceChange, site: &Site) -> Judged {
        if site.in_head {
            if let Some(judged) = self.by_instance(row, site, false) {
                return judged;
            }
            return unexplained(format!(
                "{} stands in the configuration at both commits.",
                site.address
            ));
        }
        if let Some(cause) = self.added("removed", &site.address) {
            return explained(cause, "");
        }
        if site.in_base {
            return explained(self.gone(&site.before), "");
        }
        let module = strip_keys(&row.module);
        if nearest_call(self.head, &module).is_some() || nearest_call(self.base, &module).is_some()
        {
            return self.elsewhere(&module, row, false);
        }
        unexplained("Its block stands in the configuration of neither commit.")
    }

    /// The block, or the module call above it, that the head does not have any more.
    fn gone(&self, before: &str) -> Cause {
        let gone_call = modules_above(before).into_iter().find(|path| {
            self.base.calls.contains_key(*path) && !self.head.calls.contains_key(*path)
        });
        let (what, place) =
            match gone_call.and_then(|path| Some((path, self.base.calls.get(path)?))) {
                Some((path, call)) => (path, Some(call)),
                None => (before, self.base.resources.get(before)),
            };
        let (file, line) = place.map_or(("".into(), 0), |place| (place.file.clone(), place.line));
        Cause {
            text: format!("the change removes {what} (was at {file}:{line})"),
            file,
            line,
            through: None,
            drift: false,
            by_absence: true,
            outside: None,
        }
    }

    /// A block of this kind that the change adds for an address, or for a module above it.
    fn added(&self, kind: &'static str, address: &str) -> Option<Cause> {
        let mut names = modules_above(address);
        names.push(address);
        names.into_iter().rev().find_map(|name| {
            let (file, line) = self.added.get(&(kind, name.to_owned()))?;
            Some(Cause {
                text: format!("{file}:{line} adds a {kind} block for it"),
                file: file.clone(),
                line: *line,
                through: None,
                drift: false,
                by_absence: false,
                outside: None,
            })
        })
    }

    /// The verdict where `count` or `for_each` is touched.
    fn by_instance(&self, row: &ResourceChange, site: &Site, created: bool) -> Option<Judged> {
        let found = self.instance(row, [&site.address, &site.before], created)?;
        Some(match found {
            Instance::Because(cause) => explained(cause, ""),
            Instance::Perhaps(cause) => perhaps(&cause, site, created),
        })
    }

    /// A new object: what sets its attributes, or repeats it, must not come from outside either.
    fn made(&self, cause: Cause, site: &Site) -> Judged {
        let Some((name, outside)) = self.outside_of(&site.address) else {
            return explained(cause, "");
        };
        let text = format!("{}, but its {name} depends on {outside}", cause.reason(""));
        (Some(Verdict::NotKnown(Reason::placed(text, &cause))), None)
    }

    fn create(&self, row: &ResourceChange, site: &Site) -> Judged {
        if row.importing
            && let Some(cause) = self.added("import", &site.address)
        {
            return explained(cause, "");
        }
        if !site.in_head {
            return self.elsewhere(&strip_keys(&row.module), row, true);
        }
        if !site.in_base {
            return self.made(self.arrived(&site.address), site);
        }
        match self.instance(row, [&site.address, &site.before], true) {
            Some(Instance::Because(cause)) => return self.made(cause, site),
            Some(Instance::Perhaps(cause)) => return perhaps(&cause, site, true),
            None => {}
        }
        if let Some(drift) = self.drift_row(row)
            && drift.action == Action::Delete
        {
            return self.drifted(
                row,
                "It was deleted outside Terraform (drift); the plan makes it anew.",
            );
        }
        unexplained(format!(
            "{} stands in the configuration at both commits, but the state does not hold it.",
            site.address
        ))
    }

    /// The block, or the module call above it, that the base does not have.
    fn arrived(&self, address: &str) -> Cause {
        let new_call = modules_above(address).into_iter().find(|path| {
            self.head.calls.contains_key(*path)
                && !self
                    .base
                    .calls
                    .contains_key(self.moves.before(path).as_ref())
        });
        let (what, place) = match new_call.and_then(|path| Some((path, self.head.calls.get(path)?)))
        {
            Some((path, call)) => (path, Some(call)),
            None => (address, self.head.resources.get(address)),
        };
        let (file, line) = place.map_or(("".into(), 0), |place| (place.file.clone(), place.line));
        Cause {
            text: format!("{file}:{line} adds {what}"),
            file,
            line,
            through: None,
            drift: false,
            by_absence: true,
            outside: None,
        }
    }

    /// A resource whose block is not in the repository: only the module call can explain it.
    fn elsewhere(&self, module: &str, row: &ResourceChange, in_head: bool) -> Judged {
        let Some((path, call)) = nearest_call(self.head, module) else {
            return match nearest_call(self.base, module) {
                Some((path, _)) if !in_head => explained(self.gone(&path), ""),
                _ => not_known(
                    "Its block was not found in the configuration of the commit under review.",
                ),
            };
        };
        let before = self.moves.before(&path).into_owned();
        // What is inside may use any argument.
        let outside = self.outside_of_call(&path);
        let explained = |cause: Cause, user: &str| {
            let outside = outside.clone().or_else(|| cause.outside.clone());
            explained(Cause { outside, ..cause }, user)
        };
        if !self.base.calls.contains_key(&before) {
            return explained(self.arrived(&path), "");
        }
        for name in call.parts.keys() {
            if let Some(cause) = self.part(&path, &before, name) {
                return explained(cause, &path);
            }
        }
        if let Some(old) = self.base.calls.get(&before)
            && let Some(gone) = old
                .parts
                .keys()
                .find(|name| !call.parts.contains_key(*name))
            && let Some(cause) = self.part(&path, &before, gone)
        {
            return explained(cause, &path);
        }
        if let Some(cause) = self.provider(row, &row.address) {
            return explained(cause, &path);
        }
        not_known(format!(
            "The files of {path} are not in the repository, and its call is not changed."
        ))
    }

    fn renamed(&self, row: &ResourceChange, site: &Site) -> Judged {
        if row.importing {
            if let Some(cause) = self.added("import", &site.address) {
                return explained(cause, "");
            }
            return unexplained("No import block of the change names it.");
        }
        if let Some(cause) = self.added("moved", &site.address) {
            return explained(cause, "");
        }
        if let Some(judged) = self.by_instance(row, site, true) {
            return judged;
        }
        unexplained("No moved block of the change names it.")
    }

    fn drift_row(&self, row: &ResourceChange) -> Option<&ResourceChange> {
        let at = self.drift.get(row.address.as_str()).or_else(|| {
            let previous = row.previous_address.as_deref()?;
            self.drift.get(previous)
        })?;
        self.plan.drift.get(*at)
    }

    /// A change that drift accounts for.
    fn drifted(&self, row: &ResourceChange, text: &str) -> Judged {
        let place = self.head.resources.get(&strip_keys(&row.address));
        let cause = place.map(|place| Cause {
            text: format!("{} was changed outside Terraform (drift)", row.address),
            file: place.file.clone(),
            line: place.line,
            through: None,
            drift: true,
            by_absence: false,
            outside: None,
        });
        (Some(Verdict::Drift(Reason::of(text.to_owned()))), cause)
    }

    fn update(&self, row: &ResourceChange, site: &Site) -> Judged {
        if !site.in_head {
            return self.elsewhere(&strip_keys(&row.module), row, true);
        }
        if !site.in_base {
            let adopted = self
                .added("import", &site.address)
                .or_else(|| self.added("moved", &site.address));
            return self.made(adopted.unwrap_or_else(|| self.arrived(&site.address)), site);
        }
        if row.importing
            && let Some(cause) = self.added("import", &site.address)
        {
            return self.made(cause, site);
        }
        let mut known: BTreeSet<&String> = BTreeSet::new();
        for (graph, address) in [(self.head, &site.address), (self.base, &site.before)] {
            if let Some(resource) = graph.resources.get(address) {
                known.extend(resource.parts.keys().filter(|name| !is_meta(name)));
            }
        }
        let changed = differing(self.plan, &row.body);
        let mut first: Option<(String, Cause)> = None;
        let mut drifting = false;
        let mut untouched: Vec<String> = Vec::new();
        let mut fed: Option<(String, Cause)> = None;
        let values = Fields::of(self.plan, &row.body);
        let keys = steps(&row.address);
        let key = keys.iter().find(|(path, _)| *path == site.address);
        let key = key.and_then(|(_, key)| key.as_deref());
        for name in changed.iter().filter(|name| known.contains(name)) {
            match self.part_of_instance([&site.address, &site.before], name, key) {
                Some(mut cause) => {
                    drifting |= cause.drift;
                    let items = self.items(&values, &site.address, name);
                    untouched.extend(items.untouched);
                    if items.all {
                        cause.outside = None;
                    }
                    for fed_by in items.fed.into_iter().chain(cause.outside.take()) {
                        let cause = Cause {
                            outside: Some(fed_by),
                            ..cause.clone()
                        };
                        fed.get_or_insert((name.clone(), cause));
                    }
                    if first
                        .as_ref()
                        .is_none_or(|(_, first)| first.drift && !cause.drift)
                    {
                        first = Some((name.clone(), cause));
                    }
                }
                None => untouched.push(name.clone()),
            }
        }
        if row.reason.as_deref() == Some("replace_by_triggers") {
            match self.part(
                &site.address,
                &site.before,
                "lifecycle.replace_triggered_by",
            ) {
                Some(cause) if untouched.is_empty() && fed.is_none() => {
                    return explained(cause, "replace_triggered_by");
                }
                Some(_) => {}
                None => {
                    return unexplained(
                        "replace_triggered_by replaces it, and nothing in the change explains what it watches.",
                    );
                }
            }
        }
        if let Some(drift) = self.drift_row(row) {
            let outside = Fields::of(self.plan, &drift.body);
            let before = untouched.len();
            untouched.retain(|name| !values.undoes(&outside, name));
            drifting |= untouched.len() < before;
            if first.is_none() && untouched.is_empty() {
                drifting = true;
            }
        }
        if untouched.is_empty()
            && let Some((name, cause)) = fed
        {
            return explained(cause, &name);
        }
        if untouched.is_empty() {
            return self.touched(row, site, first, drifting, &known);
        }
        // What has its value from outside is not explained by a provider that may act otherwise.
        let tied = untouched.iter().any(|name| {
            self.hint(&site.address, name).is_some()
                || self
                    .follows(&format!("{}{PART}{name}", site.address))
                    .is_some()
        });
        if let Some(cause) = self.whole(row, site).filter(|_| !tied) {
            return explained(cause, "");
        }
        self.outside(site, &untouched, first.as_ref())
    }

    /// What explains any change of a resource: its provider, or what its lifecycle ignores.
    fn whole(&self, row: &ResourceChange, site: &Site) -> Option<Cause> {
        // Only names that leave the list let a change through.
        let ignored = self
            .base
            .resources
            .get(&site.before)
            .is_some_and(|old| old.parts.contains_key(IGNORED));
        self.part(&site.address, &site.before, IGNORED)
            .filter(|_| ignored)
            .or_else(|| self.part(&site.address, &site.before, "provider"))
            .or_else(|| self.provider(row, &site.address))
    }

    /// Every attribute that is set in the configuration and changes has a cause.
    fn touched(
        &self,
        row: &ResourceChange,
        site: &Site,
        first: Option<(String, Cause)>,
        drifting: bool,
        known: &BTreeSet<&String>,
    ) -> Judged {
        if drifting {
            let text = match first.filter(|(_, cause)| !cause.drift) {
                Some((name, cause)) => format!(
                    "It was changed outside Terraform (drift); in part the change explains it: {}.",
                    cause.reason(&name)
                ),
                None => {
                    "It was changed outside Terraform (drift); the plan changes it back or follows."
                        .to_owned()
                }
            };
            return self.drifted(row, &text);
        }
        if let Some((name, cause)) = first {
            return explained(cause, &name);
        }
        // Only attributes that the provider computes change.
        let causes = known
            .iter()
            .filter_map(|name| self.part(&site.address, &site.before, name));
        let any = causes.min_by_key(|cause| cause.outside.is_some());
        if let Some(cause) = any.or_else(|| self.whole(row, site)) {
            return explained(cause, &site.address);
        }
        unexplained(
            "Only computed attributes change, and nothing that the resource uses is touched.",
        )
    }

    /// Attributes change that nothing in the git change explains.
    fn outside(
        &self,
        site: &Site,
        untouched: &[String],
        first: Option<&(String, Cause)>,
    ) -> Judged {
        let names: Vec<String> = untouched
            .iter()
            .take(3)
            .map(|name| name.replace(PART, "."))
            .collect();
        let shown = match untouched.len().saturating_sub(names.len()) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        };
        let part = first.map_or_else(String::new, |(name, cause)| {
            format!(" Only in part: {}.", cause.reason(name))
        });
        let hint = untouched
            .iter()
            .find_map(|name| self.hint(&site.address, name));
        let follows = untouched
            .iter()
            .find_map(|name| self.follows(&format!("{}{PART}{name}", site.address)));
        if let Some(followed) = follows {
            let text = format!("{shown} follows {}.{part}", followed.sentence());
            return if followed.certain {
                unexplained(text)
            } else {
                not_known(text)
            };
        }
        match hint {
            Some(Hint::Volatile(function)) => not_known(format!(
                "{shown} depends on {function}(), whose result differs in each plan.{part}"
            )),
            Some(Hint::Unread) => not_known(format!(
                "{shown} depends on a file whose name is computed, or that a link leads to outside the repository.{part}"
            )),
            Some(Hint::Remote(module)) => not_known(format!(
                "{shown} depends on {module}, whose files are not in the repository.{part}"
            )),
            Some(Hint::NewFile(variable, file)) => not_known(format!(
                "{shown} depends on {variable}, whose value only the new file {file} gives; the plan does not tell whether it was used.{part}"
            )),
            Some(Hint::Computed(variable)) => not_known(format!(
                "{shown} depends on {variable}, whose value is computed in a file.{part}"
            )),
            Some(Hint::Outside(variable)) => unexplained(format!(
                "Nothing in the change touches {shown}; {variable} has a value that no file gives (-var, -var-file or the environment).{part}"
            )),
            Some(Hint::Data(source)) => unexplained(format!(
                "Nothing in the change touches {shown}; what {source} reads may have changed.{part}"
            )),
            None => unexplained(format!(
                "Nothing in the change touches {shown}, nor what it refers to.{part}"
            )),
        }
    }
}
