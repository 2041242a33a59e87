//! Real configurations, whole: lines and addresses as a person counts them, and files for the oracle.

use super::index;
use crate::source::{ResourceMode, When};

/// Removed blocks, one with a destroy-time provisioner that plan JSON does not show.
const FORGET: &str = r#"# removed blocks: forget a counted resource, forget a whole module, and really destroy one with a destroy-time provisioner.
removed {
  from = terraform_data.kept_outside
  lifecycle {
    destroy = false
  }
}

removed {
  from = module.legacy
  lifecycle {
    destroy = false
  }
}

removed {
  from = terraform_data.destroyed_with_provisioner
  lifecycle {
    destroy = true
  }
  provisioner "local-exec" {
    when    = destroy
    command = "echo draining ${self.input}"
  }
}
"#;

/// Three levels of local modules with `count` and `for_each`, and provisioners of every built-in type.
const ROOT: &str = r#"# Three levels of local modules with `count` and `for_each`, and provisioners of every built-in type.
variable "regions" {
  type    = set(string)
  default = ["eu-west-1", "us-east-1"]
}

variable "bastion_password" {
  type      = string
  default   = "correct-horse-battery-staple"
  sensitive = true
}

module "region" {
  source           = "./region"
  for_each         = var.regions
  region           = each.key
  bastion_password = var.bastion_password
}

resource "terraform_data" "root_bootstrap" {
  provisioner "local-exec" {
    command     = "echo bootstrap > /dev/null"
    interpreter = ["/bin/sh", "-c"]
    environment = { STAGE = "root" }
  }

  provisioner "local-exec" {
    when       = destroy
    on_failure = continue
    command    = "echo teardown"
  }
}
"#;

const REGION: &str = r#"variable "region" {
  type = string
}

variable "bastion_password" {
  type      = string
  sensitive = true
}

module "cluster" {
  source           = "../cluster"
  count            = 2
  name             = "${var.region}-${count.index}"
  bastion_password = var.bastion_password
}

resource "terraform_data" "marker" {
  input = var.region
}
"#;

const CLUSTER: &str = r#"variable "name" {
  type = string
}

variable "bastion_password" {
  type      = string
  sensitive = true
}

module "node" {
  source           = "../node"
  for_each         = { blue = 1, green = 2 }
  name             = "${var.name}-${each.key}"
  bastion_password = var.bastion_password
}

resource "terraform_data" "join" {
  triggers_replace = [for n in module.node : n.id]

  provisioner "local-exec" {
    command = "echo join ${self.id}"
  }
}
"#;

const NODE: &str = r#"variable "name" {
  type = string
}

variable "bastion_password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "vm" {
  input = var.name

  provisioner "file" {
    content     = "name=${var.name}\n"
    destination = "/etc/node.conf"
    connection {
      type     = "ssh"
      host     = "192.0.2.10"
      user     = "admin"
      password = var.bastion_password
    }
  }

  provisioner "remote-exec" {
    inline = ["sudo systemctl restart node", "echo ${var.name}"]
    connection {
      type     = "ssh"
      host     = "192.0.2.10"
      password = var.bastion_password
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "echo deregister ${self.input}"
  }
}

output "id" {
  value = terraform_data.vm.id
}
"#;

/// Provider requirements that look alike.
const PROVIDERS: &str = r#"# Where a provider can hide: private registry host, look-alike namespace only in the state, provider block inside a module,
# provider used only by a data source, configured but unused provider, required but never used provider.
terraform {
  required_providers {
    aws     = { source = "hashicorp/aws", version = "~> 5.80" }
    private = { source = "app.terraform.io/acme/aws", version = "1.2.3" }
    azurerm = { source = "hashicorp/azurerm", version = "4.14.0" }
    google  = { source = "hashicorp/google" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "private" {
  region = "eu-west-2"
}

# configured, but nothing uses it
provider "azurerm" {
  features {}
  client_secret = "unused-provider-client-secret"
}

resource "aws_s3_bucket" "kept" {
  bucket = "kept"
}

data "aws_region" "private" {
  provider = private
}

module "own_provider" {
  source = "./own"
}

output "region" {
  value = data.aws_region.private.name
}
"#;

/// Odd keys, heredocs, JSON documents and non-ASCII text.
const CREATE: &str = r#"# Everything is created: known values, unknown values, references, a JSON document, heredoc text.
terraform {
  required_version = ">= 1.9"
}

variable "environment" {
  type    = string
  default = "staging"
}

locals {
  name = "shop-${var.environment}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Read", Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" },
    ]
  })
}

resource "terraform_data" "network" {
  input = {
    cidr    = "10.20.0.0/16"
    subnets = ["10.20.1.0/24", "10.20.2.0/24"]
    tags    = { Name = local.name, Environment = var.environment }
  }
}

resource "terraform_data" "bucket" {
  input = {
    bucket     = "${local.name}-assets"
    policy     = local.policy
    network_id = terraform_data.network.id
    user_data  = <<-EOT
      #!/bin/sh
      echo "booting ${local.name}"
    EOT
    unicode    = "Zürich \u2713 日本 \U0001F680"
    numbers    = [0, -1, 1.5, 12345678901234567890, 1e-7]
  }
}

resource "terraform_data" "replica" {
  count = 3
  input = "${terraform_data.bucket.id}-${count.index}"
}

resource "terraform_data" "zone" {
  for_each = toset(["eu-west-1a", "eu-west-1b", "weird/key \"quoted\" [0].x"])
  input    = each.key
}

output "bucket_id" {
  value = terraform_data.bucket.id
}

output "network" {
  value = terraform_data.network.input
}
"#;

/// What the oracle compares.
pub(super) const FILES: [&str; 7] = [FORGET, ROOT, REGION, CLUSTER, NODE, PROVIDERS, CREATE];

#[test]
fn the_hidden_provisioner_of_a_removed_block_is_found() {
    let index = index(&[("main.tf", FORGET)]);
    let [provisioner] = index.facts.provisioners.as_slice() else {
        panic!("one provisioner");
    };
    assert_eq!(
        provisioner.address.as_deref(),
        Some("terraform_data.destroyed_with_provisioner")
    );
    assert_eq!(
        (provisioner.when, provisioner.r#type.as_str()),
        (When::Destroy, "local-exec")
    );
    assert_eq!((provisioner.line, provisioner.end_line), (21, 24));
    let destroyed: Vec<_> = index
        .facts
        .removed
        .iter()
        .map(|removed| removed.destroy)
        .collect();
    assert_eq!(destroyed, [false, false, true]);
}

#[test]
fn addresses_of_three_levels_are_located() {
    let index = index(&[
        ("main.tf", ROOT),
        ("region/main.tf", REGION),
        ("cluster/main.tf", CLUSTER),
        ("node/main.tf", NODE),
    ]);
    let module = r#"module.region["eu-west-1"].module.cluster[1].module.node["blue"]"#;
    let block = index
        .locate(module, ResourceMode::Managed, "terraform_data", "vm")
        .unwrap();
    assert_eq!(
        (block.file.as_ref(), block.line, block.end_line),
        ("node/main.tf", 10, 37)
    );
    assert_eq!(
        block.address.as_deref(),
        Some("module.region.module.cluster.module.node.terraform_data.vm")
    );
    let provisioners: Vec<_> = index
        .facts
        .provisioners
        .iter()
        .map(|p| {
            (
                p.file.as_ref(),
                p.line,
                p.r#type.as_str(),
                p.when == When::Destroy,
            )
        })
        .collect();
    let expected = [
        ("cluster/main.tf", 20, "local-exec", false),
        ("main.tf", 21, "local-exec", false),
        ("main.tf", 27, "local-exec", true),
        ("node/main.tf", 13, "file", false),
        ("node/main.tf", 24, "remote-exec", false),
        ("node/main.tf", 33, "local-exec", true),
    ];
    assert_eq!(provisioners, expected);
    assert_eq!(index.facts.connections.len(), 2);
    assert!(index.problems.is_empty());
}

#[test]
fn provider_requirements_are_listed_as_written() {
    let index = index(&[("main.tf", PROVIDERS), ("own/main.tf", "")]);
    let sources: Vec<_> = index
        .facts
        .required_providers
        .iter()
        .map(|r| (r.name.as_str(), r.source.as_deref().unwrap(), r.line))
        .collect();
    let expected = [
        ("aws", "hashicorp/aws", 5),
        ("private", "app.terraform.io/acme/aws", 6),
        ("azurerm", "hashicorp/azurerm", 7),
        ("google", "hashicorp/google", 8),
    ];
    assert_eq!(sources, expected);
}
