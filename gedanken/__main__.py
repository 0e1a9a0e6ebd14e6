"""`python -m gedanken` is the same as `gedanken`."""

from gedanken.cli import main

main()
