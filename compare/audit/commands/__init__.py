"""Commands of a shell: the programs that they run, the files that they read and change."""
