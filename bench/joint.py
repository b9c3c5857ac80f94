"""The work every engine does: a joint acceptance (联合验收) of eleven acts with a five-way join. Standard library only.

receive (opens the case), intake, triage; five units give their opinions in parallel, the last one leads on;
survey, certificate, filing (closes the case).
"""

from __future__ import annotations

OPINIONS = tuple(f"opinion_{number}" for number in range(1, 6))
HUMAN_TASKS = ("intake", "triage", *OPINIONS, "survey", "certificate", "filing")
ACTS = ("receive", *HUMAN_TASKS)
NOTE = (
    "现场与图纸一致，资料齐全，同意通过联合验收；请按程序办理后续手续。" * 2
)  # about 200 bytes, written with each act
