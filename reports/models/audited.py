"""What the audit watches on this floor: what was established."""

from partners.audit.tracking import audited

from .annual_report import AnnualReport
from .monthly_return import MonthlyReturn

# Frozen once established: the row keeps what it printed.
audited(site="site", once=["content"], named_with=["site", "partner"])(MonthlyReturn)
audited(ccas="ccas", once=["content"], named_with=["convention__partner", "convention__site"])(AnnualReport)
