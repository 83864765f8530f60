"""Chromium of the system against a live server, with a clock that stands at a known morning."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Page

from partners.models import Partner, Role, Site, User
from tests.factories import PASSWORD, ReasonFactory, UserFactory, agent_of, staff_of

# Playwright's own loop makes Django believe that fixtures run in asynchronous code; they do not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MONDAY_8H = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    path = next((path for path in BROWSERS if os.path.exists(path)), shutil.which("chromium"))
    return browser_type_launch_args | {"executable_path": path, "args": QUIET}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return browser_context_args | {
        "viewport": {"width": 1280, "height": 800},
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
    }


@pytest.fixture
def monday_morning() -> Iterator[None]:
    """Monday 2 March 2026, 8h00 in Paris, and the clock goes on."""
    with time_machine.travel(MONDAY_8H, tick=True):
        yield


class Besancon:
    """The real agreement with the CPAM, its reason, and one person of each role."""

    def __init__(self) -> None:
        call_command("load_convention", "besancon-cpam-2025", verbosity=0)
        self.site = Site.objects.get(slug="planoise")
        self.partner = Partner.objects.get(slug="cpam-doubs")
        self.reason = ReasonFactory(label="Carte Vitale", slug="carte-vitale", partners=[self.partner])
        self.receptionist = staff_of(self.site, first_name="Nadia", last_name="Roussel")
        self.administrator = UserFactory(
            role=Role.ADMINISTRATOR, ccas=self.site.ccas, first_name="Hélène", last_name="Vuillemin"
        )
        self.agent = agent_of(self.partner, first_name="Sophie", last_name="Lambert")


@pytest.fixture
def besancon(transactional_db, monday_morning) -> Besancon:
    return Besancon()


@pytest.fixture
def sign_in(page: Page, live_server) -> Callable[[User], None]:
    """Sign in by the form, as a person does; whoever was signed in before is signed out."""

    page.set_default_timeout(10_000)

    def sign_in(user: User) -> None:
        page.context.clear_cookies()
        page.goto(f"{live_server.url}/")
        page.get_by_label("Courriel").fill(user.email)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_load_state()

    return sign_in


@pytest.fixture
def check_accessibility(page: Page) -> Callable[[], None]:
    """Fail when axe finds anything serious or critical on the page shown."""

    def check() -> None:
        results = Axe().run(page)
        grave = [
            f"{violation['id']}: {violation['help']} {[node['target'] for node in violation['nodes']][:3]}"
            for violation in results.response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert grave == [], f"{page.url}: {grave}"

    return check
