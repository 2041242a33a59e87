resource "terraform_data" "a" {
  input = templatefile("${path.module}/t/x.tpl", { n = 1 })
}
