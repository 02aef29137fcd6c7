"""The yardstick's harness for a program that lies beside it: its `Bench`, its `main`, its workloads.

Importing this makes the harness importable, and sets how long W8 may take before it ends early and says how far it
came.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "yardstick"))

import workloads  # type: ignore[import-not-found]  # the yardstick is taken over as it is, without types
from common import Bench, main  # type: ignore[import-not-found]  # as above

workloads.W["W8"]["cap_s"] = float(os.environ.get("BENCH_W8_CAP_S", "12"))
if "BENCH_W8_N" in os.environ:
    workloads.W["W8"]["n"] = int(os.environ["BENCH_W8_N"])

__all__ = ["Bench", "main", "workloads"]
