//! Well-known shapes of secrets, which are masked although nothing marks them: tokens with a prefix of their own, private keys, web
//! tokens, and passwords in URLs.
//!
//! Only shapes that nothing else has: a digest, an ARN, a UUID or an image's digest is what a reviewer compares, and stays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::redact::MASK;

/// What follows a prefix of its own. The first group, where there is one, is the secret part of the match.
const SHAPES: &[&str] = &[
    // AWS access key ids.
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    // GitHub and GitLab.
    r"\bgh[pousr]_[A-Za-z0-9]{36,}",
    r"\bgithub_pat_[A-Za-z0-9_]{22,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    // Slack, Stripe, Google, npm, DigitalOcean, SendGrid.
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b[rs]k_live_[A-Za-z0-9]{16,}",
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bnpm_[A-Za-z0-9]{36}\b",
    r"\bdo[opr]_v1_[a-f0-9]{64}\b",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
    // HCP Terraform and Vault.
    r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
    r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
    // JSON web tokens.
    r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    // Private keys, also in JSON and when the end was cut off.
    r"(?s)-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(.+?)(?:-----END [A-Z ]*-----|\z)",
    // `scheme://user:password@host`; what is put in from elsewhere (`${…}`) is no password.
    r#"://[^/\s:@"'\\]*:([^/\s@"'$(\\][^/\s@"'\\]*)@"#,
];

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&SHAPES.join("|")).ok());

/// The secrets of a well-known shape in a text, in order.
pub fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let found = PATTERN.as_ref().map(|pattern| pattern.captures_iter(text));
    found.into_iter().flatten().filter_map(|captures| {
        let whole = captures.get(0)?;
        let secret = captures.iter().skip(1).flatten().next().unwrap_or(whole);
        // `image:tag@sha256:…` is an image with its digest.
        let behind = text.get(secret.end()..).unwrap_or_default();
        let is_image = behind.starts_with("@sha256:") || behind.starts_with("@sha512:");
        (!is_image).then(|| secret.range())
    })
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
    fn the_pattern_is_one() {
        assert!(PATTERN.is_some());
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
