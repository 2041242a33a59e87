//! The `configuration` of the JSON beside the files that were planned.
//!
//! Policies read provisioners, providers, module sources, constants and references there, which the changes do not tell; in a JSON that was
//! given by itself they could be anything. Compared are, for each module of the plan file: resources and data sources with their mode and
//! type, `count` and `for_each`, provisioners in order, providers by their source; module calls with source and version; variables with
//! their defaults; outputs by name; and of the arguments of resources, calls and providers those that are one plain value, and what the
//! others refer to. Blocks inside blocks are not compared, nor what only the JSON refers to: a reference more hides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;

use super::super::explain::Type;
use super::{Difference, Gap, Proof};
use crate::plan::{Plan, SnapshotModule};
use crate::source::{Block, Part, SourceIndex, literal, references};

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

#[derive(Default, Deserialize)]
struct Shown {
    #[serde(default)]
    provider_config: BTreeMap<String, Provider>,
    #[serde(default)]
    root_module: Option<Module>,
}

#[derive(Deserialize)]
struct Provider {
    full_name: Option<String>,
    #[serde(default)]
    expressions: Json,
}

#[derive(Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default, rename = "module_calls")]
    calls: BTreeMap<String, Call>,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    outputs: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    address: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    provider_config_key: Option<String>,
    #[serde(default)]
    provisioners: Vec<Provisioner>,
    #[serde(default)]
    expressions: Json,
    count_expression: Option<serde::de::IgnoredAny>,
    for_each_expression: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Provisioner {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    source: String,
    version_constraint: Option<String>,
    #[serde(default)]
    expressions: Json,
    count_expression: Option<serde::de::IgnoredAny>,
    for_each_expression: Option<serde::de::IgnoredAny>,
    module: Option<Module>,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default, deserialize_with = "present")]
    default: Option<Json>,
}

/// Null is a default too.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

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
                let one = || Some((block.clone(), self.index.parts(block)));
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
                continue;
            };
            if shown != own {
                self.differs(&address, ConfigurationProblem::OtherProvisioners);
            }
            if self.repeats(parts, "count", row.count_expression.is_some())
                || self.repeats(parts, "for_each", row.for_each_expression.is_some())
            {
                self.differs(&address, ConfigurationProblem::OtherRepetition);
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
            self.arguments(&address, parts, &row.expressions);
        }
    }

    /// Whether an argument that repeats a block stands on one side only. The JSON leaves out what calls a function and refers to nothing.
    fn repeats(&self, parts: &[Part], name: &str, shown: bool) -> bool {
        let Some(part) = parts.iter().find(|part| part.name == name) else {
            return shown;
        };
        let is_shown = || {
            let refers = references(&part.text);
            let mut refers = refers.iter();
            matches!(literal(&part.text), Some(Json::Number(_)))
                || refers.any(|name| self.index.locate_config(name).is_some())
        };
        !shown && !part.json && is_shown()
    }

    /// The full source address of a resource's provider, as the files say.
    fn source_of(&self, block: &Block, parts: &[Part]) -> Option<String> {
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
        let required = self.index.facts.required_providers.iter();
        let mut required =
            required.filter(|one| one.module.as_deref() == Some("") && one.name == name);
        let source = required.find_map(|one| one.source.clone());
        Some(normal(&source.unwrap_or_else(|| match name.as_str() {
            "terraform" => "terraform.io/builtin/terraform".to_owned(),
            name => format!("hashicorp/{name}"),
        })))
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
                Some(None) => continue,
                Some(Some((_, parts))) => parts,
            };
            if self.repeats(parts, "count", call.count_expression.is_some())
                || self.repeats(parts, "for_each", call.for_each_expression.is_some())
            {
                self.differs(&address, ConfigurationProblem::OtherRepetition);
            }
            let text = |name: &str| {
                let part = parts.iter().find(|part| part.name == name)?;
                Some(plain(part)?.as_str()?.to_owned())
            };
            let source = text("source").is_some_and(|own| !same_source(&own, &call.source));
            let has = |name: &str| parts.iter().any(|part| part.name == name);
            let version = has("version") != call.version_constraint.is_some();
            if source || version {
                self.differs(&address, ConfigurationProblem::OtherSource);
            }
            self.arguments(&address, parts, &call.expressions);
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
            let Some(Some((_, parts))) = blocks.get(&address) else {
                continue;
            };
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
    }

    /// Provider blocks of the module, by the keys that the JSON gives them.
    fn provider_blocks(&mut self) {
        let prefix = match self.module.as_str() {
            "" => String::new(),
            module => format!("{module}:"),
        };
        let mut blocks: BTreeMap<String, (usize, Block, Vec<Part>)> = BTreeMap::new();
        for block in &self.index.facts.blocks {
            if block.kind != "provider" || block.module.as_deref() != Some("") {
                continue;
            }
            let parts = self.index.parts(block);
            let alias = parts.iter().find(|part| part.name == "alias");
            let alias = alias.and_then(|part| Some(plain(part)?.as_str()?.to_owned()));
            let name = block.labels.first().cloned().unwrap_or_default();
            let key = alias.map_or(name.clone(), |alias| format!("{name}.{alias}"));
            let entry = blocks
                .entry(key)
                .or_insert_with(|| (0, block.clone(), parts));
            entry.0 += 1;
        }
        for (key, (count, _, parts)) in blocks {
            let address = format!("provider.{key}");
            match self.shown.provider_config.get(&format!("{prefix}{key}")) {
                None => self.differs(&address, ConfigurationProblem::OnlyInFile),
                Some(shown) if count == 1 => self.arguments(&address, &parts, &shown.expressions),
                Some(_) => {}
            }
        }
    }

    /// The arguments of a block that are one plain value, and what the others refer to.
    fn arguments(&mut self, address: &str, parts: &[Part], shown: &Json) {
        let differs = parts
            .iter()
            .filter(|part| !is_meta(&part.name) && !part.json && part.inner.is_empty())
            .any(|part| self.is_other(part, shown.get(&part.name)));
        if differs {
            self.differs(address, ConfigurationProblem::OtherArgument);
        }
    }

    fn is_other(&self, part: &Part, shown: Option<&Json>) -> bool {
        if let Some(own) = plain(part) {
            if own.is_null() || own.is_array() || own.is_object() {
                return false;
            }
            return shown
                .and_then(|shown| shown.get("constant_value"))
                .is_none_or(|shown| !Type::Plain.alike(&own, shown));
        }
        let Some(shown) = shown.filter(|shown| shown.is_object()) else {
            return false;
        };
        let listed = shown.get("references").and_then(Json::as_array);
        let listed: Vec<&str> = listed
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let names = references(&part.text);
        names
            .iter()
            .filter(|name| self.index.locate_config(name).is_some())
            .any(|name| {
                !listed.iter().any(|listed| {
                    let rest = listed.strip_prefix(name.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                })
            })
    }
}

/// The value of an argument that is a plain one.
fn plain(part: &Part) -> Option<Json> {
    if part.json {
        let value: Json = serde_json::from_str(&part.text).ok()?;
        let computed = value
            .as_str()
            .is_some_and(|text| text.contains("${") || text.contains("%{"));
        return Some(value).filter(|_| !computed);
    }
    literal(&part.text)
}

fn is_meta(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "for_each"
            | "enabled"
            | "provider"
            | "providers"
            | "depends_on"
            | "lifecycle"
            | "provisioner"
            | "connection"
            | "source"
            | "version"
            | "alias"
    )
}

/// A provider's source in its full form, the default hosts left out.
fn normal(source: &str) -> String {
    let lower = source.to_lowercase();
    for host in ["registry.terraform.io/", "registry.opentofu.org/"] {
        if let Some(rest) = lower.strip_prefix(host) {
            return rest.to_owned();
        }
    }
    lower
}

/// Both programs show the source as it is written; a registry's may get its host.
fn same_source(own: &str, shown: &str) -> bool {
    own == shown || normal(own) == normal(shown)
}
