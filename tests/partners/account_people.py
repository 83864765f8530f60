"""The people of one CCAS, a caisse of its own and one that it shares with another CCAS."""

import re

from django.core import mail
from django.urls import reverse

from partners.accounts.services import Belonging, invite
from partners.accounts.states import state_of
from partners.models import Role, Site, User
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory, UserFactory, agent_of, staff_of


class People:
    """Planoise and Battant of one CCAS, another CCAS; a caisse that works here only, and one that works at both."""

    def __init__(self) -> None:
        self.site = SiteFactory(name="Espace de Planoise", short_name="Planoise")
        self.second = SiteFactory(name="Espace de Battant", short_name="Battant", ccas=self.site.ccas)
        self.elsewhere = SiteFactory(name="Espace d’ailleurs", short_name="Ailleurs")
        self.caisse, self.shared = PartnerFactory(short_name="CPAM"), PartnerFactory(short_name="CAF")
        self.over = PartnerFactory(short_name="MSA")
        ConventionFactory(site=self.site, partner=self.caisse)
        for site in (self.site, self.elsewhere):
            ConventionFactory(site=site, partner=self.shared)
        ConventionFactory(site=self.site, partner=self.over, starts_on="2019-01-01", ends_on="2021-12-31")
        self.administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=self.site.ccas, last_name="Administratrice")
        self.manager = UserFactory(role=Role.MANAGER, ccas=self.site.ccas, last_name="Responsable")
        self.clerk = staff_of(self.site, first_name="Nadia", last_name="Accueil", email="nadia@exemple.fr")
        self.worker = staff_of(self.site, role=Role.SOCIAL_WORKER, last_name="Sociale")
        self.agent, self.shared_agent = agent_of(self.caisse, last_name="Agent"), agent_of(self.shared)
        self.over_agent = agent_of(self.over)
        self.stranger = staff_of(self.elsewhere, last_name="Étranger")

    def invited(self, *, by: User | None = None, role: Role = Role.RECEPTION, **fields) -> tuple[User, str]:
        """Somebody who has not come in yet, and the secret of her link."""
        sites: tuple[Site, ...] = fields.pop("sites", (self.site,) if role == Role.RECEPTION else ())
        invitation, token = invite(
            email=fields.pop("email", "nouvelle@exemple.fr"),
            first_name="Inès",
            last_name="Nouvelle",
            belonging=Belonging(role, sites),
            ccas=None,
            by=by or self.administrator,
        )
        return invitation.user, token


def url(name: str, *arguments: object) -> str:
    return reverse(f"accounts:{name}", args=arguments)


def state(user: User, at) -> str:
    return state_of(User.objects.select_related("invitation").get(pk=user.pk), at=at).value


def link_sent() -> str:
    """The path of the link in the last message."""
    return re.search(r"https?://[^/\s]+(/invitation/\S+)", mail.outbox[-1].body).group(1)
