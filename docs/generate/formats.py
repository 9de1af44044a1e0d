"""Print docs/formats.md from the tables that the readers use.

    python docs/generate/formats.py > docs/formats.md

The prose stands here; channels, field names and heading sources come from ``retrorun.readers``.
"""

import sys
from collections.abc import Iterable, Sequence

from retrorun.model.recording import CHANNELS
from retrorun.readers.fit.records import FIELDS
from retrorun.readers.heading_sources import SOURCES
from retrorun.readers.registry import READERS, Reader
from retrorun.readers.xml import gpx, tcx

_INTRODUCTION = """\
# What is read from what

Printed by `python docs/generate/formats.py > docs/formats.md` from the tables that the readers
use; a test holds the two together.

A file's kind is found by its content, never by its name. Readers repair clocks and cadence, as
described below, and nothing else: they give the file's own times and values in SI units and say in
notes what they left out. Whatever the bytes are, the outcome is a recording, a `ReadError` or a
`NotARunError` with a slug.
"""
_FIT = """\
## How FIT is read

One pass over definitions and message sizes finds where every message lies and, to the byte, where
the file is broken. Messages that come by the thousand (`record`, `hr`, magnetometer, accelerometer,
GPS metadata) are then decoded as columns with numpy; the few others (session, lap, event, device,
workout, developer field descriptions) are copied into a small FIT file that has only the fields
that are read, and fitparse (the distribution `python-fitparse`) decodes that: it knows the
profile's names of sports, events and products.

Why not fitparse for the columns: it makes an object of every field, which takes over 50 times as
long, and it stops at the first damage. With the structure known, whole and broken files take one
way, every record before the damage is kept, and reading is quicker. Behind missing or surplus bytes
records are read out of step until chance ends it; they are known by times years off the others, or
by a clock that stands or leaps, and left out. For every clean real file the
values equal those of Garmin's own decoder, or of fitdecode where that cannot read it; of damaged
ones, those that Garmin's decoder gives before it stops (tests).

- Chained files are read one by one. Several sessions are split by their start times; those not on
  foot are named and passed over. A treadmill is on foot, under whatever sport it is filed.
- Developer fields are known by application and number, never by the native field that they claim
  to override. Headings (table above) are used, and where the records have no heart rate, cadence,
  distance or speed of their own, the developer field that claims its place and has a unit of it
  (metres, parts of kilometres or of miles; m/s, km/h or mph).
- `hr` messages (a strap's log, often in a chained file) fill in heart rates that the records lack.
  Their times are those of the strap's clock, in full or in 12 bits, or the message's own second.
- Compressed time stamps and `compressed_speed_distance` are expanded.
- Timer events give the pauses; where there are none, holes of over 30 s between records, if they
  last as long as the session says it was stopped. `workout_step` names or notes come to the laps
  that carry them out; `activity` gives local time. An offset of 0 from UTC gives way to the zone of
  the place: writers that know no zone say it, too.
- Where the session ended when the timer was stopped, records after that are left out
  (`records-after-end`). A session that is shorter than its laps, by a minute or more, is one that
  was resumed later: then the larger of their totals counts.
"""
_XML = """\
## How GPX and TCX are read

Streamed with lxml, 32 kB at a time; no entity is resolved, nothing is fetched, elements are known
by local name. What breaks off is kept up to the break, with a note. In GPX a new segment is a
break, a track that begins within an hour of the one before it belongs to it. In TCX a second
track within a lap is a pause. Points without a time are left out. A heart rate of 0 is missing.
Where the stream finds no track at all, gpxpy is asked for a second opinion.

A document that is not quite XML is mended where it can be read in one way only, and a note says so
(`xml-repaired`): what stands in front of the first tag and zeros behind the last are left out; an
encoding that is declared wrongly, or not at all, is UTF-8, else Windows-1252 for the letters that
are none; UTF-16 and UTF-32 are known by their bytes; a prefix that nobody declares is taken as it
stands; an XML declaration behind the beginning is ignored; names of elements and places may be in
another case, and `latitude` and `lng` are places, too. Only where the parser stops, control
characters become blanks, a bare `&` or `<`, or an entity that XML itself does not know, is written
as XML does, and attributes get their quotes and the blanks between them; of two alike the first
counts. Elements that end in the wrong order are recovered by lxml if the root and every point are
whole (`xml-recovered`): so no value is half of one. Else a point that is no XML costs itself.
Points without a segment or a track get them; where nearly every point is a segment of its own,
these are no breaks (`pieces-joined`). A number may have a decimal comma (`decimal-commas`), a
degree sign, a letter for east or a unit; a time may lack leading zeros or seconds, have `t`, `z`, a
blank or slashes, AM or PM (also `p. m.` or `下午`), digits of other scripts, full stops in the
clock, the day first with full stops, names of months and weekdays in English, or count seconds,
milliseconds or microseconds since 1970. Then the values that the text holds are counted by its tags
alone and compared with those that were read: `values-not-read` names the channel and both numbers,
`channel-not-read` a heart rate, cadence or heading by a name that is not known.

Before that, the points that are written alike are taken out as columns. A shape (a tree of
elements, each of which may be missing) is learnt from the first points and from any that do not
fit, and becomes a regular expression; runs of points that match are cut out, an empty element marks
their place, and the stream reads the rest. It is the proof that this was right: the points that the
shape was learnt from stay in it, so their names, prefixes and nesting are checked, and every mark
must turn up among the track's points, not in a comment, a CDATA section or a route. Plain points
are ASCII with double quotes and without entities, comments, empty or repeated elements; others stay
where they are. If the rest is damaged or a mark is missing, or the document has a DOCTYPE or an
encoding that is no superset of ASCII, the stream reads the whole document. Both ways give the same
recording; tests hold them together on real, simulated, generated and damaged files.

Tried on an hour of GPX (1.2 MB, 3,600 points; processor time, in turns), in multiples
of what is done now, bytes to a whole recording: the stream alone, as before, 4.1; lxml's tree with
nothing done to it 1.1, with a walk over its elements 3.0, with XPath for five columns 5.7; lxml's
target parser 3.1; expat with two handlers 2.2; a regular expression for single elements 0.8, before
they are sorted into points, one for whole points 0.4, numbers and all else not counted. Columns of
numbers are read as lists in JSON by msgspec, in less than half the time of `float`, numpy's
`fromstring` or its cast of a byte array; pyarrow is a little slower and takes half a second to
import.
"""
_SPORTS = """\
## Sports

A run is what the file says, and what it does not say is judged by its speed.

- FIT: sport and sub-sport are closed lists. On foot are running, walking, hiking, mountaineering
  and snowshoeing, and by their sub-sport treadmill, indoor running and walking, trail, street,
  track, ultra and rucking; everything else is none, numbers that are not known yet too. A session
  message without a start time keeps its sport; one without records (a pool swim) is no run, not
  unreadable.
- GPX: `type`, `sport`, `activity` (also with `Type`) or `exercisetype` of the track, of its
  extensions, else of the document. Numbers are Strava's (9 run, 10 walk, 4 hike, 13 snowshoe, 53
  virtual run), from 1000 on Samsung's (1001, 1002, 13001, 13003, 13005, 15005 and 16009 are on
  foot).
- TCX: `Sport` of the activity.
- Words are known in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish,
  Norwegian, Polish, Czech and Slovenian, and the commonest in 20 more, from Arabic and Bulgarian to
  Ukrainian and Vietnamese, with diacritics or without, in compounds and phrases
  (`readers/sports.py`). A hike is a walk. Names of tracks say nothing.
- No sport, or a word that is not known: over 60 s at more than 9 m/s, 300 s at 7.5 or 1200 s at
  6.5 is no run (`not-a-run-too-fast`); over 300 s at more than 5.5 m/s without a cadence of
  running is asked about and not counted (`not-a-run-doubtful`). Who runs that fast puts a table of
  labels beside the file and processes with `--retry`, or sets `count_doubtful`
  ([settings.md](settings.md)).
"""
_DISTANCE = """\
## How distance, moving time, clock and cadence are decided

**Distance.** The metres between two samples are the odometer's difference where it is known at both
ends, else the straight line between the positions (in dense recordings over `chord_s` of
`[prepare]`, against their noise), else the device's speed times the time. A recording that has none
of these, as a treadmill's, gets the totals of its laps or its session, spread over its time in
motion. So do the seconds with steps of which no source knows, as before the first fix, where the
total says more by as much as was run there; else `distance-unknown` counts them. Over a hole in the
positions the device's speed counts if steps went on in most of it and the speed makes a way longer
than `short_cut_factor` times the straight line; where much of the distance is such lines,
`distance-over-holes` says how much. `explain` says how many metres came from which source.
Longitudes of 180 to 360° are taken as those of −180 to 0°.

Before that, each source is judged against the others and against the file's own totals. An odometer
in other units (km, miles, feet, yards where all others say so closely, or km/h summed up as m/s),
one that gives increments, counts backward or was reset is repaired; readings that drop to nothing
and come back are left out. One that stands or wanders while the others agree is left out, and one
that stands for a while is left out for that while; so is one that is off by over 1.6 from positions
that travel and are known for over 90 % of the time, that two other sources outvote, or whose steps
would be over 2 m long. A speed in km/h or mph is converted. Where an odometer or a speed is all
there is, as on a treadmill, it is brought to the total of the session or of all laps
(`odometer-calibrated`, `speed-calibrated`), which may have been corrected when the run was saved.
Positions that stay about one place and jitter by more than they get on in a second, while the speed
or the total of the whole file says a long way, or of which steps of less than 0.3 m would follow,
are not used (`positions-stay`). A speed or an odometer that stands at 0 throughout while steps go
on is none. A total that nobody can have run is not used
(`total-impossible`), and one in kilometres is converted where the steps tell and no sample tells of
a way (`total-unit`). An odometer that rises by less than 0.05 m a second while steps go on, where
nothing else tells of the way, is not used (`odometer-impossible`): it may count kilometres, or
somebody skips a rope on the spot. Totals of session and laps are judged each by its own. Each of
these is noted (`odometer-…`, `speed-…`). The totals of sessions and laps in FIT and of laps in TCX
are kept; GPX has none. Where the distance is more than 2 % from one of them, `distance-differs`
gives both figures.

Positions that are off by over 100 m by their device's own word (`vague_m`), or whose error it gives
as negative, are guesses from cells, and left out unless half or more are so (`position-vague`).

Positions that were rounded to a coarse grid (three or four decimals, seconds or hundredths of
minutes of arc; `grids_per_degree`) go north or east by a step at a time, and a walk of four
decimals is a fifth too long from point to point. Where samples lie no more than one and a half such
steps apart, the way is a smooth one through the moments at which a position changes, at which it
lay in the middle between two steps; no position is moved by more than half a step
(`position-rounded`). Where somebody turns about, the lines before and behind lead on to a corner;
of ways to and fro by four decimals 1 % of 100 m is lost on average, 3 % of 40 m, and a third of
20 m, which may lie within two steps. Three decimals are 111 m: there corners are lost, and a way is
up to a tenth too short. Rounds within eight steps of over 20 m stay as they are written: nothing in
them tells how long they were. Where the device's speed or the file's total makes the way longer, by
no more than a factor of 1.6 (1.25 with four decimals), it is as long as that.

A receiver that hangs gives its last fix again and then leaps: the leap is spread over the time
since the position last changed, up to two minutes where nobody could leap so far at once. At sharp
turns the steps from second to second are added up, if the positions jitter less than that. A leap
that goes the way of the fixes around it, and from behind that way to ahead of it, has caught up; a
short piece that lies aside of it is left out.

**Twice in one file.** A recording of which every sample stands in a longer one of the same file, or
in an equal one, is left out (`same-recording`): some writers repeat a track, or add a simplified
one. Nobody runs two runs at once: of two recordings of one sport that were within 60 m of each
other for nine tenths of the shorter one, the longer one counts, and of two about as long that with
a heading or more channels (`same-run`). Where samples of two
devices share their times, the last one of each time counts.

**Moving time.** The time between two samples is moving time if the distance between them makes 0.5
m/s or more. Where positions jitter, so that they make less, the odometer decides. It is not within
a timer pause, not where nobody could have run the distance (over 7.5 m/s through more than 10 s),
and not where the odometer counts nothing for 20 s or more without steps: positions that move
meanwhile are jitter. Positions without an odometer that get nowhere for a minute, no faster than
they jitter, add no metres where there are no steps. Of the two seconds at either edge of a stop,
over which the speed is taken, those without metres and steps belong to it. A hole of more than 10 s
that was crossed at less than 0.9 m/s and half of the session's usual speed holds a stop: its metres
count at the usual speed, the rest of its time as standing. Where more time was in motion than the
file's timer ran, by over 2 %, `moving-time-differs` gives both figures.

**Clock.** Samples stand in the order in which they were written. Where the times jump forward by
over 50 minutes, or back, position and odometer tell what happened, and a note says it:

- `clock-set`: place and odometer go on as if nothing had happened → one run: the parts are joined
  on the clock of the longer one.
- `clock-two-runs`: over 4 hours between two places or two counts of the odometer, and no pause
  that the file states → a session each.
- `clock-speed`: the times differ from every timer of the file by over a quarter while the odometer
  counts throughout and ends at the file's total → they are brought to the timer, if anybody runs or
  walks at its pace.
- `clock-scrambled`: times run back and forth by seconds, the places are in order → the times are
  dealt out in the order of the file.
- `clock-backward`: times run back and forth, the places follow them → the samples are put in order
  of time.
- `clock-coarse`: whole minutes only → the samples of each are spread evenly; the first and the last
  minute are not full where they have fewer than all others.
- `clock-not-set`: 1970, 1980, 1990 or 2000: a clock's own zero → kept; the day is not known.
- `clock-week-rollover`: a day on which the format did not exist, or laps 1024 weeks ahead → moved
  by 1024 weeks, as the week number of GPS starts again.
- `clock-doubtful`: GPX or TCX from before 2009 → kept; the day may be one 1024 weeks later.
- `clock-future`: 2038 or later → kept; the day is not known.
- `clock-astray`: a few samples days away from all others → left out.
- `clock-impossible`, `clock-stopped`: hours from sample to sample; all samples at one time →
  refused.

A forward jump of under 4 hours at walking pace or less may be a pause, and is one unless it is a
whole number of hours or a step back undoes it.

**Cadence.** Formats count one leg, some writers both. Both readings are held, sample by sample,
against the step rates at which people walk and run at that speed (or, without a speed, in that
sport; where no positions travel, the speed is brought to the file's total first); the one that fits
better is taken, with a note (`cadence-doubled`, `cadence-as-given`). A
stretch of 4 s or more at half of the usual step rate of its gait, or at twice, is put right
(`cadence-half-locked`, `cadence-double-counted`). Twice means over 220 steps a minute, for
backward runners take up to 210 at walking speed.
"""
_ARCHIVES = """\
## Archives

`.gz` anywhere; `.zip` member by member, never unpacked to disk as a whole; `.tar`, `.tar.gz` and
`.tgz` likewise, but those of over 64 MB by a temporary file, which has no name and takes up the
recordings and tables in them. `process`, `watch`, `analyze` and `explain` take an archive as if its
members were files of their own; [archive.md](archive.md) says what becomes of them. `.7z`, `.rar`,
`.tar.bz2` and `.tar.xz` are not opened: unpack them and give the folder.

- Strava's bulk export, known by `activities.csv`: titles and dates become part of the members'
  names, and rides are passed over by their type. Its heads and types may be in any language and
  order: the column of files is known by what stands in it; a type that is not known leaves it to
  the file. Tables of other names, as Runkeeper's `cardioActivities.csv`, are known by naming files
  of the archive.
- Garmin's account export, zips within a zip: read through their own streams.
- An export of any site with a table, unpacked in a folder: `process` reads the table, whatever its
  name, and passes over what it calls a ride. Names in it may have backslashes, begin with `./`,
  lack `.gz`, or be in another case or Unicode normal form than the files' (as macOS has them).
- Apple Health, known by a document that begins with `HealthData` (`export.xml`, whatever it is
  called in the phone's language) beside routes (`workout-routes/*.gpx`, or GPX whose creator is
  `Apple Health Export`): each route becomes GPX with the heart rate and the steps of its time,
  and keeps the accuracy of its positions. Its sport is that of the workout that names it, else of
  the workout of its time. Runs and walks without a route, as on a treadmill, become TCX
  with the heart rate, the steps, the pauses and the totals of their time; of their distance those
  records count that are of one device and add up to the workout's own total within 5 % (where it
  states none: those of the device that recorded it). Those without any record are counted and named
  (`not-a-run-no-route`). The export is read a second time for them. Neither the export nor
  the routes are held: one of 2 GB with 20 routes of an hour took 75 s of CPU and 59 MB at its peak
  (`python benchmarks/health_export.py --megabytes 2048`). The document type is left out,
  for that of iOS 16 is no XML; control characters become blanks, and a record that is no XML costs
  itself.
- Sensor Logger: a folder in a zip, or loose in a folder of exports. Its tables are known by their
  heads: `time, latitude, longitude` are places if the time counts nanoseconds since 1970 (any
  other CSV with places is passed over), `magneticBearing` is a compass, `yaw, pitch, roll` an
  orientation; only `time, x, y, z` needs its name (`Magnetometer`, `Gravity`, `TotalAcceleration`,
  `Accelerometer`, `Gyroscope`). Several logs may lie in one folder: those tables are one log that
  have the same around the sensor's word (`run1_Location.csv`, `run1_Compass.csv`; `Location
  (1).csv`, `Compass (1).csv`). Places of any other name are a log of their own; headings of any
  other name go to the only log there is, or to the one whose name is around theirs. The places
  become GPX with the mean heading around each: of the platform's quaternion where gravity bears it
  out, else of the compass, else of magnetometer and gravity, levelled, else of the yaw, else of
  gyroscope and gravity by the library `vqf` (`pip install "retrorun[raw]"`; without it the
  recording has no heading, and a note says so). `Metadata.csv` tells which way gravity points;
  without it the earth's field does, and a gyroscope may be mirrored. Places alone are a recording
  without a heading; a heading without places is refused and says what it lacks.
- phyphox: tables with units in their heads (`Time (s)`, `Latitude (°)`, `Magnetic field x (µT)`,
  `Acceleration x (m/s^2)`) and `meta/time.csv` below them, which
  tells when each start was: the tables' own clock stands still in pauses. Magnetometer and
  acceleration with g give a heading, levelled; else gyroscope and acceleration do, as above.
- Of both: where an acceleration is there (and `Gravity` or `TotalAcceleration` tells what is
  down), steps are counted by the phone's bounce, from 7 samples a second on. Columns may be apart
  by comma, semicolon or tab, and numbers have a decimal comma. A gyroscope beside gravity or
  acceleration checks every other heading. Where one of the two turns by 120° or more within 5 s
  and the other by less than 60°, the heading is left out for as long as it stays elsewhere; if it
  does not come back within 3 minutes, it goes on as that of another mount. So it does where the
  tilt changes by more than 35° for 10 s or longer: the phone was handled. A heading of the
  gyroscope begins another mount after each hole of half a second and each pause, too. The GPX
  counts mounts in `mount`.
- Any other: its `.fit`, `.gpx` and `.tcx` members, also with `.gz`, one by one; tables of labels
  (`run.labels.csv`) are heard as beside a loose file.

Hidden members, those that begin with `~` and those in `__MACOSX` are passed over.

Refused by name: paths that lead out of the archive, links, devices, encrypted members, members that
unpack to more than the limits allow (`settings.ReadLimits`: by size, by ratio, and by ratio of the
archive as a whole), archives too deep, with too many members or with members that lie on top of
each other. An import walks an archive in a process of its own:
what takes over 15 minutes from one member to the next, or over 2 GB, costs that archive.

## A second device

A recording that overlaps another for at least two minutes and has the better heading gives it that;
[archive.md](archive.md) says when. The clocks are set by the movement that both saw: the shift, up
to three minutes either way, at which their velocities (speed and course) agree best. It is refused,
with the reason, where any shift would do as well, where they moved differently, and where they were
over 60 m apart.

**Copies whose clocks are hours apart.** Some writers give local time as UTC, and some clocks were
set to another zone: then two copies of one run start hours apart. They are known by starts that
differ by whole quarters of an hour (up to 14 h, within 10 s), by time and distance that agree
within 2 % or 10 s and 100 m, and by lying within 2 m of each other at nine seconds in ten, on a way
of 60 m or more. Two receivers do not lie so close, and nobody runs a way twice with the same place
at each second: of two runs of four minutes round a track, with a pace that varies by 1 % and
receivers that err by a metre, over a third came within 5 m, and none within 2 m. Then they are one
run, the richer copy stands, and it gets the clock that is right. That is decided in this order, and
the note `clock-of-copy` says which clock was believed and why:

1. the clock of a copy that also states its local time, where the two differ as they do at that
   place and on that day: whoever wrote it knew both;
2. the clock that another one differs from by just the offset of that place from UTC: the other is
   local time. It could also be that an offset was taken off twice, but local time written as UTC is
   the usual fault;
3. the clock that most copies have;
4. that of the richer copy.

Copies without positions, as of a treadmill, copies whose years differ, and recordings of two
devices with clocks hours apart are not known as one: they count twice.
"""


def _endings(reader: Reader) -> str:
    if not reader.suffixes:
        return "any name"
    words = " ".join(f"`{suffix}`" for suffix in reader.suffixes)
    return f"{words}, as other files do" if reader.is_suffix_shared else words


def markdown() -> str:
    """The whole page."""
    return "\n".join(
        [
            _INTRODUCTION,
            "## Formats\n",
            *_table(
                ("format", "names end in", "known by"),
                ((each.title, _endings(each), each.about) for each in READERS),
            ),
            "",
            "## Channels\n",
            *_channels(),
            "",
            "## Headings\n",
            *_table(
                ("source", "where", "names", "claims to be", "north", "what it is"),
                [
                    (
                        *(f"`{row.label}`", row.format, _code(sorted(row.names))),
                        *(row.claim, row.north, row.meaning),
                    )
                    for row in SOURCES
                ],
            ),
            "",
            "Every claim is checked against the course before it is believed.",
            "",
            _FIT,
            _XML,
            _SPORTS,
            _DISTANCE,
            _ARCHIVES,
        ]
    )


def _channels() -> list[str]:
    fit = [(field.name, field.channel) for field in FIELDS]
    names = ("cadence", "fractional_cadence", "cadence256")
    fit += [(name, "cadence_spm") for name in names]
    fit += [("compressed_speed_distance", name) for name in ("speed_mps", "distance_m")]
    sources = (fit, [*gpx.PLACES.items(), *gpx.NAMES.items()], list(tcx.NAMES.items()))
    rows = [
        (f"`{one.name}`", one.meaning, *(_code(_of(one.name, source)) for source in sources))
        for one in CHANNELS
    ]
    return _table(("channel", "meaning", "FIT record", "GPX", "TCX"), rows)


def _of(channel: str, source: Iterable[tuple[str, str]]) -> list[str]:
    return [name for name, fills in source if fills == channel]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


if __name__ == "__main__":
    sys.stdout.write(markdown())
