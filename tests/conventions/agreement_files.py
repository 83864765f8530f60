"""Agreements for the tests of loading and dumping: a small file to bend, and the proof that nothing was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.serializers import serialize
from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext

from bookings.models import Permanence
from conventions.models import (
    Article,
    Convention,
    Deliberation,
    FeeTerms,
    Obligation,
    OfficeAllocation,
    PermanenceSlot,
)
from partners.models import Ccas, Contact, Office, OpeningHours, Partner, Site

MODELS = [
    *(Ccas, Site, OpeningHours, Office, Partner, Contact),
    *(Convention, Deliberation, OfficeAllocation, PermanenceSlot, FeeTerms, Obligation, Article),
    Permanence,
]

SMALL = """\
[convention]
reference = "essai-2026"
title = "Convention d’essai"
starts_on = 2026-01-01
ends_on = 2028-12-31
notice_months = 3

[ccas]
name = "CCAS d’Essai"
short_name = "CCAS"
siren = "262500564"
insee_code = "25056"
city = "Besançon"

[site]
slug = "essai"
name = "Espace d’essai"
short_name = "Essai"
city = "Besançon"
insee_code = "25056"

[[site.opening_hours]]
weekday = "lundi"
start_time = "08:30"
end_time = "12:30"
starts_on = 2026-01-01

[partner]
slug = "caisse"
name = "Caisse d’essai"
short_name = "Caisse"

[[partner.contacts]]
name = "Accueil"
phone = "03 81 41 21 21"

[deliberation]
session_on = 2025-11-05
number = "n° 1"
subject = "Convention d’essai"
transmission_id = "025-262500564-20251105-D1-DE"

[[offices]]
label = "12"
area_m2 = "12.40"

[[slots]]
office = "12"
weekday = "lundi"
start_time = "08:30"
end_time = "10:00"
audience = "travailleurs sociaux"

[[slots]]
office = "12"
weekday = "lundi"
start_time = "10:00"
end_time = "12:30"

[[slots]]
office = "12"
weekday = "jeudi"
start_time = "13:30"
end_time = "16:30"

[fee]
annual_amount = "627.00"
rate_per_m2 = "209.00"

[[obligations]]
kind = "relevé mensuel"
label = "Transmettre le nombre de rendez-vous"
owed_by = "partenaire"
frequency = "chaque mois"
article_number = "2"

[[articles]]
number = "1"
title = "Objet"
body = "Permanences de {partenaire_court} dans le {bureau}."

[[articles]]
number = "2"
title = "Suivi"
body = \"\"\"
Chaque mois :

- les rendez-vous,
- les absences.
\"\"\"
"""


def edited(*changes: tuple[str, str], text: str = SMALL) -> str:
    """`text` with each `(old, new)` replaced once; the old must be there."""
    for old, new in changes:
        assert old in text, f"{old!r} n’est pas dans le fichier d’essai"
        text = text.replace(old, new, 1)
    return text


def written(folder: Path, text: str, name: str = "convention.toml") -> str:
    """The path of a file in `folder` that holds `text`."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def rows() -> str:
    """Every row that an agreement could touch, as text."""
    return "\n".join(serialize("json", model.objects.order_by("pk")) for model in MODELS)


@contextmanager
def nothing_written() -> Iterator[None]:
    """No INSERT, UPDATE or DELETE within, and every row as before."""
    before = rows()
    reset_queries()
    with CaptureQueriesContext(connection) as queries:
        yield
    writes = [query["sql"] for query in queries if query["sql"].lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []
    assert rows() == before


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written within is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
