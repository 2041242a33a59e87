//! Installing countersign as a hook and taking it out again.
//!
//! A hook that is already there is kept beside under another name, and the script runs it first. Hooks in
//! the work tree belong to the project (as with Husky): there nothing is written, and the answer holds the
//! line to add by hand.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::hook_script::{self, KEPT};
use super::{ConfigScope, GitError, Repository};

/// A script is recognised by its beginning; no more of a hook is compared.
const MAX_SCRIPT: u64 = 64 * 1024;

/// The moments at which countersign can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookKind {
    /// Before a merge is committed.
    PreMergeCommit,
    /// Before commits are pushed.
    PrePush,
    /// On a server, before references are updated.
    PreReceive,
}

impl HookKind {
    /// Every kind, in the order of the names.
    pub const ALL: [Self; 3] = [Self::PreMergeCommit, Self::PrePush, Self::PreReceive];

    /// The name git gives the hook.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Finds a kind by its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Tells whether git writes references to the hook's standard input.
    #[must_use]
    pub fn reads_input(self) -> bool {
        self != Self::PreMergeCommit
    }
}

/// Where git looks for hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HooksDirectory {
    /// The directory.
    pub path: PathBuf,
    /// Who set `core.hooksPath`; none for the default.
    pub configured: Option<ConfigScope>,
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookInstall {
    /// The hook.
    pub kind: HookKind,
    /// The file that git runs.
    pub path: PathBuf,
    /// What was done with it.
    pub outcome: InstallOutcome,
    /// The hook that was there before and runs first.
    pub earlier: Option<PathBuf>,
    /// What the user has to know.
    pub warning: Option<HookWarning>,
}

/// What was done with a hook file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallOutcome {
    /// The script is new.
    Installed,
    /// An older script of countersign was replaced.
    Updated,
    /// The script was there already.
    Unchanged,
    /// Nothing was written; the hook needs this line.
    NotWritten {
        /// The line of shell.
        line: String,
    },
}

/// What the user has to know about a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookWarning {
    /// `core.hooksPath` lies in the work tree, where files belong to the project.
    InWorkTree {
        /// The directory.
        directory: PathBuf,
    },
    /// `core.hooksPath` is set for all repositories of the user or machine, and so is the hook now.
    Shared {
        /// The directory.
        directory: PathBuf,
    },
}

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRemoval {
    /// The hook.
    pub kind: HookKind,
    /// The file that git runs.
    pub path: PathBuf,
    /// What was done with it.
    pub outcome: RemovalOutcome,
}

/// What was done with an installed hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemovalOutcome {
    /// The script is gone and nothing was there before it.
    Removed,
    /// The hook that was there before is back.
    Restored,
    /// The hook is not countersign's and was left alone.
    NotInstalled,
}

impl Repository {
    /// Where git looks for hooks: `core.hooksPath` (from the root of the work tree; in a bare repository
    /// from the git directory), else `hooks` in the git directory that all work trees share.
    ///
    /// # Errors
    /// The configuration cannot be read, or names nothing.
    pub fn hooks_dir(&self) -> Result<HooksDirectory, GitError> {
        let Some(set) = self.config_value("core.hooksPath")? else {
            return Ok(HooksDirectory {
                path: self.common_dir().join("hooks"),
                configured: None,
            });
        };
        let expanded = self
            .inner
            .config()
            .and_then(|config| config.get_path("core.hooksPath"));
        let path = expanded.map_err(|source| self.failed("reading core.hooksPath", source))?;
        if path.as_os_str().is_empty() {
            return Err(GitError::HooksDirectory {
                path,
                reason: "its name is empty".to_owned(),
            });
        }
        let from = self.workdir().unwrap_or_else(|| self.git_dir());
        Ok(HooksDirectory {
            path: from.join(path),
            configured: Some(set.scope),
        })
    }

    /// Installs a hook that starts the given program; done twice, it changes nothing.
    ///
    /// # Errors
    /// The directory cannot be used or leads out of the repository, or two other hooks are in the way.
    pub fn install_hook(&self, kind: HookKind, program: &Path) -> Result<HookInstall, GitError> {
        self.install_in(&self.hooks_dir()?, kind, program)
    }

    /// Takes an installed hook out and puts back what was there before.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn uninstall_hook(&self, kind: HookKind) -> Result<HookRemoval, GitError> {
        self.uninstall_in(&self.hooks_dir()?, kind)
    }

    pub(super) fn install_in(
        &self,
        directory: &HooksDirectory,
        kind: HookKind,
        program: &Path,
    ) -> Result<HookInstall, GitError> {
        if !program.is_absolute() {
            return Err(GitError::HookProgram {
                path: program.to_path_buf(),
            });
        }
        let path = directory.path.join(kind.name());
        let earlier = directory.path.join(format!("{}{KEPT}", kind.name()));
        let place = self.place(directory)?;
        if place == Place::WorkTree {
            let outcome = InstallOutcome::NotWritten {
                line: format!("countersign hook run {} \"$@\"", kind.name()),
            };
            let warning = Some(HookWarning::InWorkTree {
                directory: directory.path.clone(),
            });
            return Ok(HookInstall {
                kind,
                path,
                outcome,
                earlier: None,
                warning,
            });
        }
        fs::create_dir_all(&directory.path).map_err(file_error(&directory.path))?;
        let script = hook_script::write(kind, program);
        let outcome = put(&path, &earlier, &script)?;
        let shared = matches!(
            directory.configured,
            Some(ConfigScope::System | ConfigScope::User)
        );
        Ok(HookInstall {
            kind,
            path,
            outcome,
            earlier: exists(&earlier)?.then_some(earlier),
            warning: shared.then(|| HookWarning::Shared {
                directory: directory.path.clone(),
            }),
        })
    }

    pub(super) fn uninstall_in(
        &self,
        directory: &HooksDirectory,
        kind: HookKind,
    ) -> Result<HookRemoval, GitError> {
        let path = directory.path.join(kind.name());
        let earlier = directory.path.join(format!("{}{KEPT}", kind.name()));
        let removal = |outcome| HookRemoval {
            kind,
            path: path.clone(),
            outcome,
        };
        let installed = match exists(&path)? {
            true if !read_start(&path)?.is_some_and(|script| hook_script::is_own(&script)) => {
                return Ok(removal(RemovalOutcome::NotInstalled));
            }
            installed => installed,
        };
        if self.place(directory)? == Place::WorkTree {
            return Ok(removal(RemovalOutcome::NotInstalled));
        }
        if exists(&earlier)? {
            fs::rename(&earlier, &path).map_err(file_error(&path))?;
            return Ok(removal(RemovalOutcome::Restored));
        }
        if installed {
            fs::remove_file(&path).map_err(file_error(&path))?;
            return Ok(removal(RemovalOutcome::Removed));
        }
        Ok(removal(RemovalOutcome::NotInstalled))
    }

    /// Where the hooks directory really is, with links followed.
    fn place(&self, directory: &HooksDirectory) -> Result<Place, GitError> {
        let refuse = |reason: &str| GitError::HooksDirectory {
            path: directory.path.clone(),
            reason: reason.to_owned(),
        };
        match fs::metadata(&directory.path) {
            Ok(found) if !found.is_dir() => return Err(refuse("it is not a directory")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(refuse(&error.to_string()));
            }
            _ => {}
        }
        let real = real_path(&directory.path).map_err(file_error(&directory.path))?;
        let inside = |root: &Path| fs::canonicalize(root).is_ok_and(|root| real.starts_with(root));
        if inside(self.common_dir()) || inside(self.git_dir()) {
            return Ok(Place::GitDirectory);
        }
        if self.workdir().is_some_and(inside) {
            return Ok(Place::WorkTree);
        }
        if directory.configured.is_none() {
            return Err(refuse("a link leads out of the repository"));
        }
        Ok(Place::Elsewhere)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    GitDirectory,
    WorkTree,
    Elsewhere,
}

/// The path with links followed, up to where nothing exists yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    for ancestor in path.ancestors() {
        if ancestor.as_os_str().is_empty() {
            break;
        }
        if ancestor.symlink_metadata().is_ok() {
            let rest = path.strip_prefix(ancestor).map_err(io::Error::other)?;
            return fs::canonicalize(ancestor).map(|real| real.join(rest));
        }
    }
    Ok(path.to_path_buf())
}

/// Puts the script in place by renaming, so that git never sees half of it; another hook is kept beside.
fn put(path: &Path, earlier: &Path, script: &[u8]) -> Result<InstallOutcome, GitError> {
    let found = exists(path)?;
    let own = read_start(path)?.filter(|content| hook_script::is_own(content));
    // A copy of the script must never be what the script runs first.
    if read_start(earlier)?.is_some_and(|content| hook_script::is_own(&content)) {
        fs::remove_file(earlier).map_err(file_error(earlier))?;
    }
    if own.as_deref() == Some(script) && is_executable(path) {
        return Ok(InstallOutcome::Unchanged);
    }
    let displaced = found && own.is_none();
    if displaced && exists(earlier)? {
        return Err(GitError::HookConflict {
            path: path.to_path_buf(),
            earlier: earlier.to_path_buf(),
        });
    }
    let new = write_beside(path, script).map_err(file_error(path))?;
    if displaced {
        fs::rename(path, earlier).map_err(file_error(path))?;
    }
    if let Err(error) = new.persist(path) {
        if displaced {
            fs::rename(earlier, path).map_err(file_error(path))?;
        }
        return Err(GitError::HookFile {
            path: path.to_path_buf(),
            source: error.error,
        });
    }
    Ok(if own.is_some() {
        InstallOutcome::Updated
    } else {
        InstallOutcome::Installed
    })
}

fn write_beside(path: &Path, script: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".countersign-")
        .tempfile_in(directory)?;
    file.write_all(script)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

fn exists(path: &Path) -> Result<bool, GitError> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Err(GitError::HooksDirectory {
            path: path.to_path_buf(),
            reason: "a directory is in the hook's place".to_owned(),
        }),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(file_error(path)(error)),
    }
}

/// The beginning of a hook's file; none where no file can be read (a dangling link, a pipe).
fn read_start(path: &Path) -> Result<Option<Vec<u8>>, GitError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        _ => return Ok(None),
    }
    let mut start = Vec::new();
    let file = fs::File::open(path).map_err(file_error(path))?;
    file.take(MAX_SCRIPT)
        .read_to_end(&mut start)
        .map_err(file_error(path))?;
    Ok(Some(start))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> GitError {
    let path = path.to_path_buf();
    move |source| GitError::HookFile {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests;
