"""The report: one HTML file that opens from disk, needs no network, and neutralizes all printed text."""
