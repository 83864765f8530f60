"""Who may be the same person as another card; the desk decides, nothing is merged by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower

from franceservices.db import Folded, SortedWords
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Ccas, User

from .models import Visitor, VisitorDistinction

# Of pg_trgm, from 0 to 1: « Amrani Leila » and « Amrany Leïla » are at 0.65, two strangers far below.
SIMILAR_ENOUGH = 0.3


def likely_duplicates(
    *,
    ccas: Ccas,
    last_name: str,
    first_name: str = "",
    birth_date: date | None = None,
    phone: str = "",
    email: str = "",
    apart_from: Visitor | None = None,
) -> QuerySet[Visitor]:
    """The people of `ccas` with this name (accents, case and order aside), this phone, this e-mail, or this birth date
    and a similar name; `phone` in E.164 form. For a card that exists (`apart_from`), without itself and without those
    that the desk said are other persons.
    """
    name = f"{last_name} {first_name}"
    clause = Q(name_key=SortedWords(Folded(Value(name))))
    if phone:
        clause |= Q(phone=phone)
    if email:
        clause |= Q(lower_email=email.lower())
    if birth_date:
        clause |= Q(birth_date=birth_date, similarity__gte=SIMILAR_ENOUGH)
    found = (
        Visitor.objects.current()
        .filter(ccas=ccas)
        .annotate(similarity=TrigramSimilarity("folded_name", fold(name)), lower_email=Lower("email"))
        .filter(clause)
    )
    if apart_from is None:
        return found
    told_apart = VisitorDistinction.objects.filter(
        Q(a=apart_from, b=OuterRef("pk")) | Q(a=OuterRef("pk"), b=apart_from)
    )
    return found.exclude(pk=apart_from.pk).exclude(Exists(told_apart))


class Likeness(StrEnum):
    """Why two cards may be one person's."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    EMAIL = "email"
    PHONE = "phone"


LIKENESS_IN_WORDS = {
    Likeness.NAME: "même nom",
    Likeness.BIRTH_DATE: "même naissance, nom proche",
    Likeness.EMAIL: "même courriel",
    Likeness.PHONE: "même téléphone",
}

# One pass over the cards of a CCAS: each kind of likeness is a join of the table with itself on an indexed key, never
# a comparison of everybody with everybody. Homonyms born on different days come last: they are rarely one person.
_PAIRS = """
WITH likeness AS (
    SELECT a.id AS a_id, b.id AS b_id, 'name' AS why, 4 AS weight
    FROM bookings_visitor a
    JOIN bookings_visitor b ON b.ccas_id = a.ccas_id AND b.name_key = a.name_key AND b.id > a.id
    WHERE a.ccas_id = %(ccas)s AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL AND a.name_key <> ''
    UNION ALL
    SELECT a.id, b.id, 'phone', 2
    FROM bookings_visitor a
    JOIN bookings_visitor b ON b.ccas_id = a.ccas_id AND b.phone = a.phone AND b.id > a.id
    WHERE a.ccas_id = %(ccas)s AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
      AND a.phone <> '' AND b.phone <> ''
    UNION ALL
    SELECT a.id, b.id, 'email', 3
    FROM bookings_visitor a
    JOIN bookings_visitor b ON b.ccas_id = a.ccas_id AND lower(b.email) = lower(a.email) AND b.id > a.id
    WHERE a.ccas_id = %(ccas)s AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
      AND a.email <> '' AND b.email <> ''
    UNION ALL
    SELECT a.id, b.id, 'birth_date', 3
    FROM bookings_visitor a
    JOIN bookings_visitor b ON b.ccas_id = a.ccas_id AND b.birth_date = a.birth_date AND b.id > a.id
    WHERE a.ccas_id = %(ccas)s AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
      AND a.birth_date IS NOT NULL AND b.birth_date IS NOT NULL
      AND similarity(a.folded_name, b.folded_name) >= %(similar_enough)s
), pair AS (
    SELECT a_id, b_id, array_agg(why) AS reasons, sum(weight) AS weight
    FROM likeness
    WHERE NOT EXISTS (
        SELECT 1 FROM bookings_visitordistinction told WHERE told.a_id = likeness.a_id AND told.b_id = likeness.b_id
    )
    GROUP BY a_id, b_id
)
"""
_LIKELIEST = """
SELECT a_id, b_id, reasons
FROM pair
JOIN bookings_visitor a ON a.id = a_id
JOIN bookings_visitor b ON b.id = b_id
{condition}
ORDER BY pair.weight - CASE WHEN a.birth_date <> b.birth_date THEN 4 ELSE 0 END DESC, a.folded_name, a_id, b_id
LIMIT %(limit)s
"""
_OF_CARDS = "WHERE a_id = ANY(%(matching)s) OR b_id = ANY(%(matching)s)"
MOST_PAIRS = 2_000
"""More than a desk settles in a month; the next ones come up as these are settled."""


@dataclass(frozen=True, slots=True)
class LikelyPair:
    """Two cards, the older first, and why they may be one person's."""

    a: Visitor
    b: Visitor
    likenesses: tuple[Likeness, ...]

    @property
    def reasons(self) -> list[str]:
        return [LIKENESS_IN_WORDS[likeness] for likeness in self.likenesses]

    @property
    def births_differ(self) -> bool:
        """Homonyms born on different days are rarely one person; for two other names the days say nothing."""
        if Likeness.NAME not in self.likenesses:
            return False
        return None not in (self.a.birth_date, self.b.birth_date) and self.a.birth_date != self.b.birth_date


@dataclass
class LikelyPairs:
    """The pairs of cards of a CCAS that may be one person's, likeliest first, MOST_PAIRS at most, for a paginator.

    One query reads the pairs, one the cards of a slice; with `words`, one more finds the cards that answer to them, of
    which a pair must hold one.
    """

    ccas: Ccas
    words: str = ""

    def count(self) -> int:
        return len(self._found[:MOST_PAIRS])

    @property
    def has_more(self) -> bool:
        return len(self._found) > MOST_PAIRS

    def __getitem__(self, wanted: slice) -> Sequence[LikelyPair]:
        rows = self._found[:MOST_PAIRS][wanted]
        cards = Visitor.objects.in_bulk({pk for a, b, _ in rows for pk in (a, b)})
        return [
            LikelyPair(cards[a], cards[b], tuple(likeness for likeness in Likeness if likeness in reasons))
            for a, b, reasons in rows
        ]

    @cached_property
    def _found(self) -> list[tuple[int, int, list[str]]]:
        parameters = {"ccas": self.ccas.pk, "similar_enough": SIMILAR_ENOUGH, "limit": MOST_PAIRS + 1}
        condition = ""
        if self.words:
            matching = Visitor.objects.current().filter(ccas=self.ccas).matching(self.words)
            parameters["matching"] = list(matching.values_list("pk", flat=True))
            condition = _OF_CARDS
        with connection.cursor() as cursor:
            cursor.execute(_PAIRS + _LIKELIEST.format(condition=condition), parameters)
            return cursor.fetchall()


def _in_order(one: Visitor, other: Visitor) -> tuple[Visitor, Visitor]:
    return (one, other) if one.pk < other.pk else (other, one)


@transaction.atomic
def tell_apart(*, one: Visitor, other: Visitor, by: User) -> VisitorDistinction:
    """Remember that two cards are those of two persons; saying it twice is saying it once.

    Raises DomainError for one and the same card, or cards of two CCAS.
    """
    if one.pk == other.pk or one.ccas_id != other.ccas_id:
        raise DomainError("Choisissez deux fiches différentes du même CCAS.")
    a, b = _in_order(one, other)
    distinction, _ = VisitorDistinction.objects.get_or_create(a=a, b=b, defaults={"by": by})
    return distinction


def forget_distinction(*, distinction: VisitorDistinction) -> None:
    """Undo `tell_apart`: the two cards are proposed again."""
    distinction.delete()
