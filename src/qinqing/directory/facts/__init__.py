"""企业事实 (facts): what departments say of companies, and what policies are matched with.

`dictionary.py` what facts there are (data/facts.yaml and the county's); `values.py`, `periods.py` how one is read, kept
and written; `recording.py` what a source says becomes an observation, for ever; `choosing.py` which observation counts;
`snapshots.py` all companies as columns; `reading.py` one company; `objections.py` a company objects to one.
"""
