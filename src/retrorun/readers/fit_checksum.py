"""FIT's checksum: CRC-16/ARC, folded pairwise so that numpy does the work.

With a start value of 0 the checksum is linear: that of a message is the exclusive or of the
checksums of its words, each carried past the words behind it. So words are folded two by two.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

_POLYNOMIAL = 0xA001  # 0x8005 reflected; Flexible and Interoperable Data Transfer protocol, CRC
_Words = npt.NDArray[np.uint16]


@cache
def _carried(level: int) -> _Words:
    """Where each of the 65,536 states goes when ``2**level`` words of zero follow."""
    if level:
        half = _carried(level - 1)
        return half[half]
    state = np.arange(65_536, dtype=np.uint16)
    for _ in range(16):
        state = np.where(state & 1, (state >> 1) ^ _POLYNOMIAL, state >> 1).astype(np.uint16)
    return state


def fit_crc(data: bytes) -> int:
    """Checksum of some bytes; 0 for a whole FIT file with its own checksum at the end."""
    padded = b"\0" + data if len(data) % 2 else data  # leading zeros change nothing
    if not padded:
        return 0
    state = _carried(0)[np.frombuffer(padded, dtype="<u2")]
    level = 0
    while len(state) > 1:
        if len(state) % 2:
            state = np.concatenate([np.zeros(1, np.uint16), state])
        state = _carried(level)[state[0::2]] ^ state[1::2]
        level += 1
    return int(state[0])
