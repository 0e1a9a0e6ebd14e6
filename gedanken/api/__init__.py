"""The public functions of `import gedanken`: runs, comparisons and machines for Python programs and notebooks."""
