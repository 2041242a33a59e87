use super::{index, index_at, of, outline, problems};
use crate::source::ResourceMode;

#[test]
fn every_kind_has_its_address() {
    let index = of(r#"
resource "aws_x" "r" {}
data "aws_x" "d" {}
ephemeral "aws_x" "e" {}
action "aws_x" "a" {}
module "m" { source = "git::https://example.com/x" }
variable "v" {}
output "o" { value = 1 }
provider "aws" {}
provider "aws" { alias = "us" }
check "c" {
  data "http" "inside" {}
}
locals { l = 1 }
terraform {}
mystery "x" {}
"#);
    let addresses: Vec<_> = index
        .facts
        .blocks
        .iter()
        .map(|block| block.address.as_deref().unwrap_or("-"))
        .collect();
    let expected = [
        "aws_x.r",
        "data.aws_x.d",
        "ephemeral.aws_x.e",
        "action.aws_x.a",
        "module.m",
        "var.v",
        "output.o",
        "provider.aws",
        "provider.aws.us",
        "check.c",
        "data.http.inside",
        "-",
        "-",
        "-",
    ];
    assert_eq!(addresses, expected);
    assert!(problems(&index).is_empty());
    assert_eq!(
        index
            .locate("", ResourceMode::Managed, "aws_x", "r")
            .unwrap()
            .line,
        2
    );
    assert_eq!(
        index
            .locate("", ResourceMode::Data, "http", "inside")
            .unwrap()
            .line,
        12
    );
    assert_eq!(
        index
            .locate("", ResourceMode::Ephemeral, "aws_x", "e")
            .unwrap()
            .line,
        4
    );
    assert_eq!(index.locate_config("local.l").unwrap().kind, "local");
    assert!(index.locate_config("aws_x.other").is_none());
}

#[test]
fn braces_in_strings_comments_and_heredocs_do_not_count() {
    let index = of(
        "resource \"a\" \"one\" {\n  x = \"}\" # }\n  y = \"${\"}\"}\" // }\n  /* } \n } */\n  z = <<-EOT\n    } ${ { a = \"}\" }.a }\n    EOT\n}\nresource \"a\" \"two\" {}\n",
    );
    assert_eq!(
        outline(&index),
        ["resource a one 1-9", "resource a two 10-10"]
    );
    assert!(problems(&index).is_empty());
}

#[test]
fn a_heredoc_ends_where_terraform_ends_it() {
    for body in [
        "<<EOT\ncost $\nEOT\n",
        "<<EOT\n$$\n%\nEOT\n",
        "<<EOT\n  EOT2\nEOTX\n EOT \t\n",
        "<<-EOT\r\n  x\r\n  EOT\r\n",
        "<<EOT\nEOT${1}\nEOT\n",
        "<<EOT\n$${ EOT\n$$${ }\nEOT\n",
        "<<EOT\n%{ if true ~}\n } %{ endif }\nEOT\n",
        "<<EOT\n${<<INNER\nEOT\nINNER\n}\nEOT\n",
        "<<größe\n}\ngröße\n",
        "<<EOT\nEOT\n",
    ] {
        let text = format!("resource \"a\" \"b\" {{\n  x = {body}}}\nvariable \"after\" {{}}\n");
        let index = of(&text);
        assert_eq!(problems(&index), [], "{body}");
        assert!(index.locate_config("var.after").is_some(), "{body}");
    }
}

#[test]
fn escapes_in_templates_are_literal() {
    for value in [
        r#""$${""#,
        r#""%%{""#,
        r#""$$${""#,
        r#""a$""#,
        r#""\"{""#,
        r#""\\""#,
        r#""${"${"}"}"}""#,
        r#""${ { a = "}" }["a"] }""#,
        r#""%{ if true }{%{ endif }""#,
        r#""$$""#,
        r#""${"a" /* } */}""#,
        "\"${\n1\n}\"",
        r#""${~ 1 ~}""#,
    ] {
        let index = of(&format!(
            "locals {{\n  x = {value}\n  y = 1\n}}\nvariable \"after\" {{}}\n"
        ));
        assert_eq!(problems(&index), [], "{value}");
        assert!(index.locate_config("local.y").is_some(), "{value}");
        assert!(index.locate_config("var.after").is_some(), "{value}");
    }
}

#[test]
fn expressions_end_at_their_line_unless_a_bracket_is_open() {
    let index = of(
        "locals {\n  a = [\n    1, # ]\n    2]\n  b = f(\n  1)\n  c = { x = 1\n y : 2 }\n  d = a ? 1 : 2\n  e = [for k, v in a : v if v >= 1]\n  f = x => 1\n}\n",
    );
    let lines: Vec<_> = index
        .facts
        .locals
        .iter()
        .map(|l| (l.labels[0].as_str(), l.line, l.end_line))
        .collect();
    let expected = [
        ("a", 2, 4),
        ("b", 5, 6),
        ("c", 7, 8),
        ("d", 9, 9),
        ("e", 10, 10),
        ("f", 11, 11),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn one_line_blocks_unquoted_labels_and_line_ends_are_read() {
    let index = of(
        "\u{feff}resource aws_x y { a = 1 }\r\nvariable v {\r\n  default = { a = 1 }\r\n}\r\noutput \"o\" { value = \"}\" }",
    );
    assert_eq!(
        outline(&index),
        ["resource aws_x y 1-1", "variable v 2-4", "output o 5-5"]
    );
    assert!(problems(&index).is_empty());
}

#[test]
fn labels_are_decoded() {
    let index = of("x \"a\\\"b\" \"\\u00fc\\U0001F600\" \"\\n\\t\\r\\\\\" \"\\q\\u12\\\" {}\n");
    assert_eq!(index.facts.blocks.len(), 0, "the last label never ends");
    let index =
        of("x \"a\\\"b\" \"\\u00fc\\U0001F600\" \"\\n\\t\\r\\\\\" \"\\q\\u12\" \"$${x\" {}\n");
    assert_eq!(
        index.facts.blocks[0].labels,
        ["a\"b", "ü😀", "\n\t\r\\", "\\q\\u12", "${x"]
    );
}

#[test]
fn what_is_not_understood_is_a_problem_and_the_rest_is_read() {
    let index = of(
        "resource \"a\" \"b\" {}\n}\n= 3\nfoo\nbar \"x\"\nlist[0] = 1\n\"quoted\" = 1\nempty =\nx \"${a}\" {}\noutput \"o\" {}\n",
    );
    assert_eq!(outline(&index).len(), 3);
    assert!(index.locate_config("output.o").is_some());
    let lines: Vec<_> = problems(&index).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 8, 9]);
}

#[test]
fn an_unclosed_block_does_not_hide_the_blocks_behind_it() {
    let index =
        of("resource \"a\" \"broken\" {\n  x = 1\n\nresource \"a\" \"next\" {\n  y = 2\n}\n");
    assert_eq!(
        outline(&index),
        ["resource a broken 1-6", "resource a next 4-6"]
    );
    let problems = problems(&index);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].1.contains("`resource` is never closed"),
        "{problems:?}"
    );
}

#[test]
fn an_unclosed_value_costs_only_its_own_line() {
    let index = of("locals {\n  a = [1,\n  b = 2\n}\nvariable \"v\" {}\n");
    assert!(index.locate_config("local.b").is_some());
    assert!(index.locate_config("var.v").is_some());
    assert_eq!(problems(&index)[0].0, 2);
}

#[test]
fn a_quote_that_is_never_closed_ends_with_its_line() {
    let index = of("locals {\n  a = \"open\n  b = 2\n}\nvariable \"v\" {}\n");
    assert!(index.locate_config("local.b").is_some());
    assert!(index.locate_config("var.v").is_some());
}

#[test]
fn comments_may_stand_anywhere() {
    let index = of(
        "/* a */ resource /* b */ \"a\" /* c\n */ \"b\" /* d */ { # e\n  x /* f */ = /* g */ 1 // h\n}\n/* never closed",
    );
    assert_eq!(outline(&index), ["resource a b 1-4"]);
}

#[test]
fn labels_that_cannot_be_an_address_give_none() {
    let index = of("resource \"a\" {}\nresource \"module.m.a\" \"b\" {}\nvariable \"x y\" {}\n");
    assert!(
        index
            .facts
            .blocks
            .iter()
            .all(|block| block.address.is_none())
    );
    assert_eq!(problems(&index).len(), 3);
}

#[test]
fn the_digest_covers_exactly_the_block() {
    let block = "resource \"a\" \"b\" {\n  x = 1\n}";
    let one = of(block);
    let two = of(&format!("# moved down\n\n{block} # tail\n"));
    let other = of(&block.replace('1', "2"));
    let digest = |index: &crate::source::SourceIndex| index.facts.blocks[0].digest.clone();
    assert_eq!(digest(&one), digest(&two));
    assert_ne!(digest(&one), digest(&other));
    assert_eq!(two.text_of(&two.facts.blocks[0]).unwrap(), block);
    assert_eq!(
        digest(&of("a{}")).as_ref(),
        "5f546eb4606b5c2b7d2a449a5cc2bbb477ed5a246c7051ce871b12f2dbfc8419"
    );
}

#[test]
fn only_files_terraform_reads_are_indexed() {
    let block = "variable \"v\" {}\n";
    let index = index(&[
        ("a.tf", block),
        ("b.tofu", block),
        (".hidden.tf", block),
        ("a.tf~", block),
        ("x.tfvars", block),
        ("README.md", block),
        ("c.hcl", block),
        ("d.tf.bak", block),
    ]);
    let files: Vec<_> = index
        .facts
        .blocks
        .iter()
        .map(|block| block.file.as_ref())
        .collect();
    assert_eq!(files, ["a.tf", "b.tofu"]);
    assert!(index.text("a.tf").is_some() && index.text("README.md").is_none());
}

#[test]
fn override_files_come_after_what_they_override() {
    let index = index_at(
        "live",
        &[
            ("live/a_override.tf", "resource \"a\" \"b\" { x = 2 }\n"),
            ("live/z.tf", "resource \"a\" \"b\" { x = 1 }\n"),
            (
                "live/override.tf.json",
                "{\"resource\": {\"a\": {\"b\": {\"x\": 3}}}}",
            ),
        ],
    );
    assert_eq!(
        index.locate_config("a.b").unwrap().file.as_ref(),
        "live/z.tf"
    );
    let files: Vec<_> = index
        .blocks_at("a.b")
        .map(|block| block.file.as_ref())
        .collect();
    assert_eq!(
        files,
        ["live/z.tf", "live/a_override.tf", "live/override.tf.json"]
    );
}

#[test]
fn bytes_that_are_no_utf8_are_a_problem_and_keep_their_place() {
    let mut bytes = b"# \xff\xfe\nresource \"a\" \"b\" {\n  x = \"".to_vec();
    bytes.extend(b"\xc3\"\n}\n");
    let index = crate::source::SourceIndex::build([("m.tf".to_owned(), bytes)], "", None);
    assert_eq!(outline(&index), ["resource a b 2-4"]);
    assert_eq!(problems(&index), [(1, "The file is not valid UTF-8 here.")]);
}
