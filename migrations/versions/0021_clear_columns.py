"""Columns that were emptied when tokens and reasons were sealed go; the layout of uploaded files is sealed, as its examples name guests.

`upload.columns` and `upload.mapping` are emptied and stay for one release, because the one before writes them.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from webapp.core.encryption import keyring

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

BATCH = 1000
TOKENS = (("room", "export_token", "export"), ("lock_account", "webhook_token", "webhook"))
LAYOUT = (("columns", "[]"), ("mapping", "{}"))


def upgrade() -> None:
    for table, clear, name in TOKENS:
        _seal(table, clear, f"{name}_sealed", f"{name}_hash")
        for column in (f"{name}_sealed", f"{name}_hash"):
            op.alter_column(table, column, nullable=False)
        op.drop_column(table, clear)
    op.execute("SET LOCAL innkeep.rewrite_trail = 'yes'")
    _seal("audit_entry", "reason", "reason_sealed")
    op.drop_column("audit_entry", "reason")
    for name, empty in LAYOUT:
        op.add_column("upload", sa.Column(f"{name}_sealed", sa.LargeBinary()))
        op.alter_column("upload", name, server_default=empty)
    for number, *values in _layouts("columns", "mapping"):
        sealed = {f"{name}_sealed": keyring().seal(json.dumps(value, ensure_ascii=False).encode())
                  for (name, _empty), value in zip(LAYOUT, values, strict=True)}  # fmt: skip
        _update_upload(number, sealed)
    op.execute("UPDATE upload SET columns = '[]', mapping = '{}'")


def _seal(name: str, clear: str, sealed: str, hashed: str | None = None) -> None:
    """What the release before the sealing has written beside it, if anything."""
    table = sa.table(name, *(sa.column(one) for one in ("id", clear, sealed, *([hashed] if hashed else []))))
    query = sa.select(table.c.id, table.c[clear]).where(table.c[sealed].is_(None), table.c[clear].is_not(None))
    for number, value in op.get_bind().execute(query.order_by(table.c.id)).all():
        values = {sealed: keyring().seal(value.encode())}
        if hashed:
            values[hashed] = hashlib.sha256(value.encode()).digest()
        op.get_bind().execute(table.update().where(table.c.id == number).values(values))


def _layouts(*names: str):
    """(id, the values of these columns) of every upload, in portions."""
    table, last = sa.table("upload", sa.column("id"), *(sa.column(name) for name in names)), 0
    while True:
        query = sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        rows = op.get_bind().execute(query).all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


def _update_upload(number: int, values: dict) -> None:
    types = {"columns": postgresql.JSONB(), "mapping": postgresql.JSONB()}
    table = sa.table("upload", sa.column("id"), *(sa.column(name, types.get(name)) for name in values))
    op.get_bind().execute(table.update().where(table.c.id == number).values(values))


def downgrade() -> None:
    for number, *values in _layouts("columns_sealed", "mapping_sealed"):
        opened = {name: json.loads(keyring().open(bytes(value))) for (name, _empty), value in zip(LAYOUT, values, strict=True)
                  if value is not None}  # fmt: skip
        if opened:
            _update_upload(number, opened)
    for name, _empty in LAYOUT:
        op.drop_column("upload", f"{name}_sealed")
        op.alter_column("upload", name, server_default=None)
    op.add_column("audit_entry", sa.Column("reason", sa.Text()))
    for table, clear, name in TOKENS:
        for column in (f"{name}_sealed", f"{name}_hash"):
            op.alter_column(table, column, nullable=True)
        op.add_column(table, sa.Column(clear, sa.Text(), unique=True))
