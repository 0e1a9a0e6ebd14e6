"""Finds tables whose columns are in a different order in some logs, so that columns are compared by their names."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from gedanken.compare.output.reordered_columns import (
    Compare,
    Names,
    Reordering,
    Table,
    TargetOrder,
    sort_columns,
    tables_in,
)
from gedanken.compare.output.table_columns import cells_of_row
from gedanken.compare.output.text_lines import Lines
from gedanken.compare.parsed.prefix_names import list_labels
from gedanken.compare.results import Doubt


class ColumnOrders:
    """The orders of table columns in logs.

    If all real logs have the same order, imagined rows are rearranged to it, but imagined headers are not. If real
    logs differ, the tables of all logs are rearranged to one order, headers included.
    """

    def __init__(self, real: Iterable[str], to_compared_lines: Compare) -> None:
        """Store the texts of the real logs.

        `to_compared_lines` prepares lines of a log for the comparison, for example by masking times.
        """
        self._to_compared_lines = to_compared_lines
        self._real_logs = tuple(real)
        self._tables_by_log: dict[str, list[Table]] = {}
        self._headerless_rows: dict[str, frozenset[int]] = {}

    def undecided(self, runs: Iterable[tuple[str, str]]) -> Doubt | None:
        """Return a `Doubt` about logs with rows whose columns are unknown (see `rows_without_header`); None if there
        are none.

        `runs` holds pairs (label, log).
        """
        labels = [label for label, text in runs if self.rows_without_header(text)]
        if not labels:
            return None
        are_several = len(labels) > 1
        return Doubt(
            f"whether the columns of the table in {list_labels(labels)} differ from those of the real logs",
            f"{'these logs have' if are_several else 'this log has'} no header above "
            f"{'their' if are_several else 'its'} "
            "rows, and "
            "the real logs have the columns in different orders, so what each column shows is not known",
        )

    def rows_without_header(self, text: str) -> frozenset[int]:
        """Return the indices of rows whose columns are unknown.

        The log shows no header for these rows, and real logs differ in the order of the columns.
        """
        if text not in self._headerless_rows:
            tables = self._tables(text)
            keys, widths = {frozenset(table.names) for table in tables}, {len(table.names) for table in tables}
            missing_widths = {
                len(key) for key, order in self._orders_by_names.items() if order.reorders_header and key not in keys
            }
            lines = self._to_compared_lines(list(Lines(text))) if missing_widths - widths else []
            self._headerless_rows[text] = frozenset(
                index for index, line in enumerate(lines) if len(cells_of_row(line) or ()) in missing_widths - widths
            )
        return self._headerless_rows[text]

    def reordering_of(self, text: str) -> Reordering | None:
        """Return how the columns of a log are reordered; None if they stay as they are."""
        tables = self._tables(text)
        if not tables:
            return None
        new_orders = {
            table.names: order
            for table in tables
            if (order := self._orders_by_names.get(frozenset(table.names)))
            and order != TargetOrder(table.names, order.reorders_header)
        }
        return Reordering(Lines(text), tables, new_orders, self._to_compared_lines) if new_orders else None

    @cached_property
    def _orders_by_names(self) -> dict[frozenset[str], TargetOrder]:
        """For each set of column names, the order into which its columns are brought.

        A set is left out if one real log shows it in several orders.
        """
        orders_of_logs: dict[frozenset[str], list[Sequence[Names]]] = {}
        for text in self._real_logs:
            log_orders: dict[frozenset[str], list[Names]] = {}
            for table in self._tables(text):
                log_orders.setdefault(frozenset(table.names), []).append(table.names)
            for key, orders in log_orders.items():
                orders_of_logs.setdefault(key, []).append(tuple(dict.fromkeys(orders)))
        return {
            # Tables with several orders in one log are made by several prints. An imagined header stays if the real
            # logs agree, because it differs from all of theirs.
            key: TargetOrder(logs[0][0] if len(set(logs)) == 1 else sort_columns(logs[0][0]), len(set(logs)) > 1)
            for key, logs in orders_of_logs.items()
            if all(len(orders) == 1 for orders in logs)
        }

    def _tables(self, text: str) -> list[Table]:
        if text not in self._tables_by_log:
            self._tables_by_log[text] = tables_in(Lines(text), self._to_compared_lines)
        return self._tables_by_log[text]
