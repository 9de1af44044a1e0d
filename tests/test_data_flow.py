"""The picture of the way of the data shows the package as it is."""

from pathlib import Path

import pytest
from lxml import etree

import data_flow
import retrorun
from retrorun import model
from retrorun.model import comparison

PACKAGE = Path(retrorun.__file__).parent
IMAGE = Path(__file__).resolve().parents[1] / "docs" / "images" / "data-flow.svg"


@pytest.mark.parametrize("room", data_flow.ROOMS, ids=lambda room: room.name)
def test_each_room_is_a_part_of_the_package(room: data_flow.Room) -> None:
    assert (PACKAGE / room.name).is_dir() or (PACKAGE / f"{room.name}.py").is_file()


@pytest.mark.parametrize("way", data_flow.WAYS, ids=lambda way: f"{way.start}-{way.end}")
def test_each_value_is_a_class_of_the_model(way: data_flow.Way) -> None:
    assert isinstance(getattr(model, way.value, getattr(comparison, way.value, None)), type)


def test_the_picture_is_the_one_that_the_program_draws() -> None:
    drawn = data_flow.drawing()
    assert IMAGE.read_text(encoding="utf-8") == drawn
    etree.fromstring(drawn.encode())
