//! `report`: what can be done with JSON reports.

use super::args::ReportAction;
use super::check::emit;
use crate::load::LoadError;
use crate::report::schema;
use crate::review::Exit;

/// Runs one of the commands.
pub(super) fn run(action: &ReportAction) -> Result<Exit, LoadError> {
    match action {
        ReportAction::Schema => {
            emit(schema::SCHEMA, None)?;
            Ok(Exit::Pass)
        }
    }
}
