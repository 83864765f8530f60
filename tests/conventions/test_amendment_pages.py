"""The pages of avenants: prepared, shown before and after, put in force, revoked, on paper; and for whom."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from conventions.amendment_documents import amendment_document
from conventions.amendments import put_in_force
from conventions.billing import read_billing
from conventions.documents import convention_document
from conventions.issuing import issue_statement
from conventions.models import Amendment, PermanenceSlot, StatementPeriod
from partners.models import Role
from tests.conventions.scene import Scene
from tests.conventions.test_amendments import WEDNESDAY_ON, draft, in_force, with_wednesday
from tests.factories import ConventionFactory, UserFactory, agent_of, slot_of, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(time_machine):
    time_machine.move_to(dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC))
    return Scene()


@pytest.fixture
def manager(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas, sites=[scene.site]))
    return client


def url(name: str, amendment_or_convention, number: int | None = None) -> str:
    arguments = [amendment_or_convention.pk] if number is None else [amendment_or_convention.pk, number]
    return reverse(f"conventions:{name}", args=arguments)


def typed(page, **changes) -> dict[str, object]:
    """What the form of `page` would send, with `changes`."""
    form, lines = page.context["form"], page.context["lines"]
    sent = {field.html_name: field.value() for field in form}
    for line in lines:
        sent |= {field.html_name: field.value() for field in line}
    sent |= {field.html_name: field.value() for field in lines.management_form}
    sent = {
        name: value.isoformat() if isinstance(value, dt.date | dt.time) else value
        for name, value in sent.items()
        if value is not None and value is not False
    }
    return {**sent, **changes}


def test_the_form_begins_with_the_terms_in_force(scene, manager):
    page = manager.get(url("amendment_create", scene.convention))
    assert page.context["form"]["number"].value() == 1
    assert page.context["form"]["annual_amount"].value() == "1 254,00".replace(" ", "\u202f")
    assert len(page.context["lines"].forms) == 5
    assert page.context["form"]["effective_on"].value() == dt.date(2025, 12, 1)


def test_a_line_is_added_and_taken_away_with_all_that_was_typed(scene, manager):
    address = url("amendment_create", scene.convention)
    sent = typed(manager.get(address), subject="Ajout du mercredi", effective_on="n’importe quoi", add_line="1")
    page = manager.post(address, sent)
    assert page.status_code == 200
    assert len(page.context["lines"].forms) == 6
    assert page.context["form"]["subject"].value() == "Ajout du mercredi"
    assert page.context["form"]["effective_on"].value() == "n’importe quoi"
    assert "autofocus" in str(page.context["lines"].forms[5]["office"])
    sent = typed(page, remove_line="0")
    sent["creneaux-5-start_time"] = "8h30"
    page = manager.post(address, sent)
    assert len(page.context["lines"].forms) == 5
    assert page.context["lines"].forms[4]["start_time"].value() == "8h30"
    assert not Amendment.objects.exists()


def test_a_draft_is_saved_then_shown_before_and_after(scene, manager):
    address = url("amendment_create", scene.convention)
    page = manager.post(address, typed(manager.get(address), add_line="1"))
    sent = typed(page, subject="Ajout du mercredi matin", effective_on="2026-01-01", annual_amount="1 881,00")
    sent |= {
        "creneaux-5-office": scene.office.pk,
        "creneaux-5-weekday": "3",
        "creneaux-5-start_time": "8h30",
        "creneaux-5-end_time": "12h30",
        "creneaux-5-audience": "public",
        "creneaux-5-mode": "appointment",
    }
    answer = manager.post(address, sent)
    assert answer.status_code == 302, (
        answer.context["form"].errors,
        answer.context["lines"].errors,
        answer.context["lines"].non_form_errors(),
    )
    amendment = Amendment.objects.get()
    assert amendment.effective_on == WEDNESDAY_ON
    assert answer.url == url("amendment_detail", scene.convention, 1)
    shown = manager.get(answer.url).content.decode()
    for fragment in (
        "Une permanence est ajoutée\u00a0: le mercredi de 8h30 à 12h30, bureau 27, usagers, sur rendez-vous.",
        "Le montant annuel est porté de 1\u202f254,00\u00a0€ à 1\u202f881,00\u00a0€.",
        "Aucun rendez-vous pris n’est touché.",
        "Sans l’avenant",
    ):
        assert fragment in shown, fragment
    assert PermanenceSlot.objects.filter(weekday=3).count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"effective_on": "2025-04-01"}, "effective_on", "après le premier"),
        ({"ends_on": "2025-12-01", "effective_on": "2026-01-01"}, "ends_on", "ne peut pas précéder"),
        ({"basis": "fixed"}, "fixed_ratio", "2/5"),
        ({"fixed_ratio": "trois"}, "fixed_ratio", "fraction"),
        ({"subject": ""}, "subject", "obligatoire"),
        ({"annual_amount": "-3"}, "annual_amount", "positif"),
    ],
)
def test_a_wrong_answer_is_said_beside_its_field(scene, manager, changes, field, words):
    address = url("amendment_create", scene.convention)
    page = manager.post(address, typed(manager.get(address), **{"subject": "Objet", **changes}))
    assert page.status_code == 200
    assert words in " ".join(page.context["form"].errors[field])
    assert len(page.context["lines"].forms) == 5


def test_two_lines_that_overlap_are_refused_with_the_rest_kept(scene, manager):
    address = url("amendment_create", scene.convention)
    sent = typed(manager.get(address), subject="Objet")
    sent["creneaux-1-start_time"] = "9h00"
    page = manager.post(address, sent)
    assert "chevauche" in page.content.decode()
    assert page.context["form"]["subject"].value() == "Objet"


def test_a_number_taken_is_said(scene, manager):
    draft(scene, with_wednesday(scene))
    address = url("amendment_create", scene.convention)
    page = manager.post(address, typed(manager.get(address), subject="Objet", number="1"))
    assert "déjà un avenant" in " ".join(page.context["form"].non_field_errors())


def test_putting_in_force_asks_then_does_and_revoking_takes_back(scene, manager):
    draft(scene, with_wednesday(scene))
    asked = manager.get(url("amendment_put_in_force", scene.convention, 1))
    assert "peut être révoqué" in asked.content.decode()
    assert PermanenceSlot.objects.filter(weekday=3).count() == 0
    done = manager.post(url("amendment_put_in_force", scene.convention, 1), follow=True)
    assert "est en vigueur" in done.content.decode()
    # Not before it applies: the grid shown there is still the one of today.
    shown = manager.get(reverse("conventions:convention_detail", args=[scene.convention.pk])).content.decode()
    assert "s’appliquera à partir du 1er janvier 2026" in shown
    assert "?le=2026-01-01" in shown
    assert PermanenceSlot.objects.filter(weekday=3).count() == 1
    assert manager.get(url("amendment_change", scene.convention, 1)).status_code == 302
    manager.get(url("amendment_revoke", scene.convention, 1))
    manager.post(url("amendment_revoke", scene.convention, 1))
    assert PermanenceSlot.objects.filter(weekday=3).count() == 0
    manager.get(url("amendment_delete", scene.convention, 1))
    manager.post(url("amendment_delete", scene.convention, 1))
    assert not Amendment.objects.exists()


def test_a_refusal_is_said_and_nothing_is_kept(scene, manager):
    other = ConventionFactory(site=scene.site, partner__short_name="CAF")
    slot_of(other, 3, "09:00", "11:00", office=scene.office)
    draft(scene, with_wednesday(scene))
    page = manager.get(url("amendment_detail", scene.convention, 1)).content.decode()
    assert "ne peut pas être mis en vigueur tel quel" in page
    assert "est déjà pris par CAF" in page
    done = manager.post(url("amendment_put_in_force", scene.convention, 1), follow=True)
    assert "est déjà pris par CAF" in done.content.decode()


def test_the_signature_is_noted_once_in_force(scene, manager):
    in_force(scene, with_wednesday(scene))
    address = url("amendment_signature", scene.convention, 1)
    assert manager.get(address).status_code == 200
    manager.post(address, {"signed_on": "2025-12-15", "signed_at": "Besançon", "deliberation": scene.deliberation.pk})
    assert Amendment.objects.get().signed_on == dt.date(2025, 12, 15)


def test_the_terms_are_read_on_any_day(scene, manager):
    in_force(scene, with_wednesday(scene))
    address = url("convention_on_day", scene.convention)
    eve = manager.get(address, {"le": "2025-12-31"}).content.decode()
    day = manager.get(address, {"le": "2026-01-01"}).content.decode()
    assert "1\u202f254,00" in eve
    assert "Tels que signés" in eve
    assert "1\u202f881,00" in day
    assert "avenant n°&nbsp;1" in day
    assert "le jour le plus proche" in manager.get(address, {"le": "2040-01-01"}).content.decode()
    assert manager.get(address, {"le": "hier"}).status_code == 200


def test_the_list_is_searched(scene, manager):
    draft(scene, with_wednesday(scene))
    address = url("amendment_list", scene.convention)
    assert "Ajout du mercredi matin" in manager.get(address, {"q": "mercredi"}).content.decode()
    assert "Aucun avenant ne répond" in manager.get(address, {"q": "jeudi"}).content.decode()


def test_the_document_is_made_of_the_difference(scene):
    scene.article("Permanences :\n\n{grille_usagers}", position=2, title="Permanences")
    scene.article("Le forfait est de {montant_annuel}.", position=4, title="Implication financière")
    amendment = in_force(scene, with_wednesday(scene))
    amendment.convention = type(scene.convention).objects.with_parties().get(pk=scene.convention.pk)
    document = amendment_document(amendment)
    assert [article["title"] for article in document["articles"]] == [
        "Permanences",
        "Conditions financières",
        "Prise d’effet",
        "Autres dispositions",
    ]
    assert document["articles"][0]["paragraphs"] == ["L’article 2 de la convention est ainsi modifié\u00a0:"]
    assert document["articles"][1]["lines"] == [
        "Le montant annuel est porté de 1\u202f254,00\u00a0€ à 1\u202f881,00\u00a0€."
    ]
    assert document["articles"][2]["paragraphs"] == ["Le présent avenant prend effet à compter du 1er janvier 2026."]
    assert "Considérant que la demande de rendez-vous dépasse l’offre\u00a0;" in document["preamble"]


def test_the_pdf_is_served(scene, manager):
    draft(scene, with_wednesday(scene))
    answer = manager.get(url("amendment_pdf", scene.convention, 1))
    assert answer["Content-Type"] == "application/pdf"
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split())
    for fragment in (
        "Avenant n° 1 à la convention",
        "Article 1 – Permanences",
        "le mercredi de 8h30 à 12h30",
        "Les autres articles de la convention demeurent inchangés.",
        "en deux exemplaires originaux",
        "Annexe – Grille, locaux et montant à compter du 1er janvier 2026",
    ):
        assert fragment in text, fragment


def test_the_pdf_of_the_convention_stays_as_signed(scene):
    before = convention_document(scene.convention, printed_on=dt.date(2025, 11, 3))
    in_force(scene, with_wednesday(scene))
    assert convention_document(scene.convention, printed_on=dt.date(2025, 11, 3)) == before


PAGES = [
    "amendment_detail",
    "amendment_change",
    "amendment_put_in_force",
    "amendment_delete",
    "amendment_signature",
    "amendment_pdf",
]


def test_these_pages_are_for_those_who_run_conventions(scene, client):
    draft(scene, with_wednesday(scene))
    foreigner = UserFactory(role=Role.MANAGER)
    for person in (staff_of(scene.site), agent_of(scene.partner), foreigner):
        client.force_login(person)
        for name in PAGES:
            assert client.get(url(name, scene.convention, 1)).status_code == 404, name
        for name in (
            "amendment_list",
            "amendment_create",
            "convention_on_day",
            "convention_renew",
            "convention_lineage",
        ):
            assert client.get(url(name, scene.convention)).status_code == 404, name
        assert client.post(url("amendment_put_in_force", scene.convention, 1)).status_code == 404
    assert Amendment.objects.get().is_draft


def test_the_page_costs_the_same_whatever_the_grid(scene, manager, django_assert_max_num_queries):
    amendment = draft(scene, with_wednesday(scene))
    put_in_force(amendment=amendment, by=scene.administrator)
    with django_assert_max_num_queries(30):
        manager.get(url("amendment_detail", scene.convention, 1))
    assert Amendment.objects.get().replaced["fee"]["annual_amount"] == str(Decimal("1254.00"))


def test_the_amount_of_the_list_is_the_one_of_today(scene, manager, time_machine):
    in_force(scene, with_wednesday(scene))
    address = reverse("conventions:convention_list")
    assert "1\u202f254,00" in manager.get(address).content.decode()
    time_machine.move_to(dt.datetime(2026, 1, 2, 9, tzinfo=dt.UTC))
    manager.force_login(scene.administrator)  # The session of two months ago is over.
    page = manager.get(address).content.decode()
    assert "1\u202f881,00" in page
    assert "1\u202f254,00" not in page


def test_what_a_year_owes_changes_from_that_year_only(scene):
    billing = read_billing(scene.convention)
    assert billing.owed(dt.date(2026, 1, 1), dt.date(2026, 12, 31)) == Decimal("1254.00")
    in_force(scene, with_wednesday(scene))
    billing = read_billing(scene.convention)
    years = {first.year: billing.owed(first, last) for first, last in billing.years(StatementPeriod.CIVIL_YEAR)}
    assert years == {
        2025: Decimal("940.50"),
        2026: Decimal("1881.00"),
        2027: Decimal("1881.00"),
        2028: Decimal("470.25"),
    }


def test_a_statement_that_covers_the_effect_is_announced(scene, manager):
    draft(scene, with_wednesday(scene))
    issue_statement(
        convention=scene.convention,
        period=StatementPeriod.CONVENTION_YEAR,
        starts_on=dt.date(2025, 4, 1),
        ends_on=dt.date(2026, 3, 31),
        issued_on=dt.date(2025, 11, 1),
        by=scene.administrator,
    )
    page = manager.get(url("amendment_detail", scene.convention, 1)).content.decode()
    assert "couvre déjà des jours après la date d’effet" in page


def test_the_administration_reads_avenants_and_says_what_its_grid_holds(scene, client):
    client.force_login(scene.administrator)
    amendment = in_force(scene, with_wednesday(scene))
    change = client.get(reverse("admin:conventions_convention_change", args=[scene.convention.pk])).content.decode()
    assert "Un avenant est en vigueur." in change
    assert client.get(reverse("admin:conventions_amendment_changelist")).status_code == 200
    shown = client.get(reverse("admin:conventions_amendment_change", args=[amendment.pk]))
    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    assert client.get(reverse("admin:conventions_amendment_add")).status_code == 403
    history = client.get(reverse("admin:conventions_convention_history", args=[scene.convention.pk])).content.decode()
    assert "mis en vigueur" in history
