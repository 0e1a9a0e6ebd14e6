"""A parsed page, and hostile texts that a page must display without executing or loading anything."""

from html.parser import HTMLParser


class ParsedPage(HTMLParser):
    """The ids, links, elements and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        self.links += [attributes["href"] or ""] if "href" in attributes else []

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE_TEXTS = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>",
    "\u202egnp.exe",
    "\x1b[2J\x1b[31m" * 200,
    "$\\frac{",
    "{{ 7 * 7 }}{% raw %}",
    "]]>--></style></svg><svg onload=alert(3)>",
    "javascript:alert(4)",
)
