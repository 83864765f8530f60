"""What nobody types by mistake and somebody types on purpose: inputs for forms, queries and paths.

An input is a list of (name, value) pairs in the order sent; a value is text, which may hold a lone surrogate, or a
`File`. One that starts from what the page shows goes deeper than one that is wrong everywhere: it is changed in a few
places only.
"""

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from .pages import Field, Form

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
LONGEST_FIELD, MOST_FIELDS = 120_000, 1200
BOUNDARY = "fuzzing-boundary-7f3a"
BUTTONS = {"submit", "button", "image"}
TODAY = dt.date.today()  # noqa: DTZ011  (a day near the server's, whichever its zone)
# In an inline of the admin or a formset: what the page shows blank stays blank unless it is the field under trial.
_ROW_OF_FORMSET = re.compile(r"-(\d+|__prefix__)-")


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    content_type: str


Pairs = list[tuple[str, "str | File"]]

TEXTS = [
    *(
        "",
        " ",
        "\u00a0",
        "\x00",
        "a\x00b",
        "\x07\x1b[31m",
        "\r\n",
        "a\r\nX-Injected: 1",
        "\ud800",
        "a\udfffb",
        "\ufffe",
    ),
    *(
        "👩‍👩‍👧‍👦",
        "é" * 300,
        "e\u0301" * 200,
        "\u202eabc\u202c",
        "مرحبا",
        "\ufeff",
        "İ",
        "ß",
        "ﬃ",
        "𝟙𝟚",
        "x" * 256,
        "x" * 5000,
    ),
    *(
        "'",
        '"',
        "\\",
        "%",
        "%s",
        "%(a)s",
        "{}",
        "{{ 7|add:1 }}",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "../../etc",
    ),
    *("null", "None", "true", "on", "off", "[]", "{}", '{"a": 1}', "a@b", "a@b.fr", "x" * 300 + "@exemple.fr"),
    *(
        "+33612345678",
        "06 12 34 56 78",
        "+",
        "0" * 40,
        "https://ailleurs.exemple/",
        "//ailleurs.exemple",
        "javascript:0",
    ),
    *(
        "/",
        "/rendez-vous/",
        "?",
        "#",
        "http://[",
        "mailto:a",
        "a,b",
        "a;b",
        "1 85 05 78 006 084 91",
        "=cmd|' /C calc'!A0",
    ),
]
NUMBERS = [
    *(
        "0",
        "-0",
        "1",
        "-1",
        "2",
        "7",
        "13",
        "32",
        "99",
        "366",
        "1000",
        "00012",
        "+5",
        "1_000",
        " 5 ",
        "1,5",
        "1.5",
        "1 000",
    ),
    *(
        str(2**31 - 1),
        str(2**31),
        str(-(2**31) - 1),
        str(2**63 - 1),
        str(2**63),
        str(-(2**63) - 1),
        "9" * 40,
        "9" * 5000,
    ),
    *(
        "1e400",
        "1e-400",
        "1E+1000000",
        "-1e5",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "1e5",
        "1.",
        ".5",
        "0.001",
    ),
    *("²", "½", "①", "١٢", "１２", "𝟙", "٣.٥", "1\u202f000", "1\u00a0254,00", "1254,00 €", "12345678901234567890.12"),
]
MOMENTS = [
    *("0001-01-01", "0000-00-00", "9999-12-31", "9999-12-25", "10000-01-01", "-2026-01-01", "2026-02-30", "2026-13-01"),
    *(
        "1900-01-01",
        "1899-12-31",
        "2000-02-29",
        "2100-02-29",
        "2026-1-5",
        "20260105",
        "2026-W53",
        "2026-W01-1",
        "2026-001",
    ),
    *("31/12/9999", "01/01/0001", "30/02/2026", "1er avril 2026", "١٢/٠١/٢٠٢٦", "2026-01-01T00:00", "2026-10-25T02:30"),
    *("2026-03-29T02:30:00+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001", "9999", "2026", "0000"),
    *(
        "0001-01",
        "9999-12",
        "2026-00",
        "2026-13",
        "9999",
        "24:00",
        "25:61",
        "00:00",
        "23:59",
        "23:59:59.999999",
        "12:30:00Z",
    ),
    *(
        "8h30",
        "-1:00",
        "2026-01-01/9999-12-31",
        "0001-01-01 00:00",
        "9999-12-31 23:59",
        "0001-01-01/08:00",
        "10:00-09:00",
    ),
]
NEAR = [(TODAY + dt.timedelta(days=days)).isoformat() for days in (-400, -31, -1, 0, 1, 2, 3, 7, 30, 119, 121, 800)]
FILES = [
    File("bail.pdf", PDF, "application/pdf"),
    File("", b"", "application/octet-stream"),
    File("vide.pdf", b"", "application/pdf"),
    File("faux.pdf", b"<html><script>alert(1)</script>", "application/pdf"),
    File("photo.png", PNG, "image/png"),
    File("photo.jpg", b"\xff\xd8\xff\xe0" + b"\x00" * 60, "text/html"),
    File("../../../etc/cron.d/x.pdf", PDF, "application/pdf"),
    File("x" * 300 + ".pdf", PDF, "application/pdf"),
    File("é\u202efdp.exe", b"MZ\x90", "application/x-msdownload"),
    File("a\x00b.pdf", PDF, "application/pdf"),
    File("bombe.docx", b"PK\x03\x04" + b"\x00" * 100, "application/zip"),
    File("image.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
    File("con\r\nduit.pdf", PDF, "a/b; charset=nul"),
]
# Bytes that are no form at all, and what they say they are.
BODIES = [
    (b"", "application/x-www-form-urlencoded"),
    (b"\xff\xfe\x00" * 50, "application/x-www-form-urlencoded"),
    (b"{}", "application/json"),
    (b"[[[[", "application/json"),
    (b"a=1", "text/plain"),
    (b"a=1", ""),
    (b"--x\r\nno header", "multipart/form-data; boundary=x"),
    (b"--x--\r\n", "multipart/form-data; boundary=x"),
    (b"a=1", "multipart/form-data"),
    (b"a=1", "multipart/form-data; boundary=" + "é"),
    (b"%", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"a=%C3%28", "application/x-www-form-urlencoded; charset=unknown"),
    (b"&".join(b"a=%d" % number for number in range(MOST_FIELDS)), "application/x-www-form-urlencoded"),
    (b"a=" + b"x" * 2_700_000, "application/x-www-form-urlencoded"),
]

_characters = st.characters(codec=None)
strange_text = st.one_of(
    st.sampled_from(TEXTS + NUMBERS + MOMENTS),
    st.text(_characters, max_size=30),
    st.text(_characters, min_size=1, max_size=4).map(lambda text: text * 400),
    st.integers(-(10**20), 10**20).map(str),
    st.dates().map(dt.date.isoformat),
    st.times().map(lambda time: time.isoformat("minutes")),
    st.just("x" * LONGEST_FIELD),
)


def usual_value(field: Field) -> list[str | File]:
    """What somebody in good faith would send for `field`: what is shown, else something that suits its kind."""
    if any(field.shown) or _ROW_OF_FORMSET.search(field.name):
        return list(field.shown)
    first = next((value for value in field.offered if value), None)
    suits: dict[str, str | File | None] = {
        "select": first,
        "select-multiple": first,
        "radio": first,
        "checkbox": None,
        "date": (TODAY + dt.timedelta(days=3)).isoformat(),
        "month": f"{TODAY:%Y-%m}",
        "time": "09:00",
        "number": "1",
        "email": "camille@exemple.fr",
        "tel": "06 12 34 56 78",
        "file": FILES[0],
        "hidden": "",
    }
    value = suits.get(field.kind, "Essai")
    return [] if value is None else [value]


def usual_answers(form: Form) -> Pairs:
    """The whole form in good faith, with its first button."""
    pairs: Pairs = []
    pressed = False
    for field in form.fields.values():
        if field.kind in BUTTONS:
            if not pressed:
                pairs.append((field.name, (field.offered or [""])[0]))
                pressed = True
            continue
        pairs += [(field.name, value) for value in usual_value(field)]
    return pairs


def value_for(field: Field) -> st.SearchStrategy:
    """One value for `field`: one that it offers, one that is near, or a strange one."""
    ways = [strange_text]
    if field.offered:
        ways.append(st.sampled_from(field.offered))
    if field.kind in ("date", "month", "text", "hidden", "datetime-local"):
        ways.append(st.sampled_from(NEAR))
    if field.kind == "file":
        ways += [st.sampled_from(FILES)] * 3
    if any(field.shown):
        ways.append(st.sampled_from(field.shown).flatmap(_near_text))
    return st.one_of(*ways)


def _near_text(text: str) -> st.SearchStrategy[str]:
    """`text` with something before, after or within, or cut."""
    return st.one_of(
        st.sampled_from(["\x00", " ", "9", "-", "é", "\ud800", "'", "0" * 30]).flatmap(
            lambda piece: st.sampled_from([piece + text, text + piece, text[:1] + piece + text[1:]])
        ),
        st.integers(0, max(len(text) - 1, 0)).map(lambda length: text[:length]),
    )


@st.composite
def answers_to(draw: st.DrawFn, form: Form) -> Pairs:
    """The form in good faith, but for a few of its fields: other values, none, several, or more fields than it has."""
    pairs = usual_answers(form)
    fields = list(form.fields.values())
    if draw(st.integers(0, 19)) == 0:
        pairs = []
    changed = draw(st.integers(0, min(4, len(fields)))) if fields else 0
    for _ in range(changed):
        field = draw(st.sampled_from(fields))
        how = draw(st.integers(0, 9))
        others = [pair for pair in pairs if pair[0] != field.name]
        if how == 0:
            pairs = others
        elif how == 1:
            pairs = [*pairs, (field.name, draw(value_for(field)))]
        else:
            pairs = [*others, (field.name, draw(value_for(field)))]
    if draw(st.integers(0, 14)) == 0:
        pairs = [*pairs, (draw(st.one_of(st.sampled_from(EXTRA_NAMES), st.text(max_size=5))), draw(strange_text))]
    return pairs


EXTRA_NAMES = [
    *(
        "pk",
        "id",
        "next",
        "step",
        "seen",
        "signature",
        "people",
        "retour",
        "creneau",
        "action",
        "who",
        "page",
        "q",
        "_popup",
    ),
    *(
        "_to_field",
        "_saveasnew",
        "_selected_action",
        "select_across",
        "index",
        "form-TOTAL_FORMS",
        "form-INITIAL_FORMS",
    ),
]


def encoded(pairs: Pairs, enctype: str) -> tuple[bytes, str]:
    """The body and its Content-Type; a file in a form that takes none is sent as its name, as browsers do."""
    if enctype == "multipart/form-data":
        parts = []
        for name, value in pairs:
            head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
            if isinstance(value, File):
                head += f'; filename="{_quoted(value.name)}"\r\nContent-Type: {value.content_type}'
            content = value.content if isinstance(value, File) else _bytes(value)
            parts.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), _bytes(head), content))
        return b"".join([*parts, b"--%b--\r\n" % BOUNDARY.encode()]), f"{enctype}; boundary={BOUNDARY}"
    return query_of(pairs).encode(), "application/x-www-form-urlencoded"


def query_of(pairs: Pairs) -> str:
    """The pairs as a query string, whatever the text: a lone surrogate becomes its three bytes."""
    return "&".join(
        f"{quote_from_bytes(_bytes(name))}={quote_from_bytes(_bytes(value.name if isinstance(value, File) else value))}"
        for name, value in pairs
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    return text.replace('"', "%22")
