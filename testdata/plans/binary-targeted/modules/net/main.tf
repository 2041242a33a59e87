resource "terraform_data" "zone" {
  for_each = toset(["a.b", "c[\"d\"]"])
  input    = each.key
}

module "data" {
  source = "./sub"
}
