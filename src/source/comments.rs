//! Comments that speak to this program: those that begin with `countersign:`.
//!
//! Such a comment belongs to a `resource`, `data` or `module` block in one of three places: on the lines directly above the block's
//! first line, on the lines directly below it inside the block, or at the end of that line. Directly means that nothing but comments
//! with a line of their own stands between. Comments are taken from the lexer, so text in a string or heredoc is none. The JSON
//! syntax has no comments.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::{Block, Directive};
use super::lexer::{Lexeme, Lexer};
use super::syntax::Lines;

/// How a comment begins that speaks to this program; written otherwise it is still noticed, so that it can be refused aloud.
const PREFIX: &str = "countersign:";

struct Comment<'a> {
    text: &'a [u8],
    start: usize,
    line: usize,
}

/// Whether bytes may hold such a comment; cheap, for deciding what is worth reading.
pub(super) fn may_hold(bytes: &[u8]) -> bool {
    bytes
        .windows(PREFIX.len())
        .any(|window| window.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

/// Finds the comments of one file in the native syntax, with the block that each belongs to.
pub(super) fn directives(bytes: &[u8], file: &Arc<str>, blocks: &[Block]) -> Vec<Directive> {
    if !may_hold(bytes) {
        return Vec::new();
    }
    let comments = comments(bytes);
    let owners = owners(bytes, &comments, blocks);
    let mut found = Vec::new();
    for (comment, owner) in comments.iter().zip(owners) {
        let text = String::from_utf8_lossy(comment.text);
        let said = text.trim_start_matches(['#', '/', '*', ' ', '\t']);
        let speaks = said
            .get(..PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if !speaks {
            continue;
        }
        let block = owner.and_then(|at| blocks.get(at));
        found.push(Directive {
            text: text.trim_end().to_owned(),
            kind: block.map(|block| block.kind.clone()),
            labels: block.map_or_else(Vec::new, |block| block.labels.clone()),
            address: block.and_then(|block| block.address.clone()),
            module: None,
            file: file.clone(),
            line: comment.line,
        });
    }
    found
}

fn comments(bytes: &[u8]) -> Vec<Comment<'_>> {
    let lines = Lines::of(bytes);
    Lexer::new(bytes)
        .filter(|token| token.kind == Lexeme::Comment)
        .map(|token| Comment {
            text: bytes.get(token.start..token.end).unwrap_or_default(),
            start: token.start,
            line: lines.line(token.start),
        })
        .collect()
}

/// For each comment the position of its block.
fn owners(bytes: &[u8], comments: &[Comment<'_>], blocks: &[Block]) -> Vec<Option<usize>> {
    let mut owners = vec![None; comments.len()];
    let mut alone: BTreeMap<usize, usize> = BTreeMap::new();
    let mut trailing: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, comment) in comments.iter().enumerate() {
        // One between `/*` and `*/` may span lines and stand anywhere; it never belongs to a block.
        if comment.text.starts_with(b"/*") {
            continue;
        }
        let before = bytes.get(..comment.start).unwrap_or_default();
        let first = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0xEF | 0xBB | 0xBF));
        if first {
            alone.insert(comment.line, at);
        } else {
            trailing.insert(comment.line, at);
        }
    }
    let mut own = |at: usize, block: usize| {
        if let Some(owner) = owners.get_mut(at) {
            *owner = Some(block);
        }
    };
    for (position, block) in blocks.iter().enumerate() {
        if !matches!(block.kind.as_str(), "resource" | "data" | "module") {
            continue;
        }
        let inside = |at: usize| {
            comments
                .get(at)
                .is_some_and(|comment| block.bytes.contains(&comment.start))
        };
        if let Some(at) = trailing.get(&block.line) {
            own(*at, position);
        }
        let mut line = block.line;
        while let Some(at) = line.checked_sub(1).and_then(|above| alone.get(&above)) {
            own(*at, position);
            line -= 1;
        }
        line = block.line + 1;
        while let Some(at) = alone.get(&line).filter(|at| inside(**at)) {
            own(*at, position);
            line += 1;
        }
    }
    owners
}
