"""What sentences say of builds, linters, type checkers, formatters, and exit codes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.mood import asserts
from gedanken.compare.audit.mood_words import Language
from gedanken.compare.audit.numerals import COUNT, count_of
from gedanken.compare.audit.parts import CODE, Sentence, spaced
from gedanken.compare.audit.says import CheckSays, ExitSays, Family

TOOLS: dict[str, Family] = {
    "mypy": "types", "pyright": "types", "tsc": "types", "typescript": "types", "basedpyright": "types",
    "ruff": "lint", "flake8": "lint", "eslint": "lint", "pylint": "lint", "clippy": "lint", "golangci-lint": "lint", "biome": "lint",
    "go vet": "lint", "rubocop": "lint", "shellcheck": "lint", "stylelint": "lint", "black": "format", "prettier": "format",
    "isort": "format", "gofmt": "format", "rustfmt": "format", "cargo fmt": "format", "cargo check": "build",
    "cargo build": "build", "go build": "build", "make": "build", "cmake": "build", "webpack": "build", "vite": "build",
}  # fmt: skip
_TOOL = "|".join(re.escape(tool) for tool in sorted(TOOLS, key=len, reverse=True) if tool not in ("make", "black"))
_LINT = r"lint(?:er|ers|ing)?(?: checks?)?|static analysis"
_TYPES = r"type[- ]?check(?:er|ing|s)?|typing checks?|types"
_BUILD = r"(?:(?:production|release|debug|full|clean|project|typescript|docker) )?build|compilation"
_FORMAT = r"format(?:ter|ting)(?: checks?)?|format checks?"
_SUBJECT = rf"(?P<subject>\b(?:{_TOOL})\b|\b(?:{_LINT}|{_TYPES}|{_BUILD}|{_FORMAT})\b|[{CODE}]{{3,90}})"
_BETWEEN = r"(?:(?:is|are|was|were|now|also|still|all|everything|works?|worked|compiles?|compiled|builds?|has|run|runs|ran|check|checks|step|command|completes|completed|finishes|finished|came|comes|back|come|both|exits|exited|reports|reported|shows|showed|found|finds|with) ){0,4}"
_GOOD = (
    r"(?P<good>pass(?:es|ed|ing)?|clean(?:ly)?|green|succeed(?:s|ed)?|successful(?:ly)?|OK|fine|"
    r"(?:no|zero|0|without(?: any)?) (?:\w+ ){0,2}?(?:errors?|issues?|warnings?|problems?|violations?|offenses|complaints|findings)|nothing (?:to (?:complain about|report|fix)|wrong))"
)
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"{_SUBJECT} {_BETWEEN}{_GOOD}(?!\w)"),
    ("en", rf"{_SUBJECT} (?:is|was) \w{{2,12}}(?: \w{{2,12}})?(?:: | with | and (?:reports |found |finds )?| — | - ){_GOOD}(?!\w)"),
    ("en", rf"{_SUBJECT}\s?(?::|—|–) (?:\w+ ){{0,2}}\w+, {_GOOD}(?!\w)"),
    ("en", rf"{_SUBJECT}\s?(?::|=|→|->|—|–|\|)\s*(?:[✅✔✓☑]\s*)?(?:{_GOOD}|(?P<tick>[✅✔✓☑]))"),
    ("en", rf"[✅✔✓☑]\s*(?P<subject>(?:{_LINT}|{_TYPES}|{_BUILD}|{_FORMAT}|{_TOOL}))\s*(?P<tick>$)"),
    ("en", r"(?P<subject>\b(?:compile[sd]?|built|builds))(?: and \w+)? (?P<good>cleanly|successfully|fine|without (?:any )?(?:errors?|warnings?|issues)|with no (?:errors?|warnings?))\b"),
    ("en", r"\b(?P<good>[Cc]lean|[Gg]reen|[Ss]uccessful|[Pp]assing) (?P<subject>build|typecheck|type[- ]check|lint|compilation)\b"),
    ("en", r"\b(?P<good>successfully|cleanly) (?P<subject>built|compiled)\b"),
    ("en", rf"\b(?P<good>(?:no|zero|0) )(?P<subject>lint(?:er|ing)?|type|typing|{_TOOL}|compil(?:er|ation|e)|build|format(?:ting)?)(?: check(?:er|ing)?)? (?:errors?|warnings?|issues?|problems?|violations?)\b"),
    ("en", rf"(?P<errors>{COUNT}) (?P<subject>lint(?:er|ing)?|type|typing|{_TOOL}|compil(?:er|ation|e)|build) (?P<bad>errors?|issues?|problems?|violations?)\b"),
    ("en", rf"{_SUBJECT} {_BETWEEN}(?P<bad>fail(?:s|ed|ing)?|(?P<errors>{COUNT}) (?:errors?|issues?|problems?|violations?))\b"),
    ("de", rf"{_SUBJECT} (?:(?:ist|war|wurde|lief|läuft) ){{0,2}}(?P<good>erfolgreich|sauber|fehlerfrei|ohne Fehler|durch)\b"),
    ("de", r"\b(?P<good>keine )(?P<subject>Lint|Typ|Build|Kompilier)[- ]?(?:fehler|warnungen)"),
    ("fr", rf"(?P<subject>{_TOOL}|compilation|[Bb]uild|[{CODE}]{{3,90}}) (?:(?:a|est|passe) ){{0,2}}(?P<good>réussie?|sans erreurs?|propre)(?!\w)"),
    ("es", rf"(?P<subject>{_TOOL}|compilación|[Bb]uild|[{CODE}]{{3,90}}) (?:(?:fue|ha sido|es|pasa|termina|terminó) ){{0,2}}(?P<good>exitosa|exitoso|correcta|sin errores|limpio)\b"),
    ("zh", r"(?P<subject>构建|编译|类型检查|代码检查|lint)\s?(?:均|已|也){0,2}\s?(?P<good>成功|通过|无错误|没有错误)"),
]  # fmt: skip
_COMPILED = [(language, re.compile(spaced(pattern), re.IGNORECASE)) for language, pattern in _PATTERNS]
_HINT = re.compile(
    rf"lint|typ|build|compil|format|built|exit|return|status|构建|编译|检查|rc\b|{_TOOL}|{CODE}", re.IGNORECASE
)
_OUTCOME = re.compile(
    r"pass|clean|green|nothing|complain|succe|\bok\b|fine|\bno\b|zero|\b0\b|without|error|warning|fail|issue|problem|violation|[✅✔✓☑]|"
    r"erfolg|sauber|fehler|durch|keine|réussi|propre|exitos|correct|limpio|成功|通过|错误",
    re.IGNORECASE,
)
_EXIT = re.compile(
    r"\b(?:exit(?:ed|s)?|return(?:ed|s)?|rc|exit status|finished)\s?(?:with )?(?:an? )?(?:exit )?(?:code|status)?(?: code)?(?: (?:of|was|is))?\s?[:=]?\s?[`(]?(?P<code>\d{1,3})\b(?! ?[.,]\d|\w| \w+s\b)|"
    r"\b(?:Exit-?[Cc]ode|code de (?:sortie|retour)|código de salida)(?: (?:war|ist|von|de|fue|es|était|:))?\s?[:=]?\s?(?P<other>\d{1,3})\b|"
    r"退出码\s?(?:为|是|：|:)?\s?(?P<chinese>\d{1,3})",
    re.IGNORECASE,
)
_AS_ITS = re.compile(
    r"\b(?:returned|gave|got|with|had) (?P<code>\d{1,3}) as (?:its |the |an )?exit (?:code|status)|"
    rf"\bexit (?:code|status) of [{CODE}]{{3,200}} ?(?:is|was|:|=) ?(?P<other>\d{{1,3}})\b(?! ?[.,]\d)",
    re.IGNORECASE,
)
_EXIT_WORD = re.compile(r"exit|status|return code|\brc\b|code de|退出码|código", re.IGNORECASE)
_GENERAL = re.compile(
    r"(?:on|for|when|if|in case|whenever|upon) (?:the |a |an |any )?\w+|means|indicates|signals", re.IGNORECASE
)
_FAMILIES: list[tuple[str, Family]] = [
    (r"lint|static analysis|代码检查", "lint"), (r"typ|类型", "types"), (r"build|built|compil|kompil|构建|编译", "build"), (r"format", "format"),
]  # fmt: skip
_LIMITED = re.compile(
    r"\b(?:except|other than|apart from|besides|unrelated|pre-?existing|new (?:errors?|issues?|warnings?)|my changes|only)\b|"
    r"\b(?:for|on|in) (?:the |all |these )?(?:changed|modified|new|touched|edited|my|this|these|that) ",
    re.IGNORECASE,
)


class CheckHit(NamedTuple):
    """What a sentence says at one place."""

    start: int
    end: int
    says: CheckSays | ExitSays
    numbers: tuple[str, ...]
    command: str | None = None


def checks_said(sentence: Sentence) -> Iterator[CheckHit]:
    """Yield the statements about builds, checks and exit codes in a sentence."""
    if not _HINT.search(sentence.plain):
        return
    taken: list[tuple[int, int]] = []
    for language, pattern in _COMPILED if _OUTCOME.search(sentence.plain) else ():
        for found in pattern.finditer(sentence.plain):
            if any(low < found.end() and found.start() < high for low, high in taken):
                continue
            if not asserts(sentence, found.start(), found.end(), language) or _LIMITED.search(sentence.plain):
                continue
            if (hit := _check(sentence, found)) is not None:
                taken.append(found.span())
                yield hit
    yield from _exits(sentence)


def _check(sentence: Sentence, found: re.Match[str]) -> CheckHit | None:
    groups = found.groupdict()
    subject = found["subject"]
    command = None
    if subject.startswith(CODE):
        command = sentence.raw[found.start("subject") : found.end("subject")].strip("`").strip()
        tool, family = _of_command(command)
    else:
        tool = subject.lower() if subject.lower() in TOOLS else None
        family = (
            TOOLS[tool]
            if tool
            else next((one for pattern, one in _FAMILIES if re.search(pattern, subject, re.IGNORECASE)), None)
        )
    if family is None or (subject.lower() == "types" and "good" not in groups):
        return None
    errors = count_of(groups.get("errors") or "")
    clean = not groups.get("bad")
    numbers = (groups["errors"],) if groups.get("errors") else ()
    return CheckHit(
        found.start(), found.end(), CheckSays(family, tool, clean, 0 if clean else errors), numbers, command
    )


def _of_command(command: str) -> tuple[str | None, Family | None]:
    from gedanken.compare.audit.commands import steps_of

    for step in reversed(steps_of(command)):
        if step.family in ("lint", "types", "build", "format"):
            return step.program, step.family  # type: ignore[return-value]
    return None, None


def _exits(sentence: Sentence) -> Iterator[CheckHit]:
    for found in (*_EXIT.finditer(sentence.plain), *_AS_ITS.finditer(sentence.plain)):
        if not _EXIT_WORD.search(found[0]) or _GENERAL.match(sentence.plain[found.end() :].lstrip(" ,)`")):
            continue
        if asserts(sentence, found.start(), found.end()):
            number = next(group for group in found.groups() if group is not None)
            yield CheckHit(found.start(), found.end(), ExitSays(int(number)), (number,))
