"""Pages: plain views of model values, drawn by templates; each renderer returns one text."""

from retrorun.report.cohort import cohort_page
from retrorun.report.history.care import CareContext, care_page
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.period import PeriodContext, period_page
from retrorun.report.history.sessions import index_page, list_sessions
from retrorun.report.inbox import Inbox, learnt_sentence
from retrorun.report.page import Fault, fault_page
from retrorun.report.session.page import SessionContext, session_page
from retrorun.report.session.picture import PictureOptions, png_of, share_picture
from retrorun.report.session.question import QuestionContext, question_panel, review_page

__all__ = [
    "CareContext",
    "Fault",
    "Inbox",
    "PeriodContext",
    "PictureOptions",
    "QuestionContext",
    "SessionContext",
    "care_page",
    "cohort_page",
    "comparison_page",
    "fault_page",
    "index_page",
    "learnt_sentence",
    "list_sessions",
    "period_page",
    "png_of",
    "question_panel",
    "review_page",
    "session_page",
    "share_picture",
]
