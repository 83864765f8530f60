"""A certificate that is late is uploaded and fulfils its deadline, in a browser; the pages are read by axe."""

import pytest
from playwright.sync_api import Page, expect

from partners.models import Role
from tests.conventions import papers
from tests.factories import staff_of

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _clean_storage():
    papers.empty_storage()
    yield
    papers.empty_storage()


def test_a_late_certificate_is_uploaded_and_fulfils_its_deadline(
    page: Page, live_server, besancon, sign_in, check_accessibility, tmp_path
):
    sign_in(staff_of(besancon.site, role=Role.MANAGER))
    page.goto(f"{live_server.url}/echeances/")
    check_accessibility()
    row = page.get_by_role("row").filter(has_text="Fournir une attestation d’assurance").first
    expect(row).to_contain_text("en retard")
    row.get_by_role("link", name="Remplir").click()
    check_accessibility()
    page.get_by_role("link", name="Déposer l’attestation d’assurance").click()
    check_accessibility()
    program = tmp_path / "attestation.pdf"
    program.write_bytes(papers.PROGRAM)
    page.get_by_label("Fichier").set_input_files(program)
    page.get_by_label("Intitulé").fill("Attestation 2025")
    page.get_by_role("button", name="Déposer").click()
    expect(page.get_by_text("Malgré son nom, ce fichier est un programme Windows").first).to_be_visible()
    expect(page.get_by_label("Intitulé")).to_have_value("Attestation 2025")
    program.write_bytes(papers.PDF)
    page.get_by_label("Fichier").set_input_files(program)
    page.get_by_role("button", name="Déposer").click()
    expect(page.get_by_label("Document")).to_contain_text("Attestation 2025")
    page.get_by_role("button", name="L’échéance est remplie").click()
    expect(page.get_by_role("status").filter(has_text="Échéance remplie")).to_be_visible()
    check_accessibility()
    page.goto(f"{live_server.url}/documents/")
    check_accessibility()
    with page.expect_download() as download:
        page.get_by_role("link", name="Attestation 2025").click()
    assert download.value.suggested_filename == "attestation.pdf"
    assert download.value.path().read_bytes() == papers.PDF
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/echeances/", "/echeances/suivre/", "/documents/"):
        page.goto(f"{live_server.url}{address}")
        check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_agent_reads_what_her_caisse_owes(page: Page, live_server, besancon, sign_in, check_accessibility):
    sign_in(besancon.agent)
    page.get_by_role("link", name="Obligations de ma caisse").first.click()
    expect(page.get_by_role("heading", name="Obligations de ma caisse")).to_be_visible()
    check_accessibility()
