"""The numbers are state: they move in the transaction that moves the case, and a recount finds no difference.

Reading order: snapshot (what is counted) · contributions (what one case adds) · definitions (the indicators) ·
watch (the hook in the transaction) · fold (deltas into totals) · store (reading) · recount (the proof).
"""
