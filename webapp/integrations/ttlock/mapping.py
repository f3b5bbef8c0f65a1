"""TTLock's JSON to the port's objects. Fields may be missing, null, or numbers written as strings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.access.ports import CodeState, Gateway, ProviderCode, ProviderLock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES: dict[int, CodeState] = {
    1: "normal",
    4: "adding",
    5: "add_failed",
    6: "changing",
    7: "change_failed",
    8: "deleting",
    9: "delete_failed",
}


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970. Raises ValueError for an instant without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def whole_minute(instant: datetime) -> int:
    """Milliseconds of the minute `instant` is in: locks know no seconds."""
    return milliseconds(instant) // 60_000 * 60_000


def instant(value: Any) -> datetime | None:
    """The instant of a number of milliseconds; None for 0 (no limit) and for what is no number."""
    number = whole_number(value)
    if not number:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        return None


def whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return int(value)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def lock(row: dict[str, Any]) -> ProviderLock:
    battery = whole_number(row.get("electricQuantity"))
    return ProviderLock(
        lock_id=str(row["lockId"]),
        name=str(row.get("lockAlias") or row.get("lockName") or row["lockId"]),
        mac=str(row.get("lockMac") or ""),
        battery_percent=battery if battery is not None and 0 <= battery <= 100 else None,
        has_gateway=whole_number(row.get("hasGateway")) == 1,
    )


def gateway(row: dict[str, Any]) -> Gateway:
    online = whole_number(row.get("isOnline"))
    return Gateway(
        gateway_id=str(row["gatewayId"]),
        name=str(row.get("gatewayName") or row.get("gatewayMac") or row["gatewayId"]),
        mac=str(row.get("gatewayMac") or ""),
        is_online=None if online is None else online == 1,
        rssi=whole_number(row.get("rssi")),
    )


def code(row: dict[str, Any], lock_id: str) -> ProviderCode:
    return ProviderCode(
        provider_code_id=str(row["keyboardPwdId"]),
        lock_id=str(row.get("lockId") or lock_id),
        pin=str(row.get("keyboardPwd") or ""),
        name=str(row.get("keyboardPwdName") or ""),
        valid_from=instant(row.get("startDate")),
        valid_until=instant(row.get("endDate")),
        state=_STATES.get(whole_number(row.get("status")) or 0, "unknown"),
        is_custom=whole_number(row.get("isCustom")) != 0,
    )
