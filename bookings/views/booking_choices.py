"""What the booking page chooses among: the parts of its address, reasons, free times, people."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from django.db.models import Case, Exists, OuterRef, Prefetch, QuerySet, Value, When
from django.http import QueryDict
from django.urls import reverse

from bookings.forms import guess_identity
from bookings.free_times import FreeTime
from bookings.models import Permanence, Reason, Visitor
from conventions.models import Convention
from franceservices.composed_queries import ComposedQuery, Given
from franceservices.text import fold
from partners.models import Partner, Role, Site, User
from partners.visible_queries import VisibleQuery

PEOPLE_SHOWN = 8
SHORTEST_SEARCH = 2
LONGEST_PARAMETER = 100
# What a new card is compared by with those that exist.
COMPARED = ("last_name", "first_name", "birth_date", "phone", "email")

# Stands for the key of a free time while an address is made; no time has it.
_ANY_TIME = "0-00000000T000000"


def parameter(parameters: QueryDict, name: str) -> str:
    """A parameter of the address without what no database takes: at most 100 characters, no NUL."""
    return parameters.get(name, "").replace("\x00", "")[:LONGEST_PARAMETER].strip()


@dataclass(frozen=True, slots=True)
class BookingAddress:
    """What is chosen so far, as it stands in the address of the page."""

    motif: str = ""
    creneau: str = ""
    jour: str = ""
    partenaire: str = ""
    usager: str = ""

    @classmethod
    def of(cls, parameters: QueryDict) -> "BookingAddress":
        return cls(**{known.name: parameter(parameters, known.name) for known in fields(cls)})

    def url(self, **changes: str) -> str:
        """The booking page with these choices and `changes`; an empty value leaves a choice open."""
        return f"{reverse('bookings:book')}?{urlencode(replace(self, **changes).given)}"

    @property
    def around_time(self) -> tuple[str, str]:
        """What stands before and after the key of a free time in the address that chooses it; made once for all."""
        before, after = self.url(creneau=_ANY_TIME).split(_ANY_TIME)
        return before, after

    @property
    def given(self) -> dict[str, str]:
        """The choices that are made, by the name of their parameter."""
        chosen = {known.name: getattr(self, known.name) for known in fields(self)}
        return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True, slots=True)
class Offer:
    """A free time as a line or a tile shows it; `address` are the choices that it is added to, None for a button."""

    time: FreeTime
    address: BookingAddress | None = None

    @property
    def url(self) -> str:
        """Where it leads; made when it is shown, since hundreds are found and few shown."""
        return self.address.url(creneau=self.time.key) if self.address else ""

    @property
    def day(self) -> date:
        return self.time.start.date()


@dataclass(frozen=True, slots=True)
class People:
    """The persons to choose from, and the one that may be created with the words of the search."""

    found: list[Visitor] = field(default_factory=list)
    words: str = ""
    has_more: bool = False
    chosen: Visitor | None = None
    are_duplicates: bool = False
    # Nobody answers to the words exactly; those found are spelt nearly so.
    are_nearest: bool = False
    creation_chosen: bool = False
    # The ids of the likely duplicates that were shown before: the person is none of them.
    seen: tuple[str, ...] = ()

    @property
    def is_too_short(self) -> bool:
        return len(self.words) < SHORTEST_SEARCH

    @property
    def guess(self) -> dict[str, str]:
        return guess_identity(self.words) if self.words else {}

    @property
    def may_create(self) -> bool:
        return not self.is_too_short or self.are_duplicates or self.creation_chosen


def _partners_of(site: Site | Given, today: date | Given) -> QuerySet[Partner]:
    """The partners with a convention or a permanence to come at `site`."""
    return Partner.objects.filter(
        Exists(Convention.objects.filter(partner=OuterRef("pk"), site=site, ends_on__gte=today))
        | Exists(_upcoming(site, today).filter(partner=OuterRef("pk")))
    )


def _upcoming(site: Site | Given, today: date | Given) -> QuerySet[Permanence]:
    return Permanence.objects.bookable().filter(site=site, day__gte=today)


def reasons_at(site: Site, user: User) -> QuerySet[Reason]:
    """The reasons that `user` may book for a partner of `site`: one with a convention or a permanence to come there.

    Each carries `takers`, those partners, and `has_dates`, whether a permanence is planned for its audience.
    """
    today = site.today()
    partners, upcoming = _partners_of(site, today), _upcoming(site, today)
    return (
        Reason.objects.bookable_by(user)
        .filter(Exists(partners.filter(reasons=OuterRef("pk"))))
        .annotate(
            has_dates=Exists(upcoming.filter(audience=OuterRef("audience"), partner__reasons=OuterRef("pk"))),
        )
        .prefetch_related(Prefetch("partners", queryset=partners, to_attr="takers"))
    )


def _reasons_of_addresses(taken: Exists, *, prepared: bool = False) -> dict[bool, ComposedQuery]:
    """The reason of an address, if it is `taken`, by whether the reader may book for social workers."""
    return {
        like.may_book_for_social_workers: ComposedQuery(
            lambda like=like: Reason.objects.bookable_by(like).filter(taken, slug=Given("slug")).order_by("pk")[:1],
            prepared=prepared,
        )
        for like in (User(role=Role.RECEPTION), User(role=Role.SOCIAL_WORKER))
    }


# Each step of a booking asks for its reason again; once a time is chosen, whether that permanence takes it is enough.
_REASON_AT = _reasons_of_addresses(
    Exists(_partners_of(Given("site"), Given("today")).filter(reasons=OuterRef("pk"))),
)
_REASON_IN = _reasons_of_addresses(
    Exists(
        _upcoming(Given("site"), Given("today")).filter(pk=Given("permanence"), partner__reasons=OuterRef("pk")),
    ),
    prepared=True,
)
_TAKERS = ComposedQuery(lambda: _partners_of(Given("site"), Given("today")).filter(reasons=Given("reason")))
_CARD = VisibleQuery(
    lambda user: Visitor.objects.visible_to(user).filter(ccas=Given("ccas"), pk=Given("card")).current(),
    prepared=True,
)


def reason_at(site: Site, user: User, *, slug: str, permanence_id: int | None = None) -> Reason | None:
    """The one of `reasons_at` with this slug, alone; None when there is none.

    `permanence_id` is where it is probably taken, and only makes the answer quicker.
    """
    for_workers, asked = user.may_book_for_social_workers, {"site": site.pk, "today": site.today(), "slug": slug}
    found = []
    if permanence_id is not None:
        found = _REASON_IN[for_workers].instances(**asked, permanence=permanence_id)
    return next(iter(found or _REASON_AT[for_workers].instances(**asked)), None)


def takers_of(reason: Reason, *, site: Site) -> list[Partner]:
    """The partners of `site` that take `reason`."""
    return _TAKERS.instances(site=site.pk, today=site.today(), reason=reason.pk)


def current_card(site: Site, user: User, card_id: int) -> Visitor | None:
    """The person known at `site` by this card; None for one of elsewhere, merged or anonymised."""
    return next(iter(_CARD.instances(user, ccas=site.ccas_id, card=card_id)), None)


def by_day(offers: Iterable[Offer]) -> list[tuple[date, list[list[Offer]]]]:
    """Offers in order of time as days, and within a day as groups of one partner in one office."""
    days = []
    for day, of_day in groupby(offers, key=lambda offer: offer.day):
        groups: dict[tuple[int, int], list[Offer]] = {}
        for offer in of_day:
            permanence = offer.time.permanence
            groups.setdefault((permanence.partner_id, permanence.office_id), []).append(offer)
        days.append((day, list(groups.values())))
    return days


def people_matching(words: str, visitors: QuerySet[Visitor]) -> People:
    """The first of `visitors` that answer to `words`, names that begin so first, or else those spelt nearly so; two
    characters at least.
    """
    if len(words) < SHORTEST_SEARCH:
        return People(words=words)
    begins_so = Case(When(folded_name__startswith=fold(words), then=Value(0)), default=Value(1))
    found = list(visitors.matching(words).order_by(begins_so, "folded_name", "pk")[: PEOPLE_SHOWN + 1])
    nearest = [] if found else list(visitors.resembling(words)[:PEOPLE_SHOWN])
    return People(
        found=found[:PEOPLE_SHOWN] or nearest,
        words=words,
        has_more=len(found) > PEOPLE_SHOWN,
        are_nearest=bool(nearest),
        creation_chosen=not found and not nearest,
    )
