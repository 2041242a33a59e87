//! The names a text's expressions refer to, for following a change through locals and variables.
//!
//! Plan JSON lists the references of resources but not those of locals, so the chain is read here.
//! Names are told by their shape only: the variable of a `for` expression with an attribute looks like a
//! resource (`item.id`); who looks the result up in the index drops it.

use std::collections::BTreeSet;

use super::lexer::{Lexeme, Lexer, Token};

/// Lists the references in HCL text: `var.x`, `local.x`, `module.x`, `data.t.n`, `t.n`; sorted, once each.
#[must_use]
pub fn references(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    gather(Lexer::new(text.as_bytes()), text, &mut found);
    found
}

/// The references inside the templates of a JSON text's strings, and its strings that are a bare reference.
pub(super) fn json_references(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    // Strings are the only JSON tokens that can hold a quote.
    while let Some((_, behind)) = rest.split_once('"') {
        let mut escaped = false;
        let end = behind.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some((string, after)) = end.and_then(|end| behind.split_at_checked(end)) else {
            return found;
        };
        rest = after.get(1..).unwrap_or_default();
        if let Ok(string) = serde_json::from_str::<String>(&format!("\"{string}\"")) {
            gather(Lexer::template(string.as_bytes()), &string, &mut found);
            if is_bare(&string) {
                gather(Lexer::new(string.as_bytes()), &string, &mut found);
            }
        }
    }
    found
}

/// Whether a string is nothing but names and dots, as in `depends_on` and `providers`.
fn is_bare(text: &str) -> bool {
    text.contains('.')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn gather(lexer: Lexer<'_>, text: &str, found: &mut BTreeSet<String>) {
    let mut path: Vec<&str> = Vec::new();
    let mut last: Option<Lexeme> = None;
    for Token { kind, start, end } in lexer {
        match kind {
            Lexeme::Name if last == Some(Lexeme::Dot) && !path.is_empty() => {
                path.push(text.get(start..end).unwrap_or_default());
            }
            Lexeme::Name => {
                finish(&mut path, found);
                // A name behind a dot that follows a bracket belongs to a longer traversal.
                if last != Some(Lexeme::Dot) {
                    path.push(text.get(start..end).unwrap_or_default());
                }
            }
            Lexeme::Dot => {}
            _ => finish(&mut path, found),
        }
        last = Some(kind);
    }
    finish(&mut path, found);
}

fn finish(path: &mut Vec<&str>, found: &mut BTreeSet<String>) {
    let names = match path.as_slice() {
        ["data" | "ephemeral", _, _, ..] => 3,
        []
        | [_]
        | [
            "data" | "ephemeral" | "each" | "count" | "self" | "path" | "terraform",
            ..,
        ] => 0,
        _ => 2,
    };
    if names > 0 {
        found.insert(
            path.iter()
                .take(names)
                .copied()
                .collect::<Vec<_>>()
                .join("."),
        );
    }
    path.clear();
}
