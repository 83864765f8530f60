"""Two cards become one: the files and alerts of both follow, and go back when the merge is undone."""

import datetime as dt

from bookings.visitor_merging import merge_visitors, undo_merge
from casefiles.models import CaseFile, RightsAlert
from casefiles.services import raise_alert
from tests.factories import VisitorFactory

from .conftest import TODAY


def test_files_and_alerts_follow_a_merged_card_and_go_back(cases):
    double = VisitorFactory(ccas=cases.site.ccas, last_name="Horth", first_name="Elise")
    sent, own = cases.sent(visitor=double), cases.opened()
    alert = raise_alert(
        site=cases.site,
        visitor=double,
        partner=cases.caisse,
        what="C2S échue",
        deadline=TODAY + dt.timedelta(days=3),
        by=cases.clerk,
    )
    merge = merge_visitors(kept=cases.visitor, merged=double, facts={}, by=cases.clerk)
    assert set(CaseFile.objects.filter(visitor=cases.visitor)) == {sent.file, own}
    assert RightsAlert.objects.get().visitor == cases.visitor
    sent.refresh_from_db()
    assert sent.content["first_name"] == "Elise"  # what was sent stays as it was sent
    newer = cases.opened(visitor=double)
    assert newer.visitor == cases.visitor
    undo_merge(merge=merge, by=cases.clerk)
    assert set(CaseFile.objects.filter(visitor=double)) == {sent.file}
    assert set(CaseFile.objects.filter(visitor=cases.visitor)) == {own, newer}
    alert.refresh_from_db()
    assert alert.visitor == double
