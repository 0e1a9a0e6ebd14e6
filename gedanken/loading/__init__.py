"""Loading experiments, personas and programs: packaged ones by name, the user's by path."""
