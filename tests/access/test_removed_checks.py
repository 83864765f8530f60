"""The walk sees a check that is gone, wherever it stood: on a function, on a class, in a queryset."""

import inspect

from django.views import View

from bookings.models.notification import NotificationQuerySet
from partners.accounts.views import AccountListView

from .table import ACCOUNTS, FIGURES, VISITORS
from .walk import routes

FUNCTION, CLASS, QUERYSET = "reports:annual_report_list", "accounts:account_list", "bookings:notification_retry"


def test_three_removed_checks_are_reported_and_nothing_else(walker, monkeypatch):
    pattern = next(route.pattern for route in routes() if route.name == FUNCTION)
    # `@for_roles` off one function, the mixin's `dispatch` off one class, the perimeter off one queryset.
    monkeypatch.setattr(pattern, "callback", inspect.unwrap(pattern.callback))
    monkeypatch.setattr(AccountListView, "dispatch", View.dispatch)
    monkeypatch.setattr(NotificationQuerySet, "visible_to", lambda rows, user: rows.all())
    around = {page.name for subject in (VISITORS, FIGURES, ACCOUNTS) for page in subject.pages}
    reported: dict[str, set[str]] = {}
    for problem in walker.walk(around):
        name, who = problem.split(": ", 2)[:2]
        reported.setdefault(name, set()).add(who)
    assert reported == {
        FUNCTION: {"reception, no row", "social_worker, no row", "agent, no row"},
        CLASS: {"reception, no row", "social_worker, no row", "agent, no row"},
        QUERYSET: {
            *(f"{role}, {place}" for role in ("reception", "social_worker") for place in ("next", "away")),
            *("manager, away", "administrator, away"),
        },
    }
