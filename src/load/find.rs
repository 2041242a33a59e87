//! Which files a plan argument means: a file, a directory, or a pattern.
//!
//! A directory stands for the plans below it, as `terragrunt run --all plan --json-out-dir` lays them out; hidden directories and `.terraform`
//! are left out. A pattern (`plans/*.json`, `**/tfplan.json`) is matched below the working directory. Each finds at least one file or is an error.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::{LoadError, PlanSource};

/// Most files that one argument may mean.
const MAX_PLANS: usize = 5_000;
/// Deepest directory that is looked into.
const MAX_DEPTH: usize = 32;

/// Replaces directories and patterns by the files that they mean, in the order of their paths.
pub(super) fn expand(
    sources: &[PlanSource],
    directory: &Path,
) -> Result<Vec<PlanSource>, LoadError> {
    let mut out = Vec::new();
    for source in sources {
        let PlanSource::File(path) = source else {
            out.push(source.clone());
            continue;
        };
        let absolute = directory.join(path);
        if absolute.is_dir() {
            out.extend(found(path, below(&absolute, path, is_plan_name)?)?);
        } else if !absolute.exists() && is_pattern(path) {
            out.extend(found(path, matching(path, directory)?)?);
        } else {
            out.push(source.clone());
        }
    }
    Ok(out)
}

fn found(asked: &Path, files: Vec<PathBuf>) -> Result<Vec<PlanSource>, LoadError> {
    if files.is_empty() {
        return Err(LoadError::usage(
            &format!("There is no plan in {}.", asked.display()),
            "Directories are searched for tfplan.json, plan.json, *.tfplan.json, *.plan.json and tfplan.",
        ));
    }
    Ok(files.into_iter().map(PlanSource::File).collect())
}

fn is_plan_name(path: &Path) -> bool {
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    matches!(name.as_str(), "tfplan" | "tfplan.json" | "plan.json")
        || name.ends_with(".tfplan.json")
        || name.ends_with(".plan.json")
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

fn matching(pattern: &Path, directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let text = pattern.to_string_lossy();
    let glob = GlobBuilder::new(&text)
        .literal_separator(true)
        .build()
        .map_err(|error| {
            LoadError::usage(
                &format!("{text} is no pattern: {error}."),
                "For example: plans/*.json",
            )
        })?
        .compile_matcher();
    // Nothing above the first wildcard needs to be searched.
    let fixed: PathBuf = pattern
        .components()
        .take_while(|part| !is_pattern(Path::new(part.as_os_str())))
        .collect();
    below(&directory.join(&fixed), &fixed, |path| glob.is_match(path))
}

/// Files below a directory that are wanted; paths begin with `shown`.
fn below(
    root: &Path,
    shown: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    let mut todo = vec![(root.to_path_buf(), shown.to_path_buf(), 0)];
    while let Some((path, shown, depth)) = todo.pop() {
        let fail = |error: std::io::Error| {
            LoadError::input(
                &format!("{} cannot be searched: {error}.", shown.display()),
                "Name the plans one by one.",
            )
        };
        for entry in std::fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let kind = entry.file_type().map_err(fail)?;
            let inner = shown.join(&name);
            if kind.is_dir() {
                if name.to_string_lossy().starts_with('.') {
                    continue;
                }
                if depth == MAX_DEPTH {
                    return Err(too_deep(&inner));
                }
                todo.push((entry.path(), inner, depth + 1));
            } else if wanted(&inner) && !entry.path().is_dir() {
                // A link to a plan is one. What cannot be read is found too: reading it says so, and no plan is passed over.
                files.push(inner);
            }
        }
        if files.len() > MAX_PLANS {
            return Err(LoadError::usage(
                &format!("{} means more than {MAX_PLANS} plans.", shown.display()),
                "Name fewer at once.",
            ));
        }
    }
    files.sort();
    Ok(files)
}

fn too_deep(directory: &Path) -> LoadError {
    LoadError::usage(
        &format!(
            "{} is more than {MAX_DEPTH} directories deep and was not searched.",
            directory.display()
        ),
        "Name the plans one by one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sources: &[PlanSource]) -> Vec<String> {
        sources
            .iter()
            .map(|source| match source {
                PlanSource::Stdin(_) => "-".to_owned(),
                PlanSource::File(path) => path.to_string_lossy().replace('\\', "/"),
            })
            .collect()
    }

    #[test]
    fn directories_and_patterns_mean_the_plans_below_them() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "a/tfplan.json",
            "b/c/tfplan.json",
            "b/other.json",
            ".terraform/tfplan.json",
            "x.json",
            "y.json",
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let expand = |arguments: &[&str]| {
            let sources: Vec<PlanSource> = arguments
                .iter()
                .map(|a| PlanSource::File(a.into()))
                .collect();
            expand(&sources, dir.path()).map(|found| names(&found))
        };
        assert_eq!(
            expand(&["."]).unwrap(),
            ["./a/tfplan.json", "./b/c/tfplan.json"]
        );
        assert_eq!(expand(&["*.json"]).unwrap(), ["x.json", "y.json"]);
        assert_eq!(
            expand(&["**/tfplan.json", "x.json"]).unwrap(),
            ["a/tfplan.json", "b/c/tfplan.json", "x.json"]
        );
        assert_eq!(expand(&["missing.json"]).unwrap(), ["missing.json"]);
        assert!(expand(&["z*.json"]).is_err());
        assert!(expand(&["b/other*", "q/*"]).is_err());
    }

    #[test]
    fn what_is_too_deep_to_be_searched_is_an_error_and_not_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let deep: PathBuf = std::iter::repeat_n("d", MAX_DEPTH).collect();
        std::fs::create_dir_all(dir.path().join(&deep)).unwrap();
        std::fs::write(dir.path().join(&deep).join("plan.json"), "{}").unwrap();
        let all = [PlanSource::File(".".into())];
        assert_eq!(expand(&all, dir.path()).unwrap().len(), 1);
        std::fs::create_dir(dir.path().join(&deep).join("d")).unwrap();
        let error = expand(&all, dir.path()).unwrap_err();
        assert!(
            error.heading.as_str().contains("was not searched"),
            "{error}"
        );
    }
}
