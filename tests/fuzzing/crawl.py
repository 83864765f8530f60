"""Walks the pages of the world as each account does, and notes every form and every address by its route."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from .inputs import encoded, usual_answers
from .pages import Form, Page, read_page
from .world import World, same_cookies, undone, within

# How many addresses of one route are opened, without and with a query, besides those that an account is sent to first.
OPENED_A_ROUTE = 2
STARTS = ("/", "/admin/", "/connexion/", "/mot-de-passe-oublie/", "/compte/mot-de-passe/", "/accessibilite/")
# Not sent in the first round, which keeps what it does: the world must stay signed in and whole.
NOT_KEPT = ("logout", "deconnexion", "password", "mot-de-passe", "supprimer", "delete", "changer-d-espace", "user/")


@dataclass
class Found:
    """What a walk saw. A route is as the resolver writes it; an address is a path with its query."""

    # (route, signature) -> the account that saw the form first, and the form
    forms: dict[tuple, tuple[str, Form]] = field(default_factory=dict)
    # route -> addresses that answered 200, and the account that opened each first
    pages: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    # route -> names seen in the query of a link or in a form of method GET
    parameters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lost: list[str] = field(default_factory=list)
    opened: Counter = field(default_factory=Counter)


def every_route() -> list[str]:
    """All routes of the project, in the order of the resolver."""
    found: list[str] = []

    def gather(resolver: URLResolver, before: str) -> None:
        for one in resolver.url_patterns:
            route = before + str(one.pattern).removeprefix("^")
            if isinstance(one, URLPattern):
                found.append(route)
            else:
                gather(one, route)

    gather(get_resolver(), "")
    return list(dict.fromkeys(found))


def route_of(address: str) -> str | None:
    """The route of an address, or None when it is no page."""
    try:
        return resolve(urlsplit(address).path).route.replace("^", "")
    except Resolver404:
        return None


def crawl(world: World) -> Found:
    """Walk, do once what each form offers, walk again: what was done opens the pages where it is undone."""
    found = Found()
    without_arguments = [f"/{route}" for route in every_route() if not set("<(") & set(route)]
    for account, client in world.clients.items():
        _walk(account, client, found, [*STARTS, *world.addresses], then=without_arguments)
    opened = _use(world, found)
    for account, client in world.clients.items():
        _walk(account, client, found, [*opened, "/"])
    return found


def _use(world: World, found: Found) -> list[str]:
    """Send each form once in good faith and keep what it does; the addresses that the answers lead to."""
    opened: list[str] = []
    for (route, _signature), (account, form) in list(found.forms.items()):
        if form.method != "post" or any(part in route for part in NOT_KEPT):
            continue
        body, content_type = encoded(usual_answers(form), form.enctype)
        client = world.clients[account]
        with within(), same_cookies(client):
            answer = client.post(form.action, data=body, content_type=content_type)
        page = _page_of(answer, form.action)
        opened += [address for address in page.links if route_of(address) not in found.pages]
        _note(page, account, found, form.action)
    return list(dict.fromkeys(opened))


def _walk(account: str, client: Client, found: Found, starts: Iterable[str], then: Iterable[str] = ()) -> None:
    """Open `starts` whatever was opened before, then what they lead to and `then` as far as it is new."""
    first = list(dict.fromkeys(starts))
    waiting = list(dict.fromkeys([*first, *then]))
    seen = set(waiting)
    while waiting:
        address = waiting.pop(0)
        route = route_of(address)
        if route is None:
            continue
        found.parameters[route] |= {name for name, _value in parse_qsl(urlsplit(address).query)}
        key = (route, "?" in address)
        if found.opened[key] >= OPENED_A_ROUTE and address not in first:
            continue
        with undone(), same_cookies(client):
            answer = client.get(address)
            if answer.streaming:
                # Read to its end, the test client closes it without closing the connection to the database.
                b"".join(answer)
        if answer.status_code == 200:
            found.opened[key] += 1
            found.pages[route].setdefault(address, account)
        page = _page_of(answer, address)
        _note(page, account, found, address)
        waiting += [link for link in page.links if link not in seen]
        seen.update(page.links)


def _page_of(answer: HttpResponse, address: str) -> Page:
    """The page of an answer; a redirection is a page with one link."""
    if answer.status_code in (301, 302, 303):
        return Page(links=[answer["Location"]] if answer["Location"].startswith("/") else [], forms=[])
    if answer.status_code == 200 and not answer.streaming and answer["Content-Type"].startswith("text/html"):
        return read_page(answer.content.decode(), address)
    return Page(links=[], forms=[])


def _note(page: Page, account: str, found: Found, address: str) -> None:
    for form in page.forms:
        route = route_of(form.action)
        if route is None:
            found.lost.append(f"{address}: a form goes to {form.action}, which is no page")
            continue
        if form.method == "get":
            found.parameters[route] |= set(form.fields)
            found.pages[route].setdefault(form.action, account)
        else:
            found.forms.setdefault((route, form.signature), (account, form))
