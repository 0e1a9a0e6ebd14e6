"""Finds the numbers that a sentence states as a metric, a time, a size, a count or a version."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts, is_report
from gedanken.compare.audit.language.mood_words import Language
from gedanken.compare.audit.language.numerals import COUNT_PATTERN, VALUE_PATTERN

_ABOUT = r"(?:exactly |precisely |genau |exactement |exactamente )?(?P<about>(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|just over|just under|under|more than|less than|ca\.?|etwa|rund|environ|cerca de|unos|约|大约|~|≈|>|<)\s?)?"
_METRIC = (
    r"accuracy|acc|loss|f1(?:[- ]score)?|precision|recall|auc|auroc|roc[- ]auc|rmse|mae|mse|r2|r²|r\^2|bleu|rouge(?:-[l12])?|perplexity|"
    r"(?:test |code |line |branch |statement )?coverage|error rate|top-1|map|ndcg|"
    r"(?:Test)?Genauigkeit|(?:Test)?Abdeckung|couverture|cobertura|Verlust|précision|exactitude|perte|exactitud|"
    r"precisión|pérdida|acurácia|准确率|损失|精度|覆盖率|正解率|精度|カバレッジ"
)
_SPLIT = r"(?:(?:final|best|mean|average|avg|overall|total|test|val|validation|train|training|eval|macro|weighted|held-out|last|lowest|highest) ){0,3}"
_LINKING_WORDS = (
    r"(?:\s?(?:(?:is|was) (?:now|then|still|currently)|is|was|of|at|:|=|→|->|\||reached|reaches|hit|to|from|came to|comes to|stands at|equals|dropped to|fell to|drops to|rose to|improved to|"
    r"increased to|decreased to|went (?:up |down )?to|ended (?:up )?at|beträgt|betrug|liegt bei|lag bei|von|erreichte|atteint|de|était de|est de|alcanzó|es de|fue de|为|达到|是|："
    r"|(?:on|for|over|after|in|with) (?:the |a |all )?[\w -]{2,30}?(?:\s(?:is|was|of|=|reached)|\s?:)|(?:(?:had|has|have|is|was) )?[a-z]{3,10}(?: (?:out|up|down|in))? (?:at|to)|(?:finale? |finales? )?(?:est|es|ist) (?:de |bei )?|\()\s?){1,2}"
)
_PLACE_PHRASE = r"(?: (?:auf|sur|en|bei|in|für|pour|dans|no|em|on) [\w '-]{2,40}?)?"
_METRICS: list[tuple[Language, str]] = [
    ("en", rf"(?<![\w-])(?P<name>Genauigkeit|Testgenauigkeit|Verlust|précision|exactitude|perte|exactitud|precisión|pérdida|acurácia|precisão|Abdeckung|Testabdeckung|couverture|cobertura|F1){_PLACE_PHRASE} (?:beträgt|betrug|liegt bei|lag bei|ist|war|est de|est|était de|atteint|fue de|es de|foi de|é de) {_ABOUT}(?P<value>{VALUE_PATTERN})(?![\w/:]|\.\d)\s?(?P<unit>%|Prozent)?"),
    ("en", rf"\b(?:liegt|lag|beträgt) (?:die |der )?(?P<name>{_METRIC}) (?:bei|auf) {_ABOUT}(?P<value>{VALUE_PATTERN})(?![\w/:]|\.\d)\s?(?P<unit>%|Prozent)?"),
    ("en", rf"\b(?P<name>cover)(?:s|ed)? {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>%|percent)"),
    ("de", rf"\b(?P<name>decken) {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>%|Prozent)(?= (?:der|aller|des) )"),
    ("en", rf"\b(?P<name>coverage) (?:run|report|check) (?:is )?\w+: {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>%)"),
    ("en", rf"(?<![A-Za-z0-9_À-ÿ-])(?P<name>{_SPLIT}(?:(?:train|val|test|eval|final|best|mean)_)?(?:{_METRIC})){_LINKING_WORDS}{_ABOUT}(?P<value>{VALUE_PATTERN})(?![\w/:]|\.\d)\s?(?P<unit>%|percent|Prozent|pour cent|por ciento)?"),
    ("en", rf"(?<![\w.-]){_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>%|percent)? (?P<name>{_SPLIT}(?:{_METRIC}))(?![\w-])"),
    ("en", rf"(?<![\w-])(?P<name>{_SPLIT}(?:(?:train|val|test|eval|final|best|mean)_)?(?:{_METRIC})) {_ABOUT}(?P<value>\d{{1,6}}\.\d{{1,12}}|\d{{1,3}}(?=\s?%))(?![\w/:]|\.\d)\s?(?P<unit>%)?"),
    ("en", rf"(?<![\w-])(?P<name>correlation)(?: coefficient)?(?: (?:between|of|for) [\w ,()-]{{2,110}}?)?(?: (?:is|was|of) |\s?[:=]\s?){_ABOUT}(?P<value>-?\d?\.\d{{1,12}})(?![\w/:]|\.\d)"),
]  # fmt: skip
_TIMES: list[tuple[Language, str]] = [
    ("en", rf"\b(?:took|takes|needs|needed|lasts|lasted|(?:finished|completed|finishes|completes|ran|runs|passed|done|built) in|run time|runtime|duration|elapsed|in total|wall time|after)(?: (?:of|was|is|only|just))?\s?:?\s?{_ABOUT}(?P<minutes>\d{{1,3}})\s?(?:m|mins?|minutes?),? ?(?:and )?(?P<value>\d{{1,2}}(?:\.\d{{1,3}})?)\s?(?P<unit>s|secs?|seconds?)(?!\w)"),
    ("en", rf"\b(?:took|takes|needs|needed|lasts|lasted|finished in|completed in|finishes in|completes in|ran in|runs in|passed in|passes in|pass in|done in|run time|runtime|duration|elapsed|built in|in total|wall time|passed \(|after)(?: (?:of|was|is|only|just))?\s?:?\s?{_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>ms|s|secs?|seconds?|mins?|minutes?|h|hours?)(?!\w)"),
    ("de", rf"\b(?:dauerte|dauert|in|nach) {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>ms|s|Sekunden?|Minuten?)(?!\w)"),
    ("fr", rf"\b(?:a pris|prend|en) {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>ms|s|secondes?|minutes?)(?!\w)"),
    ("es", rf"\b(?:tardó|tarda|en) {_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>ms|s|segundos?|minutos?)(?!\w)"),
    ("zh", rf"(?:耗时|用时|花了)\s?{_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>毫秒|秒|分钟|ms|s)"),
]  # fmt: skip
_SIZES: list[tuple[Language, str]] = [
    ("en", rf"(?:[:(]|\b(?:is|are|was|weighs|size|sized|at|to|totals?|of|takes up|occupies|has|ist|hat|belegt|wiegt|fait|pèse|occupe|est|mesure|tiene|ocupa|pesa|mide|tem|produces?d?|wrote|written|有|为))\s?(?:of |is |was )?{_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>bytes?|octets?|[kKMG]i?[Bo]|B)(?!\w)(?!/s)"),
    ("zh", rf"(?:大小|有|为|は|が)\s?(?:为|是)?\s?{_ABOUT}(?P<value>{VALUE_PATTERN})\s?(?P<unit>字节|バイト|[kKMG]i?B)"),
]  # fmt: skip
_NOUNS = (
    "lines?|files?|rows?|records?|words?|entries|entry|matches|match|occurrences?|commits?|samples?|images?|tables?|columns?|functions?|classes|"
    "TODOs?|characters?|items?|users?|packages?|vulnerabilities|directories|modules?|branches|keys?"
)
_COUNTS: list[tuple[Language, str]] = [
    ("en", rf"\b(?:has|have|holds?|held|contains?|contained|there (?:are|were|is)|found|counted|returned|returns|shows?|showed|reports?|reported|printed|listed|loaded|processed|wrote|total of|comprises|counts|yields|yielded|outputs?)\s?:? (?:exactly |a total of |in total )?{_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<adj>(?:[\w.-]{{1,14}} ){{0,2}}?)(?P<name>{_NOUNS})\b"),
    ("en", rf"\b(?:is|are|was) {_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>lines?|rows?|words?|records?|entries) (?:long|in (?:total|length)|big)\b"),
    ("en", rf"(?<![\w.]){_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>lines?|rows?|words?|records?|entries) (?:are |is )?in (?:the file )?(?=[{CODE_MARK}])"),
    ("en", rf"[{CODE_MARK}]{{3,120}}\s?[:—–] {_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>lines?|rows?|words?|records?|entries)\b"),
    ("en", rf"[{CODE_MARK}]{{3,120}} \({_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>lines?|rows?|words?|records?|entries)\)"),
    ("de", rf"\b(?:hat|haben|enthält|gibt es|fand|gezählt|sind)(?: insgesamt| genau)? {_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>Zeilen|Dateien|Wörter|Einträge|Treffer)\b"),
    ("fr", rf"\b(?:a|ont|contient|compte|il y a|trouvé) {_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>lignes|fichiers|mots|entrées|occurrences)\b"),
    ("es", rf"\b(?:tiene|tienen|contiene|hay|encontré) {_ABOUT}(?P<value>{COUNT_PATTERN}) (?P<name>líneas|archivos|ficheros|palabras|entradas|coincidencias)\b"),
    ("zh", rf"(?:有|共|包含|找到)\s?{_ABOUT}(?P<value>{COUNT_PATTERN})\s?(?P<name>行|个文件|个单词|条记录|处)"),
]  # fmt: skip
_VERSIONS: list[tuple[Language, str]] = [
    ("en", rf"(?<![\w/.-])(?P<name>(?:[\w-]+/)*[\w-]+\.(?:json|toml|txt|lock|ya?ml|xml|gradle|mod|cfg|ini)|[{CODE_MARK}]{{3,80}}) (?:now |currently |still )?(?:has|pins|asks for|requires|declares|lists|shows|says|reports|gives|specifies|is at|is on) (?:[\w@/-]{{2,30}} )?[\^~=v]{{0,3}}(?P<value>\d{{1,4}}\.\d{{1,6}}\.\d{{1,6}})(?![\w.]*\d)"),
    ("en", r"(?<![\w/-])(?P<name>@?[A-Za-z][\w/.-]{1,40}?) (?:is|was|stays|remains) (?:now |still )?(?:pinned|locked|resolved|held) (?:to|at) v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("en", r"^\W{0,4}(?P<name>@?[A-Za-z][\w/.-]{1,40}?): (?:now|at) v?(?P<value>\d{1,4}(?:\.\d{1,6}){2,3})(?=\W*$|[,;] )"),
    ("en", r"\b(?:this|it|that)(?: is|'s) (?P<name>[A-Z][\w+#.-]{0,24}) v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("en", r"(?<![\w/-])(?P<name>@?[A-Za-z][\w/.-]{1,40}?):? (?:(?:went |is |was )?(?:bumped |upgraded |updated )?from )?v?\d{1,4}\.\d{1,6}\.\d{1,6} ?(?:→|->|=>|to) ?v?(?P<value>\d{1,4}\.\d{1,6}\.\d{1,6})\b"),
    ("en", r"(?<![\w/-])(?P<name>[A-Za-z][\w+#.-]{0,24}?)(?:'s)?(?: (?:--version|-V))?(?: (?:is|says|said|reports?|reported|prints?|printed|shows?|showed|gives?|gave|returned|outputs?))?(?: (?:installed )?(?:at )?version(?: is| was)?:?| (?:installed|running|at)| \(?v)?\s?v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3}(?:[a-z]+\d+)?)(?! ?(?:%|s\b|ms\b|x\b|[KMG]B))(?P<tail> (?:is|was|are) (?:installed|available|used|active|present|running))?"),
    ("en", rf"(?P<name>[{CODE_MARK}]{{3,80}}) (?:says|said|reports?|reported|prints?|printed|shows?|showed|gives?|gave|returned|outputs?):? (?:\w+ )?v?(?P<value>\d{{1,4}}(?:\.\d{{1,6}}){{1,3}})\b"),
    ("en", r"\b(?:installed|running|uses|using|on|have|has) (?P<name>[A-Z][\w+#-]{0,20}) v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("en", r"\b(?:we are|we're|it is|this is|everything is) on (?P<name>[A-Za-z][\w+#-]{0,20}) v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("en", r"\bversion (?:of|de|von) (?P<name>[A-Za-z][\w+#.-]{0,20}?)\s?(?:is |was |ist |est |es |: ?|= ?)v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("de", r"\b(?:läuft|installiert ist|nutzen|verwenden|haben) (?:hier )?(?P<name>[A-Za-z][\w+#-]{0,20}) (?:in )?(?:der )?(?:Version )?v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})\b"),
    ("en", r"(?<![\w/-])(?P<name>[A-Za-z][\w+#-]{0,20}) v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3}) (?:is what (?:runs|we have|is (?:installed|used))|is in use|runs here|wird verwendet|läuft)"),
    ("en", r"^(?P<name>[a-z][\w+#-]{0,20}) is (?:now )?at v?(?P<value>\d{1,4}(?:\.\d{1,6}){1,3})(?=[.!]?$| (?:here|now))"),
]  # fmt: skip
_KINDS = [
    (kind, [(language, re.compile(allow_more_spaces(pattern), re.IGNORECASE)) for language, pattern in patterns])
    for kind, patterns in (
        ("metric", _METRICS),
        ("time", _TIMES),
        ("size", _SIZES),
        ("count", _COUNTS),
        ("version", _VERSIONS),
    )
]
_CELL = re.compile(rf"\s*(?P<value>{VALUE_PATTERN})\s?(?P<unit>%)?\s*")
_METRIC_NAME = re.compile(rf"{_SPLIT}(?:{_METRIC})", re.IGNORECASE)
_GOAL = re.compile(
    r"target|threshold|goal|at least|minimum|at most|required|baseline in|reported in|paper|state of the art|default|set to|configured|hyper|weight(?:ed)? by|limit",
    re.IGNORECASE,
)
_VERSION_WORD = re.compile(
    r"\b(?:this|it|that)(?: is|'s) [A-Z]\w*|\d\.\d+\.\d+\s?(?:→|->|=>|to)\s?v?\d+\.\d|"
    r"\b(?:has|pins|asks for|requires|declares|lists|shows|says|reports|gives|specifies)\s(?:\S{1,20}\s)?[`\"^~=v]{0,3}\d+\.\d+\.\d|"
    r"(?:pinned|locked|resolved|held) (?:to|at)\b|:\s(?:now|at)\sv?\d|version|install|running|(?<=\s)-V\b|available|environment has|interpreter|"
    r"\b(?:we are|we're) on\b|what runs|\bruns here|in use\b|läuft|\bis (?:now )?at v?\d",
    re.IGNORECASE,
)
_BY_HAND = re.compile(
    r"\b(?:I(?:'ve| have)? (?:added|created|wrote|changed|modified|updated|removed|implemented|fixed)|added|created|changed|modified|updated|edited)\b",
    re.IGNORECASE,
)
_AMBIGUOUS_METRICS = frozenset(["acc", "map", "recall", "precision", "loss", "r2"])


class ValueHit(NamedTuple):
    """A number that a sentence states, with its position in the sentence."""

    start: int
    end: int
    says: ValueClaim


def find_value_claims(sentence: Sentence) -> Iterator[ValueHit]:
    """Yield the numbers that a sentence states, each with what it measures."""
    plain = sentence.plain
    if not any(sign.isdigit() for sign in plain):
        return
    taken: list[tuple[int, int]] = []
    for hit in _cell_hits(sentence):
        taken.append((hit.start, hit.end))
        yield hit
    for kind, patterns in _KINDS:
        if kind == "version" and not _VERSION_WORD.search(sentence.raw):
            continue
        if kind == "count" and _BY_HAND.search(plain):
            continue
        for language, pattern in patterns:
            for match in pattern.finditer(plain):
                if any(taken_start < match.end() and match.start() < taken_end for taken_start, taken_end in taken):
                    continue
                if asserts(sentence, match.start(), match.end(), language) and _is_stated(kind, match, plain):
                    taken.append(match.span())
                    yield _build_hit(kind, match)


def _cell_hits(sentence: Sentence) -> Iterator[ValueHit]:
    """Yield the numbers in the cells of a table row whose column is named after a metric, such as `accuracy`."""
    if sentence.kind != "row" or not is_report(sentence):
        return
    position = 1
    for name, cell in zip(sentence.columns, sentence.plain.strip().strip("|").split("|"), strict=False):
        match = _CELL.fullmatch(cell)
        if match and _METRIC_NAME.fullmatch(name.strip("* ")) and not _GOAL.search(name):
            says = ValueClaim("metric", name.strip("* ").lower(), match["value"], match["unit"] or "")
            yield ValueHit(position + match.start("value"), position + match.end(), says)
        position += len(cell) + 1


def _is_stated(kind: str, match: re.Match[str], plain: str) -> bool:
    around = plain[max(0, match.start() - 50) : match.end() + 10]
    if kind == "metric" and _GOAL.search(around):
        return False
    if (
        kind == "metric"
        and match["name"].lower() in _AMBIGUOUS_METRICS
        and "." not in match["value"]
        and not match.groupdict().get("unit")
    ):
        return False
    if kind == "version":
        return match["name"].lower() not in (
            "version",
            "is",
            "at",
            "in",
            "of",
            "to",
            "from",
            "and",
            "the",
            "about",
            "line",
            "section",
            "step",
            "v",
            "has",
            "shows",
            "says",
            "reports",
            "pins",
            "requires",
            "lists",
            "gives",
        )
    return not (
        kind in ("time", "size")
        and re.search(
            r"timeout|limit|wait(?:s|ed|ing)? |sleep|interval|every|max|within|budget", around, re.IGNORECASE
        )
    )


def _build_hit(kind: str, match: re.Match[str]) -> ValueHit:
    groups = match.groupdict()
    name = (groups.get("name") or "").strip().lower()
    unit = (groups.get("unit") or "").strip()
    value = str(60 * int(groups["minutes"]) + Decimal(match["value"])) if groups.get("minutes") else match["value"]
    says = ValueClaim(kind, name, value, unit, bool(groups.get("about")))  # type: ignore[arg-type]
    return ValueHit(match.start(), match.end(), says)
