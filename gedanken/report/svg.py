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
"""Maps each color of a figure to the variable of the page that replaces it. The values of the variables differ
between light mode, dark mode and print.
"""
REAL, IMAGINED, RULE, INK = COLOURS
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_KEPT_ATTRIBUTES = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linejoin", "stroke-linecap", "opacity", "text-anchor", "font-size",
}  # fmt: skip
_DROPPED_ELEMENTS = ("metadata", "style", "title")


def inline_svg(figure: "Figure", key: str, label: str) -> Markup:
    """Return the figure as an `svg` element. Its ids begin with `key`; `label` is the text for screen readers."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ET.fromstring(text.getvalue().split("<svg", 1)[1].join(("<svg", "")))
    _remove_elements(root)
    _rename_ids(root, key)
    for element in root.iter():
        _expand_style(element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", label)
    ET.register_namespace("", _SVG[1:-1])
    return Markup(ET.tostring(root, encoding="unicode"))


def _remove_elements(element: ET.Element) -> None:
    for child in list(element):
        if child.tag.removeprefix(_SVG) in _DROPPED_ELEMENTS or child.tag.endswith("}RDF"):
            element.remove(child)
        else:
            _remove_elements(child)
            if child.tag == f"{_SVG}defs" and not len(child):
                element.remove(child)


def _rename_ids(root: ET.Element, key: str) -> None:
    """Rename each id that something refers to, so that it begins with `key`, and remove the other ids."""
    # matplotlib uses the same ids in every figure
    text = ET.tostring(root, encoding="unicode")
    references = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    new_ids = {name: f"{key}-{index}" for index, name in enumerate(sorted(href or url for href, url in references))}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in new_ids:
            element.set("id", new_ids[name])
        link = element.attrib.pop(_LINK, None)
        if link:
            element.set("href", "#" + new_ids[link[1:]])
        clip = element.get("clip-path")
        if clip:
            element.set("clip-path", f"url(#{new_ids[clip[5:-1]]})")


def _expand_style(element: ET.Element) -> None:
    style = element.attrib.pop("style", "")
    declarations = dict(part.split(":", 1) for part in style.split(";") if ":" in part)
    for name, value in declarations.items():
        if name.strip() == "font":
            element.set("font-size", value.split("px")[0].split()[-1])
        elif name.strip() in _KEPT_ATTRIBUTES:
            element.set(name.strip(), COLOURS.get(value.strip(), value.strip()))
    for name in ("fill", "stroke"):
        if element.get(name) in COLOURS:
            element.set(name, COLOURS[element.attrib[name]])
