"""Shell commands: the programs that they run, and the files that they read and change."""
