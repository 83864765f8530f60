"""What the texts of a convention say once their placeholders are replaced by what its rows hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from franceservices.dates import WEEKDAYS, format_date_long, join_fr
from franceservices.money import NO_BREAK_SPACE, format_area, format_euros
from partners.models import OpeningHours

from .deadlines import term_in_months
from .facts import ConventionFacts, read_facts
from .models import Article, Audience, Convention
from .placeholders import fill, unknown_placeholders, used_placeholders
from .text_blocks import TextBlock, text_blocks
from .weekly_table import time_span, weekly_lines


@dataclass(frozen=True)
class FilledArticle:
    """One article as it is read and printed; `missing` names the facts that its text asks for in vain."""

    number: str
    title: str
    blocks: tuple[TextBlock, ...]
    missing: tuple[str, ...]


def placeholder_values(convention: Convention) -> dict[str, str]:
    """A text for every placeholder; a fact that the rows do not hold gives a mark in square brackets, never nothing.

    A convention that is printed with a gap must show it: « [à compléter : surface du bureau] ».
    """
    return placeholder_values_of(read_facts(convention))


def placeholder_values_of(facts: ConventionFacts) -> dict[str, str]:
    """The same, of rows that are already read."""
    return {name: value or _to_complete(name) for name, value in _values(facts).items()}


def filled_articles(convention: Convention) -> list[FilledArticle]:
    """The articles of `convention` in their order, placeholders replaced."""
    return filled_articles_of(read_facts(convention))


def filled_articles_of(facts: ConventionFacts) -> list[FilledArticle]:
    """The same, of rows that are already read; one query more."""
    values = _values(facts)
    shown = {name: value or _to_complete(name) for name, value in values.items()}
    return [_filled(article, values, shown) for article in Article.objects.filter(convention=facts.convention)]


def term_sentence(convention: Convention) -> str:
    """How long the term is: `3 ans`, `18 mois`, `2 ans et 6 mois`, `45 jours`; days only where months do not fit."""
    months, days = term_in_months(convention.starts_on, convention.ends_on)
    years, rest = divmod(months, 12)
    parts = []
    if years:
        parts.append(f"{years}{NO_BREAK_SPACE}{'ans' if years > 1 else 'an'}")
    if rest:
        parts.append(f"{rest}{NO_BREAK_SPACE}mois")
    if days:
        parts.append(f"{days}{NO_BREAK_SPACE}{'jours' if days > 1 else 'jour'}")
    return join_fr(parts)


def opening_lines(opening_hours: Iterable[OpeningHours]) -> list[str]:
    """`Le lundi de 8h30 à 12h30 et de 13h30 à 17h00`, one line a day on which the space opens."""
    spans: dict[int, list[str]] = {}
    for hours in sorted(opening_hours, key=lambda hours: (hours.weekday, hours.start_time)):
        spans.setdefault(hours.weekday, []).append(time_span(hours.start_time, hours.end_time))
    return [f"Le {WEEKDAYS[weekday]} {join_fr(of_day)}" for weekday, of_day in spans.items()]


# What the mark of a missing fact says. Every placeholder that can be empty is here.
_NAMES_OF_FACTS = {
    "montant_annuel": "montant annuel",
    "tarif_m2": "tarif au m²",
    "bureau": "bureau mis à disposition",
    "numero_bureau": "numéro du bureau",
    "surface": "surface du bureau",
    "grille_usagers": "créneaux ouverts aux usagers",
    "grille_travailleurs_sociaux": "créneaux des travailleurs sociaux",
    "horaires_ouverture": "horaires d’ouverture",
    "preavis": "préavis",
}


def _to_complete(name: str) -> str:
    return f"[à compléter{NO_BREAK_SPACE}: {_NAMES_OF_FACTS.get(name, name)}]"


def _values(facts: ConventionFacts) -> dict[str, str]:
    """A value for every name of `placeholders.PLACEHOLDERS`; empty where the rows hold none."""
    convention, terms = facts.convention, facts.fee_terms
    areas = [office.area_m2 for office in facts.offices]
    notice = convention.notice_months
    return {
        "montant_annuel": format_euros(terms.annual_amount) if terms else "",
        "tarif_m2": format_euros(terms.rate_per_m2) if terms and terms.rate_per_m2 is not None else "",
        "bureau": join_fr([office.full_label for office in facts.offices]),
        "numero_bureau": join_fr([office.label for office in facts.offices]),
        "surface": "" if None in areas else join_fr([format_area(area) for area in areas]),
        "grille_usagers": _grid(facts, Audience.PUBLIC),
        "grille_travailleurs_sociaux": _grid(facts, Audience.SOCIAL_WORKERS),
        "horaires_ouverture": _as_list(opening_lines(facts.opening_hours)),
        "duree": term_sentence(convention),
        "debut": format_date_long(convention.starts_on),
        "terme": format_date_long(convention.ends_on),
        "preavis": "" if notice is None else f"{notice}{NO_BREAK_SPACE}mois",
        "ccas": convention.ccas.name,
        "partenaire": convention.partner.name,
        "partenaire_court": convention.partner.short_name,
        "espace": convention.site.name,
    }


def _grid(facts: ConventionFacts, audience: Audience) -> str:
    """The lines of one audience over the whole term: an article is agreed for all of it, not for the day of a print."""
    return _as_list(
        weekly_lines(facts.slots, convention=facts.convention, audience=audience, names_office=len(facts.offices) > 1)
    )


def _as_list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _filled(article: Article, values: dict[str, str], shown: dict[str, str]) -> FilledArticle:
    # Texts are checked when they are written; one that came another way shows its unknown names instead of failing.
    unknown = {name: f"{{{name}}}" for name in unknown_placeholders(article.body)}
    return FilledArticle(
        number=article.number,
        title=article.title,
        blocks=tuple(text_blocks(fill(article.body, shown | unknown))),
        missing=tuple(
            _NAMES_OF_FACTS.get(name, name)
            for name in used_placeholders(article.body)
            if not values.get(name) and name not in unknown
        ),
    )
