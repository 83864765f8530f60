"""The pages of this floor, one module for each kind of page."""

from .annual_reports import (
    AnnualReportBeginView,
    AnnualReportView,
    annual_report_discard,
    annual_report_establish,
    annual_report_list,
    annual_report_print,
)
from .figure import FigureView, figure_rows
from .long_works import figure_rows_work, national_work, work_cancel, work_detail, work_file, work_list
from .monthly_returns import (
    MonthlyReturnCorrectView,
    MonthlyReturnEstablishView,
    MonthlyReturnListView,
    monthly_return_detail,
    monthly_return_file,
    monthly_return_send,
)
from .national import national_export, national_file
from .statistics import StatisticsView, figures_file

__all__ = [
    "AnnualReportBeginView",
    "AnnualReportView",
    "FigureView",
    "MonthlyReturnCorrectView",
    "MonthlyReturnEstablishView",
    "MonthlyReturnListView",
    "StatisticsView",
    "annual_report_discard",
    "annual_report_establish",
    "annual_report_list",
    "annual_report_print",
    "figure_rows",
    "figure_rows_work",
    "figures_file",
    "monthly_return_detail",
    "monthly_return_file",
    "monthly_return_send",
    "national_export",
    "national_file",
    "national_work",
    "work_cancel",
    "work_detail",
    "work_file",
    "work_list",
]
