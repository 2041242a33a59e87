//! The files that the git change touches, for expressions that read files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Change, FileChange, FileStatus};
use crate::source::{FileName, Tail, join};

/// The most links behind one another that are followed.
const MAX_LINKS: usize = 4;
/// The most names of touched files; what links would add beyond is not known to be touched.
const MAX_NAMES: usize = 100_000;

/// Paths of files whose content differs.
#[derive(Default)]
pub(super) struct Touched(BTreeSet<Arc<str>>);

/// Whether the content of a file, or that there is one, differs.
fn differs(file: &FileChange) -> bool {
    let is_mode_only = file.status == FileStatus::Modified
        && file.hunks.is_empty()
        && !file.binary
        && file.mode != file.old_mode;
    !is_mode_only
}

impl Touched {
    /// What the change touches; `links` are the commit's symbolic links, by which expressions may name the same files.
    pub(super) fn of(change: &Change, links: &BTreeMap<String, String>) -> Self {
        let files = change.files.iter().filter(|file| differs(file));
        let paths = files.flat_map(|file| std::iter::once(&file.path).chain(&file.old_path));
        let mut touched = Self(paths.map(|path| Arc::from(path.as_str())).collect());
        touched.add_links(links);
        touched
    }

    /// The names that links give to what is touched.
    fn add_links(&mut self, links: &BTreeMap<String, String>) {
        let mut to: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (link, target) in links {
            to.entry(target.as_str()).or_default().push(link);
        }
        if to.is_empty() {
            return;
        }
        let mut last: Vec<Arc<str>> = self.0.iter().cloned().collect();
        for _ in 0..MAX_LINKS {
            let mut next = Vec::new();
            for path in last {
                let ends = path.match_indices('/').map(|(at, _)| at);
                for end in ends.chain([path.len()]) {
                    let (above, rest) = path.split_at_checked(end).unwrap_or_default();
                    for link in to.get(above).into_iter().flatten() {
                        let name: Arc<str> = format!("{link}{rest}").into();
                        if self.0.len() < MAX_NAMES && self.0.insert(name.clone()) {
                            next.push(name);
                        }
                    }
                }
            }
            last = next;
        }
    }

    /// The first touched file with this path or below it.
    pub(super) fn below(&self, path: &str) -> Option<Arc<str>> {
        let within = format!("{path}/");
        let exact = self.0.get(path).cloned();
        // What stands above a file and is touched itself is a link that leads elsewhere now.
        let above = || {
            let mut ends = path.match_indices('/');
            ends.find_map(|(at, _)| self.0.get(path.get(..at)?).cloned())
        };
        exact
            .or_else(above)
            .or_else(|| self.beginning(&within).next().cloned())
    }

    /// What of the change an expression reads that names a file; `from` is the directory from which the name counts.
    pub(super) fn read_by(&self, file: &FileName, from: &str) -> Reads {
        let (directory, beginning) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
        let Some(directory) = join(from, directory) else {
            return Reads::default();
        };
        let within = |name: &str| {
            if directory.is_empty() {
                name.to_owned()
            } else {
                format!("{directory}/{name}")
            }
        };
        let path = within(beginning);
        let mut reads = Reads::default();
        match &file.tail {
            Tail::Nothing => reads.file = self.below(&path),
            Tail::Key { behind, by_value } => {
                reads.by_value = *by_value;
                for touched in self.beginning(&path) {
                    let key = touched
                        .strip_prefix(path.as_str())
                        .and_then(|rest| rest.strip_suffix(behind.as_str()));
                    if let Some(key) = key {
                        reads.by_key.insert(key.to_owned(), touched.clone());
                    }
                }
            }
            Tail::Pattern(pattern) => {
                let inner = file
                    .name
                    .rsplit_once('/')
                    .map_or(0, |(above, _)| above.len() + 1);
                let expression = expression(&within(pattern.get(inner..).unwrap_or_default()));
                let mut touched = self.beginning(&path).peekable();
                match expression {
                    Some(expression) => {
                        reads.file = touched.find(|path| expression.is_match(path)).cloned();
                    }
                    None => reads.doubt = touched.peek().is_some(),
                }
            }
            Tail::Computed => reads.doubt = self.beginning(&path).next().is_some(),
        }
        reads
    }

    fn beginning<'t>(&'t self, with: &str) -> impl Iterator<Item = &'t Arc<str>> {
        let with: Arc<str> = with.into();
        let all = self.0.range(Arc::clone(&with)..);
        all.take_while(move |path| path.starts_with(&*with))
    }
}

/// What of the change an expression reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// A file for certain.
    pub(super) file: Option<Arc<str>>,
    /// Files by the instance key with which they are read.
    pub(super) by_key: BTreeMap<String, Arc<str>>,
    /// Whether it is the value, not the key, that names them.
    pub(super) by_value: bool,
    /// Whether a file is among those that it may read.
    pub(super) doubt: bool,
}

/// The regular expression of a pattern of `fileset`; none for alternatives and classes, which are not read here.
fn expression(pattern: &str) -> Option<regex::Regex> {
    if pattern.contains(['{', '[', '\\']) {
        return None;
    }
    let escaped = regex::escape(pattern);
    let text = escaped
        .replace("\\*\\*/", "(?:.*/)?")
        .replace("\\*\\*", ".*")
        .replace("\\*", "[^/]*")
        .replace("\\?", "[^/]");
    regex::Regex::new(&format!("^{text}$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_directory_a_key_and_a_pattern() {
        let touched = Touched(
            ["m/a/b.txt", "m/a/c/d.txt", "m/e.txt"]
                .map(Arc::from)
                .into(),
        );
        let read = |name: &str, tail| {
            let file = FileName {
                in_module: true,
                name: name.to_owned(),
                tail,
            };
            let reads = touched.read_by(&file, "m");
            let keys: Vec<String> = reads.by_key.into_keys().collect();
            let file = reads.file.map(|file| file.to_string()).unwrap_or_default();
            (file, keys.join(" "), reads.doubt)
        };
        let row = |file: &str, keys: &str, doubt| (file.to_owned(), keys.to_owned(), doubt);
        assert_eq!(read("a/b.txt", Tail::Nothing), row("m/a/b.txt", "", false));
        assert_eq!(read("a/c", Tail::Nothing), row("m/a/c/d.txt", "", false));
        assert_eq!(read("a/b", Tail::Nothing), row("", "", false));
        // A computed name tells nothing of the files that begin alike.
        assert_eq!(read("a/b", Tail::Computed), row("", "", true));
        assert_eq!(read("x", Tail::Computed), row("", "", false));
        let key = |behind: &str| Tail::Key {
            behind: behind.to_owned(),
            by_value: false,
        };
        assert_eq!(read("a/", key(".txt")), row("", "b c/d", false));
        assert_eq!(read("a/", key("/d.txt")), row("", "c", false));
        let pattern = |text: &str| Tail::Pattern(text.to_owned());
        assert_eq!(read("a/", pattern("a/*.txt")), row("m/a/b.txt", "", false));
        assert_eq!(read("a/", pattern("a/*.json")), row("", "", false));
        assert_eq!(read("", pattern("**/d.txt")), row("m/a/c/d.txt", "", false));
        assert_eq!(read("a/", pattern("a/{b,c}.txt")), row("", "", true));
    }

    #[test]
    fn a_link_names_what_it_leads_to() {
        let mut touched = Touched(["shared/t/a.tpl", "real"].map(Arc::from).into());
        let links = [
            ("m/t", "shared/t"),
            ("n", "m"),
            ("x", "real"),
            ("y", "other"),
            ("shared/t/again", "shared/t"),
        ];
        let links = links.map(|(link, target)| (link.to_owned(), target.to_owned()));
        touched.add_links(&links.into());
        let names: Vec<&str> = touched.0.iter().map(AsRef::as_ref).collect();
        for name in ["m/t/a.tpl", "n/t/a.tpl", "x", "m/t/again/a.tpl"] {
            assert!(names.contains(&name), "{name}");
        }
        assert!(!names.contains(&"y"));
        // A link that leads elsewhere changes all that is read through it.
        let moved = Touched(["t"].map(Arc::from).into());
        assert_eq!(moved.below("t/a/b.tpl").as_deref(), Some("t"));
        assert_eq!(moved.below("tt/a").as_deref(), None);
    }

    #[test]
    fn another_mode_is_no_other_content() {
        let mut file = FileChange {
            path: "run.sh".to_owned(),
            old_path: None,
            status: FileStatus::Modified,
            mode: Some("100755".to_owned()),
            old_mode: Some("100644".to_owned()),
            binary: false,
            hunks: Vec::new(),
            strings: None,
        };
        assert!(!differs(&file));
        file.binary = true;
        assert!(differs(&file));
    }
}
