//! Literals beside names that speak of a secret, for excerpts of source: the redactor knows only what the plan holds.

use super::MASK;

/// Parts of names, in lower case without `-` and `_`.
const NAMES: [&str; 14] = [
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "sharedkey",
    "signingkey",
    "encryptionkey",
    "credential",
    "connectionstring",
    "authkey",
];

/// What stands in the place of a literal.
const HIDDEN: &str = "(not shown)";

/// Hides the literals of each line that names a secret; lines stay as many.
///
/// It hides too much rather than too little: a person who needs the text opens the file.
#[must_use]
pub fn hide_named(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn line(line: &str) -> String {
    let bare: String = line
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect();
    // The head of a block names types and labels, no values.
    let is_head = line.trim_end().ends_with('{') && !line.contains(['=', ':']);
    if is_head || !NAMES.iter().any(|name| bare.contains(name)) {
        return line.to_owned();
    }
    if line.contains('"') {
        return quoted(line);
    }
    // Without quotes it may be a line of YAML or of an environment file; a reference or a call stays.
    let Some(at) = line.find(['=', ':']) else {
        return line.to_owned();
    };
    let (name, value) = line.split_at(at + 1);
    let word = value.trim();
    let is_code = word.is_empty()
        || word.contains(['.', '(', '[', '{', '<', '$'])
        || matches!(word, "true" | "false" | "null" | "|" | ">" | MASK);
    if is_code {
        line.to_owned()
    } else {
        format!("{name} {HIDDEN}")
    }
}

/// Hides what stands between quotes, save a bare reference in `${…}` and what is a name itself.
fn quoted(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('"') {
        let (before, literal) = rest.split_at(start);
        out.push_str(before);
        let mut escaped = false;
        let end = literal.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let (inside, after) = match end {
            Some((end, _)) => (
                literal.get(1..end).unwrap_or_default(),
                literal.get(end + 1..).unwrap_or_default(),
            ),
            None => (literal.get(1..).unwrap_or_default(), ""),
        };
        let is_key =
            after.trim_start().starts_with([':', '=']) && !after.trim_start().starts_with("==");
        let is_reference =
            inside.starts_with("${") && inside.ends_with('}') && !inside.contains('"');
        let is_masked = inside == MASK;
        if inside.is_empty() || is_key || is_reference || is_masked {
            out.push_str(&format!("\"{inside}\""));
        } else {
            out.push_str(&format!("\"{HIDDEN}\""));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_beside_names_of_secrets_are_hidden() {
        for (line, shown) in [
            (
                "  db_password = \"Zq8v\"",
                "  db_password = \"(not shown)\"",
            ),
            (
                "  \"API-Key\": \"a\\\"b\", x",
                "  \"API-Key\": \"(not shown)\", x",
            ),
            (
                "  master_password = sensitive(\"x y\")",
                "  master_password = sensitive(\"(not shown)\")",
            ),
            (
                "  passwords = [\"a\", \"b\"]",
                "  passwords = [\"(not shown)\", \"(not shown)\"]",
            ),
            ("password: hunter2", "password: (not shown)"),
            ("DB_TOKEN=abc", "DB_TOKEN= (not shown)"),
            ("  secret = \"open", "  secret = \"(not shown)\""),
        ] {
            assert_eq!(hide_named(line), shown);
        }
    }

    #[test]
    fn code_and_other_lines_stay() {
        for line in [
            "resource \"aws_secretsmanager_secret\" \"db\" {",
            "  password = var.password",
            "  token = data.x.y[0].token",
            "  secret = \"${var.secret}\"",
            "  secret = \"(sensitive)\"",
            "  name = \"db\"",
            "  password = random_password.db.result",
            "# the password is elsewhere",
            "",
        ] {
            assert_eq!(hide_named(line), line);
        }
        assert_eq!(hide_named("a = 1\n\nsecret = \"x\"\n").lines().count(), 3);
    }
}
