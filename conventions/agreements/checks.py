"""What can be said of an agreement without the database: rules between keys, and warnings.

A problem refuses the file; a warning is only shown: what an authority did in an unusual order is still what it did.
The agreement may have holes (None) where values could not be read; a rule about a hole is not applied.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from conventions.fees import ProrationBasis
from conventions.placeholders import used_placeholders
from conventions.transmission import transmission_doubts
from franceservices.dates import WEEKDAYS, format_date_long, format_time, format_time_range

from .form import Agreement, OpeningHoursPart, SlotPart
from .problems import Path, Problem, path_text, quoted, suggestion
from .schema import Part

_FEE_PLACEHOLDERS = {"montant_annuel": "annual_amount", "tarif_m2": "rate_per_m2"}
_OFFICE_PLACEHOLDERS = {"bureau", "numero_bureau", "surface"}
_ANNEX = "annexe"


def form_problems(agreement: Agreement) -> list[Problem]:
    """The rules between keys that the agreement breaks."""
    return [
        *_term(agreement),
        *_denunciation(agreement),
        *_opening_hours(agreement),
        *_offices(agreement),
        *_slots(agreement),
        *_fee(agreement),
        *_duplicates(agreement.articles, ("articles",), ("number",), "Ce numéro d’article est déjà pris"),
        *_duplicates(agreement.obligations, ("obligations",), ("kind", "label"), "Cette obligation est déjà donnée"),
    ]


def form_warnings(agreement: Agreement, *, siren: str) -> list[str]:
    """What is unusual in a complete agreement and was taken as it is; `siren` is the CCAS's, empty when unknown."""
    return [f"{path_text(path)}\u00a0: {sentence}" for path, sentence in _warnings(agreement, siren)]


def overlap(one: SlotPart | OpeningHoursPart, other: SlotPart | OpeningHoursPart) -> bool:
    """Whether two weekly spans `[start_time, end_time)` meet on a day of both validities (ends included)."""
    return (
        one.weekday == other.weekday
        and one.start_time < other.end_time
        and other.start_time < one.end_time
        and (other.ends_on is None or one.starts_on <= other.ends_on)
        and (one.ends_on is None or other.starts_on <= one.ends_on)
    )


def span_text(span: SlotPart | OpeningHoursPart) -> str:
    """« mardi 8h30–12h30 »."""
    return f"{WEEKDAYS[span.weekday]} {format_time_range(span.start_time, span.end_time)}"


def _term(agreement: Agreement) -> Iterator[Problem]:
    term = agreement.convention
    if term.starts_on and term.ends_on and term.ends_on < term.starts_on:
        yield Problem(
            ("convention", "ends_on"),
            f"Le terme doit suivre le début de la convention ({format_date_long(term.starts_on)}).",
            format_date_long(term.ends_on),
        )
    if term.predecessor and term.predecessor == term.reference:
        yield Problem(("convention", "predecessor"), "Une convention ne se succède pas à elle-même.")


def _denunciation(agreement: Agreement) -> Iterator[Problem]:
    """The three facts of a denunciation come together, and it never prolongs a convention."""
    term = agreement.convention
    facts = {name: getattr(term, name) for name in ("denounced_on", "denounced_by", "agreed_ends_on")}
    missing = [name for name, value in facts.items() if not value]
    if 0 < len(missing) < len(facts):
        yield Problem(
            ("convention", missing[0]),
            "Une dénonciation se dit par trois clés : denounced_on, denounced_by et agreed_ends_on.",
        )
    if term.agreed_ends_on and term.ends_on and term.agreed_ends_on < term.ends_on:
        yield Problem(
            ("convention", "agreed_ends_on"),
            f"Le terme convenu ne peut pas précéder le terme de la convention ({format_date_long(term.ends_on)}).",
            format_date_long(term.agreed_ends_on),
        )


def _spans(
    spans: Sequence[SlotPart] | Sequence[OpeningHoursPart], path: Path, same_place: Callable
) -> Iterator[Problem]:
    """Times and dates in order, and no two spans of one place at once."""
    sound = []
    for number, span in enumerate(spans, 1):
        broken = False
        if span.start_time and span.end_time and span.end_time <= span.start_time:
            broken = True
            yield Problem(
                (*path, number, "end_time"),
                f"L’heure de fin doit suivre l’heure de début ({format_time(span.start_time)}).",
                format_time(span.end_time),
            )
        if span.starts_on and span.ends_on and span.ends_on < span.starts_on:
            broken = True
            yield Problem(
                (*path, number, "ends_on"),
                f"La date de fin doit suivre la date de début ({format_date_long(span.starts_on)}).",
                format_date_long(span.ends_on),
            )
        if not broken and None not in (span.weekday, span.start_time, span.end_time, span.starts_on):
            sound.append((number, span))
    for (first, one), (second, other) in combinations(sound, 2):
        if same_place(one, other) and overlap(one, other):
            yield Problem(
                (*path, second),
                f"Il chevauche {path_text((*path, first))} ({span_text(one)}).",
                quoted([span_text(other)]),
            )


def _opening_hours(agreement: Agreement) -> Iterator[Problem]:
    yield from _spans(agreement.site.opening_hours or (), ("site", "opening_hours"), lambda one, other: True)


def _offices(agreement: Agreement) -> Iterator[Problem]:
    yield from _duplicates(agreement.offices, ("offices",), ("label",), "Ce bureau est déjà donné")


def _slots(agreement: Agreement) -> Iterator[Problem]:
    labels = [office.label for office in agreement.offices if office.label]
    for number, slot in enumerate(agreement.slots, 1):
        if slot.office is None and len(labels) != 1:
            yield Problem(
                ("slots", number, "office"),
                f"Clé obligatoire, absente\u00a0: dites lequel des bureaux {quoted(labels)}."
                if labels
                else "Aucun bureau n’est mis à disposition\u00a0: ajoutez [[offices]].",
            )
        elif slot.office is not None and slot.office not in labels:
            known = f"Bureaux de [[offices]]\u00a0: {quoted(labels) or 'aucun'}."
            yield Problem(
                ("slots", number, "office"),
                f"Ce bureau n’est pas mis à disposition. {known}{suggestion(slot.office, labels)}",
                quoted([slot.office]),
            )
        yield from _within_term(agreement, number, slot)
    yield from _spans(agreement.slots, ("slots",), lambda one, other: one.office == other.office)


def _within_term(agreement: Agreement, number: int, slot: SlotPart) -> Iterator[Problem]:
    first, last = agreement.convention.starts_on, agreement.convention.ends_on
    if first is None or last is None or last < first:
        return
    for name in ("starts_on", "ends_on"):
        day = getattr(slot, name)
        if day is not None and not first <= day <= last:
            yield Problem(
                ("slots", number, name),
                f"La convention court du {format_date_long(first)} au {format_date_long(last)}.",
                format_date_long(day),
            )


def _fee(agreement: Agreement) -> Iterator[Problem]:
    fee = agreement.fee
    if fee is not None and fee.basis == ProrationBasis.FIXED and fee.ratio is None:
        yield Problem(
            ("fee", "ratio"), 'Attendu avec basis = "fixe"\u00a0: une fraction entre 0 et 1, par exemple "2/5".'
        )


def _duplicates(parts: Sequence[Part], path: Path, keys: Sequence[str], sentence: str) -> Iterator[Problem]:
    first_of: dict[tuple, int] = {}
    for number, part in enumerate(parts, 1):
        values = tuple(getattr(part, key) for key in keys)
        if None in values:
            continue
        first = first_of.setdefault(values, number)
        if first != number:
            yield Problem(
                (*path, number, keys[-1]), f"{sentence} par {path_text((*path, first))}.", quoted([values[-1]])
            )


def _warnings(agreement: Agreement, siren: str) -> Iterator[tuple[Path, str]]:
    yield from _deliberation_warnings(agreement, siren)
    numbers = {article.number for article in agreement.articles}
    if agreement.texts.annex:
        numbers.add(_ANNEX)
    cited = agreement.convention.notice_article
    if cited and cited not in numbers:
        yield ("convention", "notice_article"), f"aucun article ne porte le numéro {cited}."
    for number, obligation in enumerate(agreement.obligations, 1):
        if obligation.article_number and obligation.article_number not in numbers:
            yield (
                ("obligations", number, "article_number"),
                f"aucun article ne porte le numéro {obligation.article_number}.",
            )
    for number, article in enumerate(agreement.articles, 1):
        for name in used_placeholders(article.body):
            missing = _missing_source(agreement, name)
            if missing:
                yield ("articles", number, "body"), f"le repère {{{name}}} n’a pas de valeur\u00a0: {missing}."
    fee = agreement.fee
    if fee is not None and fee.ratio is not None and fee.basis != ProrationBasis.FIXED:
        yield ("fee", "ratio"), 'cette fraction ne sert qu’avec basis = "fixe".'


def _missing_source(agreement: Agreement, placeholder: str) -> str:
    """What the file lacks for a placeholder to have a value, or nothing."""
    if placeholder in _FEE_PLACEHOLDERS:
        field = _FEE_PLACEHOLDERS[placeholder]
        return "" if agreement.fee and getattr(agreement.fee, field) is not None else f"fee.{field} n’est pas donné"
    if placeholder in _OFFICE_PLACEHOLDERS:
        return "" if agreement.offices else "aucun bureau n’est mis à disposition"
    if placeholder == "preavis":
        return "" if agreement.convention.notice_months else "convention.notice_months n’est pas donné"
    if placeholder.startswith("grille_"):
        audience = "public" if placeholder == "grille_usagers" else "social_workers"
        return "" if any(slot.audience == audience for slot in agreement.slots) else "aucun créneau ne convient"
    return ""


def _deliberation_warnings(agreement: Agreement, siren: str) -> Iterator[tuple[Path, str]]:
    act, signed_on = agreement.deliberation, agreement.convention.signed_on
    if act is None:
        return
    doubts = transmission_doubts(
        act.transmission_id,
        session_on=act.session_on,
        siren=siren,
        insee_code=agreement.ccas.insee_code or "",
    )
    for doubt in doubts:
        yield ("deliberation", "transmission_id"), doubt
    for name, verb in (("published_on", "publiée"), ("transmitted_on", "transmise")):
        day = getattr(act, name)
        if day and day < act.session_on:
            yield ("deliberation", name), f"la délibération est {verb} avant sa séance."
    # Enforceable: the later of publication and transmission (CGCT, L2131-1), as far as they are known.
    known = [day for day in (act.session_on, act.published_on, act.transmitted_on) if day]
    if signed_on and signed_on < max(known):
        yield (
            ("convention", "signed_on"),
            f"signée le {format_date_long(signed_on)}, avant que la délibération soit exécutoire "
            f"(au plus tôt le {format_date_long(max(known))}).",
        )
    votes = [act.votes_for, act.votes_against, act.votes_abstaining]
    if act.members_in_office is not None and sum(vote or 0 for vote in votes) > act.members_in_office:
        yield ("deliberation", "members_in_office"), "il y a plus de votes que de membres en exercice."
    if act.is_unanimous and act.votes_against:
        yield ("deliberation", "is_unanimous"), "des votes contre sont donnés."
