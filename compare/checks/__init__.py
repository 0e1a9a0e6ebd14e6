"""Everything that is looked for: each check yields findings."""
