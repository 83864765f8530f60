"""The JSON form of the terms that an avenant keeps, written exactly and read strictly.

    {"slots": [{"office": 3, "office_label": "27", "weekday": 2, "start": "08:30", "end": "10:00",
                "audience": "public", "mode": "appointment"}, …],
     "fee": {"annual_amount": "1254.00", "rate_per_m2": "209.00", "basis": "days", "fixed_ratio": "2/5" or null,
             "counts_social_worker_slots": true, "area_rounding": "down", "amount_rounding": "cent",
             "areas_m2": {"3": "15.64"}} or null,
     "ends_on": "2028-03-31"}

Amounts and areas are strings, so that no float ever stands between two readings. What was replaced keeps, besides, the
dated rows of the whole grid as they were (`rows`, each a slot with `starts_on` and `ends_on`) and the offices that were
lent (`offices`, their keys). Pure: no Django.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from .agreed_terms import FeeRule, SlotTerms, Terms
from .fees import AmountRounding, AreaRounding, ProrationBasis

AUDIENCES = ("public", "social_workers")
MODES = ("appointment", "walk_in")
REPLACED = frozenset({"slots", "fee", "ends_on", "rows", "offices"})


class InvalidTerms(ValueError):
    """What is not the JSON form of terms; the message is a French sentence that says where and why."""


@dataclass(frozen=True)
class DatedSlot:
    """One line of the grid and the days `[starts_on, ends_on]` on which it holds."""

    slot: SlotTerms
    starts_on: date
    ends_on: date


def terms_to_json(terms: Terms) -> dict[str, object]:
    """`terms` as JSON values."""
    return {
        "slots": [_slot_to_json(slot) for slot in terms.slots],
        "fee": None if terms.fee is None else _fee_to_json(terms.fee),
        "ends_on": terms.ends_on.isoformat(),
    }


def replaced_to_json(terms: Terms, rows: Iterable[DatedSlot], offices: Iterable[int]) -> dict[str, object]:
    """What an avenant replaces: the terms of its first day, the dated rows of the grid, the offices that were lent."""
    return terms_to_json(terms) | {
        "rows": [
            _slot_to_json(row.slot) | {"starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat()}
            for row in rows
        ],
        "offices": sorted(offices),
    }


def terms_from_json(value: object) -> Terms:
    """The terms that `value` holds. Raises InvalidTerms."""
    found = _object(value, "Les termes", {"slots", "fee", "ends_on"}, optional=frozenset({"rows", "offices"}))
    slots = tuple(
        _slot(slot, f"Le créneau {place}", extra=frozenset())
        for place, slot in enumerate(_list(found["slots"], "slots"), start=1)
    )
    return Terms(
        slots=tuple(sorted(slots, key=lambda slot: slot.order)),
        fee=None if found["fee"] is None else _fee(found["fee"]),
        ends_on=_date(found["ends_on"], "Le terme"),
    )


def replaced_rows_from_json(value: object) -> tuple[DatedSlot, ...]:
    """The dated rows of the grid that `value`, the JSON of replaced terms, keeps. Raises InvalidTerms."""
    found = _object(value, "Les termes remplacés", REPLACED)
    rows = []
    for place, row in enumerate(_list(found["rows"], "rows"), start=1):
        where = f"La ligne {place} de la grille"
        slot = _slot(row, where, extra=frozenset({"starts_on", "ends_on"}))
        rows.append(DatedSlot(slot, _date(row["starts_on"], where), _date(row["ends_on"], where)))
    return tuple(rows)


def replaced_offices_from_json(value: object) -> tuple[int, ...]:
    """The keys of the offices that were lent, of the JSON of replaced terms. Raises InvalidTerms."""
    found = _object(value, "Les termes remplacés", REPLACED)
    return tuple(_whole(key, "Les bureaux") for key in _list(found["offices"], "offices"))


def _slot_to_json(slot: SlotTerms) -> dict[str, object]:
    return {
        "office": slot.office_id,
        "office_label": slot.office_label,
        "weekday": slot.weekday,
        "start": slot.start_time.isoformat(timespec="minutes"),
        "end": slot.end_time.isoformat(timespec="minutes"),
        "audience": slot.audience,
        "mode": slot.mode,
    }


def _fee_to_json(fee: FeeRule) -> dict[str, object]:
    return {
        "annual_amount": str(fee.annual_amount),
        "rate_per_m2": None if fee.rate_per_m2 is None else str(fee.rate_per_m2),
        "basis": str(fee.basis),
        "fixed_ratio": None
        if fee.fixed_ratio is None
        else f"{fee.fixed_ratio.numerator}/{fee.fixed_ratio.denominator}",
        "counts_social_worker_slots": fee.counts_social_worker_slots,
        "area_rounding": str(fee.area_rounding),
        "amount_rounding": str(fee.amount_rounding),
        "areas_m2": {str(key): None if area is None else str(area) for key, area in sorted(fee.areas_m2.items())},
    }


def _slot(value: object, where: str, *, extra: frozenset[str]) -> SlotTerms:
    names = {"office", "office_label", "weekday", "start", "end", "audience", "mode"}
    found = _object(value, where, names | extra)
    slot = SlotTerms(
        office_label=_text(found["office_label"], where),
        office_id=_whole(found["office"], f"{where}, bureau"),
        weekday=_whole(found["weekday"], f"{where}, jour"),
        start_time=_time(found["start"], f"{where}, début"),
        end_time=_time(found["end"], f"{where}, fin"),
        audience=_word(found["audience"], AUDIENCES, f"{where}, public"),
        mode=_word(found["mode"], MODES, f"{where}, accueil"),
    )
    if slot.weekday not in range(1, 8):
        raise InvalidTerms(f"{where}\u00a0: le jour va de 1 (lundi) à 7 (dimanche).")
    if slot.end_time <= slot.start_time:
        raise InvalidTerms(f"{where}\u00a0: l’heure de fin doit suivre l’heure de début.")
    return slot


def _fee(value: object) -> FeeRule:
    where = "La redevance"
    found = _object(
        value,
        where,
        {
            *("annual_amount", "rate_per_m2", "basis", "fixed_ratio", "counts_social_worker_slots"),
            *("area_rounding", "amount_rounding", "areas_m2"),
        },
    )
    if not isinstance(found["counts_social_worker_slots"], bool):
        raise InvalidTerms(f"{where}\u00a0: « counts_social_worker_slots » doit être vrai ou faux.")
    areas = found["areas_m2"]
    if not isinstance(areas, Mapping) or not all(isinstance(key, str) and key.isdecimal() for key in areas):
        raise InvalidTerms(f"{where}\u00a0: les surfaces se donnent par bureau.")
    ratio = found["fixed_ratio"]
    return FeeRule(
        annual_amount=_decimal(found["annual_amount"], f"{where}, montant annuel"),
        rate_per_m2=_optional_decimal(found["rate_per_m2"], f"{where}, tarif"),
        basis=_word(found["basis"], [member.value for member in ProrationBasis], f"{where}, prorata"),
        fixed_ratio=None if ratio is None else _ratio(ratio),
        counts_social_worker_slots=found["counts_social_worker_slots"],
        area_rounding=_word(
            found["area_rounding"], [member.value for member in AreaRounding], f"{where}, arrondi de la surface"
        ),
        amount_rounding=_word(
            found["amount_rounding"], [member.value for member in AmountRounding], f"{where}, arrondi du montant"
        ),
        areas_m2={int(key): _optional_decimal(area, f"{where}, surface") for key, area in areas.items()},
    )


def _object(
    value: object, where: str, names: frozenset[str] | set[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidTerms(f"{where}\u00a0: un objet est attendu.")
    missing, unknown = names - value.keys(), value.keys() - names - optional
    if missing:
        raise InvalidTerms(f"{where}\u00a0: il manque {', '.join(sorted(missing))}.")
    if unknown:
        raise InvalidTerms(f"{where}\u00a0: {', '.join(sorted(map(str, unknown)))} n’est pas prévu.")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise InvalidTerms(f"Les termes\u00a0: « {name} » doit être une liste.")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidTerms(f"{where}\u00a0: un texte est attendu.")
    return value


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidTerms(f"{where}\u00a0: un nombre entier est attendu.")
    return value


def _word(value: object, words: Iterable[str], where: str) -> str:
    if value not in list(words):
        raise InvalidTerms(f"{where}\u00a0: « {value} » n’est pas un choix possible.")
    return str(value)


def _date(value: object, where: str) -> date:
    try:
        return date.fromisoformat(_text(value, where))
    except ValueError as error:
        raise InvalidTerms(f"{where}\u00a0: « {value} » n’est pas une date.") from error


def _time(value: object, where: str) -> time:
    try:
        found = time.fromisoformat(_text(value, where))
    except ValueError as error:
        raise InvalidTerms(f"{where}\u00a0: « {value} » n’est pas une heure.") from error
    if found.tzinfo is not None:
        raise InvalidTerms(f"{where}\u00a0: l’heure est celle du site, sans fuseau.")
    return found


def _decimal(value: object, where: str) -> Decimal:
    try:
        number = Decimal(_text(value, where))
    except InvalidOperation as error:
        raise InvalidTerms(f"{where}\u00a0: « {value} » n’est pas un nombre.") from error
    if not number.is_finite() or number < 0:
        raise InvalidTerms(f"{where}\u00a0: un nombre positif est attendu.")
    return number


def _optional_decimal(value: object, where: str) -> Decimal | None:
    return None if value is None else _decimal(value, where)


def _ratio(value: object) -> Fraction:
    where = "La redevance, part fixe"
    try:
        ratio = Fraction(_text(value, where))
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidTerms(f"{where}\u00a0: « {value} » n’est pas une fraction.") from error
    if not 0 <= ratio <= 1:
        raise InvalidTerms(f"{where}\u00a0: une fraction entre 0 et 1 est attendue.")
    return ratio
