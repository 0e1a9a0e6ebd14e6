"""Formats the examples at the end of a help text."""


def examples(*commands: str) -> str:
    """Format examples for a help text, each on its own line. The text ends with a blank line, so that the exit codes
    can be appended."""
    title = "Example:" if len(commands) == 1 else "Examples:"
    # Click fills paragraphs, except those that begin with \b.
    return "\n".join(["\b", title, *(f"  {command}" for command in commands)]) + "\n\n"
