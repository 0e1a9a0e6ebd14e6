"""The families of small programs, one in each file; each family tests one question about the model."""
