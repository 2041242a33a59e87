resource "terraform_data" "t" {
  for_each = toset(["a", "b", "c"])
  input = each.key
}
