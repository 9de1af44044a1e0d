"""Settings of the page server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The page server of `retrorun open`: what requests may cost, and when it does what.

    No result depends on them: they have no part in the fingerprint.
    """

    body_bytes: int = 64 * 2**10  # Largest body of a request that is no upload.
    upload_bytes: int = 4 * 2**30  # Largest upload, all its files together.
    upload_files: int = 2000  # Files of one upload.
    name_bytes: int = 180  # An uploaded file's name is shortened to this.
    header_bytes: int = 16 * 2**10  # Largest head of a request, and of a file in an upload.
    header_s: float = 10.0  # The head of a request must be there after this long.
    part_s: float = 10.0  # Longest pause within the body of a request.
    body_s: float = 900.0  # Longest time for the whole body of a request.
    reads_per_s: float = 200.0  # Requests for pages and numbers, each second.
    reads_at_once: int = 2000  # Requests for pages and numbers that may come at once.
    answers_per_s: float = 20.0  # Answers, notes and uploads, each second.
    answers_at_once: int = 100  # Answers, notes and uploads that may come at once.
    connections: int = 1500  # Connections at one time; what is beyond is refused.
    streams: int = 32  # Pages that are kept up to date at one time.
    ports_tried: int = 50  # Ports that are tried one after another where the first is in use.
    follow_s: float = 1.5  # So long after the last answer, other sessions and comparison follow.
    release_s: float = 30.0  # So long after the last page is closed, worker processes end.
    sessions_kept: int = 8  # Sessions that are kept in memory to be shown or analysed again.
