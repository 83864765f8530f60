"""What the worker writes is marked with the name of its job."""

from collections.abc import Callable
from typing import Any

import pghistory
from procrastinate import App, JobContext
from procrastinate.worker import Worker


def mark_job(run: Callable[[], Any], context: JobContext, _worker: Worker) -> Any:
    """Run a job so that the journal names it."""
    with pghistory.context(task=context.job.task_name):
        return run()


def watch_jobs(app: App) -> None:
    """Have every job of the worker marked (PROCRASTINATE_ON_APP_READY)."""
    app.worker_defaults.setdefault("task_middleware", []).append(mark_job)
