"""What was eliminated, written down outside the database, so that it is done again after an older backup is restored.

One JSON file a list in `ELIMINATIONS_ROOT`, which is never restored with a backup: numbers of cards and dates, no name.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from bookings.models import EliminationLine, EliminationList, Visitor
from franceservices.errors import DomainError
from partners.models import Ccas, User

from .technical_accounts import Part, technical_account

FORMAT = "espace-france-services/elimination"
VERSION = 1


def journal_of(elimination: EliminationList) -> dict[str, object]:
    """What is needed to carry the list out again; only those people who were anonymised."""
    ccas = elimination.ccas
    done = elimination.lines.exclude(done_at=None).select_related("visitor").order_by("position")
    return {
        "format": FORMAT,
        "version": VERSION,
        "ccas": {"id": ccas.pk, "name": ccas.name, "siren": ccas.siren},
        "year": elimination.year,
        "number": elimination.number,
        "basis": elimination.basis,
        "rules": elimination.rules,
        "proposed_at": elimination.proposed_at.isoformat(),
        "proposed_by": elimination.proposed_by_id,
        "approved_at": elimination.approved_at.isoformat(),
        "approved_by": elimination.approved_by_id,
        "launched_at": elimination.launched_at.isoformat(),
        "people": [
            {
                "card": line.visitor_id,
                "created_at": line.visitor.created_at.isoformat(),
                "last_contact_on": line.last_contact_on.isoformat(),
                "counts": line.counts,
            }
            for line in done
        ],
    }


def journal_name(elimination: EliminationList) -> str:
    """`elimination-3-2026-0012.json`: the CCAS's number, then the list's."""
    return f"elimination-{elimination.ccas_id}-{elimination.full_number}.json"


def check_folder() -> None:
    """Raise DomainError unless the folder can be written: what was eliminated must never go unrecorded."""
    folder = Path(settings.ELIMINATIONS_ROOT)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DomainError(
            "Le dossier des éliminations (ELIMINATIONS_ROOT) ne peut pas être écrit\u00a0: rien n’a été lancé."
            " Prévenez l’administrateur technique."
        ) from error


def write_journal(elimination: EliminationList) -> Path:
    """Write the file of the list in one go: whole or not at all, for its owner only."""
    folder = Path(settings.ELIMINATIONS_ROOT)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = json.dumps(journal_of(elimination), ensure_ascii=False, indent=1)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".", delete=False, encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name).rename(folder / journal_name(elimination))


def read_journals(folder: Path) -> Iterator[dict]:
    """The files of `folder`, oldest list first. Raises CommandError for one that cannot be read."""
    if not folder.is_dir():
        raise CommandError(f"Le dossier des éliminations n’existe pas\u00a0: {folder}.")
    found = []
    for path in sorted(folder.glob("elimination-*.json")):
        try:
            journal = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise CommandError(f"{path.name} n’est pas lisible\u00a0: rien n’a été fait.") from error
        if journal.get("format") != FORMAT or journal.get("version") != VERSION:
            raise CommandError(f"{path.name} vient d’une autre version de l’application\u00a0: rien n’a été fait.")
        found.append(journal)
    yield from sorted(found, key=lambda journal: journal["approved_at"])


@transaction.atomic
def reapply(journal: dict, *, forget_line: Callable[..., EliminationLine]) -> tuple[EliminationList, int]:
    """Put one list back as it was approved, and empty again the data of its people; the list, and how many were.

    People whose data are gone already are passed over, so that it may be run again. `forget_line` does one line.
    Raises CommandError, with nothing written, for another database than the one that the list is of.
    """
    ccas = Ccas.objects.filter(pk=journal["ccas"]["id"], name=journal["ccas"]["name"]).first()
    number = f"{journal['year']}-{journal['number']:04d}"
    if ccas is None:
        raise CommandError(f"Liste {number}\u00a0: {journal['ccas']['name']} n’est pas dans cette base.")
    elimination = _as_approved(journal, ccas)
    cards = Visitor.objects.in_bulk([person["card"] for person in journal["people"]])
    done = 0
    for position, person in enumerate(journal["people"], start=1):
        card = cards.get(person["card"])
        # A card made after the backup is not in it.
        if card is None or card.anonymised_at is not None:
            continue
        if card.created_at != datetime.fromisoformat(person["created_at"]) or card.ccas_id != ccas.pk:
            raise CommandError(
                f"Liste {number}\u00a0: la fiche n°\u00a0{card.pk} n’est pas celle qui a été éliminée. Rien n’a été"
                " changé."
            )
        line, _is_new = EliminationLine.objects.get_or_create(
            list=elimination,
            visitor=card,
            defaults={
                "position": position,
                "last_contact_on": date.fromisoformat(person["last_contact_on"]),
                "counts": person["counts"],
            },
        )
        EliminationLine.objects.filter(pk=line.pk, done_at=None).update(kept_because="")
    _approve_again(elimination, journal)
    for line in elimination.lines.filter(done_at=None, visitor__in=cards, visitor__anonymised_at=None):
        done += forget_line(line.pk, again=True).done_at is not None
    EliminationList.objects.filter(pk=elimination.pk, finished_at=None).update(
        finished_at=datetime.fromisoformat(journal["launched_at"])
    )
    return elimination, done


def _as_approved(journal: dict, ccas: Ccas) -> EliminationList:
    """The row of the list, made anew where the backup did not have it; not approved yet, so that it takes its lines."""
    proposed_at = datetime.fromisoformat(journal["proposed_at"])
    elimination = EliminationList.objects.filter(ccas=ccas, year=journal["year"], number=journal["number"]).first()
    if elimination is None:
        return EliminationList.objects.create(
            ccas=ccas,
            year=journal["year"],
            number=journal["number"],
            basis=journal["basis"],
            rules=journal["rules"],
            proposed_at=proposed_at,
            proposed_by=_who(journal["proposed_by"], ccas, Part.PROPOSING),
        )
    if elimination.proposed_at != proposed_at:
        raise CommandError(
            f"Une autre liste porte déjà le numéro {elimination.full_number}\u00a0: les éliminations se refont avant"
            " d’en"
            " proposer de nouvelles. Rien n’a été changé."
        )
    return elimination


def _approve_again(elimination: EliminationList, journal: dict) -> None:
    """As it was approved and launched, where the backup does not say it already."""
    if elimination.approved_at is None:
        approver = _who(journal["approved_by"], elimination.ccas, Part.APPROVING)
        if approver.pk == elimination.proposed_by_id:
            approver = technical_account(elimination.ccas, Part.APPROVING)
        elimination.rehearsed_at = elimination.approved_at = datetime.fromisoformat(journal["approved_at"])
        elimination.approved_by = approver
        elimination.withdrawn_at = elimination.withdrawn_by = None
    if elimination.launched_at is None:
        elimination.launched_at = datetime.fromisoformat(journal["launched_at"])
        elimination.launched_by = elimination.approved_by
    elimination.save()


def _who(number: int, ccas: Ccas, part: Part) -> User:
    """The colleague of that number, unless the account was made after the backup."""
    return User.objects.filter(pk=number, ccas=ccas).first() or technical_account(ccas, part)
