"""What the application needs from PostgreSQL beyond Django's own fields.

Constraints guarantee the rules; this module turns the violation of a named one into a domain error with the sentence
that the constraint itself declares, once for all services.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Cast


class DateRangeInclusive(models.Func):
    """`daterange(starts_on, ends_on, '[]')`: civil dates, both ends included; no end means no limit."""

    function = "DATERANGE"
    template = "%(function)s(%(expressions)s, '[]')"

    def __init__(self, starts_on: str = "starts_on", ends_on: str = "ends_on") -> None:
        super().__init__(
            Cast(models.F(starts_on), models.DateField()),
            Cast(models.F(ends_on), models.DateField()),
        )


class _OnReferenceDay(models.Func):
    """A civil time laid on one fixed day, since PostgreSQL has no range type for times."""

    template = "(DATE '2000-01-01' + %(expressions)s)"

    def __init__(self, expression: models.Expression | models.F) -> None:
        super().__init__(Cast(expression, models.TimeField()))


class TimeRange(models.Func):
    """The half-open span `[start_time, end_time)` of civil times within one day, as a `tsrange`."""

    function = "TSRANGE"

    def __init__(self, start_time: str = "start_time", end_time: str = "end_time") -> None:
        super().__init__(_OnReferenceDay(models.F(start_time)), _OnReferenceDay(models.F(end_time)))


class Folded(models.Func):
    """Text without accents, in lower case: what searches compare and lists of names sort by.

    The SQL function is made by the first migration of `partners`; it is immutable, so that it can be indexed.
    """

    function = "franceservices_fold"
    output_field = models.TextField()
    arity = 1


class Joined(models.Func):
    """Texts that are never null, with a space between: unlike `Concat`, of any mix of text fields."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()


class SortedWords(models.Func):
    """The words of a text in alphabetical order: two names typed in either order give the same.

    The SQL function is made by a migration of `bookings`; it is immutable, so that it can be indexed.
    """

    function = "franceservices_sorted_words"
    output_field = models.TextField()
    arity = 1


class EpochSeconds(models.Func):
    """A moment as seconds since 1970-01-01 UTC: by the hundred, moments are read far faster as numbers than as text."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision"
    output_field = models.FloatField()
    arity = 1


def who_and_when(step: str) -> models.Q:
    """The condition that the two stamps of `step`, its `_at` and its `_by`, are both set or both null."""
    at, by = f"{step}_at", f"{step}_by"
    return models.Q(**{at: None, by: None}) | models.Q(**{f"{at}__isnull": False, f"{by}__isnull": False})


def violated_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint that `error` reports, or None when PostgreSQL names none."""
    diagnostic = getattr(error.__cause__, "diag", None)
    return getattr(diagnostic, "constraint_name", None)


@contextmanager
def translate_violations(errors: Mapping[str, Exception], *, savepoint: bool = True) -> Iterator[None]:
    """Run the block in a savepoint; raise `errors[name]` when the constraint of that name is violated.

    Violations of other constraints pass unchanged: they are faults of the program, not of the person. Without
    `savepoint`, two round trips fewer, the transaction under way is lost with the error, which must then leave it.
    """
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
    except IntegrityError as error:
        translated = errors.get(violated_constraint(error) or "")
        if translated is None:
            raise
        raise translated from error
