variable "v" {}
resource "terraform_data" "a" {
  input = var.v
}
output "out" {
  value = "${terraform_data.a.output}!"
}
