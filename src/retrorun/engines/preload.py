"""Imported once by the fork server, so that workers start with their libraries loaded."""

import pyarrow.parquet
import tzfpy

import retrorun.engines.tasks
import retrorun.pipeline
import retrorun.readers.fit.reader

__all__ = ["pyarrow", "retrorun", "tzfpy"]
