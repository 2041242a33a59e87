//! Well-known shapes of secrets, which are masked although nothing marks them: tokens with a prefix of their own, private keys, web
//! tokens, and passwords in URLs.
//!
//! Only shapes that nothing else has: a digest, an ARN, a UUID or an image's digest is what a reviewer compares, and stays.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::redact::MASK;

/// A kind of secret.
struct Shape {
    /// Texts of which each secret of the kind holds one.
    literals: &'static [&'static str],
    /// How many bytes of the match stand before that text.
    before: usize,
    /// Whether the match begins a word.
    word: bool,
    /// The match. The first group, where there is one, is the secret part.
    pattern: &'static str,
}

const fn word(literals: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape {
        literals,
        before: 0,
        word: true,
        pattern,
    }
}

const SHAPES: &[Shape] = &[
    // AWS access key ids.
    word(&["AKIA", "ASIA"], r"A[KS]IA[A-Z0-9]{16}(?-u:\b)"),
    // GitHub and GitLab.
    word(
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        "gh[pousr]_[A-Za-z0-9]{36,}",
    ),
    word(&["github_pat_"], "github_pat_[A-Za-z0-9_]{22,}"),
    word(&["glpat-"], "glpat-[A-Za-z0-9_-]{20,}"),
    // Slack, Stripe, Google, npm, DigitalOcean, SendGrid.
    word(&["xox"], "xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    word(&["rk_live_", "sk_live_"], "[rs]k_live_[A-Za-z0-9]{16,}"),
    word(&["AIza"], "AIza[A-Za-z0-9_-]{35}"),
    word(&["npm_"], r"npm_[A-Za-z0-9]{36}(?-u:\b)"),
    word(
        &["doo_v1_", "dop_v1_", "dor_v1_"],
        r"do[opr]_v1_[a-f0-9]{64}(?-u:\b)",
    ),
    word(&["SG."], r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}"),
    // HCP Terraform and Vault.
    Shape {
        before: 14,
        ..word(
            &[".atlasv1."],
            r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
        )
    },
    word(&["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    // JSON web tokens.
    word(
        &["eyJ"],
        r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    ),
    // `scheme://user:password@host`; what is put in from elsewhere (`${…}`) is no password.
    Shape {
        word: false,
        ..word(&["://"], r#"://[^/\s:@"'\\]*:([^/\s@"'$(\\][^/\s@"'\\]*)@"#)
    },
    // Private keys, also in JSON; where the key ends is looked for apart.
    Shape {
        word: false,
        ..word(
            &["-----BEGIN "],
            "-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
        )
    },
];

/// Longest text that a pattern looks at, so that hostile repetition costs little.
const WINDOW: usize = 4096;

struct Patterns {
    literals: AhoCorasick,
    /// The shape of each literal, with its pattern.
    shapes: Vec<(&'static Shape, Regex)>,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let mut literals = Vec::new();
    let mut shapes = Vec::new();
    for shape in SHAPES {
        let pattern = Regex::new(&format!(r"\A(?:{})", shape.pattern)).ok()?;
        for literal in shape.literals {
            literals.push(*literal);
            shapes.push((shape, pattern.clone()));
        }
    }
    Some(Patterns {
        // Literals do not overlap; leftmost matches let the search skip over what holds none.
        literals: AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(literals)
            .ok()?,
        shapes,
    })
});

/// The secrets of a well-known shape in a text, in order.
pub fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    PATTERNS.iter().flat_map(move |patterns| {
        patterns.literals.find_iter(text).filter_map(move |found| {
            let (shape, pattern) = patterns.shapes.get(found.pattern().as_usize())?;
            let start = found.start().checked_sub(shape.before)?;
            if start < from {
                return None;
            }
            let place = matched(text, start, shape, pattern)?;
            from = place.end;
            Some(place)
        })
    })
}

/// The secret that begins at `start`, if one does.
fn matched(text: &str, start: usize, shape: &Shape, pattern: &Regex) -> Option<Range<usize>> {
    let inside_word = |c: char| c.is_alphanumeric() || c == '_';
    if shape.word && text.get(..start)?.ends_with(inside_word) {
        return None;
    }
    let mut end = text.len().min(start + WINDOW);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let captures = pattern.captures(text.get(start..end)?)?;
    let whole = captures.get(0)?;
    if shape.literals == ["-----BEGIN "] {
        let key = start + whole.end();
        let behind = text.get(key..)?;
        let length = behind.find("-----END ").unwrap_or(behind.len());
        return (length > 0).then(|| key..key + length);
    }
    let secret = captures.iter().skip(1).flatten().next().unwrap_or(whole);
    let mut place = start + secret.start()..start + secret.end();
    if shape.word && place.end == end {
        // The token is longer than what was looked at.
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        place.end += text
            .get(end..)?
            .find(|c| !is_token(c))
            .unwrap_or(text.len() - end);
    }
    // `image:tag@sha256:…` is an image with its digest.
    let behind = text.get(place.end..)?;
    let is_image = behind.starts_with("@sha256:") || behind.starts_with("@sha512:");
    (!is_image).then_some(place)
}

/// The text with tokens masked, when it holds any.
pub(super) fn mask(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for place in tokens(text) {
        out.push_str(text.get(from..place.start)?);
        out.push_str(MASK);
        from = place.end;
    }
    if from == 0 {
        return None;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_are_some() {
        assert!(PATTERNS.is_some());
    }

    #[test]
    fn tokens_of_well_known_shapes_are_masked() {
        let x = |length: usize| "aB3".chars().cycle().take(length).collect::<String>();
        for token in [
            format!("AKIA{}", "Q7".repeat(8)),
            format!("ghp_{}", x(36)),
            format!("github_pat_{}_{}", x(22), x(59)),
            format!("glpat-{}", x(20)),
            format!("xoxb-123456789012-{}", x(24)),
            format!("sk_live_{}", x(24)),
            format!("AIza{}", x(35)),
            format!("npm_{}", x(36)),
            format!("dop_v1_{}", "a1".repeat(32)),
            format!("SG.{}.{}", x(22), x(43)),
            format!("{}.atlasv1.{}", x(14), x(67)),
            format!("hvs.{}", x(90)),
            format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", x(30), x(43)),
        ] {
            let shown = mask(&format!("set \"{token}\" here")).unwrap();
            assert_eq!(shown, "set \"(sensitive)\" here");
        }
        let begin = |kind: &str| format!("-----BEGIN {kind}PRIVATE KEY-----");
        for (text, shown) in [
            (
                format!(
                    "{}\n{}\n-----END RSA PRIVATE KEY-----\n",
                    begin("RSA "),
                    x(64)
                ),
                format!(
                    "{}(sensitive)-----END RSA PRIVATE KEY-----\n",
                    begin("RSA ")
                ),
            ),
            (
                format!("{}\\n{}", begin(""), x(20)),
                format!("{}(sensitive)", begin("")),
            ),
            (
                "git::https://oauth2:t0ken@host/a.git".to_owned(),
                "git::https://oauth2:(sensitive)@host/a.git".to_owned(),
            ),
            (
                "postgres://app:p%40ss:word@db:5432/x and redis://:secret@r".to_owned(),
                "postgres://app:(sensitive)@db:5432/x and redis://:(sensitive)@r".to_owned(),
            ),
        ] {
            assert_eq!(mask(&text).as_deref(), Some(shown.as_str()));
        }
    }

    #[test]
    fn long_tokens_are_masked_to_their_end() {
        let token = format!("hvs.{}", "aB3".repeat(5000));
        assert_eq!(
            mask(&format!("<{token}> <{token}>")).unwrap(),
            "<(sensitive)> <(sensitive)>"
        );
    }

    #[test]
    fn what_a_reviewer_compares_stays() {
        for text in [
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "arn:aws:iam::123456789012:role/path/AKIAdmin",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
            "123e4567-e89b-12d3-a456-426614174000",
            "docker://registry.example.com/app:1.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "docker://nginx:1.25@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "h1:Zq9rKgGpQ1kEmAhOmCUJYBNOHYIGFGX2m8YmxTQzVDs=",
            "ssh://git@github.com:22/acme/modules.git",
            "git@github.com:acme/modules.git",
            "https://example.com:8443/a@b?x=y:z@c",
            "postgres://app:${var.db_password}@db:5432/app",
            "postgres://app:(sensitive)@db",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            "module.ghp_service.aws_instance.xoxb",
            "eyJhIjoxfQ",
            "/subscriptions/12345678-1234-1234-1234-123456789012/resourceGroups/rg",
            "projects/acme/secrets/db/versions/latest",
            "ami-0123456789abcdef0 vpc-0a1b2c3d4e5f60718",
        ] {
            assert_eq!(mask(text), None, "{text}");
        }
    }
}
