"""What a result set is: the tables of a cohort, as Parquet parts that any tool reads.

docs/results.md is printed from the columns that are declared here.
"""

from retrorun.results.about import About, about, check_about, read_about
from retrorun.results.columns import SCHEMA_VERSION
from retrorun.results.names import ABOUT, athlete_key, ledger_name, part_names
from retrorun.results.parts import Part
from retrorun.results.reading import athletes, ledger, sessions
from retrorun.results.rows import Filed

__all__ = [
    "ABOUT",
    "SCHEMA_VERSION",
    "About",
    "Filed",
    "Part",
    "about",
    "athlete_key",
    "athletes",
    "check_about",
    "ledger",
    "ledger_name",
    "part_names",
    "read_about",
    "sessions",
]
