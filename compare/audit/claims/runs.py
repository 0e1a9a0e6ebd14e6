"""Finds the commands that a sentence says were run, and the outputs and file contents that it quotes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import Family, FileClaim, OutputClaim, RunClaim
from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.language.message_parts import CODE_MARK, QUOTE_MARK, Sentence
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.mood_words import Language

_ADVERBS = r"(?:then |also |just |have just |'ve just |already |first |now |successfully |have |had |'ve |re-?|finally |again |manually |even ){0,4}"
_RUN_VERB = r"(?:re-?ran|ran|re-?run|run|executed|re-?executed|invoked|launched)"
_ACTION_VERB = r"(?:rolled|tested|exercised|tried|reproduced|measured|timed|profiled|benchmarked|migrated|seeded|reset|restarted|regenerated|reformatted|linted|compiled|upgraded|downgraded|deployed|validated|stress-?tested|fuzzed)"
_OBJECT = rf"(?P<between>[^{CODE_MARK}.;:!?]{{0,60}}?)(?P<code>[{CODE_MARK}]{{3,302}})"
_THING = (
    r"(?P<thing>(?:(?:the|our|all|all of|full|whole|entire|complete|existing|unit|project's|project|new|pytest|relevant|integration|production) ){0,5}"
    r"(?P<what>tests?(?: suites?)?|test cases|suite|linter|linters|lint|type[- ]?checker|type[- ]?checks?|build|formatter|benchmarks?|training|training script))"
)
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"\b(?:I|we)(?: |(?='))({_ADVERBS})(?P<verb>{_RUN_VERB}) {_OBJECT}"),
    ("en", rf"(?:^(?:[-*•✅✔✓☑] ?)*|[:;—–(] ?|, (?:and |then )?| and then )\s*(?:successfully |then |also )?(?P<verb>ran|re-?ran|executed|re-?executed|invoked) {_OBJECT}"),
    ("en", rf"\b(?:after|by|from|upon) (?P<verb>(?:re-?)?running|executing) {_OBJECT}"),
    ("en", rf"\b(?P<verb>verified|confirmed|checked|validated|tested)(?: (?:it|this|that|the (?:fix|change|result)s?|everything))? (?:with|by running|via|using|through) {_OBJECT}"),
    ("en", rf"\b(?:I|we)(?: |(?='))({_ADVERBS})(?P<verb>{_ACTION_VERB}) (?:it|them|this|that|everything|(?:the|a|my|our) (?:[\w-]+ ){{0,2}}[\w-]+)(?: back| up| down| once| twice| again| too| as well){{0,2}} (?:with|via|using|by running) {_OBJECT}"),
    ("en", rf"\b(?:I|we)(?: |(?='))({_ADVERBS})(?P<verb>{_RUN_VERB}) {_THING}\b"),
    ("en", rf"^(?:[-*•✅✔✓☑] ?)*\s*(?:successfully )?(?P<verb>ran|re-?ran|executed) {_THING}\b"),
    ("en", rf"\b(?:I|we)(?: |(?='))({_ADVERBS})(?P<verb>(?P<what>benchmarked|re-?trained|trained)) (?P<thing>it|both|this|that|them|(?:the|a|an|my|our|all|two|three|each) [\w-]+)\b"),
    ("en", rf"{_OBJECT} (?:has been|was|have been|had been) (?:also |then |successfully )?(?P<verb>re-?run|run|executed|re-?executed)\b(?! (?:by|when|on|in|for) (?!hand|full|my|the end))"),
    ("zh", rf"(?P<between>)(?P<code>[{CODE_MARK}]{{3,302}})\s?を(?P<verb>実行しました|再実行しました|走らせました)"),
    ("de", rf"\b(?:habe ich|ich habe|wir haben|haben wir) {_OBJECT}[^.;:!?]{{0,30}}?(?P<verb>ausgeführt|laufen lassen|gestartet)\b"),
    ("fr", rf"(?:\bj'ai|\bnous avons) (?P<verb>(?:ré)?exécuté|(?:re)?lancé|fait tourner) {_OBJECT}"),
    ("es", rf"\b(?P<verb>ejecuté|he ejecutado|corrí|hemos ejecutado|ejecutamos) {_OBJECT}"),
    ("zh", rf"(?:我|我们)?(?:已经|已|又|重新)?(?P<verb>运行了|执行了|跑了)(?P<between>[^{CODE_MARK}。]{{0,20}}?)(?P<code>[{CODE_MARK}]{{3,302}})"),
]  # fmt: skip
_COMPILED = [(language, re.compile(pattern, re.IGNORECASE)) for language, pattern in _PATTERNS]
_HINT = re.compile(
    rf"\b(?:re-?)?r[au]n|\b{_ACTION_VERB}\b|execut|invoked|launched|trained|verified|confirmed|checked|validated|tested|ausgeführt|laufen|gestartet|exécut|lanc|ejecut|corr|运行|执行|跑了|実行|走らせ",
    re.IGNORECASE,
)
_FAMILIES: list[tuple[str, Family]] = [
    (r"test|suite", "tests"),
    (r"lint", "lint"),
    (r"type", "types"),
    (r"build", "build"),
    (r"format", "format"),
    (r"train|bench", "program"),
]
_COMMAND = re.compile(r"(?:\$ )?(?:[A-Z_]+=\S+ )*[./~]?[\w./@+-]+(?:\s+\S.*)?$")
_SERVICE_COMMAND = re.compile(
    r"(?:alembic|flask|curl|wget|systemctl|docker|podman|kubectl|helm|terraform|hyperfine|wrk|ab|k6|locust|redis-cli|psql|sqlite3|mysql|nginx) \S"
)
"""Matches commands of programs that run no tests, builds or checks, such as `curl …`."""
_QUOTED_OUTPUT = re.compile(
    rf"\b(?:printed|outputted|showed|displayed|(?:the |its |my )?(?:(?:command|program|script|run|final)(?:'s)? )?output (?:is|was|shows|showed|reads|read)|output|prints out|"
    rf"(?:it|that|this|which|pytest|command|run|script|program) (?:printed|showed|reported|returned|said|logged)|reported|(?:printed|showed|wrote|reported|returned) (?:was|were)|the (?:result|summary) (?:was|line (?:is|was|reads)))"
    rf"(?: that| the line| a line| just)?\s?:?\s?(?P<words>[{CODE_MARK}]{{4,302}}|[{QUOTE_MARK}]{{4,302}})",
    re.IGNORECASE,
)
_QUOTED_FILE = re.compile(
    rf"(?P<path>[{CODE_MARK}]{{4,120}})(?: file)? (?:now |already |currently |still )?(?:contains|reads|has the line|includes|starts with|ends with|is set to)"
    rf"(?: the line| exactly| the following| just)?\s?:?\s?(?P<words>[{CODE_MARK}]{{4,302}})",
    re.IGNORECASE,
)
_PATH = re.compile(r"[\w./~-]*[\w-]\.\w{1,6}$|(?:[\w.-]+/)+[\w.-]+$")


class RunHit(NamedTuple):
    """A statement that a command was run, or a quotation, with its position in the sentence."""

    start: int
    end: int
    says: RunClaim | OutputClaim | FileClaim
    command: str | None = None
    path: str | None = None


def find_run_claims(sentence: Sentence) -> Iterator[RunHit]:
    """Yield the statements in a sentence that a command was run."""
    if not _HINT.search(sentence.plain):
        return
    taken: list[tuple[int, int]] = []
    for language, pattern in _COMPILED:
        for match in pattern.finditer(sentence.plain):
            if any(taken_start < match.end() and match.start() < taken_end for taken_start, taken_end in taken):
                continue
            hit = _build_hit(sentence, match)
            if hit is not None and asserts(sentence, match.start(), match.end(), language):
                taken.append(match.span())
                yield hit


def _build_hit(sentence: Sentence, match: re.Match[str]) -> RunHit | None:
    groups = match.groupdict()
    if groups.get("thing"):
        if re.match(r"(?:re-?)?run$", match["verb"], re.IGNORECASE) and not re.search(
            r"have|'ve|had|has|was", match[0], re.IGNORECASE
        ):
            return None  # `I run the tests`: a habit or a plan
        family = next(
            (family for pattern, family in _FAMILIES if re.search(pattern, match["what"], re.IGNORECASE)), None
        )
        return RunHit(match.start(), match.end(), RunClaim(family))
    if re.match(r"(?:re-?)?run$", match["verb"], re.IGNORECASE) and not re.search(
        r"\b(?:have|'ve|had|has|was)\b|'ve", match[0], re.IGNORECASE
    ):
        return None
    command = sentence.raw[match.start("code") : match.end("code")].strip("`").strip().removeprefix("$ ")
    if not _is_command(command, match["verb"]) or re.search(
        r"\b(?:into|against|in|from|inside|as|like|such as|named|called)\s*$", match["between"], re.IGNORECASE
    ):
        return None
    return RunHit(match.start(), match.end(), RunClaim(), command)


def _is_command(text: str, verb: str) -> bool:
    if not _COMMAND.match(text) or re.match(r"[\w.]+\(", text):
        return False
    steps = parse_steps(text)
    if bool(steps) and steps[0].family != "other":
        return True
    is_weak_verb = re.match(rf"verified|confirmed|checked|{_ACTION_VERB}", verb, re.IGNORECASE)
    if is_weak_verb and " " in text and _SERVICE_COMMAND.match(text):
        return True
    return not is_weak_verb and (" " in text or text.startswith("./"))


def find_quotes(sentence: Sentence) -> Iterator[RunHit]:
    """Yield the words that a sentence quotes from an output or a file."""
    plain = sentence.plain
    if CODE_MARK not in plain and QUOTE_MARK not in plain:
        return
    for match in _QUOTED_OUTPUT.finditer(plain):
        if asserts(sentence, match.start(), match.end()):
            words = sentence.raw[match.start("words") : match.end("words")].strip('`"“”„').strip()
            if re.search(r"\s|\d", words):
                yield RunHit(match.start(), match.end(), OutputClaim((words,)))
    for match in _QUOTED_FILE.finditer(plain):
        path = sentence.raw[match.start("path") : match.end("path")].strip("`").strip()
        if _PATH.match(path) and asserts(sentence, match.start(), match.end()):
            words = sentence.raw[match.start("words") : match.end("words")].strip("`").strip()
            yield RunHit(match.start(), match.end(), FileClaim((words,)), path=path)
