"""What is held against the place and its life: each fault by itself, none without fault, and the list of all."""

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.urls import reverse

from conventions import findings, place_findings
from conventions.agreements.loading import load_file
from conventions.coherence import all_findings
from conventions.finding_kinds import FindingKind
from conventions.models import Convention, OfficeAllocation
from conventions.place_findings import DoubleLoan, LateDuty, OpeningSpan, PlaceFacts, WeeklyUse, find_in_place
from conventions.search import with_stage_facts
from partners.models import OpeningHours, Role
from tests.factories import ConventionFactory, OfficeFactory, PartnerFactory, SiteFactory, UserFactory, slot_of

from .owed import Owed, on_day
from .scene import Scene

DAY = dt.date(2026, 11, 20)
START, END = dt.date(2025, 4, 1), dt.date(2028, 3, 31)
LIST = "/conventions/coherence/"


def use(weekday: int = 2, start: str = "10:00", end: str = "12:30", **fields) -> WeeklyUse:
    given = {"office": "bureau 27", "is_public": True, "starts_on": START, "ends_on": END} | fields
    return WeeklyUse(weekday=weekday, start=dt.time.fromisoformat(start), end=dt.time.fromisoformat(end), **given)


def span(weekday: int, start: str, end: str, *, since: dt.date = START, until: dt.date | None = None) -> OpeningSpan:
    return OpeningSpan(weekday, dt.time.fromisoformat(start), dt.time.fromisoformat(end), since, until)


OPENING = tuple(span(weekday, *hours) for weekday in range(1, 6) for hours in (("08:30", "12:30"), ("13:30", "17:00")))
FAULTLESS = PlaceFacts(
    starts_on=START,
    ends_on=END,
    binds=True,
    uses=(use(), use(2, "13:30", "16:30"), use(4, "08:30", "12:30")),
    opening=OPENING,
    contractual_amount=Decimal("1254.00"),
    computed_amount=Decimal("1254.00"),
)
CERTIFICATE = LateDuty("insurance_certificate", "Attestation", "6", 1, dt.date(2026, 4, 1), dt.date(2026, 4, 1))


def codes(facts: PlaceFacts, day: dt.date = DAY) -> list[str]:
    return [finding.code for finding in find_in_place(facts, day)]


@pytest.mark.parametrize("day", [START, dt.date(2028, 2, 29), DAY, END, dt.date(2029, 1, 1)])
def test_without_fault_none_is_found(day):
    assert codes(FAULTLESS, day) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"computed_amount": Decimal("1307.50")}, "computed_amount"),
        ({"uses": (use(ends_on=dt.date(2028, 4, 1)),)}, "slot_beyond_term"),
        ({"uses": (use(starts_on=dt.date(2025, 3, 31)),)}, "slot_beyond_term"),
        ({"uses": (use(2, "08:00", "10:00"),)}, "slot_outside_opening"),
        ({"uses": (use(2, "12:00", "14:00"),)}, "slot_outside_opening"),
        ({"uses": (use(6, "09:00", "10:00"),)}, "slot_outside_opening"),
        ({"double_loans": (DoubleLoan("bureau 27", "à deux", "x"),)}, "office_lent_twice"),
        ({"opening": OPENING[:6], "uses": ()}, "opening_under_24_hours"),
        ({"late": (CERTIFICATE,)}, "no_certificate"),
        ({"late": (replace(CERTIFICATE, kind="monthly_count", count=3),)}, "no_monthly_return"),
        ({"late": (replace(CERTIFICATE, kind="committee"),) * 2}, "no_committee"),
    ],
)
def test_each_fault_is_found_alone(changes, code):
    found = find_in_place(replace(FAULTLESS, **changes), DAY)
    assert [finding.code for finding in found] == [code]
    (finding,) = found
    assert finding.sentence.endswith(".")
    assert finding.next_step.endswith(".")
    assert finding.rule
    assert FindingKind(finding.code).label


def test_social_workers_may_come_before_the_doors_open():
    assert codes(replace(FAULTLESS, uses=(use(2, "08:00", "08:30", is_public=False),))) == []


def test_two_spans_that_touch_are_one_opening():
    opening = (*OPENING, span(6, "08:00", "10:00"), span(6, "10:00", "12:00"))
    assert codes(replace(FAULTLESS, uses=(use(6, "09:00", "11:30"),), opening=opening)) == []


def test_a_slot_to_come_is_held_against_the_hours_to_come():
    later = dt.date(2027, 1, 1)
    opening = (
        *(replace(one, ends_on=dt.date(2026, 12, 31)) for one in OPENING),
        span(1, "08:00", "12:00", since=later),
    )
    facts = replace(FAULTLESS, opening=opening, uses=(use(2, starts_on=later),))
    assert codes(facts) == ["slot_outside_opening"]
    assert codes(replace(facts, uses=(use(2, ends_on=dt.date(2026, 12, 31)),))) == []


def test_twenty_four_hours_are_enough():
    opening = tuple(span(weekday, "08:00", "14:00") for weekday in range(1, 5))
    assert codes(replace(FAULTLESS, opening=opening, uses=())) == []
    short = (*opening[:3], span(4, "08:00", "13:59"))
    (found,) = find_in_place(replace(FAULTLESS, opening=short, uses=()), DAY)
    assert found.sentence == "L’espace ouvre 23\u00a0h\u00a059 par semaine, moins de 24 heures."


def test_what_is_over_or_a_draft_owes_nothing_more():
    worst = replace(FAULTLESS, uses=(use(6),), opening=OPENING[:6], late=(CERTIFICATE,))
    assert codes(replace(worst, binds=False), dt.date(2028, 4, 1)) == []
    assert codes(replace(FAULTLESS, late=(CERTIFICATE,), binds=False)) == []


def test_a_remark_changes_with_its_facts_and_not_with_the_day():
    facts = replace(FAULTLESS, late=(CERTIFICATE,))
    (today,), (later,) = (find_in_place(facts, day) for day in (DAY, DAY + dt.timedelta(days=1)))
    assert today.fingerprint == later.fingerprint
    (two,) = find_in_place(replace(FAULTLESS, late=(replace(CERTIFICATE, count=2),)), DAY)
    assert two.fingerprint != today.fingerprint


def test_every_code_has_a_label_and_every_label_a_code():
    source = "".join(Path(module.__file__).read_text() for module in (findings, place_findings))
    written = set(re.findall(r'^ +"([a-z0-9_]+)",$', source, re.MULTILINE))
    made = {"publication_before_session", "transmission_before_session"}
    known = {kind.value for kind in FindingKind}
    assert {code for code in known - made if f'"{code}"' not in source} == set()
    assert {code for code in written if code.startswith(("no_", "slot_", "signed_", "office_"))} <= known


# --- From the rows -------------------------------------------------------------------------------------------------


def found_for(convention: Convention, *, on: dt.date = DAY) -> list[str]:
    read = with_stage_facts(Convention.objects.all()).get(pk=convention.pk)
    return [finding.code for finding in all_findings([read], on=on)[read.pk]]


@pytest.fixture
def scene(db) -> Scene:
    scene = Scene()
    scene.convention.signed_on = dt.date(2025, 3, 3)
    scene.convention.save()
    scene.fee.deliberated_amount = None
    scene.fee.save()
    return scene


@pytest.mark.parametrize("day", [dt.date(2025, 4, 1), DAY, dt.date(2027, 8, 31)])
def test_an_agreement_without_fault_gives_none(scene, day):
    assert found_for(scene.convention, on=day) == []


def test_its_rows_are_read(scene):
    scene.fee.area_rounding = "none"
    scene.fee.save()
    scene.slot(3, "17:00", "18:00")
    OpeningHours.objects.filter(site=scene.site, weekday__in=[1, 5]).delete()
    assert found_for(scene.convention) == ["computed_amount", "slot_outside_opening", "opening_under_24_hours"]


def test_what_nobody_gave_is_missing(db):
    owed = Owed()
    with on_day(DAY):
        assert found_for(owed.convention)[-3:] == ["no_certificate", "no_monthly_return", "no_committee"]
    draft = Owed.of_another_ccas(owed).obligation.convention
    assert "no_certificate" not in found_for(draft)


def test_an_office_lent_without_hours_beside_another_one(scene):
    other = ConventionFactory(site=scene.site, partner=PartnerFactory(short_name="CAF"), reference="caf-2026")
    OfficeAllocation.objects.create(convention=other, office=scene.office)
    assert "office_lent_twice" in found_for(other)
    read = with_stage_facts(Convention.objects.all()).get(pk=scene.convention.pk)
    (found,) = all_findings([read], on=DAY)[read.pk]
    assert found.code == "office_lent_twice"
    assert "bureau 27" in found.sentence
    assert "CAF sans heures" in found.sentence
    other.ends_on = dt.date(2026, 6, 1)
    other.save()
    assert found_for(scene.convention) == []


def test_the_faults_of_the_two_real_agreements_are_exactly_those(db):
    for name in ("besancon-cpam-2025", "montsinery-cgss-2016"):
        load_file(path=name)
    found = {one.reference: found_for(one) for one in Convention.objects.all()}
    # The last three are no faults of the text: nothing has been recorded yet of what it asks for.
    assert found["besancon-cpam-2025"] == [
        "no_signature",
        "two_amounts",
        "no_certificate",
        "no_monthly_return",
        "no_committee",
    ]
    assert found["montsinery-cgss-2016"] == [
        "wrong_body",
        "signed_before_deliberation",
        "no_transmission",
        "expired_without_successor",
    ]


# --- The list of all -------------------------------------------------------------------------------------------------


@pytest.fixture
def manager(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    with on_day(DAY):
        yield client


def words(response) -> str:
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ").split())


def test_all_remarks_are_listed_and_found(scene, manager):
    assert "Rien à remarquer" in words(manager.get(LIST))
    caf = ConventionFactory(site=scene.site, partner=PartnerFactory(short_name="CAF", name="Caisse d’allocations"))
    scene.fee.deliberated_amount = Decimal(1564)
    scene.fee.save()
    text = words(manager.get(LIST))
    assert "sur 2 conventions" in text
    assert "310,00 € d’écart" in text
    assert reverse("conventions:amount_explain", args=[scene.convention.pk]) in text
    only = words(manager.get(LIST, {"partenaire": caf.partner_id}))
    assert "d’écart" not in only
    assert "sans délibération connue" in only
    assert "d’écart" in words(manager.get(LIST, {"nature": "two_amounts"}))
    assert "1 remarque sur 1 convention" in words(manager.get(LIST, {"nature": "two_amounts"}))
    assert "1 remarque" in words(manager.get(LIST, {"q": "ecart CPAM"}))
    assert "Aucune remarque ne répond" in words(manager.get(LIST, {"q": "zzz"}))
    assert "Aucune remarque ne répond" in words(manager.get(LIST, {"etat": "actees"}))
    assert "sur 2 conventions" in words(manager.get(LIST, {"nature": "x", "partenaire": "y", "page": "z"}))


def test_it_is_under_conventions(manager):
    assert f'href="{LIST}"' in words(manager.get("/conventions/"))


def test_another_ccas_is_not_in_it(scene, manager):
    other = scene.elsewhere()
    assert other.partner.short_name not in words(manager.get(LIST))


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER])
def test_it_is_for_those_who_keep_the_agreements(scene, client, role):
    client.force_login(UserFactory(role=role, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(LIST).status_code == 404


def test_it_costs_the_same_for_one_and_for_twenty(scene, manager, django_assert_num_queries):
    with django_assert_num_queries(16) as first:
        manager.get(LIST)
    for number in range(19):
        site = SiteFactory(ccas=scene.ccas)
        convention = ConventionFactory(site=site, partner=PartnerFactory())
        slot_of(convention, number % 5 + 1, "09:00", "12:00", office=OfficeFactory(site=site))
    with django_assert_num_queries(len(first.captured_queries)):
        assert "sur 19 conventions" in words(manager.get(LIST))
