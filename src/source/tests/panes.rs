use crate::source::{TokenKind, tokens};

fn colours(text: &str) -> Vec<(&str, TokenKind)> {
    tokens(text)
        .into_iter()
        .map(|(range, kind)| (&text[range], kind))
        .collect()
}

#[test]
fn a_block_is_coloured_by_role() {
    use TokenKind::{Attribute, Comment, Keyword, Number, Plain, Punctuation, String};
    let text = "# top\nresource \"a\" b {\n  x = \"t-${var.y}\" // c\n  when = destroy\n  n = [1.5, true]\n  o = { k : null }\n}\n";
    assert_eq!(
        colours(text),
        [
            ("# top", Comment),
            ("resource", Keyword),
            ("\"a\"", String),
            ("b", Plain),
            ("{", Punctuation),
            ("x", Attribute),
            ("=", Punctuation),
            ("\"t-", String),
            ("${", Punctuation),
            ("var", Plain),
            (".", Punctuation),
            ("y", Plain),
            ("}", Punctuation),
            ("\"", String),
            ("// c", Comment),
            ("when", Attribute),
            ("=", Punctuation),
            ("destroy", Plain),
            ("n", Attribute),
            ("=", Punctuation),
            ("[", Punctuation),
            ("1.5", Number),
            (",", Punctuation),
            ("true", Keyword),
            ("]", Punctuation),
            ("o", Attribute),
            ("=", Punctuation),
            ("{", Punctuation),
            ("k", Attribute),
            (":", Punctuation),
            ("null", Keyword),
            ("}", Punctuation),
            ("}", Punctuation),
        ]
    );
}

#[test]
fn a_heredoc_is_one_string_up_to_its_interpolations() {
    let text = "x = <<EOT\nä\n${y}\nEOT\n";
    let strings: Vec<_> = colours(text)
        .into_iter()
        .filter(|(_, kind)| *kind == TokenKind::String)
        .collect();
    assert_eq!(
        strings,
        [
            ("<<EOT\nä\n", TokenKind::String),
            ("\nEOT", TokenKind::String)
        ]
    );
}

#[test]
fn text_that_is_not_terraform_is_coloured_without_harm() {
    assert_eq!(colours(""), []);
    assert_eq!(colours("{\"a\": 1e5}").len(), 5);
    assert_eq!(colours("\u{feff}é…").len(), 1);
}
