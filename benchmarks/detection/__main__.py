"""Run the detection benchmark."""

from __future__ import annotations

from benchmarks.detection.run import main

main()
