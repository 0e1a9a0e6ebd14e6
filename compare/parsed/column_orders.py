"""Finds the tables whose columns have another order in some logs, so that columns are compared by their names."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from gedanken.compare.output.reordered_columns import Compare, Names, Reordering, Table, Wanted, in_order, tables_in
from gedanken.compare.output.table_columns import cells_of_row
from gedanken.compare.output.text_lines import Lines
from gedanken.compare.parsed.prefix_names import listed
from gedanken.compare.results import Doubt


class ColumnOrders:
    """The orders of table columns in logs.

    If all real logs have one order, imagined rows get this order; imagined headers stay as they are. If real logs
    differ, all logs get one order, headers included.
    """

    def __init__(self, real: Iterable[str], compared: Compare) -> None:
        """Read the real logs. `compared` brings lines of a log into the form in which they are compared."""
        self._compared = compared
        self._real = tuple(real)
        self._read: dict[str, list[Table]] = {}
        self._headless: dict[str, frozenset[int]] = {}

    def undecided(self, runs: Iterable[tuple[str, str]]) -> Doubt | None:
        """Return the doubt about columns in logs without a header; None if there is no such log. A run is (label,
        log).
        """
        labels = [label for label, text in runs if self.rows_without_header(text)]
        if not labels:
            return None
        many = len(labels) > 1
        return Doubt(
            f"whether the columns of the table in {listed(labels)} differ from those of the real logs",
            f"{'these logs have' if many else 'this log has'} no header above {'their' if many else 'its'} rows, and "
            "the real logs have the columns in different orders, so what each column shows is not known",
        )

    def rows_without_header(self, text: str) -> frozenset[int]:
        """Return the indices of rows whose columns are unknown, because they have no header and real logs differ in
        the order.
        """
        if text not in self._headless:
            tables = self._tables(text)
            keys, widths = {frozenset(table.names) for table in tables}, {len(table.names) for table in tables}
            lacking = {len(key) for key, wanted in self._wanted.items() if wanted.with_header and key not in keys}
            lines = self._compared(list(Lines(text))) if lacking - widths else []
            self._headless[text] = frozenset(
                at for at, line in enumerate(lines) if len(cells_of_row(line) or ()) in lacking - widths
            )
        return self._headless[text]

    def of(self, text: str) -> Reordering | None:
        """Return how the columns of a log are rearranged; None if they stay as they are."""
        tables = self._tables(text)
        if not tables:
            return None
        wanted = {
            table.names: order
            for table in tables
            if (order := self._wanted.get(frozenset(table.names))) and order != Wanted(table.names, order.with_header)
        }
        return Reordering(Lines(text), tables, wanted, self._compared) if wanted else None

    @cached_property
    def _wanted(self) -> dict[frozenset[str], Wanted]:
        """For each set of column names, the order that they get; left out if one real log has several orders."""
        found: dict[frozenset[str], list[Sequence[Names]]] = {}
        for text in self._real:
            of_log: dict[frozenset[str], list[Names]] = {}
            for table in self._tables(text):
                of_log.setdefault(frozenset(table.names), []).append(table.names)
            for key, orders in of_log.items():
                found.setdefault(key, []).append(tuple(dict.fromkeys(orders)))
        return {
            # Tables with several orders in one log are made by several prints. An imagined header stays if the real
            # logs agree, because it differs from all of theirs.
            key: Wanted(logs[0][0] if len(set(logs)) == 1 else in_order(logs[0][0]), len(set(logs)) > 1)
            for key, logs in found.items()
            if all(len(orders) == 1 for orders in logs)
        }

    def _tables(self, text: str) -> list[Table]:
        if text not in self._read:
            self._read[text] = tables_in(Lines(text), self._compared)
        return self._read[text]
