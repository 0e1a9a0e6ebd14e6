"""`python -m gedanken` is the same as `gedanken`."""

from gedanken.cli.main import main

main()
