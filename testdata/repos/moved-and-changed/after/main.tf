resource "terraform_data" "b" {
  input = "z"
}
resource "terraform_data" "u" {
  input = terraform_data.b.output
}
moved {
  from = terraform_data.a
  to = terraform_data.b
}
