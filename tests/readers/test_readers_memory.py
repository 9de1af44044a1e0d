"""What a long-lived reader may not pile up."""

from retrorun.readers.fit import structure
from retrorun.readers.fit.structure import parts
from retrorun.simulate.write import Encoder, number


def test_endless_definitions_are_not_remembered_for_ever() -> None:
    """Found by guided fuzzing: 150,000 hostile files had filled 300 MB."""
    layout = structure._definition
    most = layout.cache_info().maxsize
    assert most is not None
    for field in range(200):
        for kind in range(10):
            encoder = Encoder()
            encoder.add(0, 0xFF00 + kind, [number(field, "uint8", 1)])
            parts(encoder.file(), 100)
    assert layout.cache_info().currsize <= most < 2000
    assert structure._fields_to_read.cache_info().maxsize is not None
