//! The `allowed_signers` file: which keys may sign in whose name, in OpenSSH's format (`man ssh-keygen`, ALLOWED SIGNERS).
//!
//! One line an entry: address patterns, options, a key. An entry that is not understood counts for nothing and is a [`Warning`]; a wrong
//! entry can take an approval away, never give one. Unlike OpenSSH, addresses are compared without regard to case, and a time without
//! `Z` is in UTC, so that all machines agree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::{Key, NAMESPACE};
use crate::text::Printable;

/// The largest file that is read.
pub const MAX_SIGNERS_BYTES: usize = 1024 * 1024;

/// An entry that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its line, counted from 1.
    pub line: u32,
    principals: Vec<Pattern>,
    /// The key, or the authority whose certificates count.
    pub key: Key,
    /// Whether the key is an authority.
    pub authority: bool,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    for_approvals: bool,
}

impl Entry {
    /// Whether it is about an address.
    #[must_use]
    pub fn is_for(&self, address: &str) -> bool {
        matches_list(&self.principals, &address.to_lowercase())
    }

    /// Why it does not count at a time, if so.
    ///
    /// # Errors
    /// With the reason.
    pub fn counts_at(&self, time: Timestamp) -> Result<(), String> {
        if !self.for_approvals {
            return Err(format!(
                "line {} allows the key for other namespaces than {NAMESPACE}",
                self.line
            ));
        }
        match (self.after, self.before) {
            (Some(after), _) if time < after => {
                Err(format!("line {} allows the key from {after} on", self.line))
            }
            (_, Some(before)) if time > before => {
                Err(format!("line {} allowed the key until {before}", self.line))
            }
            _ => Ok(()),
        }
    }
}

/// Something in the file that does not count, or counts for more than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line, counted from 1.
    pub line: u32,
    /// What about it, as a sentence.
    pub message: String,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    /// Entries that count, in the order of their lines.
    pub entries: Vec<Entry>,
    /// What does not.
    pub warnings: Vec<Warning>,
}

impl AllowedSigners {
    /// Reads the file's bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        if bytes.len() > MAX_SIGNERS_BYTES {
            out.warnings.push(Warning {
                line: 1,
                message: format!(
                    "the file is larger than {MAX_SIGNERS_BYTES} bytes; nobody in it counts."
                ),
            });
            return out;
        }
        for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let mut warn = |message: String| {
                out.warnings.push(Warning {
                    line: number,
                    message,
                });
            };
            let Ok(text) = std::str::from_utf8(line) else {
                warn("the entry is not UTF-8 text and does not count.".to_owned());
                continue;
            };
            let text = text.trim_matches([' ', '\t', '\r']);
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match entry(number, text) {
                Ok(entry) => {
                    if entry.principals.iter().any(Pattern::is_everyone) {
                        warn("the pattern * lets this key sign in anybody's name.".to_owned());
                    }
                    out.entries.push(entry);
                }
                Err(problem) => warn(format!("the entry does not count: {problem}.")),
            }
        }
        out
    }

    /// Whether a key may sign in the name of an address, now or at any other time. A key in two people's names is one person's.
    #[must_use]
    pub fn names(&self, key: &Key, address: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| !entry.authority && entry.key == *key && entry.is_for(address))
    }
}

fn entry(line: u32, text: &str) -> Result<Entry, String> {
    let (principals, rest) = first_word(text).ok_or("its quotation marks do not end")?;
    let principals = patterns(&principals.to_lowercase());
    if principals.is_empty() {
        return Err("it names no address".to_owned());
    }
    let rest = rest.trim_start();
    // As OpenSSH does it: what does not read as a key is options, and then comes the key.
    let (options, key) = if let Some(key) = key(rest) {
        (None, key)
    } else {
        let (options, rest) = option_word(rest).ok_or("its quotation marks do not end")?;
        let key = key(rest.trim_start()).ok_or("it has no key that can be read")?;
        (Some(options), key)
    };
    if key.is_certificate() {
        return Err("its key is a certificate; name the key or the authority".to_owned());
    }
    let mut made = Entry {
        line,
        principals,
        key,
        authority: false,
        after: None,
        before: None,
        for_approvals: true,
    };
    if let Some(options) = options {
        read_options(options, &mut made)?;
    }
    Ok(made)
}

/// A kind and base64; what follows is a comment.
fn key(text: &str) -> Option<Key> {
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let (kind, base64) = (words.next()?, words.next()?);
    let key = Key::from_bytes(&STANDARD.decode(base64).ok()?)?;
    (key.kind() == kind).then_some(key)
}

/// The first word, in quotation marks or up to a space.
fn first_word(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (word, rest) = quoted.split_once('"')?;
        return Some((word.to_owned(), rest));
    }
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    Some((word.to_owned(), rest))
}

/// Options up to the first space outside of quotation marks.
fn option_word(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return text.split_at_checked(at),
            _ => {}
        }
    }
    (!quoted).then_some((text, ""))
}

fn read_options(text: &str, made: &mut Entry) -> Result<(), String> {
    let mut rest = text;
    let mut namespaces: Option<String> = None;
    loop {
        let end = rest.find(['=', ',']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let lower = name.to_ascii_lowercase();
        if let Some(quoted) = tail.strip_prefix('=') {
            let (value, after) = quoted_value(quoted)
                .ok_or_else(|| format!("the value of {} is not quoted", shown(name)))?;
            match lower.as_str() {
                "namespaces" if namespaces.is_none() => namespaces = Some(value),
                "valid-after" if made.after.is_none() => made.after = Some(time(&value)?),
                "valid-before" if made.before.is_none() => made.before = Some(time(&value)?),
                "namespaces" | "valid-after" | "valid-before" => {
                    return Err(format!("{lower} stands twice"));
                }
                _ => return Err(format!("the option {} is not known", shown(name))),
            }
            rest = after;
        } else {
            if lower != "cert-authority" {
                return Err(format!("the option {} is not known", shown(name)));
            }
            made.authority = true;
            rest = tail;
        }
        if rest.is_empty() {
            break;
        }
        rest = rest
            .strip_prefix(',')
            .filter(|rest| !rest.is_empty())
            .ok_or("its options cannot be read")?;
    }
    if let (Some(after), Some(before)) = (made.after, made.before)
        && before <= after
    {
        return Err("it ends before it begins".to_owned());
    }
    if let Some(namespaces) = namespaces {
        let list = patterns(&namespaces);
        if list.is_empty() {
            return Err("its namespaces are empty".to_owned());
        }
        made.for_approvals = matches_list(&list, NAMESPACE);
    }
    Ok(())
}

fn shown(name: &str) -> Printable {
    let short: String = name.chars().take(40).collect();
    Printable::line(&format!("\"{short}\""))
}

/// A value in quotation marks, in which `\"` stands for one.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                value.push('"');
            }
            c => value.push(c),
        }
    }
    None
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`.
fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("{} is no time of the form YYYYMMDDHHMMSSZ", shown(text));
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("00");
    if !matches!(digits.len(), 8 | 12 | 14) {
        return Err(wrong());
    }
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    )
    .parse()
    .map_err(|_error| wrong())
}

/// A pattern of OpenSSH: `*` and `?`, and `!` in front to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    negated: bool,
    text: Vec<char>,
}

impl Pattern {
    fn is_everyone(&self) -> bool {
        !self.negated && !self.text.is_empty() && self.text.iter().all(|c| *c == '*')
    }
}

fn patterns(text: &str) -> Vec<Pattern> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let plain = part.strip_prefix('!');
            Pattern {
                negated: plain.is_some(),
                text: plain.unwrap_or(part).chars().collect(),
            }
        })
        .collect()
}

/// Some pattern matches, and none that takes back.
fn matches_list(list: &[Pattern], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let matches = |negated: bool| {
        list.iter()
            .any(|pattern| pattern.negated == negated && glob(&pattern.text, &text))
    };
    !matches(true) && matches(false)
}

/// Matches without backtracking further than the last `*`.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else {
                    return false;
                };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}
