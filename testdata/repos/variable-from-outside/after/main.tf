variable "v" {
  default = "2"
}
resource "terraform_data" "a" {
  input = var.v
}
