"""Every test run has its own home; nothing it does touches an installation."""

import os
import tempfile

os.environ["QINQING_MODE"] = "test"
os.environ.setdefault("QINQING_HOME", tempfile.mkdtemp(prefix="qinqing-test-"))
