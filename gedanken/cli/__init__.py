"""The command line. Heavy libraries are imported only where they are used, so that `--help` is fast."""
