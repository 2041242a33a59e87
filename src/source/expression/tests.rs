//! Expressions taken apart.
#![allow(clippy::unwrap_used)]

use super::*;

fn pieces(text: &str) -> Vec<Piece> {
    expression(text, false).pieces
}

fn names(text: &str) -> Vec<String> {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Reference(path) => Some(path.join("/")),
            Piece::Text(_) => None,
        })
        .collect()
}

#[test]
fn layout_and_comments_say_nothing() {
    for (one, other) in [
        ("[1, 2]", "[\n  1, # one\n  2,\n]"),
        (
            "{ a = var.x, b = 2 }",
            "{\n  a : var.x\n\n  /* b */ \"b\" = 2\n}",
        ),
        ("f(var.a, 1)", "f(\n  var.a,\n  1,\n)"),
        ("\"a\"", " \"a\" "),
    ] {
        let plain = |text: &str| {
            let mut all = pieces(text);
            all.retain(|piece| *piece != Piece::Text("\"".to_owned()));
            all
        };
        assert_eq!(plain(one), plain(other), "{one}");
    }
    assert_ne!(pieces("f(var.a, -1)"), pieces("f(var.a - 1)"));
    assert_ne!(pieces("[1, 2]"), pieces("[1, 3]"));
    assert_ne!(pieces("\"a b\""), pieces("\"a  b\""));
}

#[test]
fn references_keep_their_path() {
    assert_eq!(
        names("local.cfg.size + var.a[\"b c\"].d + data.t.n.id"),
        ["local/cfg/size", "var/a/b c/d", "data/t/n/id"]
    );
    assert_eq!(names("module.m[each.key].id"), ["module/m/id", "each/key"]);
    assert_eq!(names("module.m[*].id"), ["module/m/id"]);
    assert_eq!(
        names("\"${local.a}-${aws_x.y[0].id}\""),
        ["local/a", "aws_x/y"]
    );
    assert_eq!(names("{ for k, v in var.m : k => upper(v) }"), ["var/m"]);
    assert_eq!(names("\"local.a\" # local.b"), [""; 0]);
}

#[test]
fn files_are_found_by_their_names() {
    let file = |text: &str| {
        let found = expression(text, false);
        let files = found.files.iter();
        let list: Vec<_> = files
            .map(|f| {
                format!(
                    "{}{}{}",
                    if f.in_module { "./" } else { "" },
                    f.name,
                    match &f.tail {
                        Tail::Nothing => String::new(),
                        Tail::Key { behind, by_value } => format!("<{by_value}>{behind}"),
                        Tail::Pattern(pattern) => format!(" {pattern}"),
                        Tail::Computed => "…".to_owned(),
                    }
                )
            })
            .collect();
        (list.join(" "), found.unread)
    };
    assert_eq!(file("file(\"a.txt\")"), ("a.txt".into(), false));
    assert_eq!(
        file("templatefile(\"${path.module}/t/a.tpl\", { x = 1 })"),
        ("./t/a.tpl".into(), false)
    );
    assert_eq!(
        file("file(\"${path.module}/t/${each.key}.json\")"),
        ("./t/<false>.json".into(), false)
    );
    assert_eq!(
        file("file(\"${path.module}/t/${each.value}\")"),
        ("./t/<true>".into(), false)
    );
    assert_eq!(file("file(\"t/${var.v}.json\")"), ("t/…".into(), false));
    assert_eq!(
        file("fileset(path.module, \"t/*.json\")"),
        ("./t/ t/*.json".into(), false)
    );
    assert_eq!(file("filebase64(var.name)"), (String::new(), true));
    assert_eq!(file("\"${path.root}/lambda\""), ("lambda".into(), false));
    assert_eq!(expression("timestamp()", false).volatile, Some("timestamp"));
}

#[test]
fn literals_are_values() {
    for (text, value) in [
        ("\"a\"", r#""a""#),
        (
            "{ a = [1, \"b\"], \"c\" : true }",
            r#"{"a":[1,"b"],"c":true}"#,
        ),
        ("toset([\"a\", \"b\"])", r#"["a","b"]"#),
        ("-1.5", "-1.5"),
        ("null", "null"),
    ] {
        assert_eq!(literal(text).unwrap().to_string(), value);
    }
    for text in [
        "var.a",
        "[var.a]",
        "{ for k in [1] : k => 1 }",
        "[for k in [1] : k]",
        "1 + 1",
        "[1][0]",
        "\"${var.a}\"",
        "{ (var.a) = 1 }",
    ] {
        assert_eq!(literal(text), None, "{text}");
    }
}

#[test]
fn json_says_the_same_as_native_where_it_can() {
    assert_eq!(expression("\"${local.a}\"", true).pieces, pieces("local.a"));
    let found = expression(r#"["${var.a}-x", 1]"#, true);
    assert!(
        found
            .pieces
            .contains(&Piece::Reference(vec!["var".into(), "a".into()]))
    );
}
