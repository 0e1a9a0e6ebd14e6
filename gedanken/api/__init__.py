"""What `import gedanken` gives: runs, comparisons and machines for Python programs and notebooks."""
