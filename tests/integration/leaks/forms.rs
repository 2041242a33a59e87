//! The forms in which a planted secret is looked for in what the program wrote.
//!
//! Whole secrets and every window of [`WINDOW`] characters of them count: a secret that was cut and then shown is a leak too.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shortest part of a secret that must not be seen.
const WINDOW: usize = 12;

/// A planted value.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// Where it stands, for messages.
    pub(crate) label: String,
    /// The value as it stands in the plan.
    pub(crate) whole: String,
    /// Its random parts, of which no window may be seen.
    pub(crate) parts: Vec<String>,
}

/// Everything that is looked for.
pub(crate) struct Watch {
    automaton: AhoCorasick,
    names: Vec<String>,
    /// The same without white space, for texts that were wrapped or indented.
    squeezed: AhoCorasick,
    squeezed_names: Vec<String>,
    /// How many patterns there are.
    pub(crate) patterns: usize,
}

type Encode = fn(&str) -> String;

const FORMS: &[(&str, Encode)] = &[
    ("raw", |text| text.to_owned()),
    ("json", json),
    ("json twice", |text| json(&json(text))),
    ("go json", go_json),
    ("go json twice", |text| go_json(&go_json(text))),
    ("go json in json", |text| json(&go_json(text))),
    ("percent", |text| percent(text, true)),
    ("percent, lower case", |text| percent(text, false)),
    ("form", |text| percent(text, true).replace("%20", "+")),
    ("rust debug", |text| {
        let shown = format!("{text:?}");
        shown[1..shown.len() - 1].to_owned()
    }),
    ("shell", |text| text.replace('\'', "'\\''")),
    ("hex", |text| hex(text, false)),
    ("hex, upper case", |text| hex(text, true)),
    ("spelled out", |text| {
        countersign::text::Printable::line(text).into_string()
    }),
    ("hcl", |text| {
        json(text).replace("${", "$${").replace("%{", "%%{")
    }),
];

impl Watch {
    pub(crate) fn new(secrets: &[Secret]) -> Self {
        let mut patterns: BTreeMap<String, String> = BTreeMap::new();
        let mut squeezed: BTreeMap<String, String> = BTreeMap::new();
        for secret in secrets {
            let mut add = |form: &str, text: String| {
                if text.chars().count() >= 8 {
                    let bare = squeeze(&text);
                    let name = format!("{} as {form}", secret.label);
                    if bare.chars().count() >= WINDOW {
                        squeezed.entry(bare).or_insert_with(|| name.clone());
                    }
                    patterns.entry(text).or_insert(name);
                }
            };
            for (form, encode) in FORMS {
                add(form, encode(&secret.whole));
                for part in &secret.parts {
                    for window in windows(part, WINDOW) {
                        add(form, encode(&window));
                    }
                }
            }
            for part in &secret.parts {
                for encoded in base64(part) {
                    for window in windows(&encoded, WINDOW + 4) {
                        add("base64", window);
                    }
                }
            }
        }
        let (texts, names): (Vec<String>, Vec<String>) = patterns.into_iter().unzip();
        let (bare, squeezed_names): (Vec<String>, Vec<String>) = squeezed.into_iter().unzip();
        Self {
            patterns: texts.len(),
            automaton: AhoCorasick::new(&texts).unwrap(),
            names,
            squeezed: AhoCorasick::new(&bare).unwrap(),
            squeezed_names,
        }
    }

    /// What is seen in a text: the secret and its form, with what stands around it.
    pub(crate) fn leaks(&self, text: &str) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let bare = squeeze(text);
        for (automaton, names, text) in [
            (&self.automaton, &self.names, text),
            (&self.squeezed, &self.squeezed_names, bare.as_str()),
        ] {
            for found in automaton.find_overlapping_iter(text) {
                // One example of each secret in each form is enough.
                let name = &names[found.pattern().as_usize()];
                if seen.insert(name) {
                    let from = text[..found.start()].chars().rev().take(40).count();
                    let start = text[..found.start()]
                        .char_indices()
                        .rev()
                        .nth(from.saturating_sub(1))
                        .map_or(0, |(at, _)| at);
                    let around: String = text[start..].chars().take(110).collect();
                    out.insert(format!("{name}: …{around}…"));
                }
            }
        }
        out
    }
}

/// A text without white space and without the lines that screens draw between columns.
fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '│' | '┃' | '┆'))
        .collect()
}

fn windows(text: &str, length: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .windows(length)
        .map(|window| window.iter().collect())
        .collect()
}

/// The characters of base64 that a value decides alone, at each of the three positions it can begin at.
fn base64(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for skip in 0..3 {
        let mut bytes = vec![0; skip];
        bytes.extend_from_slice(text.as_bytes());
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&bytes);
            let first = [0, 2, 3][skip];
            let last = encoded.len() - usize::from(bytes.len() % 3 != 0);
            out.push(encoded[first..last].to_owned());
        }
    }
    out
}

pub(crate) fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn go_json(text: &str) -> String {
    json(text)
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn percent(text: &str, upper: bool) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

fn hex(text: &str, upper: bool) -> String {
    text.bytes()
        .map(|byte| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        })
        .collect()
}

#[test]
fn each_form_of_a_secret_is_found() {
    let whole = "q\"7Kf\\9xW<&>é \n/Tz+4=Lm2'${v}";
    let watch = Watch::new(&[Secret {
        label: "s".to_owned(),
        whole: whole.to_owned(),
        parts: vec![whole.to_owned()],
    }]);
    for (form, encode) in FORMS {
        let text = format!("before {} after", encode(whole));
        assert!(!watch.leaks(&text).is_empty(), "{form}");
    }
    for encoded in base64(whole) {
        assert!(!watch.leaks(&format!("xx{encoded}xx")).is_empty());
    }
    // Cut at either end, wrapped, and indented.
    let cut: String = whole.chars().take(13).collect();
    assert!(!watch.leaks(&cut).is_empty());
    let cut: String = whole.chars().skip(15).collect();
    assert!(!watch.leaks(&cut).is_empty());
    assert!(
        !watch
            .leaks("q\"7Kf\\  │\n │   9xW<&>é /Tz+4=Lm2'${v}")
            .is_empty()
    );
    assert!(watch.leaks("nothing of it, (sensitive) here").is_empty());
}
