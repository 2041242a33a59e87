variable "region" {
  default = "eu-west-1"
}

variable "token" {
  default   = "before-token-aaaa"
  sensitive = true
}

resource "terraform_data" "app" {
  input = {
    name  = "app"
    ports = [80, 443]
    token = var.token
    big   = 123456789012345678901234567890
    on    = true
    none  = null
  }
}

resource "terraform_data" "twice" {
  triggers_replace = { image = "1.0", zone = "a" }
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "old_name" {
  input = "kept"
}

resource "terraform_data" "stamped" {
  input = "never"
}

module "leaf" {
  source = "./leaf"
  name   = var.region
}

output "ports" {
  value = terraform_data.app.input.ports
}
