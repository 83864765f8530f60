"""Rows for tests, made by the real models against the real database. Import the factory of what the test is about."""

import datetime as dt
from decimal import Decimal
from functools import cache

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from bookings.models import DeskReason, Reason, Visitor
from conventions.models import Article, Audience, Convention, FeeTerms, OfficeAllocation, PermanenceSlot
from partners.models import Ccas, Closure, Office, OpeningHours, Partner, Role, Site, User

PASSWORD = "un-mot-de-passe-long"


@cache
def hashed_password() -> str:
    """`PASSWORD`, hashed once for all accounts: the hash is slow on purpose."""
    return make_password(PASSWORD)


class CcasFactory(DjangoModelFactory):
    class Meta:
        model = Ccas

    name = factory.Sequence(lambda n: f"Centre communal d’action sociale de la Ville {n}")
    short_name = factory.Sequence(lambda n: f"CCAS {n}")
    insee_code = "25056"
    city = "Besançon"


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = Site

    ccas = factory.SubFactory(CcasFactory)
    name = factory.Sequence(lambda n: f"Espace France Services {n}")
    short_name = factory.Sequence(lambda n: f"Espace {n}")
    slug = factory.Sequence(lambda n: f"espace-{n}")
    city = "Besançon"
    insee_code = "25056"

    class Params:
        cayenne = factory.Trait(
            time_zone="America/Cayenne", holiday_calendar="973", insee_code="97313", city="Montsinéry-Tonnégrande"
        )


class OpeningHoursFactory(DjangoModelFactory):
    class Meta:
        model = OpeningHours

    site = factory.SubFactory(SiteFactory)
    weekday = 1
    start_time = dt.time(8, 30)
    end_time = dt.time(12, 30)
    starts_on = dt.date(2020, 1, 1)


class ClosureFactory(DjangoModelFactory):
    class Meta:
        model = Closure

    site = factory.SubFactory(SiteFactory)
    starts_on = dt.date(2026, 8, 3)
    ends_on = dt.date(2026, 8, 7)
    reason = "Fermeture annuelle"


class OfficeFactory(DjangoModelFactory):
    class Meta:
        model = Office

    site = factory.SubFactory(SiteFactory)
    label = factory.Sequence(lambda n: str(n + 1))
    area_m2 = Decimal("15.64")


class PartnerFactory(DjangoModelFactory):
    class Meta:
        model = Partner

    name = factory.Sequence(lambda n: f"Caisse primaire {n}")
    short_name = factory.Sequence(lambda n: f"CPAM {n}")
    slug = factory.Sequence(lambda n: f"cpam-{n}")
    colour = "bleu"


class UserFactory(DjangoModelFactory):
    """A receptionist at one site unless told otherwise: `UserFactory(role=…, sites=[site])`, or the traits below."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"personne{n}@exemple.fr")
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Durand{n}")
    role = Role.RECEPTION
    ccas = factory.SubFactory(CcasFactory)
    password = factory.LazyFunction(hashed_password)

    class Params:
        agent = factory.Trait(role=Role.PARTNER_AGENT, ccas=None, partner=factory.SubFactory(PartnerFactory))

    @factory.post_generation
    def sites(self, create, extracted, **kwargs):
        if create and extracted:
            self.sites.set(extracted)


def staff_of(site: Site, role: str = Role.RECEPTION, **fields) -> User:
    """A member of staff who works at `site`."""
    return UserFactory(role=role, ccas=site.ccas, sites=[site], **fields)


def agent_of(partner: Partner, **fields) -> User:
    """An agent of `partner`."""
    return UserFactory(agent=True, partner=partner, **fields)


class ConventionFactory(DjangoModelFactory):
    """An agreement over 2026 to 2028, without grid: add slots with `slot_of`."""

    class Meta:
        model = Convention

    site = factory.SubFactory(SiteFactory)
    partner = factory.SubFactory(PartnerFactory)
    reference = factory.Sequence(lambda n: f"convention-{n}")
    title = "Convention de partenariat"
    starts_on = dt.date(2026, 1, 1)
    ends_on = dt.date(2028, 12, 31)


class FeeTermsFactory(DjangoModelFactory):
    class Meta:
        model = FeeTerms

    convention = factory.SubFactory(ConventionFactory)
    annual_amount = Decimal("1254.00")
    rate_per_m2 = Decimal("209.00")


class ArticleFactory(DjangoModelFactory):
    class Meta:
        model = Article

    convention = factory.SubFactory(ConventionFactory)
    position = factory.Sequence(lambda n: n + 1)
    number = factory.Sequence(lambda n: str(n + 1))
    title = "Objet"
    body = "La présente convention."


def slot_of(
    convention: Convention,
    weekday: int,
    start: str,
    end: str,
    *,
    office: Office | None = None,
    audience: str = Audience.PUBLIC,
    **fields,
) -> PermanenceSlot:
    """A slot of `convention`, times written `"08:30"`; its office is made once unless given."""
    allocation = convention.allocations.filter(**({"office": office} if office else {})).first()
    if allocation is None:
        allocation = OfficeAllocation.objects.create(
            convention=convention, office=office or OfficeFactory(site=convention.site)
        )
    return PermanenceSlot.objects.create(
        allocation=allocation,
        weekday=weekday,
        start_time=dt.time.fromisoformat(start),
        end_time=dt.time.fromisoformat(end),
        audience=audience,
        **fields,
    )


class ReasonFactory(DjangoModelFactory):
    """A reason of 30 minutes; `ReasonFactory(partners=[partner])`."""

    class Meta:
        model = Reason
        skip_postgeneration_save = True

    label = factory.Sequence(lambda n: f"Motif {n}")
    slug = factory.Sequence(lambda n: f"motif-{n}")
    duration_minutes = 30

    @factory.post_generation
    def partners(self, create, extracted, **kwargs):
        if create and extracted:
            self.partners.set(extracted)


class DeskReasonFactory(DjangoModelFactory):
    """A button of the counter of walk-ins."""

    class Meta:
        model = DeskReason

    label = factory.Sequence(lambda n: f"Motif de passage {n}")
    slug = factory.Sequence(lambda n: f"passage-{n}")
    position = factory.Sequence(lambda n: n + 1)


class VisitorFactory(DjangoModelFactory):
    class Meta:
        model = Visitor

    ccas = factory.SubFactory(CcasFactory)
    last_name = "Amrani"
    first_name = "Leïla"
