"""Privacy zones on a page of the server: seen, added by degrees or by a track, and removed."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import serving
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, Page, Route, expect

from retrorun import ingest, privacy_zones
from retrorun.archive import Archive
from retrorun.cli import options
from retrorun.errors import SettingsError
from retrorun.model import Athlete, Track, Zone
from retrorun.server import Setup
from retrorun.server.inbox import ZoneChange, change_zones
from retrorun.settings import Settings

POSITION = ("latitude_deg", "longitude_deg")
FAR = {"change": "add", "latitude_deg": -33.9, "longitude_deg": 151.2, "radius_m": 80.0}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    serving.imported(tmp_path / "exports", tmp_path / "archive", days=2)
    return serving.at_rest(tmp_path)


@pytest.fixture
def client(place: Path) -> Iterator[serving.Client]:
    with serving.running(serving.setup(place, follow_s=0.1)) as found:
        yield found


def sessions(place: Path) -> list[str]:
    with Archive.open(place / "archive") as archive:
        return list(archive.known())


def zones(place: Path) -> tuple[Zone, ...]:
    with Archive.open(place / "archive") as archive:
        return archive.annotations.profile().privacy_zones


def position(place: Path, session: str, second: int) -> tuple[float, float]:
    """Where a track was at a second, as it lies in the archive."""
    with Archive.open(place / "archive") as archive:
        track = archive.track(session)
    latitude_deg, longitude_deg = (float(track.column(each)[second]) for each in POSITION)
    assert np.isfinite(latitude_deg + longitude_deg)
    return latitude_deg, longitude_deg


def test_a_zone_by_degrees_is_kept_with_a_secret_and_removed_again(
    place: Path, client: serving.Client
) -> None:
    reply = client.post("/api/zones", FAR)
    assert reply.status == 200, reply.body
    assert reply.json == {"words": "Kept. No session that is here touches it.", "due": 0}
    assert zones(place) == (Zone(-33.9, 151.2, 80.0),)
    with Archive.open(place / "archive") as archive:
        secret = archive.annotations.profile().zone_secret
    assert len(secret) == 64
    assert client.post("/api/zones", FAR).status == 200  # the same again is the same
    client.post("/api/zones", FAR | {"latitude_deg": -34.5})
    assert len(zones(place)) == 2
    gone = client.post("/api/zones", FAR | {"change": "remove"})
    assert "retrorun reprocess" in gone.json["words"]
    assert zones(place) == (Zone(-34.5, 151.2, 80.0),)
    with Archive.open(place / "archive") as archive:  # other discs of a zone would show the door
        assert archive.annotations.profile().zone_secret == secret
    again = client.post("/api/zones", FAR | {"change": "remove"})
    assert again.json["words"] == "There is no such zone any more."


def test_a_zone_that_a_file_states_is_not_said_to_be_removed(place: Path) -> None:
    stated = Zone(-33.9, 151.2, 80.0)
    setup = replace(
        serving.setup(place, follow_s=serving.WAIT_S),
        athlete_of=lambda _: Athlete(privacy_zones=(stated,), zone_secret="5e" * 32),
    )
    with serving.running(setup) as client:
        reply = client.post("/api/zones", FAR | {"change": "remove"})
        assert "--profile states this zone" in reply.json["words"]


@pytest.mark.parametrize(("at", "second"), [("start", 0), ("finish", -1), (700, 700)])
def test_a_place_on_a_track_is_hidden_in_every_session(
    place: Path, client: serving.Client, at: str | float, second: int
) -> None:
    chosen = sessions(place)[0]
    latitude_deg, longitude_deg = position(place, chosen, second)
    wanted = {"change": "add", "session": chosen, "at": at, "radius_m": 30}
    reply = client.post("/api/zones", wanted)
    assert reply.status == 200, reply.body
    assert reply.json["due"] == 2  # both days lead the same way
    assert "2 sessions touch a zone" in reply.json["words"]
    assert zones(place) == (Zone(latitude_deg, longitude_deg, 30.0),)
    with Archive.open(place / "archive") as archive:
        serving.until(lambda: not archive.annotations.exposed())
        discs = privacy_zones.discs(archive.annotations.profile())
        for each in archive.known():
            track = archive.track(each)
            assert nearest_m(track, latitude_deg, longitude_deg) > 30.0
            assert privacy_zones.check(track, archive.annotations.profile(), each) is track
    assert len(discs) == 7


def test_a_session_in_memory_of_before_a_zone_is_not_shown_again(place: Path) -> None:
    chosen = sessions(place)[0]
    with serving.running(serving.setup(place, follow_s=serving.WAIT_S)) as client:
        with Archive.open(place / "archive") as archive, archive.writing():
            client.answer(chosen, answer="accept", segments=[2])  # kept in memory
        whole_s = client.get(f"/api/sessions/{chosen}")["segments"][-1]["end_s"]
        client.post(
            "/api/zones", {"change": "add", "session": chosen, "at": "start", "radius_m": 30}
        )
        with Archive.open(place / "archive") as archive:
            engine = ingest.Engine(Settings(), archive.annotations.profile(), 1)
            ingest.bring_up_to_date(archive, engine)
            assert not archive.annotations.exposed()
            archive.pending.add(archive.hashes([chosen]))  # as learning notes what it has changed
            cut_s = archive.track(chosen).seconds
        shown = client.get(f"/api/sessions/{chosen}")
        assert shown["segments"][-1]["end_s"] <= cut_s < whole_s


def stated_in(file: Path, place: Path) -> Setup:
    """A server of ``retrorun open --profile FILE``."""
    made = serving.setup(place, follow_s=serving.WAIT_S)
    return replace(made, athlete_of=partial(options.load_athlete, file))


@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_is_changed_where_the_profile_cannot_be_read(
    place: Path, *, is_there: bool
) -> None:
    file = place / "me.toml"
    file.write_text('sex = "female"\n')
    with serving.running(stated_in(file, place)) as client:
        assert client.post("/api/zones", FAR).status == 200
        kept = zones(place)
        if is_there:
            file.write_text("privacy_zones = [{latitude_deg = 99\n")
        else:
            file.unlink()
        for change in ({"change": "remove"}, {"latitude_deg": 5.0}):
            refused = client.post("/api/zones", FAR | change)
            assert refused.status >= 400
            assert refused.json["error"]
            assert zones(place) == kept


def test_a_zone_of_a_profile_is_removed_from_the_file_and_then_here(place: Path) -> None:
    file, remove = place / "me.toml", FAR | {"change": "remove"}
    zone = "{latitude_deg = -33.9, longitude_deg = 151.2, radius_m = 80.0}"
    file.write_text(f"privacy_zones = [{zone}]\n")
    with serving.running(stated_in(file, place)) as client:
        told = client.post("/api/zones", remove).json["words"]
        assert told.endswith("Take it out of that file, then remove it here.")
        assert zones(place) == (Zone(-33.9, 151.2, 80.0),)  # so it is: as often as one tries
        file.write_text('sex = "female"\n')
        assert b"-33.90000" in client.ask("GET", "/zones").body
        assert client.post("/api/zones", remove).json["words"].startswith("Removed.")
        assert zones(place) == ()
        assert b"-33.90000" not in client.ask("GET", "/zones").body


def test_an_import_is_not_waited_for_and_no_answer_waits(place: Path) -> None:
    with (
        serving.running(serving.setup(place, follow_s=serving.WAIT_S)) as client,
        Archive.open(place / "archive") as archive,
    ):
        with archive.writing():
            began_s = time.monotonic()
            refused = client.post("/api/zones", FAR)
            assert time.monotonic() - began_s < 5.0
        assert refused.status == 409
        assert "Files are being imported" in refused.json["error"]
        assert "Try again when they are done." in refused.json["error"]
        assert zones(place) == ()
        assert client.post("/api/zones", FAR).status == 200


def by_track(place: Path, at: str | float) -> dict[str, object]:
    return {"change": "add", "session": sessions(place)[0], "at": at, "radius_m": 60}


@pytest.mark.parametrize("end", ["start", "finish"])
def test_an_end_that_is_hidden_already_is_no_place_for_a_second_zone(
    place: Path, client: serving.Client, end: str
) -> None:
    other = {"start": "finish", "finish": "start"}[end]
    client.post("/api/zones", by_track(place, end) | {"radius_m": 20})
    with Archive.open(place / "archive") as archive:
        serving.until(lambda: not archive.annotations.exposed())
    first = zones(place)
    refused = client.post("/api/zones", by_track(place, end))
    assert refused.status == 400
    assert f"{end} is hidden already" in refused.json["error"]
    assert "latitude and longitude" in refused.json["error"]
    assert zones(place) == first
    shown = by_track(place, other)  # that end is not hidden; the analysis may still write
    serving.until(lambda: client.post("/api/zones", shown).status == 200)


@pytest.mark.parametrize("at", [-1, -5.0, 10**8, "behind the end"])
def test_a_moment_that_is_not_in_the_session_is_no_place(
    place: Path, client: serving.Client, at: str | float
) -> None:
    with Archive.open(place / "archive") as archive:
        seconds = archive.track(sessions(place)[0]).seconds
    sent = by_track(place, seconds + 1 if isinstance(at, str) else at)
    refused = client.post("/api/zones", sent)
    assert (refused.status, zones(place)) == (400, ())
    assert "the session has no such moment" in refused.json["error"]
    assert client.post("/api/zones", by_track(place, seconds)).status == 200


def test_a_moment_without_a_position_is_no_place(place: Path) -> None:
    with Archive.open(place / "archive") as archive:
        track = archive.track(sessions(place)[0])
        gone = (np.arange(track.seconds) >= 300) & (np.arange(track.seconds) < 400)
        columns = {name: np.where(gone, np.nan, track.column(name)) for name in POSITION}
        gap = structs.replace(track, columns={**track.columns, **columns})

        def change(at_s: float) -> None:
            zone = ZoneChange(True, Zone(0.0, 0.0, 30.0), "a session", at_s)  # noqa: FBT003
            change_zones(archive, lambda _: Athlete(), lambda *_: gap, zone)

        for at_s in (310.0, 350.0, 390.0):
            with pytest.raises(SettingsError, match="no position at that moment"):
                change(at_s)
        assert zones(place) == ()
        change(302.0)
        assert zones(place) == (Zone(*position(place, sessions(place)[0], 299), 30.0),)


def nearest_m(track: Track, latitude_deg: float, longitude_deg: float) -> float:
    """How near a track comes to a place: on a plane, which is right to a metre here."""
    north_m = (track.column("latitude_deg") - latitude_deg) * 111_200.0
    east_m = (track.column("longitude_deg") - longitude_deg) * 111_200.0
    return float(np.nanmin(np.hypot(north_m, east_m * np.cos(np.radians(latitude_deg)))))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"change": "hide"}, 400),
        (FAR | {"latitude_deg": 95}, 400),
        (FAR | {"latitude_deg": "46"}, 400),
        (FAR | {"latitude_deg": True}, 400),
        (FAR | {"longitude_deg": 10**400}, 400),
        (FAR | {"radius_m": 0}, 400),
        (FAR | {"radius_m": 60_000}, 400),
        ({"change": "add", "radius_m": 50}, 400),
        ({"change": "add", "session": "ffffffffffff", "at": "start", "radius_m": 50}, 404),
        ({"change": "add", "session": 7, "at": "start", "radius_m": 50}, 400),
        (FAR | {"session": "", "at": "start"}, 400),
        ({"change": "add", "session": "ffffffffffff", "at": "middle", "radius_m": 50}, 400),
    ],
)
def test_what_is_no_zone_is_refused_and_nothing_is_stored(
    place: Path, client: serving.Client, sent: object, status: int
) -> None:
    reply = client.post("/api/zones", sent)
    assert reply.status == status, reply.body
    assert reply.json["error"]
    assert zones(place) == ()


def test_zones_are_changed_by_pages_of_this_server_only(
    place: Path, client: serving.Client
) -> None:
    body = b'{"change": "add", "latitude_deg": 1, "longitude_deg": 2, "radius_m": 50}'
    kind = {"Content-Type": "application/json"}
    for headers in (
        kind | {"Origin": "http://evil.example"},
        kind | {"Cookie": None},
        kind | {"Host": "evil.example"},
        {"Content-Type": "text/plain"},
    ):
        assert client.ask("POST", "/api/zones", body, headers).status in {403, 415}
    assert client.ask("GET", "/zones", headers={"Cookie": None}).status == 403
    assert client.ask("GET", "/api/zones").status == 403
    assert zones(place) == ()


@pytest.fixture
def opened(browser: Browser, client: serving.Client) -> Iterator[Page]:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"http://127.0.0.1:{client.port}/?token={client.token}")
    page.get_by_role("link", name="Privacy zones").click()
    yield page
    page.close()
    assert complaints == []


def test_in_a_browser_a_zone_is_added_by_track_and_by_degrees_and_removed(
    place: Path, opened: Page
) -> None:
    page, status = opened, opened.locator("#zone-status")
    expect(page.get_by_text("There is no zone yet.")).to_be_visible()
    by_degrees = page.get_by_role("region", name="By latitude and longitude")
    by_degrees.get_by_label("Latitude").fill("-33.9")
    by_degrees.get_by_label("Longitude").fill("151.2")
    by_degrees.get_by_role("button", name="Keep this zone").click()
    expect(status).to_have_text("Kept. No session that is here touches it.")
    expect(status).to_be_focused()
    assert zones(place) == (Zone(-33.9, 151.2, 100.0),)
    wanted = Zone(*position(place, sessions(place)[-1], 750), 50.0)
    by_track = page.get_by_role("region", name="By a place on one of your tracks")
    expect(by_track.get_by_label("Time since its start")).to_be_hidden()
    by_track.get_by_label("Where on its track").select_option("at a moment")
    by_track.get_by_label("Time since its start").fill("12:30")
    by_track.get_by_label("Radius").fill("50")
    by_track.get_by_role("button", name="Keep this zone").click()
    expect(status).to_contain_text("2 sessions touch a zone")
    assert zones(place)[1] == wanted
    expect(page.locator(".zones tbody tr")).to_have_count(2)
    with Archive.open(place / "archive") as archive:
        serving.until(lambda: not archive.annotations.exposed())
    expect(page.locator("[data-fresh]")).to_have_text("All numbers are up to date.")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Remove the zone at -33.90000, 151.20000").click()
    expect(page.locator(".zones tbody tr")).to_have_count(1)
    expect(status).to_contain_text("Removed.")
    assert zones(place) == (wanted,)


def test_in_a_browser_a_change_is_told_though_the_list_cannot_be_had(
    place: Path, opened: Page
) -> None:
    page, status = opened, opened.locator("#zone-status")
    held: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.fulfill(status=500, content_type="application/json", body="{}")

    page.route("**/zones", answer)
    by_degrees = page.get_by_role("region", name="By latitude and longitude")
    by_degrees.get_by_label("Latitude").fill("-33.9")
    by_degrees.get_by_label("Longitude").fill("151.2")
    keep = by_degrees.get_by_role("button", name="Keep this zone")
    keep.click()
    expect(keep).to_be_disabled()
    expect(status).to_have_text("One moment …")
    held[0].continue_()
    expect(status).to_have_text("Kept. No session that is here touches it.")
    expect(keep).to_be_enabled()
    expect(page.get_by_text("There is no zone yet.")).to_be_visible()
    assert zones(place) == (Zone(-33.9, 151.2, 100.0),)
