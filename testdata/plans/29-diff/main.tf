variable "v" {
  type    = number
  default = 1
}
locals {
  two = var.v == 2
}
resource "terraform_data" "bucket" {
  input = {
    name = "audit-logs"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = concat([
        {
          Sid       = "Read"
          Effect    = "Allow"
          Principal = { AWS = local.two ? ["arn:aws:iam::111111111111:root", "*"] : ["arn:aws:iam::111111111111:root"] }
          Action    = local.two ? ["s3:GetObject", "s3:PutObject", "s3:ListBucket"] : ["s3:ListBucket", "s3:GetObject"]
          Resource  = "arn:aws:s3:::audit-logs/*"
        },
        {
          Sid       = "DenyInsecure"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = local.two ? ["arn:aws:s3:::audit-logs"] : ["arn:aws:s3:::audit-logs", "arn:aws:s3:::audit-logs/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        ], local.two ? [{
          Sid       = "Replicate"
          Effect    = "Allow"
          Principal = { Service = "replication.amazonaws.com" }
          Action    = "s3:ReplicateObject"
          Resource  = "*"
      }] : [])
    })
    lifecycle_days = local.two ? 30 : 90
    versioning     = [{ enabled = local.two ? false : true, mfa_delete = false }]
    tags           = local.two ? { Name = "audit", env = "prod", owner = "platform" } : { Name = "audit", env = "prod", team = "security" }
  }
}
resource "terraform_data" "group" {
  input = {
    name = "web"
    ingress = local.two ? [
      { from_port = 443, to_port = 443, protocol = "tcp", cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"], description = "https" },
      { from_port = 22, to_port = 22, protocol = "tcp", cidr_blocks = ["10.1.0.0/16"], description = "" },
      { from_port = 5432, to_port = 5432, protocol = "tcp", cidr_blocks = ["10.2.0.0/16"], description = "db" },
      ] : [
      { from_port = 80, to_port = 80, protocol = "tcp", cidr_blocks = ["10.0.0.0/8"], description = "http" },
      { from_port = 22, to_port = 22, protocol = "tcp", cidr_blocks = ["10.1.0.0/24"], description = "" },
      { from_port = 443, to_port = 443, protocol = "tcp", cidr_blocks = ["10.0.0.0/8"], description = "https" },
    ]
    zones   = local.two ? ["b", "a", "c"] : ["a", "b", "c"]
    cidrs   = local.two ? [for i in range(20) : "10.0.${i == 7 ? 99 : i}.0/24"] : [for i in range(20) : "10.0.${i}.0/24"]
    port    = local.two ? "8080" : "80"
    retries = local.two ? "3" : "3 "
    motd    = local.two ? "Welcome to the 日本語 server of the platform team, which you may use for anything that is allowed by the rules, 2026 edition" : "Welcome to the 日本語 server of the platform team, which you may use for anything that is allowed by the rules, 2025 edition"
  }
}
resource "terraform_data" "host" {
  triggers_replace = local.two ? "ami-0b" : "ami-0a"
  input = {
    user_data = base64encode(<<-EOT
      #cloud-config
      packages:
        - nginx
        - ${local.two ? "curl" : "wget"}
      runcmd:
        - systemctl enable nginx
        - systemctl start nginx
      ${local.two ? "  - curl https://example.com/install.sh | sh" : ""}
    EOT
    )
    script = <<-EOT
      #!/bin/sh
      set -eu
      apt-get update
      apt-get install -y ${local.two ? "nginx=1.26" : "nginx=1.24"} certbot
      systemctl restart nginx
      echo done
      exit 0
    EOT
    spaces = local.two ? "a:\n  b: 1\n    c: 2\n" : "a:\n  b: 1\n  c: 2"
  }
}
variable "password" {
  type      = string
  default   = "hunter2-is-long"
  sensitive = true
}
resource "terraform_data" "db" {
  input = {
    password = local.two ? "${var.password}-new" : var.password
    same     = var.password
    engine   = "postgres"
    options  = jsonencode({ max = local.two ? 200 : 100, tls = true, nested = { a = 1, b = [1, 2, 3], c = local.two ? null : "x" } })
    number   = local.two ? "80" : tostring(80.5)
  }
}
resource "terraform_data" "moved_here" {
  input = { a = local.two ? [1, "1"] : ["1", 1] }
}
