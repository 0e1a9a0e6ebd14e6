"""What the numbers of one line of a transcript are called, with the header of its table above it."""

from gedanken.compare.output.environment import MASK
from gedanken.compare.output.named_numbers import Named, named_numbers
from gedanken.compare.output.tables import names_of_row
from gedanken.compare.output.transcript import VALUE, Transcript


def names_in_line(script: Transcript, at: int) -> list[Named]:
    """Return each value of a line, in order, as it is named; environment that is masked is no value."""
    line = script.compared(at).replace(MASK, " ")
    spans = [found.span() for found in VALUE.finditer(line)]
    row = names_of_row(line, spans, lambda above: script.compared(at - above) if at >= above else None)
    return named_numbers(line, spans, row)
