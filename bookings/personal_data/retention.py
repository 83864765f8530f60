"""Who is past the term: how long each space keeps, when the last contact was, and what keeps a person nevertheless."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from bookings.models import EliminationLine, RetentionRule, Visitor
from bookings.models.retention_rule import DEFAULT_MONTHS
from franceservices.dates import add_months, day_bounds
from franceservices.errors import DomainError
from partners.models import Ccas, Site, User

from .holders import Contact, Hindrance, holders


@dataclass(frozen=True)
class SiteTerm:
    """What a space keeps: `months` after the last contact; who had none since the civil date `before` is past it."""

    site: Site
    months: int
    before: date
    rule: RetentionRule | None = None

    @property
    def moment(self) -> datetime:
        """The first moment of `before` at the space."""
        return day_bounds(self.before, self.site.zone)[0]

    def kept(self) -> dict[str, object]:
        """As a list keeps it."""
        return {"site": self.site.short_name, "months": self.months, "before": self.before.isoformat()}


@transaction.atomic
def choose_months(*, site: Site, months: int, by: User) -> RetentionRule:
    """Keep the data of people `months` after their last contact with `site`.

    Raises DomainError beyond the bounds, Site.DoesNotExist outside the perimeter of `by`.
    """
    site = Site.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=site.pk)
    rule = RetentionRule.objects.filter(site=site).first() or RetentionRule(site=site)
    rule.months, rule.changed_at, rule.changed_by = months, timezone.now(), by
    try:
        rule.full_clean()
    except ValidationError as error:
        raise DomainError(error.messages[0]) from error
    rule.save()
    return rule


def terms_of(ccas: Ccas) -> list[SiteTerm]:
    """The term of each space of the CCAS today, in the order of their names; one query."""
    terms = []
    for site in Site.objects.filter(ccas=ccas).select_related("retention_rule").order_by("short_name", "pk"):
        rule = getattr(site, "retention_rule", None)
        months = rule.months if rule else DEFAULT_MONTHS
        terms.append(SiteTerm(site, months, add_months(site.today(), -months), rule))
    return terms


def zone_of(ccas: Ccas) -> ZoneInfo:
    """The zone in which the CCAS dates its papers: that of its first space."""
    site = Site.objects.filter(ccas=ccas).order_by("pk").first()
    return site.zone if site else timezone.get_default_timezone()


def _contacts() -> Iterable[Contact]:
    return (contact for holder in holders() for contact in holder.contacts)


def _hindrances() -> Iterable[Hindrance]:
    return (hindrance for holder in holders() for hindrance in holder.hindrances)


def past_the_term(ccas: Ccas, terms: Collection[SiteTerm]) -> QuerySet[Visitor]:
    """The people of `ccas` without any contact since the term of the space where it was, and whom nothing keeps.

    A card belongs to no space: its making and its corrections count with the longest term of the CCAS. Who stands in an
    open list already is left out.
    """
    longest = min(term.moment for term in terms)
    found = Visitor.objects.current().filter(
        Q(corrected_at=None) | Q(corrected_at__lt=longest), ccas=ccas, created_at__lt=longest
    )
    for contact in _contacts():
        since = Q()
        for term in terms:
            since |= Q(**{contact.site: term.site.pk, f"{contact.moment}__gte": term.moment})
        found = found.exclude(Exists(contact.rows().filter(since, **{contact.visitor: OuterRef("pk")})))
    return without_hindrance(found).exclude(Exists(_in_open_lists()))


def without_hindrance(people: QuerySet[Visitor]) -> QuerySet[Visitor]:
    """Those of `people` whom nothing keeps."""
    for hindrance in _hindrances():
        people = people.exclude(Exists(_rows_of(hindrance)))
    return people


def _rows_of(hindrance: Hindrance) -> QuerySet:
    return hindrance.rows().order_by().filter(**{hindrance.visitor: OuterRef("pk")})


def _in_open_lists() -> QuerySet:
    return EliminationLine.objects.filter(
        visitor=OuterRef("pk"), kept_because="", list__withdrawn_at=None, list__finished_at=None
    )


def is_in_open_list(visitor: Visitor) -> bool:
    """Whether a list that is not over names this person."""
    return Visitor.objects.filter(Exists(_in_open_lists()), pk=visitor.pk).exists()


def hindrances_of(visitor: Visitor) -> list[str]:
    """Why this person may not be forgotten now, in French; none when she may."""
    return [
        hindrance.reason
        for hindrance in _hindrances()
        if hindrance.rows().filter(**{hindrance.visitor: visitor.pk}).exists()
    ]


def last_contacts(people: Iterable[Visitor]) -> dict[int, datetime]:
    """The moment of the last contact of each, by the number of the card; one query for each kind of contact.

    With no other, it is when the card was made or corrected.
    """
    people = list(people)
    latest = {person.pk: max(filter(None, [person.created_at, person.corrected_at])) for person in people}
    for contact in _contacts():
        rows = contact.rows().order_by().filter(**{f"{contact.visitor}__in": list(latest)})
        moments = rows.values_list(contact.visitor).annotate(moment=Max(F(contact.moment)))
        for card, moment in moments:
            if moment is not None:
                latest[card] = max(latest[card], moment)
    return latest
