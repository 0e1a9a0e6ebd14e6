"""Finds statements that an operation was done or succeeded, such as a rebase, a push or a migration."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import OperationClaim
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts

_SUCCEEDED = (
    r"(?: (?:was |is |has |all |now |itself |also |still |itself |run |step |completed |completes |finished |finishes |ended |ends |ran |runs |came up |comes up ){0,3}"
    r"(?:(?:succeed|pass)(?:s|es|ed)|successful(?:ly)?|went through|goes through|clean(?:ly)?|fine|OK|green|worked|works|completes|completed|finishes|finished|done|✔|✅|✓)|"
    r"\s?[:–—-] ?(?:done|ok|clean|successful|succeeded|passed|completed|green|✔|✅|✓))"
)
_STARTED = (
    r"(?:(?:now |still |also |again ){0,2}(?:starts?|started|boots?|booted|comes up|came up|is up|is running|is healthy)\b"
    r"(?! (?:the|an?|its|with (?:the |a )?(?:code|wrong|default)|out|into|away|of|from|to|on|in|by|at|after|before|only|every|each|listening|as)\b)|"
    r"runs(?= (?:again|fine|now|healthy|without|stable)\b|\W*$)|went up)"
)


class _Deed(NamedTuple):
    """An operation, with a pattern for statements about it and a pattern for commands that do it."""

    name: str
    pattern: re.Pattern[str]
    command: str


def _deed(name: str, pattern: str, command: str) -> _Deed:
    return _Deed(name, re.compile(allow_more_spaces(pattern), re.IGNORECASE), command)


_DEEDS = (
    _deed("rebase", rf"\brebase{_SUCCEEDED}|(?:\b(?:I|we|and|been|was|is|then) |^\W{{0,4}})(?:successfully )?rebased\b|\brebased (?:cleanly|successfully)\b", r"\bgit\b[^|;&]*\brebase\b|\bgit pull\b[^|;&]*--rebase"),
    _deed("merge", rf"(?:\b(?:the |git )|^\W{{0,4}})merge{_SUCCEEDED}|\bmerged (?:cleanly|successfully|without (?:any )?conflicts)\b", r"\bgit\b[^|;&]*\b(?:merge|pull)\b"),
    _deed("push", rf"\bpushed (?:(?:it|this|that|the [\w-]+|my [\w-]+|everything|[{CODE_MARK}]{{3,60}}) )?(?:to|up to) (?:the )?(?:origin|remote|upstream|GitHub|GitLab|fork|[{CODE_MARK}]{{3,60}})|\bpush(?: to \w+)?{_SUCCEEDED}", r"\bgit\b[^|;&]*\bpush\b|\b(?:gh|glab) \w*r create\b|\bhub push\b"),
    _deed("cherry-pick", rf"\bcherry-?pick{_SUCCEEDED}|\bcherry-picked (?:cleanly|successfully)\b", r"\bgit\b[^|;&]*\bcherry-pick\b"),
    _deed("configuration", rf"\b(?:configuration|config|HCL|Terraform|module)(?: as it stands| as it is(?: now)?)? (?:now |still )?(?:validates|is valid|was valid|validated|passes validation)(?! (?:when|if|the|a|an|all|each|every|input|that|against)\b)|\bvalid (?:configuration|config|HCL)\b|\b(?:configuration |terraform )?validation (?:succeeded|succeeds|passed|passes|is clean|went through)(?=[^.;]*\b(?:plan|terraform|tofu|apply|configuration)\b)|\bterraform validation{_SUCCEEDED}", r"\b(?:terraform|tofu)\b[^|;&]*\bvalidate\b"),
    _deed("apply", rf"\b(?:terraform |tofu )?apply{_SUCCEEDED}", r"\b(?:terraform|tofu)\b[^|;&]*\bapply\b"),
    _deed("hooks", r"\b(?:all |the )?(?:pre-commit |git )?hooks (?:all |now ){0,2}(?:pass|passed|are green|ran clean(?:ly)?)\b", r"\bpre-commit run\b|\bprek\b|lefthook run"),
    _deed("container", rf"\bcontainer {_STARTED}|\bstarted the container\b", r"\b(?:docker|podman|nerdctl)\b[^|;&]*\b(?:run|start|up)\b"),
    _deed("image", rf"\b(?:the |this |our |my )?(?:\w+ )?image (?:now |still |also ){{0,2}}(?:builds|was built|got built|is built|built)(?! (?:on|by|when|if|every|each)\b)|\b(?:docker|image) build{_SUCCEEDED}", r"\b(?:docker|podman|buildah|nerdctl)\b[^|;&]*\b(?:build|bud)\b"),
    _deed("docs", rf"\b(?:docs|documentation|site|book|manual) (?:now |still |also |all ){{0,2}}(?:builds?|was built|were built|got built|built)(?! (?:on|by|when|if|every|each|upon|around)\b)|\b(?:docs|documentation|site) build{_SUCCEEDED}", r"\bmkdocs\b[^|;&]*\bbuild\b|sphinx-build|\bmake\b[^|;&]*\b(?:html|docs)\b|docusaurus build|\bhugo\b|jekyll build|vitepress build|cargo doc|typedoc|mdbook build|npm run docs"),
    _deed("server", rf"\b(?:server|service|daemon|gateway|backend) {_STARTED}", r"\b(?:npm|yarn|pnpm) (?:run )?(?:start|dev|serve)|\bnode \S|uvicorn|gunicorn|flask run|rails s|\bgo run\b|cargo run|docker(?:-| )compose\b[^|;&]*\bup\b|systemctl (?:re)?start|java -jar|manage\.py runserver|\./\S*serve\S*"),
    _deed("backward migration", rf"\b(?:the |a |this |that )?downgrade{_SUCCEEDED}|\b(?:going|stepping|migrating) (?:back|down) (?:one|a|the last|by one) (?:revision|version|step|migration){_SUCCEEDED}|\b(?:down|rollback|reverse|backward|undo) (?:migration|script)(?: script)?(?: too| also| now| itself)?(?:{_SUCCEEDED}| works| ran| runs| applies)|\brollback{_SUCCEEDED}|\brolled (?:it |the migration )?back (?:cleanly|successfully|fine)|\b(?:I|we)(?: have|'ve)? (?:also )?(?:tested|tried|ran|checked) the (?:down|rollback|reverse|backward) (?:migration|script)\b", r"(?i:(?:alembic|migrat|goose|dbmate|psql|sqlite3|mysql|db:|knex|flyway|liquibase|diesel|flask db|ecto|sequelize|typeorm|prisma)[^|;&]*(?:down|rollback|revert|undo))"),
    _deed("upgrade of the schema", rf"(?:^\W{{0,6}}|[.;:,] )(?:and )?(?:the )?(?:database |schema )?upgrade(?: is)?(?:{_SUCCEEDED}| through| ran)(?! (?:when|if|each|every|to|of)\b)", r"\b(?:alembic|flask db|migrate|goose|dbmate|knex|diesel|ecto)\b[^|;&]*\b(?:upgrade|up|latest|run)\b"),
    _deed("migration", rf"\b(?:the |both |all )?(?:\w+ of the )?migrations?(?:{_SUCCEEDED}| ran| applies| applied)(?! (?:when|if|each|every)\b)", r"alembic (?:\S+ )*(?:upgrade|downgrade)|(?:flyway|liquibase|prisma|knex|goose|dbmate|diesel|rails|rake|manage\.py|artisan|migrate)\b[^|;&]*\b(?:migrate|migration run|update|up|db:migrate|deploy)\b|\bdb:migrate\b|(?:psql|sqlite3|mysql|mariadb)\b[^|;&]*(?:-f |< ?)\S*"),
    _deed("sanitizer", r"\b(?:AddressSanitizer|ASan|UBSan|TSan|MSan|LeakSanitizer|ThreadSanitizer|UndefinedBehaviou?rSanitizer|the sanitizers?|sanitizers)(?: run)? (?:finds?|found|reports?|reported|shows?|showed|has|had|is|are|was|stays?) (?:now |still )?(?:nothing|no \w+|clean|silent|quiet|happy|0 \w+)\b", r"(?i:sanitiz|\b[atum]b?san\b)"),
    _deed("export", rf"\b(?:I|we)(?: have|'ve)? (?:also |then |even )?(?:exported|converted) (?:it|this|the [\w-]+|[{CODE_MARK}]{{3,60}})(?: as well)? (?:to|as|into) \S|\bexport{_SUCCEEDED}", r"(?i:export\w*\.py|convert\w*\.py|(?:export|convert)[^|;&]*(?:onnx|coreml|tflite|torchscript|savedmodel|openvino|gguf|safetensors)|optimum-cli export|pg_dump|mongoexport)"),
    _deed("deployment", rf"\b(?:deploy|deployment|rollout|release){_SUCCEEDED}|\b(?:I|we)(?: have|'ve)? (?:also |then |already )?deployed (?:it|this|that|the [\w-]+)\b|\bdeployed (?:it )?to (?:staging|production|prod)\b", r"(?<![=/\w-])deploy(?:\.\w+)?\b(?!/)|rollout status|helm (?:upgrade|install)|kubectl apply|\bvercel\b|cdk deploy"),
    _deed("installation", rf"\b(?:installation|install|npm install|npm ci|pip install){_SUCCEEDED}|\b(?:dependencies|packages) (?:all )?(?:install|installed) (?:fine|cleanly|successfully|without \w+)", r"\b(?:npm|pnpm|yarn|pip3?|uv|poetry|bundle|composer|cargo|go|apt(?:-get)?|brew|conda|gem)\b[^|;&]*\b(?:install|ci|add|sync|get|fetch|i)\b|\byarn\s*$"),
)  # fmt: skip
_HINT = re.compile(
    r"apply|hooks|downgrade|upgrade|going|stepping|migrating|rebase|merge|push|cherry|config|HCL|module|validation|container|image|docs|documentation|site|book|manual|server|service|"
    r"daemon|gateway|backend|migration|script|roll|san\b|sanitizer|export|convert|deploy|release|install|packages",
    re.IGNORECASE,
)


class DeedHit(NamedTuple):
    """A statement about an operation, with its position in the sentence."""

    start: int
    end: int
    says: OperationClaim


def find_deed_claims(sentence: Sentence, taken_spans: list[tuple[int, int]]) -> Iterator[DeedHit]:
    """Yield the statements about operations.

    Spans in `taken_spans` are skipped, because other rules have found statements there. The spans of the yielded
    statements are added to `taken_spans`.
    """
    yield from _find_command_claims(sentence, taken_spans)
    for deed in _DEEDS if _HINT.search(sentence.plain) else ():
        for match in deed.pattern.finditer(sentence.plain):
            start, end = match.span()
            if any(low < end and start < high for low, high in taken_spans) or _NOT_ASSERTED.match(
                sentence.plain, end
            ):
                continue
            if asserts(sentence, start, end):
                taken_spans.append((start, end))
                yield DeedHit(start, end, OperationClaim(deed.name, deed.command))


def _find_command_claims(sentence: Sentence, taken_spans: list[tuple[int, int]]) -> Iterator[DeedHit]:
    """Yield the statements that a command in backticks succeeded, such as "`terraform init` succeeded".

    Spans in `taken_spans` are skipped, and the spans of the yielded statements are added to it.
    """
    if CODE_MARK not in sentence.plain:
        return
    for match in _COMMAND_RAN.finditer(sentence.plain):
        start, end = match.span()
        command = sentence.raw[match.start("code") : match.end("code")].strip("` ").removeprefix("$ ")
        if any(low < end and start < high for low, high in taken_spans) or not _COMMAND.fullmatch(command):
            continue
        if not _NOT_ASSERTED.match(sentence.plain, end) and asserts(sentence, start, end):
            taken_spans.append((start, end))
            yield DeedHit(start, end, OperationClaim("command", rf"(?<![\w./-]){re.escape(command)}(?![\w-])"))


_COMMAND_RAN = re.compile(
    rf"(?P<code>[{CODE_MARK}]{{5,150}})(?: also| then| now| itself| again){{0,2}}"
    rf"(?:{_SUCCEEDED}| ran(?= (?:without|through|fine|too|as well|clean)|\W*$|[.,;!])| is through| ran through)"
    r"(?=\W*$|[.,;:!)]| (?:too|now|again|also|fine|without|and|with|after|as well|in \d)\b)",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"[a-z][\w.+-]*(?:/[\w.+-]+)*(?: [^\s`]+){1,12}")
"""Matches a program with arguments, such as `terraform init`; a single word, such as a function's name, does not
match.
"""
_NOT_ASSERTED = re.compile(r"\s{0,3}(?:if|when|whenever|once|unless|as soon as|[?])|-\w")
"""Matches text after a statement which shows that the statement is not asserted, such as `if …`, `?` or a hyphen."""
