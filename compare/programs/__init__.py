"""What can be read off programs: their source, their settings, whether they do their task, what an edit changed."""
