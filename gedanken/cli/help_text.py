"""Formats the examples at the end of a help text."""


def examples(*commands: str) -> str:
    """Format examples for a help text, one per line, with a blank line at the end."""
    title = "Example:" if len(commands) == 1 else "Examples:"
    # Click fills paragraphs, except those that begin with \b.
    return "\n".join(["\b", title, *(f"  {command}" for command in commands)]) + "\n\n"
