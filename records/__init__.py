"""Writes and reads run folders, and imports files of other tools."""
