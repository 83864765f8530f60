"""Besançon's convention with the CPAM as rows, beside another CCAS that may see nothing of it."""

import datetime as dt
from decimal import Decimal

from conventions.models import Article, Audience, Convention, Deliberation, FeeTerms
from partners.models import Role
from tests.factories import (
    CcasFactory,
    ConventionFactory,
    FeeTermsFactory,
    OfficeFactory,
    OpeningHoursFactory,
    PartnerFactory,
    SiteFactory,
    UserFactory,
    slot_of,
)


class Scene:
    """The agreement of 2025 to 2028: office 27, five slots, 1 254 €, a deliberation that announced 1 564 €."""

    def __init__(self) -> None:
        self.ccas = CcasFactory(name="CCAS de la Ville de Besançon", short_name="CCAS de Besançon", city="Besançon")
        self.site = SiteFactory(
            ccas=self.ccas, name="Espace France Services de Planoise", short_name="Planoise", slug="planoise"
        )
        for weekday in range(1, 6):
            opens_at = dt.time(10, 0) if weekday == 2 else dt.time(8, 30)
            OpeningHoursFactory(site=self.site, weekday=weekday, start_time=opens_at)
            OpeningHoursFactory(site=self.site, weekday=weekday, start_time=dt.time(13, 30), end_time=dt.time(17, 0))
        self.partner = PartnerFactory(name="CPAM du Doubs", short_name="CPAM")
        self.office = OfficeFactory(site=self.site, label="27", area_m2=Decimal("15.64"))
        self.deliberation = Deliberation.objects.create(
            ccas=self.ccas,
            session_on=dt.date(2025, 2, 19),
            number="question n° 9",
            subject="Convention avec la CPAM",
            members_in_office=17,
            is_unanimous=True,
            published_on=dt.date(2025, 2, 24),
            transmitted_on=dt.date(2025, 2, 24),
        )
        self.convention = ConventionFactory(
            site=self.site,
            partner=self.partner,
            reference="besancon-cpam-2025",
            title="Convention avec la CPAM du Doubs",
            starts_on=dt.date(2025, 4, 1),
            ends_on=dt.date(2028, 3, 31),
            notice_months=3,
            deliberation=self.deliberation,
            signed_at="Besançon",
            ccas_signatory_name="Sylvie WANLIN",
            partner_signatory_name="Fabienne JACQUEMARD",
        )
        self.early = self.slot(2, "08:30", "10:00", audience=Audience.SOCIAL_WORKERS)
        self.tuesday_morning = self.slot(2, "10:00", "12:30")
        self.tuesday_afternoon = self.slot(2, "13:30", "16:30")
        self.thursday_morning = self.slot(4, "08:30", "12:30")
        self.thursday_afternoon = self.slot(4, "13:30", "16:30")
        self.fee: FeeTerms = FeeTermsFactory(convention=self.convention, deliberated_amount=Decimal("1564.00"))
        self.administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=self.ccas)

    def slot(self, weekday: int, start: str, end: str, **fields):
        return slot_of(self.convention, weekday, start, end, office=self.office, **fields)

    def article(self, body: str, *, position: int = 1, title: str = "Objet") -> Article:
        return Article.objects.create(
            convention=self.convention, position=position, number=str(position), title=title, body=body
        )

    def elsewhere(self) -> Convention:
        """A convention of another CCAS, at Montsinéry."""
        site = SiteFactory(cayenne=True, name="Point numérique de Montsinéry", short_name="Montsinéry")
        return ConventionFactory(site=site, partner=PartnerFactory(name="CGSS de la Guyane", short_name="CGSS"))
