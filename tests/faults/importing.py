"""An import in a process of its own, to be killed or starved: EXPORTS ARCHIVE JOBS."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fake_pipeline
from retrorun.archive import Archive
from retrorun.errors import RetrorunError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete
from retrorun.settings import Settings


def main() -> int:
    """Import once; say what went wrong."""
    exports, folder, jobs = sys.argv[1:]
    began_s = time.monotonic()
    print("begun", flush=True)  # noqa: T201 - the parent waits for it
    try:
        with Archive.open(Path(folder)) as archive:
            engine = Engine(Settings(), Athlete(), int(jobs), fake_pipeline.process)
            run_import(plan_import(exports, archive, settle_s=0), archive, engine)
    except RetrorunError as problem:
        print(problem.slug, problem, flush=True)  # noqa: T201
        return 1
    print(f"{time.monotonic() - began_s:.3f}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
