//! What reaches a resource from outside its block: its provider's configuration, requirement and lock entry, and the modules above it.

use std::collections::HashMap;
use std::sync::Arc;

use super::graph::{Graph, Resource};
use super::judge::{Cause, Judge};
use crate::plan::ResourceChange;
use crate::source::{SourceIndex, strip_keys};

/// Requirements and lock entries at both commits.
pub(super) struct Providers<'a> {
    head: Side<'a>,
    base: Side<'a>,
}

struct Side<'a> {
    /// Version and line of each locked provider, by source address in lower case.
    locked: HashMap<String, (Option<&'a str>, Arc<str>, usize)>,
    /// Requirements by module and local name.
    required: HashMap<(&'a str, &'a str), (String, Arc<str>, usize)>,
}

impl<'a> Providers<'a> {
    pub(super) fn of(head: &'a SourceIndex, base: &'a SourceIndex) -> Self {
        Self {
            head: Side::of(head),
            base: Side::of(base),
        }
    }
}

impl<'a> Side<'a> {
    fn of(index: &'a SourceIndex) -> Self {
        let locked = index.lock.iter().map(|lock| {
            let place = (lock.version.as_deref(), lock.file.clone(), lock.line);
            (lock.provider.to_lowercase(), place)
        });
        let required = index
            .facts
            .required_providers
            .iter()
            .filter_map(|required| {
                let said = format!("{:?} {:?}", required.source, required.version);
                let key = (required.module.as_deref()?, required.name.as_str());
                Some((key, (said, required.file.clone(), required.line)))
            });
        Self {
            locked: locked.collect(),
            required: required.collect(),
        }
    }
}

/// The module paths in an address without keys, from the outermost to the innermost; of a module's path with that path itself.
pub(super) fn modules_above(address: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(rest) = address
        .get(from..)
        .and_then(|rest| rest.strip_prefix("module."))
    {
        let end = from + "module.".len() + rest.find('.').unwrap_or(rest.len());
        found.extend(address.get(..end));
        from = end + 1;
    }
    found
}

impl Judge<'_> {
    /// Why a resource's provider may act in another way.
    pub(super) fn provider(&self, row: &ResourceChange, address: &str) -> Option<Cause> {
        // What is part of Terraform has neither versions nor settings of its own.
        if row.provider.starts_with("terraform.io/builtin/") {
            return None;
        }
        let block = self.provider_block(row, address);
        let Some(locked) = self.locked(row) else {
            return block;
        };
        // What its block has from outside may be the cause as well.
        let outside = block.and_then(|cause| cause.outside);
        let outside = outside.or_else(|| {
            self.provider_blocks(row, address)
                .find_map(|at| self.head.node(at)?.outside.clone())
        });
        Some(Cause { outside, ..locked })
    }

    fn locked(&self, row: &ResourceChange) -> Option<Cause> {
        let cause = |text: String, file: &Arc<str>, line: usize| {
            Some(Cause {
                text,
                file: file.clone(),
                line,
                through: None,
                drift: false,
                by_absence: false,
                outside: None,
            })
        };
        let source = row.provider.to_lowercase();
        let (head, base) = (&self.providers.head, &self.providers.base);
        if let Some((version, file, line)) = head.locked.get(&source) {
            let before = base.locked.get(&source).map(|(version, ..)| version);
            let text = format!("{file}:{line} changes the version of {source}");
            return (before != Some(version))
                .then(|| cause(text, file, *line))
                .flatten();
        }
        // Where nothing is locked, the requirement chooses the version.
        let name = row.kind.split('_').next().unwrap_or_default();
        let module = strip_keys(&row.module);
        let key = |module| (module, name);
        let (said, file, line) = head
            .required
            .get(&key(module.as_str()))
            .or_else(|| head.required.get(&key("")))?;
        let before = base
            .required
            .get(&key(module.as_str()))
            .or_else(|| base.required.get(&key("")));
        let text = format!("{file}:{line} changes the requirement of {name}");
        (before.map(|(said, ..)| said) != Some(said))
            .then(|| cause(text, file, *line))
            .flatten()
    }

    fn provider_block(&self, row: &ResourceChange, address: &str) -> Option<Cause> {
        let mut blocks = self.provider_blocks(row, address);
        if let Some(cause) = blocks.find_map(|at| self.cause(at)) {
            return Some(cause);
        }
        let module = strip_keys(&row.module);
        let above = modules_above(&module);
        above
            .into_iter()
            .find_map(|call| self.part(call, &self.moves.before(call), "providers"))
    }

    /// The blocks that may configure a resource's provider, the nearest module's first.
    fn provider_blocks(
        &self,
        row: &ResourceChange,
        address: &str,
    ) -> impl Iterator<Item = usize> + use<> {
        let module = strip_keys(&row.module);
        let chosen = |graph: &Graph, resource: Option<&Resource>| {
            let at = resource?.parts.get("provider").copied()?;
            graph.node(at).map(super::graph::Node::provider_name)
        };
        let named = chosen(self.head, self.head.resources.get(address));
        let (name, alias) = match named {
            Some(named) => named,
            None => (
                row.kind.split('_').next().unwrap_or_default().to_owned(),
                None,
            ),
        };
        let mut above = vec![""];
        above.extend(modules_above(&module));
        // An inherited or passed configuration may have any alias further up.
        let exact = |key: &str, scope: &str| match &alias {
            Some(alias) => key.ends_with(&format!("provider.{name}.{alias}")),
            None => key.ends_with(&format!("provider.{name}")),
        } || (scope != module && self.passes(&module));
        let mut found = Vec::new();
        for scope in above.iter().rev() {
            let key = (Arc::from(*scope), name.clone());
            let blocks = self.head.providers.get(&key);
            let fits = |at: &&usize| self.head.key(**at).is_some_and(|key| exact(key, scope));
            found.extend(blocks.into_iter().flatten().filter(fits).copied());
        }
        found.into_iter()
    }

    /// Whether a module above is given its providers by name.
    fn passes(&self, module: &str) -> bool {
        modules_above(module).iter().any(|call| {
            self.head
                .calls
                .get(*call)
                .is_some_and(|call| call.parts.contains_key("providers"))
        })
    }
}

/// The innermost module call above a module that a graph has.
pub(super) fn nearest_call<'g>(graph: &'g Graph, module: &str) -> Option<(String, &'g Resource)> {
    modules_above(module)
        .into_iter()
        .rev()
        .find_map(|path| graph.calls.get(path).map(|call| (path.to_owned(), call)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_from_the_left() {
        let both = ["module.a", "module.a.module.b"];
        assert_eq!(modules_above("module.a.module.b.t.module"), both);
        assert_eq!(modules_above("module.a.module.b"), both);
        assert_eq!(modules_above("t.n"), [""; 0]);
        assert_eq!(modules_above(""), [""; 0]);
    }
}
