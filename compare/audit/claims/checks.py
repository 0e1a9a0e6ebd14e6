"""Finds statements about builds, linters, type checkers, formatters and exit codes in a sentence."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import CheckClaim, ExitCodeClaim, Family
from gedanken.compare.audit.claims.tool_names import FAMILIES_BY_TOOL, tool_of
from gedanken.compare.audit.language.languages import languages_in
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts
from gedanken.compare.audit.language.mood_words import Language
from gedanken.compare.audit.language.numerals import COUNT_OR_WORD, COUNT_PATTERN, parse_count

_TOOL = "|".join(
    re.escape(tool) for tool in sorted(FAMILIES_BY_TOOL, key=len, reverse=True) if tool not in ("make", "black")
)
_TOOL_ARGUMENTS = (
    r"(?:(?<=\w)(?: (?:-{1,2}[A-Za-z][\w=./-]*|\./\.\.\.|\.(?= )|hooks?|run|check|at level (?:\d+|max)|"
    rf"\(?strict\)?(?: mode)?|with -D warnings|with [{CODE_MARK}]{{3,60}})){{1,3}})?"
)
"""Matches the words between the name of a tool and its result, such as `--strict` in `mypy --strict passes`."""
_LINT = (
    r"lint(?:er|ers|ing)?(?: checks?)?|static analysis|analyse statique|análisis estático|análise estática|"
    r"statische Analyse"
)
_TYPES = (
    r"type[- ]?check(?:er|ing|s)?|typing checks?|types|Typprüfung|Typcheck|vérification des types|typage|"
    r"(?:comprobación|verificación|chequeo) de tipos|verificação de tipos"
)
_BUILD = r"Kompilierung|compilación|compilação|construction|(?:(?:production|release|debug|full|clean|project|typescript|docker) )?build|compilation"
_FORMAT = r"format(?:ter|ting)(?: checks?)?|format checks?"
_MAKE = r"make(?= (?:is (?:clean|green|free|fine|OK)|succeed|passe|finishe|complete|ends|works))"
"""Matches `make` as the name of the program, not as a verb."""
_SUBJECT = rf"(?P<subject>\b(?:{_TOOL}|{_MAKE})\b|\b(?:{_LINT}|{_TYPES}|{_BUILD}|{_FORMAT})\b|[{CODE_MARK}]{{3,90}}){_TOOL_ARGUMENTS}"
_FILLER = r"(?:(?:is|are|was|were|now|also|still|all|everything|works?|worked|compiles?|compiled|builds?|has|run|runs|ran|check|checks|step|command|completes|completed|finishes|finished|came|comes|back|come|both|exits|exited|ends|ended|goes|went|through|too|reports|reported|shows|showed|found|finds|prints|printed|gives|gave|lists|listed|says|said|has|had|raises|raised|stays|remains|counts|counted|sees|saw|knows|of|at|emits|emitted|detects|detected|flags|flagged|spots|spotted|yields|yielded|turns|turned|up|out|with|any|more|longer) ){0,4}"
_SUCCESS = (
    r"(?P<good>pass(?:es|ed|ing)?|clean(?:ly)?|green|succeed(?:s|ed)?|successful(?:ly)?|success(?! rates?)|OK|fine|happy|silent|quiet|content(?! of)|free of (?:errors?|warnings?|findings)|satisfied|through(?! to)|"
    r"(?:no|zero|0|not (?:a single|one)|without(?: any| a single| one)?) (?:\w+ ){0,2}?(?:errors?|issues?|warnings?|problems?|violations?|offenses|complaints?|findings?|vulnerabilit(?:y|ies)|leaks?|changes|bugs|alerts|broken requirements|remarks?|objections?|misspellings|typos|advisor(?:y|ies)|data races?|undefined behaviou?r|diagnostics|crashes|secrets|mistakes|concerns)|(?:0|no) bytes (?:lost|leaked)|no diff(?:erence)?s?|nothing(?: (?:to (?:complain about|report|fix|say|reformat|change|format)|either|wrong|at all|more|left|new|known))?(?=\W*$|[.,;!]| (?:to|either|wrong|at|more|left|new|known|and|now)\b)|"
    r"(?:zufrieden|ohne (?:einen )?(?:Fehler|Beanstandungen?)|(?:keine|keinen) (?:\w+ )?(?:Fehler|Probleme|Warnungen|Beanstandungen?)|nichts (?:zu beanstanden|gefunden)?|"
    r"ne (?:signale|trouve|rapporte|relève) (?:rien|aucune? \w+|pas d'\w+)|n'a rien (?:trouvé|signalé)|aucune (?:erreur|alerte)|sans (?:aucune )?erreurs?|"
    r"no (?:reporta|encuentra|encontró|da|muestra|señala) (?:ning[uú]na? )?(?:errores|error|problemas|nada|fallos)|sin (?:ning[uú]n )?(?:errores|error|problemas)|"
    r"não (?:relata|reporta|encontra|encontrou|mostra|acusa) (?:nenhum )?(?:erros?|problemas?|nada)|sem (?:nenhum )?(?:erros?|problemas?)))"
)
_PATTERNS: list[tuple[Language, str]] = [
    ("en", rf"(?P<subject>{_BUILD}) (?:of (?:the |this |my |our )?(?:\w+[ -]){{0,2}}\w+ |itself |as it (?:is|stands)(?: now)? ){_FILLER}{_SUCCESS}(?!\w)"),
    ("en", rf"(?P<subject>[{CODE_MARK}]{{3,90}}) (?:now |also |still ){{0,2}}(?P<good>completes|completed|finishes|finished)(?=\W*$|[.,;!])"),
    ("en", rf"{_SUBJECT}(?:,? which|,? and it)? {_FILLER}{_SUCCESS}(?!\w)"),
    ("en", rf"{_SUBJECT} (?P<good>(?:did not|didn't|does not|doesn't|has not|hasn't|had not|hadn't) (?:\w+ )?(?:complain|object|report|find|found|flag|raise|print|show|say)(?:ed|d)?(?: to| about)? (?:anything|any \w+|a single \w+|a thing))\b"),
    ("en", r"\b(?:code|chart|charts|project|it|everything|crate|package) (?:now |still |also |all ){0,2}(?P<subject>lints?)(?P<good> clean(?:ly)?| fine| without (?:any )?\w+)\b"),
    ("en", rf"(?P<subject>{_BUILD}) (?:now |still |also |again ){{0,2}}(?P<good>works)(?=\W*$|[.,;!])"),
    ("en", rf"{_SUBJECT} (?:is|was) \w{{2,12}}(?: \w{{2,12}})?(?:: | with | and (?:reports |found |finds )?| — | - ){_SUCCESS}(?!\w)"),
    ("en", rf"{_SUBJECT}\s?(?::|—|–) (?:\w+ ){{0,2}}\w+, {_SUCCESS}(?!\w)"),
    ("en", rf"{_SUBJECT}\s?(?::|=|→|->|—|–|\|)\s*(?:[✅✔✓☑]\s*)?(?:{_SUCCESS}|(?P<tick>[✅✔✓☑]))"),
    ("en", rf"[✅✔✓☑]\s*(?P<subject>(?:{_LINT}|{_TYPES}|{_BUILD}|{_FORMAT}|{_TOOL}))\s*(?P<tick>$)"),
    ("en", r"(?P<subject>\b(?:compile[sd]?|built|builds))(?: and \w+)? (?P<good>cleanly|successfully|fine|without (?:any )?(?:errors?|warnings?|issues)|with no (?:errors?|warnings?))\b"),
    ("en", r"\b(?P<good>[Cc]lean|[Gg]reen|[Ss]uccessful|[Pp]assing) (?P<subject>build|typecheck|type[- ]check|lint|compilation)\b"),
    ("en", r"\b(?P<good>successfully|cleanly) (?P<subject>built|compiled)\b"),
    ("en", rf"\b(?P<good>(?:no|zero|0) )(?P<subject>lint(?:er|ing)?|type|typing|{_TOOL}|compil(?:er|ation|e)|build|format(?:ting)?)(?: check(?:er|ing)?)? (?:errors?|warnings?|issues?|problems?|violations?)\b"),
    ("en", rf"(?P<errors>{COUNT_PATTERN}) (?P<subject>lint(?:er|ing)?|type|typing|{_TOOL}|compil(?:er|ation|e)|build) (?P<bad>errors?|issues?|problems?|violations?)\b"),
    ("en", rf"{_SUBJECT} {_FILLER}(?P<bad>complain(?:s|ed)|fail(?:s|ed|ing)?|(?P<errors>{COUNT_OR_WORD}) (?:\w+ )?(?:errors?|issues?|problems?|violations?|findings|vulnerabilities))\b"),
    ("en", rf"{_SUBJECT}\s?(?::|=|→|->|—|–|\|) (?P<bad>(?P<errors>{COUNT_OR_WORD}) (?:errors?|issues?|problems?|violations?|findings|vulnerabilities))\b"),
    ("en", r"\b(?:it|everything|(?:the |this )?(?:code|project|app|crate|package|library|program))(?: all| now| still| also){0,2} (?P<subject>builds|compiles|type-?checks)(?P<good>(?: again| fine| now| too| cleanly| without (?:any )?(?:errors?|warnings?|problems))*)(?=\W*$|[.,;!])"),
    ("en", r"\b(?:it|this|everything|(?:the |this )?(?:code|project|app|crate|package|library|program)) (?P<bad>does not|doesn't|no longer|won't) (?:even )?(?P<subject>build|compile|type-?check)\b"),
    ("en", r"\b(?:I|we)(?: have|'ve)? (?P<subject>built|compiled|linted|type-?checked)(?: (?:it|everything|all|(?:the |this |my )?\w+))?(?:[,:]| and (?:got|found|it has|there are))? ?(?P<good>without (?:any |a single )?(?:errors?|warnings?|problems|issues)|successfully|(?:no|zero|0) (?:\w+ )?(?:errors?|problems|issues|findings|warnings)|clean(?:ly)?|all clean|nothing)\b"),
    ("en", rf"{_SUBJECT} {_FILLER}(?:(?:complains?|complained) about|reports?|reported|finds?|found|gives?|shows?|fails? with|meldet|findet|fand|signale|trouve|reporta|encuentra|encontró) (?P<errors>{COUNT_PATTERN}) (?P<bad>things?|places|spots|findings|type errors|lint errors|errors?|problems?|issues?|violations?|Fehler|Probleme|erreurs?|problèmes?|errores|problemas|erros)\b"),
    ("en", rf"{_SUBJECT} (?:is |are |isn't |fails?)(?:\w+)?: (?P<errors>{COUNT_PATTERN}) (?P<bad>errors?|problems?|issues?|violations?)\b"),
    ("en", rf"(?P<subject>{_LINT}|{_TYPES}|{_BUILD}) (?:(?:is|was|still|now|currently|completely) ){{0,2}}(?P<bad>broken|red|failing)\b"),
    ("en", r"\b(?P<good>(?:no|zero|0) )(?P<subject>lint|type|compile|compiler|build) (?:errors?|problems|issues)(?: \w+)?\b"),
    ("en", r"\b(?P<subject>lint(?:ed|ing|er)?|type-?check(?:ed|er|ing)?)(?: [\w-]+){0,3}[:,—–] ?(?P<good>(?:no|zero|0) (?:\w+ )?(?:errors?|problems?|issues?|warnings?|findings))\b"),
    ("en", r"\b(?P<subject>types) (?:all )?(?P<good>check out)\b"),
    ("de", rf"{_SUBJECT} (?:(?:ist|war|wurde|lief|läuft|meldet|findet|fand|jetzt|wieder|nun|komplett) ){{0,3}}(?P<good>erfolgreich|sauber|fehlerfrei|grün|durch(?:gelaufen)?|gelungen|zufrieden|nichts|(?:ohne|keine|keinen) (?:\w+ )?(?:Fehler|Probleme|Warnungen|Beanstandungen?))\b"),
    ("de", rf"{_SUBJECT} (?:(?:jetzt|wieder|nun|noch) )?(?P<bad>schlägt (?:jetzt |nun |noch )?fehl|scheitert|schlug fehl|ist (?:kaputt|rot|fehlgeschlagen))\b"),
    ("de", r"\b(?P<good>keine )(?P<subject>Lint|Typ|Build|Kompilier)[- ]?(?:fehler|warnungen)"),
    ("de", r"\b(?P<subject>Linter|Lint|Typprüfung|Build)\b[^.;:!?,]{2,40},? (?P<good>(?:keine|ohne) (?:\w+ )?(?:Fehler|Probleme|Beanstandungen?))\b"),
    ("fr", rf"(?P<subject>{_TOOL}|{_LINT}|{_TYPES}|compilation|[Bb]uild|[{CODE_MARK}]{{3,90}}) (?:(?:a|est|passe|se termine|termine) ){{0,2}}(?P<good>réussie?|réussit|passe|passée?|sans (?:aucune )?erreurs?|propre|n'a rien (?:signalé|trouvé)|ne (?:signale|trouve|relève) (?:plus )?(?:rien|aucune? \w+))(?!\w)"),
    ("fr", rf"(?P<subject>{_LINT}|{_TYPES}|compilation|[Bb]uild) (?P<bad>échoue|a échoué|est cassée?)(?!\w)"),
    ("fr", rf"(?P<errors>{COUNT_PATTERN}) (?P<bad>erreurs?|problèmes?) (?:de |du )(?P<subject>lint(?:er|ing)?|typage|types?|compilation)\b"),
    ("es", rf"(?P<subject>{_TOOL}|{_LINT}|{_TYPES}|compilación|[Bb]uild|[{CODE_MARK}]{{3,90}}) (?:(?:fue|ha sido|es|ha|termina|terminó|está|fue) ){{0,2}}(?P<good>exitosa|exitoso|correcta|pasa|pasó|sin (?:ning[uú]n )?(?:errores|error|problemas)|limpio|limpia|no (?:reporta|encuentra|encontró|da|muestra|señala) (?:ning[uú]na? )?(?:errores|error|problemas|nada))\b"),
    ("es", rf"(?P<subject>{_LINT}|{_TYPES}|compilación|compilação|[Bb]uild) (?P<bad>falla|falló|ha fallado|falha|falhou|está rota?)(?!\w)"),
    ("es", rf"(?P<errors>{COUNT_PATTERN}) (?P<bad>errores|erros) (?:de |del )(?P<subject>lint(?:er|ing)?|tipos?|compilación|compilação)\b"),
    ("es", rf"(?P<subject>{_LINT}|{_TYPES}|compilação) (?:(?:foi|está) )?(?P<good>passou|passa|limp[oa]|bem-sucedida|sem (?:nenhum )?(?:erros?|problemas?)|não (?:relata|reporta|encontrou|encontra|acusa) (?:nenhum )?(?:erros?|problemas?))(?!\w)"),
    ("zh", r"(?P<subject>构建|编译|类型检查|代码检查|静态检查|lint|linter)\s?(?:均|已|也|已经|全部){0,2}\s?(?P<good>成功|通过|无错误|没有(?:发现)?(?:任何)?(?:错误|问题)|未发现(?:任何)?(?:错误|问题)|没问题)"),
    ("zh", r"(?P<subject>构建|编译|类型检查|代码检查|静态检查)\s?(?P<bad>失败|未通过|不通过)"),
    ("zh", r"(?P<subject>ビルド|コンパイル|型チェック|型検査|リンター|リント|静的解析)(?:の(?:エラー|問題|警告|指摘))?(?:は|が|も|に)?\s?(?:すべて|全て|無事)?(?:エラーは|問題は)?(?P<good>成功しました|成功|通りました|通過しました|パスしました|クリーンです|(?:エラー|問題)?(?:は)?(?:ありません|なし|ゼロ)でした|(?:エラー|問題)?(?:は)?(?:ありません|なし|ゼロ))"),
    ("zh", r"(?P<subject>ビルド|コンパイル|型チェック|型検査|リンター|リント)(?:は|が|も)?\s?(?P<bad>失敗しました|失敗)"),
]  # fmt: skip
_COMPILED_PATTERNS = [
    (language, re.compile(allow_more_spaces(pattern), re.IGNORECASE)) for language, pattern in _PATTERNS
]
_HINT = re.compile(
    rf"lint|typ|build|compil|kompil|format|built|exit|return|status|构建|编译|检查|rc\b|code de |código|退出|返回码|終了|"
    rf"ビルド|コンパイル|リント|リンター|型|vérif|{_TOOL}|{CODE_MARK}",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"pass|clean|green|nothing|complain|succe|\bok\b|fine|\bno\b|zero|\b0\b|without|error|warning|fail|issue|problem|violation|silent|quiet|content|free of|vulnerabilit|leak|finding|bytes|changes|bugs|alerts|remark|objection|misspell|typo|advisor|races|behaviou?r|diagnostic|crash|secret|mistake|concern|"
    r"anything|a thing|works|lints?\b|[✅✔✓☑]|"
    r"erfolg|sauber|fehler|durch|keine|nichts|zufrieden|schlägt|kaputt|grün|réussi|propre|rien|passe|erreur|échou|"
    r"exitos|correct|limpi|pasa|pasó|errores|errado|erros|problema|falla|falha|nada|broken|happy|satisf|through|things|"
    r"\bred\b|complet|finish|does not|doesn't|no longer|builds|compiles|type-?checks|成功|通过|错误|问题|失败|失敗|エラー|通り|パス|クリーン|なし",
    re.IGNORECASE,
)
_EXIT = re.compile(
    r"\b(?:exit(?:ed|s)?|return(?:ed|s)?|rc|exit status|finished)\s?(?:with )?(?:an? )?(?:exit )?(?:code|status)?(?: code)?(?: (?:of|was|is))?\s?[:=]?\s?[`(]?(?P<code>\d{1,3})\b(?! ?[.,]\d|\w| \w+s\b)|"
    r"\b(?:Exit-?[Cc]ode|Rückgabe(?:code|wert)|code de (?:sortie|retour)|código de (?:salida|saída|retorno))(?: (?:war|ist|von|de|fue|foi|es|é|est|était|:))?"
    r"\s?[:=]?\s?(?P<other>\d{1,3})\b|"
    r"(?:退出码|返回码|退出状态|終了コード|終了ステータス)\s?(?:为|是|は|：|:)?\s?(?P<chinese>\d{1,3})",
    re.IGNORECASE,
)
_EXIT_AS_NOUN = re.compile(
    r"\b(?:returned|gave|got|with|had) (?P<code>\d{1,3}) as (?:its |the |an )?exit (?:code|status)|"
    rf"\bexit (?:code|status) of [{CODE_MARK}]{{3,200}} ?(?:is|was|:|=) ?(?P<other>\d{{1,3}})\b(?! ?[.,]\d)",
    re.IGNORECASE,
)
_EXIT_WORD = re.compile(r"exit|status|return code|\brc\b|code de|rückgabe|退出|返回码|終了|código", re.IGNORECASE)
_GENERAL_STATEMENT = re.compile(
    r"(?:on(?! (?:it|this|that|them)\b)|for|when|if|in case|whenever|upon|bei|falls|wenn) (?:the |a |an |any )?\w+|means|indicates|signals|"
    r"bedeutet|heißt|signifie|significa|indica|indique|表示|意味",
    re.IGNORECASE,
)
_FAMILIES: list[tuple[str, Family]] = [
    (r"lint|stati(?:c|sche) analys|analyse statique|análisis estático|análise estática|代码检查|静态检查|リン|静的", "lint"),
    (r"typ|tipos|类型|型", "types"), (r"build|built|compil|kompil|construction|构建|编译|ビルド|コンパイル", "build"), (r"format", "format"),
]  # fmt: skip
_RESTRICTION = re.compile(
    r"\b(?:critical|high|severe|serious|fixable|except|other than|apart from|besides|unrelated|pre-?existing|new (?:errors?|issues?|warnings?)|my changes|only)\b|"
    r"\b(?:for|on|in) (?:the |all |these )?(?:changed|modified|new|touched|edited|my|this|these|that) ",
    re.IGNORECASE,
)

_NO_WARNINGS = re.compile(
    r",? ?(?:\(|— |– |- )?(?:and |with |mit |und )?(?:(?:no|zero|0) (?:\w+ (?:and|or) )?|without (?:any |a single |one )?|keine[nr]? |ohne )"
    r"(?:compiler |lint )?(?:warnings?|Warnung(?:en)?)\b",
    re.IGNORECASE,
)
"""Matches words such as `and no warnings` directly after a statement that a check succeeded."""
_SPOTLESS = re.compile(
    r"\b(?:clean(?:ly)?|quiet|silent|spotless|nothing|(?:no|zero|0|without(?: any| a single)?) (?:\w+ )?(?:issues?|problems?|findings?|"
    r"complaints?|remarks?|objections?|diagnostics|mistakes|concerns)|(?:anything|a thing)|sauber|nichts|propre|rien|limpi[oa]|nada)\b",
    re.IGNORECASE,
)
"""Matches words such as `clean` and `nothing`.

Taken literally, they exclude warnings as well as errors, but the agent may mean only errors.
"""


class CheckHit(NamedTuple):
    """A statement about a build, a check or an exit code, with its position in the sentence."""

    start: int
    end: int
    says: CheckClaim | ExitCodeClaim
    numbers: tuple[str, ...]
    command: str | None = None


def find_check_claims(sentence: Sentence) -> Iterator[CheckHit]:
    """Yield the statements about builds, checks and exit codes in a sentence."""
    if not _HINT.search(sentence.plain):
        return
    taken_spans: list[tuple[int, int]] = []
    languages = languages_in(sentence.plain)
    for language, pattern in _COMPILED_PATTERNS if _OUTCOME.search(sentence.plain) else ():
        if language not in languages:
            continue
        for match in _search_overlapping(pattern, sentence):
            if any(low < match.end() and match.start() < high for low, high in taken_spans):
                continue
            if not asserts(sentence, match.start(), match.end(), language) or _RESTRICTION.search(sentence.plain):
                continue
            if (hit := _parse_check(sentence, match)) is not None:
                taken_spans.append(match.span())
                yield hit
    yield from _find_exit_codes(sentence)


def _search_overlapping(pattern: re.Pattern[str], sentence: Sentence) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern in a sentence.

    If a match is not about a check, the search goes on inside it, because `retriesOnce BUILD SUCCESSFUL` contains
    `BUILD SUCCESSFUL`.
    """
    position = 0
    while match := pattern.search(sentence.plain, position):
        # what is no check may hide a check: search again right behind its subject
        is_check = _parse_check(sentence, match) is not None
        position = match.end() if is_check else max(match.end("subject"), position + 1)
        yield match


def _parse_check(sentence: Sentence, match: re.Match[str]) -> CheckHit | None:
    groups = match.groupdict()
    subject = match["subject"]
    command = None
    if subject.startswith(CODE_MARK):
        command = sentence.raw[match.start("subject") : match.end("subject")].strip("`").strip()
        tool, family = _tool_of_command(command)
    else:
        tool = subject.lower() if subject.lower() in FAMILIES_BY_TOOL else None
        family = (
            FAMILIES_BY_TOOL[tool]
            if tool
            else next((family for pattern, family in _FAMILIES if re.search(pattern, subject, re.IGNORECASE)), None)
        )
    if family is None or (subject.lower() == "types" and "good" not in groups):
        return None
    errors = parse_count(groups.get("errors") or "")
    clean = not groups.get("bad") or errors == 0
    numbers = (groups["errors"],) if (groups.get("errors") or "")[:1].isdigit() else ()
    warnings_match = _NO_WARNINGS.match(sentence.plain, match.end()) if clean else None
    end = warnings_match.end() if warnings_match else match.end()
    no_warnings = clean and re.search(r"\bwarnings?\b|Warnung", sentence.plain[match.start() : end], re.IGNORECASE)
    spotless = clean and _SPOTLESS.search(match[0]) is not None
    says = CheckClaim(family, tool, clean, 0 if clean else errors, no_warnings is not None and clean, spotless)
    return CheckHit(match.start(), end, says, numbers, command)


def _tool_of_command(command: str) -> tuple[str | None, Family | None]:
    from gedanken.compare.audit.commands.command_lines import parse_steps

    for step in reversed(parse_steps(command)):
        if (tool := tool_of(step)) is not None:
            return tool, FAMILIES_BY_TOOL[tool]
        if step.family in ("lint", "types", "build", "format"):
            return step.program, step.family  # type: ignore[return-value]
    return None, None


def _find_exit_codes(sentence: Sentence) -> Iterator[CheckHit]:
    for match in (*_EXIT.finditer(sentence.plain), *_EXIT_AS_NOUN.finditer(sentence.plain)):
        if not _EXIT_WORD.search(match[0]) or _GENERAL_STATEMENT.match(sentence.plain[match.end() :].lstrip(" ,)`")):
            continue
        if asserts(sentence, match.start(), match.end()):
            number = next(group for group in match.groups() if group is not None)
            yield CheckHit(match.start(), match.end(), ExitCodeClaim(int(number)), (number,))
