"""The report: one HTML file that opens from disk, asks no network, and obeys nothing that was printed."""
