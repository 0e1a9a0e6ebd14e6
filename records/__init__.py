"""What a run leaves behind: written as it comes, read back, with importers of what others keep."""
