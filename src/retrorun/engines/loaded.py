"""Imported once by the fork server, so that workers start with their libraries loaded."""

import pyarrow.parquet
import tzfpy

import retrorun.engines.work
import retrorun.pipeline
import retrorun.readers.fit

__all__ = ["pyarrow", "retrorun", "tzfpy"]
