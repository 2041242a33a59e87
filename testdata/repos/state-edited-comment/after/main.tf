# new
resource "terraform_data" "a" {
  # touched
  input   =   "a" # here
}
