"""What is owed, as parts of other pages: `{% load duties %}`."""

from django import template

from conventions.due_dates import When, due_dates, owed_by_words, period_words
from conventions.models import Convention, ObligationDue
from partners.models import User

register = template.Library()

# How many lines the card of a convention shows; its own page has them all.
LINES_OF_CARD = 5


@register.filter
def period(due: ObligationDue) -> str:
    """`mars 2026`, or the two ends of a year of the convention."""
    return period_words(due)


@register.filter
def owed_by(due: ObligationDue) -> str:
    """`CCAS`, `CPAM`, `CCAS et CPAM`."""
    return owed_by_words(due.obligation.owed_by, due.obligation.convention)


@register.inclusion_tag("conventions/_duties_card.html")
def duties_card(convention: Convention) -> dict[str, object]:
    """The card « Échéances » of a convention's page: how many are late, and the next ones; three queries."""
    today = convention.site.today()
    lines = due_dates([convention], today=today)
    late = [line for line in lines if line.when(today) == When.LATE]
    coming = [line for line in lines if line.when(today) != When.LATE]
    return {
        "convention": convention,
        "late": late[:LINES_OF_CARD],
        "late_count": len(late),
        "coming": coming[: max(1, LINES_OF_CARD - len(late))],
    }


@register.inclusion_tag("conventions/_late_duties_notice.html")
def late_duties_notice(user: User) -> dict[str, object]:
    """For a partner's agent: how much of what her caisse owes is late; one query, nothing shown when nothing is."""
    owed = ObligationDue.objects.visible_to(user).open().select_related("obligation__convention__site")
    late = sum(due.is_late_on(due.obligation.convention.site.today()) for due in owed)
    return {"late_count": late}
