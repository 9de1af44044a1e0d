"""Print docs/results.md from the columns that the parts of a result set are written with.

    python docs/generate/results.py > docs/results.md

The prose stands here; the tables of columns come from ``retrorun.results.columns``.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

from retrorun.results.columns import KINDS, PARTITIONED, SCHEMA_VERSION, TABLES, Column

INTRODUCTION = """\
# The result set of a cohort

Printed by `python docs/generate/results.py > docs/results.md` from the columns that the parts
are written with; a test holds the two together.

`retrorun cohort process ADDRESS --out ADDRESS` writes what became of every file as Parquet, which
anything reads without retrorun. Columns carry their unit in their name; the Parquet files' own
metadata has it once more under `retrorun`: a JSON with `schema_version`, `table` and `units`.
Unknown is null, never 0 and never NaN. Types are plain and the same in every part.

Schema version: **{version}**. It changes when a column comes, goes, or changes its name, type,
unit or meaning, or when files lie elsewhere. `about.json` has it, with the version of retrorun,
the fingerprint of the settings, and whether there are tracks. A run with another of these is
refused: one result set was made in one way. More files and athletes may be added at any time.

```
about.json
manifest/<sha256>.parquet                              what was planned; not meant for reading
files/<batch>.parquet                                  one row a file
sessions/athlete=<athlete>/year=<year>/<batch>.parquet
segments/athlete=<athlete>/year=<year>/<batch>.parquet
tracks/athlete=<athlete>/year=<year>/<batch>.parquet   with --tracks
problems/<batch>.parquet                               one row a file or activity without a session
sums/<batch>.json                                      SHA-256 of each part of a batch
learnt.json                                            what was learnt is in all of these batches
```

- `<batch>` is the hash of what a batch consists of; the same files give the same names and the
  same bytes, whoever works on them, with the same versions of retrorun, numpy and pyarrow. That
  holds for workers with different processors: retrorun computes with operations that IEEE 754
  rounds alike everywhere, and stores numbers rounded to the digits that mean something. It is
  tested on x86-64 with and without AVX2, FMA and AVX-512, and with other linear algebra kernels.
  On other architectures (ARM) ids, decisions and rounded numbers are expected to be the same, but
  that has not been tried; another version of pyarrow may pack the same numbers into other bytes.
- Whoever reads a part with retrorun has it compared with its sum first: a damaged one is refused
  by name (`results-part-damaged`), one that is gone is named (`results-part-missing`), and one
  with other columns or types is refused (`results-other-schema`).
  Sessions in a folder that is no athlete's by its name, such as one that another program has
  renamed, are counted for nobody and named (`results-part-misplaced`); a de-identified copy is
  not made.
  `retrorun cohort process` with the same arguments makes such parts again: in a folder it compares
  every part with its sum on each run; in an object store it looks whether all are there, and reads
  them only with `--retry`.
- A batch counts once its part of `files` is there. While a run goes on, or after one was stopped,
  there may be data of a batch that is not finished: the next run makes the same bytes again.
- Within a batch the same bytes count once for an athlete; in two batches the same `session` may
  stand twice. Count sessions by distinct `session`; `retrorun cohort compare` does.
- `year` is that of the athlete's own clock, of UTC where the zone is not known. A session whose
  clock lies outside 1680 to 2259 is refused (`clock-impossible`): readers could not hold its
  dates.
- In `athlete=…` everything of ASCII but letters, digits and `_-.~` is `%XX`. Names are brought to
  Unicode's composed form; those that are no text on one line, too long, or would be read as no
  value are cut and end in `~` and part of their hash. The same key stands in `files` and
  `problems`. Whose a file is: [athletes.md](athletes.md). Athletes whose names differ in case
  only need a file system that tells case apart; object stores do.
- `files` gives a container that holds members of several athletes one row for each of them.
"""

READING = """\
## Reading it

An athlete called `007` is a number to whoever guesses types, so say that it is text.

pandas and pyarrow:

```python
import pandas as pd, pyarrow as pa, pyarrow.dataset as ds

hive = ds.partitioning(pa.schema([("athlete", pa.string()), ("year", pa.int32())]), flavor="hive")
sessions = pd.read_parquet("results/sessions", partitioning=hive)
one = ds.dataset("results/tracks", partitioning=hive).to_table(filter=ds.field("athlete") == "ann")
```

Dask:

```python
sessions = dask.dataframe.read_parquet("results/sessions", dataset={"partitioning": hive})
```

DuckDB:

```sql
select athlete, sum(backward_distance_m) / 1000 as backward_km
from read_parquet('results/sessions/*/*/*.parquet', hive_partitioning = true,
                  hive_types = {'athlete': VARCHAR, 'year': INTEGER})
group by athlete;
```

Spark (not tested here, where there is no Java; `year` comes as text like every partition):

```python
spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
sessions = spark.read.parquet("s3a://bucket/results/sessions")
sessions = sessions.withColumn("year", sessions.year.cast("int"))
```

The other four are held by tests. For addresses such as `s3://bucket/results/sessions` each tool
has its own way to credentials. `analysis` is the largest column: leave it out unless you want it
(`columns=`, `select`).
"""

DEIDENTIFIED = """\
## De-identified

```
RETRORUN_SALT=… retrorun cohort export ADDRESS --out ADDRESS --deidentify [--tracks]
RETRORUN_SALT=… retrorun cohort export ADDRESS --out ADDRESS --deidentify --engine dask --scheduler tcp://host:8786
```

makes a copy of `sessions`, `segments` and, with `--tracks`, `tracks`, with those
columns that have something in the last column above. It is a list of what is allowed: a column or
a field of the analysis on which nobody decided is not written, and a test enumerates them all.
`retrorun cohort compare` reads the copy and finds the same numbers. A session takes about 6 ms,
an hour of its track 12 ms (measured, one core). Workers make the copy part by part, here or on a
Dask cluster, with the same bytes. After an interruption the same command goes on: what is there
with the right bytes stays, and any other part is made again. The salt travels to the workers
inside the tasks, in no task's name and no log; with a scheduler on another machine use Dask's TLS.

- **Ids** of athletes and sessions, and the names of parts, are HMAC-SHA256 of the old ones with a
  salt (16 bytes to 1 MiB; `--salt-file FILE`, else `RETRORUN_SALT`, never an argument, never
  stored). The same salt gives the same ids and bytes, so that a copy can grow; a copy remembers a
  mark of its salt and refuses another. What is taken back in the original, or analysed again
  with a new privacy zone, leaves the copy the next time it is made; an athlete who has no session
  left in the original stays: delete that folder, or make the copy again. A copy is of one result
  set: what another one gave of the same athletes is removed, too. Without a salt one is drawn and
  not kept: then nobody can make the same ids again. Whoever has the salt and a list of
  names can undo the ids: keep it as you keep the names.
- **Dates** are moved by a whole number of weeks, 1 to 52 either way, one number an athlete, from
  the salt. Weekday and time of day stay as the athlete's own clock showed them, written as if UTC;
  the zone and its offset go. Intervals stay, but for changes of the clock (summer time, travel).
  `year` is that of the moved date. A session whose zone is not known has that of another recording
  of its activity in the same part, if there is one; else its clock is that of UTC.
- **Places** go: positions, the plane, course, heading and turn by the second, GPS accuracy, time
  zone. Heights count from the session's first one. Temperature goes, because weather tells a day.
- **Text** goes, all of it: names, devices, files, hashes, addresses, laps, labels' origins,
  reasons, messages. What stays are retrorun's own fixed words, such as `backward`, and the slugs
  of notes; a sport that is no common word is null.
- `files`, `problems` and `manifest` are not in the copy. Rows are in the order of the moved
  dates, because that of the files would tell the order of their names.

### What remains, and may tell who it was
- It is pseudonymous data, not anonymous. Who knows when a person ran (a few starting times to the
  second, a training week, a public race) can find the athlete by the pattern: weekdays, times of
  day and intervals stay. So can who knows exact distances or durations, for instance from a
  public profile.
- Rare performances, rare combinations (a month of 200 km backward) and small cohorts.
- Body and physiology: heart rate, steps, gait lines, balance. Energy in kilocalories gives the
  body mass by arithmetic, energy by heart rate the mass and the age together; leave these columns
  out if that matters.
- With tracks: the shape of hills along the way, speed by the second, stops. A route's profile can
  be looked for among known routes. Share tracks with people, not with the world.
- Shifts are one of 104: who knows one true date of an athlete knows all of them.
- Outside of what is copied: your log files, the addresses you share it from, and the dates of the
  objects.
"""

TYPES = {
    "text": "string",
    "bytes": "binary",
    "truth": "bool",
    "whole": "int32",
    "long": "int64",
    "number": "double",
    "single": "float",
    "moment": "timestamp[us, UTC]",
    "years": "list<int32>",
}
TREATED = {
    "keep": "stays",
    "drop": "",
    "session": "another id",
    "shift": "moved",
    "level": "from the start's",
    "vocabulary": "known words stay",
    "scrub": "field by field",
}
ABOUT = {
    "files": "The ledger: one row a file that was worked on. A batch counts once its part is here.",
    "sessions": "One row an activity.",
    "segments": "One row a stretch of one direction and gait; `session` joins it to its session.",
    "tracks": "One row a second, a row group a session. Only with `--tracks`.",
    "problems": "One row for every file, member of an archive or activity that gave no session.",
}


def markdown() -> str:
    """The whole page."""
    parts = [INTRODUCTION.format(version=SCHEMA_VERSION), READING]
    for table, columns in TABLES.items():
        parts += [f"## `{table}`\n\n{ABOUT[table]}\n", "\n".join(_table(table, columns)), ""]
    return "\n".join([*parts, DEIDENTIFIED])


def _table(table: str, columns: Sequence[Column]) -> list[str]:
    head = ["column", "type", "unit", "meaning", "de-identified"]
    rows = [head, ["---"] * len(head), *_partitions(table), *_rows(columns)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _partitions(table: str) -> Iterator[list[str]]:
    """What stands in the folders' names."""
    if table in PARTITIONED:
        yield ["`athlete`", "partition", "", "whose it is", "another id"]
        yield ["`year`", "partition", "", "local year of the session's start", "of the moved date"]


def _rows(columns: Iterable[Column]) -> Iterator[list[str]]:
    """One row a column; the sums of all kinds of movement in one."""
    for each in columns:
        kind, _, rest = each.name.partition("_")
        if kind not in KINDS:
            yield _row(f"`{each.name}`", each, each.meaning)
        elif kind == next(iter(KINDS)):
            named = ", ".join(f"`{other}_{rest}`" for other in KINDS)
            yield _row(named, each, each.meaning.rpartition(": ")[2])


def _row(name: str, column: Column, meaning: str) -> list[str]:
    return [name, TYPES[column.kind], column.unit, meaning, TREATED[column.treatment]]


if __name__ == "__main__":
    sys.stdout.write(markdown())
