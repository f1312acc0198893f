"""The kernel: mechanisms, the wire contract and reference data; it knows no service.

Reading order: events (what happened) · tx (one transaction) · batch (many at once) · door, consumer, timers
(the three ways in) · relay and bus (the way out) · runtime (start, stop, health).
"""
