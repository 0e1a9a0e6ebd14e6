"""Decides whether a command reads a changed file: the command names it, or its program reads files of this kind."""

import re
from collections.abc import Iterator

from gedanken.compare.audit.commands.command_lines import Step
from gedanken.compare.audit.commands.file_changes import Edit, is_trivial

_Row = tuple[re.Pattern[str], re.Pattern[str]]


def _table(*rows: tuple[str, str]) -> list[_Row]:
    return [(re.compile(command), re.compile(path)) for command, path in rows]


_CERTAIN_INPUTS = _table(
    (r"\b(?:docker|podman|buildah|buildx) (?:\S+ )*?(?:build|bake)\b|\bkaniko\b",
     r"(?:^|/)(?:[\w.-]+\.)?(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$|(?:^|/)\.dockerignore$"),
    (r"\b(?:terraform|tofu|terragrunt|tflint|tfsec|checkov)\b", r"\.(?:tf|tfvars|hcl|tf\.json)$"),
    (r"\b(?:helm|helmfile|kubeconform|kubeval|kube-linter)\b",
     r"(?:^|/)(?:values[\w.-]*\.ya?ml|Chart\.(?:ya?ml|lock)|templates/.+|helmfile\.ya?ml)$"),
    (r"\bmkdocs\b", r"(?:^|/)mkdocs\.ya?ml$|(?:^|/)docs/"),
    (r"\bactionlint\b", r"(?:^|/)\.github/workflows/"),
)  # fmt: skip
"""Patterns for commands, each with a pattern for the files that the command always reads, even without naming
them.
"""
_POSSIBLE_INPUTS = _table(
    (r"\bcmake\b", r"(?:^|/)CMakeLists\.txt$|\.cmake$"),
    (r"(?:^|\s)g?make\b", r"(?:^|/)(?:GNU)?[Mm]akefile$|\.mk$"),
    (r"\b(?:docker|podman)[ -]compose\b", r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$"),
    (r"\bkustomize\b", r"(?:^|/)(?:kustomization\.ya?ml|overlays/.+|base/.+)$"),
    (r"\bansible(?:-playbook|-lint)?\b", r"(?:^|/)(?:playbooks?|roles|tasks|group_vars|host_vars)\b.*\.ya?ml$"),
    (r"\b(?:alembic|flyway|liquibase|dbmate|goose|sqitch|prisma|migrate)\b", r"(?:^|/)(?:migrations?|versions)/"),
    (r"\bsphinx-build\b", r"(?:^|/)docs?/|\.rst$"),
    (r"\bmarkdownlint\S*\b|\bvale\b", r"\.mdx?$"),
    (r"\byamllint\b", r"\.ya?ml$"),
    (r"\bsqlfluff\b|\bdbt\b", r"\.sql$"),
    (r"\bhadolint\b", r"(?:^|/)Dockerfile(?:\.[\w.-]+)?$"),
    (r"\bbuf\b|\bprotoc\b", r"\.proto$"),
    (r"\bstylelint\b|\bsass\b", r"\.(?:css|s[ac]ss|less)$"),
    (r"\b(?:pip-audit|safety|uv (?:lock|sync|tree|pip)|poetry (?:lock|install|check|show)|pip (?:check|list|show))\b",
     r"(?:^|/)(?:pyproject\.toml|uv\.lock|poetry\.lock|requirements[\w.-]*\.(?:txt|in))$"),
    (r"\bcargo[ -](?:audit|deny|tree|outdated)\b", r"(?:^|/)(?:Cargo\.(?:toml|lock)|deny\.toml)$"),
    (r"\b(?:govulncheck|go (?:list|mod))\b", r"(?:^|/)go\.(?:mod|sum)$"),
    (r"\b(?:npm|yarn|pnpm) (?:audit|ls|list|install|i|ci|outdated)\b|\byarn$", r"(?:^|/)package\.json$"),
)  # fmt: skip
"""Patterns for commands, each with a pattern for the files that the command may read without naming them."""
_WORKING_FOLDER = re.compile(
    r"(?:\bcd |-chdir=|--(?:directory|cwd|prefix|project-directory)[ =]|\s-C )(?P<folder>[\w./-]+)"
)
_FILE_OPTION = re.compile(r"\s(?:-f|--file|--values|-c|--config)[ =](?P<file>[\w./-]+)")
_FOLDER = re.compile(r"(?:\./)?[\w-]+(?:/[\w.-]+)*/?")
_OUTPUT_OPTION = re.compile(
    r"-(?:o|O|w)|--(?:out\w*|output[\w-]*|dest\w*|save\w*|write\w*|log[\w-]*|report[\w-]*)(?:=.*)?"
)
_DATA_FILE = re.compile(r"\.(?:csv|tsv|jsonl?|txt|parquet|png|svg|html|md|log|xml|bin|npz?|pkl|db|pt|gz|zip|out)$")


def names_input(step: Step, path: str) -> bool:
    """Return whether a simple command names the file `path` as an input, not as an output."""
    files = [word.strip("'\"") for word in step.words[1:] if re.search(r"\w\.\w{1,8}$|file$", word.strip("'\""))]
    target = path.replace("\\", "/").removeprefix("./")
    for index, word in enumerate(step.words[1:], 1):
        name = word.strip("'\"").rsplit("=", 1)[-1].removeprefix("@").removeprefix("./")
        if not name or not (target == name or target.endswith("/" + name) or name.endswith("/" + target)):
            continue
        if _OUTPUT_OPTION.fullmatch(step.words[index - 1]) or _OUTPUT_OPTION.fullmatch(word):
            continue
        is_last = len(files) > 1 and word.strip("'\"") == files[-1]
        if is_last and _DATA_FILE.search(name):
            continue  # an output, as in `convert in.csv out.csv`
        return True
    return False


def reads(step: Step, command: str, edit: Edit) -> bool:
    """Return whether a simple command certainly reads the changed file.

    `command` is the whole command line, which may name a folder (`cd`, `-C`).
    """
    if not edit.path or is_trivial(edit):
        return False
    if step.family != "quiet" and names_input(step, edit.path):
        return True
    if not _is_in_table(_CERTAIN_INPUTS, step, edit.path):
        return False
    option_files = [match["file"] for match in _FILE_OPTION.finditer(step.text)]
    folders = [match["folder"] for match in _WORKING_FOLDER.finditer(command)] + list(_folders(step))
    base = edit.path.rsplit("/", 1)[-1]
    if any(
        file.rsplit("/", 1)[-1].split(".")[0] == base.split(".")[0]
        and not edit.path.endswith(file.removeprefix("./"))
        for file in option_files
    ):
        return False
    return all(folder.strip("./") in edit.path for folder in folders)


def may_read(step: Step, edit: Edit) -> bool:
    """Return whether a simple command may read the changed file, judging by its words and program."""
    if not edit.path or is_trivial(edit):
        return False
    if names_input(step, edit.path) or _is_in_table(_CERTAIN_INPUTS + _POSSIBLE_INPUTS, step, edit.path):
        return True
    return any(f"/{folder.strip('./')}/" in f"/{edit.path}" for folder in _folders(step) if folder.strip("./"))


def may_read_unnamed(step: Step, edit: Edit) -> bool:
    """Return whether a command's program may read the changed file even if the command does not name it."""
    return not is_trivial(edit) and _is_in_table(_CERTAIN_INPUTS + _POSSIBLE_INPUTS, step, edit.path)


def _is_in_table(table: list[_Row], step: Step, path: str) -> bool:
    return any(command.search(step.text) and path_pattern.search(path) for command, path_pattern in table)


def _folders(step: Step) -> Iterator[str]:
    for word in step.words[1:]:
        folder = word.strip("'\"")
        is_folder = "/" in folder or step.program in (
            "find",
            "ls",
            "grep",
            "rg",
            "du",
            "tree",
            "wc",
            "tokei",
            "cloc",
            "scc",
        )
        if is_folder and _FOLDER.fullmatch(folder) and not re.search(r"\.\w{1,6}$", folder):
            yield folder
