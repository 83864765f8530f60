"""Writes one row of a load, if it has to be written, and keeps account of it."""

from collections.abc import Mapping

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from .problems import AgreementRefused, Path, Problem
from .report import Action, Change, LoadReport, difference


class RowWriter:
    """Creates, modifies and deletes rows, each once and only where something differs; `report` hears of it."""

    def __init__(self, report: LoadReport) -> None:
        self.report = report

    def save(self, row: Model, facts: Mapping[str, object], *, what: str, path: Path) -> set[str]:
        """Make `row` say `facts`; the names of the fields that were written, none when it already did.

        Raises AgreementRefused with what the model's own validation finds, at `path`.
        """
        is_new = row.pk is None
        changes = difference(row, facts)
        if not changes and not is_new:
            return set()
        written = set(facts) if is_new else {change.field for change in changes}
        for name in written:
            setattr(row, name, facts[name])
        try:
            row.full_clean(validate_unique=False, validate_constraints=False)
        except ValidationError as refusal:
            raise AgreementRefused(
                Problem(path if field == NON_FIELD_ERRORS else (*path, field), message)
                for field, messages in refusal.message_dict.items()
                for message in messages
            ) from refusal
        row.save()
        self.report.changes.append(Change(Action.CREATED if is_new else Action.UPDATED, what, changes))
        return written

    def delete(self, row: Model, what: str) -> None:
        """Delete `row`, which the agreement owned and no longer has."""
        row.delete()
        self.report.changes.append(Change(Action.DELETED, what))
