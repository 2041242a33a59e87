token = "tok-4711-secret"
tuple = [1, "a", { b = [true, 2.5, 36893488147419103232] }]
