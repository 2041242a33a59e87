//! `$EDITOR`, for people who prefer it: a source file at a line, or a longer text.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use super::World;
use super::output::standard_error;

/// The editor's words: program and arguments; no shell is involved.
fn words(world: &World) -> Vec<String> {
    let text = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| world.env.get(*name).filter(|v| !v.trim().is_empty()))
        .map_or("vi", String::as_str);
    text.split_whitespace().map(str::to_owned).collect()
}

/// A run of this program from within the editor must have a parent of its own that watches its policies.
fn editor(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_remove(super::supervise::VARIABLE);
    command
}

/// Opens a file of the work tree at a line.
pub(super) fn open(path: &Path, line: u32, world: &World) {
    let words = words(world);
    if let [program, arguments @ ..] = words.as_slice() {
        // Whether it worked is on the screen.
        drop(
            editor(program)
                .args(arguments)
                .arg(format!("+{line}"))
                .arg(path)
                .current_dir(&world.directory)
                .stderr(standard_error())
                .status(),
        );
    }
}

/// Lets a person edit a text; `None` when the editor failed.
pub(super) fn edit(initial: &str, world: &World) -> Option<String> {
    let mut file = tempfile::Builder::new()
        .prefix("countersign-")
        .suffix(".txt")
        .tempfile()
        .ok()?;
    file.write_all(initial.as_bytes()).ok()?;
    file.flush().ok()?;
    let words = words(world);
    let [program, arguments @ ..] = words.as_slice() else {
        return None;
    };
    let status = editor(program)
        .args(arguments)
        .arg(file.path())
        .stderr(standard_error())
        .status()
        .ok()?;
    if !status.success() {
        return None;
    }
    // Some editors write a new file in place of the old one.
    let mut text = std::fs::read_to_string(file.path()).ok()?;
    if text.is_empty() {
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_to_string(&mut text).ok()?;
    }
    Some(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_from_within_the_editor_is_not_taken_for_the_watched_one() {
        let command = editor("vi");
        let mut removed = command.get_envs().filter(|(_, value)| value.is_none());
        assert!(removed.any(|(name, _)| name == super::super::supervise::VARIABLE));
    }
}
