"""规则: conditions of policies in three values (yes, no, unknown) and what they pay, decided exactly. Pure.

What is said: `terms.py` an expression, `rule.py` a policy's rule.
Text: `tokens.py` and `parsing.py` CEL text into terms, `printing.py` back, `standard.py` for other evaluators of CEL;
`checking.py` refuses what the dictionary of facts does not allow.
One company: `values.py` what a term is worth, `evaluating.py` the verdict and the amount. Why: `explaining.py`, with
`comparing.py` (fast tests of one fact), `outcomes.py` and `favouring.py` (what would have to turn, which facts would
help) and `needing.py` (in words).
All companies: `columns.py` and `batch.py`, with the modules that these name.
"""
