"""Figures as an established document keeps them: exact values, with the words that they were printed with.

What is kept is plain JSON; whole numbers stay whole, means and shares are kept as fractions, `"142/17"`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from .changes import change
from .charts import Chart
from .figures import BY_SLUG, Figure
from .units import Value


def kept_value(value: Value) -> int | str | None:
    """An exact value as JSON holds it."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return value


def read_value(kept: int | str | None) -> Value:
    """The value that `kept_value` kept."""
    return Fraction(kept) if isinstance(kept, str) else kept


def kept_figure(figure: Figure, value: Value) -> dict[str, object]:
    """One figure with its name, its sentence and its value; nothing of it is read from elsewhere later."""
    return {
        "slug": figure.slug,
        "label": figure.label,
        "definition": figure.definition,
        "text": figure.unit.short(value),
        "full": figure.unit.full(value),
        "value": kept_value(value),
    }


def values_of(kept: Iterable[Mapping[str, object]]) -> dict[str, Value]:
    """The values of kept figures, by slug."""
    return {figure["slug"]: read_value(figure["value"]) for figure in kept}


def kept_chart(chart: Chart) -> dict[str, object]:
    """A drawing as it is: its shapes, its labels and the table beside it, without the numbers it was made from."""
    kept = asdict(chart)
    kept["legend"] = [{"label": one.label, "fill": one.fill, "is_compared": one.is_compared} for one in chart.legend]
    return kept


@dataclass(frozen=True)
class Gap:
    """A figure that is no longer what it was; all as text, `difference` with its sign."""

    slug: str
    label: str
    before: str
    after: str
    difference: str


def gaps(before: Sequence[Mapping[str, object]], after: Sequence[Mapping[str, object]]) -> list[Gap]:
    """What differs between two lists of kept figures, in the order of the first; those of one alone at the end."""
    new = {figure["slug"]: figure for figure in after}
    old = {figure["slug"]: figure for figure in before}
    found = []
    for slug in [*old, *(slug for slug in new if slug not in old)]:
        was, now = old.get(slug), new.get(slug)
        if was and now and was["text"] == now["text"]:  # What differs by less than what is printed is the same.
            continue
        found.append(
            Gap(
                slug=slug,
                label=(now or was)["label"],
                before=was["text"] if was else "–",
                after=now["text"] if now else "–",
                difference=_difference(slug, was, now),
            )
        )
    return found


def _difference(slug: str, was: Mapping[str, object] | None, now: Mapping[str, object] | None) -> str:
    """`+2 (+4 %)`; nothing where one of the two says nothing, or the figure is no longer one of the house."""
    if not was or not now or slug not in BY_SLUG:
        return ""
    found = change(read_value(now["value"]), read_value(was["value"]), BY_SLUG[slug].unit)
    return found.difference if found else ""


def kept_gap(gap: Gap) -> dict[str, str]:
    return asdict(gap)


def digest(*kept: object) -> str:
    """The same for the same figures, another for others: what a person saw is what she confirms."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:32]
