"""What the audit watches on this floor: everything that was agreed, and what became of it."""

from partners.audit.tracking import audited

from .acknowledgement import FindingAcknowledgement
from .allocation import OfficeAllocation, PermanenceSlot
from .amendment import Amendment
from .article import Article
from .budget_line import BudgetLine
from .convention import Convention
from .deadline_feed import DeadlineFeed
from .deliberation import Deliberation
from .document import Document
from .fee_statement import FeeStatement
from .fee_terms import FeeTerms
from .meeting import CommitteeMeeting, TrainedPerson, TrainingSession
from .obligation import Obligation
from .obligation_due import ObligationDue

audited(site="site", named_with=["partner", "site"], url_name="conventions:convention_detail")(Convention)
for part in (FeeTerms, Article, Obligation, Amendment, CommitteeMeeting, TrainingSession, FindingAcknowledgement):
    audited(page="convention", site="convention__site", named_with=["convention__partner", "convention__site"])(part)
audited(page="convention", site="convention__site", named_with=["office"])(OfficeAllocation)
audited(
    page="allocation__convention", site="allocation__convention__site", named_with=["office", "allocation__office"]
)(PermanenceSlot)
audited(page="obligation__convention", site="obligation__convention__site", named_with=["obligation"])(ObligationDue)
audited(page="session__convention", site="session__convention__site", left_out=["name_key"])(TrainedPerson)
audited(page="convention", site="site")(Document)
# Frozen as it was issued: the row keeps what it printed.
audited(page="convention", ccas="ccas", once=["content"], named_with=["convention__partner", "convention__site"])(
    FeeStatement
)
audited(ccas="ccas")(Deliberation)
audited(ccas="ccas", named_with=["partner"])(BudgetLine)
audited(page="site", site="site", named_with=["site"])(DeadlineFeed)
