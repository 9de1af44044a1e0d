"""A stand-in for the server of `retrorun open`: pages and answers from values, without a socket.

It answers the requests of a browser's window through ``page.route``. Answers change the segments
themselves; nothing is analysed again.
"""

import dataclasses as dc
import json
from collections.abc import Mapping
from typing import Any

import hand_made_sessions
from msgspec import structs
from playwright.sync_api import Page, Route

from retrorun.model import Athlete, MeasuredSegment, Remark, Session, Track
from retrorun.report.history.sessions import index_page
from retrorun.report.inbox import Inbox, SetAside, waiting
from retrorun.report.page import asset_names, asset_text
from retrorun.report.session.page import SessionContext, session_page
from retrorun.report.session.question import QuestionContext, question_panel, review_page

Document = dict[str, Any]
SITE = "http://127.0.0.1:9"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data: blob:"
)


class FakeApi:
    """Sessions with their tracks, and what was asked and answered.

    ``sent`` holds the path and the document of every answer, in order.
    """

    def __init__(
        self,
        sessions: list[tuple[Session, Track]],
        athlete: Athlete | None = None,
        set_aside: tuple[SetAside, ...] = (),
        learnt: str = "",
    ) -> None:
        self.sessions = {session.id: session for session, _ in sessions}
        self.tracks = {session.id: track for session, track in sessions}
        self.athlete = athlete or Athlete()
        self.set_aside, self.learnt = set_aside, learnt
        self.sent: list[tuple[str, Any]] = []
        self.notes: dict[str, Remark] = {}
        self.before: dict[str, list[Session]] = {}
        self.refuse: tuple[int, str] | None = None
        self.foreign: list[str] = []

    def serve(self, page: Page) -> None:
        """Answer all that this window asks for."""
        page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        request = route.request
        if not request.url.startswith((SITE, "data:")):
            self.foreign.append(request.url)
            route.abort()
            return
        path = request.url.removeprefix(SITE).split("?")[0]
        body = (
            request.post_data_json
            if request.method == "POST" and "json" in (request.headers.get("content-type", ""))
            else None
        )
        status, kind, text = self.respond(request.method, path, body or {})
        route.fulfill(
            status=status,
            body=text,
            headers={"content-type": kind, "content-security-policy": POLICY},
        )

    def respond(self, method: str, path: str, body: Document) -> tuple[int, str, str]:
        """Status, content type and content."""
        if method == "GET":
            return self._get(path)
        self.sent.append((path, body))
        if self.refuse:
            return self.refuse[0], "application/json", json.dumps({"error": self.refuse[1]})
        return self._post(path, body)

    def inbox(self) -> Inbox:
        return Inbox(
            queue=waiting(self.sessions.values()), set_aside=self.set_aside, learnt=self.learnt
        )

    def _get(self, path: str) -> tuple[int, str, str]:  # noqa: PLR0911 - one for each address
        parts = path.strip("/").split("/")
        if parts[0] == "assets" and parts[1] in asset_names().values():
            kind = "text/css" if parts[1].endswith(".css") else "text/javascript"
            return 200, kind, asset_text(parts[1])
        if path == "/review":
            queue = self.inbox().queue
            panel = self._panel(queue[0].session, queue[0].start_s) if queue else ""
            return 200, "text/html; charset=utf-8", review_page(self.inbox(), panel)
        if path == "/api/inbox":
            return self._json(self.inbox().document())
        if parts[0] in {"", "sessions"}:
            return 200, "text/html; charset=utf-8", self._page(parts)
        if path.startswith("/api/review/"):
            return self._json({"html": self._panel(parts[2], int(parts[3])), "undo": 0})
        if path.startswith("/api/sessions/"):
            return self._json(self.state(parts[2]))
        if path == "/api/events":
            return 200, "text/event-stream", ": nothing\n\n"
        return 404, "application/json", json.dumps({"error": "no such page"})

    def _panel(self, session_id: str, start_s: int) -> str:
        session = self.sessions[session_id]
        number = next(
            number
            for number, each in enumerate(session.measures.segments, 1)
            if round(each.segment.start_s) == start_s
        )
        undo = len(self.before.get(session_id, ()))
        context = QuestionContext(self.athlete, undo, self.seen(session_id))
        return question_panel(session, self.tracks[session_id], number, context)

    def seen(self, session_id: str) -> str:
        """A text that changes with the session's segments."""
        segments = [each.segment for each in self.sessions[session_id].measures.segments]
        return ",".join(f"{each.start_s:g} {each.kind}" for each in segments)

    def _page(self, parts: list[str]) -> str:
        if len(parts) < 2:
            return index_page(list(self.sessions.values()), self.athlete, inbox=self.inbox())
        session_id = parts[1]
        undo = len(self.before.get(session_id, ()))
        context = SessionContext(
            athlete=self.athlete,
            live=True,
            undo=undo,
            note=self.notes.get(session_id, Remark()),
        )
        return session_page(self.sessions[session_id], self.tracks[session_id], context)

    @staticmethod
    def _json(document: Mapping[str, Any]) -> tuple[int, str, str]:
        return 200, "application/json", json.dumps(document)

    def _post(self, path: str, body: Document) -> tuple[int, str, str]:
        session_id, what = path.strip("/").split("/")[2:4]
        if what == "undo":
            self.sessions[session_id] = self.before[session_id].pop()
        elif what == "note":
            self.notes[session_id] = Remark(body["pain"], body["effort"], body["text"])
        elif what == "answers":
            session = self.sessions[session_id]
            self.before.setdefault(session_id, []).append(session)
            self.sessions[session_id] = answered(session, body)
        return self._json(self.state(session_id))

    def state(self, session_id: str) -> dict[str, Any]:
        """What the server tells of a session."""
        session = self.sessions[session_id]
        segments = [
            {
                "number": number,
                "start_s": each.segment.start_s,
                "end_s": each.segment.end_s,
                "direction": each.segment.direction,
                "verdict": each.segment.verdict,
            }
            for number, each in enumerate(session.measures.segments, 1)
        ]
        undo = len(self.before.get(session_id, ()))
        page = self._page(["sessions", session_id])
        return {
            "session": session_id,
            "segments": segments,
            "undo": undo,
            "fresh": True,
            "page": page,
            "note": structs.asdict(self.notes.get(session_id, Remark())),
        }


def answered(session: Session, body: Document) -> Session:
    """The session with its segments as a document says; their sums follow, their metrics do not."""
    segments = tuple(
        _answered(each, number, body) for number, each in enumerate(session.measures.segments, 1)
    )
    sums = hand_made_sessions.totals(segments)
    measures = dc.replace(session.measures, segments=segments, totals=sums)
    return dc.replace(session, measures=measures)


def _answered(each: MeasuredSegment, number: int, body: Document) -> MeasuredSegment:
    segment = each.segment
    if body["answer"] == "label":
        low, high = body["start_s"], body["end_s"]
        wanted = min(high, segment.end_s) - max(low, segment.start_s) > 0
        ends = (segment.start_s, segment.end_s)
    else:
        every = body["segments"] == "all"
        wanted = segment.kind == "candidate" and (every or number in body["segments"])
        ends = (body.get("start_s", segment.start_s), body.get("end_s", segment.end_s))
    if not wanted:
        return each
    yes = body["answer"] == "accept" or body.get("direction") == "backward"
    changed = dc.replace(
        segment,
        start_s=ends[0],
        end_s=ends[1],
        direction="backward" if yes else "forward",
        verdict="labelled",
    )
    return dc.replace(each, segment=changed)
