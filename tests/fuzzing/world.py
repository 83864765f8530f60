"""A small world in which every page has something to show: the demonstration, with weeks in place of a year.

Loaded once for a file of tests, inside a transaction that is rolled back at its end: nothing of it stays.
"""

import copy
import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from unittest import mock

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import reverse
from weasyprint import HTML

from bookings import demo_visits, demo_year
from bookings.models import Appointment, Visitor
from casefiles import demo_files
from casefiles.models import CaseFile, RightsAlert, SlipLine, TransmissionSlip
from conventions.models import Convention
from partners.demo import DEMO_PASSWORD
from partners.models import Site, User
from reports.models import MonthlyReturn

from .inputs import PDF

WEEKS = 3
# Detail pages, and the field that tells the states of their rows apart.
STATES: dict[str, tuple[type[Model], str]] = {
    "bookings:appointment_detail": (Appointment, "status"),
    "bookings:visitor_detail": (Visitor, "ccas"),
    "casefiles:file_detail": (CaseFile, "pk"),
    "casefiles:line_detail": (SlipLine, "pk"),
    "casefiles:alert_detail": (RightsAlert, "pk"),
    "casefiles:slip_detail": (TransmissionSlip, "pk"),
    "reports:monthly_return": (MonthlyReturn, "convention"),
    "conventions:convention_detail": (Convention, "pk"),
}
MOST_STATES = 6
WALKERS = [
    *("admin@planoise.example", "admin@montsinery.example", "accueil@montsinery.example"),
    *("agent@cpam.example", "agent@cgss.example"),
]
TECHNICAL = "technique@exemple.fr"
TECHNICAL_PASSWORD = "un-mot-de-passe-long"
# No page is drawn: what a template makes of the answers is tested, WeasyPrint has its own tests.
SETTINGS = {
    "DEMO": True,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "ACCOUNT_RATE_LIMITS": False,
    "SESSION_IDLE_SECONDS": 10**9,
}


@dataclass
class World:
    """The accounts by address, each signed in; a stranger under the empty one."""

    clients: dict[str, Client] = field(default_factory=dict)
    # Pages of things in all their states, which a walk along the first links of each list would miss.
    addresses: list[str] = field(default_factory=list)


@contextmanager
def within() -> Iterator[None]:
    """Run the block in a transaction, or a savepoint, inside of which blocks that must be the outermost may open."""
    atomic = transaction.atomic()
    # As Django's own test cases do.
    atomic._from_testcase = True
    with atomic:
        yield


@contextmanager
def undone() -> Iterator[None]:
    """Run the block in a transaction, or a savepoint, of which nothing stays."""
    with within():
        yield
        transaction.set_rollback(True)


@contextmanager
def same_cookies(client: Client) -> Iterator[None]:
    """Leave the client with the cookies it had: what it signed in to or out of in between is undone with the rest."""
    before = copy.deepcopy(client.cookies)
    try:
        yield
    finally:
        client.cookies = before


@contextmanager
def small_world() -> Iterator[World]:
    with ExitStack() as stack:
        # Thousands of refusals a minute, some with a whole page in their address: nobody reads them.
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(override_settings(**SETTINGS))
        for module in (demo_year, demo_visits, demo_files):
            stack.enter_context(mock.patch.object(module, "PAST_DAYS", 7 * WEEKS))
        stack.enter_context(mock.patch.object(demo_visits, "MOST_A_DAY", demo_visits.FEWEST_A_DAY))
        stack.enter_context(mock.patch.object(demo_year, "VISITORS_PER_CCAS", 60))
        stack.enter_context(undone())
        call_command("load_demo", stdout=io.StringIO())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        stack.enter_context(mock.patch.object(HTML, "write_pdf", return_value=PDF))
        yield _peopled()


def _peopled() -> World:
    world = World(clients={"": Client()})
    technical = User.objects.create_superuser(TECHNICAL, TECHNICAL_PASSWORD)
    technical.sites.set(Site.objects.all())
    for user in User.objects.filter(email__in=[TECHNICAL, *WALKERS]):
        # By the page, and not by force: what asks for a recent password is open too.
        client = Client()
        password = TECHNICAL_PASSWORD if user == technical else DEMO_PASSWORD
        client.post("/connexion/", {"login": user.email, "password": password})
        world.clients[user.email] = client
    for name, (model, field_name) in STATES.items():
        keys = list(model.objects.order_by("pk").values_list("pk", field_name))
        told_apart = {state: key for key, state in keys}.values()
        # One of each state; of too many, those at equal distances.
        chosen = list(told_apart)[:: max(1, len(told_apart) // MOST_STATES)]
        world.addresses += [reverse(name, args=[key]) for key in chosen]
    return world
