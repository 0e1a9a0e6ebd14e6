"""The families of small programs, one file each."""
