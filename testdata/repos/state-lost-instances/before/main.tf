resource "terraform_data" "t" {
  for_each = toset(["a", "b"])
  input = each.key
}
