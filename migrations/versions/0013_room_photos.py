"""Photos of room types, kept by the hotel itself."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0014"
branch_labels = None
depends_on = None


def needed(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "room_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("room_type_id", sa.BigInteger()), needed("token", sa.String(80)), needed("alt", sa.Text()),
        needed("width", sa.BigInteger()), needed("height", sa.BigInteger()), needed("large", sa.LargeBinary()),
        needed("small", sa.LargeBinary()), needed("created_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"],
            name="fk_room_photo_hotel_id_room_type_id",
        ),
        sa.UniqueConstraint("token", name="uq_room_photo_token"),
    )  # fmt: skip
    op.create_index("ix_room_photo_room_type", "room_photo", ["room_type_id"])
    op.execute("""
        CREATE TRIGGER catalogue_changed AFTER INSERT OR DELETE OR UPDATE OF alt ON room_photo
            FOR EACH ROW EXECUTE FUNCTION catalogue_changed()
    """)


def downgrade() -> None:
    op.drop_table("room_photo")
