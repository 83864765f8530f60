"""The accounts of the demonstration: fictional people, one for each role. They exist only where `DEMO` is set."""

from dataclasses import dataclass

from .models import Role

DEMO_PASSWORD = "guichet-demo-2026"


@dataclass(frozen=True)
class DemoAccount:
    """One account: `site_slug` names its desk (and so its CCAS), `partner_slug` its caisse."""

    email: str
    first_name: str
    last_name: str
    role: Role
    site_slug: str = ""
    partner_slug: str = ""
    password: str = DEMO_PASSWORD

    @property
    def role_label(self) -> str:
        return Role(self.role).label


DEMO_ACCOUNTS = [
    DemoAccount(
        "accueil@planoise.example",
        "Nadia",
        "Roussel",
        Role.RECEPTION,
        site_slug="planoise",
    ),
    DemoAccount(
        "social@planoise.example",
        "Claire",
        "Monnier",
        Role.SOCIAL_WORKER,
        site_slug="planoise",
    ),
    DemoAccount(
        "responsable@planoise.example",
        "Marc",
        "Tissot",
        Role.MANAGER,
        site_slug="planoise",
    ),
    DemoAccount(
        "admin@planoise.example",
        "Hélène",
        "Vuillemin",
        Role.ADMINISTRATOR,
        site_slug="planoise",
    ),
    DemoAccount(
        "agent@cpam.example",
        "Sophie",
        "Lambert",
        Role.PARTNER_AGENT,
        partner_slug="cpam-doubs",
    ),
    DemoAccount(
        "accueil@montsinery.example",
        "Josiane",
        "Edwige",
        Role.RECEPTION,
        site_slug="montsinery",
    ),
    DemoAccount(
        "admin@montsinery.example",
        "Rodrigue",
        "Sébastien",
        Role.ADMINISTRATOR,
        site_slug="montsinery",
    ),
    DemoAccount(
        "agent@cgss.example",
        "Maëva",
        "Horth",
        Role.PARTNER_AGENT,
        partner_slug="cgss-guyane",
    ),
]
