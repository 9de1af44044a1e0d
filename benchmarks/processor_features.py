"""Print what numpy uses of this processor beyond what every one of its kind has.

    NPY_DISABLE_CPU_FEATURES="$(python benchmarks/processor_features.py)" pytest …

runs the tests as on the oldest processor that numpy supports. numpy refuses names that it does not
know, so they are asked of it. Empty where there is nothing to take away.
"""

from numpy._core import _multiarray_umath as numpy_core  # type: ignore[attr-defined]  # no stubs


def optional_features() -> list[str]:
    """Names for ``NPY_DISABLE_CPU_FEATURES`` that numpy has code for and this processor has."""
    there = numpy_core.__cpu_features__
    return [name for name in numpy_core.__cpu_dispatch__ if there[name]]


if __name__ == "__main__":
    print(" ".join(optional_features()))
