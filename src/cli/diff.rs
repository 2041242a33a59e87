//! `diff`: is the plan at hand the plan that was reviewed?

use super::args::{DiffArgs, ListFormat, SubjectArgs};
use super::check::emit;
use super::{VERSION, World, subject};
use crate::load::{self, LoadError};
use crate::plan::diff;
use crate::report::diff::{Compared, human, json};
use crate::review::Exit;

/// Compares two plans: pass where they have the same effect, blocked where they do not.
pub(super) fn run(args: &DiffArgs, world: &World) -> Result<Exit, LoadError> {
    let subject = SubjectArgs {
        plans: vec![args.first.clone(), args.second.clone()],
        ..SubjectArgs::default()
    };
    let request = subject::request(&subject, false, world)?;
    let plans = load::plans_alone(&request)?;
    let [first, second] = plans.as_slice() else {
        return Err(LoadError::usage(
            "Two plans are compared.",
            "Name both: countersign diff reviewed.json plan.json",
        ));
    };
    let points = diff(&first.plan, &second.plan, world.threads)
        .map_err(|error| LoadError::plan(first.path.as_str(), &error))?;
    let compared = Compared {
        plans: [first, second],
        points: &points,
        tool_version: VERSION,
    };
    let text = match args.format {
        ListFormat::Human => human(&compared),
        ListFormat::Json => json(&compared),
    };
    emit(&text, args.output.as_deref())?;
    Ok(compared.exit())
}
