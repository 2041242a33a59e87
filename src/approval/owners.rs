//! Owners of code: a `CODEOWNERS` file of the base, in GitHub's or GitLab's form, as a rule about who must approve.
//!
//! Of each section (GitHub's files are one) the last line that matches a changed file counts, and somebody it names must approve. Patterns
//! are those of the two hosts: GitHub's are gitignore's, GitLab's match at any depth unless they begin with `/`, and a directory only with
//! a `/` at its end. An owner is an address, or `@name`, which is a group of the configuration; one that is neither stops the approval,
//! since nobody could tell whether the owner approved.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};

use super::people::People;
use super::{Void, normal_email};
use crate::change::Change;
use crate::text::Printable;

/// Most lines of a file.
const MAX_LINES: usize = 100_000;

/// A line of the file.
#[derive(Clone, Debug)]
struct Rule {
    line: usize,
    pattern: GlobMatcher,
    /// Takes files out of the section again.
    excludes: bool,
    owners: Vec<String>,
}

/// A section of the file.
#[derive(Clone, Debug)]
struct Section {
    name: String,
    /// How many owners must approve; 0 where the section is optional.
    required: u8,
    /// Owners of lines that name none.
    owners: Vec<String>,
    rules: Vec<Rule>,
}

/// Who owns which files.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    /// Where it stands.
    path: Printable,
    sections: Vec<Section>,
    /// Names of groups and the addresses of their members.
    groups: BTreeMap<String, Vec<String>>,
}

/// A line that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {problem}")]
pub struct CodeOwnersError {
    /// The file.
    pub path: Printable,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl CodeOwners {
    /// Reads a file. It is GitLab's when it lies in `.gitlab` or has a section, otherwise GitHub's.
    ///
    /// # Errors
    /// With the first line that is not understood: a host would skip it, and its files would have no owner.
    pub fn read(
        path: &str,
        text: &str,
        groups: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, CodeOwnersError> {
        let lines = || {
            text.trim_start_matches('\u{feff}')
                .lines()
                .map(str::trim)
                .enumerate()
        };
        let gitlab = path.starts_with(".gitlab/")
            || lines().any(|(_, line)| line.starts_with('[') || line.starts_with("^["));
        let mut out = Self {
            path: Printable::line(path),
            sections: vec![Section {
                name: String::new(),
                required: 1,
                owners: Vec::new(),
                rules: Vec::new(),
            }],
            groups: groups.clone(),
        };
        let mut current = 0;
        for (index, line) in lines() {
            let fail = |problem| CodeOwnersError {
                path: out.path.clone(),
                line: index + 1,
                problem,
            };
            if index >= MAX_LINES {
                return Err(fail("there are more than 100,000 lines."));
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if gitlab && (line.starts_with('[') || line.starts_with("^[")) {
                let section = section(line).map_err(fail)?;
                let same = |known: &Section| known.name.eq_ignore_ascii_case(&section.name);
                current = if let Some(found) = out.sections.iter().position(same) {
                    found
                } else {
                    out.sections.push(section);
                    out.sections.len() - 1
                };
                continue;
            }
            let rule = rule(index + 1, line, gitlab).map_err(fail)?;
            if let Some(section) = out.sections.get_mut(current) {
                section.rules.push(rule);
            }
        }
        Ok(out)
    }

    /// What of the change nobody approved who owns it.
    pub(super) fn missing(&self, change: &Change, people: &People) -> Option<Void> {
        let sides = change
            .files
            .iter()
            .flat_map(|file| [Some(&file.path), file.old_path.as_ref()]);
        let paths: BTreeSet<&String> = sides.flatten().collect();
        for section in self.sections.iter().filter(|section| section.required > 0) {
            for path in &paths {
                if let Some(void) = self.of_file(section, path, people) {
                    return Some(void);
                }
            }
        }
        None
    }

    fn of_file(&self, section: &Section, path: &str, people: &People) -> Option<Void> {
        let matching = |rule: &&Rule| rule.pattern.is_match(path);
        // What is taken out of a section stays out.
        if section.rules.iter().filter(matching).any(|r| r.excludes) {
            return None;
        }
        let rule = section.rules.iter().rev().find(matching)?;
        let owners = if rule.owners.is_empty() {
            &section.owners
        } else {
            &rule.owners
        };
        if owners.is_empty() {
            return None;
        }
        let place = Printable::line(&format!("{}:{}", self.path, rule.line));
        let mut members = Vec::new();
        for owner in owners {
            match self.members(owner) {
                Some(known) => members.extend(known),
                None => {
                    return Some(Void::UnknownOwner {
                        owner: Printable::line(owner),
                        place,
                    });
                }
            }
        }
        let need = usize::from(section.required);
        let have = people.count(|address| members.iter().any(|m| is_member(m, address)));
        (have < need).then(|| Void::OwnerQuorum {
            path: Printable::line(path),
            have,
            need,
            owners: Printable::line(&owners.join(", ")),
            place,
        })
    }

    /// The addresses of an owner; none when it is not known.
    fn members(&self, owner: &str) -> Option<Vec<String>> {
        let Some(name) = owner.strip_prefix('@') else {
            return owner.contains('@').then(|| vec![owner.to_owned()]);
        };
        let found = self.groups.get(owner).or_else(|| self.groups.get(name));
        found.cloned()
    }
}

/// Whether an address is that of a member; members of groups may be patterns.
pub(super) fn is_member(member: &str, address: &str) -> bool {
    GlobBuilder::new(&normal_email(member))
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(normal_email(address)))
}

/// Reads `[Name]`, `^[Name]`, `[Name][2]`, each with owners of lines that name none.
fn section(line: &str) -> Result<Section, &'static str> {
    let (optional, rest) = match line.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let rest = rest.strip_prefix('[').ok_or("this is no section.")?;
    let (name, mut rest) = rest.split_once(']').ok_or("the section has no ].")?;
    let mut required = 1;
    if let Some(number) = rest.strip_prefix('[') {
        let (number, after) = number
            .split_once(']')
            .ok_or("the number of owners has no ].")?;
        required = number
            .trim()
            .parse::<u8>()
            .ok()
            .filter(|n| (1..=10).contains(n))
            .ok_or("the number of owners must be between 1 and 10.")?;
        rest = after;
    }
    if name.trim().is_empty() {
        return Err("the section has no name.");
    }
    Ok(Section {
        name: name.trim().to_owned(),
        required: if optional { 0 } else { required },
        owners: owners(rest.split_whitespace())?,
        rules: Vec::new(),
    })
}

fn rule(number: usize, line: &str, gitlab: bool) -> Result<Rule, &'static str> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    // A space of a path is written `\ `; everything behind ` #` is a comment.
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(' ') => word.push(' '),
                Some('#') => word.push('#'),
                Some(other) => word.extend(['\\', other]),
                None => return Err("it ends in the middle of a character."),
            },
            c if c.is_whitespace() => words.extend(some(&mut word)),
            '#' if word.is_empty() => break,
            c => word.push(c),
        }
    }
    words.extend(some(&mut word));
    let (pattern, names) = words.split_first().ok_or("there is no pattern.")?;
    let (excludes, pattern) = match pattern.strip_prefix('!') {
        Some(rest) if gitlab => (true, rest),
        Some(_) => return Err("GitHub knows no patterns that begin with \"!\"."),
        None => (false, pattern.as_str()),
    };
    if pattern.contains('[') && !gitlab {
        return Err("GitHub knows no character ranges in patterns.");
    }
    Ok(Rule {
        line: number,
        pattern: matcher(pattern, gitlab)?,
        excludes,
        owners: owners(names.iter().map(String::as_str))?,
    })
}

fn some(word: &mut String) -> Option<String> {
    Some(std::mem::take(word)).filter(|word| !word.is_empty())
}

fn owners<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<String>, &'static str> {
    words
        .map(|word| {
            word.contains('@')
                .then(|| word.to_owned())
                .ok_or("an owner is written @name, @group/name or name@host.")
        })
        .collect()
}

/// The paths that a pattern stands for.
fn matcher(pattern: &str, gitlab: bool) -> Result<GlobMatcher, &'static str> {
    let no_pattern = "this is no pattern.";
    let body = pattern.trim_start_matches('/');
    let inner = body.trim_end_matches('/');
    let anchored = pattern.starts_with('/') || (!gitlab && inner.contains('/'));
    let start = if anchored || body.starts_with("**/") {
        ""
    } else {
        "**/"
    };
    let last = inner.rsplit('/').next().unwrap_or_default();
    let end = if body.is_empty() {
        // The root: everything.
        "**"
    } else if body.ends_with('/') {
        "/**"
    } else if gitlab || matches!(last, "*" | "**") {
        ""
    } else {
        // A name is a file or a directory with everything in it.
        "{,/**}"
    };
    // What is not special for the hosts is not special here.
    let escaped = inner.replace('{', "\\{").replace('}', "\\}");
    GlobBuilder::new(&format!("{start}{escaped}{end}"))
        .literal_separator(true)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|_error| no_pattern)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::change::FileChange;

    fn groups() -> BTreeMap<String, Vec<String>> {
        let group = |name: &str, member: &str| (name.to_owned(), vec![member.to_owned()]);
        BTreeMap::from([
            group("@org/data", "dana@example.com"),
            group("ops", "*@ops.example.com"),
        ])
    }

    fn file_change(path: &str, old_path: Option<&str>) -> FileChange {
        FileChange {
            path: path.to_owned(),
            old_path: old_path.map(str::to_owned),
            status: crate::change::FileStatus::Modified,
            mode: None,
            old_mode: None,
            binary: false,
            hunks: Vec::new(),
            strings: None,
        }
    }

    fn owners_of(path: &str, text: &str) -> CodeOwners {
        CodeOwners::read(path, text, &groups()).unwrap()
    }

    /// The line that is asked for by a change of one file, or the name of another refusal.
    fn asks(owners: &CodeOwners, file: &str, approved: &[&str]) -> Option<String> {
        let mut people = People::default();
        for address in approved {
            people.add(address, None);
        }
        let change = Change {
            files: vec![file_change(file, None)],
            ..Change::default()
        };
        owners.missing(&change, &people).map(|void| match void {
            Void::OwnerQuorum { place, .. } => {
                place.as_str().rsplit(':').next().unwrap().to_owned()
            }
            other => other.name().to_owned(),
        })
    }

    #[test]
    fn patterns_mean_what_github_documents() {
        let text = "* a@x\n*.js b@x\n/build/logs/ c@x\ndocs/* d@x\napps/ e@x\n/docs/ f@x # all of it\n**/logs g@x\n/free\n";
        let owners = owners_of(".github/CODEOWNERS", text);
        for (file, line) in [
            ("main.tf", Some("1")),
            ("deep/er/x.js", Some("2")),
            ("build/logs/a/b.log", Some("7")),
            ("build/logs.txt", Some("1")),
            ("docs/getting-started.md", Some("6")),
            ("docs/build-app/troubleshooting.md", Some("6")),
            ("x/docs/a.md", Some("1")),
            ("deep/apps/x/y.tf", Some("5")),
            ("apps", Some("1")),
            ("deeply/nested/logs/one", Some("7")),
            ("free", None),
            ("free/all/of/it", None),
            ("nearly/free", Some("1")),
        ] {
            assert_eq!(asks(&owners, file, &[]).as_deref(), line, "{file}");
        }
        let only = owners_of("CODEOWNERS", "docs/* d@x\nlive/{a}.tf e@x\n");
        assert_eq!(asks(&only, "docs/a/b.md", &[]), None);
        assert_eq!(asks(&only, "docs/b.md", &[]).as_deref(), Some("1"));
        assert_eq!(asks(&only, "live/{a}.tf", &[]).as_deref(), Some("2"));
        assert_eq!(asks(&only, "live/a.tf", &[]), None);
    }

    #[test]
    fn sections_mean_what_gitlab_documents() {
        let text = "[Infra][2] @ops\n*.tf\n!generated.tf\n^[Words]\n*.md a@x\n[Data]\ninternal/db/ @org/data\n[infra]\n/live b@x\n";
        let owners = owners_of("CODEOWNERS", text);
        let ops = ["a@ops.example.com", "b@ops.example.com"];
        assert_eq!(asks(&owners, "x/main.tf", &ops[..1]).as_deref(), Some("2"));
        assert_eq!(asks(&owners, "x/main.tf", &ops), None);
        assert_eq!(asks(&owners, "x/generated.tf", &[]), None);
        assert_eq!(asks(&owners, "README.md", &[]), None);
        assert_eq!(
            asks(&owners, "deep/internal/db/x", &[]).as_deref(),
            Some("7")
        );
        assert_eq!(
            asks(&owners, "deep/internal/db/x", &["dana@example.com"]),
            None
        );
        // A name is a file there, and nothing below it.
        assert_eq!(asks(&owners, "live", &["b@x"]).as_deref(), Some("9"));
        assert_eq!(asks(&owners, "live/x", &[]), None);
        // Both sections ask.
        let tf = "internal/db/main.tf";
        assert_eq!(asks(&owners, tf, &ops).as_deref(), Some("7"));
        let all = [&ops[..], &["dana@example.com"]].concat();
        assert_eq!(asks(&owners, tf, &all), None);
    }

    #[test]
    fn an_owner_that_nobody_knows_stops_even_beside_one_who_approved() {
        let owners = owners_of(
            "CODEOWNERS",
            "*.tf dana@example.com @org/gone\n*.md @@maintainer\n",
        );
        let dana = ["dana@example.com"];
        for file in ["main.tf", "a.md"] {
            assert_eq!(asks(&owners, file, &dana).as_deref(), Some("unknown-owner"));
        }
        assert_eq!(asks(&owners, "other", &[]), None);
    }

    #[test]
    fn a_file_that_moved_has_owners_on_both_sides() {
        let owners = owners_of("CODEOWNERS", "/live/ a@x\n");
        let change = Change {
            files: vec![file_change("free/main.tf", Some("live/main.tf"))],
            ..Change::default()
        };
        assert!(owners.missing(&change, &People::default()).is_some());
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error_with_its_place() {
        for (path, line) in [
            ("CODEOWNERS", "*.tf dana"),
            ("CODEOWNERS", "!x a@x"),
            ("CODEOWNERS", "x[0-9] a@x"),
            ("CODEOWNERS", "x\\"),
            (".gitlab/CODEOWNERS", "[Open"),
            (".gitlab/CODEOWNERS", "[Many][200]"),
            (".gitlab/CODEOWNERS", "[] a@x"),
            (".gitlab/CODEOWNERS", "[a-z a@x\n"),
        ] {
            let error = CodeOwners::read(path, &format!("# words\n{line}"), &groups());
            let error = error.expect_err(line).to_string();
            assert!(error.starts_with(&format!("{path}:2: ")), "{error}");
        }
        let spaces = owners_of("CODEOWNERS", "/a\\ b.tf a@x\n");
        assert_eq!(asks(&spaces, "a b.tf", &[]).as_deref(), Some("1"));
    }
}
