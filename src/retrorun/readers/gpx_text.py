"""GPX that the readers make of archives whose parts are no recordings by themselves."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

import numpy as np

from retrorun.units import FloatArray


def gpx_of(
    creator: str,
    sport: str | None,
    time_s: FloatArray,
    columns: Mapping[str, FloatArray],
) -> bytes:
    """One track as GPX 1.1; the same input gives the same bytes, for they are its identity.

    Args:
        creator: what is named as the maker.
        sport: the track's type.
        time_s: (n,) Unix seconds.
        columns: ``lat`` and ``lon``, perhaps ``ele``; any other is an extension of that name.
    """
    maker = f'version="1.1" creator="{escape(creator)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<gpx xmlns="http://www.topografix.com/GPX/1/1" {maker}>',
        f"<trk><type>{escape(sport or 'unknown')}</type><trkseg>",
    ]
    lines.extend(_point(float(at), columns, index) for index, at in enumerate(time_s))
    return "\n".join([*lines, "</trkseg></trk></gpx>", ""]).encode()


def _point(time_s: float, columns: Mapping[str, FloatArray], index: int) -> str:
    said = {name: values[index] for name, values in columns.items() if np.isfinite(values[index])}
    places = "".join(f' {name}="{said.pop(name):.9f}"' for name in ("lat", "lon") if name in said)
    ele = f"<ele>{said.pop('ele'):.3f}</ele>" if "ele" in said else ""
    more = "".join(f"<{name}>{value:.10g}</{name}>" for name, value in said.items())
    moment = datetime.fromtimestamp(time_s, UTC).isoformat()
    return f"<trkpt{places}>{ele}<time>{moment}</time><extensions>{more}</extensions></trkpt>"
