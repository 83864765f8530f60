import csv
from io import StringIO
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from partners.models import Role
from reports.national import BY_SLUG, COLUMNS, USUAL
from tests.factories import staff_of

MARCH = {"du": "2026-03-01", "au": "2026-03-31"}


@pytest.fixture
def manager(client, scene):
    client.force_login(scene.manager)
    return client


def lines_of(client, **asked) -> list[dict[str, str]]:
    answer = client.get(f"{reverse('reports:national_file')}?{urlencode(asked, doseq=True)}")
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_one_line_for_each_appointment_held_and_each_walk_in(manager, scene):
    scene.appointment("2026-03-02", "09:30")
    scene.appointment("2026-03-03", status="no_show")
    scene.visit("2026-03-31", "23:30", at_computer=True, people=2, nature="support", channel="phone")
    scene.visit("2026-04-01", "00:00")
    held, visit = lines_of(manager, **MARCH)
    assert list(held) == [column.head for column in USUAL]
    assert held["Date"] == "02/03/2026"
    assert (held["Accueil"], held["Durée"], held["Motif"]) == ("Rendez-vous", "plus de 30 min", "Carte Vitale")
    assert (visit["Accueil"], visit["Canal"], visit["Personnes"]) == ("Sans rendez-vous", "Téléphone", "2")
    assert visit["Point numérique"] == "oui"
    page = manager.get(reverse("reports:national_export"), MARCH)
    assert page.context["line_count"] == 2


def test_nothing_in_it_leads_to_a_person(manager, scene):
    scene.visitor.phone, scene.visitor.email = "+33381000000", "leila@exemple.fr"
    scene.visitor.save()
    kept = scene.appointment("2026-03-02", subject="Situation de Mme Amrani")
    (line,) = lines_of(manager, **MARCH, colonne=list(BY_SLUG))
    written = ";".join(line.values())
    secrets = ["Amrani", "AMRANI", "Leïla", "exemple.fr", "+333", scene.receptionist.last_name]
    assert not [secret for secret in secrets if secret in written]
    assert str(scene.visitor.pk) not in line.values()
    assert str(kept.pk) not in line.values()


def test_columns_are_chosen_and_kept_in_the_address(manager, scene):
    scene.appointment("2026-03-02")
    asked = {**MARCH, "colonne": ["mois", "motif", "inconnue"]}
    assert lines_of(manager, **asked) == [{"Mois": "2026-03", "Motif": "Carte Vitale"}]
    page = manager.get(f"{reverse('reports:national_export')}?{urlencode(asked, doseq=True)}")
    assert [choice["column"].slug for choice in page.context["choices"] if choice["is_chosen"]] == ["mois", "motif"]
    assert "colonne=mois&amp;colonne=motif" in page.content.decode()
    assert len(page.context["choices"]) == len(COLUMNS)


def test_filters_that_walk_ins_do_not_know_are_left_aside(manager, scene):
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02")
    assert len(lines_of(manager, **MARCH, motif=scene.other_reason.slug, public="social_workers")) == 2


def test_an_empty_export_says_so(manager, scene):
    page = manager.get(reverse("reports:national_export"), {"du": "2001-01-01", "au": "2001-01-31"})
    assert "Aucun accompagnement dans cette période." in page.content.decode()


def test_only_those_who_answer_for_the_figures_take_it(client, scene):
    scene.appointment("2026-03-02", site=scene.elsewhere)
    for user in (scene.receptionist, scene.agent, staff_of(scene.site, role=Role.SOCIAL_WORKER)):
        client.force_login(user)
        for name in ("national_export", "national_file"):
            assert client.get(reverse(f"reports:{name}")).status_code == 404
    client.force_login(scene.manager)
    assert lines_of(client, **MARCH) == []
    assert client.post(reverse("reports:national_file")).status_code == 405


def test_a_long_export_is_prepared_apart(manager, scene, monkeypatch):
    monkeypatch.setattr("reports.views.national.MOST_DIRECT_ROWS", 1)
    scene.visit("2026-03-02")
    scene.visit("2026-03-03")
    page = manager.get(reverse("reports:national_export"), MARCH)
    assert "Préparer le CSV" in page.content.decode()
    answer = manager.get(reverse("reports:national_file"), MARCH, follow=True)
    assert answer.redirect_chain == [("/statistiques/export-national/?du=2026-03-01&au=2026-03-31", 302)]
    assert "préparé à part" in answer.content.decode()


def test_the_number_of_questions_does_not_depend_on_the_lines(manager, scene, django_assert_max_num_queries):
    scene.appointment("2026-03-02")
    scene.visit("2026-03-02")
    lines_of(manager, **MARCH)
    with django_assert_max_num_queries(20) as counted:
        lines_of(manager, **MARCH)
    before = len(counted)
    for hour in range(8, 14):
        scene.appointment("2026-03-03", f"{hour:02}:00", partner=scene.caf)
        scene.visit("2026-03-03", f"{hour:02}:00", partner=scene.caf)
    with django_assert_max_num_queries(before):
        assert len(lines_of(manager, **MARCH)) == 14
