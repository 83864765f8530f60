"""A C2S file in a browser, from a visitor's arrival to the decision, through one return for incompleteness.

Two people, two sessions: the desk of Montsinéry and the agent of the CGSS. Axe looks at every page on the way.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from casefiles.models import CaseFile, SlipLine, TransmissionSlip
from partners.models import Contact, Partner, Site
from tests.factories import PASSWORD, ConventionFactory, agent_of, staff_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MONDAY_9H = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
GRAVE = ("serious", "critical")


@dataclass
class Montsinery:
    """The space of the CGSS agreement, under an agreement in force, its clerk and the caisse's agent."""

    site: Site
    caisse: Partner
    clerk: object
    agent: object


@pytest.fixture
def montsinery(transactional_db) -> Iterator[Montsinery]:
    with time_machine.travel(MONDAY_9H, tick=True):
        call_command("load_convention", "montsinery-cgss-2016", verbosity=0)
        call_command("load_case_kinds", sante=["cgss-guyane"], retraite=["cgss-guyane"], verbosity=0)
        site, caisse = Site.objects.get(slug="montsinery"), Partner.objects.get(slug="cgss-guyane")
        ConventionFactory(site=site, partner=caisse, reference="montsinery-cgss-2025", starts_on=dt.date(2025, 1, 1))
        Contact.objects.create(partner=caisse, name="Ligne Urgence Précarité (LUP)", phone="+594594393999")
        Contact.objects.create(partner=caisse, name="Mme Ringuet", phone="+594594393001", is_referent=True)
        yield Montsinery(
            site=site,
            caisse=caisse,
            clerk=staff_of(site, first_name="Josiane", last_name="Edwige"),
            agent=agent_of(caisse, first_name="Maëva", last_name="Horth"),
        )


@pytest.fixture
def session_of(browser: Browser, live_server) -> Iterator[Callable]:
    """A browser session of one person; whatever its console complains about fails the test."""
    faults: list[str] = []
    contexts = []

    def sign_in(user) -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="fr-FR", timezone_id="America/Cayenne"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{live_server.url}/")
        page.get_by_label("Courriel").fill(user.email)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_load_state()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert [fault for fault in faults if "favicon" not in fault] == []


def check(page: Page) -> None:
    """Fail when axe finds anything serious or critical, or when a phone would have to scroll sideways."""
    violations = Axe().run(page).response["violations"]
    grave = [
        f"{row['id']}: {row['help']} {[node['target'] for node in row['nodes']][:3]}"
        for row in violations
        if row["impact"] in GRAVE
    ]
    assert grave == [], f"{page.url}: {grave}"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    page.set_viewport_size({"width": 1280, "height": 800})


def place(page: Page, *names: str) -> None:
    """Go by the navigation: a place, then one of its pages."""
    for bar, name in zip(("Navigation principale", "Pages"), names, strict=False):
        page.get_by_role("navigation", name=bar).get_by_role("link", name=name).first.click()
        page.wait_for_load_state()


def note_received(page: Page, document: str) -> None:
    """One click on a line of the checklist; the focus stays on the button that was pressed."""
    button = page.get_by_role("group", name=document).get_by_role("button", name="Reçue")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.activeElement.id").endswith("-recue")


def complete_checklist(page: Page) -> None:
    while page.locator(".checklist .is-lacking").count():
        group = page.locator(".checklist .is-lacking .answers").first
        pressed = group.get_by_role("button", name="Reçue")
        identity = pressed.get_attribute("id")
        pressed.click()
        expect(page.locator(f"#{identity}")).to_have_attribute("aria-pressed", "true")


def send_ticked(page: Page, name: str) -> None:
    """From the list to a numbered slip."""
    place(page, "Dossiers", "À envoyer")
    check(page)
    page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Préparer le bordereau").click()
    check(page)
    page.get_by_role("button", name="Envoyer à CGSS").click()
    expect(page.get_by_text("envoyé à CGSS : 1 dossier.")).to_be_visible()
    check(page)


def test_a_c2s_file_from_arrival_to_decision_through_one_return(montsinery, session_of, live_server):
    desk = session_of(montsinery.clerk)

    # --- She arrives: her card is made, then her file is opened from it.
    desk.goto(f"{live_server.url}/usagers/nouveau/")
    desk.get_by_label("Nom", exact=True).fill("Ringuet")
    desk.get_by_label("Prénom").fill("Marie")
    desk.get_by_label("Date de naissance").fill("14/07/1958")
    desk.get_by_role("button", name="Créer la fiche").click()
    expect(desk.get_by_text("Aucun dossier.")).to_be_visible()
    check(desk)
    desk.get_by_role("link", name="Ouvrir un dossier").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ouvrir un dossier")
    check(desk)
    offers = desk.get_by_label("Demande").locator("option").all_inner_texts()
    assert any("Complémentaire santé solidaire" in offer for offer in offers)
    assert not any("CMU" in offer for offer in offers)
    c2s = next(offer for offer in offers if "Complémentaire santé solidaire" in offer)
    desk.get_by_label("Demande").select_option(label=c2s)
    desk.get_by_label("Notes sociales").fill("Hébergée par sa fille depuis janvier")
    desk.get_by_role("button", name="Ouvrir le dossier").click()
    expect(desk.get_by_text("En préparation").first).to_be_visible()
    check(desk)

    # --- It is urgent: whom to call is there at once.
    desk.get_by_label("Ce qui presse").fill("Sans couverture, soins en cours")
    desk.get_by_role("button", name="Signaler urgent").click()
    expect(desk.get_by_role("link", name="0594 39 39 99")).to_be_visible()
    expect(desk.get_by_text("Mme Ringuet")).to_be_visible()

    # --- Her documents and her agreement.
    first = desk.locator(".checklist-label").first.inner_text().splitlines()[0]
    note_received(desk, first)
    expect(desk.locator("#messages")).to_contain_text("reçue.")
    complete_checklist(desk)
    desk.get_by_role("button", name="Noter l’accord de la personne").click()
    expect(desk.locator("#etape")).to_contain_text("Complet, à envoyer")
    check(desk)

    # --- Sent with a slip.
    send_ticked(desk, "Envoyer le dossier de Marie RINGUET")
    slip = TransmissionSlip.objects.get()
    assert slip.file_count == 1

    # --- At the caisse: received, and incomplete.
    caisse = session_of(montsinery.agent)
    place(caisse, "Dossiers")
    expect(caisse.get_by_role("table")).to_contain_text("Marie RINGUET")
    expect(caisse.get_by_role("table")).to_contain_text("urgent")
    check(caisse)
    place(caisse, "Dossiers", "Bordereaux reçus")
    check(caisse)
    caisse.get_by_role("link", name=f"n° {slip.full_number}", exact=True).click()
    check(caisse)
    caisse.get_by_role("button", name="Accuser réception des dossiers cochés").click()
    expect(caisse.get_by_text("Accusé de réception noté pour 1 dossier.")).to_be_visible()
    caisse.get_by_role("link", name="Marie RINGUET", exact=True).click()
    expect(caisse.get_by_text("Sans couverture, soins en cours")).to_be_visible()
    expect(caisse.get_by_text("Hébergée par sa fille")).to_have_count(0)
    check(caisse)
    caisse.get_by_role("link", name="Retourner, incomplet").click()
    check(caisse)
    caisse.get_by_role("button", name="Retourner le dossier").click()
    expect(caisse.get_by_role("alert")).to_contain_text("Dites ce qui manque")
    caisse.get_by_label("Autres pièces").fill("Attestation d’hébergement")
    caisse.get_by_label("Précision").fill("Avec la pièce d’identité de l’hébergeante")
    caisse.get_by_role("button", name="Retourner le dossier").click()
    expect(caisse.get_by_text("Dossier de Marie RINGUET retourné")).to_be_visible()
    check(caisse)

    # --- Back at the desk: what was asked is on top; completed, it leaves again.
    place(desk, "Dossiers", "À compléter")
    expect(desk.get_by_role("table")).to_contain_text("Retourné incomplet")
    desk.get_by_role("link", name="Marie RINGUET", exact=True).click()
    expect(desk.get_by_text("Avec la pièce d’identité de l’hébergeante").first).to_be_visible()
    check(desk)
    note_received(desk, "Attestation d’hébergement")
    expect(desk.locator("#etape")).to_contain_text("Complet, à envoyer")
    send_ticked(desk, "Envoyer le dossier de Marie RINGUET")

    # --- At the caisse again: received and granted.
    place(caisse, "Dossiers", "Dossiers reçus")
    caisse.get_by_role("link", name="Accuser réception du dossier de Marie RINGUET").click()
    check(caisse)
    caisse.get_by_role("button", name="Enregistrer l’accusé").click()
    caisse.get_by_role("link", name="Décider du dossier de Marie RINGUET").click()
    check(caisse)
    expect(caisse.get_by_label("Motif du refus")).to_be_hidden()
    caisse.get_by_label("Accord", exact=True).check()
    caisse.get_by_label("Droits ouverts du").fill("2026-03-01")
    caisse.get_by_label("Jusqu’au").fill("2027-02-28")
    caisse.get_by_role("button", name="Enregistrer la décision").click()
    expect(caisse.get_by_text("Décision notée pour Marie RINGUET : accord.")).to_be_visible()
    check(caisse)

    # --- The desk reads the decision.
    place(desk, "Dossiers", "Tous")
    check(desk)
    desk.get_by_role("link", name="Marie RINGUET", exact=True).click()
    expect(desk.get_by_text("Droits ouverts du 1er mars 2026 au 28 février 2027.")).to_be_visible()
    check(desk)
    assert CaseFile.objects.count() == 1
    assert [(line.returned_at is not None, line.result) for line in SlipLine.objects.order_by("pk")] == [
        (True, ""),
        (False, "accepted"),
    ]
    assert SlipLine.objects.latest("pk").decision_recorded_by == montsinery.agent


def test_an_alert_goes_to_the_caisse_and_comes_back(montsinery, session_of, live_server):
    desk = session_of(montsinery.clerk)
    desk.goto(f"{live_server.url}/usagers/nouveau/")
    desk.get_by_label("Nom", exact=True).fill("Ringuet")
    desk.get_by_role("button", name="Créer la fiche").click()
    place(desk, "Dossiers", "Alertes")
    check(desk)
    desk.get_by_role("link", name="Signaler une rupture de droits").first.click()
    check(desk)
    desk.get_by_role("searchbox", name="Chercher l’usager").fill("ringet")
    desk.get_by_role("searchbox", name="Chercher l’usager").press("Enter")
    desk.get_by_role("link", name="Signaler pour RINGUET").click()
    check(desk)
    desk.get_by_label("Caisse").select_option("CGSS")
    desk.get_by_label("Ce qui menace").fill("C2S échue depuis le 28 février")
    desk.get_by_label("Réponse nécessaire le").fill("2026-03-09")
    desk.get_by_role("button", name="Signaler à la caisse").click()
    expect(desk.get_by_text("Alerte signalée à CGSS")).to_be_visible()
    check(desk)

    caisse = session_of(montsinery.agent)
    caisse.get_by_role("link", name="Alertes 1 sans réponse").click()
    check(caisse)
    caisse.get_by_role("link", name="RINGUET", exact=True).click()
    caisse.get_by_role("button", name="J’en prends connaissance").click()
    expect(caisse.get_by_text("Vue, sans réponse")).to_be_visible()
    check(caisse)
    caisse.get_by_role("textbox", name="Réponse de la caisse").fill("Droits prolongés jusqu’au 30 avril.")
    caisse.get_by_role("button", name="Répondre au CCAS").click()
    expect(caisse.get_by_text("Réponse notée.")).to_be_visible()
    check(caisse)

    desk.reload()
    expect(desk.get_by_text("Droits prolongés jusqu’au 30 avril.").first).to_be_visible()
    desk.get_by_role("button", name="Clore l’alerte").click()
    expect(desk.get_by_text("Alerte de RINGUET close.")).to_be_visible()
    check(desk)


def test_without_script_the_checklist_works_as_well(montsinery, session_of, browser: Browser, live_server):
    desk = session_of(montsinery.clerk)
    desk.goto(f"{live_server.url}/usagers/nouveau/")
    desk.get_by_label("Nom", exact=True).fill("Ringuet")
    desk.get_by_role("button", name="Créer la fiche").click()
    desk.get_by_role("link", name="Ouvrir un dossier").click()
    desk.get_by_label("Demande").select_option(index=1)
    desk.get_by_role("button", name="Ouvrir le dossier").click()
    expect(desk.locator("#pieces")).to_be_visible()
    context = browser.new_context(java_script_enabled=False, storage_state=desk.context.storage_state())
    plain = context.new_page()
    plain.goto(desk.url)
    plain.locator(".answers").first.get_by_role("button", name="Reçue").click()
    expect(plain.locator("#messages")).to_contain_text("reçue.")
    plain.get_by_role("button", name="Annuler cette action").click()
    expect(plain.locator("#messages")).to_contain_text("manquante.")
    plain.get_by_role("button", name="Noter l’accord de la personne").click()
    expect(plain.locator("#messages")).to_contain_text("Accord noté")
    context.close()
