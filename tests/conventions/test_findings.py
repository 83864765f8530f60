"""What a careful reader would remark: each fault by itself, those of the real agreements, and none without fault."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from conventions.agreements.loading import load_file
from conventions.findings import FindingFacts, find
from conventions.models import Convention
from conventions.stages import StageFacts
from conventions.transmission import department_of, transmission_doubts
from partners.models import Ccas, Role
from tests.factories import ConventionFactory, UserFactory

from .scene import Scene

FAULTLESS = FindingFacts(
    stages=StageFacts(
        starts_on=dt.date(2025, 4, 1),
        ends_on=dt.date(2028, 3, 31),
        session_on=dt.date(2025, 2, 19),
        published_on=dt.date(2025, 2, 24),
        transmitted_on=dt.date(2025, 2, 24),
        signed_on=dt.date(2025, 3, 3),
    ),
    agreed_ends_on=dt.date(2028, 3, 31),
    transmission_id="025-262500564-20250219-D00191110-DE",
    siren="262500564",
    insee_code="25056",
    annual_amount=Decimal("1254.00"),
    deliberated_amount=Decimal("1254.00"),
    has_successor=True,
    notice_months=3,
    notice_article="10",
)


def codes(facts: FindingFacts, day: str) -> list[str]:
    return [finding.code for finding in find(facts, dt.date.fromisoformat(day))]


def but(facts: FindingFacts = FAULTLESS, **changes) -> FindingFacts:
    """`facts` with some of them changed, those of the stages among them."""
    stages = {name: changes.pop(name) for name in list(changes) if hasattr(facts.stages, name)}
    return replace(facts, stages=replace(facts.stages, **stages), **changes)


@pytest.mark.parametrize("year", range(2024, 2030))
@pytest.mark.parametrize("month", [1, 2, 3, 4, 8, 12])
def test_an_agreement_without_fault_gives_none_on_any_day(year, month):
    assert codes(FAULTLESS, f"{year}-{month:02}-28") == []


@pytest.mark.parametrize(
    ("changes", "day", "code"),
    [
        ({"session_on": None}, "2026-01-01", "no_deliberation"),
        ({"by_ccas_board": False}, "2026-01-01", "wrong_body"),
        ({"signed_on": dt.date(2025, 2, 18)}, "2026-01-01", "signed_before_deliberation"),
        ({"signed_on": dt.date(2025, 2, 20)}, "2026-01-01", "signed_before_enforceable"),
        ({"published_on": None}, "2026-01-01", "no_publication"),
        ({"transmitted_on": None}, "2026-01-01", "no_transmission"),
        ({"published_on": dt.date(2025, 2, 18)}, "2026-01-01", "publication_before_session"),
        ({"transmitted_on": dt.date(2025, 2, 18)}, "2026-01-01", "transmission_before_session"),
        ({"transmission_id": "025-262500564-20250220-D00191110-DE"}, "2026-01-01", "transmission_id"),
        ({"siren": "130005481"}, "2026-01-01", "transmission_id"),
        ({"insee_code": "97313"}, "2026-01-01", "transmission_id"),
        ({"transmission_id": "025-262500564-20250219-D00191110-AR"}, "2026-01-01", "transmission_id"),
        ({"transmission_id": "D00191110"}, "2026-01-01", "transmission_id"),
        ({"signed_on": None}, "2025-04-01", "no_signature"),
        ({"deliberated_amount": Decimal("1564.00")}, "2025-02-19", "two_amounts"),
        ({"has_successor": False}, "2027-09-30", "term_near"),
        ({"has_successor": False}, "2028-04-01", "expired_without_successor"),
    ],
)
def test_each_fault_is_found_alone(changes, day, code):
    assert codes(but(**changes), day) == [code]


def test_a_fact_is_not_known_before_its_day():
    assert codes(but(deliberated_amount=Decimal("1564.00")), "2025-02-18") == []
    assert codes(but(signed_on=None), "2025-03-31") == []
    assert codes(but(has_successor=False), "2027-09-29") == []
    assert codes(but(session_on=dt.date(2026, 1, 1), signed_on=None), "2025-06-01") == [
        "no_deliberation",
        "no_signature",
    ]


def test_an_unsigned_one_that_ran_before_the_vote():
    late = but(signed_on=None, session_on=dt.date(2025, 5, 1), published_on=None, transmission_id="")
    assert codes(late, "2025-06-01") == [
        "begun_before_deliberation",
        "no_publication",
        "transmission_before_session",
        "no_signature",
    ]


def test_a_draft_of_the_future_gives_none():
    draft = FindingFacts(
        stages=StageFacts(starts_on=dt.date(2028, 4, 1), ends_on=dt.date(2031, 3, 31)),
        agreed_ends_on=dt.date(2031, 3, 31),
        annual_amount=Decimal("1254.00"),
        deliberated_amount=Decimal("1564.00"),
    )
    assert codes(draft, "2027-01-01") == []


def test_a_denunciation_needs_no_successor_but_its_notice():
    in_time = but(has_successor=False, denounced_on=dt.date(2027, 12, 31))
    assert codes(in_time, "2028-04-01") == []
    too_short = but(in_time, ends_on=dt.date(2028, 1, 31))
    assert codes(too_short, "2028-01-01") == ["notice_too_short"]
    assert codes(but(too_short, notice_months=None), "2028-01-01") == []
    assert codes(too_short, "2027-12-30") == ["term_near"]


def test_every_finding_says_what_which_rule_and_what_next():
    worst = but(
        by_ccas_board=False, signed_on=dt.date(2025, 2, 18), deliberated_amount=Decimal("1564.00"), has_successor=False
    )
    found = find(worst, dt.date(2028, 4, 1))
    assert len(found) == 4
    for finding in found:
        assert finding.sentence.endswith(".")
        assert finding.next_step.endswith(".")
        assert finding.rule
    amounts = next(finding for finding in found if finding.code == "two_amounts")
    assert amounts.sentence == (
        "La délibération annonce 1\u202f564,00\u00a0€, la convention fixe 1\u202f254,00\u00a0€ par an\u00a0:"
        " 310,00\u00a0€ d’écart."
    )


def test_an_id_of_transmission_is_held_against_the_act():
    def doubts(text: str, **facts) -> list[str]:
        known = {"session_on": dt.date(2025, 2, 19), "siren": "262500564", "insee_code": "25056"} | facts
        return transmission_doubts(text, **known)

    assert doubts("025-262500564-20250219-D00191110-DE") == []
    assert doubts("") == []
    assert doubts("025-262500564-20250219-D00191110-DE", siren="", insee_code="") == []
    assert doubts("025-262500564-20250220-D00191110-DE") == [
        "il porte la date du 20 février 2025, la séance est du 19 février 2025."
    ]
    assert doubts("025-262500564-20250219-D00191110-DE", siren="130005481") == [
        "il porte le SIREN 262\u00a0500\u00a0564, le CCAS a le 130\u00a0005\u00a0481."
    ]
    assert doubts("973-262500564-20250219-D00191110-DE") == ["il porte le département 973, le CCAS est dans le 025."]
    assert [department_of(code) for code in ("25056", "2A004", "97313", "")] == ["025", "02A", "973", ""]


# --- On the pages ----------------------------------------------------------------------------------------------


@pytest.fixture
def november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


def shown(client, convention: Convention) -> str:
    response = client.get(reverse("conventions:convention_detail", args=[convention.pk]))
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def test_the_faults_of_the_two_real_agreements_are_on_their_pages(client, db, november_2026):
    for name in ("besancon-cpam-2025", "montsinery-cgss-2016"):
        load_file(path=name)
    conventions = {found.reference: found for found in Convention.objects.all()}
    client.force_login(UserFactory(role=Role.MANAGER, ccas=Ccas.objects.get(insee_code="25056")))
    text = shown(client, conventions["besancon-cpam-2025"])
    # Two faults of the agreement, and what nobody has recorded since: certificates, monthly returns, a committee.
    assert "5 remarques" in text
    assert "2 attestations d’assurance manquent" in text
    assert "19 relevés mensuels manquent" in text
    assert "Le comité qui devait se réunir avant le 31 mars 2026" in text
    assert "La délibération annonce 1 564,00 €, la convention fixe 1 254,00 € par an : 310,00 € d’écart." in text
    assert "sa date de signature n’est pas renseignée" in text
    client.force_login(UserFactory(role=Role.MANAGER, ccas=Ccas.objects.get(insee_code="97313")))
    text = shown(client, conventions["montsinery-cgss-2016"])
    for said in (
        "4 remarques",
        "Elle a été signée le 9 août 2016, avant la séance qui l’a approuvée, le 12 avril 2017.",
        "Le conseil municipal l’a approuvée le 12 avril 2017",
        "Code de l’action sociale et des familles, article L123-6",
        "La date de réception en préfecture de la délibération n’est pas connue",
        "Son terme est passé depuis le 8 août 2019 et aucune convention ne lui succède.",
    ):
        assert said in text, said
    # A manager is not led to an admin that she has not.
    assert "/admin/" not in text
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, ccas=Ccas.objects.get(insee_code="97313")))
    text = shown(client, conventions["montsinery-cgss-2016"])
    act = conventions["montsinery-cgss-2016"].deliberation_id
    assert reverse("admin:conventions_deliberation_change", args=[act]) in text


def test_an_agreement_without_fault_shows_none(client, db, november_2026):
    scene = Scene()
    scene.deliberation.transmission_id = "025-262500564-20250219-D00191110-DE"
    scene.deliberation.save()
    scene.convention.signed_on = dt.date(2025, 3, 3)
    scene.convention.save()
    scene.fee.deliberated_amount = None
    scene.fee.save()
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    text = shown(client, scene.convention)
    assert "remarque" not in text
    listed = client.get("/conventions/").content.decode()
    assert "aucune" in listed
    assert "status-warning" not in listed


def test_the_list_counts_them(client, db, november_2026):
    scene = Scene()
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    assert "2 remarques" in client.get("/conventions/").content.decode()
    ConventionFactory(
        site=scene.site, partner=scene.partner, deliberation=scene.deliberation, signed_on=dt.date(2025, 12, 1)
    )
    scene.convention.signed_on = dt.date(2025, 3, 3)
    scene.convention.save()
    assert "1 remarque<" in client.get("/conventions/").content.decode()
