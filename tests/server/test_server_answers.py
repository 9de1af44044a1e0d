"""Answers on live pages: stored before they are shown, whoever else writes, whatever is killed."""

import asyncio
import concurrent.futures
import datetime as dt
import json
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import serving
from msgspec.structs import replace
from serving import Client

from retrorun import answers, ingest
from retrorun.answers import Accept, LabelRange, Reject
from retrorun.archive import Archive, database, integrity
from retrorun.engines.child import Guard
from retrorun.model import LONGEST_NOTE, Athlete, Remark, Zone
from retrorun.model.recording import POSITION
from retrorun.readers import read
from retrorun.server.live import ArchiveThread, Events, Live
from retrorun.settings import ReadLimits, Settings

T = TypeVar("T")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    serving.imported(tmp_path / "exports", tmp_path / "archive")
    return serving.at_rest(tmp_path)


@contextmanager
def asked_alone(place: Path) -> Iterator[Client]:
    """A server that only answers: what other sessions are taught by that would follow too late."""
    with serving.running(serving.setup(place, follow_s=3600.0)) as client:
        yield client


def numbers(client: Client) -> tuple[str, list[int]]:
    """The newest session, and the numbers of its candidates."""
    queue = client.get("/api/inbox")["queue"]
    newest = queue[0]["session"]
    return newest, [each["segment"] for each in queue if each["session"] == newest]


def spans(state: Any, kind: str) -> list[tuple[float, float]]:  # noqa: ANN401 - JSON
    return [(each["start_s"], each["end_s"]) for each in state["segments"] if each["kind"] == kind]


def stored(place: Path) -> dict[str, list[tuple[float, float, str]]]:
    """The labels of the answers that the archive holds, by session."""
    with Archive.open(place / "archive") as store:
        return {
            each: [
                (label.start_s, label.end_s, label.direction)
                for labels in store.annotations.labels(sha256).values()
                for label in labels
            ]
            for each, sha256 in store.known().items()
        }


def documents(place: Path) -> dict[str, bytes]:
    with Archive.open(place / "archive") as store:
        return dict(store.database.rows("SELECT id, document FROM sessions"))


def test_the_inbox_asks_about_what_truly_was_backward(place: Path) -> None:
    with asked_alone(place) as client:
        inbox = client.get("/api/inbox")
    assert (inbox["candidates"], inbox["sessions"]) == (serving.STRETCHES, 1)
    for number, each in enumerate(inbox["queue"]):
        truth_s = serving.FIRST_S + number * serving.EACH_S
        assert each["start_s"] == pytest.approx(truth_s, abs=4)
        assert each["end_s"] == pytest.approx(truth_s + serving.STRETCH_S, abs=4)


def test_nothing_counts_before_yes_and_then_what_was_answered_does(place: Path) -> None:
    with asked_alone(place) as client:
        session, candidates = numbers(client)
        before = client.get(f"/api/sessions/{session}")
        assert before["totals"]["backward"]["seconds"] == 0
        wanted = {each["number"]: each for each in before["segments"]}[candidates[0]]
        after = client.answer(session, answer="accept", segments=[candidates[0]])
        assert after["totals"]["backward"]["seconds"] == wanted["end_s"] - wanted["start_s"]
        assert spans(after, "backward") == [(wanted["start_s"], wanted["end_s"])]
        assert len(spans(after, "candidate")) == serving.STRETCHES - 1
        assert (after["undo"], after["fresh"]) == (1, True)
        assert client.get(f"/api/sessions/{session}") == after


def test_no_makes_a_candidate_forward_and_undo_takes_back_one_answer_after_another(
    place: Path,
) -> None:
    with asked_alone(place) as client:
        session, candidates = numbers(client)
        states = [client.get(f"/api/sessions/{session}")]
        states.append(client.answer(session, answer="reject", segments=[candidates[-1]]))
        states.append(client.answer(session, answer="accept", segments="all"))
        assert states[1]["totals"]["backward"]["seconds"] == 0
        assert len(spans(states[2], "backward")) == serving.STRETCHES - 1
        assert not spans(states[2], "candidate")
        for before in reversed(states[:-1]):
            reply = client.post(f"/api/sessions/{session}/undo", {})
            assert reply.json["segments"] == before["segments"]
            assert reply.json["undo"] == before["undo"]
        none = client.post(f"/api/sessions/{session}/undo", {})
        assert none.status == 400
        assert "no answer" in none.json["error"]


def test_what_follows_waits_from_the_moment_at_which_an_answer_is_stored(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when it is analysed: a look in between would teach other sessions at once."""
    told: list[str] = []
    shown = Live(serving.setup(place), Events(1), lambda: told.append("wait"))
    monkeypatch.setattr(shown, "analyse_again", lambda *_: told.append("analysed"))
    with Archive.open(place / "archive") as archive:
        (session,) = archive.sessions()
        shown.answer(archive, session.id, LabelRange(100.0, 160.0, "backward"), None)
        shown.undo(archive, session.id)
    assert told == ["wait", "analysed", "wait"] * 2


def test_a_range_and_a_clear_do_what_they_say(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        told = client.answer(session, answer="label", start_s=100, end_s=160, direction="backward")
        assert (100, 160) in spans(told, "backward")
        moved = client.answer(session, answer="label", start_s=103, end_s=157, direction="backward")
        assert (103, 157) in spans(moved, "backward")
        cleared = client.answer(session, answer="label", start_s=100, end_s=160, direction="clear")
        assert not any(90 < start < 170 for start, _ in spans(cleared, "backward"))


def test_what_follows_behind_is_what_the_command_line_makes(place: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (session,) = serving.imported(other / "exports", other / "archive")
    with serving.running(serving.setup(place, follow_s=0.2)) as client:
        _, candidates = numbers(client)
        client.answer(session, answer="accept", segments=candidates[:2])
        client.answer(session, answer="reject", segments=candidates[2:])
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
        page = place / "reports" / "sessions" / f"{session}.html"
        assert page.is_file()
    with Archive.open(other / "archive") as store:
        answers.answer(store, session, Accept(tuple(candidates[:2])))
        engine = ingest.Engine(Settings(), Athlete(), 1)
        ingest.reprocess(store.hashes([session]), store, engine)
        answers.answer(store, session, Reject(tuple(candidates[2:])))
        ingest.reprocess(store.hashes([session]), store, engine)
        with store.writing():
            ingest.bring_up_to_date(store, engine)
    assert documents(place) == documents(other)
    assert stored(place) == stored(other)


def headline(html: str) -> str:
    return html.partition("<h1>")[2].partition("</h1>")[0]


def test_an_answer_reaches_the_pages_over_all_sessions(tmp_path: Path) -> None:
    first, _ = serving.imported(tmp_path / "exports", tmp_path / "archive", days=2)
    names = ("index.html", "comparison.html")
    with serving.running(serving.setup(tmp_path, follow_s=0.2)) as client:
        serving.until(lambda: all((tmp_path / "reports" / each).is_file() for each in names))
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
        addresses = ("/", "/comparison")
        before = [headline(client.ask("GET", each).body.decode()) for each in addresses]
        client.answer(first, answer="accept", segments="all")
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
        after = [headline(client.ask("GET", each).body.decode()) for each in addresses]
    assert all(one != other for one, other in zip(before, after, strict=True))
    for name, live in zip(names, after, strict=True):
        text = (tmp_path / "reports" / name).read_text(encoding="utf-8")
        assert headline(text) == live
    with Archive.open(tmp_path / "archive") as store:
        seconds = store.session(first).total("backward").seconds
    # the truth of the one session that was answered
    assert seconds == pytest.approx(serving.STRETCHES * serving.STRETCH_S, abs=20)
    assert "one session of 2" in after[0]


def test_a_note_is_kept(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        note = {"pain": 2, "effort": None, "text": "the left knee <b>"}
        reply = client.post(f"/api/sessions/{session}/note", note)
        assert reply.json["note"] == note
        for wrong in (
            {"pain": 11},
            {"pain": 1.5},
            {"effort": True},
            {"text": 5},
            {"text": "x" * 20_000},
        ):
            assert client.post(f"/api/sessions/{session}/note", wrong).status == 400
    with Archive.open(place / "archive") as store:
        assert store.annotations.remarks() == {session: Remark(2, None, "the left knee <b>")}


def test_a_note_given_since_the_page_was_loaded_is_never_lost(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        path, empty = f"/api/sessions/{session}/note", {"pain": None, "effort": None, "text": ""}
        with Archive.open(place / "archive") as store:  # as `retrorun note` does
            store.annotations.set_remark(session, Remark(5, None, "the left knee"))
        # the page still shows an empty form: what it adds stands beside what was given
        kept = client.post(path, {"effort": 4, "text": "windy", "seen": empty}).json["note"]
        assert kept == {"pain": 5, "effort": 4, "text": "the left knee\nwindy"}
        # another score is not replaced unasked, and nothing else of that note is kept by half
        assert client.post(path, {"pain": 1, "text": "hot", "seen": empty}).status == 409
        with Archive.open(place / "archive") as store:
            assert store.annotations.remarks() == {session: Remark(5, 4, "the left knee\nwindy")}
        # who has seen it may replace and remove it
        assert client.post(path, {**empty, "pain": 1, "seen": kept}).json["note"] == {
            "pain": 1,
            "effort": None,
            "text": "",
        }
        odd: tuple[object, ...] = ([], 5, {"seen": 5})
        assert [client.post(path, each).status for each in odd] == [400, 400, 400]


def test_texts_that_are_too_long_together_are_not_cut(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        path = f"/api/sessions/{session}/note"
        reply = client.post(path, {"text": "ü" * (LONGEST_NOTE + 7)})
        assert reply.status == 400
        assert "at most 10000 characters: shorten it by 7" in reply.json["error"]
        assert client.post(path, {"text": "\N{GRINNING FACE}" * LONGEST_NOTE}).status == 200
        reply = client.post(path, {"text": "yes"})  # the page still shows an empty form
        assert reply.status == 400
        assert "noted elsewhere meanwhile" in reply.json["error"]
        assert "shorten it by 4" in reply.json["error"]  # with the line break between both
        kept = client.get(f"/api/sessions/{session}")["note"]["text"]
        assert kept == "\N{GRINNING FACE}" * LONGEST_NOTE


def test_a_note_that_two_sessions_made_longer_than_others_can_be_changed(place: Path) -> None:
    """Notes of two recordings of one activity are joined, whatever their length."""
    long = "ü" * 2 * LONGEST_NOTE
    with asked_alone(place) as client:
        session, _ = numbers(client)
        path, seen = f"/api/sessions/{session}/note", {"pain": None, "effort": 4, "text": long}
        with Archive.open(place / "archive") as store:
            store.annotations.set_remark(session, Remark(None, 4, long))
        assert client.post(path, {**seen, "pain": 2, "seen": seen}).json["note"]["pain"] == 2
        shorter = {"pain": 2, "effort": 4, "text": long[:-5]}
        assert client.post(path, {**shorter, "seen": {**seen, "pain": 2}}).status == 200
        longer = {**shorter, "text": long}
        reply = client.post(path, {**longer, "seen": shorter})
        assert reply.status == 400
        assert client.get(f"/api/sessions/{session}")["note"] == shorter


def test_a_tab_that_shows_older_segments_is_told_so_and_loses_nothing(place: Path) -> None:
    with asked_alone(place) as client:
        session, candidates = numbers(client)
        seen = client.get(f"/api/sessions/{session}")["seen"]
        client.answer(session, answer="accept", segments=[candidates[0]], seen=seen)
        second = {"answer": "accept", "segments": [candidates[1]], "seen": seen}
        reply = client.post(f"/api/sessions/{session}/answers", second)
        assert reply.status == 409
        assert client.get(f"/api/sessions/{session}")["undo"] == 1
        second["seen"] = client.get(f"/api/sessions/{session}")["seen"]
        assert client.post(f"/api/sessions/{session}/answers", second).json["undo"] == 2


def test_a_page_names_the_segments_that_it_asks_about_when_all_are_answered(place: Path) -> None:
    with asked_alone(place) as client:
        session, candidates = numbers(client)

        def page() -> dict[str, Any]:
            html = client.ask("GET", f"/sessions/{session}").body.decode()
            data = html.partition('id="session-data">')[2].partition("</script>")[0]
            return dict(json.loads(data)["answers"])

        before = page()["seen"]
        client.answer(session, answer="accept", segments=[candidates[0]])
        stale = {"answer": "reject", "segments": "all", "seen": before}
        assert client.post(f"/api/sessions/{session}/answers", stale).status == 409
        fresh = stale | {"seen": page()["seen"]}
        assert client.post(f"/api/sessions/{session}/answers", fresh).json["undo"] == 2


def test_a_candidate_is_answered_by_its_time_and_one_that_is_gone_is_named(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        first, second, *_ = client.get("/api/inbox")["queue"]
        ends_s = {"start_s": first["start_s"] + 5, "end_s": first["end_s"]}
        moved = client.answer(session, answer="accept", segments=[999], **ends_s)
        assert spans(moved, "backward") == [(ends_s["start_s"], ends_s["end_s"])]
        again = {"answer": "reject", "segments": [2], **ends_s}
        assert client.post(f"/api/sessions/{session}/answers", again).status == 409
        assert client.get(f"/api/sessions/{session}")["undo"] == 1
        ends_s = {each: second[each] for each in ("start_s", "end_s")}
        state = client.answer(session, answer="reject", segments=[second["segment"]], **ends_s)
        assert state["undo"] == 2
        asked = [each["start_s"] for each in client.get("/api/inbox")["queue"]]
        assert not {first["start_s"], second["start_s"]} & set(asked)


def test_the_review_asks_about_what_waits_first_and_about_what_is_wanted(place: Path) -> None:
    with asked_alone(place) as client:
        queue = client.get("/api/inbox")["queue"]
        page = client.ask("GET", "/review").body.decode()
        assert f'data-number="{queue[0]["segment"]}"' in page
        address = f"/review?session={queue[1]['session']}&segment={queue[1]['segment']}"
        page = client.ask("GET", address).body.decode()
        assert f'data-number="{queue[1]["segment"]}"' in page
        asked = client.get(f"/api/review/{queue[2]['session']}/{queue[2]['start_s']}")
        assert f'data-number="{queue[2]["segment"]}"' in asked["html"]
        assert asked["undo"] == 0
        for missing in (f"/api/review/{queue[0]['session']}/17", "/api/review/zz/17"):
            assert client.ask("GET", missing).status == 404
        session, _ = numbers(client)
        client.answer(session, answer="accept", segments="all")
        assert "data-number" not in client.ask("GET", "/review").body.decode()


def test_the_state_of_a_session_has_its_page_with_buttons_and_the_static_page_has_none(
    place: Path,
) -> None:
    with serving.running(serving.setup(place, follow_s=0.2)) as client:
        session, _ = numbers(client)
        state = client.answer(session, answer="accept", segments="all")
        assert state["page"] == client.ask("GET", f"/sessions/{session}").body.decode()
        assert "connect-src" in state["page"]
        home = client.ask("GET", "/").body.decode()
        assert 'aria-label="Add exports"' in home
        static = place / "reports" / "sessions" / f"{session}.html"
        serving.until(static.is_file)
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
    assert "connect-src" not in static.read_text(encoding="utf-8")


def _ranges(tab: int) -> list[tuple[float, float]]:
    return [(20.0 + 20 * each + 10 * tab, 28.0 + 20 * each + 10 * tab) for each in range(8)]


def _label_all(client: Client, session: str, tab: int) -> None:
    for start_s, end_s in _ranges(tab):
        client.answer(session, answer="label", start_s=start_s, end_s=end_s, direction="backward")


def test_two_tabs_never_lose_a_word(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda tab: _label_all(client, session, tab), range(2)))
        state = client.get(f"/api/sessions/{session}")
    wanted = sorted(_ranges(0) + _ranges(1))
    assert sorted(each[:2] for each in stored(place)[session]) == wanted
    assert set(wanted) <= set(spans(state, "backward"))


def test_two_servers_of_one_archive_never_lose_a_word(place: Path) -> None:
    with (
        serving.running(serving.setup(place)) as one,
        serving.running(serving.setup(place)) as two,
    ):
        session, _ = numbers(one)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: _label_all((one, two)[n], session, n), range(2)))
        wanted = sorted(_ranges(0) + _ranges(1))
        for client in (one, two):
            serving.until(
                lambda client=client: (
                    set(wanted)  # type: ignore[misc]
                    <= set(spans(client.get(f"/api/sessions/{session}"), "backward"))
                )
            )
    assert sorted(each[:2] for each in stored(place)[session]) == wanted


class Interrupted:
    """The child process of a server; while it analyses, something else happens once."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self.happens = [happens]
        self.guard = Guard()

    def stream(self, work: Callable[[Any], Iterator[Any]], task: object) -> Iterator[Any]:
        while self.happens:
            self.happens.pop()()
        return self.guard.stream(work, task)

    def stop(self) -> None:
        self.guard.stop()


def test_an_answer_to_another_server_while_a_session_is_analysed_is_not_overwritten(
    place: Path,
) -> None:
    """The other's label is not among those that are analysed here, and this is written last."""
    one, two = (Live(serving.setup(place), Events(1), lambda: None) for _ in range(2))
    first, second = LabelRange(20, 28, "backward"), LabelRange(60, 68, "backward")
    with Archive.open(place / "archive") as here, Archive.open(place / "archive") as there:
        (session,) = here.known()
        one._guard = Interrupted(lambda: two.answer(there, session, second))  # type: ignore[assignment]
        one.answer(here, session, first)
        one.release()
        two.release()
        with here.writing():
            ingest.bring_up_to_date(here, ingest.Engine(Settings(), Athlete(), 1))
        for live, archive in ((one, here), (two, there)):
            shown = spans(live.state(archive, session), "backward")
            assert {(20.0, 28.0), (60.0, 68.0)} <= set(shown)


def test_an_answer_about_a_session_that_is_taken_back_meanwhile_does_not_bring_it_back(
    place: Path,
) -> None:
    """Another program takes the import back after the answer is stored."""
    with Archive.open(place / "archive") as here, Archive.open(place / "archive") as there:
        ((session, sha256),) = here.known().items()
        engine, undone = ingest.Engine(Settings(), Athlete(), 1), list[object]()

        def changed() -> None:  # the server calls this when an answer is stored
            if not undone:
                undone.append(ingest.undo(1, there, engine))

        live = Live(serving.setup(place), Events(1), changed)
        live.answer(here, session, LabelRange(20, 28, "backward"))
        live.release()
        assert here.known() == {}
        assert len(here.annotations.labels(sha256)[0]) == 1  # as what was said is kept


def test_a_zone_that_is_stored_while_an_answer_follows_leaves_no_second_device_that_tells(
    place: Path,
) -> None:
    """The answered session is analysed with the zone of now; one without positions tells of it."""
    watch = read("day-0.fit", serving.export(), ReadLimits()).recordings[0]
    lines = [
        f"<Trackpoint><Time>{dt.datetime.fromtimestamp(at_s, dt.UTC):%Y-%m-%dT%H:%M:%SZ}</Time>"
        f"<DistanceMeters>{3.0 * second}</DistanceMeters></Trackpoint>"
        for second, at_s in enumerate(watch.time_s[60:].tolist())
    ]
    schema = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    text = (
        f'<TrainingCenterDatabase xmlns="{schema}"><Activities><Activity Sport="Running"><Lap>'
        f"<Track>{''.join(lines)}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
    (place / "exports" / "phone.tcx").write_text(text)
    middle = watch.time_s.size // 2
    lat_deg, lon_deg = (float(watch.columns[name][middle]) for name in POSITION)
    zone = Zone(lat_deg, lon_deg, 20.0)
    with Archive.open(place / "archive") as here, Archive.open(place / "archive") as there:
        ((session, _),) = here.known().items()
        engine = ingest.Engine(Settings(), Athlete(), 1)
        ingest.run_import(ingest.plan_import(place / "exports", here, settle_s=0), here, engine)
        (phone,) = set(here.known()) - {session}
        stored = list[object]()

        def changed() -> None:
            if not stored:

                def zoned(now: Athlete) -> Athlete:
                    return replace(now, privacy_zones=(zone,), zone_secret="x" * 32)

                stored.append(ingest.store_zones(there, zoned))

        live = Live(serving.setup(place), Events(1), changed)
        live.answer(here, session, LabelRange(20, 28, "backward"))
        live.release()
        assert here.track(session).hidden
        assert phone in here.annotations.exposed()


@contextmanager
def writer_of_elsewhere(place: Path) -> Iterator[None]:
    """Another program that holds the archive's one lock for writing, as a long import does."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Archive.open(place / "archive") as store, store.writing():
            held.set()
            done.wait(serving.WAIT_S)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(serving.WAIT_S)
        yield
    finally:
        done.set()
        thread.join()


def test_an_answer_does_not_wait_for_an_import_and_is_shown_with_its_numbers(place: Path) -> None:
    with serving.running(serving.setup(place, follow_s=0.2)) as client:
        session, candidates = numbers(client)
        client.ask("GET", f"/sessions/{session}")
        before = documents(place)
        with writer_of_elsewhere(place):
            first = client.answer(session, answer="accept", segments=[candidates[0]])
            assert len(spans(first, "backward")) == 1
            assert documents(place) == before  # its sessions are the other's to write
            assert len(stored(place)[session]) == 1  # but what was said is stored
            again = [each["number"] for each in first["segments"] if each["kind"] == "candidate"]
            both = client.answer(session, answer="accept", segments=[again[-1]])
            assert len(spans(both, "backward")) == 2
            page = client.ask("GET", f"/sessions/{session}").body.decode()
            assert "2 stretches" in page
            inbox = client.get("/api/inbox")
            assert inbox["candidates"] == serving.STRETCHES - 2
            assert not inbox["fresh"]
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
        assert client.get(f"/api/sessions/{session}")["segments"] == both["segments"]
    assert documents(place) != before


def test_a_server_does_not_call_numbers_fresh_that_lack_an_answer_to_another(place: Path) -> None:
    """Both keep their numbers to themselves, because a third program writes."""
    one, two = (Live(serving.setup(place), Events(1), lambda: None) for _ in range(2))
    with Archive.open(place / "archive") as here, Archive.open(place / "archive") as there:
        (session,) = here.known()
        with writer_of_elsewhere(place):
            one.answer(here, session, LabelRange(20, 28, "backward"))
            assert one.state(here, session)["fresh"]
            two.answer(there, session, LabelRange(60, 68, "backward"))
            assert not one.state(here, session)["fresh"]
            both = spans(two.state(there, session), "backward")
            assert {(20.0, 28.0), (60.0, 68.0)} <= set(both)
            one.answer(here, session, LabelRange(80, 88, "backward"))
            assert {*both, (80.0, 88.0)} <= set(spans(one.state(here, session), "backward"))
    one.release()
    two.release()


def test_pages_are_told_what_was_answered(place: Path) -> None:
    with serving.running(serving.setup(place, follow_s=0.2)) as client:
        serving.until(lambda: bool(client.get("/api/inbox")["fresh"]))
        session, _ = numbers(client)
        with client.listening() as events:
            client.answer(session, answer="accept", segments="all")
            found: list[tuple[str, Any]] = []
            while ("fresh", {"fresh": True}) not in found:
                found.append(next(events))
    assert found[0] == ("fresh", {"fresh": False})
    assert ("session", {"session": session}) in found
    assert any(name == "inbox" for name, _ in found)


@pytest.mark.faults
def test_what_is_killed_between_click_and_reply_is_stored_whole_or_not_at_all(place: Path) -> None:
    """kill -9 at many moments: every answer that was acknowledged is there, and no part of one."""
    acknowledged, undecided = [], []
    took_s: dict[int, float] = {}  # by how many answers were given before in a round
    for round_ in range(8):
        last = round_ // 2  # it is killed over this answer, or a little later
        with serving.program(place, "--port", "0", "--folder", str(place / "exports")) as (
            process,
            address,
        ):
            client = serving.client_of(address)
            (session,) = stored(place)
            client.ask("GET", f"/sessions/{session}")
            for each in range(100):
                began_s = time.monotonic()
                if each == last:
                    moment_s = (0.2 + 0.25 * (round_ % 4)) * took_s.get(each, 0.5)
                    threading.Timer(moment_s, process.send_signal, [signal.SIGKILL]).start()
                start_s = 10.0 + 12 * (round_ * 100 + each) % 1300
                wanted = (start_s, start_s + 5.0)
                try:
                    client.answer(
                        session,
                        answer="label",
                        start_s=wanted[0],
                        end_s=wanted[1],
                        direction="backward",
                    )
                except (OSError, AssertionError, ValueError):
                    undecided.append(wanted)
                    break
                acknowledged.append(wanted)
                took_s[each] = time.monotonic() - began_s
            process.wait(serving.WAIT_S)
    found = {each[:2] for each in stored(place)[session]}
    assert set(acknowledged) <= found <= set(acknowledged) | set(undecided)
    with Archive.open(place / "archive") as store:
        steps = store.annotations.answers(session)
        engine = ingest.Engine(Settings(), Athlete(), 1)
        with store.writing():
            ingest.bring_up_to_date(store, engine)
        assert not store.pending.exports()
        labels = {(each.start_s, each.end_s) for each in store.session(session).labels}
    assert steps == len(found)
    assert found <= labels


def test_a_label_of_the_command_line_is_seen(place: Path) -> None:
    with asked_alone(place) as client:
        session, _ = numbers(client)
        with Archive.open(place / "archive") as store:
            answers.answer(store, session, LabelRange(100.0, 160.0, "backward"))
        assert not client.get(f"/api/sessions/{session}")["fresh"]
        state = client.answer(session, answer="label", start_s=200, end_s=230, direction="backward")
        assert {(100, 160), (200, 230)} <= set(spans(state, "backward"))


def waited_for(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a coroutine returns; in a thread of its own, because this one may have a loop."""

    async def result() -> T:
        return await begin()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, result()).result()


def test_a_server_that_is_open_over_a_repair_goes_on_with_the_new_database(place: Path) -> None:
    thread = ArchiveThread(serving.setup(place), "test")
    answered = LabelRange(20, 28, "backward")
    try:
        (session,) = waited_for(lambda: thread.do(Archive.known))
        with database.writer(place / "archive", 1.0):
            integrity.rebuild(place / "archive")
        waited_for(lambda: thread.do(answers.answer, session, answered))
    finally:
        thread.close()
    assert stored(place)[session] == [(20, 28, "backward")]
