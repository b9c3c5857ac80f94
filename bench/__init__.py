"""Measurements behind the figures in docs/benchmarks.md. `./run bench [NAME] [--json] [--quick]`.

`kernel.py` says what is compared; `harness.py` turns repetitions into rows; `team.py` steers the measured processes and
`serve.py` is what runs in each of them; `engines/` are ours and the bare commit, `peers/` are other people's engines in
their own environment. No part of the product imports this package.
"""
