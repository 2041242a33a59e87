//! Where a file's syntax is wrong, to the column.

use regorus::Engine;

use super::repair::repair;

/// Line and column of the first syntax error of a text that was refused, read as Rego v1, whose error is the one that is told.
pub(in crate::policy) fn syntax_place(path: &str, text: &str) -> Option<(u32, u32)> {
    let mut engine = Engine::new();
    engine.set_rego_v0(false);
    let error = engine.add_policy(path.to_owned(), text.to_owned()).err()?;
    let found = position(&error, text)?;
    let place_of = |line: u32| {
        let content = text
            .lines()
            .nth(usize::try_from(line.checked_sub(1)?).ok()?)?;
        let at = content.find("$\"").or_else(|| content.find("$`"))?;
        u32::try_from(content.get(..at)?.chars().count() + 1).ok()
    };
    // The engine stops at a template string, which is no mistake.
    if place_of(found.0) == Some(found.1)
        && let Some(mended) = repair(text)
    {
        let error = engine.add_policy(path.to_owned(), mended.clone()).err()?;
        let (line, column) = position(&error, &mended)?;
        return Some((line, place_of(line).unwrap_or(column)));
    }
    Some(found)
}

/// Line and column, in characters, that an error names.
pub(super) fn position(error: &anyhow::Error, text: &str) -> Option<(u32, u32)> {
    let error = error.to_string();
    let line = error
        .lines()
        .find_map(|l| l.trim_start().strip_prefix("--> "))?;
    let mut parts = line.rsplitn(3, ':');
    let column: u32 = parts.next()?.trim().parse().ok()?;
    let line: u32 = parts.next()?.parse().ok()?;
    let index = usize::try_from(line.checked_sub(1)?).ok()?;
    Some((
        line,
        characters(text.lines().nth(index).unwrap_or(""), column),
    ))
}

/// The column in characters: the engine counts a tab as four.
fn characters(line: &str, column: u32) -> u32 {
    let (mut theirs, mut ours) = (1_u32, 1_u32);
    for c in line.chars() {
        if theirs >= column {
            break;
        }
        theirs += if c == '\t' { 4 } else { 1 };
        ours += 1;
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_one_character() {
        let text = "package a\n\ndeny contains \"x\" if {\n\t\tinput.x ==\n}\n";
        let (line, column) = syntax_place("a.rego", text).unwrap_or_default();
        assert!((4..=5).contains(&line), "{line}");
        assert!(column <= 13, "{column}");
        assert_eq!(syntax_place("a.rego", "package a\n"), None);
        assert_eq!(characters("\t\tx", 9), 3);
    }

    #[test]
    fn a_template_string_is_no_mistake() {
        let text = "package a\n\nx := $\"{input.a}\"\n\ny := := 3\n";
        assert_eq!(syntax_place("a.rego", text), Some((5, 6)));
        let text = "package a\n\nx := $\"{input.a +}\"\n";
        assert_eq!(syntax_place("a.rego", text), Some((3, 6)));
        let text = "package a\n\nx := $\"{input.a\"\n";
        assert_eq!(syntax_place("a.rego", text), Some((3, 6)));
    }
}
