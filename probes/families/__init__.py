"""The families of small programs, one in each file."""
