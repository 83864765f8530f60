"""The fictional year of files: every stage, the same twice, and nothing that the rules would not allow."""

import datetime as dt

import pytest
import time_machine

from bookings.demo_year import make_accounts, make_visitors
from casefiles.case_file_lists import WORK_LISTS
from casefiles.demo_files import make_demo_files
from casefiles.documents import slip_document
from casefiles.facts import stage_of_file
from casefiles.models import CaseFile, CaseKind, RightsAlert, SlipLine, TransmissionSlip
from casefiles.stages import Stage
from casefiles.urgency import urgent_contacts
from partners.models import Partner, User
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def year():
    """The demonstration as its command leaves it before the files, on Wednesday 18 November 2026."""
    with time_machine.travel(dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC), tick=False):
        site = SiteFactory(cayenne=True, slug="montsinery", short_name="Montsinéry")
        SiteFactory(slug="planoise")
        caisse = PartnerFactory(slug="cgss-guyane", short_name="CGSS")
        PartnerFactory(slug="cpam-doubs")
        ConventionFactory(site=site, partner=caisse, starts_on=dt.date(2025, 1, 1), ends_on=dt.date(2028, 12, 31))
        make_accounts()
        make_visitors(site.ccas, User.objects.get(email="accueil@montsinery.example"))
        told = []
        make_demo_files(tell=told.append)
        yield site, told


def test_every_stage_and_every_list_has_files(year):
    site, told = year
    clerk = User.objects.get(email="accueil@montsinery.example")
    files = CaseFile.objects.visible_to(clerk).with_stage().prefetch_related("lines", "documents")
    assert told == [f"Montsinéry : {len(files)} dossiers fictifs ajoutés."]
    assert {file.stage for file in files} == {stage.value for stage in Stage}
    assert all(Stage(file.stage) is stage_of_file(file) for file in files)
    for work_list in WORK_LISTS.values():
        assert work_list.select(CaseFile.objects.visible_to(clerk), clerk, site.today()).exists(), work_list.title
    assert RightsAlert.objects.filter(closed_at=None).count() == 3


def test_nothing_lies_in_the_future(year):
    site, _ = year
    now, today = site.now(), site.today()
    for line in SlipLine.objects.all():
        days = [line.sent_on, line.received_on, line.returned_on, line.decided_on]
        assert all(day <= today for day in days if day)
        moments = [line.acknowledged_at, line.returned_at, line.decision_recorded_at]
        assert all(moment <= now for moment in moments if moment)
    for alert in RightsAlert.objects.all():
        moments = [alert.raised_at, alert.seen_at, alert.answered_at, alert.closed_at]
        assert all(moment <= now for moment in moments if moment)


def test_slips_are_numbered_and_can_be_printed(year):
    for year_number in (2025, 2026):
        numbers = TransmissionSlip.objects.filter(year=year_number).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))
    slip = TransmissionSlip.objects.order_by("pk").last()
    assert len(slip_document(slip)["lines"]) == slip.file_count


def test_a_second_run_adds_nothing(year):
    count, told = CaseFile.objects.count(), []
    make_demo_files(tell=told.append)
    assert (CaseFile.objects.count(), told) == (count, ["Montsinéry : les dossiers fictifs sont déjà là."])


def test_kinds_and_contacts_of_the_caisse(year):
    caisse = Partner.objects.get(slug="cgss-guyane")
    assert CaseKind.objects.filter(partners=caisse).count() == 8
    contacts = urgent_contacts(caisse)
    assert contacts.emergency_line is not None
    assert len(contacts.referents) == 1
