"""Every surface gives the same number for the same question: the one that a recount in plain Python finds.

A surface that shows figures joins `SURFACES`: a function that reads one figure the way a person would.
"""

import csv
import datetime as dt
import random
from io import BytesIO, StringIO
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from openpyxl import load_workbook

from bookings.models import DeskVisit
from reports import figures, overview
from reports.figures import BY_SLUG, FIGURES
from reports.figures.desk_visits import SOURCE as DESK_VISITS
from reports.periods import Period
from reports.scopes import Scope
from tests.reports.random_facts import DAYS, FIRST_MOMENT, NOW, World, draw, recount, write

SETS = 200
# The file of all figures makes all their queries again: it is asked of one set in so many.
WHOLE_FILE_EVERY = 10


@pytest.fixture
def world(db):
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def manager(client, world):
    client.force_login(world.manager)
    return client


def random_scope(world: World, dice: random.Random) -> Scope:
    """Days around the turn of the year, of one space or all, with or without filters."""
    start = FIRST_MOMENT.date() - dt.timedelta(days=2)
    first, last = sorted(start + dt.timedelta(days=dice.randrange(DAYS + 4)) for _ in range(2))
    period = dice.choice([Period(first, last), Period.of_year(2025), Period.of_year(2026), Period.of_month(2025, 12)])
    return Scope(
        period=period,
        sites=tuple(dice.choice([world.sites, [dice.choice(world.sites)]])),
        partner=dice.choice([None, None, *world.partners]),
        reason=dice.choice([None, None, None, *world.reasons]),
        audience=dice.choice(["", "", "public", "social_workers"]),
        now=NOW,
    )


def address_of(scope: Scope) -> str:
    """The question as the pages take it."""
    asked = {
        "du": scope.period.first.isoformat(),
        "au": scope.period.last.isoformat(),
        "espace": scope.sites[0].slug if len(scope.sites) == 1 else "tous",
        "partenaire": scope.partner.slug if scope.partner else "",
        "motif": scope.reason.slug if scope.reason else "",
        "public": scope.audience,
    }
    return f"?{urlencode(asked)}"


# --- Surfaces ----------------------------------------------------------------------------------------------------


def on_page(client, figure, scope) -> None:
    """The page of a figure shows its value, and as many rows as it counts."""
    page = client.get(reverse("reports:figure", args=[figure.slug]) + address_of(scope))
    if figure.source.answers(scope):
        assert page.context["page_obj"].paginator.count == figure.rows(scope).count()
        return page.context["value"]
    assert not page.context["answers"]
    return None


def in_figures_csv(client, scope) -> dict[str, str]:
    """The value of each figure in the file of all figures, by label."""
    answer = client.get(reverse("reports:figures_file", args=["csv"]) + address_of(scope) + "&comparer=non")
    lines = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    return {line["Chiffre"]: line["Valeur"] for line in lines}


# What is added up of the exported rows to find a figure again; the others are counted.
ADDED_UP = {
    "personnes-accueillies": "Personnes",
    "personnes-au-point-numerique": "Personnes",
    "personnes-formees": "Personnes formées",
    "heures-prevues": "Prévues (min)",
    "heures-tenues": "Tenues (min)",
    "heures-annulees": "Annulées (min)",
    "heures-a-venir": "À venir (min)",
    "heures-exceptionnelles": "Exceptionnelles (min)",
    "heures-d-occupation": "Occupation (min)",
}


def from_rows(figure, header: list[str], rows: list[list]) -> int | None:
    """The figure made again from exported rows; None for one that takes more than adding up."""
    if figure.slug in ADDED_UP:
        column = header.index(ADDED_UP[figure.slug])
        return sum(int(row[column]) for row in rows)
    if figure.slug == "personnes-distinctes":
        column = header.index("Fiche n°")
        return len({row[column] for row in rows})
    if figure.slug == "heures-d-ouverture-des-bureaux" or not figure.unit.is_additive:
        return None
    return len(rows)


def in_rows_csv(client, figure, scope) -> int | None:
    answer = client.get(reverse("reports:figure_rows", args=[figure.slug, "csv"]) + address_of(scope))
    header, *rows = csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    return from_rows(figure, header, rows)


def in_rows_workbook(client, figure, scope) -> int | None:
    answer = client.get(reverse("reports:figure_rows", args=[figure.slug, "xlsx"]) + address_of(scope))
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    lines = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert lines[0][0] == f"{figure.label}\u00a0: {figure.unit.full(figure.value(scope))}"
    return from_rows(figure, lines[4], lines[5:])


def written(figure, value) -> str:
    """A value as the file of figures writes it."""
    cell = figure.unit.cell(value)
    if cell is None:
        return ""
    return str(cell * 100 if figure.unit.full(value).endswith("%") else cell).replace(".", ",")


# --- Tests -------------------------------------------------------------------------------------------------------


def test_every_surface_gives_the_number_that_a_recount_finds(manager, world):
    for number in range(SETS):
        dice = random.Random(f"one number {number}")
        with transaction.atomic():
            facts = draw(world, dice)
            write(world, facts)
            scope = random_scope(world, dice)
            expected = recount(world, facts, scope)
            found = figures.values(FIGURES, scope)
            assert found == expected, f"set {number}, {scope.period}"
            figure = FIGURES[number % len(FIGURES)]
            check_surfaces(manager, figure, scope, expected)
            if number % WHOLE_FILE_EVERY == 0:
                check_whole_file(manager, scope, expected)
            transaction.set_rollback(True)


def check_surfaces(client, figure, scope, expected) -> None:
    """The figure of this set on its page and made again from both files of its rows."""
    if figure.slug not in expected:
        assert on_page(client, figure, scope) is None
        return
    value = expected[figure.slug]
    assert on_page(client, figure, scope) == figure.unit.full(value)
    assert in_rows_csv(client, figure, scope) in (value, None)
    assert in_rows_workbook(client, figure, scope) in (value, None)


def check_whole_file(client, scope, expected) -> None:
    """Every figure in the file of all figures; none that cannot answer."""
    found = in_figures_csv(client, scope)
    assert found == {BY_SLUG[slug].label: written(BY_SLUG[slug], value) for slug, value in expected.items()}


def test_the_recount_sees_a_wrong_definition(world, monkeypatch):
    """The control: walk-ins that forget to leave out what was struck out differ from the recount."""
    monkeypatch.setattr(
        DESK_VISITS, "_within", lambda scope: DeskVisit.objects.filter(scope.moment_within("occurred_at"))
    )
    differing = 0
    for number in range(20):
        dice = random.Random(f"one number {number}")
        with transaction.atomic():
            facts = draw(world, dice)
            write(world, facts)
            scope = Scope(period=Period.of_month(2025, 12), sites=tuple(world.sites), now=NOW)
            differing += figures.values(FIGURES, scope) != recount(world, facts, scope)
            transaction.set_rollback(True)
    assert differing


@pytest.mark.parametrize("number", range(5))
def test_the_statistics_page_shows_every_number(manager, world, number):
    dice = random.Random(f"page {number}")
    facts = draw(world, dice)
    write(world, facts)
    scope = random_scope(world, dice)
    expected = recount(world, facts, scope)
    page = manager.get(reverse("reports:statistics") + address_of(scope))
    shown = {
        answer.figure.slug: answer.text
        for section in page.context["sections"]
        for answer in [*section["found"].main, *section["found"].others]
    }
    assert shown == {slug: BY_SLUG[slug].unit.short(value) for slug, value in expected.items()}
    text = page.content.decode()
    for section in page.context["sections"]:
        for answer in section["found"].main if not section["found"].is_empty else []:
            assert f'<p class="figure-value">{answer.text}</p>' in text


@pytest.mark.parametrize("number", range(20))
def test_what_is_told_apart_adds_up(world, number):
    """Along every axis the parts of what adds up are the whole; the charts' tables hold the same."""
    dice = random.Random(f"parts {number}")
    write(world, draw(world, dice))
    scope = Scope(period=Period(dt.date(2025, 12, 1), dt.date(2026, 1, 31)), sites=tuple(world.sites), now=NOW)
    values = figures.values(FIGURES, scope)
    for group in figures.GROUPS:
        adding = [
            figure for figure in group.figures if figure.unit.is_additive and figure.slug != "personnes-distinctes"
        ]
        for axis in group.source.axes:
            parts = figures.parts(adding, axis, scope)
            for figure in adding:
                if axis == "cause" and figure.slug != "heures-annulees":
                    continue  # Only cancelled hours have a cause.
                total = sum(part.values[figure.slug] for part in parts)
                assert total == values[figure.slug], f"{figure.slug} par {axis}"
    chart = overview.bars_or_columns(BY_SLUG["rendez-vous-pris"], "mois", scope)
    shown = sum(int(row[1]) for row in chart.table.rows)
    assert (chart.table.foot or ["", "0"])[1] == str(shown) == str(values["rendez-vous-pris"])
