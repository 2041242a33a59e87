//! The files that the git change touches, for expressions that read files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Change, FileChange, FileStatus};
use crate::source::{FileName, Tail, join};

/// Symbolic links with what they lead to; nothing for those that lead out of the commit.
type Links = BTreeMap<String, Option<String>>;

/// The most names that links give to files; with more, every file may be one that is touched.
const MAX_NAMES: usize = 200_000;
/// The most links of links that are followed.
const MAX_ROUNDS: usize = 8;

/// Files whose content differs.
#[derive(Default)]
pub(super) struct Touched {
    /// Every path by which one can be read, links followed, with the file or link of the change.
    names: BTreeMap<Arc<str>, Arc<str>>,
    /// Links that lead elsewhere than at base, with the file or link of the change; what is below them differs.
    led: BTreeMap<Arc<str>, Arc<str>>,
    /// Links that lead out of the commit and are touched.
    left: BTreeSet<Arc<str>>,
    /// Whether there are more names than were followed.
    uncounted: bool,
}

/// Whether the content of a file, or that there is one, differs.
fn differs(file: &FileChange) -> bool {
    let is_mode_only = file.status == FileStatus::Modified
        && file.hunks.is_empty()
        && !file.binary
        && file.mode != file.old_mode;
    !is_mode_only
}

impl Touched {
    /// The change's files by every path that leads to them at head.
    pub(super) fn of(change: &Change, [links, old]: [&Links; 2]) -> Self {
        let files = change.files.iter().filter(|file| differs(file));
        let paths = files.flat_map(|file| std::iter::once(&file.path).chain(&file.old_path));
        let paths = paths.map(|path| Arc::<str>::from(path.as_str()));
        let mut touched = Self {
            names: paths.map(|path| (path.clone(), path)).collect(),
            ..Self::default()
        };
        for (link, target) in links {
            let path: Arc<str> = link.as_str().into();
            let is_new = touched.names.contains_key(&path)
                || old.get(link).is_some_and(|before| before != target);
            match target {
                _ if !is_new => {}
                Some(_) => drop(touched.led.insert(path.clone(), path)),
                None => drop(touched.left.insert(path)),
            }
        }
        touched.names.retain(|name, _| !touched.left.contains(name));
        touched.follow(links);
        touched
    }

    /// Adds the paths that links give to touched files and links.
    fn follow(&mut self, links: &Links) {
        let links: Vec<(&String, &String)> = links
            .iter()
            .filter_map(|(link, target)| Some((link, target.as_ref()?)))
            .collect();
        for _ in 0..MAX_ROUNDS {
            let (names, led) = (through(&self.names, &links), through(&self.led, &links));
            let mut grown = false;
            for (known, more) in [(&mut self.names, names), (&mut self.led, led)] {
                for (name, file) in more {
                    grown |= known.insert(name, file).is_none();
                }
                if known.len() > MAX_NAMES {
                    self.uncounted = true;
                    return;
                }
            }
            if !grown {
                return;
            }
        }
        self.uncounted = true;
    }

    /// The touched file with this path, or the first below it, or the link above it that leads elsewhere.
    pub(super) fn below(&self, path: &str) -> Option<Arc<str>> {
        let within = format!("{path}/");
        let exact = self.names.get(path).or_else(|| self.led.get(path));
        let exact = exact.or_else(|| self.led_above(path)).cloned();
        exact.or_else(|| self.beginning(&within).next().map(|(_, file)| file.clone()))
    }

    fn led_above(&self, path: &str) -> Option<&Arc<str>> {
        let ends = path.match_indices('/').map(|(at, _)| at);
        ends.filter_map(|end| path.get(..end))
            .find_map(|above| self.led.get(above))
    }

    /// Whether a file is one that may differ although nobody can say so: a touched link on the way leads out of the commit.
    fn is_outside(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at);
        let mut above = ends.chain([path.len()]).filter_map(|end| path.get(..end));
        self.uncounted || above.any(|above| self.left.contains(above))
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
        let mut reads = Reads {
            doubt: self.is_outside(&path),
            ..Reads::default()
        };
        if !matches!(file.tail, Tail::Nothing) {
            // The names below a link that leads elsewhere are not in the change.
            reads.doubt |= self.led_above(&path).is_some();
        }
        match &file.tail {
            Tail::Nothing => reads.file = self.below(&path),
            Tail::Key { behind, by_value } => {
                reads.by_value = *by_value;
                for (name, touched) in self.beginning(&path) {
                    let key = name
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
                        let file = touched.find(|(path, _)| expression.is_match(path));
                        reads.file = file.map(|(_, file)| file.clone());
                    }
                    None => reads.doubt |= touched.peek().is_some(),
                }
            }
            Tail::Computed => reads.doubt |= self.beginning(&path).next().is_some(),
        }
        reads
    }

    fn beginning<'t>(&'t self, with: &str) -> impl Iterator<Item = (&'t Arc<str>, &'t Arc<str>)> {
        let with: Arc<str> = with.into();
        let all = self.names.range(Arc::clone(&with)..);
        all.take_while(move |(path, _)| path.starts_with(&*with))
    }
}

/// The paths that links give to what stands in a list, where they lead to it or to a directory above it.
fn through(
    names: &BTreeMap<Arc<str>, Arc<str>>,
    links: &[(&String, &String)],
) -> Vec<(Arc<str>, Arc<str>)> {
    let mut found: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for (link, target) in links {
        if let Some(file) = names.get(target.as_str()) {
            found.push((link.as_str().into(), file.clone()));
        }
        let within = if target.is_empty() {
            String::new()
        } else {
            format!("{target}/")
        };
        let below = names.range(Arc::<str>::from(within.as_str())..);
        for (name, file) in below.take_while(|(name, _)| name.starts_with(&within)) {
            let rest = name.get(within.len()..).unwrap_or_default();
            // A link to a directory above itself has no end.
            if !name.starts_with(&format!("{link}/")) {
                found.push((format!("{link}/{rest}").into(), file.clone()));
            }
            if found.len() > MAX_NAMES {
                return found;
            }
        }
    }
    found
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

    fn links(list: &[(&str, &str)]) -> Links {
        let link = |(link, target): &(&str, &str)| {
            let target = Some((*target).to_owned()).filter(|target| target != "(out)");
            ((*link).to_owned(), target)
        };
        list.iter().map(link).collect()
    }

    /// The touched files of a change, with the links at head and base.
    fn of(paths: &[&str], head: &[(&str, &str)], base: &[(&str, &str)]) -> Touched {
        let file = |path: &&str| FileChange {
            path: (*path).to_owned(),
            old_path: None,
            status: FileStatus::Modified,
            mode: None,
            old_mode: None,
            binary: true,
            hunks: Vec::new(),
            strings: None,
        };
        let change = Change {
            files: paths.iter().map(file).collect(),
            ..Change::default()
        };
        Touched::of(&change, [&links(head), &links(base)])
    }

    #[test]
    fn a_file_is_touched_by_every_name_that_links_give_it() {
        let same = [("conf", "shared/conf"), ("one.txt", "shared/conf/a.txt")];
        let more = [("shared/conf/b.txt", "other/b.txt"), ("all", "")];
        let all: Vec<(&str, &str)> = same.into_iter().chain(more).collect();
        let touched = of(&["shared/conf/a.txt", "other/b.txt"], &all, &all);
        let file = |path: &str| touched.below(path).map(|file| file.to_string());
        let (a, b) = (
            Some("shared/conf/a.txt".to_owned()),
            Some("other/b.txt".to_owned()),
        );
        assert_eq!(file("conf/a.txt"), a);
        assert_eq!(file("one.txt"), a);
        assert_eq!(file("all/shared/conf/a.txt"), a);
        // A link behind a link.
        assert_eq!(file("shared/conf/b.txt"), b);
        assert_eq!(file("conf/b.txt"), b);
        assert_eq!(file("conf"), a);
        assert_eq!(file("conf/c.txt"), None);
        assert!(!touched.uncounted);
    }

    #[test]
    fn below_a_link_that_leads_elsewhere_everything_differs() {
        let at = |target| [("conf", target), ("on/x", "conf2/x")];
        let touched = of(&[], &at("new"), &at("old"));
        let name = |touched: &Touched, path: &str| touched.below(path).map(|f| f.to_string());
        assert_eq!(name(&touched, "conf/a.txt"), Some("conf".to_owned()));
        assert_eq!(name(&touched, "on/x"), None);
        let touched = of(&["conf"], &at("new"), &at("new"));
        assert_eq!(name(&touched, "conf/a/b.txt"), Some("conf".to_owned()));
    }

    #[test]
    fn what_a_touched_link_leads_to_outside_is_not_known() {
        let read = |touched: &Touched, name: &str| {
            let file = FileName {
                in_module: true,
                name: name.to_owned(),
                tail: Tail::Nothing,
            };
            let reads = touched.read_by(&file, "m");
            (reads.file.is_some(), reads.doubt)
        };
        let out = [("m/x", "(out)"), ("m/d", "(out)")];
        let touched = of(&["m/x", "m/d"], &out, &[]);
        assert_eq!(read(&touched, "x"), (false, true));
        assert_eq!(read(&touched, "d/y"), (false, true));
        assert_eq!(read(&touched, "y"), (false, false));
        // A link that the change leaves alone says nothing.
        let touched = of(&["m/z"], &out, &out);
        assert_eq!(read(&touched, "x"), (false, false));
    }

    #[test]
    fn a_name_a_directory_a_key_and_a_pattern() {
        let touched = of(&["m/a/b.txt", "m/a/c/d.txt", "m/e.txt"], &[], &[]);
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
