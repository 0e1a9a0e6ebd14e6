"""Unwraps a single number that is printed as an object: `tensor(0.53, device='cuda:0')` becomes `0.53`."""

import re

from gedanken.compare.output.edited_line import EditableLine, Rule

_OBJECT_HINTS = ("ensor", "rray(", "np.", "numpy", "Decimal(")
"""Each line with a number that is printed as an object contains one of these."""
_NUMBER = r"([-+]?(?:\d+(?:\.\d+)?|(?i:nan|inf)))\.?((?:[eE][-+]?\d+)?)"
"""Matches a number: group 1 is the part before the exponent, group 2 the exponent. The dot of `5.` is in neither
group."""
_OPTION = r",\s{0,20}\w{1,20}=(?:<[^<>\n]{1,80}>|'[^'\n]{1,40}'|[\w.]{0,20}\([^()\n]{0,60}\)|[\w.:]{1,40})"
"""Matches an option after the number in a printed object, such as `, device='cuda:0'` or `, shape=()`."""
_CALL_OBJECT = re.compile(
    r"(?<![\w.])(?:[A-Za-z]\w{0,20}\.){0,3}"
    r"(?:[tT]ensor|array|(?:Device)?Array|(?:(?<=np\.)|(?<=numpy\.))(?:float|u?int|longdouble)\d{0,3}|Decimal)"
    rf"\((?:\[{{0,3}}\s?{_NUMBER}\s?\]{{0,3}}(?:{_OPTION}){{0,8}}|'{_NUMBER}')\)"
)
"""Matches an object of PyTorch, TensorFlow, JAX, NumPy or the module `decimal`, printed like a call:
`tensor(0.53, device='cuda:0')`."""
_ANGLE_OBJECT = re.compile(rf"<tf\.\w{{1,20}}[^<>\n]{{0,80}}shape=\(1?,?\)[^<>\n]{{0,40}}numpy=\[?{_NUMBER}\]?>")
"""Matches an object of TensorFlow that is printed in angle brackets, as by `repr`:
`<tf.Tensor: shape=(), dtype=float32, numpy=0.53>`."""
_RULES = (Rule(_CALL_OBJECT, (1, 2, 3, 4)), Rule(_ANGLE_OBJECT, (1, 2)))


def may_be_wrapped(text: str) -> bool:
    """Return whether a text may contain a number that is printed as an object; much faster than searching for one."""
    return ("(" in text or "<" in text) and any(sign in text for sign in _OBJECT_HINTS)


def unwrap_numbers(line: EditableLine) -> None:
    """Replace each object that holds a single number by this number: `tensor(0.53)` becomes `0.53`."""
    if may_be_wrapped(line.text):
        for rule in _RULES:
            line.replace(rule)


def unwrapped(line: str) -> str:
    """Return a line with numbers in place of objects that hold a single number: `0.53` for `tensor(0.53)`."""
    edited = EditableLine(line)
    unwrap_numbers(edited)
    return edited.text
