resource "terraform_data" "a" {
  input = "a"
}
resource "terraform_data" "u" {
  input = terraform_data.a.output
}
