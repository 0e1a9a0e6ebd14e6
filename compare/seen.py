"""What a person sees of an output at a terminal."""


def seen_lines(text: str) -> list[str]:
    """Its lines; blank ends of lines, and blank lines around the whole, cannot be seen and make no difference."""
    return [line.rstrip() for line in text.strip().splitlines()]
