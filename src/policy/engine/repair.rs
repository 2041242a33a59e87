//! Mends of texts that OPA parses and the engine does not, each within its lines: template strings, chained bodies of sets, imports
//! behind rules, functions that are facts.

use super::edit::Edits;
use super::tokens::Tokens;

/// The text with every mend that applies; `None` when none does.
pub(super) fn repair(text: &str) -> Option<String> {
    let templates = templates(text);
    let current = templates.as_deref().unwrap_or(text);
    let structure = structure(current);
    structure.or(templates)
}

/// Chained bodies (`p[x] { … } { … }`) get their head again; late imports move up to the package.
fn structure(text: &str) -> Option<String> {
    // Nothing is put behind the last byte.
    let text = format!("{text}\n");
    let tokens = Tokens::read(&text).ok()?;
    let mut edits = Edits::default();
    let mut late = String::new();
    let mut rules_began = false;
    // First token of the rule at hand, and whether its bodies are alternatives of an `else`.
    let mut rule = 0;
    let mut alternatives = false;
    let mut head: Option<String> = None;
    let mut index = 0;
    while index < tokens.len() {
        let first_of_line = index == 0
            || tokens.get(index - 1).map(|t| t.line) != tokens.get(index).map(|t| t.line);
        match tokens.word(index) {
            "import" if first_of_line => {
                let line = tokens.get(index).map(|t| t.line);
                let mut last = index;
                while tokens.get(last + 1).map(|t| t.line) == line {
                    last += 1;
                }
                if rules_began {
                    let (start, end) = (tokens.start(index), tokens.end(last));
                    late.push(' ');
                    late.push_str(tokens.slice(start, end));
                    edits.replace(start, end, "");
                }
                index = last + 1;
            }
            "package" if first_of_line && !rules_began => {
                let line = tokens.get(index).map(|t| t.line);
                while tokens.get(index).map(|t| t.line) == line && index < tokens.len() {
                    index += 1;
                }
            }
            "{" => {
                let close = tokens.close(index)?;
                rules_began = true;
                let chained = index > 0 && tokens.word(index - 1) == "}";
                if !chained {
                    head = head_of(&tokens, rule, index);
                }
                if tokens.word(close + 1) == "{" && !alternatives {
                    edits.insert(tokens.start(close + 1), format!("{} ", head.as_ref()?));
                }
                index = close + 1;
            }
            "(" => {
                rules_began = true;
                let close = tokens.close(index)?;
                let ends =
                    tokens.get(close + 1).map(|t| t.line) != tokens.get(close).map(|t| t.line);
                let continues = matches!(tokens.word(close + 1), "if" | "=" | ":=" | "{" | "else");
                if ends && !continues && is_fact(&tokens, index) {
                    edits.insert(tokens.end(close), " := true");
                }
                index = close + 1;
            }
            "[" | "set(" => {
                rules_began = true;
                index = tokens.close(index)? + 1;
            }
            word => {
                rules_began = true;
                let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
                if word == "else" {
                    alternatives = true;
                } else if first_of_line && is_name && word != "if" {
                    rule = index;
                    alternatives = false;
                }
                index += 1;
            }
        }
    }
    if !late.is_empty() {
        let package = (0..tokens.len()).find(|i| tokens.word(*i) == "package")?;
        let line = tokens.get(package)?.line;
        let last = (package..tokens.len())
            .take_while(|i| tokens.get(*i).is_some_and(|t| t.line == line))
            .last()?;
        edits.insert(tokens.end(last), late);
    }
    (!edits.is_empty()).then(|| edits.apply(&text))
}

/// Whether a bracket opens the parameters of a rule: only its name stands in front of it on the line.
fn is_fact(tokens: &Tokens<'_>, open: usize) -> bool {
    let line = tokens.get(open).map(|t| t.line);
    let is_name = |word: &str| {
        word == "."
            || word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && !matches!(word, "default" | "else" | "if" | "not" | "import" | "some")
    };
    (0..open)
        .rev()
        .take_while(|i| tokens.get(*i).map(|t| t.line) == line)
        .all(|i| is_name(tokens.word(i)))
}

/// What stands in front of the bracket that opens a body, on one line.
fn head_of(tokens: &Tokens<'_>, rule: usize, open: usize) -> Option<String> {
    let text = tokens.slice(tokens.start(rule), tokens.end(open.checked_sub(1)?));
    let several = text.contains('\n');
    let is_head = rule < open && tokens.word(rule) != "default" && !(several && text.contains('#'));
    is_head.then(|| text.replace('\n', " "))
}

/// Template strings (`$"a {x} b"`) become calls, as OPA's compiler makes them: an undefined part shows as such.
fn templates(text: &str) -> Option<String> {
    if !text.contains("$\"") && !text.contains("$`") {
        return None;
    }
    let mut reader = Templates {
        chars: text.chars().collect(),
        at: 0,
        found: false,
        counter: 0,
    };
    let mut out = String::with_capacity(text.len() + 64);
    reader.code(&mut out, false)?;
    reader.found.then_some(out)
}

struct Templates {
    chars: Vec<char>,
    at: usize,
    found: bool,
    counter: usize,
}

impl Templates {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// Copies code, up to the bracket that closes an expression of a template when there is one around it.
    fn code(&mut self, out: &mut String, inside: bool) -> Option<()> {
        let mut depth = 0_usize;
        while let Some(c) = self.next() {
            match c {
                '$' if matches!(self.peek(), Some('"' | '`')) => {
                    let quote = self.next()?;
                    self.template(quote, out)?;
                    continue;
                }
                '#' => {
                    out.push(c);
                    while let Some(c) = self.peek().filter(|c| *c != '\n') {
                        out.push(c);
                        self.at += 1;
                    }
                    continue;
                }
                '"' | '`' => {
                    out.push(c);
                    loop {
                        let inner = self.next()?;
                        out.push(inner);
                        if inner == '\\' && c == '"' {
                            out.push(self.next()?);
                        } else if inner == c {
                            break;
                        }
                    }
                    continue;
                }
                '{' => depth += 1,
                '}' if inside && depth == 0 => return Some(()),
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            out.push(c);
        }
        (!inside).then_some(())
    }

    fn template(&mut self, quote: char, out: &mut String) -> Option<()> {
        self.found = true;
        out.push_str("internal.template_string([");
        let mut literal = String::new();
        let mut lines = 0;
        loop {
            match self.next()? {
                c if c == quote => break,
                '\\' if self.peek() == Some('{') => {
                    self.at += 1;
                    literal.push('{');
                }
                '\\' if quote == '"' => {
                    literal.push('\\');
                    literal.push(self.next()?);
                }
                '{' => {
                    Self::flush(&mut literal, quote, out);
                    self.counter += 1;
                    let name = format!("__template{}", self.counter);
                    out.push_str(&format!("{{{name} | {name} := ("));
                    self.code(out, true)?;
                    out.push_str(")}, ");
                }
                c => {
                    lines += usize::from(c == '\n');
                    literal.push(c);
                }
            }
        }
        Self::flush(&mut literal, quote, out);
        out.push_str(&"\n".repeat(lines));
        out.push_str("])");
        Some(())
    }

    fn flush(literal: &mut String, quote: char, out: &mut String) {
        if literal.is_empty() {
            return;
        }
        if quote == '"' {
            out.push_str(&format!("\"{literal}\", "));
        } else {
            out.push_str(&serde_json::Value::from(literal.as_str()).to_string());
            out.push_str(", ");
        }
        literal.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chained_bodies_get_their_head_again() {
        assert_eq!(
            repair("package p\np[x] {\n  x := 1\n} {\n  x := 2\n} { x := 3 }\n").unwrap(),
            "package p\np[x] {\n  x := 1\n} p[x] {\n  x := 2\n} p[x] { x := 3 }\n\n"
        );
        assert_eq!(
            repair("package p\nq { 1 == 1 }\np[{\n  \"a\": x,\n}] { x := 1 } { x := 2 }\n")
                .unwrap(),
            "package p\nq { 1 == 1 }\np[{\n  \"a\": x,\n}] { x := 1 } p[{   \"a\": x, }] { x := 2 }\n\n"
        );
        assert_eq!(
            repair("package p\nf(x) = 1 {\n x\n} else = 2 {\n true\n}\n"),
            None
        );
    }

    #[test]
    fn late_imports_move_to_the_package() {
        assert_eq!(
            repair("package p.q # here\nx := 1\nimport data.y as z\nw := z\n").unwrap(),
            "package p.q import data.y as z # here\nx := 1\n\nw := z\n\n"
        );
        assert_eq!(repair("package p\nimport data.y\nx := 1\n"), None);
    }

    #[test]
    fn facts_get_a_value() {
        assert_eq!(
            repair("package p\nf(\"*\", _)\nf(a, b) if a == b\ng(x) if {\n  f(x,\n   1)\n}\n")
                .unwrap(),
            "package p\nf(\"*\", _) := true\nf(a, b) if a == b\ng(x) if {\n  f(x,\n   1)\n}\n\n"
        );
    }

    #[test]
    fn template_strings_become_calls() {
        assert_eq!(
            repair("package p\nx := $\"a {f(\"}\")} \\{b\\n{y}\" # $\"no\"\n").unwrap(),
            "package p\nx := internal.template_string([\"a \", {__template1 | __template1 := (f(\"}\"))}, \" {b\\n\", {__template2 | __template2 := (y)}, ]) # $\"no\"\n"
        );
    }

    #[test]
    fn text_that_is_broken_stays_as_it_is() {
        for text in [
            "package p\nx := $\"{",
            "package p\nx := \"",
            "}{",
            "{ } {",
            "",
        ] {
            assert!(repair(text).is_none_or(|mended| mended.contains(text.trim())));
        }
    }
}
