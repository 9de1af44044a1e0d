"""Result sets: the tables of a cohort, as Parquet parts that any tool reads.

docs/results.md is printed from the columns that are declared here.
"""

from retrorun.results.columns import SCHEMA_VERSION
from retrorun.results.deidentification import (
    CopyTask,
    PseudonymKey,
    copy_part,
    deidentified_about,
    deidentify,
    pseudonym_key,
    source_parts,
    withdraw_parts,
)
from retrorun.results.layout import (
    ABOUT,
    LEARNT,
    About,
    athlete_key,
    check_about,
    check_copy,
    encode_about,
    ledger_name,
    make_about,
    read_about,
)
from retrorun.results.reader import (
    athlete_of,
    athletes,
    ledger,
    misplaced_parts,
    missing_parts,
    sessions,
    sessions_by_batch,
)
from retrorun.results.writer import BatchWriter, FileOutcomes

__all__ = [
    "ABOUT",
    "LEARNT",
    "SCHEMA_VERSION",
    "About",
    "BatchWriter",
    "CopyTask",
    "FileOutcomes",
    "PseudonymKey",
    "athlete_key",
    "athlete_of",
    "athletes",
    "check_about",
    "check_copy",
    "copy_part",
    "deidentified_about",
    "deidentify",
    "encode_about",
    "ledger",
    "ledger_name",
    "make_about",
    "misplaced_parts",
    "missing_parts",
    "pseudonym_key",
    "read_about",
    "sessions",
    "sessions_by_batch",
    "source_parts",
    "withdraw_parts",
]
