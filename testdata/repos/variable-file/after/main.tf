variable "v" {}
resource "terraform_data" "a" {
  input = var.v
}
