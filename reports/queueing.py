"""Jobs of this floor, asked for in the transaction of what asks for them: kept or lost with its rows."""

from datetime import datetime

from django.utils import timezone
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

# Within the worker, procrastinate's own app writes over connections of its own; these jobs stand or fall with our rows.
_jobs = JobManager(DjangoConnector())
# Named, not imported: `tasks.py` stands above what asks for its jobs.
SEND_RETURN = "reports.tasks.send_return"
RUN_WORK = "reports.tasks.run_work"
# Long works wait in a queue of their own, so that they can be given a worker of their own.
WORK_QUEUE = "travaux"


def defer_send_return(dispatch_id: int, *, due_at: datetime) -> None:
    """Ask the worker to send one e-mail, from the moment `due_at` on."""
    configure_task(
        name=SEND_RETURN,
        job_manager=_jobs,
        queue="messages",
        schedule_at=due_at if due_at > timezone.now() else None,
    ).defer(dispatch_id=dispatch_id)


def defer_work(work_id: int) -> None:
    """Ask the worker to make one file."""
    configure_task(name=RUN_WORK, job_manager=_jobs, queue=WORK_QUEUE).defer(work_id=work_id)
