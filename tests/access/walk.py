"""The walk: every address of the project, by everybody, with rows of every place, by GET and by POST.

Each request runs in a savepoint that is rolled back. A walk gives sentences about what differs from the table; none
means that everything is as it says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from partners.middleware import SESSION_KEY as CHOSEN_SITE
from partners.models import User

from .addresses import (
    ADMIN_ROWS,
    FIXED,
    FORMS,
    NEEDS_QUERY,
    OF_OWNER,
    OF_PLACE,
    QUERIES,
    SECRETS,
    WRONG_SECRET,
    Arguments,
)
from .reach import COLUMNS, Page, Reach
from .table import PAGES
from .world import NOW, World

# The places that are tried for each reach, seen from `here`: the farthest that opens, then those that do not. A page
# that is for nobody of a role is tried with the row that would be nearest.
OPEN = {
    Reach.NO: (),
    Reach.SITES: ("other",),
    Reach.CCAS: ("next",),
    Reach.CHOSEN_CCAS: ("next",),
    Reach.PARTNER: ("next",),
    Reach.ALL: ("away",),
    Reach.YES: ("here",),
}
CLOSED = {
    Reach.NO: ("here",),
    Reach.SITES: ("next", "away"),
    Reach.CCAS: ("away",),
    Reach.CHOSEN_CCAS: ("away",),
    Reach.PARTNER: ("other", "away"),
    Reach.ALL: (),
    Reach.YES: (),
}
# Whose marks may not show: those of spaces, and those of people, on any page.
HIDDEN_SPACES = {
    "reception": ("next", "away"),
    "social_worker": ("next", "away"),
    "manager": ("away",),
    "administrator": ("away",),
    "agent": ("other", "away"),
    "technical": (),
}
HIDDEN_PEOPLE = HIDDEN_SPACES | {"reception": ("away",), "social_worker": ("away",)}
# What a request may write without anybody asking: its own session, counts of tries, the journal of readings.
OWN_WRITES = re.compile(r'"(django_session|franceservices_cache|partners_auditevent|django_admin_log)"')
WRITES = re.compile(r"\s*(?:WITH\b.*?\b)?(INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
# Pages that write when they are opened, with reason: an avenant is shown before and after by putting it in force in a
# transaction that is given up; allauth notes that the recovery codes were shown.
WRITING_PAGES = frozenset({"conventions:amendment_detail", "mfa_view_recovery_codes", "mfa_download_recovery_codes"})
SIGN_IN = ("/connexion/", "/admin/login/")
READS = {"get": "GET", "post": "POST"}


@dataclass(frozen=True)
class Route:
    """One address pattern: its URL name with its namespaces, or its route where it has no name."""

    name: str
    route: str
    is_named: bool
    arguments: tuple[str, ...]
    pattern: URLPattern


def routes(resolver=None, namespace: str = "", before: str = "") -> Iterator[Route]:
    """Every pattern of the project, in the order of the resolver."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}" if entry.name else route
            arguments = tuple(entry.pattern.converters) or tuple(entry.pattern.regex.groupindex)
            yield Route(name, route, bool(entry.name), arguments, entry)
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry, inner, route)


@dataclass(frozen=True)
class Attempt:
    """One address as somebody may try it, whether it is to open, and how a sentence names the row."""

    address: str
    is_open: bool
    what: str
    form: Arguments
    query: Arguments


class Walker:
    """Walks a world that is already there, within one transaction."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = Client(raise_request_exception=False)
        self.sessions = {role: _session(user, world) for role, user in world.actors.items()}
        self.written: list[str] = []

    def walk(self, only: Iterable[str] | None = None) -> list[str]:
        """What differs from the table, sorted; for all addresses, or those of the names in `only`."""
        found = list(routes())
        known = {route.name for route in found}
        wrong = [f"{name}: in the table and not in the project" for name in set(PAGES) - known]
        wrong += [f"{name}: in the project and not in the table" for name in known - set(PAGES)]
        for route in {route.name: route for route in found}.values():
            if route.name in PAGES and (only is None or route.name in only):
                wrong += self._page(route, PAGES[route.name])
        return sorted(wrong)

    def _page(self, route: Route, page: Page) -> Iterator[str]:
        for role in COLUMNS:
            for attempt in self._attempts(route, role, getattr(page, role)):
                with connection.execute_wrapper(self._note_write):
                    for problem in self._try(role, attempt, page.name):
                        yield f"{page.name}: {role}, {attempt.what}: {problem}"

    def _attempts(self, route: Route, role: str, reach: Reach) -> Iterator[Attempt]:
        name, places = route.name, self.world.places
        if name in SECRETS:
            for is_right in (False, True):
                token = SECRETS[name](places["here"]) if is_right else WRONG_SECRET
                what = "right secret" if is_right else "wrong secret"
                yield Attempt(reverse(name, args=[token]), is_right and reach is Reach.SECRET, what, {}, {})
            return
        if name in OF_OWNER:
            yield from self._own_attempts(name, role, reach)
            return
        rows = _rows(route)
        if rows is None and name not in FORMS:
            is_open = reach in (Reach.YES, Reach.ALL)
            queries = [("no row", {})]
            if name in NEEDS_QUERY:
                queries = [("here", QUERIES[name](places["here"]))]
            elif name in QUERIES and is_open:
                queries += [(key, QUERIES[name](place)) for key, place in places.items()]
            for what, query in queries:
                yield Attempt(_address(route, FIXED.get(name, {})), is_open, what, {}, query)
            return
        for key in (*OPEN[reach], *CLOSED[reach]):
            place = places[key]
            form = FORMS[name](place) if name in FORMS else {}
            yield Attempt(_address(route, rows(place) if rows else {}), key in OPEN[reach], key, form, {})

    def _own_attempts(self, name: str, role: str, reach: Reach) -> Iterator[Attempt]:
        make, world = OF_OWNER[name], self.world
        owners = [("her own", world.own.get(role)), ("a colleague's", world.colleagues.get(role))]
        # Whoever may have none tries the agent's or the manager's.
        owners += [("somebody's", world.own[other]) for other in ("agent", "manager") if other != role]
        for what, own in owners:
            if own is None:
                continue
            try:
                arguments = make(own)
            except AttributeError:
                continue
            yield Attempt(reverse(name, kwargs=arguments), what == "her own" and reach is Reach.OWN, what, {}, {})

    def _try(self, role: str, attempt: Attempt, name: str) -> Iterator[str]:
        """What is wrong with the answers to `attempt`; where it is to open, one of the methods must do so."""
        opened, without_method = [], 0
        for method in ("get", "post"):
            if method == "post" and attempt.is_open and opened:
                continue
            answer, body = self._ask(role, method, attempt)
            without_method += answer.status_code == 405
            if answer.status_code >= 500:
                yield f"{READS[method]} answers {answer.status_code}"
            elif answer.status_code == 405:
                continue
            elif not _is_refused(answer):
                opened.append(method)
            if (method == "get" and name not in WRITING_PAGES) or not attempt.is_open:
                yield from (f"{READS[method]} writes {table}" for table in self.written)
            if not attempt.is_open and opened:
                yield f"{READS[opened.pop()]} opens"
            if role in HIDDEN_SPACES and name not in SECRETS:
                yield from self._leaks(role, method, body)
        if attempt.is_open and not opened:
            yield "does not open"
        if without_method == 2:
            yield "answers to neither GET nor POST"

    def _leaks(self, role: str, method: str, body: str) -> Iterator[str]:
        places = self.world.places
        marks = [places[key].mark for key in HIDDEN_SPACES[role]]
        marks += [places[key].person_mark for key in HIDDEN_PEOPLE[role]]
        if role == "agent":
            marks += [place.note_mark for place in places.values()]
        yield from (f"{READS[method]} shows {mark}" for mark in marks if mark in body)

    def _ask(self, role: str, method: str, attempt: Attempt) -> tuple[HttpResponse, str]:
        client, self.written = self.client, []
        client.cookies.clear()
        if role in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        with transaction.atomic():
            if method == "get":
                answer = client.get(attempt.address, attempt.query)
            else:
                answer = client.post(attempt.address, attempt.form)
            content = answer.getvalue() if answer.streaming else answer.content
            transaction.set_rollback(True)
        return answer, content.decode("utf-8", "replace").lower()

    def _note_write(self, execute, sql, params, many, context):
        if WRITES.match(str(sql)) and not OWN_WRITES.search(str(sql)):
            self.written.append(str(sql)[:60])
        return execute(sql, params, many, context)


def _is_refused(answer: HttpResponse) -> bool:
    """404, 403 in the admin, 410 of a link that is over, or the way to the sign-in page."""
    if answer.status_code in (301, 302, 303):
        # Signing out leads there too, without a page to come back to.
        return answer["Location"].startswith(SIGN_IN) and "next=" in answer["Location"]
    return answer.status_code in (403, 404, 410)


def _rows(route: Route):
    """What makes the arguments of `route` for a place; None where it names no row of one."""
    if route.name in OF_PLACE:
        return OF_PLACE[route.name]
    if "object_id" in route.arguments and route.name not in FIXED:
        _admin, app, model = route.route.split("/")[:3]
        make = ADMIN_ROWS.get(f"{app}_{model}")
        # A library's model of which the world has no row: any number.
        return (lambda place: {"object_id": make(place).pk}) if make else (lambda place: {"object_id": 1})
    return None


def _address(route: Route, arguments: Arguments) -> str:
    if route.is_named:
        return reverse(route.name, kwargs=arguments)
    address = route.route
    for name, value in arguments.items():
        address = re.sub(rf"<[a-z]+:{name}>", str(value), address)
    return "/" + address.replace("(?P<url>.*)$", "nulle-part/")


def _session(user: User, world: World) -> str:
    """The key of a session of `user`, working in the space of `here` where she may choose."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    # Pages about second factors ask for the password again unless it was typed a moment ago.
    session["account_authentication_methods"] = [{"method": "password", "at": NOW.timestamp(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session[CHOSEN_SITE] = world.places["here"].site.pk
    session.create()
    return session.session_key
