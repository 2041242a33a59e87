//! Lineage and serial of a state.
//!
//! The bytes are walked one by one: how deep they are nested, and what stands at the top. Two short texts are all the memory it takes.
//! What two readers could understand in different ways (a key twice, in other letters, with an escape) gives nothing.

/// Longest key or value that is looked at; a lineage is a UUID.
const LONGEST: usize = 128;

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Between texts.
    Outside,
    /// In a text at the top of the document, a key or the value of one.
    Text,
    /// In a text further down.
    Deep,
}

/// Reads a state, piece by piece.
#[derive(Debug)]
pub(super) struct StateReader {
    at: At,
    escaped: bool,
    depth: usize,
    /// The text or word at the top that is being read.
    word: Vec<u8>,
    /// Whether a text was too long, held an escape or a key stood twice.
    unclear: bool,
    /// The key whose value comes.
    key: Option<Vec<u8>>,
    lineage: Option<String>,
    serial: Option<u64>,
}

impl Default for StateReader {
    fn default() -> Self {
        Self {
            at: At::Outside,
            escaped: false,
            depth: 0,
            word: Vec::new(),
            unclear: false,
            key: None,
            lineage: None,
            serial: None,
        }
    }
}

impl StateReader {
    /// Lineage and serial; none of the two where the document was unclear. A state that was never written has an empty lineage: none.
    pub(super) fn finish(self) -> (Option<String>, Option<u64>) {
        if self.unclear || self.depth != 0 || self.at != At::Outside {
            return (None, None);
        }
        let lineage = self.lineage.filter(|text| !text.is_empty());
        (lineage, self.serial)
    }

    /// Reads a piece.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.word.len() < LONGEST {
            self.word.push(byte);
        } else if self.is_wanted() {
            self.unclear = true;
        }
    }

    /// Whether what is being read is a key, or a value that is asked for.
    fn is_wanted(&self) -> bool {
        self.key
            .as_deref()
            .is_none_or(|key| is(key, "lineage") || is(key, "serial"))
    }

    fn byte(&mut self, byte: u8) {
        match self.at {
            At::Deep => match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.at = At::Outside,
                _ => {}
            },
            At::Text => match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => {
                    self.escaped = true;
                    self.unclear |= self.is_wanted();
                }
                b'"' => {
                    self.at = At::Outside;
                    self.text();
                }
                _ => self.keep(byte),
            },
            At::Outside => self.outside(byte),
        }
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'"' if self.depth == 1 => {
                self.at = At::Text;
                self.word.clear();
            }
            b'"' => self.at = At::Deep,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                if self.depth == 1 {
                    self.number();
                }
                // More ends than beginnings: no document.
                self.unclear |= self.depth == 0;
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => {
                self.number();
                self.key = None;
            }
            b':' if self.depth == 1 => self.word.clear(),
            b if self.depth == 1 && self.key.is_some() && !b.is_ascii_whitespace() => self.keep(b),
            _ => {}
        }
    }

    /// A text at the top is complete: a key where none is waiting for its value.
    fn text(&mut self) {
        let word = std::mem::take(&mut self.word);
        match &self.key {
            None => self.key = Some(word),
            Some(key) if is(key, "lineage") => {
                self.unclear |= self.lineage.is_some();
                self.lineage = String::from_utf8(word).ok();
            }
            // A serial is no text.
            Some(key) => self.unclear |= is(key, "serial"),
        }
    }

    /// A value at the top is complete.
    fn number(&mut self) {
        let word = std::mem::take(&mut self.word);
        if self.key.as_deref().is_some_and(|key| is(key, "serial")) {
            let number = std::str::from_utf8(&word)
                .ok()
                .and_then(|text| text.parse().ok());
            self.unclear |= self.serial.is_some() || number.is_none();
            self.serial = number;
        }
    }
}

/// Go's reader takes keys in any case.
fn is(key: &[u8], name: &str) -> bool {
    key.eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<u64>) {
        let mut reader = StateReader::default();
        // Wherever a piece ends.
        for byte in text.as_bytes() {
            reader.read(&[*byte]);
        }
        reader.finish()
    }

    #[test]
    fn lineage_and_serial_are_found_wherever_they_stand() {
        let both = (Some("a-b".to_owned()), Some(12));
        for text in [
            r#"{"version": 4, "serial": 12, "lineage": "a-b", "outputs": {}}"#,
            r#"{"lineage":"a-b","resources":[{"serial":1,"lineage":"x"}],"serial":12}"#,
            "{\n  \"outputs\": {\"s\": {\"value\": \"\\\"}{,\\\\\"}},\n  \"serial\": 12 ,\n  \"lineage\" : \"a-b\"\n}\n",
        ] {
            assert_eq!(read(text), both, "{text}");
        }
        assert_eq!(read(r#"{"serial":0,"lineage":""}"#), (None, Some(0)));
        assert_eq!(read(r#"{"a":1}"#), (None, None));
    }

    #[test]
    fn what_readers_could_take_in_two_ways_gives_nothing() {
        let long = format!(r#"{{"lineage":"{}","serial":1}}"#, "x".repeat(200));
        let key = format!(r#"{{"{}":1,"serial":1}}"#, "x".repeat(200));
        for text in [
            r#"{"serial":1,"serial":2}"#,
            r#"{"lineage":"a","Lineage":"b"}"#,
            r#"{"line\u0061ge":"b","lineage":"a"}"#,
            r#"{"lineage":"a\"b","serial":1}"#,
            r#"{"serial":"1"}"#,
            r#"{"serial":1.5}"#,
            r#"{"serial":1"#,
            r#"{"serial":1}}"#,
            &long,
            &key,
        ] {
            assert_eq!(read(text), (None, None), "{text}");
        }
    }

    #[test]
    fn other_values_may_be_as_long_as_they_like() {
        let text = format!(r#"{{"other":"{}","serial":3}}"#, "x".repeat(100_000));
        assert_eq!(read(&text), (None, Some(3)));
    }
}
