//! Patterns as Go writes them, for this crate's regular expressions.
//!
//! OPA's patterns are RE2: `\d`, `\w`, `\s` and `\b` know ASCII only, a class has no operators (`&&`, `--`, `[` inside), `{` that is no
//! repetition is itself, and `\Q…\E` quotes. Without a translation such a pattern would match something else in silence. One thing is
//! taken that RE2 has not: the flag `u`, with which the shipped policies ask for the fast way through long texts.

/// Most repetitions that RE2 takes.
const MAX_REPEAT: u32 = 1000;

/// What stood in front of the place at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Atom,
    Repeat,
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    out: String,
}

/// The same pattern; `None` where it is none for RE2.
pub(super) fn translate(pattern: &str) -> Option<String> {
    let mut reader = Reader {
        chars: pattern.chars().collect(),
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
    };
    reader.pattern()?;
    Some(reader.out)
}

fn literal(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// What a class of Perl holds, without brackets.
fn perl(c: char) -> Option<&'static str> {
    match c.to_ascii_lowercase() {
        'd' => Some("0-9"),
        's' => Some(r"\t\n\f\r "),
        'w' => Some("0-9A-Za-z_"),
        _ => None,
    }
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn begins(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(index, c)| self.chars.get(self.at + index) == Some(&c))
    }

    fn pattern(&mut self) -> Option<()> {
        let mut before = Before::Nothing;
        while let Some(c) = self.next() {
            before = match c {
                '\\' => {
                    self.escape()?;
                    Before::Atom
                }
                '[' => {
                    self.class()?;
                    Before::Atom
                }
                '*' | '+' | '?' => {
                    self.out.push(c);
                    self.repeated(before)?
                }
                '{' => match self.repetition() {
                    Some((text, fits)) if fits => {
                        self.out.push_str(&text);
                        self.repeated(before)?
                    }
                    Some(_) => return None,
                    None => {
                        self.out.push_str(r"\{");
                        Before::Atom
                    }
                },
                '(' => {
                    self.out.push(c);
                    self.group()?;
                    Before::Nothing
                }
                '|' => {
                    self.out.push(c);
                    Before::Nothing
                }
                '.' | '^' | '$' | ')' => {
                    self.out.push(c);
                    Before::Atom
                }
                other => {
                    self.out.push_str(&literal(other));
                    Before::Atom
                }
            };
        }
        Some(())
    }

    /// Behind an operator of repetition: it must have something to repeat, and may be lazy.
    fn repeated(&mut self, before: Before) -> Option<Before> {
        if before != Before::Atom {
            return None;
        }
        if self.peek() == Some('?') {
            self.at += 1;
            self.out.push('?');
        }
        Some(Before::Repeat)
    }

    /// `{n}`, `{n,}` or `{n,m}` behind its bracket, and whether the numbers are allowed; `None` for anything else.
    fn repetition(&mut self) -> Option<(String, bool)> {
        let rest = self.chars.get(self.at..)?;
        let close = rest.iter().position(|c| *c == '}')?;
        let inner: String = rest.get(..close)?.iter().collect();
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let zero = text.len() > 1 && text.starts_with('0');
            (plain && !zero).then(|| text.parse().unwrap_or(u32::MAX))
        };
        let (low, high) = match inner.split_once(',') {
            None => (number(&inner)?, None),
            Some((low, "")) => (number(low)?, None),
            Some((low, high)) => (number(low)?, Some(number(high)?)),
        };
        let fits = low <= MAX_REPEAT && high.is_none_or(|high| high <= MAX_REPEAT && low <= high);
        self.at += close + 1;
        Some((format!("{{{inner}}}"), fits))
    }

    /// What follows the bracket of a group: its name or its flags.
    fn group(&mut self) -> Option<()> {
        if self.peek() != Some('?') {
            return Some(());
        }
        let named = self.begins("?P<") || self.begins("?<");
        loop {
            let c = self.next()?;
            self.out.push(c);
            match c {
                '>' if named => return Some(()),
                ':' | ')' if !named => return Some(()),
                '?' | 'P' | '<' | '_' if named => {}
                c if named && c.is_ascii_alphanumeric() => {}
                '?' | 'i' | 'm' | 's' | 'U' | 'u' | '-' if !named => {}
                _ => return None,
            }
        }
    }

    /// Behind a backslash, outside a class.
    fn escape(&mut self) -> Option<()> {
        match self.peek()? {
            c if perl(c).is_some() => {
                self.at += 1;
                let not = if c.is_ascii_uppercase() { "^" } else { "" };
                let text = format!("(?-i:[{not}{}])", perl(c)?);
                self.out.push_str(&text);
            }
            'b' => {
                self.at += 1;
                self.out.push_str(r"(?-u:\b)");
            }
            c @ ('B' | 'A' | 'z') => {
                self.at += 1;
                self.out.push('\\');
                self.out.push(c);
            }
            'Q' => {
                self.at += 1;
                while self.peek().is_some() && !self.begins("\\E") {
                    let c = self.next()?;
                    self.out.push_str(&literal(c));
                }
                self.at += 2;
            }
            'p' | 'P' => self.property()?,
            _ => {
                let c = self.escaped()?;
                self.out.push_str(&literal(c));
            }
        }
        Some(())
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`.
    fn property(&mut self) -> Option<()> {
        let mut upper = self.next()? == 'P';
        let name = match self.next()? {
            '{' => {
                let rest = self.chars.get(self.at..)?;
                let close = rest.iter().position(|c| *c == '}')?;
                let name: String = rest.get(..close)?.iter().collect();
                self.at += close + 1;
                name
            }
            c => c.to_string(),
        };
        let plain = name.strip_prefix('^');
        upper ^= plain.is_some();
        let letter = if upper { 'P' } else { 'p' };
        self.out
            .push_str(&format!("\\{letter}{{{}}}", plain.unwrap_or(&name)));
        Some(())
    }

    /// The character that an escape stands for.
    fn escaped(&mut self) -> Option<char> {
        let c = self.next()?;
        match c {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => {
                let digits: String = if self.peek() == Some('{') {
                    self.at += 1;
                    let mut digits = String::new();
                    loop {
                        match self.next()? {
                            '}' => break digits,
                            c => digits.push(c),
                        }
                    }
                } else {
                    [self.next()?, self.next()?].iter().collect()
                };
                let plain = digits.chars().all(|c| c.is_ascii_hexdigit());
                let number = plain.then(|| u32::from_str_radix(&digits, 16).ok())??;
                char::from_u32(number)
            }
            '0'..='7' => {
                let is_octal = |c: &char| matches!(c, '0'..='7');
                if c != '0' && !self.peek().as_ref().is_some_and(is_octal) {
                    return None;
                }
                let mut number = c.to_digit(8)?;
                for _ in 0..2 {
                    match self.peek().filter(is_octal) {
                        Some(digit) => {
                            number = number * 8 + digit.to_digit(8)?;
                            self.at += 1;
                        }
                        None => break,
                    }
                }
                char::from_u32(number)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        }
    }

    /// Behind the bracket of a class.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        while first || self.peek()? != ']' {
            first = false;
            if self.begins("[:")
                && let Some(length) = self
                    .chars
                    .get(self.at + 2..)
                    .and_then(|rest| rest.windows(2).position(|pair| matches!(pair, [':', ']'])))
            {
                let end = self.at + length + 4;
                self.out.extend(self.chars.get(self.at..end)?);
                self.at = end;
                continue;
            }
            if self.peek() == Some('\\') {
                let kind = self.chars.get(self.at + 1).copied()?;
                if let Some(inner) = perl(kind) {
                    self.at += 2;
                    if kind.is_ascii_uppercase() {
                        self.out.push_str(&format!("[^{inner}]"));
                    } else {
                        self.out.push_str(inner);
                    }
                    continue;
                }
                if matches!(kind, 'p' | 'P') {
                    self.at += 1;
                    self.property()?;
                    continue;
                }
            }
            let low = self.of_class()?;
            self.out.push_str(&literal(low));
            let behind = self.chars.get(self.at + 1);
            if self.peek() == Some('-') && behind.is_some_and(|c| *c != ']') {
                self.at += 1;
                let high = self.of_class()?;
                if high < low {
                    return None;
                }
                self.out.push('-');
                self.out.push_str(&literal(high));
            }
        }
        self.at += 1;
        self.out.push(']');
        Some(())
    }

    fn of_class(&mut self) -> Option<char> {
        match self.next()? {
            '\\' => self.escaped(),
            c => Some(c),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn matched(pattern: &str, text: &str) -> Option<bool> {
        let regex = regex::Regex::new(&translate(pattern)?).ok()?;
        Some(regex.is_match(text))
    }

    #[test]
    fn classes_know_ascii_only() {
        for (pattern, text, expected) in [
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^\w+$", "a_9", true),
            (r"^\w+$", "é", false),
            (r"^[\w.-]+$", "a.b-é", false),
            (r"^[\w.-]+$", "a.b-c", true),
            (r"^\W$", "é", true),
            (r"^[^\W]$", "é", false),
            (r"^\s$", "\u{a0}", false),
            (r"^\s$", "\u{b}", false),
            (r"^[\S]$", "\u{a0}", true),
            (r"\bé", "é", false),
            (r"\bé", "aé", true),
            (r"(?i)^\w$", "\u{212a}", false),
            (r"(?i)^k$", "\u{212a}", true),
        ] {
            assert_eq!(matched(pattern, text), Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn classes_have_no_operators_and_brackets_stand_for_themselves() {
        for (pattern, text, expected) in [
            (r"^[a&&b]$", "&", true),
            (r"^[a&&b]$", "a", true),
            (r"^[a-z--b]$", "b", true),
            (r"^[a~~b]$", "~", true),
            (r"^[^[]+$", "ab", true),
            (r"^[^[]+$", "a[", false),
            (r"^[a[b]$", "[", true),
            (r"^[]a]+$", "]a", true),
            (r"^[a-]$", "-", true),
            (r"^[[:alpha:]-]+$", "a-b", true),
            (r"^[[:^alpha:]]$", "1", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^\$\{x$", "${x", true),
            (r"^${x}$", "{x}", false),
            (r"^x{$", "x{", true),
            (r"^\<a\>$", "<a>", true),
            (r"^\Qa.b*\E+$", "a.b**", true),
            (r"^\Qa.b", "axb", false),
            (r"^\x41\x{42}\103$", "ABC", true),
            (r"^\p{Greek}\p{^Greek}\pL$", "αab", true),
            (r"^a{2,3}?$", "aaa", true),
            (r"^(?P<x>a)(?<y>b)(?i:c)$", "abC", true),
            (r"^\_\/\-$", "_/-", true),
            (r"(?i-u)^a(?u:[^b])$", "Aé", true),
            ("^a b#c$", "a b#c", true),
        ] {
            assert_eq!(matched(pattern, text), Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_none_for_re2_is_none_here() {
        for pattern in [
            r"(?=a)", r"(?!a)", r"(?<!a)b", r"a**", r"a+*", r"*a", r"a{1001}", r"a{2,1}", r"\1",
            r"\8", r"\u0041", r"\C", r"\Z", r"\E", r"[a-\d]", r"[\b]", r"[b-a]", r"[a", r"(?x) a",
            r"\é", r"a\", r"(?P=x)",
        ] {
            let regex = translate(pattern).map(|text| regex::Regex::new(&text));
            assert!(!matches!(regex, Some(Ok(_))), "{pattern}");
        }
    }
}
