"""Pages: plain views of model values, drawn by templates; each renderer returns one text."""

from retrorun.report.cohort import cohort_page
from retrorun.report.comparison import comparison_page
from retrorun.report.fault import Fault, fault_page
from retrorun.report.index import index_page
from retrorun.report.log import listed
from retrorun.report.period import PeriodContext, period_page
from retrorun.report.session import session_page
from retrorun.report.view import SessionContext

__all__ = [
    "Fault",
    "PeriodContext",
    "SessionContext",
    "cohort_page",
    "comparison_page",
    "fault_page",
    "index_page",
    "listed",
    "period_page",
    "session_page",
]
