"""Where a convention stands, from its facts; in Python and in the database; and the two real ones at ten dates."""

import datetime as dt
from itertools import product

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.agreements.loading import load_file
from conventions.coherence import findings_of
from conventions.history import clause_readings, steps_of
from conventions.models import Amendment, Convention, Deliberation
from conventions.search import having_stage, with_stage_facts
from conventions.stages import RUNNING, Stage, StageFacts, stage_on
from partners.models import Role
from tests.factories import CcasFactory, ConventionFactory, PartnerFactory, SiteFactory, UserFactory

START, END = dt.date(2025, 4, 1), dt.date(2028, 3, 31)
BESANCON = StageFacts(
    starts_on=START,
    ends_on=END,
    session_on=dt.date(2025, 2, 19),
    published_on=dt.date(2025, 2, 24),
    transmitted_on=dt.date(2025, 2, 21),
    signed_on=dt.date(2025, 3, 10),
    amended_from=dt.date(2026, 1, 1),
    denounced_on=dt.date(2026, 6, 1),
)


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("2025-02-18", Stage.DRAFT),
        ("2025-02-19", Stage.DELIBERATED),
        ("2025-02-21", Stage.TRANSMITTED),
        ("2025-02-24", Stage.ENFORCEABLE),
        ("2025-03-10", Stage.SIGNED),
        ("2025-03-31", Stage.SIGNED),
        ("2025-04-01", Stage.IN_FORCE),
        ("2026-01-01", Stage.AMENDED),
        ("2026-06-01", Stage.DENOUNCED),
        ("2028-03-31", Stage.DENOUNCED),
        ("2028-04-01", Stage.EXPIRED),
    ],
)
def test_one_life(day, stage):
    assert stage_on(BESANCON, dt.date.fromisoformat(day)) == stage


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({}, Stage.DRAFT),  # nobody voted, nobody signed: the calendar alone brings nothing into force
        ({"signed_on": START}, Stage.IN_FORCE),
        ({"session_on": START}, Stage.IN_FORCE),
        ({"session_on": END}, Stage.DRAFT),
        ({"session_on": END, "signed_on": START}, Stage.IN_FORCE),
        ({"amended_from": START}, Stage.DRAFT),
        ({"signed_on": START, "amended_from": START}, Stage.AMENDED),
    ],
)
def test_what_the_first_day_of_the_term_makes_of_incomplete_facts(facts, stage):
    assert stage_on(StageFacts(starts_on=START, ends_on=END, **facts), START) == stage


KNOWN_OR_NOT = st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2029, 1, 1))


# The first draw may be slow on a loaded machine; that says nothing of the stages.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    facts=st.builds(
        StageFacts,
        starts_on=st.just(START),
        ends_on=st.just(END),
        session_on=KNOWN_OR_NOT,
        published_on=KNOWN_OR_NOT,
        transmitted_on=KNOWN_OR_NOT,
        signed_on=KNOWN_OR_NOT,
        amended_from=KNOWN_OR_NOT,
        denounced_on=KNOWN_OR_NOT,
    ),
    day=st.dates(dt.date(2024, 1, 1), dt.date(2029, 1, 1)),
    later=st.integers(0, 400),
)
def test_a_convention_never_goes_back(facts, day, later):
    order = list(Stage)
    before, after = stage_on(facts, day), stage_on(facts, day + dt.timedelta(days=later))
    assert order.index(before) <= order.index(after)


# --- The same in the database ----------------------------------------------------------------------------------


def made_conventions() -> None:
    """One for each combination of what may be known of a convention, at Besançon and at Cayenne."""
    for site in (SiteFactory(), SiteFactory(cayenne=True)):
        partner = PartnerFactory()
        by = UserFactory(role=Role.MANAGER, ccas=site.ccas)
        day = dt.date(2026, 1, 1)
        acts = [None]
        for number, (published, transmitted) in enumerate(product((None, 2, -2), (None, 4, -4))):
            acts.append(
                Deliberation.objects.create(
                    ccas=site.ccas,
                    session_on=day + dt.timedelta(days=number - 4),
                    number=f"n° {number}",
                    subject="Convention",
                    published_on=published and day + dt.timedelta(days=published),
                    transmitted_on=transmitted and day + dt.timedelta(days=transmitted),
                )
            )
        terms = [(-400, -1), (-3, 0), (0, 300), (1, 300), (200, 300)]
        for act, signed, (first, last) in product(acts, (None, -1, 0, 1), terms):
            ConventionFactory(
                site=site,
                partner=partner,
                deliberation=act,
                signed_on=None if signed is None else day + dt.timedelta(days=signed),
                starts_on=day + dt.timedelta(days=first),
                ends_on=day + dt.timedelta(days=last),
            )
        every_third = Convention.objects.filter(site=site).order_by("pk")[::3]
        for index, convention in enumerate(every_third):
            if index % 2:
                convention.denounced_on, convention.denounced_by = day + dt.timedelta(days=index % 5 - 2), "ccas"
                convention.agreed_ends_on = convention.ends_on
                convention.save()
            else:
                moment = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
                in_force = {"in_force_at": moment, "in_force_by": by, "replaced": {}} if index % 4 else {}
                for number in (1, 2):
                    Amendment.objects.create(
                        convention=convention,
                        number=number,
                        subject="Créneau",
                        effective_on=day + dt.timedelta(days=index % 7 - 3 + number),
                        proposed={},
                        created_by=by,
                        **in_force,
                    )


def test_the_database_says_the_same(db, django_assert_num_queries):
    """At Cayenne it is still the day before while it is already the next one in Paris."""
    made_conventions()
    seen = set()
    for now in ("2026-01-01T02:00:00", "2025-12-31T12:00:00", "2026-01-01T12:00:00", "2026-01-03T02:30:00"):
        with time_machine.travel(dt.datetime.fromisoformat(f"{now}+00:00"), tick=False):
            with django_assert_num_queries(1):
                stages = {found.pk: found.stage for found in with_stage_facts(Convention.objects.all())}
            seen |= set(stages.values())
            for stage in Stage:
                expected = {pk for pk, found in stages.items() if found == stage}
                assert set(having_stage(Convention.objects.all(), stage).values_list("pk", flat=True)) == expected
            running = {pk for pk, found in stages.items() if found in RUNNING}
            assert set(having_stage(Convention.objects.all(), *RUNNING).values_list("pk", flat=True)) == running
    assert seen == set(Stage)


# --- The two real agreements, on ten days ----------------------------------------------------------------------


@pytest.fixture
def besancon(db) -> Convention:
    load_file(path="besancon-cpam-2025")
    return with_stage_facts(Convention.objects.all()).get(reference="besancon-cpam-2025")


@pytest.fixture
def montsinery(db) -> Convention:
    load_file(path="montsinery-cgss-2016")
    return with_stage_facts(Convention.objects.all()).get(reference="montsinery-cgss-2016")


def on(day: str, convention: Convention) -> tuple[Stage, dt.date | None, list[str]]:
    """What the page says at noon of `day` in Paris: the stage, the next day of notice, the findings' codes."""
    with time_machine.travel(dt.datetime.fromisoformat(f"{day}T11:00:00+00:00"), tick=False):
        today = convention.site.today()
        chosen = clause_readings(convention, today=today)[0]
        return (
            convention.stage,
            chosen.next_day.last_day if chosen.next_day else None,
            [finding.code for finding in findings_of(convention)],
        )


@pytest.mark.parametrize(
    ("day", "stage", "notice", "findings"),
    [
        ("2016-08-09", Stage.DRAFT, "2027-12-31", []),
        ("2020-02-29", Stage.DRAFT, "2027-12-31", []),
        ("2025-02-19", Stage.DELIBERATED, "2027-12-31", ["two_amounts"]),
        ("2025-02-24", Stage.ENFORCEABLE, "2027-12-31", ["two_amounts"]),
        ("2025-03-30", Stage.ENFORCEABLE, "2027-12-31", ["two_amounts"]),  # the clocks advance
        ("2025-04-01", Stage.IN_FORCE, "2027-12-31", ["no_signature", "two_amounts"]),
        ("2026-11-22", Stage.IN_FORCE, "2027-12-31", ["no_signature", "two_amounts"]),
        ("2027-12-31", Stage.IN_FORCE, "2027-12-31", ["no_signature", "two_amounts", "term_near"]),
        ("2028-02-29", Stage.IN_FORCE, None, ["no_signature", "two_amounts", "term_near"]),
        ("2028-04-01", Stage.EXPIRED, None, ["no_signature", "two_amounts", "expired_without_successor"]),
    ],
)
def test_besancon_on_ten_days(besancon, day, stage, notice, findings):
    assert on(day, besancon) == (stage, notice and dt.date.fromisoformat(notice), findings)


@pytest.mark.parametrize(
    ("day", "stage", "notice", "findings"),
    [
        ("2016-02-29", Stage.DRAFT, "2017-05-09", []),
        ("2016-08-09", Stage.IN_FORCE, "2017-05-09", ["no_deliberation"]),
        (
            "2017-04-12",
            Stage.IN_FORCE,
            "2017-05-09",
            ["wrong_body", "signed_before_deliberation", "no_publication", "no_transmission"],
        ),
        (
            "2017-05-09",
            Stage.IN_FORCE,
            "2017-05-09",
            ["wrong_body", "signed_before_deliberation", "no_transmission"],
        ),
        (
            "2017-05-10",
            Stage.IN_FORCE,
            "2018-05-09",
            ["wrong_body", "signed_before_deliberation", "no_transmission"],
        ),
        (
            "2018-08-09",
            Stage.IN_FORCE,
            "2019-05-09",
            ["wrong_body", "signed_before_deliberation", "no_transmission"],
        ),
        (
            "2019-02-08",
            Stage.IN_FORCE,
            "2019-05-09",
            ["wrong_body", "signed_before_deliberation", "no_transmission", "term_near"],
        ),
        (
            "2019-08-08",
            Stage.IN_FORCE,
            None,
            ["wrong_body", "signed_before_deliberation", "no_transmission", "term_near"],
        ),
        (
            "2019-08-09",
            Stage.EXPIRED,
            None,
            ["wrong_body", "signed_before_deliberation", "no_transmission", "expired_without_successor"],
        ),
        (
            "2028-02-29",
            Stage.EXPIRED,
            None,
            ["wrong_body", "signed_before_deliberation", "no_transmission", "expired_without_successor"],
        ),
    ],
)
def test_montsinery_on_ten_days(montsinery, day, stage, notice, findings):
    assert on(day, montsinery) == (stage, notice and dt.date.fromisoformat(notice), findings)


def test_both_readings_of_the_two_real_clauses(besancon, montsinery):
    today = dt.date(2026, 11, 22)
    chosen, other = clause_readings(besancon, today=today)
    assert (chosen.is_chosen, [found.last_day for found in chosen.days]) == (True, [dt.date(2027, 12, 31)])
    assert (other.is_chosen, [found.last_day.year for found in other.days]) == (False, [2026, 2027, 2028])
    chosen, other = clause_readings(montsinery, today=today)
    assert [(found.last_day, found.dispatch_on) for found in chosen.days] == [
        (dt.date(year, 5, 9), dt.date(year, 4, 25)) for year in (2017, 2018, 2019)
    ]
    assert [found.last_day for found in other.days] == [dt.date(2019, 5, 8)]
    assert chosen.next_day is None


def test_deadlines_of_the_two_real_agreements(besancon, montsinery):
    def dates(convention: Convention) -> dict[str, dt.date | None]:
        return {step.label: step.day for step in steps_of(convention, today=dt.date(2026, 11, 22))}

    assert dates(besancon) | {
        "Exécutoire": dt.date(2025, 2, 24),
        "Fin du délai de recours": dt.date(2025, 4, 25),
        "Signature": None,
        "Anniversaire": dt.date(2027, 4, 1),
        "Envoi conseillé": dt.date(2027, 12, 17),
        "Préavis, dernier jour": dt.date(2027, 12, 31),
        "Terme": dt.date(2028, 3, 31),
    } == dates(besancon)
    assert dates(montsinery) | {
        "Publication": dt.date(2017, 5, 2),
        "Transmission": None,
        "Exécutoire": None,
        "Fin du délai de recours": dt.date(2017, 7, 3),
        "Terme": dt.date(2019, 8, 8),
    } == dates(montsinery)
    assert "Anniversaire" not in dates(montsinery)


def test_a_stage_is_told_at_the_site(db):
    site = SiteFactory(cayenne=True, ccas=CcasFactory())
    convention = ConventionFactory(site=site, signed_on=dt.date(2025, 12, 1), starts_on=dt.date(2026, 1, 1))
    with time_machine.travel(dt.datetime(2026, 1, 1, 2, 0, tzinfo=dt.UTC), tick=False):
        assert convention.stage == Stage.SIGNED
    with time_machine.travel(dt.datetime(2026, 1, 1, 3, 0, tzinfo=dt.UTC), tick=False):
        assert convention.stage == Stage.IN_FORCE
