//! Providers of the JSON's configuration beside those of the planned files.

use std::collections::{BTreeMap, BTreeSet};

use super::expressions::{PROVIDER, plain};
use super::shown::Provider;
use super::{ConfigurationProblem, Pair};
use crate::source::{Block, Part};

impl Pair<'_> {
    /// The full source address of a resource's provider, as the files say.
    pub(super) fn source_of(&self, block: &Block, parts: &[Part]) -> Option<String> {
        let named = parts.iter().find(|part| part.name == "provider");
        let name = match named {
            Some(part) if part.json => return None,
            Some(part) => part
                .text
                .trim()
                .trim_matches('"')
                .split('.')
                .next()?
                .to_owned(),
            None => block.labels.first()?.split('_').next()?.to_owned(),
        };
        Some(self.source_named(&name))
    }

    /// Whether a resource's key of its provider is one that this block can have: in a module it may be that of a configuration that was
    /// handed down, under any name.
    pub(super) fn is_key(&self, block: &Block, parts: &[Part], shown: Option<&str>) -> bool {
        let named = parts.iter().find(|part| part.name == "provider");
        let kind = block.labels.first().map(String::as_str);
        let implied = kind.unwrap_or_default().split('_').next();
        let own = named.map_or(implied.unwrap_or_default(), |part| {
            part.text.trim().trim_matches('"')
        });
        // Keys of `for_each` of a provider are OpenTofu's.
        let shown = shown.unwrap_or_default();
        match self.module.as_str() {
            "" => shown == own || own.contains('['),
            module => {
                shown == format!("{module}:{own}")
                    || own.contains('[')
                    || self.shown.provider_config.contains_key(shown)
            }
        }
    }

    /// The source of a provider by the name that the module gives it.
    fn source_named(&self, name: &str) -> String {
        let required = self.index.facts.required_providers.iter();
        let mut required =
            required.filter(|one| one.module.as_deref() == Some("") && one.name == name);
        let source = required.find_map(|one| one.source.clone());
        normal(&source.unwrap_or_else(|| match name {
            "terraform" => "terraform.io/builtin/terraform".to_owned(),
            name => format!("hashicorp/{name}"),
        }))
    }

    /// Whether an entry of `provider_config` is called as its key says, from the source that the module gives it. Where a module calls
    /// for a source, the JSON shows the version that it asks for.
    fn is_provider(&self, key: &str, shown: &Provider) -> bool {
        let name = match shown.alias.as_deref().unwrap_or_default() {
            "" => shown.name.clone(),
            alias => format!("{}.{alias}", shown.name),
        };
        let is_named = key == name || key.strip_prefix(&name).is_some_and(|r| r.starts_with('.'));
        let local = key.split('.').next().unwrap_or_default();
        let source = shown.full_name.as_deref().map(normal);
        is_named
            && shown.module_address.as_deref().unwrap_or_default() == self.module
            && source.is_none_or(|source| source == self.source_named(local))
            && self.is_version(local, shown.version_constraint.as_deref())
    }

    /// Whether a version constraint is what the module asks for, of this provider under any name.
    fn is_version(&self, local: &str, shown: Option<&str>) -> bool {
        let source = self.source_named(local);
        let required = self.index.facts.required_providers.iter();
        let mut own = BTreeSet::new();
        for one in required.filter(|one| one.module.as_deref() == Some("")) {
            if self.source_named(&one.name) == source {
                own.extend(constraints(one.version.as_deref().unwrap_or_default()));
            }
        }
        for block in &self.index.facts.blocks {
            let is_own = block.kind == "provider" && block.module.as_deref() == Some("");
            if is_own
                && block
                    .labels
                    .first()
                    .is_some_and(|name| self.source_named(name) == source)
            {
                let parts = self.index.parts(block);
                let version = parts.iter().find(|part| part.name == "version");
                let version = version.and_then(plain);
                let text = version.as_ref().and_then(|version| version.as_str());
                own.extend(constraints(text.unwrap_or_default()));
            }
        }
        match shown {
            // A provider that is handed down shows none.
            None => own.is_empty() || !self.module.is_empty(),
            Some(shown) => constraints(shown) == own,
        }
    }

    /// Provider blocks of the module, by the keys that the JSON gives them.
    pub(super) fn provider_blocks(&mut self) {
        let prefix = match self.module.as_str() {
            "" => String::new(),
            module => format!("{module}:"),
        };
        let mut blocks: BTreeMap<String, (usize, Block, Vec<Part>)> = BTreeMap::new();
        for block in &self.index.facts.blocks {
            if block.kind != "provider" || block.module.as_deref() != Some("") {
                continue;
            }
            let parts = self.index.deep_parts(block);
            let alias = parts.iter().find(|part| part.name == "alias");
            let alias = alias.and_then(|part| Some(plain(part)?.as_str()?.to_owned()));
            let name = block.labels.first().cloned().unwrap_or_default();
            let key = alias.map_or(name.clone(), |alias| format!("{name}.{alias}"));
            let entry = blocks
                .entry(key)
                .or_insert_with(|| (0, block.clone(), parts));
            entry.0 += 1;
        }
        let prefixed = self.shown.provider_config.iter();
        for (key, shown) in prefixed {
            let own = match prefix.as_str() {
                "" => Some(key.as_str()).filter(|key| !key.contains(':')),
                prefix => key.strip_prefix(prefix),
            };
            if let Some(own) = own
                && !self.is_provider(own, shown)
            {
                let problem = ConfigurationProblem::OtherProvider;
                self.differs(&format!("provider.{own}"), problem);
            }
        }
        for (key, (count, _, parts)) in blocks {
            let address = format!("provider.{key}");
            match self.shown.provider_config.get(&format!("{prefix}{key}")) {
                None => self.differs(&address, ConfigurationProblem::OnlyInFile),
                Some(shown) if count == 1 => {
                    self.arguments(&address, &parts, PROVIDER, &shown.expressions);
                }
                Some(_) => self.unclear(&address),
            }
        }
    }
}

/// A provider's source in its full form, the default hosts left out.
pub(super) fn normal(source: &str) -> String {
    let lower = source.to_lowercase();
    for host in ["registry.terraform.io/", "registry.opentofu.org/"] {
        if let Some(rest) = lower.strip_prefix(host) {
            return rest.to_owned();
        }
    }
    lower
}

/// The parts of a version constraint, each in one spelling.
pub(super) fn constraints(text: &str) -> BTreeSet<String> {
    let one = |part: &str| {
        let dense: String = part.chars().filter(|c| !c.is_whitespace()).collect();
        let mut rest = dense.trim_start_matches('=').replace(['v', 'V'], "");
        while let Some(shorter) = rest.strip_suffix(".0") {
            rest = shorter.to_owned();
        }
        rest
    };
    let parts = text.split(',').map(one);
    parts.filter(|part| !part.is_empty()).collect()
}
