"""Imported once by the fork server, so that workers start with their libraries loaded."""

import pyarrow.parquet

import retrorun.engines.work

__all__ = ["pyarrow", "retrorun"]
