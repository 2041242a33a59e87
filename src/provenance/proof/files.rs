//! The files of each module, held against those of the commit.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Placed;
use super::{Difference, FileProblem, Gap, Proof};
use crate::digest::Digest;

/// The first line of a Git LFS pointer.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// What stands in a commit's tree in place of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opaque {
    /// A link that does not lead to a file of the commit.
    Link,
    /// Another repository.
    Submodule,
}

/// What the commit holds, as far as a plan can hold it too.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CommitTree {
    /// Terraform and lock files by path, links to files already followed.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Paths behind which there may be more.
    pub opaque: BTreeMap<String, Opaque>,
}

impl std::fmt::Debug for CommitTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommitTree({} files)", self.files.len())
    }
}

impl CommitTree {
    /// What hides a path: the path itself, or a directory above it.
    fn hides(&self, path: &str) -> Option<(&str, Opaque)> {
        let ends = path.match_indices('/').map(|(at, _)| at);
        ends.chain([path.len()]).find_map(|end| {
            let (found, kind) = self.opaque.get_key_value(path.get(..end)?)?;
            Some((found.as_str(), *kind))
        })
    }

    /// Files directly in a directory, by name.
    fn directory(&self, directory: &str) -> BTreeMap<&str, &[u8]> {
        let prefix = match directory {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        self.files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, bytes)| {
                let name = path.get(prefix.len()..)?;
                (!name.contains('/')).then_some((name, bytes.as_slice()))
            })
            .collect()
    }
}

/// Which files of a directory a program reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Terraform,
    OpenTofu,
}

impl Reader {
    /// The names that it reads; those that are left out stay out.
    fn reads(self, names: &BTreeSet<&str>) -> BTreeSet<String> {
        names
            .iter()
            .filter(|name| !is_ignored(name))
            .filter(|name| match self {
                Self::Terraform => is_terraform(name),
                // A `.tofu` file takes the place of the `.tf` file of the same name.
                Self::OpenTofu => is_tofu(name) || is_terraform(name) && !is_shadowed(name, names),
            })
            .map(|name| (*name).to_owned())
            .collect()
    }
}

/// Names that both programs pass over: hidden files and what editors leave behind.
fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || name.starts_with('#') && name.ends_with('#')
}

fn is_terraform(name: &str) -> bool {
    name.ends_with(".tf") || name.ends_with(".tf.json")
}

fn is_tofu(name: &str) -> bool {
    name.ends_with(".tofu") || name.ends_with(".tofu.json")
}

fn is_shadowed(name: &str, names: &BTreeSet<&str>) -> bool {
    let twin = match name.strip_suffix(".tf.json") {
        Some(stem) => format!("{stem}.tofu.json"),
        None => format!("{}.tofu", name.strip_suffix(".tf").unwrap_or(name)),
    };
    names.contains(twin.as_str())
}

/// Compares every module whose directory is known.
pub(super) fn compare(
    placed: &[Placed<'_>],
    commit: &CommitTree,
    open_tofu: bool,
    proof: &mut Proof,
) {
    let tofu_planned = placed
        .iter()
        .any(|p| p.module.files.keys().any(|name| is_tofu(name)));
    let reader = if open_tofu || tofu_planned {
        Reader::OpenTofu
    } else {
        Reader::Terraform
    };
    let mut same = BTreeSet::new();
    for Placed { module, directory } in placed {
        if let Some((path, kind)) = commit.hides(directory).filter(|_| !directory.is_empty()) {
            proof.gaps.push(Gap::Opaque {
                path: path.to_owned(),
                kind,
            });
            continue;
        }
        let path_of = |name: &str| match directory.as_str() {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let here = commit.directory(directory);
        let names: BTreeSet<&str> = here.keys().copied().collect();
        let read = reader.reads(&names);
        for (name, planned) in &module.files {
            let path = path_of(name);
            let problem = match here.get(name.as_str()).filter(|_| read.contains(name)) {
                Some(committed) if is_same(planned, committed) => {
                    same.insert(path);
                    continue;
                }
                Some(_) => FileProblem::Changed,
                None => match commit.hides(&path) {
                    Some((path, kind)) => {
                        proof.gaps.push(Gap::Opaque {
                            path: path.to_owned(),
                            kind,
                        });
                        continue;
                    }
                    None => FileProblem::NotInCommit,
                },
            };
            proof.differences.push(Difference::File { path, problem });
        }
        for name in read {
            if !module.files.contains_key(&name) {
                proof.differences.push(Difference::File {
                    path: path_of(&name),
                    problem: FileProblem::NotPlanned,
                });
            }
        }
        if reader == Reader::Terraform {
            let tofu = names.iter().filter(|n| is_tofu(n) && !is_ignored(n));
            proof.gaps.extend(tofu.map(|name| Gap::TofuFile {
                path: path_of(name),
            }));
        }
    }
    proof.files = same.len();
}

/// Whether a checkout of what the commit holds can be what was planned.
pub(super) fn is_same(planned: &[u8], committed: &[u8]) -> bool {
    planned == committed || is_checked_out(planned, committed) || is_pointer_to(committed, planned)
}

/// Whether every line end of the commit was written as CRLF, as `core.autocrlf` and `eol=crlf` do with files that hold no carriage
/// return.
fn is_checked_out(planned: &[u8], committed: &[u8]) -> bool {
    if committed.contains(&b'\r') {
        return false;
    }
    let mut rest = planned.iter();
    for byte in committed {
        if *byte == b'\n' && rest.next() != Some(&b'\r') {
            return false;
        }
        if rest.next() != Some(byte) {
            return false;
        }
    }
    rest.next().is_none()
}

/// Whether the commit holds a Git LFS pointer to these bytes.
fn is_pointer_to(committed: &[u8], planned: &[u8]) -> bool {
    if !committed.starts_with(POINTER) || committed.len() > 1024 {
        return false;
    }
    let text = String::from_utf8_lossy(committed);
    let field = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    field("oid sha256:") == Some(Digest::of(planned).to_string().as_str())
        && field("size ") == Some(planned.len().to_string().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_checkout_writes_is_the_same() {
        for (planned, committed, same) in [
            ("a\nb\n", "a\nb\n", true),
            ("a\r\nb\r\n", "a\nb\n", true),
            ("a\r\nb\r\n", "a\r\nb\r\n", true),
            ("a\r\nb", "a\nb", true),
            ("a\r\nb\n", "a\nb\n", false),
            ("a\rb\r\n", "a\nb\n", false),
            ("a\nb\n", "a\r\nb\r\n", false),
            ("a\r\r\n", "a\r\n", false),
            ("a\n\n", "a\n", false),
            ("a", "a\n", false),
            ("", "", true),
        ] {
            let found = is_same(planned.as_bytes(), committed.as_bytes());
            assert_eq!(found, same, "{planned:?} of {committed:?}");
        }
    }

    #[test]
    fn a_pointer_stands_for_the_bytes_it_names() {
        let bytes = b"resource \"a\" \"b\" {}\n";
        let pointer = |bytes: &[u8], size: usize| {
            format!(
                "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {size}\n",
                Digest::of(bytes)
            )
        };
        assert!(is_same(bytes, pointer(bytes, bytes.len()).as_bytes()));
        assert!(!is_same(bytes, pointer(b"other", bytes.len()).as_bytes()));
        assert!(!is_same(bytes, pointer(bytes, 3).as_bytes()));
    }

    #[test]
    fn each_program_reads_its_own_files() {
        let names = BTreeSet::from([
            "a.tf",
            "a.tofu",
            "b.tf.json",
            "b.tofu.json",
            "c.tf",
            "c.tofu.json",
            "x_override.tf",
            ".hidden.tf",
            "d.tf~",
            "#e.tf",
            "#e.tf#",
            "f.tfvars",
            "g.tftest.hcl",
        ]);
        let read = |reader: Reader| reader.reads(&names).into_iter().collect::<Vec<_>>();
        assert_eq!(
            read(Reader::Terraform),
            ["#e.tf", "a.tf", "b.tf.json", "c.tf", "x_override.tf"]
        );
        assert_eq!(
            read(Reader::OpenTofu),
            [
                "#e.tf",
                "a.tofu",
                "b.tofu.json",
                "c.tf",
                "c.tofu.json",
                "x_override.tf"
            ]
        );
    }

    #[test]
    fn a_path_is_hidden_by_itself_and_by_what_stands_above() {
        let tree = CommitTree {
            opaque: BTreeMap::from([
                ("a/b".to_owned(), Opaque::Submodule),
                ("main.tf".to_owned(), Opaque::Link),
            ]),
            ..CommitTree::default()
        };
        assert_eq!(tree.hides("a/b/c"), Some(("a/b", Opaque::Submodule)));
        assert_eq!(tree.hides("main.tf"), Some(("main.tf", Opaque::Link)));
        assert_eq!(tree.hides("a/bc"), None);
        assert_eq!(tree.hides("a"), None);
    }
}
