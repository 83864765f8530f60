"""What this floor holds of the people received: their files, what was sent of them, alerts about their rights."""

from collections.abc import Collection

from django.db.models import Case, F, Func, JSONField, Q, QuerySet, Value, When
from django.utils import timezone

from bookings.personal_data.holders import ERASED, Contact, Hindrance, Holder, Processing, Told

from .models import CaseDocument, CaseFile, RequiredDocument, RightsAlert, SlipLine
from .stages import Stage


class WithoutPerson(Func):
    """The frozen content of a line, emptied of the person: the only change that the triggers of slips let pass."""

    function = "casefiles_line_without_person"
    output_field = JSONField()
    arity = 1


def _files(cards: Collection[int]) -> QuerySet:
    return (
        CaseFile.objects.filter(visitor__in=cards)
        .order_by("opened_on", "pk")
        .select_related("site", "kind", "partner", "convention", "agent", "opened_by")
    )


def _documents(cards: Collection[int]) -> QuerySet:
    return (
        CaseDocument.objects.filter(file__visitor__in=cards)
        .order_by("file", "position", "pk")
        .select_related("file", "required_document", "noted_by", "asked_by_line")
    )


def _lines(cards: Collection[int]) -> QuerySet:
    return (
        SlipLine.objects.filter(file__visitor__in=cards)
        .order_by("sent_on", "pk")
        .select_related("slip", "file", "site", "partner", "acknowledged_by", "returned_by", "decision_recorded_by")
    )


def _alerts(cards: Collection[int]) -> QuerySet:
    return (
        RightsAlert.objects.filter(visitor__in=cards)
        .order_by("raised_at", "pk")
        .select_related("site", "partner", "file", "raised_by", "seen_by", "answered_by", "closed_by")
    )


TOLD = (
    Told("case_files", "Dossiers", CaseFile, _files, without={}),
    Told(
        "case_documents",
        "Pièces des dossiers",
        CaseDocument,
        _documents,
        without={},
        columns=("file", "label", "state", "noted_at", "noted_by", "asked_by_line"),
    ),
    Told("slip_lines", "Dossiers transmis aux caisses", SlipLine, _lines, without={}),
    Told("rights_alerts", "Alertes de rupture de droits", RightsAlert, _alerts, without={}),
)


def _withdrawn() -> QuerySet:
    return CaseFile.objects.filter(withdrawn_at__isnull=False)


CONTACTS = (
    Contact(CaseFile.objects.all, "opened_at"),
    Contact(CaseFile.objects.all, "agreement_recorded_at"),
    Contact(_withdrawn, "withdrawn_at"),
    *(
        Contact(SlipLine.objects.all, moment, visitor="file__visitor")
        for moment in ("slip__sent_at", "acknowledged_at", "returned_at", "decision_recorded_at")
    ),
    *(Contact(RightsAlert.objects.all, moment) for moment in ("raised_at", "answered_at", "closed_at")),
)


def _open_files() -> QuerySet:
    settled = [Stage.ACCEPTED.value, Stage.REFUSED.value, Stage.WITHDRAWN.value]
    return CaseFile.objects.with_stage().exclude(stage__in=settled)


def _running_rights() -> QuerySet:
    """Rights with an end that is not reached: a renewal may be due. Rights without end, a pension, ask for none."""
    return SlipLine.objects.filter(rights_until__gte=timezone.localdate())


HINDRANCES = (
    Hindrance("un dossier en cours", _open_files),
    Hindrance("des droits encore ouverts", _running_rights, visitor="file__visitor"),
    Hindrance("une alerte non close", RightsAlert.objects.open),
)


def forget(cards: Collection[int]) -> dict[str, int]:
    """Empty the files and alerts of these cards of every word about the person; see `Holder`."""
    files = CaseFile.objects.filter(visitor__in=cards)
    added = CaseDocument.objects.filter(file__in=files, required_document=None).exclude(label=ERASED)
    alerts = RightsAlert.objects.filter(visitor__in=cards).exclude(what=ERASED)
    return {
        "dossiers": files.exclude(
            Q(urgency="") & Q(social_notes="") & (Q(withdrawal_reason="") | Q(withdrawal_reason=ERASED))
        ).update(urgency="", social_notes="", withdrawal_reason=_erased("withdrawal_reason")),
        "pièces ajoutées": added.update(label=ERASED),
        "alertes": alerts.update(what=ERASED, answer=_erased("answer")),
        "lignes de bordereau": _forget_lines(files),
    }


def _erased(name: str) -> Case:
    """`[effacé]` in the place of words, where constraints ask for some; nothing in the place of nothing."""
    return Case(When(**{name: ""}, then=Value("")), default=Value(ERASED))


def _forget_lines(files: QuerySet) -> int:
    """What was sent and what the caisse answered; documents of the checklists keep their names, others do not."""
    known = set(RequiredDocument.objects.values_list("label", flat=True))
    lines = SlipLine.objects.filter(file__in=files)
    for line in lines.exclude(missing=[]).only("missing"):
        missing = [entry if entry["label"] in known else entry | {"label": ERASED} for entry in line.missing]
        SlipLine.objects.filter(pk=line.pk).exclude(missing=missing).update(missing=missing)
    lines.exclude(return_note="", refusal_reason__in=["", ERASED]).update(
        return_note="", refusal_reason=_erased("refusal_reason")
    )
    return lines.exclude(content=WithoutPerson(F("content"))).update(content=WithoutPerson(F("content")))


HOLDER = Holder(
    told=TOLD,
    contacts=CONTACTS,
    hindrances=HINDRANCES,
    forget=forget,
    processings=(
        Processing(
            slug="dossiers",
            name="Dossiers transmis aux caisses et alertes de rupture de droits",
            purpose=(
                "Constituer avec la personne une demande de droits, vérifier qu’elle est complète, la transmettre à la"
                " caisse compétente, suivre la décision et le renouvellement, signaler une rupture de droits."
            ),
            legal_basis=(
                "Mission d’intérêt public (RGPD, article 6, paragraphe 1, point e)\u00a0; un dossier n’est transmis"
                " qu’avec"
                " l’accord de la personne, dont la date est gardée."
            ),
            people="Personnes pour qui un dossier est constitué ou une alerte signalée.",
            categories=(
                "Nature de la demande, pièces réunies (leur nom, non leur contenu), accord, urgence, notes sociales,"
                " dates"
                " de transmission, réponses et décisions de la caisse, droits ouverts."
            ),
            recipients=(
                "Agents du CCAS\u00a0; la caisse destinataire, pour ce qui lui est transmis seulement, jamais les notes"
                " sociales."
            ),
            retention=(
                "Celle de la fiche de la personne, jamais avant la fin d’un dossier en cours ou de droits à renouveler."
                " Les bordereaux gardent leur numéro, leur date et le nombre de dossiers, sans le nom."
            ),
        ),
    ),
)
