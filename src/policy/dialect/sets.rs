//! The lists of policy sets: `policies.hcl` of HCP Terraform and `scalr-policy.hcl` of Scalr.

use super::super::bundle::Module;
use super::super::level::Enforcement;
use super::{Query, split::Fault};
use crate::source::{PlainBlock, plain_blocks};
use crate::text::suggestion;

/// Name of HCP Terraform's list.
const HCP: &str = "policies.hcl";
/// Name of Scalr's list.
const SCALR: &str = "scalr-policy.hcl";

/// Whether a file is the list of a policy set, by its path.
pub(in crate::policy) fn is_set(path: &str) -> bool {
    matches!(file_of(path), HCP | SCALR)
}

/// The last step of a path.
pub(super) fn file_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory of a path, with `/` at its end; empty at the root.
pub(super) fn directory_of(path: &str) -> &str {
    path.rfind('/')
        .and_then(|end| path.get(..=end))
        .unwrap_or_default()
}

/// A query of HCP Terraform's list.
#[derive(Clone, Debug)]
pub(super) struct HcpPolicy {
    /// Package of its query.
    pub(super) package: String,
    /// Rule of its query.
    pub(super) rule: String,
    /// The rest.
    pub(super) query: Query,
}

/// A policy of Scalr's list.
#[derive(Clone, Debug)]
pub(super) struct ScalrPolicy {
    /// Its name, which is its file's without `.rego`.
    pub(super) name: String,
    /// Whether Scalr evaluates it.
    pub(super) enabled: bool,
    /// The rest.
    pub(super) query: Query,
}

/// A policy set: its directory and its policies.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    /// Directory of the list, with `/` at its end.
    pub(super) directory: String,
    /// Queries of HCP Terraform.
    pub(super) hcp: Vec<HcpPolicy>,
    /// Policies of Scalr.
    pub(super) scalr: Vec<ScalrPolicy>,
}

/// Reads the list of a policy set; what is wrong with it is a fault, and the rest is still read.
pub(super) fn read(list: &Module, faults: &mut Vec<Fault>) -> Set {
    let mut set = Set {
        directory: directory_of(&list.path).to_owned(),
        ..Set::default()
    };
    let is_hcp = file_of(&list.path) == HCP;
    let (blocks, broken) = plain_blocks(list.text.as_bytes());
    let mut say = |line: usize, message: String| {
        faults.push(Fault {
            file: list.path.clone(),
            line: u32::try_from(line).ok(),
            message,
        });
    };
    for (line, message) in broken {
        say(line, format!("the policy set cannot be read: {message}"));
    }
    if blocks.is_empty() {
        say(1, "the policy set holds no policy.".to_owned());
    }
    for block in &blocks {
        let ("policy", [name]) = (block.kind.as_str(), block.labels.as_slice()) else {
            say(
                block.line,
                format!(
                    "the block {} is none of a policy set; write policy \"name\" {{ … }}.",
                    block.kind
                ),
            );
            continue;
        };
        let known: &[&str] = if is_hcp {
            &["query", "enforcement_level", "description"]
        } else {
            &["enabled", "enforcement_level"]
        };
        let mut unknown = block
            .attributes
            .iter()
            .filter(|a| !known.contains(&a.name.as_str()))
            .peekable();
        if unknown.peek().is_some_and(|a| a.name == "source") {
            say(
                block.line,
                format!("the policy {name} is written in Sentinel, which is not evaluated here."),
            );
            continue;
        }
        for attribute in unknown {
            let hint = suggestion(&attribute.name, known);
            say(
                attribute.line,
                format!("a policy has no argument \"{}\"{hint}.", attribute.name),
            );
        }
        let enforcement = match level(block, is_hcp) {
            Ok(level) => level,
            Err((line, message)) => {
                say(line, message);
                continue;
            }
        };
        let query = Query {
            policy: name.clone(),
            description: block
                .attribute("description")
                .map(|a| a.value.clone())
                .unwrap_or_default(),
            enforcement,
            file: list.path.clone(),
            line: u32::try_from(block.line).unwrap_or(u32::MAX),
        };
        if is_hcp {
            match path_of(block) {
                Ok((package, rule)) => set.hcp.push(HcpPolicy {
                    package,
                    rule,
                    query,
                }),
                Err((line, message)) => say(line, message),
            }
        } else {
            let enabled = match block.attribute("enabled").map(|a| a.value.as_str()) {
                None | Some("true") => true,
                Some("false") => false,
                Some(other) => {
                    say(
                        block.line,
                        format!("enabled = {other} is neither true nor false."),
                    );
                    true
                }
            };
            set.scalr.push(ScalrPolicy {
                name: name.clone(),
                enabled,
                query,
            });
        }
    }
    set
}

/// The enforcement level. A mandatory OPA policy of HCP Terraform can be overridden, as one that is soft-mandatory here can be waived;
/// without a level it is advisory there.
fn level(block: &PlainBlock, is_hcp: bool) -> Result<Option<Enforcement>, (usize, String)> {
    match block.attribute("enforcement_level") {
        None if is_hcp => Ok(Some(Enforcement::Advisory)),
        None => Ok(None),
        Some(attribute) => match attribute.value.as_str() {
            "mandatory" if is_hcp => Ok(Some(Enforcement::SoftMandatory)),
            word => Enforcement::parse(word).map(Some).ok_or_else(|| {
                (
                    attribute.line,
                    format!(
                        "the enforcement_level \"{word}\" is none of {}advisory, soft-mandatory, hard-mandatory.",
                        if is_hcp { "mandatory, " } else { "" }
                    ),
                )
            }),
        },
    }
}

/// Package and rule of a query, which must be a plain path.
fn path_of(block: &PlainBlock) -> Result<(String, String), (usize, String)> {
    let Some(query) = block.attribute("query") else {
        return Err((block.line, "this policy has no query.".to_owned()));
    };
    let plain = |step: &str| {
        !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    query
        .value
        .strip_prefix("data.")
        .filter(|path| path.split('.').all(plain))
        .and_then(|path| path.rsplit_once('.'))
        .map(|(package, rule)| (package.to_owned(), rule.to_owned()))
        .ok_or_else(|| {
            (
                query.line,
                format!(
                    "the query \"{}\" is no path of a rule, such as data.terraform.policies.name.deny.",
                    query.value
                ),
            )
        })
}
