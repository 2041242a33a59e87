//! What surrounds the files of a commit: where the root module is, links, submodules, and the plan's own copy of its modules.

use std::collections::{BTreeMap, BTreeSet};

use super::address::join;

/// The most links followed for one directory.
const MAX_LINKS: usize = 40;

/// The program that made a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Terraform, which does not read `.tofu` files.
    Terraform,
    /// OpenTofu, which reads `a.tofu` instead of `a.tf`.
    OpenTofu,
}

/// Where the files belong.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The repository directory of the root module, `""` for the repository's root.
    pub root: String,
    /// The directories of modules by their key (`a.b`), relative to the root module, as `modules.json` has them; they are used for
    /// modules whose source is not a local path.
    pub modules: BTreeMap<String, String>,
    /// What made the plan; where it is not known, files count as for OpenTofu.
    pub tool: Option<Tool>,
    /// Symbolic links of the commit with what they lead to, both as repository paths.
    pub links: BTreeMap<String, String>,
    /// Links that lead to nothing in the commit.
    pub broken_links: BTreeSet<String>,
    /// The directories that are submodules.
    pub submodules: BTreeSet<String>,
    /// Files of the plan's snapshot by path, with directories relative to the root module. One counts where the commit has no
    /// configuration in its directory.
    pub snapshot: Vec<(String, Vec<u8>)>,
}

impl Layout {
    /// A layout of nothing but the directory of the root module.
    #[must_use]
    pub fn at(root: &str) -> Self {
        Self {
            root: root.to_owned(),
            ..Self::default()
        }
    }

    /// The repository directory that a directory relative to the root module means; what leaves the repository stays as it is written.
    pub(super) fn place(&self, directory: &str) -> String {
        let root = join("", &self.root).unwrap_or_default();
        match join(&root, directory) {
            Some(inside) => self.resolve(&inside),
            None => directory.trim_end_matches('/').to_owned(),
        }
    }

    /// Whether the program that made the plan reads a file, `holds` telling which others there are.
    pub(super) fn reads(&self, path: &str, holds: impl Fn(&str) -> bool) -> bool {
        let is_tofu = path.ends_with(".tofu") || path.ends_with(".tofu.json");
        if self.tool == Some(Tool::Terraform) {
            return !is_tofu;
        }
        let other = [(".tf", ".tofu"), (".tf.json", ".tofu.json")]
            .into_iter()
            .find_map(|(end, other)| Some(format!("{}{other}", path.strip_suffix(end)?)));
        other.is_none_or(|other| !holds(&other))
    }

    /// Every link with what it leads to.
    pub(super) fn ends(&self) -> BTreeMap<String, Option<String>> {
        let broken = self.broken_links.iter().map(|link| (link.clone(), None));
        let links = self.links.iter();
        broken
            .chain(links.map(|(link, target)| (link.clone(), Some(target.clone()))))
            .collect()
    }

    /// Follows the links in a repository path.
    pub(super) fn resolve(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let ends = path.match_indices('/').map(|(at, _)| at);
            let followed = ends.chain([path.len()]).find_map(|end| {
                let (link, rest) = path.split_at_checked(end)?;
                join(self.links.get(link)?, rest.trim_start_matches('/'))
            });
            match followed {
                Some(followed) => path = followed,
                None => break,
            }
        }
        path
    }

    /// The submodule that holds a repository directory.
    pub(super) fn submodule_of(&self, directory: &str) -> Option<&str> {
        let holds = |submodule: &&String| {
            let rest = directory.strip_prefix(submodule.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.submodules.iter().find(holds).map(String::as_str)
    }
}
