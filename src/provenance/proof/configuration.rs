//! The `configuration` of the JSON beside the files that were planned.
//!
//! Policies read provisioners, providers, module sources, constants and references there, which the changes do not tell; in a JSON that was
//! given by itself they could be anything. Compared are, for each module of the plan file: resources and data sources with their mode and
//! type, `count` and `for_each`, provisioners in order with their arguments; module calls with source and version; variables with their
//! defaults, outputs with their values, and whether they are sensitive; providers with source and version (`providers`); and the
//! arguments of all of these and of nested blocks (`expressions`). What override files change is not put together here: a gap.

mod constant;
mod expressions;
mod providers;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::super::explain::Type;
use super::{Difference, Gap, Proof};
use crate::plan::{Plan, SnapshotModule};
use crate::source::{Block, Part, SourceIndex};
use expressions::{CALL, PROVISIONER, RESOURCE, Same, plain};
use providers::{constraints, normal};
use shown::{Module, Resource, Shown};

/// In what way the JSON's configuration is not that of the plan file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigurationProblem {
    /// The JSON has no configuration, or another root module.
    Missing,
    /// Only the JSON has it.
    OnlyInJson,
    /// Only the plan file has it.
    OnlyInFile,
    /// The JSON has it twice.
    Twice,
    /// Other provisioners.
    OtherProvisioners,
    /// Another provider.
    OtherProvider,
    /// Another `count` or `for_each`.
    OtherRepetition,
    /// Another source or version of a module.
    OtherSource,
    /// Another value or other references of an argument.
    OtherArgument,
}

/// Most modules that are compared; plans with more leave a gap.
const MAX_MODULES: usize = 10_000;

/// Adds what the JSON's configuration says otherwise.
pub(super) fn compare(plan: &Plan, modules: &[SnapshotModule], proof: &mut Proof) {
    let gap = |proof: &mut Proof| {
        proof.gaps.push(Gap::Configuration {
            module: String::new(),
        });
    };
    let shown = match plan.section("configuration").map(serde_json::from_str) {
        None => Shown::default(),
        Some(Ok(shown)) => shown,
        Some(Err(_)) => return gap(proof),
    };
    let Some(root) = &shown.root_module else {
        proof.differences.push(Difference::Configuration {
            address: "configuration".to_owned(),
            problem: ConfigurationProblem::Missing,
        });
        return;
    };
    if modules.len() > MAX_MODULES {
        return gap(proof);
    }
    let mut by_key: BTreeMap<&str, &SnapshotModule> =
        modules.iter().map(|m| (m.key.as_str(), m)).collect();
    let empty = Module::default();
    let mut open: Vec<(String, &Module)> = vec![(String::new(), root)];
    while let Some((key, module)) = open.pop() {
        let Some(planned) = by_key.remove(key.as_str()) else {
            // The call is one that only the JSON has, which is said of it.
            continue;
        };
        for (name, call) in &module.calls {
            let below = match key.as_str() {
                "" => name.clone(),
                above => format!("{above}.{name}"),
            };
            open.push((below, call.module.as_ref().unwrap_or(&empty)));
        }
        Pair::new(&key, planned, &shown, proof).compare(module);
    }
    for key in by_key.into_keys() {
        proof.differences.push(Difference::Configuration {
            address: address_of(key),
            problem: ConfigurationProblem::OnlyInFile,
        });
    }
}

/// `module.a.module.b` for `a.b`.
fn address_of(key: &str) -> String {
    let names = key.split('.').filter(|name| !name.is_empty());
    let steps: Vec<String> = names.map(|name| format!("module.{name}")).collect();
    steps.join(".")
}

/// One module on both sides.
struct Pair<'a> {
    module: String,
    index: SourceIndex,
    shown: &'a Shown,
    proof: &'a mut Proof,
}

impl<'a> Pair<'a> {
    fn new(key: &str, planned: &SnapshotModule, shown: &'a Shown, proof: &'a mut Proof) -> Self {
        Self {
            module: address_of(key),
            index: SourceIndex::build(planned.files.clone(), "", None),
            shown,
            proof,
        }
    }

    fn differs(&mut self, name: &str, problem: ConfigurationProblem) {
        let address = match self.module.as_str() {
            "" => name.to_owned(),
            module => format!("{module}.{name}"),
        };
        self.proof
            .differences
            .push(Difference::Configuration { address, problem });
    }

    /// The blocks of a kind by address, each with its parts; none for one that override files change.
    fn blocks(&self, kinds: &[&str]) -> BTreeMap<String, Option<(Block, Vec<Part>)>> {
        let mut found: BTreeMap<String, Option<(Block, Vec<Part>)>> = BTreeMap::new();
        for block in &self.index.facts.blocks {
            let (Some(address), Some("")) = (&block.address, block.module.as_deref()) else {
                continue;
            };
            if kinds.contains(&block.kind.as_str()) {
                let one = || Some((block.clone(), self.index.deep_parts(block)));
                found
                    .entry(address.clone())
                    .and_modify(|known| *known = None)
                    .or_insert_with(one);
            }
        }
        found
    }

    fn compare(mut self, module: &Module) {
        if self.index.problems.iter().any(|problem| problem.syntax) {
            let module = self.module.clone();
            self.proof.gaps.push(Gap::Configuration { module });
            return;
        }
        self.resources(module);
        self.calls(module);
        self.variables(module);
        self.outputs(module);
        self.provider_blocks();
    }

    /// Says what stands on one side only, and whether a name stands on both.
    fn names<'n>(&mut self, file: &BTreeSet<&'n str>, json: &BTreeSet<&'n str>) {
        for name in file.difference(json) {
            self.differs(name, ConfigurationProblem::OnlyInFile);
        }
        for name in json.difference(file) {
            self.differs(name, ConfigurationProblem::OnlyInJson);
        }
    }

    fn resources(&mut self, module: &Module) {
        let blocks = self.blocks(&["resource", "data"]);
        let mut rows: BTreeMap<String, &Resource> = BTreeMap::new();
        let wanted = |row: &&Resource| row.mode == "managed" || row.mode == "data";
        for row in module.resources.iter().filter(wanted) {
            let data = if row.mode == "data" { "data." } else { "" };
            let address = format!("{data}{}.{}", row.kind, row.name);
            if row.address != address {
                self.differs(&address, ConfigurationProblem::OnlyInJson);
            }
            if rows.insert(address.clone(), row).is_some() {
                self.differs(&address, ConfigurationProblem::Twice);
            }
        }
        self.names(
            &blocks.keys().map(String::as_str).collect(),
            &rows.keys().map(String::as_str).collect(),
        );
        let mut provisioners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let facts = std::mem::take(&mut self.index.facts.provisioners);
        for one in facts
            .iter()
            .filter(|one| !one.removed && one.module.as_deref() == Some(""))
        {
            let of = provisioners.entry(one.address.as_deref().unwrap_or_default());
            of.or_default().push(one.r#type.as_str());
        }
        for (address, row) in rows {
            let Some(found) = blocks.get(&address) else {
                continue;
            };
            let shown: Vec<&str> = row
                .provisioners
                .iter()
                .map(|one| one.kind.as_str())
                .collect();
            let own = provisioners
                .get(address.as_str())
                .map_or(&[][..], Vec::as_slice);
            let Some((block, parts)) = found else {
                // Of override files only the provisioners are held against each other, as far as they must be there.
                if shown.iter().any(|kind| !own.contains(kind))
                    || shown.is_empty() != own.is_empty()
                {
                    self.differs(&address, ConfigurationProblem::OtherProvisioners);
                }
                self.unclear(&address);
                continue;
            };
            if shown != own {
                self.differs(&address, ConfigurationProblem::OtherProvisioners);
            }
            self.repetition(
                &address,
                parts,
                row.count_expression.as_ref(),
                row.for_each_expression.as_ref(),
            );
            self.depends(&address, parts, &row.depends_on);
            let commands = parts.iter().filter(|part| part.name == "provisioner");
            for (part, shown) in commands.zip(&row.provisioners) {
                let shown = &shown.expressions;
                let same = expressions::body(&self.index, &part.inner, PROVISIONER, shown);
                self.told(&address, same, ConfigurationProblem::OtherProvisioners);
            }
            if !self.is_key(block, parts, row.provider_config_key.as_deref()) {
                self.differs(&address, ConfigurationProblem::OtherProvider);
            }
            if let Some(key) = &row.provider_config_key
                && let Some(shown) = self.shown.provider_config.get(key)
                && let Some(name) = &shown.full_name
                && self
                    .source_of(block, parts)
                    .is_some_and(|own| own != normal(name))
            {
                self.differs(&address, ConfigurationProblem::OtherProvider);
            }
            self.arguments(&address, parts, RESOURCE, &row.expressions);
        }
    }

    fn told(&mut self, address: &str, same: Same, problem: ConfigurationProblem) {
        match same {
            Same::Yes => {}
            Same::No => self.differs(address, problem),
            Same::Unclear => self.unclear(address),
        }
    }

    /// Says that a block could not be compared.
    fn unclear(&mut self, name: &str) {
        let module = match self.module.as_str() {
            "" => name.to_owned(),
            module => format!("{module}.{name}"),
        };
        self.proof.gaps.push(Gap::Configuration { module });
    }

    /// `count` and `for_each`, of which the JSON shows the first that it can show.
    fn repetition(
        &mut self,
        address: &str,
        parts: &[Part],
        count: Option<&Json>,
        for_each: Option<&Json>,
    ) {
        for (name, shown) in [("count", count), ("for_each", for_each)] {
            let part = parts.iter().find(|part| part.name == name);
            let same = match (part, shown) {
                (Some(part), Some(shown)) => expressions::expression(&self.index, part, shown),
                _ if self.repeats(parts, name, shown.is_some()) => Same::No,
                _ => Same::Yes,
            };
            self.told(address, same, ConfigurationProblem::OtherRepetition);
        }
    }

    /// `depends_on`, whose names the JSON shows without what follows them.
    fn depends(&mut self, address: &str, parts: &[Part], shown: &[String]) {
        let part = parts.iter().find(|part| part.name == "depends_on");
        let text: String = part.map_or("", |part| part.text.as_str()).to_owned();
        let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let own = dense.trim_matches(['[', ']']).split(',');
        let own = own
            .map(|name| name.trim_matches('"'))
            .filter(|name| !name.is_empty());
        let own: Vec<&str> = own.collect();
        let same = own.len() == shown.len()
            && own
                .iter()
                .zip(shown)
                .all(|(own, shown)| own.starts_with(shown));
        if !same && !text.contains('#') && !text.contains('/') {
            self.differs(address, ConfigurationProblem::OtherArgument);
        } else if !same {
            self.unclear(address);
        }
    }

    /// `sensitive` and `description` of a variable or an output.
    fn manner(
        &mut self,
        address: &str,
        parts: &[Part],
        sensitive: Option<bool>,
        description: Option<&str>,
    ) {
        let of = |name: &str| parts.iter().find(|part| part.name == name);
        let flag = match of("sensitive").map(plain) {
            None => Some(false),
            Some(Some(Json::Bool(flag))) => Some(flag),
            Some(_) => None,
        };
        let text = match of("description").map(plain) {
            None => Some(String::new()),
            Some(Some(Json::String(text))) => Some(text),
            Some(_) => None,
        };
        let (Some(flag), Some(text)) = (flag, text) else {
            return self.unclear(address);
        };
        let shown = description.unwrap_or_default();
        if flag != sensitive.unwrap_or(false) || (text != shown && text.is_ascii()) {
            self.differs(address, ConfigurationProblem::OtherArgument);
        }
    }

    /// Whether an argument that repeats a block stands on one side only. The JSON leaves out what calls a function and refers to nothing.
    fn repeats(&self, parts: &[Part], name: &str, shown: bool) -> bool {
        let Some(part) = parts.iter().find(|part| part.name == name) else {
            return shown;
        };
        let is_shown = || {
            let refers = crate::source::references(&part.text);
            let mut refers = refers.iter();
            matches!(plain(part), Some(Json::Number(_)))
                || refers.any(|name| self.index.locate_config(name).is_some())
        };
        !shown && !part.json && is_shown()
    }

    fn calls(&mut self, module: &Module) {
        let blocks = self.blocks(&["module"]);
        let name = |address: &str| {
            address
                .strip_prefix("module.")
                .unwrap_or(address)
                .to_owned()
        };
        let names: BTreeMap<String, &Option<(Block, Vec<Part>)>> = blocks
            .iter()
            .map(|(address, block)| (name(address), block))
            .collect();
        for name in names
            .keys()
            .filter(|name| !module.calls.contains_key(*name))
        {
            self.differs(&format!("module.{name}"), ConfigurationProblem::OnlyInFile);
        }
        for (name, call) in &module.calls {
            let address = format!("module.{name}");
            let parts = match names.get(name) {
                None => {
                    self.differs(&address, ConfigurationProblem::OnlyInJson);
                    continue;
                }
                Some(None) => {
                    self.unclear(&address);
                    continue;
                }
                Some(Some((_, parts))) => parts,
            };
            self.repetition(
                &address,
                parts,
                call.count_expression.as_ref(),
                call.for_each_expression.as_ref(),
            );
            self.depends(&address, parts, &call.depends_on);
            let text = |name: &str| {
                let part = parts.iter().find(|part| part.name == name)?;
                Some(plain(part)?.as_str()?.to_owned())
            };
            let source = text("source").is_some_and(|own| !same_source(&own, &call.source));
            let own = text("version").unwrap_or_default();
            let shown = call.version_constraint.as_deref().unwrap_or_default();
            let version = constraints(&own) != constraints(shown);
            if source || version {
                self.differs(&address, ConfigurationProblem::OtherSource);
            }
            self.arguments(&address, parts, CALL, &call.expressions);
        }
    }

    fn variables(&mut self, module: &Module) {
        let blocks = self.blocks(&["variable"]);
        let names: BTreeSet<String> = blocks.keys().cloned().collect();
        let shown: BTreeSet<String> = module
            .variables
            .keys()
            .map(|name| format!("var.{name}"))
            .collect();
        self.names(
            &names.iter().map(String::as_str).collect(),
            &shown.iter().map(String::as_str).collect(),
        );
        for (name, variable) in &module.variables {
            let address = format!("var.{name}");
            let parts = match blocks.get(&address) {
                None => continue,
                Some(None) => {
                    self.unclear(&address);
                    continue;
                }
                Some(Some((_, parts))) => parts,
            };
            self.manner(
                &address,
                parts,
                variable.sensitive,
                variable.description.as_deref(),
            );
            let of = |name: &str| parts.iter().find(|part| part.name == name);
            let r#type = of("type").map(Type::of).unwrap_or_default();
            let same = match (of("default"), &variable.default) {
                (None, shown) => shown.as_ref().is_none_or(Json::is_null),
                // A null default is left out.
                (Some(part), shown) => plain(part).is_none_or(|own| match shown {
                    Some(shown) => r#type.alike(&own, shown),
                    None => own.is_null(),
                }),
            };
            if !same {
                self.differs(&address, ConfigurationProblem::OtherArgument);
            }
        }
    }

    fn outputs(&mut self, module: &Module) {
        let blocks = self.blocks(&["output"]);
        let shown: BTreeSet<String> = module
            .outputs
            .keys()
            .map(|name| format!("output.{name}"))
            .collect();
        self.names(
            &blocks.keys().map(String::as_str).collect(),
            &shown.iter().map(String::as_str).collect(),
        );
        for (name, output) in &module.outputs {
            let address = format!("output.{name}");
            let parts = match blocks.get(&address) {
                None => continue,
                Some(None) => {
                    self.unclear(&address);
                    continue;
                }
                Some(Some((_, parts))) => parts,
            };
            self.manner(
                &address,
                parts,
                output.sensitive,
                output.description.as_deref(),
            );
            self.depends(&address, parts, &output.depends_on);
            let value = parts.iter().find(|part| part.name == "value");
            let empty = Json::Object(serde_json::Map::new());
            let shown = Some(&output.expression).filter(|shown| !shown.is_null());
            let shown = shown.unwrap_or(&empty);
            let same = value.map_or(Same::No, |part| {
                expressions::expression(&self.index, part, shown)
            });
            self.told(&address, same, ConfigurationProblem::OtherArgument);
        }
    }

    /// The arguments and nested blocks.
    fn arguments(&mut self, address: &str, parts: &[Part], meta: &[&str], shown: &Json) {
        let same = expressions::body(&self.index, parts, meta, shown);
        self.told(address, same, ConfigurationProblem::OtherArgument);
    }
}

/// Both programs show the source as it is written; a registry's may get its host.
fn same_source(own: &str, shown: &str) -> bool {
    own == shown || normal(own) == normal(shown)
}
