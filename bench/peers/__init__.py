"""Other people's engines, measured in an environment of their own (`.venv-peers`), never part of the product.

viewflow and OpenFisca are under the AGPL, SpiffWorkflow under the LGPL, DuckDB under the MIT licence. They are
installed on demand from `requirements.lock`, whose hashes are checked and which names no registry. Renew it after a
change of `requirements.in` with

    uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        bench/peers/requirements.in -o bench/peers/requirements.lock

The modules of this package run there: they may import the standard library, numpy, `bench.joint`, `bench.workload` and
each other.
"""
