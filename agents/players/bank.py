"""Stores the bank: probe items with their real outputs, from which reference players take their answers."""

import json
import lzma
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_item import ProbeItem


@dataclass(frozen=True, slots=True)
class Entry:
    """One probe item, with its real output from the sandbox."""

    item: ProbeItem
    truth: str
    rival: str | None = None
    """The real output of the item's rival program; None if the item has no rival.

    It is the wrong answer that a model gives if it imitates or takes a shortcut.
    """

    @property
    def is_known(self) -> bool:
        """True if the item counts as widely known.

        A model that imitates is assumed to have read it.
        """
        return self.item.role == "easy" and self.item.rival_is == "imitates"


@dataclass(frozen=True)
class Bank:
    """The probe items that players are asked about, and a corpus of other programs with their outputs."""

    items: tuple[Entry, ...]
    corpus: tuple[Entry, ...]
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)
    """Cache of values that are computed once and used by all players."""

    @cached_property
    def known_entries(self) -> tuple[Entry, ...]:
        """The entries that a model is assumed to have read: the corpus, and the widely known items."""
        return (*self.corpus, *(entry for entry in self.items if entry.is_known))

    @cached_property
    def by_operation(self) -> dict[str, list[Entry]]:
        """The entries that a model is assumed to have read, by kind of operation."""
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.known_entries:
            groups[entry.item.operation].append(entry)
        return dict(groups)

    @cached_property
    def pairs(self) -> dict[str, list[Entry]]:
        """The items that belong together, such as an easy and a hard item, by the name of their pair."""
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.items:
            if entry.item.pair:
                groups[entry.item.pair].append(entry)
        return dict(groups)

    def find_asked(self, texts: Sequence[str]) -> Entry | None:
        """Return the item whose program is the last one shown in the messages `texts`; None if there is none.

        If several items have this program, those whose text `told` was also shown are preferred.
        """
        conversation = "\n".join(texts)
        matches: list[tuple[int, int, bool, Entry]] = []
        for entry in self.items:
            position = conversation.rfind(entry.item.program.strip())
            if position >= 0:
                told_is_shown = entry.item.told is not None and entry.item.told in conversation[position:]
                matches.append(
                    (position, len(entry.item.program), told_is_shown == (entry.item.told is not None), entry)
                )
        return max(matches, key=lambda match: match[:3])[3] if matches else None


def write_bank(path: Path, bank: Bank) -> None:
    """Write a bank as JSON, compressed if the name ends in `.xz`."""
    values = {"items": _rows(bank.items), "corpus": _rows(bank.corpus)}
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    path.write_bytes(lzma.compress(text, preset=9) if path.suffix == ".xz" else text)


def _rows(entries: Iterable[Entry]) -> list[dict[str, object]]:
    return [{"item": asdict(entry.item), "truth": entry.truth, "rival": entry.rival} for entry in entries]


@cache
def read_bank(path: Path) -> Bank:
    """Read a bank that `write_bank` wrote. Raises BadInput."""
    try:
        content = path.read_bytes()
        values = json.loads(lzma.decompress(content) if path.suffix == ".xz" else content)
        return Bank(_entries(values["items"]), _entries(values["corpus"]))
    except OSError as error:
        raise BadInput(f"{path}: the player's bank of items cannot be read: {error.strerror or error}") from error
    except (lzma.LZMAError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(
            f"{path} is not a file of items that a player knows: {str(error).splitlines()[0][:200]}"
        ) from error


def _entries(rows: Sequence[dict[str, object]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(ProbeItem(**row["item"]), str(row["truth"]), None if row["rival"] is None else str(row["rival"]))  # type: ignore[arg-type]
        for row in rows
    )
