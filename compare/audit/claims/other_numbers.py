"""Finds the numbers that no other rule reads, such as `lexer has 84 entries` or `p95 fell to 9.7 ms`."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import Figure, FiguresClaim
from gedanken.compare.audit.language.clauses import words_around
from gedanken.compare.audit.language.languages import languages_in
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.numerals import (
    GROUP_SEPARATORS,
    NOT_END_OF_LONGER,
    NUMBER_WORDS,
    normalize_number,
)
from gedanken.compare.audit.outputs.labels import name_keys

_UNITS = (
    r"(?:nano|micro|milli)seconds?|ns|µs|us|ms|s|secs?|seconds?|mins?|minutes?|hours?|h|[kKMGT]i?B|bytes?|octets?|[KMG]o|B|%|percent|Prozent|"
    r"pour cent|(?:percentage )?points|pp|-?fold|times(?=\s(?:as|faster|slower|smaller|larger|bigger|more|less|the))|[x×]|Sekunden?|Minuten?|secondes?|segundos?|minutos?"
)
_UNIT_DENOMINATOR = r"(?:/[A-Za-z]{1,12})?"
"""Matches the part of a unit from the slash on, as in `ns/op`, `MB/s` or `ms/request`."""
_SCALES = {"k": "k", "thousand": "k", "m": "M", "million": "M", "millionen": "M", "billion": "G"}
_APPROXIMATELY = (
    r"about|around|approximately|approx\.?|roughly|nearly|almost|just (?:under|over)|over|under|a good|some|ca\.?|etwa|"
    r"rund|knapp|ungefähr|environ|cerca de|unos|unas|circa"
)
_FIGURE = re.compile(
    rf"(?:\b(?P<about>{_APPROXIMATELY})\s{{1,3}})?(?P<sign>[~≈+±−-])?(?<![\w.,:#@$€£])(?<![^\d\s]/)(?<![\w)][-−–])"
    rf"{NOT_END_OF_LONGER}"
    rf"(?P<value>\d{{1,3}}(?:[{GROUP_SEPARATORS}]\d{{3}})+(?:\.\d+)?|\d{{1,12}}(?:[.,]\d{{1,9}})?(?!\x20\d{{3}}(?!\d)))"
    rf"(?:\s?(?P<scale>k|K|M|million|Millionen|billion|thousand)\b)?(?:\s{{0,3}}(?P<unit>{_UNITS}){_UNIT_DENOMINATOR}(?![\w/]))?"
    r"(?![\w]|[.,:]\d|-\d)",
)
_NOUNS = (
    r"errors?|warnings?|failures?|vulnerabilit(?:y|ies)|findings?|issues?|problems?|files?|packages?|rows?|lines?|columns?|"
    r"records?|tables?|suites?|snapshots?|duplicates?|occurrences?|mentions?|hits|matches|assertions?|insertions|deletions|"
    r"changes|migrations|restarts|allocations?|bytes|blocks?|workers|threads|users?|requests|pages|resources|tasks|pods|"
    r"examples|outliers|runs|cores|layers|models|commits|allocs|insertions?|deletions?|conflicts|endpoints|pages|containers|instances|nodes|steps|stages|layers|"
    r"Fehler|Warnungen|Dateien|Zeilen|Snapshots|Tabellen|erreurs?|fichiers|lignes|avertissements?|errores|avisos|archivos|filas"
)
_NUMBER_WORDS = "|".join(word for word, value in NUMBER_WORDS.items() if value > 1 and word not in ("both", "beide"))
_COUNT_IN_WORDS = re.compile(
    rf"(?<!the )(?<!this )(?<!that )(?<!no )(?<!any )\b(?P<word>{_NUMBER_WORDS}|one|a single)"
    rf"\s{{1,3}}(?:[a-z][\w-]{{2,14}}\s{{1,3}}){{0,2}}?(?=(?:{_NOUNS})\b)",
    re.IGNORECASE,
)
_COUNTED_NOUN = re.compile(rf"\s{{0,3}}(?:[\w-]{{2,14}}\s{{1,3}}){{0,1}}?(?:{_NOUNS})\b", re.IGNORECASE)
_NOT_AMOUNT = re.compile(
    r"\b(?:lines?|steps?|issue|prs?|port|level|chapter|section|page|phase|day|top|first|last|next|version|python|java|node|"
    r"option|stage|part|no\.|number|id|error code|exit code|exit|code|rfc|http|utf|zeile|schritt|ligne|línea|paso|milestone|sprint|"
    r"approach|variant|attempt|item|rule|figure|table|ticket|abschnitt|kapitel|punkt|artikel|article|sección|étape|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|task|round|example)\s{1,3}"
    r"(?:\d[\d.]{0,8}(?:\s?[,/–-]\s?|,?\s(?:and|or|to|und|oder|et|y|o)\s)){0,6}\Z|第\s?\Z",
    re.IGNORECASE,
)
_NOT_MEASURED = re.compile(
    r"\b(?:angenommen|for (?:example|instance)|e\.g|must|task says|criteri(?:a|on(?! (?:reports|says|shows|measure[sd]|gives)\b))|have to|würden?|könnten?|not run|claims?|limit\w*|slo|targets?|goals?|defaults?|thresholds?|budgets?|timeout|should|would|could|might|maybe|perhaps|"
    r"probably|expected|at least|at most|within|paper|docs?|documentation|readme|data ?sheet|changelog|release notes|"
    r"manual|handbuch|according to|laut|selon|según|you (?:said|reported|told|wrote)|your|their|yesterday|tomorrow|"
    r"last (?:week|month|year)|usually|typically|in general|suggest\w*|recommend\w*|plan(?:s|ned)?|next|todo|guess\w*|"
    r"estimate\w*|say,|similar|acceptable|assum\w+|suppose|needs? at least|"
    r"(?:I|we)(?:'ve| have)? (?:also |then |now |just )?(?:added|created|wrote|changed|set|bumped|raised|lowered|removed|"
    r"deleted|renamed|replaced|fixed|implemented|updated|modified))\b",
    re.IGNORECASE,
)
_ACTED_ON = re.compile(
    r"\s{1,3}(?:resources? )?(?:to|would|will) (?:be )?(?:add|change|destroy|import|create|update|delete|replace)\w*|"
    r"\s{1,3}(?:are |were |was |is |got )?(?:added|changed|destroyed|updated|created|deleted|removed|imported|replaced|skipped|linted|failed|audited|"
    r"scanned|installed|remain(?:s|ing)?)\b",
    re.IGNORECASE,
)
"""Matches words after a count, as in `3 to add`, which say what was or will be done with the counted things."""
_LIST_SEPARATOR = re.compile(r"(?:,|,? and)\s{1,3}[a-z]{3,12}\s{1,3}", re.IGNORECASE)
"""Matches the text between two numbers of one list, as in `create 6, update 4`."""
_DOES_NOT_OCCUR = re.compile(
    rf"\b(?:no|zero|without(?: any)?)\s{{1,3}}(?P<noun>(?:[a-z][\w-]{{2,14}}\s{{1,3}}){{0,2}}?(?:{_NOUNS}|NULLs?|leaks|secrets|losses|drift))\b"
    r"(?:(?<=conflicts)|(?=(?:\s{1,3}\w{2,10}){0,2}?\s{1,3}(?:found|remain(?:s|ed)?|left|came up|occurred|reported|detected|"
    r"appeared|showed up|show up|exist|lost|anymore|any more|at all)\b))",
    re.IGNORECASE,
)
"""Matches statements that something does not occur, such as `no conflicts`."""
_NO_KNOWN_FINDING = re.compile(
    r"(?:^\W*|[,;:(–—] ?|\band )(?:no|zero|0) known (?P<noun>vulnerabilit(?:y|ies)|advisor(?:y|ies)|CVEs)(?=\W*$|[.,;)])",
    re.IGNORECASE,
)
"""Matches a scanner's result such as `no known vulnerabilities`."""
_NOT_ONE_DID = re.compile(
    r"\b(?:(?:no|not a single|not one|zero)\s{1,3}(?P<noun>(?:[a-z][\w-]{2,14}\s{1,3}){0,2}?[a-z]{3,14})|none(?: of (?:them|these|those|the \w+))?)"
    r"\s{1,3}(?:(?:was|were|has|have|is|are|got|had|been|ever)\s{1,3}){0,2}"
    r"(?P<did>failed|timed out|restarted|crashed|skipped|rejected|lost|dropped|errored|leaked|flaked|retried|aborted)\b",
    re.IGNORECASE,
)
"""Matches statements such as `not a single request failed`."""
_COUNT_WORDS = {
    "failed": "failed failures",
    "timed out": "timeout timeouts",
    "restarted": "restarts",
    "crashed": "crashes",
    "errored": "errors",
    "leaked": "leaks",
    "flaked": "flaky",
    "retried": "retries",
}
"""Maps a verb to the words by which an output may name its count: `timed out` to `timeout` and `timeouts`."""
_FINDS = re.compile(r"\b(?:found|finds|shows?|showed|returned|printed|counted|got)\s{1,3}\Z", re.IGNORECASE)
_REMAINS = re.compile(r"(?:\s{1,3}[\w-]{2,20}){0,2}\s{1,3}remain(?:s|ed)?\b(?!\s{1,3}to\b)", re.IGNORECASE)
_REPLACES = re.compile(
    r"(?:\d\s?(?:→|->|=>)|\bfrom \d[\d.,]*(?: [a-z]+)? to|\b(?:create|add|update|change|destroy|delete|previously|formerly|was))\s{0,2}\Z",
    re.IGNORECASE,
)
_REPLACED_BY = re.compile(r"\s{0,2}(?:→|->|=>)\s{0,2}\d|(?: [a-z]+)? to \d", re.IGNORECASE)
"""Matches text after a number which shows that the next number replaced it, as in `12 to 9`."""
_FORECAST = re.compile(
    r"\b(?:the |this |terraform |tofu |dry[- ]run )?(?:plan|dry[- ]run)(?=:| (?:shows?|says|said|reports?|has|lists|is|was|now|wants|adds|changes|creates|destroys|touches|leaves|contains|comes|came|for)\b)(?: wants to| is to| would)?|"
    r"\bwould (?=(?:be )?(?:add|change|destroy|import|create|update|delete|replace)\w*\b)",
    re.IGNORECASE,
)
"""Matches words that introduce a plan printed by a program, such as `would add`. Numbers in such a plan count as
results.
"""
_BAD_INPUT = re.compile(
    r"\b(?:invalid|bad|negative|wrong|illegal|malformed|missing|unknown|excessive|non-numeric) limits?\b",
    re.IGNORECASE,
)
"""Matches phrases such as `invalid limit`, in which `limit` is the name of an argument.

Elsewhere, the word `limit` shows that a number is a requirement.
"""
_WITHOUT_PHRASE = re.compile(r"\A\W{0,4}without (?:the |an? |any |this |that )?[\w-]+,? (?=\w)", re.IGNORECASE)
"""Matches the beginning of a sentence such as `Without the cache, …`.

This phrase says how something was measured; its `without` does not negate the sentence.
"""
_CIRCUMSTANCE = re.compile(
    r"(?:^|[,;(:])\s{0,3}(?:and |but )?(?:after|at|with|over|every|per|for|on|from|under|unter|ab|nach|bei|mit|après|avec|con)"
    r"\s{1,3}(?:[a-z]{2,12}\s{1,3}){0,2}\Z",
    re.IGNORECASE,
)
"""Matches words before a number, such as `after` or `at`, which show when or how something was done.

The number is then not the result.
"""
_EXPLAINS_NUMBER = re.compile(
    r"\s{1,3}(?:is|are) (?:what|rarely|a|the)\b|\s{1,3}(?:means?|tells|would)\b", re.IGNORECASE
)
_SHARED_UNIT = re.compile(
    rf"(?:(?:/|–|-| (?:to|and|or|vs\.?|auf|à|a) |,? | → | -> )\d[\d.,]*){{1,3}}\s?(?P<unit>{_UNITS}){_UNIT_DENOMINATOR}(?![\w/])"
)
_EARLIER_VALUE = re.compile(
    rf"\d\s?(?P<unit>{_UNITS}){_UNIT_DENOMINATOR}(?![\w/])[^\d.;]{{0,20}}?\b(?:was|were|previously|before|formerly|originally|instead of|"
    r"(?:down|up) from|vs\.?|versus|against|compared (?:to|with)|war|statt|vorher|zuvor|avant|antes)\s{1,3}\Z",
    re.IGNORECASE,
)
"""Matches `61 ms, was` in `61 ms, was 88`: the number that follows is an earlier value in the same unit."""
_SERIAL = re.compile(r"\b(?:revision|generation)\s{1,3}\Z", re.IGNORECASE)
"""Matches `revision` or `generation` before a serial number, as in `revision 7`."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_DOT_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SIGN_MEANINGS = {"+": "insertions", "-": "deletions", "−": "deletions", "–": "deletions"}
"""Maps the sign of a number without a unit to what it counts: `+391 −149` are insertions and deletions."""
_MAX_FIGURES = 8


class FiguresHit(NamedTuple):
    """The numbers of a sentence that no other rule reads, with their position in the sentence."""

    start: int
    end: int
    says: FiguresClaim
    numbers: tuple[str, ...]


def find_figure_claims(sentence: Sentence, taken_spans: list[tuple[int, int]]) -> Iterator[FiguresHit]:
    """Yield at most one claim, with up to eight amounts that a sentence states.

    Spans in `taken_spans` are skipped, because other rules have found statements there.
    """
    plain = _FORECAST.sub(lambda match: "it".ljust(len(match[0])), sentence.plain)
    plain = _WITHOUT_PHRASE.sub(lambda match: " " * len(match[0]), plain)
    plain = _BAD_INPUT.sub(lambda match: match[0].replace("limit", "input"), plain)
    sentence = replace(sentence, plain=plain)
    if _NOT_MEASURED.search(plain) or _NOT_MEASURED.search(sentence.heading[:200]):
        return
    figures = [
        (start, end, figure, text)
        for start, end, figure, text in sorted(_find_figures(sentence), key=lambda candidate: candidate[0])
        if not any(low < end and start < high for low, high in taken_spans)
    ][:_MAX_FIGURES]
    languages = languages_in(plain)
    asserted: list[tuple[int, int, Figure, str]] = []
    for candidate in figures:
        is_list_item = bool(asserted) and _LIST_SEPARATOR.fullmatch(plain, asserted[-1][1], candidate[0]) is not None
        end = _statement_end(plain, candidate[1])
        if is_list_item or all(asserts(sentence, candidate[0], end, language) for language in languages):
            asserted.append(candidate)
    figures = asserted
    if figures:
        start, end = figures[0][0], figures[-1][1]
        start = max((high for _low, high in taken_spans if high <= start), default=0)
        says = FiguresClaim(tuple(figure for _start, _end, figure, _text in figures))
        yield FiguresHit(start, end, says, tuple(text for *_, text in figures if text))


def _statement_end(plain: str, end: int) -> int:
    """Return where the statement about a number ends: after `remain` in `745 files remain`, otherwise at `end`.

    `end` is where the number itself ends.
    """
    remains = _REMAINS.match(plain, end)
    # `745 remain` reports a number, not work still to be done
    return remains.end() if remains else end


def _find_figures(sentence: Sentence) -> Iterator[tuple[int, int, Figure, str]]:
    plain = sentence.plain
    is_european = bool(languages_in(plain) & {"de", "es", "fr"})
    for match in _FIGURE.finditer(plain):
        if not _is_figure(plain, match):
            continue
        text = match["value"]
        value = Decimal(
            text.replace(".", "") if is_european and _DOT_GROUPED.fullmatch(text) else normalize_number(text)
        )
        unit = (match["unit"] or "").strip() or _find_shared_unit(plain, match.start("value"), match.end())
        unit = unit or _SCALES.get((match["scale"] or "").lower(), "")
        about = match["about"] is not None or match["sign"] in ("~", "≈")
        words, around = names_in(sentence, match.start("value"), match.end())
        words |= frozenset() if unit else name_keys(_SIGN_MEANINGS.get(match["sign"] or "", ""))
        number = str(value) if value == value.to_integral_value() else normalize_number(text)
        yield match.start("value"), match.end(), Figure(value, unit, words, around, about), number
    for absence in _DOES_NOT_OCCUR.finditer(plain):
        figure = Figure(Decimal(0), "", *names_in(sentence, absence.start(), absence.start("noun")))
        yield absence.start(), absence.end("noun"), figure, ""
    for absence in _NO_KNOWN_FINDING.finditer(plain):
        figure = Figure(
            Decimal(0), "", name_keys(absence["noun"]), names_in(sentence, absence.start(), absence.end())[1]
        )
        yield absence.start(), absence.end(), figure, ""
    for denial in _NOT_ONE_DID.finditer(plain):
        count_words = name_keys(f"{denial['noun'] or ''} {_COUNT_WORDS.get(denial['did'].lower(), denial['did'])}")
        yield (
            denial.start(),
            denial.end(),
            Figure(Decimal(0), "", count_words, names_in(sentence, denial.start(), denial.end())[1]),
            "",
        )
    for word in _COUNT_IN_WORDS.finditer(plain):
        value = Decimal(NUMBER_WORDS.get(word["word"].lower(), 1))
        yield word.start(), word.end(), Figure(value, "", *names_in(sentence, word.start(), word.end("word"))), ""


def _find_shared_unit(plain: str, start: int, end: int) -> str:
    """Return the unit that a number shares with a number after or before it, as in `12/19/31 ms`; "" if there is
    none.
    """
    match = _SHARED_UNIT.match(plain, end)
    if match is None and not re.match(r"\s{0,3}[^\W\d]", plain[end : end + 4]):
        match = _EARLIER_VALUE.search(plain, 0, start)
    return match["unit"] if match else ""


def _is_figure(plain: str, match: re.Match[str]) -> bool:
    """Return whether a number states an amount, not a date, a position, a name or a step."""
    text = match["value"]
    if _CIRCUMSTANCE.search(plain[: match.start("value")]) or _EXPLAINS_NUMBER.match(plain, match.end()):
        return False
    if _NOT_AMOUNT.search(plain[: match.start("value")]) or (_YEAR.fullmatch(text) and not match["unit"]):
        return False
    digits = re.sub(r"\D", "", text)
    return (
        len(digits) > 1
        or _SERIAL.search(plain[: match.start("value")]) is not None
        or (text == "0" and _FINDS.search(plain[: match.start("value")]) is not None)
        or _ACTED_ON.match(plain, match.end()) is not None
        or _REPLACES.search(plain[: match.start("value")]) is not None
        or _REPLACED_BY.match(plain, match.end()) is not None
        or bool(match["unit"])
        or bool(match["scale"])
        or _COUNTED_NOUN.match(plain, match.end()) is not None
        or re.search(r"[=/]\s{0,3}\Z|\s(?:of|is|are|and)\s\Z", plain[: match.start("value")]) is not None
    )


def names_in(sentence: Sentence, start: int, end: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return two sets of words that may name the number from `start` to `end`: words near it, and words before it.

    In a table row, the first set comes from the first cell and the name of the column, and the second from the
    heading. Elsewhere, the first comes from the words around the number, and the second from the text before it, up
    to the heading.
    """
    raw = sentence.raw
    if sentence.kind == "row":
        cells = raw.strip("| ").split("|")
        index = raw[:start].strip("| ").count("|")
        column = sentence.columns[index] if index < len(sentence.columns) else ""
        return name_keys(f"{cells[0]} {column}"), name_keys(sentence.heading)
    context = (
        f"{raw[:start]} ; {sentence.previous[-300:]} ; {sentence.heading[:100]} ; {sentence.introduction[-100:]}"
    )
    return name_keys(words_around(raw, start, end)), name_keys(context)
