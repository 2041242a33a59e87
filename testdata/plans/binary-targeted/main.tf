variable "token" {
  type      = string
  sensitive = true
  default   = "not-a-real-token-4711"
}

resource "terraform_data" "site" {
  input = var.token
}

resource "terraform_data" "left_out" {
  input = "never planned"
}

module "net" {
  source = "./modules/net"
}
