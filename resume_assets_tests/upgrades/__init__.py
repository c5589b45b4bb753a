"""Homes as released versions left them, brought up to date in place.

`home_0.1.0.zip` was made by that version's own commands: `first` is done, with a person's
correction; `again` wrote two of its records anew; `out` and the two batches of a trial are at the
local server. Dagster's storage is left out, as it may always be.
"""
