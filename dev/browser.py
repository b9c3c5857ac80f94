"""Finds Chromium for tests and screenshots, and installs it with Chinese fonts where permitted."""

from __future__ import annotations

import shutil
import subprocess
import sys

from dev import apt

SHELL = "chromium-headless-shell"  # the same engine without a window around each page: a third less work
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",  # containers have a small /dev/shm
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Path of the first Chromium found, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure() -> str | None:
    """Path of Chromium, installed first (with Chinese fonts) when missing and permitted; None when it cannot be had."""
    missing = []
    if not shutil.which(SHELL) and not apt.install(SHELL) and executable() is None:
        missing.append("chromium")  # where there is no package of the shell
    if not _chinese_fonts():
        missing += ["fonts-noto-cjk", "fontconfig"]
    if not _driver_runs():
        missing.append("libatomic1")
    if missing:
        apt.install(*missing)
    return executable() if _driver_runs() else None


def _chinese_fonts() -> bool:
    lister = shutil.which("fc-list")
    return lister is not None and bool(subprocess.run([lister, ":lang=zh"], capture_output=True, check=False).stdout)


def _driver_runs() -> bool:
    """Whether Playwright's own program starts: on small systems a library of its is missing."""
    return (
        subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, check=False).returncode
        == 0
    )
