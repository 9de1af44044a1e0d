import io
import json
from dataclasses import replace

import gpxpy
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from retrorun.errors import SettingsError
from retrorun.export import encoded, gpx_bytes, segment_row_names, tables, track_table
from retrorun.measure import measure
from retrorun.model import (
    Athlete,
    Detection,
    HeadingVerdict,
    Segment,
    Session,
    Source,
    TimeZone,
    Track,
)
from retrorun.model.segment import Recovery, Repetition, RepetitionSet, Structure
from retrorun.settings import MeasureSettings

START_S = 1_767_571_200.0  # 2026-01-05T00:00:00Z


@pytest.fixture
def track() -> Track:
    columns = {
        "latitude_deg": np.append(46.0 + np.arange(9) * 1e-5, np.nan),
        "longitude_deg": np.full(10, 14.5),
        "altitude_m": np.full(10, 300.0),
        "ground_speed_mps": np.full(10, 2.0),
        "heart_rate_bpm": np.append(np.full(9, 120.0), np.nan),
    }
    return Track(START_S, columns, {"gap": np.zeros(10, dtype=np.bool_)})


@pytest.fixture
def session(track: Track) -> Session:
    segments = (
        Segment(0, 6, "forward", "run", "confirmed", 0.9, {"heading": -4.0}),
        Segment(6, 10, "backward", "run", "labelled", 1.0, {"label": 20.0}),
    )
    detection = Detection(segments, HeadingVerdict(None, "none", None, None, ""), {})
    return Session(
        id="0123456789ab",
        index=0,
        source=Source("run.fit", "0" * 64),
        start_time_s=START_S,
        zone=TimeZone("Europe/Ljubljana", 3600.0, "position"),
        sport="running",
        name='=HYPERLINK("x")',
        device=None,
        duration_s=10.0,
        moving_s=10.0,
        distance_m=20.0,
        channels={},
        heading=detection.heading,
        measures=measure(track, detection, Athlete(), MeasureSettings()),
    )


def test_rows_and_units(session: Session) -> None:
    found = tables([session])
    assert found.sessions.loc[0, "backward_distance_m"] == pytest.approx(8.0)
    assert found.sessions.loc[0, "forward_duration_s"] == pytest.approx(6.0)
    assert list(found.segments.columns) == list(segment_row_names())
    assert found.segments["speed_mps"].tolist() == pytest.approx([2.0, 2.0])
    assert found.segments["evidence_label"].tolist() == [0.0, 20.0]


def test_without_mass_energy_has_its_own_unit(session: Session) -> None:
    segments = tables([session]).segments
    assert segments["energy_gross_kcal"].isna().all()
    # 2 m/s: 27.5 ml/kg/min for 6 s
    assert segments.loc[0, "energy_gross_kcal_per_kg"] == pytest.approx(27.5 * 6 / 60 / 200)


def test_repetitions_have_the_numbers_of_their_set_and_place(session: Session) -> None:
    repetitions = tuple(
        Repetition(place, last, "run", 0.0, 4.0, 8.0, "counted") for place, last in ((0, 0), (1, 1))
    )
    found = RepetitionSet(0, "run", repetitions, 4.0, 8.0, 4.0, None, Recovery("run", 6.0, 12.0))
    measures = replace(session.measures, structure=Structure((found,)))
    plain = tables([session]).segments
    assert plain["set"].isna().all()
    assert plain["repetition"].isna().all()
    text = encoded(tables([replace(session, measures=measures)]).segments, "csv").decode()
    back = pd.read_csv(io.StringIO(text), dtype=str)
    assert back["set"].tolist() == ["1", "1"]
    assert back["repetition"].tolist() == ["1", "2"]


def test_csv_round_trip_and_no_formula(session: Session) -> None:
    text = encoded(tables([session]).sessions, "csv").decode()
    back = pd.read_csv(io.StringIO(text))
    assert back.loc[0, "name"] == '\'=HYPERLINK("x")'
    assert back.loc[0, "start_time"] == "2026-01-05T00:00:00Z"
    assert back["cost_factor"].isna().all()


def test_json_has_null_for_unknown(session: Session) -> None:
    (row,) = json.loads(encoded(tables([session]).sessions, "json"))
    assert row["cost_factor"] is None
    assert row["cost_factor_reason"]


def test_parquet_round_trip_of_a_track(track: Track) -> None:
    back = pd.read_parquet(io.BytesIO(encoded(track_table(track), "parquet")))
    assert back["elapsed_s"].tolist() == list(range(10))
    assert back["heart_rate_bpm"].isna().tolist() == [False] * 9 + [True]
    assert str(back["time"].iloc[0]) == "2026-01-05 00:00:00+00:00"


def test_gpx_is_read_by_another_reader(session: Session, track: Track) -> None:
    document = gpxpy.parse(gpx_bytes(session, track).decode())
    pieces = document.tracks[0].segments
    assert [len(piece.points) for piece in pieces] == [6, 3]
    assert pieces[1].points[0].comment == "backward labelled"
    assert document.tracks[0].name == '=HYPERLINK("x")'


def test_a_column_has_one_type_whatever_is_known(session: Session) -> None:
    # one session without body mass, name, place and device; another with all of them; none
    heavy = replace(session, device="watch", device_energy_kcal=5.0)
    poor = replace(session, zone=None, name=None)
    found = [tables(each) for each in ([poor], [heavy], [poor, heavy], [])]
    for frames in zip(*((each.sessions, each.segments) for each in found), strict=True):
        schemas = [pq.read_schema(io.BytesIO(encoded(each, "parquet"))) for each in frames]
        for name in schemas[0].names:
            kinds = {str(each.field(name).type).removeprefix("large_") for each in schemas}
            assert len(kinds) == 1, (name, kinds)
    assert str(found[0].segments["balance_pct"].dtype) == "float64"
    assert str(found[0].segments["set"].dtype) == "Int32"


def test_no_sessions_give_empty_tables(session: Session) -> None:
    found = tables([])
    assert found.sessions.empty
    assert list(found.sessions.columns) == list(tables([session]).sessions.columns)
    assert list(found.segments.columns) == list(segment_row_names())


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(SettingsError, match="xlsx"):
        encoded(pd.DataFrame(), "xlsx")
