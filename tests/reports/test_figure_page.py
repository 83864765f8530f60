import csv
from io import BytesIO, StringIO

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from partners.models import Role
from reports.figures import FIGURES, appointments, case_files, desk_visits, hours, offices, trainings
from tests.factories import DeskReasonFactory, ReasonFactory, VisitorFactory, staff_of
from tests.reports.scene import figure_address, rows_address

MARCH = {"du": "2026-03-01", "au": "2026-03-31"}


@pytest.fixture
def manager(client, scene):
    client.force_login(scene.manager)
    return client


def test_the_page_tells_the_number_its_sentence_and_its_rows(manager, scene):
    kept = scene.appointment("2026-03-02", "09:30")
    scene.appointment("2026-03-03", status="no_show")
    page = manager.get(figure_address(appointments.HELD, **MARCH))
    text = page.content.decode()
    assert page.context["value"] == "1\u00a0rendez-vous"
    assert appointments.HELD.definition in text
    assert "Leïla AMRANI" in text
    assert f'href="/rendez-vous/{kept.pk}/">lun. 2 mars 2026</a>' in text
    assert "9h30" in text
    # Back to the page of all figures, with the same question.
    assert 'href="/statistiques/?du=2026-03-01&amp;au=2026-03-31"' in text


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.slug)
def test_every_figure_has_its_page_along_every_axis(manager, scene, figure):
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02", at_computer=True, nature="support")
    for axis in figure.source.axes:
        page = manager.get(figure_address(figure, **MARCH, par=axis))
        assert page.status_code == 200
        assert [found["label"] for found in page.context["axes"] if found["is_current"]] == [
            figure.source.axes[axis].label
        ]


def test_its_rows_are_searched_and_paged(manager, scene):
    other = VisitorFactory(ccas=scene.ccas, last_name="Étienne", first_name="Jean")
    for hour in range(0, 24):
        scene.appointment("2026-03-02", f"{hour:02}:00")
        scene.appointment("2026-03-03", f"{hour:02}:00")
    scene.appointment("2026-03-04", visitor=other)
    page = manager.get(figure_address(appointments.HELD, **MARCH))
    assert (page.context["page_obj"].paginator.count, len(page.context["lines"])) == (49, 25)
    last = manager.get(figure_address(appointments.HELD, **MARCH, page="2"))
    assert len(last.context["lines"]) == 24
    found = manager.get(figure_address(appointments.HELD, **MARCH, q="etienne"))
    assert found.context["page_obj"].paginator.count == 1
    # The number stays that of the question, whatever is searched in its rows; what is searched is not exported.
    assert found.context["value"] == "49\u00a0rendez-vous"
    assert "lignes.csv" not in found.content.decode()
    nobody = manager.get(figure_address(appointments.HELD, **MARCH, q="personne"))
    assert "Aucune ligne ne répond à cette recherche." in nobody.content.decode()


@pytest.mark.parametrize(
    ("figure", "words"),
    [(desk_visits.WALK_INS, "generale"), (hours.DELIVERED, "cpam"), (offices.OCCUPATION, "cpam")],
)
def test_rows_of_other_kinds_are_searched_too(manager, scene, figure, words):
    scene.visit("2026-03-02")
    scene.appointment("2026-03-02")
    found = manager.get(figure_address(figure, **MARCH, q=words))
    assert found.context["page_obj"].paginator.count == 1
    assert manager.get(figure_address(figure, **MARCH, q="zzz")).context["page_obj"].paginator.count == 0


def test_an_unknown_figure_or_a_filter_it_does_not_know(manager, scene):
    assert manager.get("/statistiques/inconnu/").status_code == 404
    page = manager.get(figure_address(desk_visits.WALK_INS, **MARCH, public="public", motif=scene.reason.slug))
    assert "ne se distingue pas par public et motif" in page.content.decode()
    assert manager.get(rows_address(desk_visits.WALK_INS, "csv", **MARCH, public="public")).status_code == 404


# --- Who sees which rows -------------------------------------------------------------------------------------------


def test_the_desk_sees_rows_but_takes_none_away(client, scene):
    scene.appointment("2026-03-02")
    for user in (scene.receptionist, staff_of(scene.site, role=Role.SOCIAL_WORKER)):
        client.force_login(user)
        page = client.get(figure_address(appointments.HELD, **MARCH))
        assert "Leïla AMRANI" in page.content.decode()
        assert "lignes.csv" not in page.content.decode()
        for extension in ("csv", "xlsx"):
            assert client.get(rows_address(appointments.HELD, extension, **MARCH)).status_code == 404


def test_an_agent_sees_hours_and_reasons_and_no_name(client, scene):
    scene.appointment("2026-03-02", partner=scene.cpam)
    scene.appointment("2026-03-03", partner=scene.caf)
    client.force_login(scene.agent)
    page = client.get(figure_address(appointments.HELD, **MARCH))
    assert page.context["page_obj"].paginator.count == 1
    text = page.content.decode()
    assert "Carte Vitale" in text
    assert "AMRANI" not in text
    assert "/rendez-vous/" not in text
    assert client.get(rows_address(appointments.HELD, "csv", **MARCH)).status_code == 404


@pytest.mark.parametrize("figure", [desk_visits.WALK_INS, case_files.SENT, trainings.SESSIONS], ids=str)
def test_an_agent_reads_these_numbers_without_their_rows(client, scene, figure):
    scene.visit("2026-03-02", partner=scene.cpam)
    client.force_login(scene.agent)
    page = client.get(figure_address(figure, **MARCH))
    assert page.status_code == 200
    assert "page_obj" not in page.context


def test_offices_are_the_ccas_s_own(client, scene):
    client.force_login(scene.agent)
    assert client.get(figure_address(offices.OCCUPATION)).status_code == 404


# --- Files ---------------------------------------------------------------------------------------------------------


def csv_of(client, figure, **asked) -> list[dict[str, str]]:
    answer = client.get(rows_address(figure, "csv", **asked))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_the_file_has_one_line_for_each_appointment_and_names_nobody(manager, scene):
    scene.appointment("2026-03-02", "09:30")
    scene.appointment("2026-03-03", social_worker=scene.receptionist)
    first, second = csv_of(manager, appointments.HELD, **MARCH)
    assert (first["Date"], first["Heure"], first["Motif"]) == ("02/03/2026", "09:30", "Carte Vitale")
    assert (first["Fiche n°"], second["Fiche n°"]) == (str(scene.visitor.pk), "")
    assert (first["Public"], second["Public"]) == ("Usagers", "Travailleurs sociaux")
    assert (first["Attente (min)"], first["Durée prévue (min)"]) == ("4", "30")
    everything = " ".join([*first.values(), *second.values()])
    for secret in ("AMRANI", "Amrani", "Leïla", scene.receptionist.last_name, scene.receptionist.email):
        assert secret not in everything


def test_times_in_the_file_are_those_of_the_space(manager, scene):
    scene.site.time_zone = "America/Cayenne"
    scene.site.save()
    scene.appointment("2026-03-02", "23:30")
    (line,) = csv_of(manager, appointments.HELD, **MARCH)
    assert (line["Date"], line["Heure"], line["Fin"]) == ("02/03/2026", "23:30", "00:00")


FORMULAS = ["=1+1", "+33 1", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("words", FORMULAS)
def test_what_a_person_typed_is_never_a_formula(manager, scene, words):
    scene.appointment("2026-03-02", reason=ReasonFactory(label=words, partners=[scene.cpam]))
    scene.visit("2026-03-02", reason=DeskReasonFactory(label=words))
    for figure in (appointments.HELD, desk_visits.WALK_INS):
        assert csv_of(manager, figure, **MARCH)[0]["Motif"] == f"'{words}"
        answer = manager.get(rows_address(figure, "xlsx", **MARCH))
        sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == words]
        assert [cell.data_type for cell in cells] == ["s"]
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_workbook_says_what_it_is(manager, scene):
    scene.appointment("2026-03-02")
    answer = manager.get(rows_address(appointments.HELD, "xlsx", **MARCH, partenaire=scene.cpam.slug))
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    lines = [row[0] for row in sheet.iter_rows(values_only=True)]
    assert lines[:3] == [
        "Rendez-vous effectués\u00a0: 1\u00a0rendez-vous",
        "mars 2026, Planoise, CPAM",
        appointments.HELD.definition,
    ]


def test_a_long_file_is_prepared_apart(manager, scene, monkeypatch):
    monkeypatch.setattr("reports.views.figure.MOST_DIRECT_ROWS", 1)
    scene.appointment("2026-03-02")
    scene.appointment("2026-03-03")
    text = manager.get(figure_address(appointments.HELD, **MARCH)).content.decode()
    assert "Préparer le CSV" in text
    assert "lignes.csv" not in text
    answer = manager.get(rows_address(appointments.HELD, "csv", **MARCH), follow=True)
    assert "préparé à part" in answer.content.decode()


def test_a_struck_out_visit_is_in_no_file(manager, scene):
    scene.visit("2026-03-02", struck_out_at=timezone.now(), struck_out_by=scene.receptionist)
    assert csv_of(manager, desk_visits.WALK_INS, **MARCH) == []


def test_a_file_is_read_by_parts_with_the_same_number_of_questions(manager, scene, django_assert_max_num_queries):
    def asked():
        return csv_of(manager, hours.DELIVERED, **MARCH)

    scene.appointment("2026-03-02")
    asked()
    with django_assert_max_num_queries(30) as counted:
        assert len(asked()) == 1
    before = len(counted)
    for hour in range(8, 20):
        scene.appointment("2026-03-03", f"{hour:02}:00")
    with django_assert_max_num_queries(before):
        assert len(asked()) == 13
