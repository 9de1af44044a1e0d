"""Two states, forward and backward, sticky: the forward-backward algorithm on odds."""

import numpy as np

from retrorun import arithmetic
from retrorun.units import FloatArray


def backward_probability(
    evidence: FloatArray, onset: FloatArray, ending: FloatArray, prior: float
) -> FloatArray:
    """Probability of backward running for each second, (n,).

    Args:
        evidence: (n,) log-likelihood ratio of each second, positive for backward.
        onset: (n,) probability that backward running begins between second i - 1 and i.
        ending: (n,) probability that it ends there.
        prior: probability of backward running before the first second.

    For two states the recursions need one number a second, the odds; each step is a Möbius
    transform of the odds before it (Rabiner 1989, equations 19-25, divided through).
    """
    if evidence.size == 0:
        return np.empty(0)
    weight = arithmetic.exp(np.clip(evidence, -30.0, 30.0)).tolist()
    begin, end = onset.tolist(), ending.tolist()
    odds = prior / (1.0 - prior) * weight[0]
    past = [odds]
    # Plain loops over floats: one step costs less than any call would.
    for into, out, given in zip(begin[1:], end[1:], weight[1:], strict=True):
        odds = (odds * (1.0 - out) + into) / (odds * out + 1.0 - into) * given
        past.append(odds)
    odds = 1.0  # of what follows, given backward against given forward
    future = [odds]
    for into, out, given in zip(begin[:0:-1], end[:0:-1], weight[:0:-1], strict=True):
        ahead = odds * given
        odds = (ahead * (1.0 - out) + out) / (ahead * into + 1.0 - into)
        future.append(odds)
    joint = np.array(past) * np.array(future[::-1])
    return np.asarray(joint / (1.0 + joint), dtype=np.float64)
