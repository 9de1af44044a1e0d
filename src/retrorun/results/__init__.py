"""What a result set is: the tables of a cohort, as Parquet parts that any tool reads.

docs/results.md is printed from the columns that are declared here.
"""

from retrorun.results.about import About, about, check_about, check_copy, read_about
from retrorun.results.about import encoded as about_bytes
from retrorun.results.columns import SCHEMA_VERSION
from retrorun.results.deidentified import about as deidentified_about
from retrorun.results.deidentified import deidentify
from retrorun.results.names import ABOUT, athlete_key, ledger_name
from retrorun.results.parts import Part
from retrorun.results.pseudonyms import Key, key
from retrorun.results.reading import athlete_of, athletes, ledger, lost, sessions
from retrorun.results.rows import Filed

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
