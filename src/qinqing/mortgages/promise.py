"""服务承诺: what the county promises of a release: `service.yaml` here, or `mortgages.yaml` in the county's folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

from qinqing.cases import calendars
from qinqing.lib import safe_yaml
from qinqing.lib.workdays import Budget, due_at

SHIPPED = Path(__file__).with_name("service.yaml")


@dataclass(frozen=True, slots=True)
class Service:
    """`trips_saved`: by one release; trips, not cases."""

    promise: Budget
    trips_saved: int


@cache
def service() -> Service:
    """Of this county. Raises ValueError naming the file when it cannot be read."""
    own = settings.COUNTY / "mortgages.yaml"
    path = own if own.exists() else SHIPPED
    try:
        data = safe_yaml.read(path)
        return Service(Budget.parse(data["promise"]), int(data["trips_saved"]))
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: promise is {{elapsed: 1h}} or {{office_hours: 1}}, trips_saved a number ({error})"
        ) from error


def until(since: datetime) -> datetime:
    """The promised moment for what became possible at `since`."""
    at, _ = due_at(since, service().promise, calendars.current())
    assert at, "nothing suspends it"
    return at
