"""Who may be the same person as the one about to be registered; the desk decides, nothing is merged by itself."""

from datetime import date

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q, QuerySet, Value

from franceservices.db import Folded
from franceservices.text import fold
from partners.models import Ccas

from .models import Visitor

# Of pg_trgm, from 0 to 1: « Amrani Leila » and « Amrany Leïla » are at 0.65, two strangers far below.
SIMILAR_ENOUGH = 0.3


def likely_duplicates(
    *,
    ccas: Ccas,
    last_name: str,
    first_name: str = "",
    birth_date: date | None = None,
    phone: str = "",
) -> QuerySet[Visitor]:
    """The people of `ccas` with this name (accents, case and order aside), this phone, or this birth date and a
    similar name; `phone` in E.164 form.
    """
    name = f"{last_name} {first_name}"
    clause = Q(folded_name=Folded(Value(name))) | Q(folded_name=Folded(Value(f"{first_name} {last_name}")))
    if phone:
        clause |= Q(phone=phone)
    if birth_date:
        clause |= Q(birth_date=birth_date, similarity__gte=SIMILAR_ENOUGH)
    return (
        Visitor.objects.filter(ccas=ccas)
        .annotate(similarity=TrigramSimilarity("folded_name", fold(name)))
        .filter(clause)
    )
