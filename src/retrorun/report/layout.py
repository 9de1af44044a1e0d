"""What all figures over many sessions share: no frame, quiet axes, colours by name."""

from typing import Any

Json = dict[str, Any]


def axis(**more: object) -> Json:
    """An axis that does not move, in the page's colours, and what is special about it."""
    quiet: Json = {"gridcolor": "--rule", "zeroline": False, "color": "--muted", "fixedrange": True}
    return quiet | more


def layout(height: int, margin: tuple[int, int, int, int], **more: object) -> Json:
    """A figure of so many pixels; ``margin`` is left, right, top, bottom."""
    plain: Json = {
        "height": height,
        "margin": dict(zip("lrtb", margin, strict=True)),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "--muted", "size": 12},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
    }
    return plain | more
