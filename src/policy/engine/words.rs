//! The engine's messages in the words of an author: what is wrong, and what to write.

/// A message of loading or of evaluation.
pub(super) fn plain(message: &str) -> String {
    let message = message.trim_end_matches(['.', ' ']);
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    if let Some(rest) = message.strip_prefix("rule conflicts with rule at ") {
        let place = rest.rsplit_once(':').map_or(rest, |(place, _)| place);
        format!("two definitions of one rule give different values; the other is at {place}")
    } else if message == "functions must not produce multiple outputs for same inputs" {
        "a function gives different values for the same arguments".to_owned()
    } else if message == "rules must not produce multiple outputs" {
        "a rule has different values, or different values for one key".to_owned()
    } else if message.starts_with("recursion detected") {
        "a rule refers to itself".to_owned()
    } else if let Some(name) = message.strip_prefix("could not find function ") {
        format!("there is no function {}", name.trim_start_matches("data."))
    } else if let Some(rest) = message.strip_prefix("mismatch in number of arguments. supplied ") {
        let (given, wanted) = rest.split_once(", expected ").unwrap_or((rest, "others"));
        format!("a function is called with {given} arguments, and it takes {wanted}")
    } else if message.starts_with("use of undefined variable") {
        format!("nothing gives `{}` a value", quoted())
    } else if message.ends_with("used before definition below") {
        format!("`{}` is used before := gives it a value", quoted())
    } else if let Some(rest) = message.strip_prefix("var ")
        && let Some((name, _)) = rest.split_once(" is unsafe")
    {
        format!("nothing gives `{name}` a value")
    } else {
        message.to_owned()
    }
}

/// What a parser's message means, by the text around the place that it names.
pub(super) fn parsing(message: &str, text: &str, place: Option<(u32, u32)>) -> String {
    let message = message.trim_end_matches(['.', ' ']);
    let (line, column) = place.unwrap_or((1, 1));
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let content = text.lines().nth(index).unwrap_or_default();
    let skipped = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let at = content
        .char_indices()
        .nth(skipped)
        .map_or(content.len(), |(at, _)| at);
    let (before, after) = content.split_at_checked(at).unwrap_or((content, ""));
    match advice(message, text, before, after) {
        Some(advice) => advice.to_owned(),
        None => message.to_owned(),
    }
}

fn advice(message: &str, text: &str, before: &str, after: &str) -> Option<&'static str> {
    let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let word = before.trim_start();
    let whole = content_of(before, after);
    let said = |part: &str| message.contains(part);
    let advice = if said("Missing package declaration") {
        if text.lines().any(is_code) {
            "the file does not begin with its package, such as \"package policies.tags\""
        } else {
            "the file is empty: there is no package and no rule in it"
        }
    } else if (before.ends_with('&') && after.starts_with('&')) || after.starts_with("&&") {
        "Rego has no &&; write each condition on a line of its own, and all of them must hold"
    } else if (before.ends_with('|') && after.starts_with('|')) || after.starts_with("||") {
        "Rego has no ||; write a rule for each case, or \"x in {…}\""
    } else if after.starts_with('!') && !after.starts_with("!=") {
        "Rego has no !; write not"
    } else if after.starts_with('\'') {
        "texts stand in double quotes or in backticks, not in single quotes"
    } else if before.ends_with('<') && after.starts_with('>') {
        "Rego has no <>; write !="
    } else if before.trim_end().ends_with('=') && after.starts_with('=') {
        "write == to compare, or := to give a value"
    } else if after.starts_with("$\"") || after.starts_with("$`") {
        "this template string is not closed, or a { in it is not"
    } else if said("escape sequence") {
        "this text has a \\ that begins no escape; write patterns in backticks, such as `^\\d+$`"
    } else if said("invalid character in string") {
        "this text has no closing quote on its line"
    } else if word.starts_with("package ") && after.starts_with('-') {
        "a name in a package has no \"-\"; write \"_\""
    } else if said("Failed to parse rule-ref") && after.starts_with(['}', ')', ']']) {
        "this bracket closes nothing"
    } else if ["for ", "while ", "foreach "]
        .iter()
        .any(|w| whole.trim_start().starts_with(w))
    {
        "Rego has no loops; write \"some x in items\", and what follows must hold for it"
    } else if whole.starts_with(char::is_whitespace) && whole.trim_start().starts_with("if ") {
        "inside a body there is no if; write the condition as a line"
    } else if said("expecting `}`") && before.chars().next().is_some_and(char::is_alphabetic) {
        "a } is missing above this line"
    } else if after.starts_with(':') && word.ends_with("if") {
        "a body stands in braces: if { … }"
    } else {
        return None;
    };
    Some(advice)
}

fn content_of(before: &str, after: &str) -> String {
    format!("{before}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_beginners_are_said_with_what_to_write() {
        let wrong = |body: &str| {
            let text: std::sync::Arc<str> = std::sync::Arc::from(body);
            let error = super::super::parse::parse("a.rego", &text).err();
            error.map_or_else(String::new, |(_, message)| message)
        };
        let rule = |line: &str| {
            wrong(&format!(
                "package p\n\ndeny contains \"x\" if {{\n\t{line}\n}}\n"
            ))
        };
        for (found, expected) in [
            (rule("input.a == 1 && input.b"), "Rego has no &&;"),
            (rule("input.a == 1 || input.b"), "Rego has no ||;"),
            (rule("!input.a"), "Rego has no !;"),
            (rule("input.a == 'x'"), "not in single quotes."),
            (rule("input.a <> 1"), "Rego has no <>;"),
            (rule("input.a = = 1"), "write == to compare,"),
            (
                rule("regex.match(\"^\\d\", \"1\")"),
                "write patterns in backticks",
            ),
            (rule("input.a == \"x"), "no closing quote on its line."),
            (rule("for r in input.a { r }"), "Rego has no loops;"),
            (rule("if input.a { true }"), "inside a body there is no if;"),
            (
                rule("x := $\"a {input.b\""),
                "template string is not closed",
            ),
            (wrong(""), "the file is empty"),
            (wrong("# nothing\n"), "the file is empty"),
            (
                wrong("deny contains \"x\" if true\n"),
                "does not begin with its package",
            ),
            (wrong("package a-b\n"), "has no \"-\"; write \"_\"."),
            (
                wrong("package p\n\ndeny contains \"x\" if {\n\ttrue\n}}\n"),
                "this bracket closes nothing.",
            ),
            (
                wrong(
                    "package p\n\ndeny contains \"x\" if {\n\ttrue\n\nwarn contains \"y\" if true\n",
                ),
                "a } is missing above this line.",
            ),
            (
                wrong("package p\n\ndeny contains \"x\" if:\n\ttrue\n"),
                "a body stands in braces:",
            ),
        ] {
            assert!(found.contains(expected), "{found}");
            assert!(!found.contains(".."), "{found}");
        }
    }

    #[test]
    fn messages_of_the_engine_name_what_is_wrong() {
        for (message, expected) in [
            (
                "rule conflicts with rule at p/a.rego:3:1",
                "two definitions of one rule give different values; the other is at p/a.rego:3",
            ),
            (
                "var `msg` used before definition below.",
                "`msg` is used before := gives it a value",
            ),
            (
                "could not find function data.lib.bad",
                "there is no function lib.bad",
            ),
            (
                "var x is unsafe (path [\"p\"], scopes [{}])",
                "nothing gives `x` a value",
            ),
            ("something else.", "something else"),
        ] {
            assert_eq!(plain(message), expected);
        }
    }
}
