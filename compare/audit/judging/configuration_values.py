"""Judges a claim that states the value of a key in a configuration file."""

import re
from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable


def claimed_value(says: ValueClaim) -> Decimal:
    text = normalize_number(says.value.rstrip("kKM"))
    return Decimal(text) * {"k": 1_000, "K": 1_000, "M": 1_000_000}.get(says.value[-1], 1)


def judge_setting(case: Case, says: ValueClaim) -> Verdict:
    """Judge whether the file that the claim names has the claimed key and value in its last recorded state."""
    path = case.spotted.claim.path or ""
    pattern = re.compile(
        rf"^[ \t+]*[\"']?{re.escape(says.name)}[\"']?\s*[=:]\s*[\"']?(-?[\d_]+(?:\.\d+)?)\b", re.MULTILINE
    )
    value = claimed_value(says)
    key_matches = [
        (event, match) for event, text in case.file_texts(path) for match in list(pattern.finditer(text))[-1:]
    ]
    key_matches = [
        key_match
        for key_match in key_matches
        if not case.record.is_edit(key_match[0]) or case.record.transcript.events[key_match[0]].path
    ]
    if not key_matches:
        return undecidable("no recorded text of the file has this key")
    event, match = key_matches[0]
    evidence = case.record.evidence(event, match.start(1) if case.record.is_result(event) else 0)
    if Decimal(match[1].replace("_", "")) == value:
        return Verdict("supported", f"“{match[0].strip()}” is recorded", (evidence,))
    if not _is_one_file(case, path, [number for number, _match in key_matches]):
        return undecidable("the record has several files of this name", evidence)
    if (
        case.spotted.is_about_earlier
        or case.record.has_gap_before(case.event)
        or _may_have_changed(case, event, path)
    ):
        return undecidable("the file may have been changed after it was seen", evidence)
    earlier_match = next(
        (
            (number, key_match)
            for number, key_match in key_matches[1:]
            if Decimal(key_match[1].replace("_", "")) == value
        ),
        None,
    )
    if earlier_match is None and not case.index.positions_before(normalize_number(says.value), case.event):
        return Verdict("misquoted", f"the file says “{match[0].strip()}”", (evidence,))
    if earlier_match is not None and case.record.is_edit(event):
        earlier_evidence = case.record.evidence(
            earlier_match[0], earlier_match[1].start(1) if case.record.is_result(earlier_match[0]) else 0
        )
        return Verdict("stale", f"{path} was changed after it was read", (earlier_evidence, evidence))
    return undecidable("another text before the claim has this number", evidence)


def _is_one_file(case: Case, path: str, events: list[int]) -> bool:
    """Return whether all recorded files of this name are one file, namely the one that the claim means."""
    base = re.escape(path.rsplit("/", 1)[-1])
    runs = {run.result: run.command for run in case.record.runs_with_words([path.rsplit("/", 1)[-1]], case.event)}
    calls = {event.call_id: event.path for event in case.record.transcript.events[: case.event] if event.path}
    names: set[str] = set()
    for number in events:
        event = case.record.transcript.events[number]
        text = event.path or event.command or runs.get(number) or calls.get(event.call_id) or ""
        names |= {file_name.removeprefix("./") for file_name in re.findall(rf"(?:[\w.~-]*/)*{base}(?![\w.])", text)}
    relative_path = path.removeprefix("./")
    return len(
        {
            name
            for name in names
            if not any(other_name != name and other_name.endswith(f"/{name}") for other_name in names)
        }
    ) == 1 and all(name.endswith(relative_path) or ("/" not in name and "/" not in relative_path) for name in names)


def _may_have_changed(case: Case, event: int, path: str) -> bool:
    base = path.rsplit("/", 1)[-1]
    if case.record.has_unnamed_change(event, case.event):
        return True
    if any(edit.path.endswith(base) and edit.event > event for edit in case.record.edits_between(event, case.event)):
        return True
    return any(
        run.call_event > event and run.call_event < case.event and base in run.command
        for run in case.record.runs_with_words([base], case.event)
    )
