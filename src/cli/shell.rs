//! `completions` and `man`: both from the definitions of the command line, so that they cannot differ from it.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::approvals::write;
use super::args::Cli;
use super::{World, output};
use crate::load::LoadError;
use crate::review::Exit;
use crate::store::write_atomic;

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> Result<Exit, LoadError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
    write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Pass)
}

/// Prints the page of the program, or writes the pages of all commands into a directory.
pub(super) fn man(directory: Option<&PathBuf>, world: &World) -> Result<Exit, LoadError> {
    let mut command = Cli::command();
    command.build();
    let Some(directory) = directory else {
        write(&page(&command)?.1)?;
        return Ok(Exit::Pass);
    };
    let directory = world.directory.join(directory);
    let mut names = Vec::new();
    collect(&command, &directory, &mut names)?;
    output::say(&format!(
        "wrote {} pages to {}: {}",
        names.len(),
        directory.display(),
        names.join(", ")
    ));
    Ok(Exit::Pass)
}

fn collect(command: &Command, directory: &Path, names: &mut Vec<String>) -> Result<(), LoadError> {
    let (name, text) = page(command)?;
    let failed = |error: &dyn std::fmt::Display| {
        LoadError::input(
            &format!("The page {name} cannot be written: {error}"),
            "Name a directory that can be written.",
        )
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(&error))?;
    write_atomic(&directory.join(&name), text.as_bytes(), 0o644).map_err(|error| failed(&error))?;
    names.push(name);
    let shown = |inner: &&Command| inner.get_name() != "help" && !inner.is_hide_set();
    for inner in command.get_subcommands().filter(shown) {
        collect(inner, directory, names)?;
    }
    Ok(())
}

/// File name and text of the page of a command.
fn page(command: &Command) -> Result<(String, String), LoadError> {
    let man = Man::new(command.clone());
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| -> std::io::Result<()> {
        man.render_title(bytes)?;
        man.render_name_section(bytes)?;
        man.render_synopsis_section(bytes)?;
        man.render_description_section(bytes)?;
        man.render_options_section(bytes)?;
        if command.has_subcommands() {
            man.render_subcommands_section(bytes)?;
        }
        Ok(())
    };
    write(&mut bytes)
        .map_err(|error| LoadError::input(&format!("The page cannot be made: {error}."), ""))?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(below) = command.get_after_help() {
        text.push_str(&sections(&below.to_string()));
    }
    Ok((man.get_filename(), text))
}

/// The blocks below the options, each with its first line up to the colon as heading.
fn sections(below: &str) -> String {
    let mut text = String::new();
    for block in below.split("\n\n") {
        let (heading, rest) = block.split_once(':').unwrap_or((block, ""));
        let (heading, remark) = heading.split_once(" (").unwrap_or((heading, ""));
        text.push_str(&format!(".SH \"{}\"\n", heading.to_uppercase()));
        if !remark.is_empty() {
            text.push_str(&format!("{}\n", roff(remark.trim_end_matches(')'))));
        }
        text.push_str(".nf\n");
        for line in rest.trim_start_matches('\n').lines() {
            text.push_str(&format!(
                "{}\n",
                roff(line.strip_prefix("  ").unwrap_or(line).trim_end())
            ));
        }
        text.push_str(".fi\n");
    }
    text
}

/// A line as roff shows it: no request, no escape, hyphens that can be copied.
fn roff(line: &str) -> String {
    let line = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('~', "\\(ti")
        .replace('^', "\\(ha");
    if line.starts_with('.') {
        format!("\\&{line}")
    } else {
        line
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;

    fn all(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for inner in command.get_subcommands().filter(|c| c.get_name() != "help") {
            all(inner, &format!("{path} {}", inner.get_name()), found);
        }
    }

    fn commands() -> Vec<(String, Command)> {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        all(&command, "countersign", &mut found);
        found
    }

    /// The command lines of this program in a line of an example, quotes taken off.
    fn lines_of(example: &str) -> Vec<Vec<String>> {
        let shown = example.trim_start().split("   ").next().unwrap_or_default();
        shown
            .split(['|', '&', '>'])
            .map(str::trim)
            .filter(|part| part.starts_with("countersign"))
            .map(|part| {
                let mut words: Vec<String> = Vec::new();
                for (index, piece) in part.split('\'').enumerate() {
                    if index % 2 == 1 {
                        words.push(piece.to_owned());
                    } else {
                        words.extend(piece.split_whitespace().map(str::to_owned));
                    }
                }
                words
            })
            .collect()
    }

    #[test]
    fn every_command_teaches_by_examples_that_work() {
        let mut read = 0;
        for (path, command) in commands() {
            let below = command.get_after_help().map(ToString::to_string);
            let below = below.unwrap_or_default();
            assert!(below.starts_with("Examples:\n"), "{path} shows no example");
            let examples = below.split("\n\n").next().unwrap_or_default();
            for line in examples.lines().skip(1) {
                let found = lines_of(line);
                assert!(!found.is_empty(), "{path}: {line}");
                for words in found {
                    let parsed = Cli::try_parse_from(&words);
                    assert!(parsed.is_ok(), "{path}: {words:?}: {:?}", parsed.err());
                    read += 1;
                }
            }
        }
        assert!(read > 20, "{read} examples");
    }

    #[test]
    fn the_statuses_of_help_are_those_of_the_program() {
        let below = super::super::help::PROGRAM;
        for code in 0..=5 {
            let exit = [
                Exit::Pass,
                Exit::Blocked,
                Exit::Usage,
                Exit::Unapproved,
                Exit::Input,
                Exit::Policy,
            ]
            .into_iter()
            .find(|exit| exit.code() == code)
            .unwrap();
            let line = format!("  {code}  {:<15}", exit.to_string());
            assert!(below.contains(&line), "{line:?} is missing");
        }
    }

    #[test]
    fn every_option_is_in_the_page_and_in_the_completions_of_every_shell() {
        let (name, text) = page(&commands().first().unwrap().1).unwrap();
        assert_eq!(name, "countersign.1");
        for heading in [
            "NAME",
            "SYNOPSIS",
            "OPTIONS",
            "EXAMPLES",
            "ENVIRONMENT",
            "\"EXIT STATUS\"",
        ] {
            assert!(
                text.contains(&format!(".SH {heading}"))
                    || text.contains(&format!(".SH \"{heading}\"")),
                "{heading}: {text}"
            );
        }
        let command = Cli::command();
        let options: Vec<&str> = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        assert!(options.contains(&"check") && options.contains(&"trust"));
        for option in &options {
            assert!(text.contains(&option.replace('-', "\\-")), "{option}");
        }
        for shell in [
            Shell::Bash,
            Shell::Zsh,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Elvish,
        ] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in options
                .iter()
                .chain(&["verify", "approvals", "completions"])
            {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn roff_shows_lines_as_they_are() {
        assert_eq!(
            roff(".x \\ 'a' -p ~/b"),
            "\\&.x \\e \\(aqa\\(aq \\-p \\(ti/b"
        );
        let text = sections("Exit status (the first wins):\n  0  pass\n\nExamples:\n  a");
        assert_eq!(
            text,
            ".SH \"EXIT STATUS\"\nthe first wins\n.nf\n0  pass\n.fi\n.SH \"EXAMPLES\"\n.nf\na\n.fi\n"
        );
    }
}
