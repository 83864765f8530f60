"""What the booking page chooses among: the parts of its address, reasons, free times, people."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from django.db.models import Case, Exists, OuterRef, Prefetch, QuerySet, Value, When
from django.http import QueryDict
from django.urls import reverse

from bookings.forms import guess_identity, searchable
from bookings.free_times import FreeTime
from bookings.models import Permanence, Reason, Visitor
from conventions.models import Convention
from franceservices.text import fold
from partners.models import Partner, Site, User

PEOPLE_SHOWN = 8
SHORTEST_SEARCH = 2
LONGEST_PARAMETER = 100


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
    def given(self) -> dict[str, str]:
        """The choices that are made, by the name of their parameter."""
        chosen = {known.name: getattr(self, known.name) for known in fields(self)}
        return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True, slots=True)
class Offer:
    """A free time as a line or a tile shows it, and where it leads."""

    time: FreeTime
    url: str

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


def reasons_at(site: Site, user: User) -> QuerySet[Reason]:
    """The reasons that `user` may book for a partner of `site`: one with a convention or a permanence to come there.

    Each carries `takers`, those partners, and `has_dates`, whether a permanence is planned for its audience.
    """
    today = site.today()
    upcoming = Permanence.objects.bookable().filter(site=site, day__gte=today)
    partners = Partner.objects.filter(
        Exists(Convention.objects.filter(partner=OuterRef("pk"), site=site, ends_on__gte=today))
        | Exists(upcoming.filter(partner=OuterRef("pk")))
    )
    return (
        Reason.objects.bookable_by(user)
        .filter(Exists(partners.filter(reasons=OuterRef("pk"))))
        .annotate(
            has_dates=Exists(upcoming.filter(audience=OuterRef("audience"), partner__reasons=OuterRef("pk"))),
        )
        .prefetch_related(Prefetch("partners", queryset=partners, to_attr="takers"))
    )


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
    """The first of `visitors` that answer to `words`, names that begin so first; two characters at least."""
    if len(words) < SHORTEST_SEARCH:
        return People(words=words)
    begins_so = Case(When(folded_name__startswith=fold(words), then=Value(0)), default=Value(1))
    found = list(visitors.matching(searchable(words)).order_by(begins_so, "folded_name", "pk")[: PEOPLE_SHOWN + 1])
    return People(
        found=found[:PEOPLE_SHOWN], words=words, has_more=len(found) > PEOPLE_SHOWN, creation_chosen=not found
    )
