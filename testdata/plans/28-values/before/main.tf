variable "token" {
  type      = string
  sensitive = true
}
variable "sizes" {
  type    = map(number)
  default = { small = 1, large = 18446744073709551616 }
}
variable "free" {
  default = null
}
variable "tuple" {
  type = any
}
resource "terraform_data" "source" {
  input = "earlier"
}
resource "terraform_data" "numbers" {
  input = {
    zero      = 0
    negative  = -2
    minus     = -9223372036854775808
    int64     = 9223372036854775807
    beyond    = 9223372036854775808
    below     = -9223372036854775809
    huge      = 123456789012345678901234567890123456789012345678901234567890
    power     = 1e30
    half      = 0.25
    tenth     = 0.1
    tiny      = 1e-7
    tiniest   = 5e-324
    third     = 1 / 3
    pi        = 3.14159265358979323846264338327950288419716939937510582097494459
    text      = "123456789012345678901234567890"
    short     = "22"
    yes       = true
    word      = "true"
  }
}
resource "terraform_data" "shapes" {
  input = {
    set      = toset(["c", "a", "b"])
    numbers  = toset([3, 1, 2])
    objects  = toset([{ a = 1, b = "x" }, { a = 2, b = "y" }])
    nested   = [[], [[]], {}, { a = {}, b = [null, { c = [1, "1", true, null] }] }]
    map      = tomap({ "a.b" = "c", "quote\"d" = "e", "" = "empty" })
    unicode  = "größe 🎈 日本語 \u00e9 e\u0301 \u2028 <a&b>"
    control  = "line\nbreak\ttab \\ \" '"
    null     = null
    json     = jsonencode({ Statement = [{ Effect = "Deny", Action = "*" }] })
    types    = ["\"text\"", "x", "y"]
    long     = [for n in range(20) : n]
    wide     = { for n in range(20) : "kee${n}" => n }
  }
}
resource "terraform_data" "unknown" {
  input = {
    direct  = terraform_data.source.output
    id      = terraform_data.source.id
    list    = ["a", terraform_data.source.id, null]
    set     = toset([terraform_data.source.id, "known"])
    object  = { inner = { id = terraform_data.source.id, known = 1 } }
    prefix  = "arn:${terraform_data.source.id}"
    length  = length(terraform_data.source.id)
    objects = toset([{ a = 1, b = terraform_data.source.id }, { a = 2, b = "y" }])
    split   = split(",", terraform_data.source.id)
  }
  triggers_replace = [terraform_data.source.id, 1, { a = "b" }]
}
resource "terraform_data" "secret" {
  input = {
    token  = var.token
    list   = ["b", var.token]
    map    = { a = var.token, b = "open" }
    deep   = { list = [{ pw = var.token }], open = 1 }
    set    = toset(["b", var.token])
    mixed  = "${var.token}-${terraform_data.source.id}"
  }
}
resource "terraform_data" "nothing" {}
output "sizes" { value = var.sizes }
output "token" {
  value     = var.token
  sensitive = true
}
output "earlier" { value = terraform_data.source.id }
output "mixed" { value = { a = [terraform_data.source.id, 1], b = toset(["x", "y"]), n = null } }
output "none" { value = null }
