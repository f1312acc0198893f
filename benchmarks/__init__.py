"""Benchmarks: every figure stands beside its floor, taken in the same run on the same machine.

`python -m benchmarks` runs all; `python -m benchmarks intake` (or hops, replay, reading, tracker) one. They need what
the distributed way needs and talk to 127.0.0.1 only. `tracker` takes a quarter of an hour and 25 GB while it runs.
"""
