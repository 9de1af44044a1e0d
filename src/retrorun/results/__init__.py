"""What a result set is: the tables of a cohort, as Parquet parts that any tool reads.

docs/results.md is printed from the columns that are declared here.
"""

from retrorun.results.columns import SCHEMA_VERSION
from retrorun.results.deidentification import Key, deidentify, key
from retrorun.results.deidentification import about as deidentified_about
from retrorun.results.layout import (
    ABOUT,
    About,
    about,
    athlete_key,
    check_about,
    check_copy,
    ledger_name,
    read_about,
)
from retrorun.results.layout import encoded as about_bytes
from retrorun.results.reader import athlete_of, athletes, ledger, lost, sessions
from retrorun.results.writer import Filed, Part

__all__ = [
    "ABOUT",
    "SCHEMA_VERSION",
    "About",
    "Filed",
    "Key",
    "Part",
    "about",
    "about_bytes",
    "athlete_key",
    "athlete_of",
    "athletes",
    "check_about",
    "check_copy",
    "deidentified_about",
    "deidentify",
    "key",
    "ledger",
    "ledger_name",
    "lost",
    "read_about",
    "sessions",
]
