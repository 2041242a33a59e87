//! The scanner against an independent parser, over files that both accept.

use hcl_edit::structure::{Body as Oracle, Structure};
use hcl_edit::{Span as _, parser::parse_body};

use crate::source::hcl::parse;
use crate::source::syntax::Body;

/// Kind, labels, depth and lines of every block, and the line of every attribute.
type Outline = Vec<(usize, String, Vec<String>, usize, usize)>;

fn lines(text: &str, start: usize, end: usize) -> (usize, usize) {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    (line(start), line(end.saturating_sub(1)))
}

fn expected(text: &str, body: &Oracle, depth: usize, out: &mut Outline) {
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let span = attribute.span().unwrap();
                let (line, _) = lines(text, span.start, span.end);
                out.push((
                    depth,
                    attribute.key.to_string(),
                    vec!["=".to_owned()],
                    line,
                    line,
                ));
            }
            Structure::Block(block) => {
                let span = block.span().unwrap();
                let (line, end_line) = lines(text, span.start, span.end);
                let labels = block
                    .labels
                    .iter()
                    .map(|label| label.as_str().to_owned())
                    .collect();
                out.push((depth, block.ident.to_string(), labels, line, end_line));
                expected(text, &block.body, depth + 1, out);
            }
        }
    }
}

fn found(body: &Body<'_>, depth: usize, out: &mut Outline) {
    for attribute in &body.attributes {
        let line = attribute.span.line;
        out.push((
            depth,
            attribute.name.to_string(),
            vec!["=".to_owned()],
            line,
            line,
        ));
    }
    for node in &body.blocks {
        let span = node.span;
        out.push((
            depth,
            node.kind.to_string(),
            node.labels.clone(),
            span.line,
            span.end_line,
        ));
        found(&node.body, depth + 1, out);
    }
}

fn agree(text: &str) {
    let oracle = parse_body(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut want = Outline::new();
    expected(text, &oracle, 0, &mut want);
    let ours = parse(text.as_bytes());
    let mut have = Outline::new();
    found(&ours.body, 0, &mut have);
    let by_place = |a: &(usize, String, Vec<String>, usize, usize),
                    b: &(_, String, Vec<String>, _, _)| {
        (a.3, a.0, &a.1, &a.2, a.4).cmp(&(b.3, b.0, &b.1, &b.2, b.4))
    };
    want.sort_by(by_place);
    have.sort_by(by_place);
    assert_eq!(have, want, "{text}");
    assert_eq!(ours.faults.into_list(), [], "{text}");
}

#[test]
fn crafted_files_have_the_same_blocks() {
    for text in [
        "",
        "\n# only a comment\n/* and\nanother */",
        "a {}\n",
        "a = {}\nb = [{ c = 1 }, { d = 2 }]\ne = { f = {} }\ng {}\n",
        "a { b = 1 }\n",
        "a b \"c\" d {\n}\n",
        "a {\r\n  b = 1\r\n  c {\r\n  }\r\n}\r\n",
        "a {\n  b = <<EOT\n}\n  ${\"}\"} }\nEOT\n  c = <<-EOT\n    x\n    EOT\n}\nd {}\n",
        "a {\n  b = \"\\\"}\\\\\" # }\n  c = \"${\"${\"}\"}\"}\"\n}\n",
        "a {\n  b = [\n    1,\n    { x = \"]\" },\n  ]\n  c = f(\n    1,\n    2\n  )\n  d = (1 +\n  2)\n}\n",
        "a {\n  b = { x = 1, y : 2, \"z\" = 3 }\n  c = [for k, v in { a = 1 } : \"${k}-${v}\" if v > 0]\n  d = { for k in x : k => k... }\n}\n",
        "a {\n  dynamic \"x\" {\n    for_each = y\n    content {\n      z = x.value[\"k\"].*.w\n    }\n  }\n}\n",
        "a = true ? \"x\" : \"y\"\nb = !c && (d || e) == f\ng = 1 >= 2\nh = -1.5e3\n",
        "a = \"$${b} %%{c} $ %\"\n",
        "a = <<EOT\n$${x} %%{y}\n%{ if z ~}\n}\n%{ endif ~}\nEOT\n",
        "a = 1 // comment\nb = 2 # {\n",
        "a-b = 1\n_c = 2\ngröße = 3\n",
    ] {
        agree(text);
    }
}

#[test]
fn real_files_have_the_same_blocks() {
    for text in super::real::FILES {
        agree(text);
    }
}
