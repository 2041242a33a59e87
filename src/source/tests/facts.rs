use super::{index, of, problems};
use crate::source::{OnFailure, SourceIndex, When};

#[test]
fn provisioners_tell_when_they_run_and_what_failure_does() {
    let index = of(r#"
resource "terraform_data" "x" {
  connection {
    host = "a"
  }
  provisioner "local-exec" {
    command = "one"
  }
  provisioner "remote-exec" {
    when       = destroy
    on_failure = continue
    connection {
      type = "winrm"
    }
  }
  provisioner "file" {
    when       = "destroy"
    on_failure = "fail"
  }
  provisioner local-exec { when = var.x }
  provisioner {}
  nested {
    provisioner "not-a-real-one" {}
  }
}
"#);
    let seen: Vec<_> = index
        .facts
        .provisioners
        .iter()
        .map(|p| {
            (
                p.index,
                p.r#type.as_str(),
                p.when,
                p.on_failure,
                p.line,
                p.end_line,
            )
        })
        .collect();
    let expected = [
        (0, "local-exec", When::Create, OnFailure::Fail, 6, 8),
        (1, "remote-exec", When::Destroy, OnFailure::Continue, 9, 15),
        (2, "file", When::Destroy, OnFailure::Fail, 16, 19),
        (3, "local-exec", When::Create, OnFailure::Fail, 20, 20),
        (4, "", When::Create, OnFailure::Fail, 21, 21),
    ];
    assert_eq!(seen, expected);
    assert!(
        index
            .facts
            .provisioners
            .iter()
            .all(|p| p.address.as_deref() == Some("terraform_data.x"))
    );
    let connections: Vec<_> = index
        .facts
        .connections
        .iter()
        .map(|c| (c.r#type.as_str(), c.line))
        .collect();
    assert_eq!(connections, [("ssh", 3), ("winrm", 12)]);
    let lines: Vec<_> = problems(&index).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [20, 21]);
}

#[test]
fn a_provisioner_in_a_removed_block_belongs_to_what_is_removed() {
    let index = of(r#"
removed {
  from = module.a["x.y"].terraform_data.gone
  lifecycle {
    destroy = true
  }
  provisioner "local-exec" {
    when    = destroy
    command = "echo"
    connection {}
  }
}
removed {
  from = module.legacy
  lifecycle { destroy = false }
}
removed { from = a.b }
removed {
  provisioner "local-exec" {}
}
"#);
    let provisioner = &index.facts.provisioners[0];
    assert_eq!(
        provisioner.address.as_deref(),
        Some("module.a.terraform_data.gone")
    );
    assert!(provisioner.removed && provisioner.when == When::Destroy);
    assert_eq!(
        index.facts.connections[0].address.as_deref(),
        Some("module.a.terraform_data.gone")
    );
    let removed: Vec<_> = index
        .facts
        .removed
        .iter()
        .map(|r| (r.from.as_str(), r.destroy))
        .collect();
    let expected = [
        ("module.a[\"x.y\"].terraform_data.gone", true),
        ("module.legacy", false),
        ("a.b", true),
    ];
    assert_eq!(removed, expected);
    assert_eq!(
        index.facts.provisioners[1].address, None,
        "even without a `from` it is seen"
    );
    assert_eq!(
        problems(&index),
        [(18, "This `removed` block has no `from`.")]
    );
}

#[test]
fn lifecycle_tells_absent_from_not_understood() {
    let index = of(r#"
resource "a" "b" {
  lifecycle {
    prevent_destroy = true
    ignore_changes  = all
  }
}
resource "a" "c" {
  lifecycle {
    create_before_destroy = var.x
    ignore_changes        = [ ]
  }
}
data "a" "d" {
  lifecycle {
    ignore_changes = [tags]
    postcondition { condition = true }
  }
}
"#);
    let seen: Vec<_> = index
        .facts
        .lifecycle
        .iter()
        .map(|l| {
            (
                l.address.as_deref().unwrap(),
                l.prevent_destroy,
                l.create_before_destroy,
                l.ignore_changes,
            )
        })
        .collect();
    let expected = [
        ("a.b", Some(true), Some(false), true),
        ("a.c", Some(false), None, false),
        ("data.a.d", Some(false), Some(false), true),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn moved_and_import_blocks_keep_their_keys() {
    let index = of(r#"
moved {
  from = a.b [ "x y" ]
  to   = module.m["k\" ]"].a.c
}
import {
  to = a.b[0]
  id = "i-1"
}
import {
  for_each = var.all
  to       = a.c[each.key]
  id       = "${each.value}-x"
}
import {
  to       = a.d
  identity = { id = "x" }
}
moved { from = a.x }
import {}
"#);
    let moved = &index.facts.moved[0];
    assert_eq!(
        (moved.from.as_str(), moved.to.as_str()),
        (r#"a.b["x y"]"#, r#"module.m["k\" ]"].a.c"#)
    );
    assert_eq!(index.facts.moved.len(), 1);
    let imported: Vec<_> = index
        .facts
        .imported
        .iter()
        .map(|i| (i.to.as_str(), i.id_known))
        .collect();
    assert_eq!(
        imported,
        [("a.b[0]", true), ("a.c[each.key]", false), ("a.d", false)]
    );
    assert_eq!(problems(&index).len(), 2);
}

#[test]
fn backends_and_provider_requirements_are_listed() {
    let index = of(r#"
terraform {
  required_version = ">= 1.5"
  backend "s3" {
    bucket = "x"
  }
  cloud {}
  provider_meta "aws" {}
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.80" }
    odd = {
      "version" : ">= 1, < 2" # comment
      source    = "example.com/ns/odd",
      configuration_aliases = [odd.a, odd.b]
    }
    old = "~> 2.0"
    bare = {}
    expr = var.x
  }
}
"#);
    let backends: Vec<_> = index
        .facts
        .backends
        .iter()
        .map(|b| (b.kind.as_str(), b.r#type.as_str(), b.line))
        .collect();
    assert_eq!(backends, [("backend", "s3", 4), ("cloud", "cloud", 7)]);
    let required: Vec<_> = index
        .facts
        .required_providers
        .iter()
        .map(|r| {
            (
                r.name.as_str(),
                r.source.as_deref(),
                r.version.as_deref(),
                r.line,
            )
        })
        .collect();
    let expected = [
        ("aws", Some("hashicorp/aws"), Some("~> 5.80"), 10),
        ("odd", Some("example.com/ns/odd"), Some(">= 1, < 2"), 11),
        ("old", None, Some("~> 2.0"), 16),
        ("bare", None, None, 17),
        ("expr", None, None, 18),
    ];
    assert_eq!(required, expected);
    let lines: Vec<_> = problems(&index).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [17, 18]);
}

#[test]
fn the_root_modules_lock_file_is_read() {
    let lock = r#"# This file is maintained automatically by "terraform init".
provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.80.0"
  constraints = "~> 5.80"
  hashes = [
    "h1:abc=",
    "zh:def", # kept
  ]
}
provider "registry.terraform.io/hashicorp/null" {
  version = "3.2.3"
}
"#;
    let index = index(&[
        (".terraform.lock.hcl", lock),
        ("sub/.terraform.lock.hcl", "provider \"elsewhere\" {}\n"),
    ]);
    assert_eq!(index.lock.len(), 2);
    let aws = &index.lock[0];
    assert_eq!(aws.provider, "registry.terraform.io/hashicorp/aws");
    assert_eq!(
        (aws.version.as_deref(), aws.constraints.as_deref()),
        (Some("5.80.0"), Some("~> 5.80"))
    );
    assert_eq!(
        (aws.hashes.as_slice(), aws.line),
        (["h1:abc=".to_owned(), "zh:def".to_owned()].as_slice(), 2)
    );
    assert!(index.lock[1].constraints.is_none() && index.lock[1].hashes.is_empty());
    assert!(index.facts.blocks.is_empty());
}

#[test]
fn the_policy_input_has_the_promised_keys() {
    let index = of(
        "resource \"a\" \"b\" {\n  provisioner \"local-exec\" {\n    when = destroy\n  }\n}\nlocals { x = 1 }\nterraform {\n  cloud {}\n}\n",
    );
    let json = serde_json::to_value(&index).unwrap();
    let keys: Vec<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "backends",
        "base",
        "blocks",
        "connections",
        "documents",
        "imported",
        "lifecycle",
        "lock",
        "lock_changes",
        "module_calls",
        "moved",
        "problems",
        "provisioners",
        "removed",
        "required_providers",
        "snapshot_files",
    ];
    expected.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, expected);
    let block = &json["blocks"][0];
    assert_eq!(block["kind"], "resource");
    assert_eq!(block["labels"], serde_json::json!(["a", "b"]));
    assert_eq!(block["module"], "");
    assert_eq!((&block["line"], &block["end_line"]), (&1.into(), &5.into()));
    assert_eq!(block.as_object().unwrap().len(), 9);
    let provisioner = &json["provisioners"][0];
    assert_eq!(provisioner["type"], "local-exec");
    assert_eq!(
        (&provisioner["when"], &provisioner["on_failure"]),
        (&"destroy".into(), &"fail".into())
    );
    assert_eq!(json["backends"][0]["type"], "cloud");
}

#[test]
fn written_out_documents_are_listed_for_every_module_that_reaches_them() {
    let call = "module \"a\" {\n  source = \"./m\"\n}\nmodule \"b\" {\n  source = \"./m\"\n}\n";
    let policy = "resource \"aws_iam_policy\" \"p\" {\n  name = \"p\"\n  policy = jsonencode({\n    Statement = [{ Action = \"s3:GetObject\", Resource = aws_s3_bucket.b.arn }]\n  })\n}\n";
    let index = SourceIndex::build(
        [
            ("main.tf", call),
            ("m/main.tf", policy),
            ("other/main.tf", policy),
        ]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())),
        "",
        None,
    );
    let seen: Vec<_> = index
        .facts
        .documents
        .iter()
        .map(|d| (d.address.as_deref(), d.attribute.as_str(), &*d.file, d.line))
        .collect();
    let expected = [
        (Some("module.a.aws_iam_policy.p"), "policy", "m/main.tf", 3),
        (Some("module.b.aws_iam_policy.p"), "policy", "m/main.tf", 3),
        (None, "policy", "other/main.tf", 3),
    ];
    assert_eq!(seen, expected);
    let document = &index.facts.documents.first().unwrap().document;
    assert_eq!(
        *document,
        serde_json::json!({"Statement": [{"Action": "s3:GetObject", "Resource": {"(unknown)": true}}]})
    );
}

#[test]
fn everything_that_decides_about_the_state_is_a_backend() {
    let index = of(
        "terraform {\n  backend \"s3\" {}\n  state_store \"x_y\" {}\n  encryption {\n    state {}\n  }\n  cloud {}\n  other {}\n}\n",
    );
    let seen: Vec<_> = index
        .facts
        .backends
        .iter()
        .map(|b| (b.kind.as_str(), b.r#type.as_str(), b.line, b.end_line))
        .collect();
    let expected = [
        ("backend", "s3", 2, 2),
        ("state_store", "x_y", 3, 3),
        ("encryption", "encryption", 4, 6),
        ("cloud", "cloud", 7, 7),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_lock_file_is_read_on_its_own() {
    let text = "provider \"h/n/t\" {\n  version = \"1.0.0\"\n  hashes = [\"h1:a\"]\n}\n";
    let (providers, damaged) =
        crate::source::locked_providers("a/.terraform.lock.hcl", text.as_bytes());
    let seen: Vec<_> = providers
        .iter()
        .map(|p| {
            (
                p.provider.as_str(),
                p.version.as_deref(),
                p.hashes.len(),
                p.line,
            )
        })
        .collect();
    assert_eq!(
        (seen, damaged),
        (vec![("h/n/t", Some("1.0.0"), 1, 1)], false)
    );
    for broken in [&b"provider \"x\" {\n"[..], b"provider \"\xff\" {}\n"] {
        let (_, damaged) = crate::source::locked_providers(".terraform.lock.hcl", broken);
        assert!(damaged, "{broken:?}");
    }
    assert!(crate::source::is_lock_file("a/.terraform.lock.hcl"));
    assert!(!crate::source::is_lock_file("a/x.terraform.lock.hcl"));
}

#[test]
fn references_follow_locals_and_variables() {
    let index = index(&[
        (
            "main.tf",
            r#"
variable "name" {}
locals {
  full = "${var.name}-x"
}
data "aws_ami" "a" {}
resource "aws_x" "y" {
  count = var.name == "" ? 0 : 1
  a     = local.full
  b     = data.aws_ami.a[0].id
  c     = [for item in module.m["k"].list : item.id]
  d     = aws_x.z[count.index].var.nothing
  e     = "var.unused text ${path.module}"
}
resource "aws_x" "z" {}
module "m" { source = "./m" }
"#,
        ),
        (
            "m/main.tf.json",
            r#"{"variable": {"v": {}}, "resource": {"a": {"b": {
            "x": "${var.v}-${lower(\"var.quoted\")}", "depends_on": ["a.c"], "description": "see var.v here"}, "c": {}}}}"#,
        ),
    ]);
    let of = |address| index.references_of(index.locate_config(address).unwrap());
    let expected = [
        "aws_x.z",
        "data.aws_ami.a",
        "local.full",
        "module.m",
        "var.name",
    ]
    .map(str::to_owned);
    assert_eq!(of("aws_x.y"), expected);
    assert_eq!(of("local.full"), ["var.name".to_owned()]);
    assert_eq!(
        of("module.m.a.b"),
        ["module.m.a.c".to_owned(), "module.m.var.v".to_owned()]
    );
    assert!(of("module.m.a.c").is_empty());
}
