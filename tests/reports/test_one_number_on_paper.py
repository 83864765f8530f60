"""What is established says the number that a recount in plain Python finds: returns, reports, their pages and papers.

The sibling of `test_one_number`, for the surfaces that are made for one partner at one space.
"""

import random

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from partners.models import Role
from reports.annual_documents import report_pdf
from reports.annual_reports import begin_report, establish_report
from reports.establishing import establish_return
from reports.figures import BY_SLUG
from reports.frozen_figures import values_of
from reports.models import AnnualReport, MonthlyReturn
from reports.periods import Period
from reports.return_content import told_figures
from reports.return_documents import return_pdf
from reports.scopes import Scope
from tests.factories import UserFactory
from tests.reports.papers import one_line, text_of
from tests.reports.random_facts import NOW, World, draw, recount, write

RETURNS, RETURNS_ON_PAPER_EVERY = 60, 6
REPORTS, REPORTS_ON_PAPER_EVERY = 16, 8
DECEMBER = Period.of_month(2025, 12)


@pytest.fixture
def world(db):
    with time_machine.travel(NOW, tick=False):
        world = World()
        world.overseer = UserFactory(role=Role.MANAGER, ccas=world.ccas)
        for convention in world.conventions.values():
            convention.starts_on = DECEMBER.first.replace(month=1)
            convention.save()
        yield world


def about(world: World, dice: random.Random) -> tuple:
    return dice.choice(world.sites), dice.choice(world.partners)


def line_of(figure: dict) -> str:
    """A figure as a table prints it: its name, its value, its sentence."""
    return one_line(f"{figure['label']} {figure['text']} {figure['definition']}")


@pytest.mark.parametrize("part", range(4))
def test_a_return_says_the_number_that_a_recount_finds(client, world, part):
    client.force_login(world.overseer)
    for number in range(part, RETURNS, 4):
        dice = random.Random(f"return {number}")
        with transaction.atomic():
            facts = draw(world, dice)
            write(world, facts)
            site, partner = about(world, dice)
            expected = recount(world, facts, Scope(period=DECEMBER, sites=(site,), partner=partner, now=NOW))
            made = establish_return(site=site, partner=partner, period=DECEMBER, comment="", by=world.overseer)
            found = MonthlyReturn.objects.with_parties().get(pk=made.pk)
            told = told_figures(found.content)
            assert values_of(told) == {figure["slug"]: expected[figure["slug"]] for figure in told}, f"set {number}"
            texts = {figure["slug"]: figure["text"] for figure in told}
            assert texts == {slug: BY_SLUG[slug].unit.short(expected[slug]) for slug in texts}
            left_out = {slug for slug in ("passages", "heures-tenues", "dossiers-transmis") if slug not in texts}
            assert not any(expected[slug] for slug in left_out)
            if number % RETURNS_ON_PAPER_EVERY == 0:
                check_paper_and_page(client, found, told)
            transaction.set_rollback(True)


def check_paper_and_page(client, found: MonthlyReturn, told: list[dict]) -> None:
    """Every figure stands on the paper and on the page as it is in the return."""
    paper = text_of(return_pdf(found, printed_on=NOW.date()))
    page = client.get(reverse("reports:monthly_return", args=[found.pk]))
    assert page.context["gaps"] == []
    for figure in told:
        assert line_of(figure) in paper
        assert f'<td data-label="Valeur" class="number strong">{figure["text"]}</td>' in page.content.decode()


@pytest.mark.parametrize("part", range(2))
def test_a_report_says_the_number_that_a_recount_finds(world, part):
    year = Period.of_year(2025)
    for number in range(part, REPORTS, 2):
        dice = random.Random(f"report {number}")
        with transaction.atomic():
            facts = draw(world, dice)
            write(world, facts)
            site, partner = about(world, dice)
            expected = recount(world, facts, Scope(period=year, sites=(site,), partner=partner, now=NOW))
            draft = begin_report(convention=world.conventions[site, partner], period=year, by=world.overseer)
            report = AnnualReport.objects.with_parties().get(pk=establish_report(report=draft, by=world.overseer).pk)
            told = [figure for section in report.content["sections"] for figure in section["figures"]]
            for kept in (told, report.content["key_figures"]):
                values = values_of(kept)
                assert values == {slug: expected[slug] for slug in values}, f"set {number}"
            check_months(report, expected)
            check_files(report, expected)
            if number % REPORTS_ON_PAPER_EVERY == 0:
                paper = text_of(report_pdf(report, tell=lambda: None))
                for figure in told:
                    assert f"{one_line(figure['label'])} {one_line(figure['text'])}" in paper
            transaction.set_rollback(True)


def check_months(report: AnnualReport, expected: dict) -> None:
    """The last line of the table of months is the year."""
    labels = {figure.label: figure for figure in BY_SLUG.values()}
    months = report.content["months"]
    for head, total in zip(months["head"][1:], months["foot"][1:], strict=True):
        figure = labels[head]
        assert total == figure.unit.short(expected[figure.slug])


def check_files(report: AnnualReport, expected: dict) -> None:
    """The last line of the table of kinds of files is what the figures of files say."""
    kinds = report.content["case_kinds"]
    if kinds is None:
        assert expected["dossiers-transmis"] == 0
        return
    slugs = ("dossiers-transmis", "dossiers-acceptes", "dossiers-refuses", "dossiers-en-attente")
    assert kinds["foot"][1:5] == [BY_SLUG[slug].unit.short(expected[slug]) for slug in slugs]
