"""The public API of `import gedanken`: runs, comparisons, audits, probes and machines, for programs and notebooks."""
