//! The configuration that was planned: every module's files, byte by byte.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ArchiveError;

/// A module's files as they were when the plan was made.
#[derive(Clone, PartialEq, Eq)]
pub struct SnapshotModule {
    /// Names of the calls that lead to it, joined by dots; empty for the root module.
    pub key: String,
    /// Where the call says it comes from; empty for the root module.
    pub source: String,
    /// Version that was chosen, for a module of a registry.
    pub version: Option<String>,
    /// Directory it was read from, relative to where Terraform ran.
    pub directory: String,
    /// Content by file name. It can hold secrets that somebody wrote into the configuration.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl std::fmt::Debug for SnapshotModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SnapshotModule({} files)", self.files.len())
    }
}

/// A line of `modules.json`.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Source", default)]
    source: String,
    #[serde(rename = "Version", default)]
    version: Option<String>,
    #[serde(rename = "Dir")]
    directory: String,
}

/// Sorts the files below `tfconfig/` by the module whose directory (`m-` and its key) they are in.
///
/// A file of no listed module, or a module listed twice, means that the list cannot be believed.
pub(super) fn modules(
    mut entries: BTreeMap<String, Vec<u8>>,
) -> Result<Vec<SnapshotModule>, ArchiveError> {
    let Some(list) = entries.remove("modules.json") else {
        return Err(ArchiveError::Modules);
    };
    let lines: Vec<Line> = serde_json::from_slice(&list).map_err(|_json| ArchiveError::Modules)?;
    let mut modules: BTreeMap<String, SnapshotModule> = BTreeMap::new();
    for line in lines {
        let module = SnapshotModule {
            key: line.key.clone(),
            source: line.source,
            version: line.version.filter(|version| !version.is_empty()),
            directory: line.directory,
            files: BTreeMap::new(),
        };
        if modules.insert(line.key, module).is_some() {
            return Err(ArchiveError::Modules);
        }
    }
    for (name, content) in entries {
        let (directory, file) = name.split_once('/').ok_or(ArchiveError::Modules)?;
        let module = directory
            .strip_prefix("m-")
            .and_then(|key| modules.get_mut(key))
            .ok_or(ArchiveError::Modules)?;
        module.files.insert(file.to_owned(), content);
    }
    if !modules.contains_key("") {
        return Err(ArchiveError::Modules);
    }
    Ok(modules.into_values().collect())
}
