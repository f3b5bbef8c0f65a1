"""Tokens in addresses and the reasons in the trail are sealed; refresh tokens know whose program they are.

The columns that held them in clear are emptied and no longer needed. They stay for one release, because the one before reads them.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

from webapp.core.encryption import keyring

revision = "0014b"
down_revision = "0013"
branch_labels = None
depends_on = None

BATCH = 1000
TOKENS = (("room", "export_token", "export"), ("lock_account", "webhook_token", "webhook"))


def upgrade() -> None:
    for table, clear, name in TOKENS:
        op.add_column(table, sa.Column(f"{name}_sealed", sa.LargeBinary()))
        op.add_column(table, sa.Column(f"{name}_hash", sa.LargeBinary()))
        _seal(table, clear, f"{name}_sealed", f"{name}_hash")
        op.create_unique_constraint(f"uq_{table}_{name}_hash", table, [f"{name}_hash"])
        op.alter_column(table, clear, nullable=True)
        op.execute(f"UPDATE {table} SET {clear} = NULL")  # noqa: S608
    op.add_column("audit_entry", sa.Column("reason_sealed", sa.LargeBinary()))
    op.execute("SET LOCAL innkeep.rewrite_trail = 'yes'")
    _seal("audit_entry", "reason", "reason_sealed")
    op.execute("UPDATE audit_entry SET reason = NULL WHERE reason IS NOT NULL")
    op.add_column("account_token", sa.Column("client", sa.Text(), nullable=False, server_default=""))
    op.add_column("account_token", sa.Column("begun_at", sa.DateTime(timezone=True)))


def _seal(name: str, clear: str, sealed: str, hashed: str | None = None) -> None:
    """Fill the sealed column (and the hash) from the one in clear, in small portions."""
    columns = [sa.column(one) for one in ("id", clear, sealed, *([hashed] if hashed else []))]
    table, connection, ring = sa.table(name, *columns), op.get_bind(), keyring()
    last = 0
    while True:
        query = sa.select(table.c.id, table.c[clear]).where(table.c.id > last, table.c[clear].is_not(None))
        rows = connection.execute(query.order_by(table.c.id).limit(BATCH)).all()
        for number, value in rows:
            values = {sealed: ring.seal(value.encode())}
            if hashed:
                values[hashed] = hashlib.sha256(value.encode()).digest()
            connection.execute(table.update().where(table.c.id == number).values(values))
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_column("account_token", "begun_at")
    op.drop_column("account_token", "client")
    op.execute("SET LOCAL innkeep.rewrite_trail = 'yes'")
    _open("audit_entry", "reason", "reason_sealed")
    op.drop_column("audit_entry", "reason_sealed")
    for table, clear, name in TOKENS:
        _open(table, clear, f"{name}_sealed")
        op.alter_column(table, clear, nullable=False)
        op.drop_constraint(f"uq_{table}_{name}_hash", table)
        op.drop_column(table, f"{name}_hash")
        op.drop_column(table, f"{name}_sealed")


def _open(name: str, clear: str, sealed: str) -> None:
    table = sa.table(name, sa.column("id"), sa.column(clear), sa.column(sealed))
    connection, ring = op.get_bind(), keyring()
    rows = connection.execute(sa.select(table.c.id, table.c[sealed]).where(table.c[sealed].is_not(None))).all()
    for number, value in rows:
        opened = ring._open(bytes(value)).decode()
        connection.execute(table.update().where(table.c.id == number).values({clear: opened}))
