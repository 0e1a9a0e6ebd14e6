"""Finds named numbers of any kind in a sentence: `the import read 321 rows`, `mean: 3.2 ms`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.concepts import DEED, DEED_UNSPACED, MEASURE, THING, THING_UNSPACED, concepts_in
from gedanken.compare.audit.language.languages import languages_in
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.mood_words import Language
from gedanken.compare.audit.language.numerals import COUNT_PATTERN, VALUE_PATTERN

_ABOUT = (
    r"(?P<about>(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|under|ca\.?|etwa|rund|ungefähr|"
    r"environ|cerca de|unos|unas|约|大约|約|~|≈|>|<) ?)?"
)
_NUMBER_START = r"(?<![\w.,/#:\-–−$€£])"
_NUMBER_END = r"(?![\w/:%]|[.,]\d)"
_NUMBER = rf"{_NUMBER_START}{_ABOUT}(?P<value>{COUNT_PATTERN}){_NUMBER_END}"
_THING = rf"(?P<noun>(?:[a-zà-ÿ][\w-]{{2,14}} ){{0,2}}?(?:{THING}))"
_DONE_VERB = rf"(?P<verb>(?:\w{{2,8}}ly |not )?(?:(?:{DEED})\w{{0,6}}|made it(?: through)?|went through))"
_AUXILIARY = (
    r"(?:(?:is|are|was|were|have been|has been|had been|got|wurden?|worden|sind|waren|ont été|sont|étaient|"
    r"fueron|han sido|son|foram|de ellas|davon|dont) ){0,2}"
)
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"{_NUMBER} (?:(?:of|out of|von|sur|de) (?:the |den |les |las )?{COUNT_PATTERN} )?{_THING} {_AUXILIARY}{_DONE_VERB}"),
    ("en", rf"{_NUMBER} (?:of|out of|von|sur|de) {COUNT_PATTERN} (?:{THING}) {_AUXILIARY}{_DONE_VERB}"),
    ("en", rf"\b(?:the|our|its?|this|that|der|die|das|le|la|el|los|o|a) (?P<subject>(?!I\b|we\b)[\w-]{{3,20}}(?: [\w-]{{3,20}})?) (?:now |then |has |have |hat |a |ha ){{0,2}}{_DONE_VERB} (?:in )?{_NUMBER}(?: {_THING})?"),
    ("en", rf"(?:[,;:(]|\b(?:and|und|et|y|e)) (?:de ellas |davon |dont )?{_NUMBER} (?:of (?:them|these|those|which) )?{_AUXILIARY}{_DONE_VERB}"),
    ("en", rf"\b(?:and|und|et|y|e|but|,) {_DONE_VERB} {_NUMBER}"),
    ("zh", rf"(?P<verb>{DEED_UNSPACED})了?\s?{_ABOUT}(?P<value>{COUNT_PATTERN})\s?(?P<noun>{THING_UNSPACED}|条|个)"),
    ("zh", rf"(?P<value>{COUNT_PATTERN})\s?(?P<noun>{THING_UNSPACED}|条|个|件)\s?(?:の\w{{0,6}})?(?:被|已|を|が){{0,2}}\s?(?P<verb>{DEED_UNSPACED})"),
]  # fmt: skip
_RATE = r"(?:requests?|reqs?|queries|ops|operations|iterations|its?|calls|messages|events|rows|records|tokens) ?(?:/|per|a) ?(?:s|sec|second)|rps|qps|ops/s|it/s|[KMG]B/s"
_TIME = r"ns|µs|us|ms|s|secs?|seconds?|minutes?|Millisekunden|Sekunden|millisecondes|secondes|milisegundos|segundos"
_MEASURE = rf"{_NUMBER_START}{_ABOUT}(?P<value>{VALUE_PATTERN}(?:[kKM](?= ?(?:req|rps|ops|it|quer|requests)))?) ?(?P<unit>{_RATE}|{_TIME})(?![\w/])"
_CHANGE = (
    r"(?:(?:from|von|de|du|od) (?P<from>[\d.,]+) ?(?:ns|µs|us|ms|s)? ?(?:to|auf|à|a|zu|para) |"
    r"(?P<before>[\d.,]+) ?(?:ns|µs|us|ms|s)? ?(?:→|->|=>|to) ?)"
)
_LABELLED = (
    rf"^\W{{0,6}}(?P<name>[A-Za-zÀ-ÿ][\wÀ-ÿ %/()-]{{1,40}}?)\s?[:=]\s?{_ABOUT}(?P<value>{VALUE_PATTERN})(?! ?(?:%|percent|Prozent)) ?"
    rf"(?P<unit>{_RATE}|{_TIME}|(?:{THING}))?(?=\W{{0,3}}$|[.;)]\s|, | (?:with|for|on|in total|after|per)\b)"
)
_COMPILED = [(language, re.compile(allow_more_spaces(pattern), re.IGNORECASE)) for language, pattern in _PATTERNS]
_MEASUREMENT = re.compile(allow_more_spaces(_MEASURE), re.IGNORECASE)
_CHANGE_BEFORE = re.compile(allow_more_spaces(_CHANGE) + r"\Z", re.IGNORECASE)
_LABEL = re.compile(allow_more_spaces(_LABELLED), re.IGNORECASE)
_DONE_HINT = re.compile(rf"(?:{DEED}|{DEED_UNSPACED}|made it|went through)", re.IGNORECASE)
_MEASURE_WORD = re.compile(rf"(?:{MEASURE})", re.IGNORECASE)
_MEASUREMENT_CELL = re.compile(allow_more_spaces(rf"\s*{_MEASURE}\s*"), re.IGNORECASE)
_NO_LABEL = re.compile(
    r"\b(?:port|line|step|timeout|limit|max\w*|min\w*|year|id|priority|prs?|issue|phase|retr\w+|level|part|task|"
    r"option|stage|chapter|section|page|note|date|score|budget|estimate\w*|goal|target|default|threshold|"
    r"interval|delay|expected|zeile|schritt|seed|batch|epochs?|lr|rate|tests?|errors?|warnings?|version|exit|"
    r"code|status|commit|example|beispiel|exemple|ejemplo|http|pid|run|todo|plan|day|week)\b",
    re.IGNORECASE,
)
_BY_HAND = re.compile(
    r"\b(?:I|we)(?:'ve| have)? (?:also |then |just )?(?:added|created|wrote|changed|modified|updated|removed|set|fixed|replaced|"
    r"renamed|implemented|bumped|raised|lowered|deleted)\b|\b(?:sleep|timeout|wait|interval|limit|deadline|"
    r"every|within|budget|at least|at most|up to|under|less than|more than|below|above|max\w*|min\w*imum)\b",
    re.IGNORECASE,
)
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)\s*[=:]\s*(?P<value>-?\d[\d_]*(?:\.\d+)?)\Z")
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
_FILE = re.compile(r"[\w./~-]*[\w-]\.(?:toml|ya?ml|json|ini|cfg|conf|env|properties|xml)\Z|\.env\Z")
_HAS_VERB = r"(?:has|have|sets|says|defines|shows|specifies|uses|hat|setzt|enthält|steht|contient|définit|a|tiene|define|contiene|tem|中|里)"
_FILE_HAS_SETTING = re.compile(
    allow_more_spaces(
        rf"\A[\s,:]*(?:now |still |currently |jetzt |the )?(?:{_HAS_VERB}\b)[\s:]*(?:now |the (?:line|setting|value) )?\Z"
    ),
    re.IGNORECASE,
)
_ENDS_WITH_IN = re.compile(r"\b(?:in|dans|en|em|在)\s*\Z", re.IGNORECASE)
_IS_VALUE = re.compile(
    allow_more_spaces(r" (?:is|is now|is set to|=|:|equals|stands at|ist|steht auf|est|vaut|es|está en|é|为|是) (?P<value>-?\d[\d_]*(?:\.\d+)?)(?![\w.]\d|%)"),
    re.IGNORECASE,
)  # fmt: skip


class QuantityHit(NamedTuple):
    """A named number that a sentence states."""

    start: int
    end: int
    says: ValueClaim
    path: str | None = None


def find_quantity_claims(sentence: Sentence, taken: list[tuple[int, int]]) -> Iterator[QuantityHit]:
    """Yield the numbers that a sentence states with a name.

    Spans in `taken` are skipped, because other rules have found statements there. The spans of the yielded statements
    are added to `taken`.
    """
    if not any(sign.isdigit() for sign in sentence.raw) or _BY_HAND.search(sentence.plain):
        return
    for hit, language in (*_settings(sentence), *_counts(sentence), *_measures(sentence), *_labels(sentence)):
        if any(taken_start < hit.end and hit.start < taken_end for taken_start, taken_end in taken):
            continue
        if asserts(sentence, hit.start, hit.end, language):
            taken.append((hit.start, hit.end))
            yield hit


def _counts(sentence: Sentence) -> Iterator[tuple[QuantityHit, Language]]:
    """Yield counts of things to which something was done, as in `the import read 321 rows`."""
    has_count = False
    if not _DONE_HINT.search(sentence.plain):
        return
    languages = languages_in(sentence.plain)
    for index, (language, pattern) in enumerate(_COMPILED):
        if language not in languages:
            continue
        if index in (3, 4) and not has_count:
            continue  # these two patterns only continue another count
        for match in pattern.finditer(sentence.plain):
            groups = match.groupdict()
            words = f"{groups.get('verb') or ''} {groups.get('noun') or ''}"
            done_concepts = [*concepts_in(groups.get("verb") or "", "done")] or [
                *concepts_in(f"{words} {groups.get('subject') or ''}", "done")
            ]
            names = [*done_concepts, *concepts_in(words, "thing")]
            if not names or CODE_MARK in match[0]:
                continue
            has_count = True
            says = ValueClaim("quantity", " ".join(names), match["value"], "", bool(groups.get("about")))
            yield QuantityHit(match.start(), match.end(), says), language


def _measures(sentence: Sentence) -> Iterator[tuple[QuantityHit, Language]]:
    """Yield the last measurement of a benchmark that a sentence or table row states, such as `mean: 3.2 ms`."""
    plain = sentence.plain
    names = tuple(concepts_in(plain, "measure"))
    if not names:
        return
    if sentence.kind == "row":
        cells = list(_MEASUREMENT_CELL.finditer(plain))
        matches = cells[-1:]
    else:
        matches = list(_MEASUREMENT.finditer(plain))[-1:]
    for match in matches:
        change = _CHANGE_BEFORE.search(plain[: match.start()])
        start = change.start() if change else match.start()
        search_start = max(
            (measurement.end() for measurement in _MEASUREMENT.finditer(plain) if measurement.end() <= start),
            default=0,
        )
        if sentence.kind != "row" and (name := _MEASURE_WORD.search(plain, search_start, start)):
            start = name.start()
        names = tuple(concepts_in(plain[search_start:], "measure")) or names
        says = ValueClaim("quantity", " ".join(names), match["value"], match["unit"], bool(match["about"]))
        yield QuantityHit(start, match.end(), says), "en"


def _labels(sentence: Sentence) -> Iterator[tuple[QuantityHit, Language]]:
    """Yield a number that follows a name and a colon, as in `rows read: 321`."""
    match = _LABEL.search(sentence.plain)
    if match is None or _NO_LABEL.search(match["name"]) or sentence.kind == "row":
        return
    names = [*concepts_in(match["name"], "done", "thing", "measure")]
    if not names or not re.search(r"\d\d|\d\.\d", match["value"]):
        return
    unit = (match["unit"] or "").strip()
    yield (
        QuantityHit(
            match.start("name"),
            match.end(),
            ValueClaim("quantity", " ".join(names), match["value"], unit, bool(match["about"])),
        ),
        "en",
    )


def _settings(sentence: Sentence) -> Iterator[tuple[QuantityHit, Language]]:
    """Yield the values of settings that a sentence states together with the name of their configuration file."""
    spans = sentence.code_spans
    files = [span for span in spans if _FILE.match(sentence.raw[slice(*span)].strip())]
    if not files:
        return
    file = files[0]
    path = sentence.raw[slice(*file)].strip()
    for start, end in spans:
        code = sentence.raw[start:end].strip()
        if (pair := _KEY.match(code)) and (start, end) != file and _is_setting_of_file(sentence, file, (start, end)):
            hit_start, hit_end = min(file[0], start) - 1, max(file[1], end) + 1
            yield QuantityHit(hit_start, hit_end, ValueClaim("setting", pair["key"], pair["value"]), path), "en"
        elif _NAME.match(code) and (start, end) != file and (value_match := _IS_VALUE.match(sentence.plain, end + 1)):
            hit_start, hit_end = min(file[0] - 1, start - 1), max(value_match.end(), file[1] + 1)
            yield QuantityHit(hit_start, hit_end, ValueClaim("setting", code, value_match["value"]), path), "en"


def _is_setting_of_file(sentence: Sentence, file: tuple[int, int], setting: tuple[int, int]) -> bool:
    between = sentence.plain[file[1] + 1 : setting[0] - 1]
    return bool(_FILE_HAS_SETTING.match(between)) or (
        file[0] < setting[0] and bool(_ENDS_WITH_IN.search(sentence.plain[: file[0] - 1]))
    )
