resource "terraform_data" "a" {
  input = "a"
  triggers_replace = "t"
}
