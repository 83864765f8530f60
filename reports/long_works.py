"""Long works: asked for, made by the worker in steps, cancelled between two steps, kept for some days, then removed.

A worker holds a lock of the database while it is at work, which PostgreSQL frees when the process dies. A work that is
`RUNNING` while nobody holds its lock has lost its worker: the sweep of each minute gives it to another one, a few
times, then says that it failed. Progress is written in short transactions of its own, so that everybody sees it.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from franceservices.errors import DomainError
from franceservices.sole_runner import sole_runner
from franceservices.storing import store_whole
from partners.models import User

from .models import LongWork, WorkKind, WorkState
from .models.long_work import WORK_FOLDER, work_storage
from .queueing import RUN_WORK, defer_work

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
LOST_AFTER = timedelta(minutes=2)
KEPT_FOR = timedelta(days=7)
MOST_UNDER_WAY = 5
_OUTCOME_LENGTH = LongWork._meta.get_field("outcome").max_length
CANCELLED = "Annulé à votre demande."
ABANDONED = (
    f"Interrompu {MOST_ATTEMPTS} fois avant la fin, et abandonné. Demandez-le de nouveau\u00a0; si cela se répète, "
    "prévenez l’administrateur technique."
)


class WorkStopped(Exception):
    """The work under way is to be left at once."""


@dataclass(frozen=True)
class MadeFile:
    """What a maker says of the file that it wrote: the name to save it under, and its type."""

    name: str
    content_type: str


class Progress:
    """How a maker tells how far it is; between two steps it hears that it is to stop."""

    def __init__(self, work: LongWork) -> None:
        self._work = work

    def tell(self, done: int, total: int) -> None:
        """Write that `done` of `total` steps are behind. Raises WorkStopped when the work is no longer wanted."""
        ours = LongWork.objects.filter(
            pk=self._work.pk, state=WorkState.RUNNING, attempts=self._work.attempts, cancel_asked_at=None
        )
        if not ours.update(done=done, total=total):
            raise WorkStopped


# What makes the file of a work: writes it, tells how far it is, and says what it is.
Maker = Callable[[LongWork, BinaryIO, Progress], MadeFile]


@transaction.atomic
def ask_for(*, kind: WorkKind, title: str, parameters: dict[str, object], by: User) -> LongWork:
    """Ask the worker for a file; the row and its job are kept or lost with the transaction.

    Asked twice while the first is under way, it is the same. Raises DomainError with too many under way.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    under_way = LongWork.objects.visible_to(by).under_way()
    same = under_way.filter(kind=kind, parameters=parameters, cancel_asked_at=None).first()
    if same is not None:
        return same
    if under_way.count() >= MOST_UNDER_WAY:
        raise DomainError(
            f"{MOST_UNDER_WAY} de vos fichiers sont déjà en préparation. Attendez-en la fin, ou annulez-en un."
        )
    work = LongWork.objects.create(owner=by, kind=kind, title=title[:300], parameters=parameters)
    defer_work(work.pk)
    return work


@transaction.atomic
def cancel_work(*, work: LongWork, by: User) -> LongWork:
    """Ask for the end of a work: at once when it waits, after its present step when it runs.

    Raises DomainError when it has ended, LongWork.DoesNotExist for somebody else's.
    """
    work = LongWork.objects.visible_to(by).select_for_update(no_key=True).get(pk=work.pk)
    if work.has_ended:
        raise DomainError(f"Ce fichier n’est plus en préparation\u00a0: il est {work.get_state_display()}.")
    work.cancel_asked_at = work.cancel_asked_at or timezone.now()
    if work.state == WorkState.QUEUED:
        work.state, work.ended_at, work.outcome = WorkState.CANCELLED, timezone.now(), CANCELLED
    work.save(update_fields=["state", "cancel_asked_at", "ended_at", "outcome"])
    return work


def run_work(work_id: int, *, makers: dict[str, Maker]) -> None:
    """Make the file of one work, unless another worker is at it or there is nothing to make any more.

    A fault of a maker is not caught: the row stays `RUNNING` without a lock, and the sweep decides.
    """
    with sole_runner(f"reports.long_work:{work_id}") as is_ours:
        work = _claimed(work_id) if is_ours else None
        if work is None:
            return
        try:
            _make(work, makers[work.kind])
        except WorkStopped:
            _end(work, WorkState.CANCELLED, CANCELLED)
        except DomainError as refusal:
            _end(work, WorkState.FAILED, refusal.message)


def _make(work: LongWork, maker: Maker) -> None:
    """The file in a place of its own, then in storage, then on the row; never one without the other."""
    with NamedTemporaryFile(prefix="travail-") as written:
        made = maker(work, written, Progress(work))
        written.flush()
        size = Path(written.name).stat().st_size
        storage = work_storage()
        written.seek(0)
        stored = store_whole(storage, LongWork._meta.get_field("file").generate_filename(work, ""), File(written))
    with ExitStack() as on_failure:
        # Whatever goes wrong, an interruption included: without its row nobody would ever find the file again.
        on_failure.callback(storage.delete, stored)
        is_kept = (
            _ours(work)
            .filter(cancel_asked_at=None)
            .update(
                state=WorkState.DONE,
                ended_at=timezone.now(),
                expires_at=timezone.now() + KEPT_FOR,
                file=stored,
                file_name=made.name,
                content_type=made.content_type,
                size=size,
                outcome="",
            )
        )
        if not is_kept:
            raise WorkStopped
        on_failure.pop_all()


def _ours(work: LongWork):
    """The row, unless another worker took the work over."""
    return LongWork.objects.filter(pk=work.pk, state=WorkState.RUNNING, attempts=work.attempts)


def _end(work: LongWork, state: WorkState, outcome: str) -> None:
    _ours(work).update(state=state, outcome=outcome[:_OUTCOME_LENGTH], ended_at=timezone.now())


@transaction.atomic
def _claimed(work_id: int) -> LongWork | None:
    """The work, written down as running from its first step; None when there is nothing to make.

    The caller holds its lock: one that is `RUNNING` has lost its worker.
    """
    work = (
        LongWork.objects.select_for_update(no_key=True, of=["self"]).select_related("owner").filter(pk=work_id).first()
    )
    if work is None or work.has_ended:
        return None
    if work.cancel_asked_at is not None:
        _settle_lost(work, WorkState.CANCELLED, CANCELLED)
        return None
    if work.attempts >= MOST_ATTEMPTS:
        _settle_lost(work, WorkState.FAILED, ABANDONED)
        return None
    work.state, work.started_at = WorkState.RUNNING, timezone.now()
    work.attempts += 1
    work.done = work.total = 0
    work.save(update_fields=["state", "started_at", "attempts", "done", "total"])
    return work


def _settle_lost(work: LongWork, state: WorkState, outcome: str) -> None:
    work.state, work.outcome, work.ended_at = state, outcome, timezone.now()
    work.save(update_fields=["state", "outcome", "ended_at"])
    if state == WorkState.FAILED:
        logger.warning("long work %s abandoned after %s attempts", work.pk, work.attempts)


@transaction.atomic
def sweep_works() -> int:
    """Ask again for the works whose job was lost with its worker; return how many. Safe to run at any moment.

    One that is being made right now is passed over by `run_work`, which finds its lock held.
    """
    waiting = ProcrastinateJob.objects.filter(task_name=RUN_WORK, status="todo")
    with_a_job = set(waiting.values_list("args__work_id", flat=True))
    lost = LongWork.objects.under_way().filter(
        Q(state=WorkState.RUNNING) | Q(state=WorkState.QUEUED, asked_at__lte=timezone.now() - LOST_AFTER)
    )
    lost_ids = [work_id for work_id in lost.values_list("pk", flat=True) if work_id not in with_a_job]
    for work_id in lost_ids:
        defer_work(work_id)
    return len(lost_ids)


def forget_expired_works() -> int:
    """Remove the files that were kept long enough, and the rows that ended as long ago; return how many rows.

    The file goes first: a row without it says that it expired, a file without its row would be found by nobody. Those
    that a killed worker left between the two go as well.
    """
    now, storage = timezone.now(), work_storage()
    for work in LongWork.objects.filter(expires_at__lte=now).exclude(file=""):
        storage.delete(work.file.name)
        LongWork.objects.filter(pk=work.pk).update(file="")
    known = set(LongWork.objects.exclude(file="").values_list("file", flat=True))
    for name in list(_stored_names()):
        if name not in known and storage.get_modified_time(name) < now - KEPT_FOR:
            storage.delete(name)
    old = LongWork.objects.filter(ended_at__lte=now - 4 * KEPT_FOR, file="")
    return old.delete()[0]


def _stored_names() -> Iterator[str]:
    """All files of works in storage, whatever the rows say."""
    storage = work_storage()
    if not storage.exists(WORK_FOLDER):
        return
    for folder in storage.listdir(WORK_FOLDER)[0]:
        yield from (f"{WORK_FOLDER}/{folder}/{name}" for name in storage.listdir(f"{WORK_FOLDER}/{folder}")[1])
