"""The ledger of lines: whose each printed line is, what is missing or skipped, and how two outputs align."""
