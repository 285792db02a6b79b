"""The conformance kit: one list of cases that every exchange adapter has to pass, offline.

`candidate` is what is put to the test: an adapter, what it declares (`capabilities`) and the hooks
by which the kit drives the world behind it (`stage`). A case is a plain function in one of the
`cases_*` modules that drives a `desk`; `catalogue` lists them all, `runner` runs them and
`certificate` says what came out, for machines and for eyes. `stages` holds the candidates that
this package brings along, `loading` finds those of others by MODULE:FACTORY.
"""
