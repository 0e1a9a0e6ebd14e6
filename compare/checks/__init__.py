"""The checks of a comparison. Each looks for one kind of fault, and yields findings."""
