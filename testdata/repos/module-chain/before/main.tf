module "m" {
  source = "./m"
  v = "1"
}
module "n" {
  source = "./m"
  v = module.m.out
}
output "o" {
  value = module.n.out
}
