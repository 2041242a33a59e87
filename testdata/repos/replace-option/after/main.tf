resource "terraform_data" "a" {
  input = "b"
}
resource "terraform_data" "b" {
  input = "a"
}
