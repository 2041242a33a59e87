#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice
)]

mod addresses;
mod blocks;
mod comments;
mod coverage;
mod facts;
mod hostile;
mod json;
mod layout;
mod module_paths;
mod oracle;
mod panes;
mod places;
mod real;

use super::SourceIndex;

/// An index over some files with the root module at the repository's root.
fn index(files: &[(&str, &str)]) -> SourceIndex {
    index_at("", files)
}

fn index_at(root: &str, files: &[(&str, &str)]) -> SourceIndex {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
    SourceIndex::build(files.iter().map(owned), root, None)
}

/// An index over one native file.
fn of(text: &str) -> SourceIndex {
    index(&[("main.tf", text)])
}

/// The messages of all problems with their lines.
fn problems(index: &SourceIndex) -> Vec<(usize, &str)> {
    index
        .problems
        .iter()
        .map(|problem| (problem.line.unwrap_or_default(), problem.message.as_str()))
        .collect()
}

/// Kind, labels and lines of every block.
fn outline(index: &SourceIndex) -> Vec<String> {
    let line = |block: &super::Block| {
        format!(
            "{} {} {}-{}",
            block.kind,
            block.labels.join(" "),
            block.line,
            block.end_line
        )
    };
    index.facts.blocks.iter().map(line).collect()
}
