"""Run folders: written as the run proceeds, read back, and importers for files of other tools."""
