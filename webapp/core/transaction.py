"""`transaction()`: the one way to change the database.

The outermost block commits; an exception rolls everything back. Work that must only happen once the data is safe (push to
the queue, tell the boards) is registered with `after_commit` and runs right after the commit. If such a hook fails,
the commit stands: hooks only make things quicker, the sweep of the outbox makes them certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.orm import Session

from .database import db

log = structlog.get_logger(__name__)

DEPTH = "innkeep_transaction_depth"
HOOKS = "innkeep_after_commit"


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit at the outermost exit, roll back on any exception. Nested use joins the outer transaction."""
    session = db.session()
    depth = session.info.get(DEPTH, 0)
    session.info[DEPTH] = depth + 1
    try:
        yield session
        if depth == 0:
            session.commit()
    except BaseException:
        if depth == 0:
            session.rollback()
            session.info.pop(HOOKS, None)
        raise
    finally:
        session.info[DEPTH] = depth
    if depth == 0:
        _run_hooks(session)


def after_commit(key: str, hook: Callable[[list], None], item: object) -> None:
    """Collect `item` for `hook`, which gets all items of this transaction at once after the commit."""
    hooks = db.session().info.setdefault(HOOKS, {})
    hooks.setdefault(key, (hook, []))[1].append(item)


def take_back(key: str, is_unwanted: Callable[[Any], bool]) -> None:
    """Drop what was collected under `key` in this transaction and is unwanted after all."""
    hooks = db.session().info.get(HOOKS, {})
    if key in hooks:
        hook, items = hooks[key]
        hooks[key] = (hook, [item for item in items if not is_unwanted(item)])


def _run_hooks(session: Session) -> None:
    for key, (hook, items) in session.info.pop(HOOKS, {}).items():
        try:
            hook(items)
        except Exception:
            log.warning("after_commit_hook_failed", hook=key, items=len(items), exc_info=True)
