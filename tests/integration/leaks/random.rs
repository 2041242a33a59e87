//! Values that look like secrets, from a seed: the same in each run.

use super::forms::Secret;

/// A small generator; the values need to be different, not unpredictable.
pub(crate) struct Random(u64);

const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789";

impl Random {
    pub(crate) fn new(seed: &str) -> Self {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        for byte in seed.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(state | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// Letters and digits.
    pub(crate) fn text(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(LETTERS[usize::try_from(self.next()).unwrap() % LETTERS.len()]))
            .collect()
    }

    /// A whole number of so many digits.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let rest: String = (1..length)
            .map(|_| char::from(b'0' + u8::try_from(self.next() % 10).unwrap()))
            .collect();
        format!("4{rest}")
    }

    /// A secret of the kind that the number says; every kind comes within [`KINDS`] numbers.
    pub(crate) fn secret(&mut self, kind: usize, label: &str) -> Secret {
        let mut t = |length: usize| self.text(length);
        let (whole, parts) = match kind % KINDS {
            0 => one(format!("{}!{}", t(6), t(5))),
            1 => one(format!("{}/{}+{}=", t(13), t(14), t(10))),
            2 => one(format!("{}\"{}\\{}'{}", t(5), t(5), t(6), t(7))),
            3 => one(format!("{}\n{}", t(20), t(14))),
            4 => one(format!("{}<{}>&{}", t(6), t(6), t(8))),
            5 => one(format!("{}äß{}日本{}", t(6), t(6), t(6))),
            6 => {
                let (a, b) = (t(16), t(14));
                let text = format!("{{\"user\": \"{a}\", \"list\": [\"{b}\", 7, true]}}");
                (text, vec![a, b])
            }
            7 => {
                let lines: Vec<String> = [64, 64, 64, 64, 22].into_iter().map(&mut t).collect();
                let body = lines.join("\n");
                let (kind, dashes) = ("PRIVATE KEY", "-----");
                let text =
                    format!("{dashes}BEGIN {kind}{dashes}\n{body}\n{dashes}END {kind}{dashes}\n");
                (text, vec![body])
            }
            8 => one(self.digits(16)),
            9 => one(format!("{}${{{}}}%{{{}}}", t(6), t(6), t(7))),
            10 => one(format!("{} {}  {}", t(7), t(8), t(7))),
            11 => one(format!("{}\t{}\u{1b}[{}", t(7), t(8), t(7))),
            12 => one(t(8)),
            13 => one(format!("{}\n", t(30))),
            14 => {
                let (a, b) = (t(16), t(18));
                let inner = serde_json::json!({ "deep": { "key": a } }).to_string();
                let text = serde_json::json!({ "document": inner, "other": b }).to_string();
                (text, vec![a, b])
            }
            15 => one(t(300)),
            16 => {
                let (a, b) = (t(24), t(15));
                (
                    format!("{{\n  \"token\": \"{a}\",\n  \"id\": \"{b}\"\n}}\n"),
                    vec![a, b],
                )
            }
            _ => one(format!("{}-{}.{}_{}~{}", t(5), t(5), t(5), t(5), t(5))),
        };
        Secret {
            label: format!("{label} ({kind})"),
            whole,
            parts,
        }
    }
}

/// How many kinds of secrets there are.
pub(crate) const KINDS: usize = 18;

fn one(text: String) -> (String, Vec<String>) {
    (text.clone(), vec![text])
}
