"""A key instead of a password, with the browser's own virtual authenticator and the strict content policy."""

from playwright.sync_api import Page, expect

from tests.factories import PASSWORD


def with_a_virtual_key(page: Page) -> None:
    """A key that is plugged in and answers at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_key_opens_the_account_without_a_password(page: Page, live_server, besancon, check_accessibility):
    # A key needs a name, not an address: browsers trust localhost without TLS.
    server = live_server.url.replace("127.0.0.1", "localhost")
    page.set_default_timeout(10_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    with_a_virtual_key(page)
    page.goto(f"{server}/connexion/")
    check_accessibility()
    page.get_by_label("Courriel").fill(besancon.receptionist.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    page.goto(f"{server}/compte/double-authentification/")
    check_accessibility()
    page.get_by_role("link", name="Ajouter une clé").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est vous")
    check_accessibility()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    check_accessibility()
    page.get_by_label("Nom de la clé").fill("Ordinateur de l’accueil")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Codes de secours")
    check_accessibility()
    page.goto(f"{server}/compte/double-authentification/cles/")
    expect(page.get_by_role("rowheader", name="Ordinateur de l’accueil")).to_be_visible()

    page.context.clear_cookies()
    page.goto(f"{server}/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url(f"{server}/aujourdhui/")
    assert faults == []
