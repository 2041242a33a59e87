locals {
  k = ["b", "c"]
}
resource "terraform_data" "t" {
  for_each = toset(local.k)
  input = each.key
}
