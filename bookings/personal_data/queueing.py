"""Jobs about elimination lists, asked for in the transaction of what asks for them: kept or lost with its rows."""

from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

# Within the worker, procrastinate's own app writes over connections of its own; these jobs stand or fall with our rows.
_jobs = JobManager(DjangoConnector())
# Named, not imported: `tasks.py` stands above what asks for its jobs.
ELIMINATE, REHEARSE = "bookings.tasks.eliminate", "bookings.tasks.rehearse_elimination"
# With the other works that take long, so that messages never wait for them.
QUEUE = "travaux"


def defer_elimination(list_id: int) -> None:
    """Ask the worker to empty the data of the people of one list."""
    configure_task(name=ELIMINATE, job_manager=_jobs, queue=QUEUE).defer(list_id=list_id)


def defer_rehearsal(list_id: int) -> None:
    """Ask the worker to try one list out, and to write nothing but what it found."""
    configure_task(name=REHEARSE, job_manager=_jobs, queue=QUEUE).defer(list_id=list_id)
