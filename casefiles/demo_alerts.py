"""Fictional alerts of rights about to break: the old ones answered and closed, the last ones at several steps."""

import random
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from partners.models import User

from .demo_data import ALERTS, ANSWERS
from .models import CaseFile, RightsAlert

# Days ago: three of this week, then one every three weeks or so.
AGES = (1, 2, 4, *range(22, 340, 22))


def make_demo_alerts(*, files: Sequence[CaseFile], dice: random.Random, clerk: User, agent: User) -> list[RightsAlert]:
    """Write the alerts of a year about the people of `files`, raised by `clerk` and answered by `agent`."""
    alerts = []
    for number, age in enumerate(AGES):
        file = dice.choice(files)
        day = file.site.today() - timedelta(days=age)
        alert = RightsAlert(
            site=file.site,
            visitor=file.visitor,
            partner=file.partner,
            file=file if dice.random() < 0.6 else None,
            what=dice.choice(ALERTS),
            deadline=day + timedelta(days=dice.choice([2, 3, 5, 8])),
            raised_at=datetime.combine(day, time(10, 12), file.site.zone),
            raised_by=clerk,
        )
        # The youngest is unread, the next one read, the third one answered; the others are closed.
        if number >= 1:
            alert.seen_at, alert.seen_by = alert.raised_at + timedelta(hours=dice.randrange(1, 8)), agent
        if number >= 2:
            alert.answered_at = alert.seen_at + timedelta(hours=dice.randrange(1, 40))
            alert.answered_by, alert.answer = agent, dice.choice(ANSWERS)
        if number >= 3:
            alert.closed_at, alert.closed_by = alert.answered_at + timedelta(hours=20), clerk
        alerts.append(alert)
    return RightsAlert.objects.bulk_create(alerts)
