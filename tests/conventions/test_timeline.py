"""The ribbon and the chronology of a convention: their order, and what proves each fact."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from conventions.history import steps_of
from conventions.models import Amendment, Document, DocumentKind
from conventions.timeline import Source, Step, chronology, ribbon
from partners.models import Role
from tests.factories import ConventionFactory, UserFactory

from .scene import Scene

TODAY = dt.date(2026, 11, 22)


def test_ribbon_is_in_date_order_and_keeps_the_place_of_what_is_missing():
    steps = [
        Step("Délibération", dt.date(2017, 4, 12)),
        Step("Transmission", None),
        Step("Signature", dt.date(2016, 8, 9)),
        Step("Terme", dt.date(2019, 8, 8)),
    ]
    found = ribbon(steps, today=dt.date(2018, 1, 1))
    assert [(milestone.label, milestone.state) for milestone in found] == [
        ("Signature", "is-past"),
        ("Délibération", "is-past"),
        ("Transmission", "is-missing"),
        ("Aujourd’hui", "is-today"),
        ("Terme", ""),
    ]


def test_the_chronology_holds_more_than_the_ribbon():
    steps = [
        Step("Délibération", dt.date(2025, 2, 19), (Source("question n° 9"),)),
        Step("Fin du délai de recours", dt.date(2025, 4, 25), in_ribbon=False),
    ]
    today = dt.date(2025, 3, 1)
    assert [milestone.label for milestone in ribbon(steps, today=today)] == ["Délibération", "Aujourd’hui"]
    found = chronology(steps, today=today)
    assert [milestone.label for milestone in found] == ["Délibération", "Fin du délai de recours"]
    assert found[0].sources == (Source("question n° 9"),)


def test_the_first_step_may_be_the_missing_one():
    found = ribbon([Step("Délibération", None), Step("Effet", dt.date(2025, 1, 1))], today=dt.date(2025, 1, 1))
    assert [milestone.label for milestone in found] == ["Délibération", "Effet", "Aujourd’hui"]


# --- From the rows ---------------------------------------------------------------------------------------------


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


def steps(scene: Scene) -> dict[str, Step]:
    return {step.label: step for step in steps_of(scene.convention, today=TODAY)}


def paper(scene: Scene, kind: DocumentKind, title: str, **fields) -> Document:
    return Document.objects.create(
        site=scene.site,
        convention=scene.convention,
        kind=kind,
        title=title,
        name="fichier.pdf",
        file="ab/cd",
        size=1,
        content_type="application/pdf",
        sha256="0" * 64,
        uploaded_by=scene.administrator,
        **fields,
    )


def test_without_a_file_the_row_is_the_source(scene):
    scene.deliberation.transmission_id = "025-262500564-20250219-D00191110-DE"
    found = steps(scene)
    act = f"{reverse('conventions:convention_detail', args=[scene.convention.pk])}#deliberation"
    assert found["Délibération"].sources == (Source("Conseil d’administration du CCAS, question n° 9", act),)
    assert found["Transmission"].sources == (Source("025-262500564-20250219-D00191110-DE", act),)
    assert found["Exécutoire"].sources == (Source("CGCT, article L2131-1"),)
    assert found["Fin du délai de recours"].sources == (Source("CJA, article R421-1"),)
    assert found["Signature"] == Step("Signature", None)


def test_a_file_of_the_kind_is_the_source_unless_withdrawn(scene):
    extract = paper(scene, DocumentKind.DELIBERATION, "Extrait du registre")
    signed = paper(scene, DocumentKind.SIGNED_CONVENTION, "Convention signée")
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    paper(
        scene,
        DocumentKind.SIGNED_CONVENTION,
        "Mauvais fichier",
        withdrawn_at=now,
        withdrawn_by=scene.administrator,
    )
    found = steps(scene)
    assert found["Délibération"].sources == (
        Source("Extrait du registre", reverse("conventions:document_download", args=[extract.pk])),
    )
    assert found["Signature"].sources == (
        Source("Convention signée", reverse("conventions:document_download", args=[signed.pk])),
    )


def test_avenants_in_force_and_a_denunciation_are_facts(scene):
    in_force = {"in_force_at": dt.datetime(2025, 12, 1, tzinfo=dt.UTC), "in_force_by": scene.administrator}
    for number, more in ((1, in_force | {"replaced": {}}), (2, {})):
        Amendment.objects.create(
            convention=scene.convention,
            number=number,
            subject="Mercredi matin",
            effective_on=dt.date(2026, 1, 1),
            proposed={},
            created_by=scene.administrator,
            **more,
        )
    scene.convention.denounced_on, scene.convention.denounced_by = dt.date(2026, 9, 1), "partner"
    scene.convention.agreed_ends_on, scene.convention.ends_on = scene.convention.ends_on, dt.date(2027, 3, 31)
    found = steps(scene)
    assert found["Avenant n°\u00a01"].day == dt.date(2026, 1, 1)
    assert found["Avenant n°\u00a01"].sources[0].url == reverse(
        "conventions:amendment_detail", args=[scene.convention.pk, 1]
    )
    assert "Avenant n°\u00a02" not in found
    assert found["Préavis reçu"] == Step("Préavis reçu", dt.date(2026, 9, 1), (Source("Par CPAM"),))
    assert found["Terme avancé"].day == dt.date(2027, 3, 31)
    assert found["Terme convenu"].day == dt.date(2028, 3, 31)
    assert "Préavis, dernier jour" not in found


def test_what_comes_next(scene):
    found = steps(scene)
    assert found["Anniversaire"] == Step("Anniversaire", dt.date(2027, 4, 1), (Source("2\u00a0ans révolus"),))
    assert (found["Envoi conseillé"].day, found["Préavis, dernier jour"].day) == (
        dt.date(2027, 12, 17),
        dt.date(2027, 12, 31),
    )
    following = ConventionFactory(
        site=scene.site, partner=scene.partner, predecessor=scene.convention, starts_on=dt.date(2028, 4, 1)
    )
    assert steps(scene)["Convention suivante"].sources[0].text == following.reference


def test_its_page_shows_ribbon_chronology_and_both_readings(scene, client):
    paper(scene, DocumentKind.DELIBERATION, "Extrait du registre")
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    with time_machine.travel(dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC), tick=False):
        text = client.get(reverse("conventions:convention_detail", args=[scene.convention.pk])).content.decode()
    for said in (
        "Extrait du registre",
        "Fin du délai de recours",
        "ven. 25 avril 2025",
        "aucune pièce",
        "Avant le terme",
        "Reçu au plus tard le <strong>31 décembre 2027</strong>",
        "Autre lecture&nbsp;: avant chaque échéance annuelle",
        "Reçu au plus tard le <strong>1er janvier 2027</strong>",
        "prochaine occasion",
    ):
        assert said in text, said
    assert text.count("prochaine occasion") == 1
