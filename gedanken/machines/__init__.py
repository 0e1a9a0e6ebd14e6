"""Opens and checks real machines, and runs many small programs on them."""
