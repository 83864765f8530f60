"""The extract of the register by which an assembly approved a convention, as a printed document.

It says what the rows hold and leaves dotted lines for the rest: an act is certified by whoever signs it, so that
nothing in it may be made up.
"""

from datetime import date

from franceservices.dates import format_date_long
from franceservices.identifiers import format_siren
from franceservices.money import NO_BREAK_SPACE, format_euros
from franceservices.pdf import render_pdf

from .deadlines import enforceable_on
from .documents import convention_offices
from .facts import ConventionFacts, signed_facts
from .models import Audience, BudgetLine, Convention, DeliberatingBody, Deliberation
from .texts import term_sentence
from .weekly_table import weekly_lines

DELIBERATION_TEMPLATE = "conventions/documents/deliberation_extract.html"
LONG_BLANK = "…" * 12
SHORT_BLANK = "…" * 4

_ASSEMBLIES = {
    DeliberatingBody.CCAS_BOARD: "conseil d’administration",
    DeliberatingBody.MUNICIPAL_COUNCIL: "conseil municipal",
}
_MEMBERS = {
    DeliberatingBody.CCAS_BOARD: "Administrateurs en exercice",
    DeliberatingBody.MUNICIPAL_COUNCIL: "Conseillers municipaux en exercice",
}


def deliberation_document(convention: Convention, *, printed_on: date | None = None) -> dict[str, object]:
    """Everything the extract about `convention` says, as text and lists.

    `printed_on` is the civil date in the footer, today at the site unless given. Raises ValueError for a convention
    that no deliberation approved.
    """
    act = convention.deliberation
    if act is None:
        raise ValueError("Cette convention n’a pas de délibération.")
    ccas, assembly = convention.ccas, _ASSEMBLIES[DeliberatingBody(act.body)]
    is_board = act.body == DeliberatingBody.CCAS_BOARD
    facts = signed_facts(convention)
    return {
        "organisation": ccas.name if is_board else f"Commune de {ccas.city}",
        "organisation_lines": _identity(convention) if is_board else [],
        "meta_author": ccas.name,
        "footer_site": convention.site.name,
        "printed_on": printed_on or convention.site.today(),
        "title": f"Extrait du registre des délibérations du {assembly}",
        "session": f"Séance du {format_date_long(act.session_on)}",
        "number": act.number[:1].upper() + act.number[1:],
        "subject": act.subject,
        "stamps": _stamps(act),
        "attendance": [
            _line(
                _MEMBERS[DeliberatingBody(act.body)],
                SHORT_BLANK if act.members_in_office is None else str(act.members_in_office),
            ),
            _line("Convocation du", LONG_BLANK),
            _line("Sous la présidence de", LONG_BLANK * 2),
            _line("Présents", f"{LONG_BLANK * 2} {LONG_BLANK * 2}"),
            _line("Absents et pouvoirs", f"{LONG_BLANK * 2} {LONG_BLANK * 2}"),
        ],
        "money": _money(convention, facts, act),
        "account": _account(convention, facts),
        "vote": f"Après en avoir délibéré, {_vote(act)}, le {assembly}{NO_BREAK_SPACE}:",
        "decisions": [
            "approuve la convention ainsi exposée\u00a0;",
            f"autorise {_signatory(convention)} à signer la convention.",
        ],
        "appeal": "La présente délibération peut faire l’objet d’un recours devant le tribunal administratif dans un"
        " délai de deux mois suivant sa publication.",
        "done_at": f"Fait à {ccas.city}, le {LONG_BLANK}",
        "blank": LONG_BLANK,
    }


def deliberation_pdf(convention: Convention) -> bytes:
    """The tagged PDF of the extract, made of the rows as they are now."""
    return render_pdf(DELIBERATION_TEMPLATE, deliberation_document(convention))


def _identity(convention: Convention) -> list[str]:
    ccas = convention.ccas
    return [
        *([ccas.address] if ccas.address else []),
        *([f"SIREN {format_siren(ccas.siren)}"] if ccas.siren else []),
    ]


def _stamps(act: Deliberation) -> list[dict[str, str]]:
    """What the prefecture and the publication stamped on it; dotted where the rows do not know."""
    enforceable = enforceable_on(published_on=act.published_on, transmitted_on=act.transmitted_on)
    return [
        _line("Publiée le", _day(act.published_on)),
        _line("Reçue en préfecture le", _day(act.transmitted_on)),
        _line("Identifiant de télétransmission", act.transmission_id or LONG_BLANK),
        _line("Exécutoire le", _day(enforceable)),
    ]


def _money(convention: Convention, facts: ConventionFacts, act: Deliberation) -> list[dict[str, str]]:
    """What it costs or brings: as the deliberation told it, and as the convention fixes it; empty where nothing is."""
    fee = facts.fee_terms
    if fee is None:
        return []
    announced = fee.deliberated_amount
    lines = [
        _line("Montant de l’opération", LONG_BLANK if announced is None else format_euros(announced)),
        _line("Montant annuel fixé par la convention", format_euros(fee.annual_amount)),
    ]
    if fee.rate_per_m2 is not None:
        lines.append(_line("Tarif", f"{format_euros(fee.rate_per_m2)} par m² et par an, au prorata de l’occupation"))
    return [*lines, *_budget(convention, act.session_on.year)]


def _budget(convention: Convention, year: int) -> list[dict[str, str]]:
    """The budget line of `year` that receives it, where exactly one can be meant; else dotted."""
    lines = list(BudgetLine.objects.filter(ccas=convention.ccas, year=year))
    own = [line for line in lines if line.partner_id == convention.partner_id]
    candidates = own or [line for line in lines if line.partner_id is None]
    if len(candidates) != 1:
        return [_line(f"Imputation, budget {year}", f"service {LONG_BLANK}, nature {LONG_BLANK}")]
    (line,) = candidates
    whose = "" if own else " pour l’ensemble des partenariats"
    return [
        _line(f"Imputation, budget {year}", f"service {line.service}, nature {line.nature} – {line.label}"),
        _line(f"Montant prévu au budget {year}", f"{format_euros(line.amount)} en recettes{whose}"),
    ]


def _account(convention: Convention, facts: ConventionFacts) -> list[dict[str, object]]:
    """What was put to the vote, paragraph by paragraph, with the lines of the grid below theirs."""
    partner = convention.partner
    succession = ""
    if convention.predecessor_id:
        before = convention.predecessor
        succession = f" Elle succède à la convention qui court {before.term_sentence}."
    told = [
        _paragraph(
            f"Il est proposé de se prononcer sur la convention «{NO_BREAK_SPACE}{convention.title}{NO_BREAK_SPACE}»,"
            f" pour une durée de {term_sentence(facts.convention)}, {facts.convention.term_sentence}.{succession}"
        ),
        # No article: the records do not know the gender of a name.
        _paragraph(f"Partenaire{NO_BREAK_SPACE}: {partner.name}{f', {partner.address}' if partner.address else ''}."),
    ]
    names_office = len(facts.offices) > 1
    for audience, opening in (
        (Audience.PUBLIC, "Permanences pour les usagers"),
        (Audience.SOCIAL_WORKERS, "Permanences pour les travailleurs sociaux"),
    ):
        lines = weekly_lines(facts.slots, convention=facts.convention, audience=audience, names_office=names_office)
        if lines:
            told.append(_paragraph(f"{opening}, dans l’espace {convention.site.short_name}{NO_BREAK_SPACE}:", lines))
    if facts.offices:
        offices = f"{NO_BREAK_SPACE}; ".join(convention_offices(facts))
        told.append(_paragraph(f"Mise à disposition{NO_BREAK_SPACE}: {offices}."))
    return told


def _vote(act: Deliberation) -> str:
    counts = [(act.votes_for, "pour"), (act.votes_against, "contre"), (act.votes_abstaining, "abstention")]
    if act.is_unanimous and all(count is None for count, _word in counts):
        return "à l’unanimité des membres présents et représentés"
    told = ", ".join(f"{SHORT_BLANK if count is None else count} {_plural(count, word)}" for count, word in counts)
    return f"à l’unanimité ({told})" if act.is_unanimous else f"par {told}"


def _plural(count: int | None, word: str) -> str:
    return "abstentions" if word == "abstention" and count is not None and count > 1 else word


def _signatory(convention: Convention) -> str:
    name, title = convention.ccas_signatory_name, convention.ccas_signatory_title
    return f"{name or LONG_BLANK}, {title[:1].lower() + title[1:] if title else LONG_BLANK},"


def _day(day: date | None) -> str:
    return LONG_BLANK if day is None else format_date_long(day)


def _line(label: str, text: str) -> dict[str, str]:
    return {"label": label, "text": text}


def _paragraph(text: str, lines: list[str] | None = None) -> dict[str, object]:
    return {"text": text, "lines": lines or []}
