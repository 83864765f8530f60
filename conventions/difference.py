"""What an avenant changes, article by article, in words: from the terms before and after. Pure: no Django.

The text of a convention refers to its facts by placeholders; the article that an avenant changes is the one whose text
holds the placeholder of what changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from franceservices.dates import WEEKDAYS, format_date_long, format_time, join_fr
from franceservices.money import NO_BREAK_SPACE, format_area, format_euros

from .agreed_terms import FeeRule, SlotTerms, Terms
from .fees import AmountRounding, AreaRounding, ProrationBasis
from .placeholders import used_placeholders

_AUDIENCES = {"public": "usagers", "social_workers": "travailleurs sociaux"}
_MODES = {"appointment": "sur rendez-vous", "walk_in": "sans rendez-vous"}
# What a topic is called, and the placeholders by which a text speaks of it.
_TOPICS = {
    "grid": ("Permanences", {"grille_usagers", "grille_travailleurs_sociaux"}),
    "offices": ("Locaux mis à disposition", {"bureau", "numero_bureau", "surface"}),
    "fee": ("Conditions financières", {"montant_annuel", "tarif_m2"}),
    "term": ("Durée", {"duree", "terme"}),
}


@dataclass(frozen=True)
class AgreedArticle:
    """An article of the convention as it is stored: its text holds placeholders."""

    number: str
    title: str
    body: str


@dataclass(frozen=True)
class ChangedArticle:
    """One topic that changes: the numbers of the articles that speak of it (none when no text does), and how."""

    topic: str
    title: str
    numbers: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def opening(self) -> str:
        """« L’article 2 de la convention est ainsi modifié : »."""
        if not self.numbers:
            return f"La convention est ainsi modifiée{NO_BREAK_SPACE}:"
        if len(self.numbers) == 1:
            return f"L’article {self.numbers[0]} de la convention est ainsi modifié{NO_BREAK_SPACE}:"
        return f"Les articles {join_fr(self.numbers)} de la convention sont ainsi modifiés{NO_BREAK_SPACE}:"


def difference(
    before: Terms,
    after: Terms,
    *,
    office_names: Mapping[int, str],
    articles: Sequence[AgreedArticle] = (),
) -> list[ChangedArticle]:
    """What changes between the two terms, one entry a topic, in the order of a convention; empty when nothing does.

    `office_names` gives how a sentence names each office (« bureau 27 »), by its key.
    """
    lines = {
        "grid": _grid_lines(before.slots, after.slots, office_names),
        "offices": _office_lines(before, after, office_names),
        "fee": _fee_lines(before.fee, after.fee),
        "term": _term_lines(before, after),
    }
    return [
        ChangedArticle(topic, title, _speaking_of(placeholders, articles), tuple(lines[topic]))
        for topic, (title, placeholders) in _TOPICS.items()
        if lines[topic]
    ]


def slot_sentence(slot: SlotTerms, office_names: Mapping[int, str]) -> str:
    """« le mercredi de 8h30 à 12h30, bureau 27, usagers, sur rendez-vous »."""
    return ", ".join(
        [
            f"le {WEEKDAYS[slot.weekday]} de {format_time(slot.start_time)} à {format_time(slot.end_time)}",
            office_names.get(slot.office_id, slot.office_label),
            _AUDIENCES[slot.audience],
            _MODES[slot.mode],
        ]
    )


def weekly_minutes(slots: Iterable[SlotTerms]) -> int:
    """How many minutes a week the slots hold."""
    return sum(
        (slot.end_time.hour - slot.start_time.hour) * 60 + slot.end_time.minute - slot.start_time.minute
        for slot in slots
    )


def _speaking_of(placeholders: set[str], articles: Sequence[AgreedArticle]) -> tuple[str, ...]:
    return tuple(article.number for article in articles if placeholders & set(used_placeholders(article.body)))


def _grid_lines(before: Sequence[SlotTerms], after: Sequence[SlotTerms], names: Mapping[int, str]) -> list[str]:
    removed = [slot for slot in before if slot not in after]
    added = [slot for slot in after if slot not in before]
    lines = []
    for slot in list(removed):
        heir = next((new for new in added if _takes_the_place(new, slot)), None)
        if heir is not None:
            removed.remove(slot)
            added.remove(heir)
            lines.append(
                f"La permanence tenue {slot_sentence(slot, names)}, est remplacée par celle tenue"
                f" {slot_sentence(heir, names)}."
            )
    lines += [f"La permanence tenue {slot_sentence(slot, names)}, est supprimée." for slot in removed]
    lines += [f"Une permanence est ajoutée{NO_BREAK_SPACE}: {slot_sentence(slot, names)}." for slot in added]
    return lines


def _takes_the_place(new: SlotTerms, old: SlotTerms) -> bool:
    return new.weekday == old.weekday and new.start_time < old.end_time and old.start_time < new.end_time


def _areas(terms: Terms) -> dict[int, Decimal | None]:
    """The offices that the terms lend, with their agreed areas."""
    return {slot.office_id: None for slot in terms.slots} | (dict(terms.fee.areas_m2) if terms.fee else {})


def _office_lines(before: Terms, after: Terms, names: Mapping[int, str]) -> list[str]:
    was, becomes = _areas(before), _areas(after)
    lines = []
    for key in sorted(becomes.keys() - was.keys()):
        area = becomes[key]
        shown = f" ({format_area(area)})" if area is not None else ""
        lines.append(f"Est mis à disposition{NO_BREAK_SPACE}: {names.get(key, key)}{shown}.")
    lines += [
        f"N’est plus mis à disposition{NO_BREAK_SPACE}: {names.get(key, key)}."
        for key in sorted(was.keys() - becomes.keys())
    ]
    if before.fee is not None and after.fee is not None:
        for key in sorted(was.keys() & becomes.keys()):
            if was[key] != becomes[key]:
                lines.append(
                    f"La surface retenue pour {names.get(key, key)} passe de {_area(was[key])} à {_area(becomes[key])}."
                )
    return lines


def _fee_lines(before: FeeRule | None, after: FeeRule | None) -> list[str]:
    if before is None and after is None:
        return []
    if before is None:
        return [f"Un montant annuel de {format_euros(after.annual_amount)} est dû.", *_rule_lines(after)]
    if after is None:
        return [f"Le montant annuel de {format_euros(before.annual_amount)} n’est plus dû."]
    lines = []
    if before.annual_amount != after.annual_amount:
        lines.append(_moved("Le montant annuel", before.annual_amount, after.annual_amount))
    if before.rate_per_m2 != after.rate_per_m2:
        if before.rate_per_m2 is None:
            lines.append(f"Le tarif est fixé à {format_euros(after.rate_per_m2)} par m² et par an.")
        elif after.rate_per_m2 is None:
            lines.append(f"Le tarif de {format_euros(before.rate_per_m2)} par m² et par an n’est plus retenu.")
        else:
            lines.append(_moved("Le tarif par m² et par an", before.rate_per_m2, after.rate_per_m2))
    if (before.basis, before.fixed_ratio) != (after.basis, after.fixed_ratio):
        lines.append(f"L’occupation {_counting(after, since='désormais ')}.")
    if before.counts_social_worker_slots != after.counts_social_worker_slots:
        lines.append(
            f"Les créneaux des travailleurs sociaux {_counted(after.counts_social_worker_slots)} dans l’occupation."
        )
    if before.area_rounding != after.area_rounding:
        lines.append(f"Arrondi de la surface{NO_BREAK_SPACE}: {AreaRounding(after.area_rounding).label.lower()}.")
    if before.amount_rounding != after.amount_rounding:
        lines.append(f"Arrondi du montant{NO_BREAK_SPACE}: {AmountRounding(after.amount_rounding).label.lower()}.")
    return lines


def _rule_lines(rule: FeeRule) -> list[str]:
    if rule.rate_per_m2 is None:
        return []
    return [
        f"Le tarif est fixé à {format_euros(rule.rate_per_m2)} par m² et par an.",
        f"L’occupation {_counting(rule)}.",
    ]


def _term_lines(before: Terms, after: Terms) -> list[str]:
    if before.ends_on == after.ends_on:
        return []
    moved = "reporté" if after.ends_on > before.ends_on else "avancé"
    return [
        f"Le terme de la convention, fixé au {format_date_long(before.ends_on)}, est {moved} au"
        f" {format_date_long(after.ends_on)}."
    ]


def _moved(what: str, before: Decimal, after: Decimal) -> str:
    verb = "porté" if after > before else "ramené"
    return f"{what} est {verb} de {format_euros(before)} à {format_euros(after)}."


def _counting(rule: FeeRule, *, since: str = "") -> str:
    """« se compte en jours », « est fixée à 2/5 »; `since` is a word to put after the verb, with its space."""
    if rule.basis == ProrationBasis.FIXED:
        return f"est {since}fixée à {_ratio(rule.fixed_ratio)}"
    return f"se compte {since}en {ProrationBasis(rule.basis).label.lower()}"


def _ratio(ratio: Fraction | None) -> str:
    return "une part non renseignée" if ratio is None else f"{ratio.numerator}/{ratio.denominator}"


def _area(area: Decimal | None) -> str:
    return "une surface non renseignée" if area is None else format_area(area)


def _counted(counted: bool) -> str:  # noqa: FBT001  (one value of the rule, in words)
    return "comptent" if counted else "ne comptent plus"
