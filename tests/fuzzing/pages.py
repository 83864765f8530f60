"""Reads pages as a browser does: their links, and their forms with what each field holds when nothing is touched."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

# What a browser never sends.
_BUTTONS = {"button", "submit", "image", "reset"}
_NUMBER = re.compile(r"\d+")


@dataclass
class Field:
    """One name of a form: the kind of its control, the values it sends untouched, and those it offers."""

    name: str
    kind: str
    shown: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form of a page: where it goes, how, and its fields in their order."""

    action: str
    method: str
    enctype: str
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def signature(self) -> tuple:
        """What makes two forms of one address the same: their names, the numbers in them aside."""
        return self.method, self.enctype, frozenset(_NUMBER.sub("#", name) for name in self.fields)


@dataclass
class Page:
    links: list[str]
    forms: list[Form]


def read_page(html: str, address: str) -> Page:
    """The links and forms of `html`, which came from `address` (path and query); addresses of other hosts left out."""
    reader = _Reader(address)
    reader.feed(html)
    reader.close()
    for form_id, name, control in reader.outside:
        if form_id in reader.by_id:
            reader.add(reader.by_id[form_id], name, control)
    return Page(links=list(dict.fromkeys(reader.links)), forms=reader.forms)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.outside: list[tuple[str, str, dict]] = []
        self.open: Form | None = None
        self.select: Field | None = None
        self.text: Field | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        for name in ("href", "hx-get", "src"):
            if name in given and tag in ("a", "form", "div", "section", "button", "input", "tr", "td", "iframe"):
                self._link(given[name])
        if "hx-post" in given and tag != "form":
            action = self._own(given["hx-post"])
            if action:
                self.forms.append(Form(action, "post", "application/x-www-form-urlencoded"))
        if tag == "form":
            action = self._own(given.get("action") or given.get("hx-post") or self.address)
            if action:
                self.open = Form(
                    action,
                    given.get("method", "get").lower() if "hx-post" not in given else "post",
                    given.get("enctype", "application/x-www-form-urlencoded"),
                )
                self.forms.append(self.open)
                if "id" in given:
                    self.by_id[given["id"]] = self.open
        elif tag in ("input", "button", "select", "textarea") and given.get("name") and "disabled" not in given:
            self._control(tag, given)
        elif tag == "option" and self.select is not None:
            value = given.get("value", "")
            self.select.offered.append(value)
            if "selected" in given:
                self.select.shown.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select" and self.select is not None:
            if not self.select.shown and self.select.kind == "select":
                self.select.shown = self.select.offered[:1]
            self.select = None
        elif tag == "textarea":
            self.text = None

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.shown = ["".join(self.text.shown) + data]

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower() if tag == "input" else tag
        control = given | {"kind": kind, "multiple": "multiple" if "multiple" in given else ""}
        if "form" in given:
            self.outside.append((given["form"], given["name"], control))
            return
        if self.open is None:
            return
        added = self.add(self.open, given["name"], control)
        if tag == "select":
            self.select = added
        elif tag == "textarea":
            self.text = added

    def add(self, form: Form, name: str, control: dict[str, str]) -> Field:
        kind = control["kind"]
        if kind == "select" and control["multiple"]:
            kind = "select-multiple"
        known = form.fields.setdefault(name, Field(name, kind))
        value = control.get("value", "on" if kind in ("checkbox", "radio") else "")
        if kind in ("checkbox", "radio") or kind in _BUTTONS:
            known.offered.append(value)
            if "checked" in control:
                known.shown.append(value)
        elif kind not in ("select", "select-multiple", "textarea", "file"):
            known.shown.append(value)
        return known

    def _link(self, address: str) -> None:
        own = self._own(address)
        if own:
            self.links.append(own)

    def _own(self, address: str) -> str:
        """`address` as a path with its query, or an empty string when it leads elsewhere."""
        parts = urlsplit(urljoin(f"http://testserver{self.address}", address.strip()))
        if parts.scheme not in ("http", "https") or parts.netloc != "testserver":
            return ""
        return parts.path + (f"?{parts.query}" if parts.query else "")
