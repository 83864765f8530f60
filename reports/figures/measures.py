"""What is made of the rows that a figure counts, in one pass of PostgreSQL over all figures of a source.

Each measure asks for named aggregates, all filtered to the rows that are counted, and makes an exact value of what
they give: sums of seconds are numbers with decimals, divided as fractions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, DecimalField, F, Func, Q, Sum

from reports.scopes import Scope
from reports.units import Value

Condition = Callable[[Scope], Q]


class Seconds(Func):
    """How long it is from the first moment to the second, in seconds; to the microsecond, without rounding."""

    template = "EXTRACT(EPOCH FROM (%(expressions)s))"
    arg_joiner = " - "
    output_field = DecimalField(max_digits=30, decimal_places=6)

    def __init__(self, since: str, until: str, **extra) -> None:
        super().__init__(F(until), F(since), **extra)


class DaysBetween(Func):
    """How many days it is from the first civil date to the second."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = DecimalField(max_digits=10, decimal_places=0)

    def __init__(self, since: str, until: str, **extra) -> None:
        super().__init__(F(until), F(since), **extra)


class Middles(Aggregate):
    """The two values in the middle, the same one twice if there is one; null values are left aside.

    The second fraction is so near to the first that it leads to another value only where a half falls between two, for
    any number of rows below half a billion. One sort gives both.
    """

    function = "PERCENTILE_DISC"
    template = "%(function)s(ARRAY[0.5, 0.500000001]) WITHIN GROUP (ORDER BY %(expressions)s)"
    name = "Middles"
    output_field = ArrayField(DecimalField(max_digits=30, decimal_places=6))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """`counted` says which rows of the source are counted."""

    counted: Condition
    empty: Value = None

    def aggregates(self, scope: Scope) -> Mapping[str, Aggregate]:
        raise NotImplementedError

    def value(self, found: Mapping[str, object]) -> Value:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Rows(Measure):
    """How many there are."""

    empty: Value = 0

    def aggregates(self, scope):
        return {"count": Count("pk", filter=self.counted(scope))}

    def value(self, found):
        return found["count"]


@dataclass(frozen=True, kw_only=True)
class Total(Measure):
    """The sum of a column of whole numbers."""

    column: str
    empty: Value = 0

    def aggregates(self, scope):
        return {"total": Sum(self.column, filter=self.counted(scope), default=0)}

    def value(self, found):
        return found["total"]


@dataclass(frozen=True, kw_only=True)
class Distinct(Measure):
    """How many different ones a column names; rows where it is empty name none."""

    column: str
    empty: Value = 0

    def aggregates(self, scope):
        return {"distinct": Count(self.column, filter=self.counted(scope), distinct=True)}

    def value(self, found):
        return found["distinct"]


@dataclass(frozen=True, kw_only=True)
class Share(Measure):
    """How many of the counted rows are among `part`, as a fraction of 1; None of no rows."""

    part: Condition

    def aggregates(self, scope):
        counted = self.counted(scope)
        return {"whole": Count("pk", filter=counted), "part": Count("pk", filter=counted & self.part(scope))}

    def value(self, found):
        return Fraction(found["part"], found["whole"]) if found["whole"] else None


@dataclass(frozen=True, kw_only=True)
class Mean(Measure):
    """The mean of an expression that is never null in the counted rows, divided by `per` (60 makes minutes)."""

    of: Func
    per: int = 1

    def aggregates(self, scope):
        counted = self.counted(scope)
        return {"sum": Sum(self.of, filter=counted), "count": Count("pk", filter=counted)}

    def value(self, found):
        return Fraction(found["sum"]) / found["count"] / self.per if found["count"] else None


@dataclass(frozen=True, kw_only=True)
class Median(Measure):
    """The middle value of such an expression, or the mean of the two in the middle, divided by `per`.

    Exact, unlike PERCENTILE_CONT, which computes with floating point.
    """

    of: Func
    per: int = 1

    def aggregates(self, scope):
        return {"middles": Middles(self.of, filter=self.counted(scope))}

    def value(self, found):
        if found["middles"] is None:
            return None
        lower, upper = found["middles"]
        return (Fraction(lower) + Fraction(upper)) / 2 / self.per
