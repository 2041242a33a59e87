# One plan with a leaf of each kind that its effect is made of; `again.json` is the same plan made a moment later.
variable "region" {
  default = "eu-central-1"
}

variable "token" {
  default   = "after-token-bbbb"
  sensitive = true
}

variable "second" {
  default   = "second-token-cccc"
  sensitive = true
}

data "terraform_remote_state" "network" {
  backend = "local"
  config  = { path = "network.json" }
}

resource "terraform_data" "app" {
  input = {
    name  = "app-2"
    ports = [443, 8080]
    token = var.token
    other = var.second
    big   = 123456789012345678901234567891
    on    = false
    none  = null
  }
}

resource "terraform_data" "twice" {
  triggers_replace = { image = "1.1", zone = "a" }
  lifecycle {
    create_before_destroy = true
  }
}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

resource "terraform_data" "new_name" {
  input = "kept"
}

import {
  to = terraform_data.adopted
  id = "adopted-1"
}

resource "terraform_data" "adopted" {
}

resource "terraform_data" "stamped" {
  input = plantimestamp()
}

resource "terraform_data" "runs" {
  input = [terraform_data.app.output.name, terraform_data.twice.id]
  provisioner "local-exec" {
    command = "echo made"
  }
}

module "leaf" {
  source = "./leaf"
  name   = var.region
}

check "ports" {
  assert {
    condition     = length(terraform_data.app.input.ports) > 2
    error_message = "There should be three ports."
  }
}

output "ports" {
  value = terraform_data.app.input.ports
}

output "token" {
  value     = var.token
  sensitive = true
}
