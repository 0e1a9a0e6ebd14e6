"""Names the numbers in one line of an output; in a table, by the header above the line."""

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import Named, named_numbers
from gedanken.compare.output.table_columns import names_of_row
from gedanken.compare.output.transcript import VALUE, Transcript


def names_in_line(script: Transcript, at: int) -> list[Named]:
    """Return the name and role of each value in the line with index `at`. Masked parts of the line are not values."""
    compared = script.compared(at)
    line = compared.replace(MASK, " ")
    spans = [found.span() for found in VALUE.finditer(line)]
    row = names_of_row(compared, spans, lambda distance: script.above(at, distance))
    return named_numbers(line, spans, row)
