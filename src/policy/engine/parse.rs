//! From a text to a syntax tree: v1 or v0, with the mends that the engine's parser needs.

use std::sync::Arc;

use regorus::unstable::{Module as Syntax, Parser, Rule, Source};

use super::check::position;
use super::repair::repair;
use super::tokens::{MAX_BYTES, MAX_COLUMN, MAX_LINES};
use super::{first_line, place, words};

/// A module that has been parsed.
pub(super) struct Parsed {
    /// The file.
    pub(super) path: String,
    /// What was parsed: the original, or the original with mends in the same lines.
    pub(super) text: Arc<str>,
    /// The syntax tree.
    pub(super) module: Syntax,
    /// Whether it is read as Rego v0.
    pub(super) v0: bool,
}

/// Whether a text can only be Rego v1: reading it as v0 would give a worse error, and warnings on standard error.
fn is_surely_v1(text: &str) -> bool {
    text.contains("import rego.v1")
        || (!text.contains("future.keywords")
            && text.lines().any(|line| {
                let code = line.split('#').next().unwrap_or_default();
                code.contains(" if {") || (code.contains(" contains ") && code.contains(" if "))
            }))
}

/// Deepest nesting of brackets; the engine's parser takes exponential time in it.
const MAX_NESTING: usize = 20;

/// The line on which brackets are nested too deeply; brackets in strings and comments do not count.
fn nested_too_deeply(text: &str) -> Option<u32> {
    let mut depth = 0_usize;
    let mut raw = false;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let mut quoted = false;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => {
                    chars.next();
                }
                '"' if !raw => quoted = !quoted,
                '`' if !quoted => raw = !raw,
                _ if quoted || raw => {}
                '#' => break,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_NESTING {
                return Some(number);
            }
        }
    }
    None
}

fn attempt(path: &str, text: &str, v0: bool) -> anyhow::Result<Syntax> {
    let source =
        Source::from_contents_with_limits(path.to_owned(), text.to_owned(), MAX_BYTES, MAX_LINES)?;
    let mut parser = Parser::new(&source)?;
    parser.set_max_col(MAX_COLUMN);
    if !v0 {
        parser.enable_rego_v1()?;
    }
    parser.parse()
}

fn either(path: &str, text: &str) -> Result<(Syntax, bool), anyhow::Error> {
    let error = match attempt(path, text, false) {
        Ok(module) => return Ok((module, false)),
        Err(error) => error,
    };
    if is_surely_v1(text) {
        return Err(error);
    }
    match attempt(path, text, true) {
        Ok(module) => Ok((module, true)),
        // What only v1 asks for is not what is wrong with it.
        Err(older) if first_line(&error).contains("keyword is required") => Err(older),
        Err(_) => Err(error),
    }
}

/// Whether a rule has several bodies that are no alternatives (`p[x] { … } { … }`).
fn is_chained(module: &Syntax) -> bool {
    module.policy.iter().any(|rule| match rule.as_ref() {
        Rule::Spec { bodies, .. } => bodies.iter().skip(1).any(|body| !body.is_else),
        Rule::Default { .. } => false,
    })
}

/// Parses a text as v1, else as v0, else with mends.
///
/// # Errors
/// With a line, where it is known, and a sentence.
pub(super) fn parse(path: &str, text: &Arc<str>) -> Result<Parsed, (Option<u32>, String)> {
    if let Some(line) = nested_too_deeply(text) {
        return Err((
            Some(line),
            format!("the policy is nested deeper than {MAX_NESTING} brackets."),
        ));
    }
    let made = |text: Arc<str>, (module, v0): (Syntax, bool)| Parsed {
        path: path.to_owned(),
        text,
        module,
        v0,
    };
    let mut error = match either(path, text) {
        Ok(found) => {
            // Each body of a chain gets variables of its own.
            if is_chained(&found.0)
                && let Some(mended) = repair(text)
                && let Ok(found) = either(path, &mended)
            {
                return Ok(made(Arc::from(mended), found));
            }
            return Ok(made(Arc::clone(text), found));
        }
        Err(error) => error,
    };
    let mut read = Arc::clone(text);
    if let Some(mended) = repair(text) {
        match either(path, &mended) {
            Ok(found) => return Ok(made(Arc::from(mended), found)),
            // The engine does not know template strings; what is wrong stands behind the first of them.
            Err(other) if first_line(&error) == "invalid character" => {
                (error, read) = (other, Arc::from(mended));
            }
            Err(_) => {}
        }
    }
    Err((
        place(&error).map(|(_, line)| line),
        format!(
            "the policy cannot be parsed: {}.",
            words::parsing(&first_line(&error), &read, position(&error, &read))
        ),
    ))
}
