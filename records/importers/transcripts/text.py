"""Reads chats as text: Markdown with a heading for each speaker, or plain lines such as `User: …`."""

import re
from collections.abc import Iterator
from dataclasses import replace

from gedanken.experiment.agent_transcript import Place, Speaker
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.transcripts.builder import Builder, without_empty_ends
from gedanken.records.importers.transcripts.commands import Edit
from gedanken.records.importers.transcripts.source import Source

FORM = "text"
_NAMES: dict[str, Speaker] = {
    **dict.fromkeys(("user", "human", "you", "me", "prompt", "question", "nutzer", "benutzer"), "user"),
    **dict.fromkeys(("assistant", "assistent", "agent", "model", "ai", "bot", "llm", "response", "answer"), "agent"),
    **dict.fromkeys(("chatgpt", "gpt", "claude", "gemini", "copilot", "codex", "grok", "llama", "qwen"), "agent"),
    **dict.fromkeys(("deepseek", "mistral", "cursor", "windsurf", "cascade", "planner response"), "agent"),
    **dict.fromkeys(("github copilot",), "agent"),
    "user input": "user",
    "system": "system",
    **dict.fromkeys(("tool", "tool result", "tool output", "observation"), "tool"),
}
_CALLS = "calls "
"""Prefix that marks a message as a tool call: its speaker is then, for example, `calls bash`."""
_WHO = "|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True))
_DETAIL = r"(?:[ -]?[\w.]{0,24}\d[\w.-]{0,24})?(?: said)?(?:\s*\([^)\n]{0,80}\))?"
_HEADING = re.compile(rf"\s{{0,3}}#{{1,6}}\s*\W{{0,6}}({_WHO}){_DETAIL}\W{{0,4}}$", re.IGNORECASE)
_BOLD = re.compile(
    rf"\s{{0,3}}_?(?:\*\*|__)\W{{0,4}}({_WHO}){_DETAIL}\s*:?\s*(?:\*\*|__)_?\s*:?\s?(.*)$", re.IGNORECASE
)
_COLON = re.compile(rf"({_WHO}){_DETAIL}\s?:(?:\s(.*))?$", re.IGNORECASE)
_TEMPLATE = re.compile(r"<\|(?:im_start|start_header_id)\|>\s*(\w+)\s*(?:<\|end_header_id\|>)?(.*)$")
_ASKED = re.compile(r"\s{0,3}(?:\*\*|__)(Q|A)\s?(?::\s?(?:\*\*|__)|(?:\*\*|__)\s?:)\s?(.*)$")
"""Matches a line that begins with a bold `Q:` or `A:`, as questions and answers do."""
_LETTERS = {"q": "question", "a": "answer"}
_ALONE = re.compile(r"\s{0,3}\*\*([A-Z][\w .()-]{0,40})\*\*\s*$")
"""Matches a line that consists of a name in bold, which may be the name of a speaker that is not in `_NAMES`."""
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_SPOKEN = re.compile(r"\s{0,3}(?:`{3,}|~{3,})(user|human|assistant|agent|ai|model|system)\s*$", re.IGNORECASE)
"""Matches the beginning of a code fence that contains a message."""
_TOOL = re.compile(
    r"\s{0,3}(?:#{1,6}\s*)?(?:\*\*|__)?\W{0,4}Tool(?: use| call)?\s*:\s*(?:\*\*|__)?\s*`?([\w.-]{1,60})`?(?:\*\*|__)?"
    r"\s*(?:`([^`\n]{1,400})`)?\s*$",
    re.IGNORECASE,
)
"""Matches the heading of a tool call, whose arguments are in the code fence below."""
_GAVE = re.compile(
    r"\s{0,3}<details>\s*<summary>[^<]{0,60}\b(?:output|result)s?\b[^<]{0,60}</summary>\s*$", re.IGNORECASE
)
_GIVEN = re.compile(r"\s{0,3}(?:`{3,}|~{3,})[\w-]*\s*\n(.*?)\n\s{0,3}(?:`{3,}|~{3,})", re.DOTALL)
_SHELLS = ("bash", "shell", "terminal", "sh", "execute_bash", "run")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,}|<\|(?:im_end|eot_id)\|>)\s*$")


def read(source: Source) -> list[Builder]:
    """Return the chat in a text. Without named speakers, the text is one message of the agent.

    Raises BadInput if speakers are named, but no agent among them.
    """
    builder = Builder(source.path.name, FORM, source.name)
    builder.has_tools = False
    lines = _unfenced(source.text.splitlines())
    turns = list(_turns(lines))
    if not any(speaker == "agent" for speaker, _name, _first, _said in turns):
        raise BadInput(
            f"{source.name}: this text names a user but no agent: put “Assistant:” before each message of the agent"
        )
    builder.agent = (
        next(
            (name for speaker, name, _first, _said in turns if speaker == "agent" and not name.startswith(_CALLS)), ""
        )
        or "assistant"
    )
    for speaker, name, first, said in turns:
        text, place = without_empty_ends("\n".join(said), Place(source.name, first))
        if name.startswith(_CALLS):
            _called(builder, name.removeprefix(_CALLS), text, place)
        elif speaker == "tool":
            given, above = _given(text)
            builder.result(given, replace(place, line=place.line + above), None, is_line_by_line=True)
        else:
            builder.say(speaker, text, place, is_line_by_line=True)
    if any(event.kind in ("call", "edit") for event in builder.events):
        builder.has_tools = True
        builder.gap(
            "the session was exported as text, which may lack some tool calls and parts of outputs",
            Place(source.name, 1),
        )
    return [builder]


def _called(builder: Builder, name: str, text: str, place: Place) -> None:
    tool, _space, path = name.partition(" ")
    if tool.lower() in _SHELLS:
        builder.call(tool, {}, place, None, _given(text)[0])
    elif path and tool.lower() in ("edit", "write", "multiedit", "update"):
        builder.edit(tool, Edit(path, "", ""), place, None)
    else:
        builder.call(tool, {"path": path} if path else {"input": text[:2000]}, place, None)


def _given(text: str) -> tuple[str, int]:
    """Return the content of the first code fence, or the text if it has no fence, and the number of lines above."""
    if found := _GIVEN.search(f"{text}\n"):
        return found[1], text.count("\n", 0, found.start(1))
    given = text.replace("</details>", "")
    return given.strip("\n"), len(given) - len(given.lstrip("\n"))


def _turns(lines: list[str]) -> Iterator[tuple[Speaker, str, int, list[str]]]:
    """Yield each message: its speaker, the speaker's name, its first line's number, its lines."""
    fenced = _fenced(lines)
    speaker: Speaker = "agent"
    name, first = "", 1
    said: list[str] = []
    ruled = _ruled(lines)
    named = any(not inside and _who(line) for line, inside in zip(lines, fenced, strict=True))
    if named:
        speaker = "system"  # of the text before the first name: a title, or a note on the export
    for number, (line, inside) in enumerate(zip(lines, fenced, strict=True), start=1):
        found = None if inside else _who(line) or _stranger(line, ruled)
        if found is None:
            if not said and (not line.strip() or (named and not inside and _RULE.match(line))):
                first = number + 1
            else:
                is_rule = named and not inside and _RULE.match(line) is not None
                said.append("" if is_rule else line)  # in its place, so that the lines below keep their numbers
            continue
        if said:
            yield speaker, name, first, said
        name, rest = found
        speaker, first = _NAMES.get(name, "agent"), number if rest else number + 1
        said = [rest] if rest else []
    if said:
        yield speaker, name, first, said


def _who(line: str) -> tuple[str, str] | None:
    """Return the speaker whom a line names, and the text after the name; None if it names no known speaker."""
    if len(line) > 1 << 16:
        return None
    if tool := _TOOL.match(line):
        return f"{_CALLS}{tool[1]} {tool[2] or ''}".rstrip(), ""
    if _GAVE.match(line):
        return "tool output", ""
    if letter := _ASKED.match(line):
        return _LETTERS[letter[1].lower()], letter[2].strip()
    for form in (_HEADING, _BOLD, _COLON, _TEMPLATE):
        found = form.match(line)
        if found and found[1].lower() in _NAMES:
            return found[1].lower(), (found[2] or "").strip() if found.re.groups > 1 else ""
    return None


def _ruled(lines: list[str]) -> set[str]:
    """Return the lines directly below rules such as `---`; an empty set if any other line names a known speaker."""
    below, is_below = set(), False
    for line in lines:
        if line.strip():
            if is_below:
                below.add(line)
            elif _who(line):
                return set()
            is_below = _RULE.match(line) is not None
    return below


def _stranger(line: str, ruled: set[str]) -> tuple[str, str] | None:
    """If `line` is in `ruled` and consists of a name in bold, return the name and an empty text."""
    found = _ALONE.match(line) if line in ruled else None
    return (found[1].lower(), "") if found else None


def _unfenced(lines: list[str]) -> list[str]:
    """Replace each code fence around a message by a heading with its speaker."""
    found = list(lines)
    for at, line in enumerate(lines):
        if (spoken := _SPOKEN.match(line)) and (opening := _FENCE.match(line)):
            end = _closing(lines, at, opening[1])
            if end is not None:
                found[at], found[end] = f"## {spoken[1]}", ""
    return found


def _fenced(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to a closed code fence."""
    inside = [False] * len(lines)
    unclosed: dict[str, int] = {}
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening and len(opening[1]) < unclosed.get(opening[1][0], 1 << 30):
            end = _closing(lines, at, opening[1])
            if end is None:
                unclosed[opening[1][0]] = len(opening[1])
            else:
                inside[at : end + 1] = [True] * (end + 1 - at)
                at = end
        at += 1
    return inside


def _closing(lines: list[str], opening: int, fence: str) -> int | None:
    for at in range(opening + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return at
    return None
