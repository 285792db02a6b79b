"""Life: what a real account did, read from files, and how much kinder a simulation was to it.

- `deals`: one order with what filled of it, of life and of a run alike; `line` makes them of a run.
- `rows`, `formats`, `sheets`, `own`, `read`: fills from the files of others, told by content.
- `match`: which order of the run is which of life. `measure`: what differs, and by how much.
- `intervals`, `fit`: what delays and fees life had, each with an interval.
- `form`, `table`, `terms_text`: the same as JSON, for eyes, and as terms of a simulated exchange.

This drift is that of fills. That of quotes against their own book is `market/drift.py`.
"""
