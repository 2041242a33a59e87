//! `report`: what can be done with JSON reports.

use std::path::PathBuf;

use super::World;
use super::args::{OutputArgs, ReportAction};
use super::check::{Reports, emit};
use crate::load::{LoadError, read_text};
use crate::report::merge::{Part, json, merge, text};
use crate::report::{Format, schema};
use crate::review::Exit;
use crate::text::Printable;

/// Runs one of the commands.
pub(super) fn run(action: &ReportAction, world: &World) -> Result<Exit, LoadError> {
    match action {
        ReportAction::Schema => {
            emit(schema::SCHEMA, None)?;
            Ok(Exit::Pass)
        }
        ReportAction::Merge { files, output } => merged(files, output, world),
    }
}

fn merged(files: &[PathBuf], args: &OutputArgs, world: &World) -> Result<Exit, LoadError> {
    let reports = Reports::from(args)?;
    let parts = files
        .iter()
        .map(|file| {
            Ok(Part {
                file: Printable::line(&file.to_string_lossy()),
                text: read_text(file, &world.directory)?,
            })
        })
        .collect::<Result<Vec<_>, LoadError>>()?;
    let merged = merge(&parts).map_err(|error| {
        LoadError::input(
            &format!("The reports cannot be merged: {error}"),
            "Give the JSON reports of one change, each plan in one of them, made by one version.",
        )
    })?;
    reports.write_each(|format| match format {
        Format::Human => Ok(text(&merged, None)),
        Format::Json => Ok(json(&merged)),
        Format::Markdown => Ok(text(&merged, Some(args.max_bytes))),
        other => Err(LoadError::usage(
            &format!("A merged report cannot be written as {}.", other.word()),
            "Use human, json or markdown.",
        )),
    })?;
    Ok(merged.exit())
}
