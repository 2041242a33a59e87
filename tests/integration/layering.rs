//! The module table of the architecture, held against the source.
//!
//! Facts point down: a module uses those of its row and no other. The table stands here and, for readers, in the crate's own page;
//! both must be the same. Paths are found in the text after comments, strings and test modules are taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::rust_source::{code_of, first_words, without_tests, words};
use crate::scene::package;

/// Each module with its layer and what it may use.
const TABLE: [(&str, &str, &[&str]); 18] = [
    ("text", "0", &[]),
    ("digest", "0", &["text"]),
    ("plan", "1", &["text", "digest"]),
    ("change", "1", &["text", "digest"]),
    ("source", "1", &["text", "digest"]),
    (
        "provenance",
        "2",
        &["text", "digest", "plan", "change", "source"],
    ),
    (
        "policy",
        "2",
        &["text", "digest", "plan", "change", "source", "provenance"],
    ),
    (
        "finding",
        "3",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
        ],
    ),
    ("decision", "4", &["text", "digest", "finding"]),
    (
        "review",
        "5",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
        ],
    ),
    (
        "approval",
        "6",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
            "review",
        ],
    ),
    (
        "report",
        "6",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
            "review",
        ],
    ),
    ("git", "A", &["change", "digest"]),
    ("sign", "A", &["text"]),
    ("store", "A", &["decision", "digest"]),
    (
        "load",
        "B",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
            "review",
            "approval",
            "report",
            "git",
            "sign",
            "store",
        ],
    ),
    (
        "tui",
        "C",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
            "review",
            "approval",
            "report",
        ],
    ),
    (
        "cli",
        "D",
        &[
            "text",
            "digest",
            "plan",
            "change",
            "source",
            "provenance",
            "policy",
            "finding",
            "decision",
            "review",
            "approval",
            "report",
            "git",
            "sign",
            "store",
            "load",
            "tui",
        ],
    ),
];

/// Longest file of source or policy, in lines.
const MAX_LINES: usize = 600;

/// A file of the library: its path below `src`, its module, and its code without comments, strings and tests.
struct File {
    path: String,
    module: String,
    /// How many modules lie between the file and the crate's root.
    depth: usize,
    code: String,
}

fn library() -> Vec<File> {
    let root = package("src");
    files(&root, "rs")
        .into_iter()
        .filter(|path| {
            !path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs" || part == "testing.rs")
        })
        .map(|path| {
            let parts: Vec<&str> = path
                .trim_end_matches(".rs")
                .split('/')
                .filter(|part| *part != "mod")
                .collect();
            let code = without_tests(&code_of(&fs::read_to_string(root.join(&path)).unwrap()));
            File {
                module: parts[0].to_owned(),
                depth: parts.len(),
                path: path.clone(),
                code,
            }
        })
        .collect()
}

fn modules() -> BTreeSet<&'static str> {
    TABLE.iter().map(|(module, ..)| *module).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = TABLE
        .iter()
        .map(|(module, _, uses)| (*module, *uses))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in library() {
        let Some(allowed) = table.get(file.module.as_str()) else {
            continue;
        };
        for used in uses_of(&file) {
            seen.insert((file.module.clone(), used.clone()));
            if used != file.module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", file.path));
            }
        }
    }
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "mend the use, or the table and the architecture with a reason"
    );
    // The reader of the source is not blind: these uses are known to be there.
    for (module, used) in [
        ("cli", "load"),
        ("load", "git"),
        ("review", "finding"),
        ("tui", "decision"),
        ("plan", "digest"),
    ] {
        assert!(
            seen.contains(&(module.to_owned(), used.to_owned())),
            "{module} is not seen to use {used}"
        );
    }
}

#[test]
fn the_table_only_points_down() {
    for (index, (module, _, uses)) in TABLE.iter().enumerate() {
        for used in *uses {
            let place = TABLE
                .iter()
                .position(|(name, ..)| name == used)
                .unwrap_or_else(|| panic!("there is no {used}"));
            assert!(place < index, "{module} stands above {used}");
        }
    }
}

#[test]
fn every_module_is_in_the_table() {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(package("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        found.insert(name.trim_end_matches(".rs").to_owned());
    }
    let known: BTreeSet<String> = modules()
        .into_iter()
        .chain(["lib", "main"])
        .map(str::to_owned)
        .collect();
    assert_eq!(found, known);
}

#[test]
fn the_page_of_the_crate_prints_the_same_table() {
    let page = fs::read_to_string(package("src/lib.rs")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let cells: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
        let [layer, module, responsibility, uses] = cells.as_slice() else {
            panic!("a row of other width: {line}")
        };
        if *layer == "layer" || layer.starts_with('-') {
            continue;
        }
        assert!(responsibility.len() > 10, "{line}");
        for module in quoted(module) {
            rows.insert(module, ((*layer).to_owned(), (*uses).to_owned()));
        }
    }
    rows.remove("main");
    assert_eq!(
        rows.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        modules()
    );
    for (module, layer, uses) in TABLE {
        let (printed, text) = &rows[module];
        assert_eq!(printed, layer, "the layer of {module}");
        let meant: BTreeSet<&str> = uses.iter().copied().collect();
        assert_eq!(
            meaning(module, text),
            meant,
            "what {module} may use, printed as {text:?}"
        );
    }
}

/// The modules that a cell of the table means: names, `layer 0`, `layers 0–2`, `A`, `all` or `–`.
fn meaning(module: &str, text: &str) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let written = quoted(text);
    let plain: String = text.split('`').step_by(2).collect();
    for (name, layer, _) in TABLE {
        let number = layer.parse::<u32>().ok();
        let ranges = plain
            .split(|c: char| !c.is_ascii_digit() && c != '–')
            .filter_map(|word| match word.split_once('–') {
                Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
                None => word.parse().ok().map(|only: u32| (only, only)),
            });
        let in_range = number.is_some_and(|number| {
            ranges
                .clone()
                .any(|(first, last)| (first..=last).contains(&number))
        });
        let by_letter = layer == "A" && plain.split_whitespace().any(|word| word == "A");
        let all = plain.trim() == "all";
        if name != module && (written.contains(name) || in_range || by_letter || all) {
            names.insert(name);
        }
    }
    names
}

/// The words between backticks, brackets of links left out.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn libraries_of_the_outside_have_one_user_each() {
    let rules: [(&str, &[&str]); 6] = [
        ("regorus", &["policy/engine/"]),
        ("git2", &["git/"]),
        ("ratatui", &["tui/", "cli/output.rs"]),
        ("crossterm", &["tui/", "cli/output.rs"]),
        ("ratatui_textarea", &["tui/"]),
        ("clap", &["cli/"]),
    ];
    for (library_name, users) in rules {
        let mut used = false;
        for file in library() {
            if words(&file.code).any(|word| word == library_name) {
                used = true;
                assert!(
                    users.iter().any(|user| file.path.starts_with(user)),
                    "{} uses {library_name}",
                    file.path
                );
            }
        }
        assert!(used, "nothing uses {library_name}");
    }
}

#[test]
fn clock_environment_and_streams_belong_to_the_command_line() {
    let outside = [
        "Timestamp::now",
        "SystemTime::now",
        "env::var",
        "env::vars",
        "env::current_dir",
        "io::stdin",
        "io::stdout",
        "io::stderr",
        "process::exit",
    ];
    let at_the_edge = |path: &str| path == "main.rs" || path.starts_with("cli/");
    for file in library() {
        let code: String = file.code.split_whitespace().collect();
        for name in outside {
            // The reviewer draws on the terminal that the command line gives to it.
            let terminal = file.path.starts_with("tui/") && name == "io::stdout";
            assert!(
                at_the_edge(&file.path) || terminal || !code.contains(name),
                "{} uses {name}",
                file.path
            );
        }
    }
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    for (directory, extension) in [("src", "rs"), ("policies", "rego"), ("tests", "rs")] {
        let root = package(directory);
        let found = files(&root, extension);
        assert!(found.len() > 5, "{directory} was not found");
        for path in found {
            let lines = fs::read_to_string(root.join(&path))
                .unwrap()
                .lines()
                .count();
            assert!(lines <= MAX_LINES, "{directory}/{path} has {lines} lines");
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in files(&package("src"), "rs") {
        let text = fs::read_to_string(package("src").join(&path)).unwrap();
        assert!(
            text.starts_with("//! ") || path.contains("tests"),
            "{path} has no module documentation"
        );
    }
}

/// Files with an extension, below a directory, by their paths with `/`.
fn files(root: &Path, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let inner = path.strip_prefix(root).unwrap().to_str().unwrap();
                found.push(inner.replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The modules of this crate that a file names: `crate::x`, `crate::{x, y}`, and `super::…` that reaches the root.
fn uses_of(file: &File) -> BTreeSet<String> {
    let code: String = file
        .code
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" ::", "::")
        .replace(":: ", "::");
    let up = "super::".repeat(file.depth);
    let mut found = BTreeSet::new();
    for root in ["crate::", up.as_str()] {
        for (start, _) in code.match_indices(root) {
            let before = code[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &code[start + root.len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => first_words(group),
                None => words(rest).take(1).collect(),
            };
            found.extend(
                names
                    .into_iter()
                    .filter(|name| modules().contains(name))
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn the_reader_of_the_source_sees_code_and_nothing_else() {
    // The tilde stands for the hash of a raw string.
    let text = r#"
        use crate::{text::A, plan::{B, git}}; // crate::cli
        /* crate::tui */ const S: &str = "crate::load"; const R: &str = r~"crate::store "x""~;
        fn f<'a>(x: &'a str) -> char { let q = '"'; super::super::review::g(); super::own(); '\'' }
        #[cfg(test)]
        mod tests { use crate::cli::X; fn g() { if true {} } }
        #[cfg(test)]
        mod more;
        use my_crate::report; use crate :: digest :: D;
    "#
    .replace('~', "#");
    let code = without_tests(&code_of(&text));
    let file = File {
        path: "a/b.rs".to_owned(),
        module: "a".to_owned(),
        depth: 2,
        code,
    };
    let seen: Vec<String> = uses_of(&file).into_iter().collect();
    assert_eq!(seen, ["digest", "plan", "review", "text"]);
}
