"""Finds the program behind an output that a chat shows without a command."""

import re

from gedanken.compare.audit.claims.quoted_blocks import does_something
from gedanken.experiment.agent_transcript import AgentTranscript
from gedanken.experiment.claim import Claim

_FENCE = re.compile(
    r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n]*\n(.*?)^[ \t]{0,3}\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE
)
_INTERPRETERS = {
    **dict.fromkeys(("python", "py", "python3"), ("py", "python3")),
    **dict.fromkeys(("bash", "sh", "shell"), ("sh", "bash")),
    **dict.fromkeys(("javascript", "js", "node"), ("js", "node")),
}
_MOST_CHARS = 1 << 18


def program_of(transcript: AgentTranscript, claim: Claim) -> tuple[str, dict[str, str]] | None:
    """Return the command that runs the program behind an output, and the program's text by file name; None if no
    program is found.

    `claim` quotes the output. The program is the last one in a code fence before this output. If the message contains
    none, earlier messages are searched, as far back as the agent's previous message.
    """
    message = transcript.events[claim.event]
    texts = [message.text[: claim.start]]
    for event in reversed(transcript.events[: claim.event]):
        if event.kind == "message":
            texts.append(event.text)
            if event.speaker == "agent":
                break
    for text in texts:
        programs = [
            (match[2].lower(), match[3])
            for match in _FENCE.finditer(text[:_MOST_CHARS])
            if _is_program(match[2], match[3])
        ]
        if programs:
            language, source = programs[-1]
            ending, interpreter = _INTERPRETERS.get(language, ("py", "python3"))
            name = f"program-{claim.event}.{ending}"
            return f"{interpreter} {name}", {name: source}
    return None


def _is_program(language: str, source: str) -> bool:
    if language.lower() in _INTERPRETERS:
        return bool(source.strip())
    return not language and does_something(source) is True
