resource "terraform_data" "a" {
  input = "b"
  triggers_replace = "t"
}
