"""Every address of the app, tried by people who have no business there: 404 on each, and nothing changes.

The addresses are read from the url patterns: a page added later is tried too, or this test says that it does not know
how to make its address.
"""

import pytest
from django.core import serializers
from django.urls import URLPattern, reverse

from casefiles.models import CaseDocument, CaseFile, RightsAlert, SlipLine, TransmissionSlip
from casefiles.services import raise_alert
from casefiles.urls import app_name, urlpatterns
from partners.models import Role
from tests.factories import PartnerFactory, SiteFactory, UserFactory, agent_of, staff_of

MODELS = (CaseFile, CaseDocument, TransmissionSlip, SlipLine, RightsAlert)
# Pages that name no row: lists and forms, empty for whoever has nothing there.
OF_THE_DESK = {
    *("file_list", "my_files", "files_to_complete", "files_to_send", "files_awaited", "late_files", "files_to_renew"),
    *("file_open", "slip_preview", "alert_raise", "computer"),
}
OF_BOTH = {"slip_list", "alert_list"}
OF_AN_AGENT = {"line_list"}


class Rows:
    """The ids that addresses name: a file at the caisse with everything that may hang on it."""

    def __init__(self, cases) -> None:
        self.line = cases.acknowledged(is_urgent=True, urgency="Sans ressources", social_notes="Secret")
        self.file, self.slip = self.line.file, self.line.slip
        self.document = self.file.documents.first()
        self.alert = raise_alert(
            site=cases.site,
            visitor=cases.visitor,
            partner=cases.caisse,
            what="C2S échue",
            deadline=cases.site.today(),
            file=self.file,
            by=cases.clerk,
        )

    def arguments(self, pattern: URLPattern) -> dict[str, object]:
        """What makes the address of `pattern`; KeyError for a kind of row that this test does not know."""
        first = {"dossiers": self.file, "bordereaux": self.slip, "transmissions": self.line, "alertes": self.alert}
        values = {
            "pk": first.get(str(pattern.pattern).partition("/")[0]),
            "document_pk": self.document.pk,
            "visitor_pk": self.file.visitor_id,
            "state": "recue",
            "slug": "tous",
            "extension": "csv",
        }
        values["pk"] = values["pk"].pk if values["pk"] is not None else None
        return {name: values[name] for name in pattern.pattern.converters}


@pytest.fixture
def rows(cases) -> Rows:
    return Rows(cases)


def everything() -> str:
    return "".join(serializers.serialize("json", model.objects.order_by("pk")) for model in MODELS)


def addresses(rows: Rows) -> dict[str, str]:
    return {
        pattern.name: reverse(f"{app_name}:{pattern.name}", kwargs=rows.arguments(pattern)) for pattern in urlpatterns
    }


STRANGERS = {
    "an agent of another caisse with a convention here": lambda cases: cases.other_agent,
    "an agent of a caisse from elsewhere": lambda cases: agent_of(PartnerFactory()),
}
COLLEAGUES = {
    "a receptionist of another CCAS": lambda cases: staff_of(SiteFactory()),
    "a manager of another CCAS": lambda cases: UserFactory(role=Role.MANAGER, ccas=SiteFactory().ccas),
    "a receptionist of another space of the CCAS": lambda cases: staff_of(SiteFactory(ccas=cases.site.ccas)),
}


def refusals(client, method: str, asked: dict[str, str], *, insider) -> dict[str, int]:
    """The answers other than 404, but for methods that an address does not have for `insider` either."""
    statuses = {name: getattr(client, method)(address).status_code for name, address in asked.items()}
    unlike = {name: status for name, status in statuses.items() if status != 404}
    if 405 in unlike.values():
        client.force_login(insider)
        # Asked last and by a method that the address has not: nothing is written.
        unlike = {
            name: status
            for name, status in unlike.items()
            if status != 405 or getattr(client, method)(asked[name]).status_code != 405
        }
    return unlike


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", STRANGERS)
def test_an_agent_of_another_caisse_finds_nothing(client, cases, rows, who, method):
    client.force_login(STRANGERS[who](cases))
    before = everything()
    asked = {name: address for name, address in addresses(rows).items() if name not in OF_BOTH | OF_AN_AGENT}
    assert refusals(client, method, asked, insider=cases.agent) == {}
    assert everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", COLLEAGUES)
def test_the_staff_of_another_desk_find_nothing(client, cases, rows, who, method):
    client.force_login(COLLEAGUES[who](cases))
    before = everything()
    # Lists and the export are of her own space: see below. The people of a CCAS are known to all its spaces.
    skipped = OF_BOTH | OF_THE_DESK | {"file_export"}
    if "of the CCAS" in who:
        skipped = skipped | {"visitor_files"}
    asked = {name: address for name, address in addresses(rows).items() if name not in skipped}
    assert refusals(client, method, asked, insider=cases.clerk) == {}
    assert everything() == before


@pytest.mark.parametrize("who", [*STRANGERS, *COLLEAGUES])
def test_the_lists_of_strangers_hold_nothing_of_ours(client, cases, rows, who):
    person = (STRANGERS | COLLEAGUES)[who](cases)
    client.force_login(person)
    names = OF_BOTH | OF_AN_AGENT | OF_THE_DESK | {"file_export"}
    for name, address in addresses(rows).items():
        if name in names:
            page = client.get(address, {"liste": "toutes"})
            assert "HORTH" not in page.content.decode(), name
            assert "2026-0001" not in page.content.decode(), name


@pytest.mark.parametrize("parameter", ["dossier", "usager", "q"])
def test_ids_in_the_query_open_nothing_either(client, cases, rows, parameter):
    value = {"dossier": rows.file.pk, "usager": rows.file.visitor_id, "q": "horth"}[parameter]
    client.force_login(staff_of(SiteFactory()))
    for name in ("file_open", "slip_preview", "alert_raise", "file_list"):
        page = client.get(reverse(f"casefiles:{name}"), {parameter: value})
        assert "HORTH" not in page.content.decode(), name


def test_the_agent_of_the_caisse_opens_what_was_sent_and_no_page_of_the_desk(client, cases, rows):
    """The control: with the right caisse the same walk opens pages, and still none that belongs to the CCAS."""
    client.force_login(cases.agent)
    answers = {name: client.get(address).status_code for name, address in addresses(rows).items()}
    opened = {name for name, status in answers.items() if status == 200}
    assert opened == {
        *("slip_list", "slip_detail", "slip_document", "line_list", "line_detail", "line_acknowledge", "line_return"),
        *("line_decision", "alert_list", "alert_detail"),
    }
    assert not opened & OF_THE_DESK
    for name in opened - {"slip_document"}:
        page = client.get(addresses(rows)[name]).content.decode()
        assert "Secret" not in page, name
        assert "/dossiers/" not in page, name


def test_the_desk_itself_opens_every_page_that_can_be_opened(client, cases, rows):
    """The control of the control: addresses are made right."""
    client.force_login(cases.clerk)
    answers = {name: client.get(address).status_code for name, address in addresses(rows).items()}
    missing = {name for name, status in answers.items() if status == 404}
    assert missing == {"line_list", "file_export"}


def test_strangers_without_an_account_are_asked_to_sign_in(client, cases, rows):
    for address in addresses(rows).values():
        answer = client.get(address)
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/connexion/")


def test_only_moving_forward_by_post(client, cases, rows):
    """No page writes when it is opened."""
    client.force_login(cases.clerk)
    before = everything()
    for address in addresses(rows).values():
        client.get(address)
    client.force_login(cases.agent)
    for address in addresses(rows).values():
        client.get(address)
    assert everything() == before
