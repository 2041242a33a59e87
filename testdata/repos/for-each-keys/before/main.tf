locals {
  k = ["a", "b"]
}
resource "terraform_data" "t" {
  for_each = toset(local.k)
  input = each.key
}
