"""Jobs of this floor, run by the worker (`manage.py procrastinate worker`)."""

import logging
from datetime import UTC, datetime

from procrastinate.contrib.django import app

from .weekly_digest import send_weekly_digests

logger = logging.getLogger(__name__)


@app.periodic(cron="10 * * * *")
@app.task(queueing_lock="weekly_digests", pass_context=False)
def weekly_digests(timestamp: int) -> None:
    """Each hour, since it is Monday morning somewhere in France for most of a day. `timestamp` is when it was due."""
    sent = send_weekly_digests(now=datetime.now(UTC))
    if sent:
        logger.info("weekly digests: %s sent", sent)
