"""What this floor keeps: returns and reports as they were established, and the long works that make files."""

from . import audited
from .annual_report import AnnualReport
from .long_work import LongWork, WorkKind, WorkState
from .monthly_return import MonthlyReturn
from .monthly_sums import (
    MonthlyAppointments,
    MonthlyAppointmentsOfAll,
    MonthlyAppointmentsOfSite,
    MonthlyVisits,
    MonthlyVisitsOfAll,
    MonthlyVisitsOfSite,
    SummedMonth,
    SummedSite,
)
from .return_dispatch import DispatchState, ReturnDispatch
from .whole_periods import WholePeriod

__all__ = [
    "AnnualReport",
    "DispatchState",
    "LongWork",
    "MonthlyAppointments",
    "MonthlyAppointmentsOfAll",
    "MonthlyAppointmentsOfSite",
    "MonthlyReturn",
    "MonthlyVisits",
    "MonthlyVisitsOfAll",
    "MonthlyVisitsOfSite",
    "ReturnDispatch",
    "SummedMonth",
    "SummedSite",
    "WholePeriod",
    "WorkKind",
    "WorkState",
    "audited",
]
