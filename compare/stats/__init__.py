"""Statistical functions, independent of programs and runs."""
