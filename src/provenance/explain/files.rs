//! The files that the git change touches, for expressions that read files.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::change::{Change, FileChange, FileStatus};

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
    pub(super) fn of(change: &Change) -> Self {
        let files = change.files.iter().filter(|file| differs(file));
        let paths = files.flat_map(|file| std::iter::once(&file.path).chain(&file.old_path));
        Self(paths.map(|path| Arc::from(path.as_str())).collect())
    }

    /// The first touched file with this path or below it; where the path is only a beginning, the first that begins with it.
    pub(super) fn below(&self, path: &str, complete: bool) -> Option<Arc<str>> {
        let first = |from: &str| {
            let next = self.0.range(Arc::from(from)..).next()?;
            next.starts_with(from).then(|| Arc::clone(next))
        };
        if !complete {
            return first(path);
        }
        self.0
            .get(path)
            .cloned()
            .or_else(|| first(&format!("{path}/")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_directory_and_a_beginning() {
        let touched = Touched(["a/b.txt", "a/c/d.txt"].map(Arc::from).into());
        let below = |path: &str, complete| touched.below(path, complete).map(|p| p.to_string());
        assert_eq!(below("a/b.txt", true).as_deref(), Some("a/b.txt"));
        assert_eq!(below("a/c", true).as_deref(), Some("a/c/d.txt"));
        assert_eq!(below("a/b", true), None);
        assert_eq!(below("a/b", false).as_deref(), Some("a/b.txt"));
        assert_eq!(below("x", false), None);
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
