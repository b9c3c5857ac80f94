"""Reads for wings above: what the leader's page and reports show of instructions, letters and the backstop."""

from qinqing.supervision.backstop import backstops
from qinqing.supervision.instructions import counts as instruction_counts
from qinqing.supervision.instructions import open_instructions
from qinqing.supervision.letters import letters, letters_on
from qinqing.supervision.papers import paper_number

__all__ = ["backstops", "instruction_counts", "letters", "letters_on", "open_instructions", "paper_number"]
