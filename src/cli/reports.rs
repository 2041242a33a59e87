//! `report`: what can be done with JSON reports.

use std::path::PathBuf;

use super::args::{OutputArgs, ReportAction};
use super::check::{Reports, emit};
use super::{World, output};
use crate::load::{LoadError, read_text};
use crate::report::merge::{Part, merge};
use crate::report::schema;
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
    reports.spare(files)?;
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
    reports.write_each(|format, to_terminal| {
        let colour = to_terminal && output::colour(args.color, &world.env);
        let width = if to_terminal { output::width() } else { 100 };
        Ok(merged.render(format, colour, width, args.max_bytes))
    })?;
    Ok(merged.exit())
}
