"""The history of a convention as the administration shows it: who did what, beside what was typed there."""

from django.contrib.admin.models import CHANGE, LogEntry

from partners.models import User

from .models import Convention


def note(*, convention: Convention, what: str, by: User) -> None:
    """Write one French sentence into the history of `convention`, in the transaction of what it tells."""
    LogEntry.objects.log_actions(
        user_id=by.pk, queryset=[convention], action_flag=CHANGE, change_message=what, single_object=True
    )
