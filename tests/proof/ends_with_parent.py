"""`python ends_with_parent.py COMMAND ...` becomes COMMAND, which the kernel stops when whoever started it is gone.

So a test run that is itself killed leaves no server behind. (Not in a `preexec_fn`: the tests have threads.)
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    os.execv(sys.argv[1], sys.argv[1:])
