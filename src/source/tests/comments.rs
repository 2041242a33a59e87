use super::{index, of};
use crate::source::{SourceIndex, may_hold_directives};

/// Line, kind and address of each comment that speaks to this program.
fn found(index: &SourceIndex) -> Vec<(usize, &str, &str)> {
    let directives = index.facts.directives.iter();
    directives
        .map(|d| {
            (
                d.line,
                d.kind.as_deref().unwrap_or("-"),
                d.address.as_deref().unwrap_or("-"),
            )
        })
        .collect()
}

#[test]
fn a_comment_belongs_to_the_block_that_it_stands_directly_at() {
    let index = of(r#"
# countersign:waive above
// An explanation between.
resource "aws_x" "a" {
  count = 1
}
resource "aws_x" "b" {
  # countersign:waive below
  // countersign:waive below, too
  count = 1
}
data "aws_x" "c" { # countersign:waive behind
}
module "d" { source = "./d" } // countersign:waive behind
"#);
    assert_eq!(
        found(&index),
        [
            (2, "resource", "aws_x.a"),
            (8, "resource", "aws_x.b"),
            (9, "resource", "aws_x.b"),
            (12, "data", "data.aws_x.c"),
            (14, "module", "module.d"),
        ]
    );
}

#[test]
fn a_comment_elsewhere_belongs_to_no_block() {
    let index = of(r#"
# countersign:waive an empty line follows

resource "aws_x" "a" {
  count = 1
  # countersign:waive after an argument
  b = 2 # countersign:waive behind an argument

  # countersign:waive at the end
}
# countersign:waive above another kind
variable "v" {}
/* countersign:waive in a block comment */
resource "aws_x" "b" {}
x = 1 # countersign:waive not alone
resource "aws_x" "c" {}
resource "aws_x" "d" {}
# countersign:waive after a block of one line
"#);
    assert!(
        found(&index)
            .iter()
            .all(|(_, kind, address)| (*kind, *address) == ("-", "-")),
        "{:?}",
        found(&index)
    );
    assert_eq!(index.facts.directives.len(), 8);
}

#[test]
fn text_in_a_string_or_heredoc_is_no_comment() {
    let index = of(
        "resource \"aws_x\" \"a\" {\n  a = \"# countersign:waive\"\n  b = <<EOT\n# countersign:waive no-destroy\nEOT\n  c = <<EOT\n  }\n  # countersign:waive x\nresource \"aws_x\" \"b\" {\n}\nEOT\n}\n",
    );
    assert_eq!(found(&index), []);
}

#[test]
fn what_is_written_otherwise_is_noticed_and_what_only_speaks_of_it_is_not() {
    let index = of(
        "#Countersign:Waive x\nresource \"a\" \"b\" {\n## countersign:ignore\n}\n# see countersign:waive\nresource \"c\" \"d\" {}\n",
    );
    let texts: Vec<&str> = index
        .facts
        .directives
        .iter()
        .map(|d| d.text.as_str())
        .collect();
    assert_eq!(texts, ["#Countersign:Waive x", "## countersign:ignore"]);
}

#[test]
fn the_address_counts_from_every_module_path_that_reaches_the_file() {
    let index = index(&[
        (
            "main.tf",
            "module \"a\" {\n source = \"./m\"\n}\nmodule \"b\" {\n source = \"./m\"\n}\n",
        ),
        (
            "m/main.tf",
            "# countersign:waive\nresource \"aws_x\" \"y\" {}\n",
        ),
        (
            "other/main.tf",
            "# countersign:waive\nresource \"aws_x\" \"y\" {}\n",
        ),
    ]);
    let mut found: Vec<_> = index
        .facts
        .directives
        .iter()
        .map(|d| (&*d.file, d.address.as_deref(), d.module.is_some()))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("m/main.tf", Some("module.a.aws_x.y"), true),
            ("m/main.tf", Some("module.b.aws_x.y"), true),
            ("other/main.tf", None, false),
        ]
    );
}

#[test]
fn many_comments_take_linear_time_and_lose_nothing() {
    let text = format!(
        "{}resource \"a\" \"b\" {{}}\n",
        "# countersign:waive x\r\n".repeat(20_000)
    );
    let index = of(&text);
    assert_eq!(index.facts.directives.len(), 20_000);
    assert!(
        index
            .facts
            .directives
            .iter()
            .all(|d| d.address.as_deref() == Some("a.b"))
    );
}

#[test]
fn only_native_files_with_the_word_are_worth_reading() {
    for (path, text, worth) in [
        ("a.tf", "# COUNTERSIGN:waive", true),
        ("a.tf", "# countersign", false),
        ("a.tf.json", "# countersign:waive", false),
        ("a.md", "# countersign:waive", false),
    ] {
        assert_eq!(may_hold_directives(path, text.as_bytes()), worth, "{path}");
    }
}
