resource "terraform_data" "new_name" {}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}
