"""The report: one HTML file that opens from disk, needs no network, and displays printed text without obeying it."""
