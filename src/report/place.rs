//! Where a finding stands, for formats that other programs show beside the source.

use std::fmt::Write as _;

use super::phrases::{self, Found};
use super::{Context, wording};
use crate::finding::{Finding, Location};
use crate::source::SourceSide;

/// A file, and lines of it where they are known.
pub(super) struct Place {
    /// Relative, with `/`; never absolute, never above the repository.
    pub(super) file: String,
    pub(super) lines: Option<(u32, u32)>,
    /// Whether the file is the configuration's, not the plan's.
    pub(super) source: bool,
    /// The place in words, where its lines are not those of the commit under review.
    pub(super) elsewhere: Option<String>,
}

/// The place of a finding: its lines, else its file, else the plan's file, since consumers drop what has no file.
pub(super) fn place(finding: &Finding) -> Place {
    let here = |location: &&Location| location.side == SourceSide::Commit;
    match finding.location.as_ref().filter(here) {
        Some(location) => Place {
            file: relative(location.file.as_str()),
            lines: location
                .line
                .map(|line| (line, location.end_line.unwrap_or(line).max(line))),
            source: true,
            elsewhere: None,
        },
        None => Place {
            file: relative(finding.plan.as_str()),
            lines: None,
            source: false,
            elsewhere: finding.location.as_ref().map(phrases::place),
        },
    }
}

/// The message of a finding, with its place where that cannot be pointed at.
pub(super) fn message(context: &Context<'_>, (finding, state): Found<'_>, place: &Place) -> String {
    let mut text = finding.message.to_string();
    if context.has_many() {
        text = format!("{}: {text}", finding.plan);
    }
    if let Some(elsewhere) = &place.elsewhere {
        text.push_str(&format!(" (at {elsewhere})"));
    }
    if let Some(known) = wording::known(state) {
        text.push_str(&format!(" ({known})"));
    }
    text
}

/// A path that tells nothing about this machine.
fn relative(path: &str) -> String {
    let outside = path.starts_with('/') || path.split(['/', '\\']).any(|step| step == "..");
    let shown = match path.rsplit(['/', '\\']).next() {
        Some(name) if outside => name,
        _ => path.strip_prefix("./").unwrap_or(path),
    };
    match shown {
        "" | "-" => "stdin".to_owned(),
        shown => shown.to_owned(),
    }
}

/// A relative path as a URI reference.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_and_uris_are_encoded() {
        assert_eq!(relative("/home/x/plan.json"), "plan.json");
        assert_eq!(relative("../a/plan.json"), "plan.json");
        assert_eq!(relative("./a/plan.json"), "a/plan.json");
        assert_eq!(relative("-"), "stdin");
        assert_eq!(uri("a b/ü.tf?x#y"), "a%20b/%C3%BC.tf%3Fx%23y");
    }
}
