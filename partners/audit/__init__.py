"""The audit: what was changed and read, by whom, before and after. See `docs/decisions/0016-audit.md`.

`tracking` says which models are watched, `triggers` makes the triggers that watch them, `readings` notes who opened a
personal file, `wording` turns a row of the journal into French, `forgetting` is the only way to blank one.
"""
