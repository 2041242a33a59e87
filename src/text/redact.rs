//! The one redactor: every secret that the plan marks, in the forms in which it may occur again.
//!
//! Marked positions are masked where they stand, by the plan's own types. The redactor is for everything else: a policy's
//! message, a variable's copy in a provisioner command, an error text. It knows each secret raw and escaped (JSON once and twice, Go's
//! JSON, HCL, Rust's debug form, a shell's quotes), and each of these in base64 (three alignments), percent-encoded and in hexadecimal,
//! and replaces each occurrence with [`MASK`]. What has the shape of a well-known kind of token is masked too, known or not.
//!
//! Values of fewer than [`SHORTEST`] characters and words that the plan uses as types, providers, names or attribute names are
//! masked where they are marked but not looked for in text: scrubbing "postgres" or "true" would make every report useless.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Printable, shapes};

/// What stands in the place of a secret.
pub const MASK: &str = "(sensitive)";

/// Shortest value, in characters, that is looked for in running text.
pub(super) const SHORTEST: usize = 8;

/// Shortest line of a secret of several lines, in characters, that is looked for by itself.
const SHORTEST_LINE: usize = 12;

/// How often a text may have been written as JSON into a text of JSON.
const NESTED: usize = 4;

/// Longest secret, in bytes, of which escaped forms are encoded too: each level of escaping may double a text.
const LONG: usize = 16 << 10;

/// The same where the forms would otherwise come to more than [`MAX_FORMS`].
const LONG_OF_MANY: usize = 512;

/// Most bytes of forms of secrets up to [`LONG`]; a few thousand long documents would come to more than a machine has.
const MAX_FORMS: usize = 256 << 20;

/// Most bytes of forms altogether.
const MAX_ALL_FORMS: usize = 2 << 30;

/// Collects the secrets of a plan.
#[derive(Default)]
pub struct RedactorBuilder {
    secrets: BTreeSet<String>,
    plain: BTreeSet<String>,
}

impl RedactorBuilder {
    /// Adds a value that is marked sensitive; a value of several lines counts line by line too.
    pub fn secret(&mut self, value: &str) {
        if value.chars().count() >= SHORTEST {
            self.secrets.insert(value.to_owned());
            let trimmed = value.trim();
            if trimmed.chars().count() >= SHORTEST {
                self.secrets.insert(trimmed.to_owned());
            }
            // The lines of a JSON document are no secrets: the texts in it are, and are added by themselves.
            let is_document = trimmed.starts_with(['{', '['])
                && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok();
            if value.contains('\n') && !is_document {
                for line in value.lines().map(str::trim) {
                    if line.chars().count() >= SHORTEST_LINE {
                        self.secrets.insert(line.to_owned());
                    }
                }
            }
        }
    }

    /// Adds a word that stands in the plan as a type, provider, name or attribute: it is never scrubbed.
    pub fn plain_word(&mut self, word: &str) {
        if word.chars().count() >= SHORTEST {
            self.plain.insert(word.to_owned());
        }
    }

    /// How many values would be looked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.difference(&self.plain).count()
    }

    /// Whether no value would be looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Builds the redactor.
    ///
    /// # Errors
    /// When the secrets are too many to look for; the caller must then refuse the plan rather than show it.
    pub fn build(self) -> Result<Redactor, TooManySecrets> {
        let sizes = self.secrets.difference(&self.plain).map(String::len);
        if sizes.fold(0_usize, usize::saturating_add) > MAX_BYTES {
            return Err(TooManySecrets);
        }
        let mut forms = match self.forms(LONG, MAX_FORMS) {
            Some(forms) => forms,
            None => self
                .forms(LONG_OF_MANY, MAX_ALL_FORMS)
                .ok_or(TooManySecrets)?,
        };
        forms.retain(|form| !self.plain.contains(form));
        if forms.is_empty() {
            return Ok(Redactor::default());
        }
        Redactor::of(forms)
    }

    /// The forms of all secrets, up to so many bytes; of secrets longer than `long` the escaped forms are not encoded.
    fn forms(&self, long: usize, most: usize) -> Option<Vec<String>> {
        let mut forms = Vec::new();
        let mut bytes = 0_usize;
        for secret in self.secrets.difference(&self.plain) {
            let mut own = BTreeSet::new();
            add_forms(secret, long, &mut own);
            bytes = own
                .iter()
                .map(String::len)
                .fold(bytes, usize::saturating_add);
            if bytes > most {
                return None;
            }
            forms.extend(own);
        }
        Some(forms)
    }
}

/// The plan's secrets are more than this program looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are more of them than can be looked for")]
pub struct TooManySecrets;

/// Most bytes of secrets that are looked for.
const MAX_BYTES: usize = 64 << 20;

/// Longest part of a secret that the automaton knows; the rest is compared where that part occurs. A whole private key in the automaton
/// would make it large, and a long repetitive text would make it slow.
const HEAD: usize = 64;

/// Head and rest of a form.
fn cut(form: &str) -> (&str, &str) {
    let mut at = HEAD.min(form.len());
    while !form.is_char_boundary(at) {
        at -= 1;
    }
    form.split_at(at)
}

/// What one redactor looks for.
struct Patterns {
    /// Heads of all forms; overlapping matches are found.
    automaton: AhoCorasick,
    /// The rests behind each head, in the order of the automaton's patterns.
    rests: Vec<Vec<String>>,
}

impl Patterns {
    /// Places of the text that hold secrets, overlapping ones united, in order.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut previous = (usize::MAX, usize::MAX);
        for found in self.automaton.find_overlapping_iter(text) {
            let pattern = found.pattern().as_usize();
            // In a run of one character each position matches; the first has compared the rest already.
            let is_run = previous == (pattern, found.start().wrapping_sub(1));
            previous = (pattern, found.start());
            let mut end = found.end();
            if !is_run {
                let behind = text.get(end..).unwrap_or_default();
                let rests = self.rests.get(pattern).map_or(&[][..], Vec::as_slice);
                // The rests are sorted, so the longest common beginning is with a neighbour of the place where this text would stand.
                let at = rests.partition_point(|rest| rest.as_str() <= behind);
                let neighbours = [at.checked_sub(1), Some(at)];
                end += neighbours
                    .into_iter()
                    .flatten()
                    .filter_map(|index| rests.get(index))
                    .map(|rest| common(rest, behind))
                    .max()
                    .unwrap_or(0);
            }
            places.push(found.start()..end);
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        let mut united: Vec<Range<usize>> = Vec::new();
        for place in places {
            match united.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => united.push(place),
            }
        }
        united
    }
}

/// How many bytes two texts have in common at their beginning, at a character boundary.
fn common(a: &str, b: &str) -> usize {
    /// Bytes that are compared at once.
    const BLOCK: usize = 256;
    let blocks = a
        .as_bytes()
        .chunks(BLOCK)
        .zip(b.as_bytes().chunks(BLOCK))
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len())
        .sum::<usize>();
    let (a_rest, b_rest) = (a.as_bytes().get(blocks..), b.as_bytes().get(blocks..));
    let single = a_rest
        .unwrap_or_default()
        .iter()
        .zip(b_rest.unwrap_or_default())
        .take_while(|(x, y)| x == y)
        .count();
    let mut at = blocks + single;
    while !a.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Removes every known secret from a text. Cannot be printed: it holds the secrets.
#[derive(Clone, Default)]
pub struct Redactor {
    patterns: Vec<Arc<Patterns>>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor(..)")
    }
}

impl Redactor {
    fn of(mut forms: Vec<String>) -> Result<Self, TooManySecrets> {
        forms.sort_unstable();
        forms.dedup();
        let mut parts: Vec<(&str, &str)> = forms.iter().map(|form| cut(form)).collect();
        parts.sort_unstable();
        let same_head: Vec<&[(&str, &str)]> = parts.chunk_by(|a, b| a.0 == b.0).collect();
        let heads = same_head.iter().filter_map(|parts| parts.first());
        let automaton =
            AhoCorasick::new(heads.map(|(head, _)| head)).map_err(|_e| TooManySecrets)?;
        let rests = same_head
            .iter()
            .map(|parts| parts.iter().map(|(_, rest)| (*rest).to_owned()).collect())
            .collect();
        Ok(Self {
            patterns: vec![Arc::new(Patterns { automaton, rests })],
        })
    }

    /// Replaces every known secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for patterns in &self.patterns {
            let places = patterns.places(&text);
            if places.is_empty() {
                continue;
            }
            let mut out = String::with_capacity(text.len());
            let mut from = 0;
            for place in places {
                out.push_str(text.get(from..place.start).unwrap_or_default());
                out.push_str(MASK);
                from = place.end;
            }
            out.push_str(text.get(from..).unwrap_or_default());
            text = out;
        }
        match shapes::mask(&text) {
            Some(masked) => masked,
            None => text,
        }
    }

    /// A redactor that knows the secrets of several.
    #[must_use]
    pub fn union<'a>(redactors: impl IntoIterator<Item = &'a Self>) -> Self {
        Self {
            patterns: redactors
                .into_iter()
                .flat_map(|r| r.patterns.iter().cloned())
                .collect(),
        }
    }

    /// Whether a text holds a known secret.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        self.patterns.iter().any(|p| p.automaton.is_match(text))
    }

    /// Redacts one line of text and makes it printable.
    #[must_use]
    pub fn line(&self, text: &str) -> Printable {
        Printable::line(&self.redact(text))
    }

    /// Redacts several lines of text and makes them printable.
    #[must_use]
    pub fn lines(&self, text: &str) -> Printable {
        Printable::lines(&self.redact(text))
    }
}

fn add_forms(secret: &str, long: usize, forms: &mut BTreeSet<String>) {
    let is_plain = |c: char| {
        !(c.is_control() || matches!(c, '"' | '\\' | '\'' | '<' | '>' | '&' | '$' | '%'))
            && c.is_ascii()
    };
    add_encoded(secret, forms);
    forms.insert(secret.to_owned());
    if secret.chars().all(is_plain) && Printable::line(secret).as_str() == secret {
        return;
    }
    let is_long = secret.len() > long;
    let mut texts = BTreeSet::from([secret.to_owned(), Printable::line(secret).into_string()]);
    let debug = format!("{secret:?}");
    texts.extend(inside_quotes(&debug).map(str::to_owned));
    // Documents stand in texts of documents, such as a line of the configuration in an input that a policy prints as JSON.
    let mut firsts = vec![json_escaped(secret), go_json_escaped(secret)];
    if secret.contains("${") || secret.contains("%{") {
        firsts.push(
            json_escaped(secret)
                .replace("${", "$${")
                .replace("%{", "%%{"),
        );
    }
    if secret.contains('\'') {
        let quoted = secret.replace('\'', "'\\''");
        firsts.push(json_escaped(&quoted));
        texts.insert(quoted);
    }
    for mut escaped in firsts {
        for _ in 1..if is_long { 2 } else { NESTED } {
            let next = json_escaped(&escaped);
            texts.insert(std::mem::replace(&mut escaped, next));
        }
        texts.insert(escaped);
    }
    let quoted: Vec<String> = texts
        .iter()
        .flat_map(|text| {
            [
                // A shell's quotes, YAML's single ones, YAML's own escape.
                text.replace('\'', "'\\''"),
                text.replace('\'', "''"),
                text.replace("\\u001b", "\\e"),
            ]
        })
        .collect();
    texts.extend(quoted);
    if !is_long {
        for text in &texts {
            add_encoded(text, forms);
        }
    }
    forms.extend(texts);
}

/// Adds what encodings make of a text.
fn add_encoded(text: &str, forms: &mut BTreeSet<String>) {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    for upper in [true, false] {
        forms.insert(hexadecimal(text, upper));
        if text.bytes().all(is_unreserved) {
            continue;
        }
        // RFC 3986; forms, with and without `+` for a blank; JavaScript.
        for kept in ["-_.~", "*-._", "-_.!~*'()"] {
            let percent = percent_encoded(text, kept, upper);
            forms.insert(percent.replace("%20", "+"));
            forms.insert(percent);
        }
    }
    // Inside a longer base64 text a value starts at one of three bit positions; only the characters that it decides alone
    // can be looked for.
    let bytes = text.as_bytes();
    for skip in 0..3_usize {
        let mut padded = vec![0_u8; skip];
        padded.extend_from_slice(bytes);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            let first = [0, 2, 3].get(skip).copied().unwrap_or(0);
            let last = encoded.len() - usize::from(padded.len() % 3 != 0);
            if let Some(inner) = encoded.get(first..last)
                && inner.len() >= SHORTEST
            {
                forms.insert(inner.to_owned());
            }
        }
    }
}

fn inside_quotes(text: &str) -> Option<&str> {
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
}

fn hexadecimal(text: &str, upper: bool) -> String {
    let digits: &[u8; 16] = if upper {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    text.bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| digits.get(usize::from(half)))
        .map(|digit| char::from(*digit))
        .collect()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    inside_quotes(&quoted).unwrap_or(text).to_owned()
}

/// Escapes as Go's encoder does, which Terraform uses: `<`, `>` and `&` as `\u00XX`.
fn go_json_escaped(text: &str) -> String {
    json_escaped(text)
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn percent_encoded(text: &str, kept: &str, upper: bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else if upper {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push_str(&format!("%{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut builder = RedactorBuilder::default();
        for secret in secrets {
            builder.secret(secret);
        }
        builder.build().unwrap()
    }

    #[test]
    fn a_secret_is_masked_in_each_form() {
        let secret = "p@ss<word>/\"1\"é";
        let redactor = redactor(&[secret]);
        let base64 = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}:x"));
        for text in [
            secret.to_owned(),
            serde_json::Value::from(secret).to_string(),
            go_json_escaped(secret),
            percent_encoded(secret, "-_.~", true),
            percent_encoded(secret, "-_.~", false),
        ] {
            let shown = redactor.redact(&format!("before {text} after"));
            assert!(shown.contains(MASK), "{text}");
            assert!(!shown.contains("word"), "{shown}");
        }
        assert!(redactor.finds(&base64));
    }

    #[test]
    fn short_values_and_plain_words_are_not_looked_for_in_text() {
        let mut builder = RedactorBuilder::default();
        builder.secret("admin");
        builder.secret("aws_db_instance");
        builder.plain_word("aws_db_instance");
        assert!(builder.is_empty());
        let redactor = builder.build().unwrap();
        assert_eq!(
            redactor.redact("admin of aws_db_instance"),
            "admin of aws_db_instance"
        );
    }

    #[test]
    fn overlapping_secrets_leave_nothing_between_them() {
        let one = redactor(&["secret-value", "secret-value-long"]);
        assert_eq!(one.redact("x secret-value-long y"), "x (sensitive) y");
        let two = redactor(&["mykey=AKIA", "AKIAREALSECRET99"]);
        assert_eq!(two.redact("x mykey=AKIAREALSECRET99 y"), "x (sensitive) y");
    }

    #[test]
    fn long_secrets_are_masked_to_their_end_and_cost_little() {
        let long: String = (0..1000).fold(String::new(), |all, n| format!("{all}{n:04}"));
        let key = redactor(&[&long]);
        assert_eq!(key.redact(&format!("<{long}>")), "<(sensitive)>");
        // A part of it is as secret, up to where the text goes another way.
        let part: String = long.chars().take(900).collect();
        assert_eq!(key.redact(&format!("<{part}!>")), "<(sensitive)!>");
        let run = "A".repeat(200_000);
        assert_eq!(
            redactor(&[&run]).redact(&format!("<{run}>")),
            "<(sensitive)>"
        );
    }

    #[test]
    fn many_long_secrets_are_looked_for_in_fewer_forms() {
        // With all forms of a secret of this kind the redactor would hold far more than a machine has.
        let secret = |n: usize| format!("{n:04}{}", "é\"'".repeat(400));
        let all: Vec<String> = (0..150)
            .map(secret)
            .chain(["p\"ssword-of-few".to_owned()])
            .collect();
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        let redactor = redactor(&known);
        let bytes: usize = redactor
            .patterns
            .iter()
            .flat_map(|patterns| patterns.rests.iter().flatten())
            .map(String::len)
            .sum();
        assert!(bytes < MAX_FORMS, "{bytes}");
        let last = secret(149);
        for text in [
            last.clone(),
            json_escaped(&last),
            STANDARD_NO_PAD.encode(&last),
        ] {
            assert!(redactor.redact(&text).starts_with(MASK), "{text}");
        }
        // A short one beside them loses no form.
        let nested = json_escaped(&json_escaped("p\"ssword-of-few"));
        assert!(redactor.finds(&STANDARD_NO_PAD.encode(nested)));
    }

    #[test]
    fn the_longest_of_many_secrets_with_one_beginning_is_masked() {
        let head = "0123456789".repeat(10);
        let secrets: Vec<String> = (0..500).map(|n| format!("{head}é{n:03}-end")).collect();
        let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let redactor = redactor(&all);
        for secret in [&secrets[0], &secrets[250], &secrets[499]] {
            assert_eq!(
                redactor.redact(&format!("<{secret}>")),
                "<(sensitive)>",
                "{secret}"
            );
        }
        assert_eq!(redactor.redact(&format!("<{head}x>")), "<(sensitive)x>");
    }

    #[test]
    fn beginnings_in_common_end_between_characters() {
        let long = "ab".repeat(1000);
        for (a, b, length) in [
            ("", "x", 0),
            ("abc", "abd", 2),
            ("é", "è", 0),
            ("xé1", "xé2", 3),
            (long.as_str(), long.as_str(), 2000),
        ] {
            assert_eq!(common(a, b), length, "{a} {b}");
        }
    }

    #[test]
    fn lines_of_a_private_key_are_secrets_of_their_own() {
        let redactor =
            redactor(&["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----"]);
        assert!(redactor.finds("got MIIEvQIBADANBgkqhkiG9w0 here"));
    }
}
