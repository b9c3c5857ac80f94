"""The project's own tools: set-up, checks, tests, lock. Nothing here is part of the installed product."""
