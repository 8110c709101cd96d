"""A page as a browser would see it, without one."""

from html.parser import HTMLParser

VOID = {"meta", "link", "path", "rect", "circle", "use", "col", "wbr", "input"}


ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "link",
        "script",
        "body",
        "main",
        "nav",
        "header",
        "section",
        "article",
        "footer",
    ),
    *("div", "p", "span", "b", "i", "strong", "h1", "h2", "h3", "bdi", "wbr", "a", "ul", "ol", "li", "dl", "dt", "dd"),
    *("time", "table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"),
    *("code", "figure", "figcaption", "label", "input", "svg", "symbol", "path", "rect", "circle", "use"),
}
"""The elements that our templates write."""


class Page(HTMLParser):
    """Collects what a browser would see: elements, attributes, text; and checks that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.elements if attribute in attrs]
