"""The figures of article V on 500 made files, against a calculation that shares nothing with the application's."""

import datetime as dt
import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from statistics import fmean, median

import pytest
from django.utils import timezone

from casefiles.models import CaseFile, SlipLine, TransmissionSlip
from casefiles.statistics import case_figures
from tests.factories import SiteFactory

FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)


def make_files(cases, count: int) -> list[dict]:
    """Files with known dates, written in bulk; what became of each is kept apart, as plain facts."""
    dice = random.Random(2025)
    kinds = [cases.c2s, cases.kind("puma"), cases.kind("retraite")]
    sites = [cases.site, SiteFactory(ccas=cases.site.ccas, cayenne=True)]
    now, facts, files = timezone.now(), [], []
    for _ in range(count):
        site, kind = dice.choice(sites), dice.choice(kinds)
        partner = cases.caisse if dice.random() < 0.8 else cases.other_caisse
        sent_on = dt.date(2024, 11, 1) + dt.timedelta(days=dice.randrange(480))
        withdrawn = dice.random() < 0.05
        facts.append({"site": site, "kind": kind.label, "partner": partner, "withdrawn": withdrawn, "passages": []})
        files.append(
            CaseFile(
                site=site,
                visitor=cases.visitor,
                kind=kind,
                partner=partner,
                convention=cases.convention,
                agent=cases.clerk,
                opened_on=sent_on - dt.timedelta(days=10),
                opened_by=cases.clerk,
                agreed_on=sent_on - dt.timedelta(days=5),
                agreement_recorded_at=now,
                agreement_recorded_by=cases.clerk,
                withdrawn_at=now if withdrawn else None,
                withdrawn_by=cases.clerk if withdrawn else None,
                withdrawal_reason="Renonce" if withdrawn else "",
            )
        )
        for passage in range(dice.choice([0, 1, 1, 1, 2, 3])):
            received_on = sent_on + dt.timedelta(days=dice.randrange(8))
            end = dice.choice(["returned", "accepted", "accepted", "refused", "waiting", "unacknowledged"])
            end_on = received_on + dt.timedelta(days=dice.choice([0, 1, 7, 30, 31, 61, 90]))
            if withdrawn and end in ("accepted", "refused"):
                end = "waiting"
            facts[-1]["passages"].append({"sent": sent_on, "received": received_on, "end": end, "end_on": end_on})
            if end != "returned":
                break
            sent_on = end_on + dt.timedelta(days=1 + passage)
    # The triggers look at withdrawn files: they are sent first, and given up afterwards.
    withdrawals = [(file.withdrawn_at, file.withdrawn_by, file.withdrawal_reason) for file in files]
    for file in files:
        file.withdrawn_at, file.withdrawn_by, file.withdrawal_reason = None, None, ""
    CaseFile.objects.bulk_create(files)
    for file, fact in zip(files, facts, strict=True):
        for passage in fact["passages"]:
            send(cases, file, passage, now)
    for file, (at, by, reason) in zip(files, withdrawals, strict=True):
        file.withdrawn_at, file.withdrawn_by, file.withdrawal_reason = at, by, reason
    CaseFile.objects.bulk_update(files, ["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    return facts


def send(cases, file, passage: dict, now: dt.datetime) -> None:
    send.number += 1
    slip = TransmissionSlip.objects.create(
        ccas=cases.site.ccas,
        site=file.site,
        partner=file.partner,
        year=passage["sent"].year,
        number=send.number,
        sent_on=passage["sent"],
        sent_by=cases.clerk,
        file_count=1,
    )
    end, received = passage["end"], passage["end"] != "unacknowledged"
    decided = end in ("accepted", "refused")
    SlipLine.objects.create(
        slip=slip,
        file=file,
        site=file.site,
        partner=file.partner,
        position=1,
        sent_on=passage["sent"],
        agreed_on=file.agreed_on,
        acknowledgement_due_on=passage["sent"],
        acknowledged_at=now if received else None,
        acknowledged_by=cases.agent if received else None,
        received_on=passage["received"] if received else None,
        returned_at=now if end == "returned" else None,
        returned_by=cases.agent if end == "returned" else None,
        returned_on=passage["end_on"] if end == "returned" else None,
        result=end if decided else "",
        refusal_reason="Ressources" if end == "refused" else "",
        decided_on=passage["end_on"] if decided else None,
        decision_recorded_at=now if decided else None,
        decision_recorded_by=cases.agent if decided else None,
    )


send.number = 0


def tenths(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def by_hand(facts: list[dict]) -> dict:
    """The figures of the facts whose first passage began in 2025, in plain Python."""
    cohort = [fact for fact in facts if fact["passages"] and FIRST <= fact["passages"][0]["sent"] <= LAST]
    ends = [fact["passages"][-1]["end"] for fact in cohort]
    returns = [sum(passage["end"] == "returned" for passage in fact["passages"]) for fact in cohort]
    days = [
        (last["end_on"] - last["received"]).days
        for fact in cohort
        if (last := fact["passages"][-1])["end"] in ("accepted", "refused")
    ]
    return {
        "sent": len(cohort),
        "accepted": ends.count("accepted"),
        "refused": ends.count("refused"),
        "withdrawn": sum(fact["withdrawn"] for fact in cohort),
        "pending": sum(
            end in ("waiting", "unacknowledged") and not fact["withdrawn"]
            for fact, end in zip(cohort, ends, strict=True)
        ),
        "being_completed": sum(
            end == "returned" and not fact["withdrawn"] for fact, end in zip(cohort, ends, strict=True)
        ),
        "tacit": 0,
        "returned": sum(count > 0 for count in returns),
        "returns": sum(returns),
        "mean_days": tenths(fmean(days) if days else None),
        "median_days": tenths(median(days) if days else None),
    }


def as_dict(figures) -> dict:
    return {name: getattr(figures, name) for name in figures.__dataclass_fields__}


@pytest.fixture
def facts(cases) -> list[dict]:
    return make_files(cases, 500)


def test_500_files_give_the_figures_of_an_independent_calculation(cases, facts, django_assert_num_queries):
    files = CaseFile.objects.visible_to(cases.clerk) | CaseFile.objects.all()
    with django_assert_num_queries(2):
        found = case_figures(files=files, first=FIRST, last=LAST)
    by_kind = defaultdict(list)
    for fact in facts:
        by_kind[fact["kind"]].append(fact)
    assert {kind: as_dict(figures) for kind, figures in found.kinds.items()} == {
        kind: by_hand(rows) for kind, rows in by_kind.items()
    }
    total = by_hand(facts)
    assert as_dict(found.total) == total
    assert total["sent"] > 200
    assert min(total[name] for name in ("accepted", "refused", "withdrawn", "pending", "being_completed")) > 5
    assert total["returns"] > total["returned"] > 20
    parts = ("accepted", "refused", "withdrawn", "pending", "being_completed")
    assert sum(getattr(found.total, name) for name in parts) == found.total.sent


def test_a_site_and_a_caisse_have_their_own_figures(cases, facts):
    for site in {fact["site"] for fact in facts}:
        found = case_figures(files=CaseFile.objects.all(), first=FIRST, last=LAST, site=site)
        assert as_dict(found.total) == by_hand([fact for fact in facts if fact["site"] == site])
    for partner in (cases.caisse, cases.other_caisse):
        found = case_figures(files=CaseFile.objects.all(), first=FIRST, last=LAST, partner=partner)
        assert as_dict(found.total) == by_hand([fact for fact in facts if fact["partner"] == partner])
    own = case_figures(files=CaseFile.objects.visible_to(cases.clerk), first=FIRST, last=LAST)
    assert as_dict(own.total) == by_hand([fact for fact in facts if fact["site"] == cases.site])


def test_both_ends_of_the_period_count(cases):
    now = timezone.now()
    for sent_on in (FIRST - dt.timedelta(days=1), FIRST, LAST, LAST + dt.timedelta(days=1)):
        file = cases.complete(opened_on=sent_on)
        send(cases, file, {"sent": sent_on, "received": sent_on, "end": "waiting", "end_on": sent_on}, now)
    assert case_figures(files=CaseFile.objects.all(), first=FIRST, last=LAST).total.sent == 2


def test_nothing_sent_is_nothing(cases):
    cases.complete()
    found = case_figures(files=CaseFile.objects.all(), first=FIRST, last=LAST)
    assert (found.kinds, found.total.sent, found.total.returns, found.total.mean_days) == ({}, 0, 0, None)
