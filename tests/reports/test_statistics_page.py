import csv
import re
from io import StringIO

import pytest
from django.urls import reverse

from partners.models import Role
from reports.figures import appointments, case_files, desk_visits, hours, offices, trainings
from reports.forms import ManyOptions
from tests.factories import SiteFactory, UserFactory, staff_of
from tests.reports.scene import statistics_address

MARCH = {"du": "2026-03-01", "au": "2026-03-31"}


def section(page, source):
    return next(found["found"] for found in page.context["sections"] if found["found"].group.source is source)


def value(page, figure) -> str:
    found = section(page, figure.source)
    return next(answer.text for answer in [*found.main, *found.others] if answer.figure is figure)


@pytest.fixture
def at_desk(client, scene):
    client.force_login(scene.receptionist)
    return client


def test_the_page_tells_each_figure_with_its_sentence_and_leads_to_it(at_desk, scene):
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02")
    page = at_desk.get(statistics_address(**MARCH))
    text = page.content.decode()
    for figure in (*appointments.FIGURES, *desk_visits.FIGURES):
        assert figure.definition in text
        assert f'href="{reverse("reports:figure", args=[figure.slug])}?du=2026-03-01' in text
    assert value(page, appointments.HELD) == "1"


def test_without_a_question_it_is_about_this_year_in_the_space_one_works_in(at_desk, scene):
    scene.appointment("2026-01-02")
    scene.appointment("2025-12-31")
    page = at_desk.get(reverse("reports:statistics"))
    assert value(page, appointments.HELD) == "1"
    assert "du 1er janvier au 3 avril 2026, Planoise" in page.content.decode()
    assert [preset["label"] for preset in page.context["presets"] if preset["is_current"]] == ["Cette année"]


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ({"periode": "mois"}, 1),
        ({"periode": "mois-dernier"}, 2),
        ({"periode": "annee-scolaire"}, 4),
        ({"du": "2026-03-10"}, 2),
        ({"au": "2026-03-10"}, 1),
        ({"du": "2026-03-02", "au": "2026-03-02"}, 1),
        ({**MARCH, "motif": "rsa"}, 1),
        ({**MARCH, "public": "social_workers"}, 0),
        # What cannot be read is told and left aside: the year.
        ({"du": "2026-04-02", "au": "2026-03-02"}, 3),
        ({"du": "le 3 mars"}, 3),
        ({"periode": "siècle"}, 3),
        ({**MARCH, "partenaire": "inconnu"}, 2),
    ],
)
def test_the_question_stands_in_the_address(at_desk, scene, asked, held):
    scene.other_reason.slug = "rsa"
    scene.other_reason.save()
    scene.appointment("2025-10-02")
    scene.appointment("2026-03-02")
    scene.appointment("2026-03-20", reason=scene.other_reason, partner=scene.caf)
    scene.appointment("2026-04-02")
    assert value(at_desk.get(statistics_address(**asked)), appointments.HELD) == str(held)


def test_a_partner_is_told_apart(at_desk, scene):
    scene.appointment("2026-03-02", partner=scene.caf)
    scene.appointment("2026-03-03", partner=scene.cpam)
    scene.appointment("2026-03-04", partner=scene.cpam)
    page = at_desk.get(statistics_address(**MARCH, partenaire=scene.cpam.slug))
    assert value(page, appointments.HELD) == "2"
    assert "mars 2026, Planoise, CPAM" in page.content.decode()


def test_what_a_filter_does_not_know_is_not_told_unfiltered(at_desk, scene):
    scene.visit("2026-03-02")
    page = at_desk.get(statistics_address(**MARCH, motif=scene.reason.slug))
    assert "ne se distinguent pas par motif" in section(page, desk_visits.SOURCE).because
    assert section(page, desk_visits.SOURCE).main == []


def test_it_is_compared_with_the_period_before_or_the_year_before(at_desk, scene):
    scene.appointment("2025-03-02")
    for day in ("2026-02-02", "2026-02-03"):
        scene.appointment(day)
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        scene.appointment(day)

    def change(**asked):
        page = at_desk.get(statistics_address(**MARCH, **asked))
        found = next(answer for answer in section(page, appointments.SOURCE).main if answer.figure is appointments.HELD)
        return found.change and (found.change.before, found.change.difference.replace("\u00a0", " "))

    assert change() == ("2", "+1 (+50 %)")
    assert change(comparer="annee") == ("1", "+2 (+200 %)")
    assert change(comparer="non") is None


def test_nothing_before_is_said_and_not_shown_as_growth(at_desk, scene):
    scene.appointment("2026-03-02")
    page = at_desk.get(statistics_address(**MARCH))
    assert "Rien n’était noté ici pour la période comparée." in page.content.decode()
    assert not section(page, appointments.SOURCE).is_compared


def test_an_empty_period_says_so(at_desk, scene):
    page = at_desk.get(statistics_address(du="2001-01-01", au="2001-01-31"))
    assert page.content.decode().count("Rien n’a été noté ici pour cette période.") == 6
    assert all(not found["found"].charts for found in page.context["sections"])


def test_each_chart_has_a_title_a_description_and_the_table_of_its_values(at_desk, scene):
    scene.appointment("2026-03-02")
    scene.appointment("2026-02-02", status="no_show")
    scene.visit("2026-03-02")
    text = at_desk.get(statistics_address(periode="annee")).content.decode()
    drawings = re.findall(r"<svg[^>]*role=\"img\".*?</svg>", text, re.DOTALL)
    assert len(drawings) >= 6
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for drawing in drawings:
        title, description = re.search(r'aria-labelledby="(\S+) (\S+)"', drawing).groups()
        assert f'<title id="{title}">' in drawing
        assert f'<desc id="{description}">' in drawing
        assert "style=" not in drawing
        assert not re.search(r'\b(?:x|y|width|height|points)="[^"]*nan', drawing)
    assert text.count('class="disclosure chart-table"') == len(drawings)


def test_who_opens_it(client, scene):
    address = reverse("reports:statistics")
    assert client.get(address).status_code == 302
    for user in (scene.receptionist, scene.manager, scene.agent, staff_of(scene.site, role=Role.SOCIAL_WORKER)):
        client.force_login(user)
        page = client.get(address)
        assert page.status_code == 200
        assert 'aria-current="page">Statistiques' in page.content.decode()


def test_staff_see_their_spaces_and_nobody_else_s(client, scene):
    second = SiteFactory(ccas=scene.ccas, short_name="Battant")
    for site in (scene.site, second, scene.elsewhere):
        scene.appointment("2026-03-02", site=site)
    client.force_login(scene.receptionist)
    assert value(client.get(statistics_address(**MARCH, espace="tous")), appointments.HELD) == "1"
    client.force_login(scene.manager)
    assert value(client.get(statistics_address(**MARCH, espace="tous")), appointments.HELD) == "2"
    assert value(client.get(statistics_address(**MARCH, espace=second.slug)), appointments.HELD) == "1"
    refused = client.get(statistics_address(**MARCH, espace=scene.elsewhere.slug))
    assert "Cet espace n’est pas parmi les vôtres." in refused.content.decode()
    assert value(refused, appointments.HELD) == "2"


def test_an_agent_reads_the_figures_of_her_caisse_only(client, scene):
    scene.appointment("2026-03-02", partner=scene.cpam)
    scene.appointment("2026-03-02", partner=scene.caf)
    scene.visit("2026-03-02", partner=scene.cpam)
    scene.visit("2026-03-02")
    client.force_login(scene.agent)
    page = client.get(statistics_address(**MARCH, partenaire=scene.caf.slug, espace="tous"))
    assert value(page, appointments.HELD) == value(page, desk_visits.WALK_INS) == "1"
    sources = [found["found"].group.source for found in page.context["sections"]]
    assert sources == [appointments.SOURCE, hours.SOURCE, desk_visits.SOURCE, case_files.SOURCE, trainings.SOURCE]
    assert offices.SOURCE not in sources
    assert scene.caf.short_name not in page.content.decode()


def test_the_file_of_figures(at_desk, scene):
    scene.appointment("2026-03-02")
    scene.appointment("2026-03-03", status="no_show")
    answer = at_desk.get(reverse("reports:figures_file", args=["csv"]), {**MARCH, "comparer": "annee"})
    assert "statistiques-2026-03-01-2026-03-31.csv" in answer["Content-Disposition"]
    lines = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    by_label = {line["Chiffre"]: line for line in lines}
    assert by_label["Rendez-vous effectués"]["Valeur"] == "1"
    assert by_label["Taux d’absence"]["Valeur"] == "50,000000"
    assert by_label["Taux d’absence"]["Unité"] == "%"
    assert by_label["Rendez-vous effectués"]["Mars 2025"] == "0"
    assert at_desk.get(reverse("reports:figures_file", args=["ods"])).status_code == 404
    assert at_desk.post(reverse("reports:figures_file", args=["csv"])).status_code == 405


def test_the_page_asks_the_same_number_of_questions_whatever_the_rows(at_desk, scene, django_assert_max_num_queries):
    def fill(day):
        for hour in range(8, 12):
            scene.appointment(day, f"{hour:02}:00", partner=scene.caf)
            scene.visit(day, f"{hour:02}:00")

    fill("2026-03-02")
    fill("2026-02-02")
    at_desk.get(statistics_address(**MARCH))
    with django_assert_max_num_queries(90) as counted:
        at_desk.get(statistics_address(**MARCH))
    before = len(counted)
    for day in range(3, 10):
        fill(f"2026-03-{day:02}")
    with django_assert_max_num_queries(before):
        at_desk.get(statistics_address(**MARCH))


def test_the_list_of_spaces_keeps_the_choice_and_escapes_names():
    drawn = ManyOptions(choices=[("tous", "Tous"), ("a", "<b> & c")]).render("espace", "a", {"id": "id_espace"})
    assert drawn == (
        '<select id="id_espace" name="espace"><option value="tous">Tous</option>'
        '<option value="a" selected>&lt;b&gt; &amp; c</option></select>'
    )


def test_a_person_without_a_space_gets_an_empty_page(client, scene):
    client.force_login(UserFactory(ccas=scene.ccas))
    assert client.get(reverse("reports:statistics")).status_code == 200
