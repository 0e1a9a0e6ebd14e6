"""Converts matplotlib's SVG for a page: removes style attributes, renames ids, and uses the page's colour
variables."""

import io
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "#000001": "var(--real)",
    "#000002": "var(--imagined)",
    "#000003": "var(--rule)",
    "#000004": "currentColor",
}
"""The colours that a figure uses, and the page's variables that replace them. The variables depend on light mode,
dark mode and print."""
REAL, IMAGINED, RULE, INK = COLOURS
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linejoin", "stroke-linecap", "opacity", "text-anchor", "font-size",
}  # fmt: skip
_DROPPED = ("metadata", "style", "title")


def inline_svg(figure: "Figure", key: str, label: str) -> Markup:
    """Return the figure as an `svg` element. Its ids begin with `key`; `label` is the text for screen readers."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ET.fromstring(text.getvalue().split("<svg", 1)[1].join(("<svg", "")))
    _drop(root)
    _rename(root, key)
    for element in root.iter():
        _unstyle(element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", label)
    ET.register_namespace("", _SVG[1:-1])
    return Markup(ET.tostring(root, encoding="unicode"))


def _drop(element: ET.Element) -> None:
    for child in list(element):
        if child.tag.removeprefix(_SVG) in _DROPPED or child.tag.endswith("}RDF"):
            element.remove(child)
        else:
            _drop(child)
            if child.tag == f"{_SVG}defs" and not len(child):
                element.remove(child)


def _rename(root: ET.Element, key: str) -> None:
    """Rename each id that something refers to, so that it begins with `key`, and remove the other ids."""
    # matplotlib uses the same ids in every figure
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    names = {name: f"{key}-{at}" for at, name in enumerate(sorted(one or other for one, other in used))}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in names:
            element.set("id", names[name])
        link = element.attrib.pop(_LINK, None)
        if link:
            element.set("href", "#" + names[link[1:]])
        clip = element.get("clip-path")
        if clip:
            element.set("clip-path", f"url(#{names[clip[5:-1]]})")


def _unstyle(element: ET.Element) -> None:
    style = element.attrib.pop("style", "")
    declared = dict(part.split(":", 1) for part in style.split(";") if ":" in part)
    for name, value in declared.items():
        if name.strip() == "font":
            element.set("font-size", value.split("px")[0].split()[-1])
        elif name.strip() in _KEPT:
            element.set(name.strip(), COLOURS.get(value.strip(), value.strip()))
    for name in ("fill", "stroke"):
        if element.get(name) in COLOURS:
            element.set(name, COLOURS[element.attrib[name]])
