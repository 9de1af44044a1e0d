"""What a hostile file may cost, and what people can run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on what a hostile file may cost."""

    file_bytes: int = 512 * 2**20  # a larger file is refused
    unpacked_bytes: int = 2**30  # what a packed file may unpack to
    compression_ratio: float = 200.0  # unpacked to packed, above which a file is a bomb
    xml_depth: int = 64  # elements within elements
    activities: int = 1000  # recordings in one file: tracks, activities or chained FIT files
    samples: int = 1_000_000  # samples of one recording, or points of one document
    pieces: int = 10_000  # laps or track segments in one document
    xml_elements: int = 6_000_000  # elements of a document
    archive_members: int = 50_000  # files in an archive
    archive_depth: int = 3  # zips within zips
    archive_bytes: int = 32 * 2**30  # unpacked, all members together


@dataclass(frozen=True, slots=True)
class SportSettings:
    """What people can run: for recordings whose file names no sport."""

    too_fast_mps: tuple[float, ...] = (9.0, 7.5, 6.5)  # faster than this
    too_fast_s: tuple[float, ...] = (60.0, 300.0, 1200.0)  # for so long in all is no run
    doubtful_mps: float = 5.5  # faster than this without a cadence of running
    doubtful_s: float = 300.0  # for so long in all is asked about, not counted
    step_s: float = 10.0  # speed is taken over this long
    gap_s: float = 180.0  # and not over longer gaps
    lasting_s: float = 30.0  # shorter fast stretches are jumps of the position
    running_spm: float = 140.0  # least cadence of a fast run
    longest_step_m: float = 2.2  # nobody runs with longer steps for minutes
    count_doubtful: bool = False  # count what names no sport, however fast it is
