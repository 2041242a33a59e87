//! Who is asking, which repository this is, and git's configuration.

use std::collections::BTreeMap;

use git2::{ConfigLevel, ErrorCode, Oid};

use super::{GitError, Repository};

/// A person as git knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// What stays the same in every clone of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryIdentity {
    /// Where it was cloned from, as `host/path` without scheme, user, password, query or `.git`; a local
    /// path as it is; none without a remote.
    pub origin: Option<String>,
    /// The commits without parents that the head descends from, sorted; empty in a shallow clone, which
    /// does not hold them.
    pub roots: Vec<String>,
}

/// A value of git's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigValue {
    /// The value; bytes that are not UTF-8 are replaced.
    pub value: String,
    /// Who set it.
    pub scope: ConfigScope,
}

/// Who set a value of git's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigScope {
    /// The machine.
    System,
    /// The user.
    User,
    /// The repository or the work tree.
    Repository,
}

/// What git's settings say about signing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SigningSettings {
    /// `gpg.format`.
    pub format: Option<String>,
    /// `user.signingkey`.
    pub key: Option<String>,
    /// Whether `gpg.ssh.defaultKeyCommand` is set.
    pub has_key_command: bool,
    /// `gpg.ssh.program`, never as the repository sets it: it is a command.
    pub program: Option<String>,
}

impl Repository {
    /// What git's settings say about signing.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn signing_settings(&self) -> Result<SigningSettings, GitError> {
        let text = |name: &str| {
            let value = self.config_value(name)?;
            Ok::<_, GitError>(
                value
                    .map(|value| value.value)
                    .filter(|value| !value.trim().is_empty()),
            )
        };
        Ok(SigningSettings {
            format: text("gpg.format")?,
            key: text("user.signingkey")?,
            has_key_command: text("gpg.ssh.defaultKeyCommand")?.is_some(),
            program: self.users_value("gpg.ssh.program")?,
        })
    }

    /// A value as the user or the machine sets it, whatever the repository says.
    fn users_value(&self, name: &str) -> Result<Option<String>, GitError> {
        let read = || {
            let config = self.inner.config()?;
            let mut entries = config.multivar(name, None)?;
            let mut found: Option<(ConfigLevel, String)> = None;
            while let Some(entry) = entries.next() {
                let entry = entry?;
                let level = entry.level();
                let is_users = matches!(
                    level,
                    ConfigLevel::ProgramData
                        | ConfigLevel::System
                        | ConfigLevel::XDG
                        | ConfigLevel::Global
                );
                let above = found
                    .as_ref()
                    .is_none_or(|(known, _)| level as i32 >= *known as i32);
                if is_users && above && entry.has_value() {
                    let value = String::from_utf8_lossy(entry.value_bytes()).into_owned();
                    found = Some((level, value));
                }
            }
            Ok(found.map(|(_, value)| value))
        };
        match read() {
            Ok(found) => Ok(found.filter(|value| !value.trim().is_empty())),
            Err(error) if git2::Error::code(&error) == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed("reading the configuration", error)),
        }
    }

    /// Who is asking: git's variables, else the configuration.
    ///
    /// In order: `GIT_COMMITTER_*`, `GIT_AUTHOR_*`, `committer.*`, `author.*`, `user.*`, and `EMAIL`.
    ///
    /// # Errors
    /// No name or no address is set.
    pub fn identity(&self, env: &BTreeMap<String, String>) -> Result<Identity, GitError> {
        let find = |part: &str, fallback: Option<&str>| -> Result<Option<String>, GitError> {
            let upper = part.to_ascii_uppercase();
            let variable = |name: &str| {
                env.get(name)
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty())
            };
            for role in ["COMMITTER", "AUTHOR"] {
                if let Some(value) = variable(&format!("GIT_{role}_{upper}")) {
                    return Ok(Some(value));
                }
            }
            for section in ["committer", "author", "user"] {
                let set = self.config_value(&format!("{section}.{part}"))?;
                if let Some(set) = set.filter(|set| !set.value.trim().is_empty()) {
                    return Ok(Some(set.value.trim().to_owned()));
                }
            }
            Ok(fallback.and_then(variable))
        };
        let missing = |missing, key| move || GitError::NoIdentity { missing, key };
        Ok(Identity {
            name: find("name", None)?.ok_or_else(missing("name", "user.name"))?,
            email: find("email", Some("EMAIL"))?.ok_or_else(missing("address", "user.email"))?,
        })
    }

    /// A value of git's configuration, such as `gpg.format`; none when it is not set.
    ///
    /// `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_COUNT` and `git -c` are not seen.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn config_value(&self, name: &str) -> Result<Option<ConfigValue>, GitError> {
        let config = self
            .inner
            .config()
            .map_err(|source| self.failed("reading the configuration", source))?;
        let entry = match config.get_entry(name) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("reading the configuration", error)),
        };
        let scope = match entry.level() {
            ConfigLevel::ProgramData | ConfigLevel::System => ConfigScope::System,
            ConfigLevel::XDG | ConfigLevel::Global => ConfigScope::User,
            _ => ConfigScope::Repository,
        };
        let value = if entry.has_value() {
            String::from_utf8_lossy(entry.value_bytes()).into_owned()
        } else {
            String::new()
        };
        Ok(Some(ConfigValue { value, scope }))
    }

    /// Which repository this is, seen from a commit.
    ///
    /// # Errors
    /// The commit or its history is not here.
    pub fn repository_identity(&self, head: &str) -> Result<RepositoryIdentity, GitError> {
        let origin = self.origin()?;
        let head = self.commit(head)?.id();
        let roots = if self.is_shallow() {
            Vec::new()
        } else {
            self.roots(head)?
        };
        Ok(RepositoryIdentity { origin, roots })
    }

    /// Where the repository was cloned from, as [`RepositoryIdentity::origin`] says it.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn origin(&self) -> Result<Option<String>, GitError> {
        let Some(remote) = self.remotes()?.into_iter().next() else {
            return Ok(None);
        };
        let url = self.config_value(&format!("remote.{remote}.url"))?;
        Ok(url.map(|url| normalised(&url.value)))
    }

    /// Whether git leaves out an untracked file of this path from the top of the work tree.
    #[must_use]
    pub fn is_ignored(&self, path: &str) -> bool {
        self.inner.is_path_ignored(path).unwrap_or_default()
    }

    fn roots(&self, head: Oid) -> Result<Vec<String>, GitError> {
        let read = || {
            let mut walk = self.inner.revwalk()?;
            walk.push(head)?;
            let mut roots = Vec::new();
            for id in walk {
                let id = id?;
                if self.inner.find_commit(id)?.parent_count() == 0 {
                    roots.push(id.to_string());
                }
            }
            Ok(roots)
        };
        let mut roots = read().map_err(|source| self.failed("reading the history", source))?;
        roots.sort();
        Ok(roots)
    }
}

/// One spelling for all the ways to clone a repository, without anything secret.
fn normalised(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => match url.split_once(':') {
            // git's own rule: `host:path` is a remote unless a slash comes first.
            Some((host, path)) if !host.contains('/') && host.chars().count() > 1 => {
                return location("ssh", host, path);
            }
            _ => return path_of(url).to_owned(),
        },
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    if scheme == "file" {
        return path_of(rest).to_owned();
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    location(&scheme, authority, path)
}

fn location(scheme: &str, authority: &str, path: &str) -> String {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
        .to_ascii_lowercase();
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        "git" => ":9418",
        _ => ":22",
    };
    let host = host.strip_suffix(default).unwrap_or(&host);
    format!("{host}/{}", path_of(path.trim_start_matches('/')))
}

fn path_of(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git")
        .filter(|path| !path.is_empty() && !path.ends_with('/'))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests;
