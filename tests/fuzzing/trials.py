"""Sends inputs to the pages and looks at one thing: an answer must come, and it must not be a fault of the server."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_from_bytes, urlsplit

from django.conf import settings as django_settings
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .inputs import BODIES, NUMBERS, TEXTS, answers_to, encoded, query_of, strange_text
from .pages import Form
from .world import same_cookies, undone

FLOORS = ("partners", "conventions", "bookings", "casefiles", "reports", "franceservices")
_NAME_IN_CODE = re.compile(r"""GET(?:\.get(?:list)?\(|\[|,\s*)["'](\w+)["']|["'](\w+)["'] in (?:self\.)?request\.GET""")
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<\w+>[^)]*\)\+?\)?")
_INTEGERS = [
    "0",
    "1",
    "2",
    "3",
    "00007",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 30,
    "9" * 4400,
]
MOST_PARAMETERS = 4

answered: Counter[int] = Counter()


def parameters_in_code() -> set[str]:
    """The names of GET parameters that the sources ask for."""
    root = Path(django_settings.BASE_DIR)
    return {
        name
        for floor in FLOORS
        for path in (root / floor).rglob("*.py")
        for names in _NAME_IN_CODE.findall(path.read_text(encoding="utf-8"))
        for name in names
        if name
    }


def try_inputs(
    strategy: st.SearchStrategy, send: Callable[[object], None], *, number: int, same_each_time: bool
) -> None:
    """Call `send` with `number` inputs; hypothesis reduces the first that raises and shows it."""

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=same_each_time,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def trial(one: object) -> None:
        with undone():
            send(one)

    trial()


def form_inputs(form: Form) -> st.SearchStrategy:
    """Bodies for `form`, with their type, and whether a script sends them."""
    return st.tuples(
        st.one_of(*[answers_to(form).map(lambda pairs: encoded(pairs, form.enctype))] * 24, st.sampled_from(BODIES)),
        st.integers(0, 5).map(lambda number: number == 0),
    )


def query_inputs(addresses: list[str], names: list[str]) -> st.SearchStrategy:
    """Addresses, each with its own query and strange values for a few of `names` beside or in place of it."""
    pair = st.tuples(st.sampled_from(names), strange_text)
    return st.tuples(
        st.sampled_from(addresses),
        st.booleans(),
        st.lists(pair, min_size=1, max_size=MOST_PARAMETERS),
        st.integers(0, 5).map(lambda number: number == 0),
    )


def path_inputs(route: str, accounts: list[str]) -> st.SearchStrategy:
    """Paths of `route` with arguments that its converters let through, asked for or sent to, by one of `accounts`."""
    pieces: list[st.SearchStrategy[str]] = []
    end = 0
    for match in _CONVERTER.finditer(route):
        pieces += [st.just(route[end : match.start()]), _argument(match.group(1))]
        end = match.end()
    pieces.append(st.just(route[end:].removesuffix("$")))
    return st.tuples(
        st.tuples(*pieces).map(lambda parts: "/" + "".join(parts)),
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(accounts),
    )


def _argument(converter: str | None) -> st.SearchStrategy[str]:
    if converter == "int":
        return st.one_of(st.sampled_from(_INTEGERS), st.integers(0, 400).map(str))
    if converter == "slug":
        return st.one_of(
            st.sampled_from(["a", "-", "_", "x" * 400, "csv", "xlsx", "pdf", "2026", "0", "9" * 30]),
            st.from_regex(r"[-a-zA-Z0-9_]{1,12}", fullmatch=True),
        )
    return st.one_of(st.sampled_from([*TEXTS, *NUMBERS, "_3A", "_00"]), st.text(min_size=1, max_size=8)).map(
        lambda text: quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="") or "x"
    )


def post(client: Client, form: Form) -> Callable[[object], None]:
    def send(one: object) -> None:
        (body, content_type), is_fragment = one
        _send(client, "POST", form.action, body, content_type, is_fragment=is_fragment)

    return send


def get(clients: dict[str, Client], accounts: dict[str, str]) -> Callable[[object], None]:
    """`accounts` says who opens each address."""

    def send(one: object) -> None:
        address, keeps_its_own, pairs, is_fragment = one
        parts = urlsplit(address)
        query = "&".join(filter(None, [parts.query if keeps_its_own else "", query_of(pairs)]))
        _send(clients[accounts[address]], "GET", f"{parts.path}?{query}", b"", "", is_fragment=is_fragment)

    return send


def reach(clients: dict[str, Client]) -> Callable[[object], None]:
    def send(one: object) -> None:
        path, method, account = one
        _send(clients[account], method, path, b"", "application/x-www-form-urlencoded", is_fragment=False)

    return send


def _send(client: Client, method: str, address: str, body: bytes, content_type: str, *, is_fragment: bool) -> None:
    # The test client raises what a view raises; what a view answers by itself is looked at here.
    headers = {"HX-Request": "true"} if is_fragment else {}
    with same_cookies(client):
        response = client.generic(method, address, body, content_type, headers=headers)
        if response.streaming:
            b"".join(response)
    answered[response.status_code] += 1
    assert response.status_code < 500, f"{method} {address}: {response.status_code}"
