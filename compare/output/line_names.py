"""Names the numbers in one line of an output. In a table, they are named by the header above the line."""

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.named_numbers import NamedNumber, named_numbers
from gedanken.compare.output.table_columns import names_of_row
from gedanken.compare.output.transcript import VALUE, Transcript


def names_in_line(transcript: Transcript, index: int) -> list[NamedNumber]:
    """Return the name and role of each value in the line with this index. Masked parts of the line are not values."""
    compared = transcript.compared(index)
    line = compared.replace(MASK, " ")
    spans = [match.span() for match in VALUE.finditer(line)]
    row = names_of_row(compared, spans, lambda distance: transcript.above(index, distance))
    return named_numbers(line, spans, row)
