resource "terraform_data" "kept" {
  input = "one"
}

data "terraform_remote_state" "other" {
  backend = "local"
  config = {
    path = "other.tfstate"
  }
  depends_on = [terraform_data.kept]
}

module "data" {
  source = "./inner"
}
