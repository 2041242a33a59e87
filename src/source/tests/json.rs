use super::{index, outline, problems};
use crate::source::{SourceIndex, When};

fn json(text: &str) -> SourceIndex {
    index(&[("main.tf.json", text)])
}

#[test]
fn objects_and_lists_of_objects_are_blocks() {
    let index = json(
        r#"{
  "//": "a comment",
  "resource": {
    "aws_x": {
      "one": {
        "a": 1
      },
      "many": [
        {"a": 2},
        {"a": 3}
      ]
    }
  },
  "resource": [
    {"aws_y": [{"listed": {}}]}
  ],
  "locals": [{"l": 1}, {"m": "${local.l}"}],
  "module": {"m": {"source": "./m", "version": "1"}},
  "terraform": {
    "backend": {"s3": {"bucket": "b"}},
    "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5"}, "old": "1.0"}
  },
  "provider": {"aws": [{"alias": "us"}, {}]},
  "check": {"c": {"data": {"http": {"h": {}}}}}
}"#,
    );
    assert_eq!(
        outline(&index),
        [
            "resource aws_x one 5-7",
            "resource aws_x many 9-9",
            "resource aws_x many 10-10",
            "resource aws_y listed 15-15",
            "locals  17-17",
            "locals  17-17",
            "module m 18-18",
            "terraform  19-22",
            "provider aws 23-23",
            "provider aws 23-23",
            "check c 24-24",
            "data http h 24-24",
        ]
    );
    assert_eq!(index.locate_config("local.m").unwrap().line, 17);
    assert!(index.locate_config("provider.aws.us").is_some());
    assert_eq!(index.facts.backends[0].r#type, "s3");
    let required: Vec<_> = index
        .facts
        .required_providers
        .iter()
        .map(|r| (r.name.as_str(), r.source.as_deref(), r.version.as_deref()))
        .collect();
    assert_eq!(
        required,
        [
            ("aws", Some("hashicorp/aws"), Some("~> 5")),
            ("old", None, Some("1.0"))
        ]
    );
    assert_eq!(
        problems(&index).len(),
        1,
        "./m does not exist: {:?}",
        problems(&index)
    );
    assert_eq!(
        index
            .text_of(index.locate_config("aws_y.listed").unwrap())
            .unwrap(),
        "\"listed\": {}"
    );
}

#[test]
fn what_only_the_source_tells_is_found_in_json_too() {
    let index = json(
        r#"{"resource": {"t": {"r": {
  "connection": {"type": "winrm"},
  "provisioner": [
    {"local-exec": {"command": "x", "when": "destroy"}},
    {"file": [{"connection": {}}]}
  ],
  "lifecycle": {"prevent_destroy": true, "ignore_changes": ["tags"]}
}}},
"moved": [{"from": "t.a", "to": "t.r"}, {"from": "${t.b}", "to": "t.r[\"x y\"]"}],
"import": {"to": "t.r", "id": "${var.id}"},
"removed": {"from": "t.gone", "lifecycle": {"destroy": "false"}, "provisioner": {"local-exec": {"when": "${destroy}"}}}
}"#,
    );
    let provisioners: Vec<_> = index
        .facts
        .provisioners
        .iter()
        .map(|p| {
            (
                p.address.as_deref().unwrap(),
                p.index,
                p.r#type.as_str(),
                p.when,
                p.line,
            )
        })
        .collect();
    let expected = [
        ("t.r", 0, "local-exec", When::Destroy, 4),
        ("t.r", 1, "file", When::Create, 5),
        ("t.gone", 0, "local-exec", When::Destroy, 11),
    ];
    assert_eq!(provisioners, expected);
    assert_eq!(index.facts.connections.len(), 2);
    let lifecycle = &index.facts.lifecycle[0];
    assert_eq!(
        (lifecycle.prevent_destroy, lifecycle.ignore_changes),
        (Some(true), true)
    );
    let moved: Vec<_> = index
        .facts
        .moved
        .iter()
        .map(|m| (m.from.as_str(), m.to.as_str()))
        .collect();
    assert_eq!(moved, [("t.a", "t.r"), ("t.b", "t.r[\"x y\"]")]);
    assert!(!index.facts.imported[0].id_known);
    assert!(!index.facts.removed[0].destroy);
    assert!(problems(&index).is_empty());
}

#[test]
fn the_file_may_be_a_list_and_begin_with_a_bom() {
    let index = json("\u{feff}\n[{\"variable\": {\"a\": {}}},\n{\"variable\": {\"b\": {}}}]");
    assert_eq!(outline(&index), ["variable a 2-2", "variable b 3-3"]);
}

#[test]
fn what_stands_before_an_error_is_kept() {
    let index = json("{\n\"variable\": {\"a\": {}},\n\"output\": {\"o\": {}},\n oops");
    assert_eq!(outline(&index), ["variable a 2-2", "output o 3-3"]);
    assert_eq!(
        problems(&index),
        [(
            4,
            "The JSON is not valid (key must be a string); what stands before was read."
        )]
    );
    let list = json("\n\n[{]");
    assert_eq!(problems(&list)[0].0, 3);
    let empty = json("");
    assert_eq!(problems(&empty).len(), 1);
    let trailing = json("{} {}");
    assert_eq!(problems(&trailing).len(), 1);
}

#[test]
fn shapes_that_are_no_blocks_are_problems() {
    let index = json(
        "{\"resource\": 1,\n\"variable\": {\"v\": \"x\"},\n\"output\": [[]],\n\"moved\": null,\n\"stray\": 1}",
    );
    let lines: Vec<_> = problems(&index).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 5]);
    assert!(index.facts.blocks.is_empty());
}

#[test]
fn odd_strings_do_not_lose_a_block() {
    let index = json(
        r#"{"\u0076ariable": {"\ud800": {}, "ok": {}}, "module": {"m": {"source": "\ud800"}}}"#,
    );
    assert_eq!(index.facts.blocks.len(), 3);
    assert!(index.locate_config("var.ok").is_some());
    let mut bytes = b"{\"variable\": {\"a".to_vec();
    bytes.extend(b"\xff\": {}, \"b\": {}}}");
    let index = SourceIndex::build([("m.tf.json".to_owned(), bytes)], "", None);
    assert!(index.locate_config("var.b").is_some());
    assert!(
        problems(&index)
            .iter()
            .any(|(_, message)| message.contains("UTF-8"))
    );
}

#[test]
fn the_same_block_has_the_same_address_in_both_syntaxes() {
    let native = super::of("module \"m\" {\n  source = \"x/y/z\"\n}\nresource \"a\" \"b\" {}\n");
    let other = json(r#"{"module": {"m": {"source": "x/y/z"}}, "resource": {"a": {"b": {}}}}"#);
    let addresses = |index: &SourceIndex| -> Vec<_> {
        index
            .facts
            .blocks
            .iter()
            .map(|block| block.address.clone())
            .collect()
    };
    assert_eq!(addresses(&native), addresses(&other));
}
