"""orders found by 支払方法 and 売上方式; how often what ends a payment or a card was sent again"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_payment_mode", "payment", ["method_id", "capture_at_once", "order_id"])
    for table in ("payment_operation", "card_operation"):
        op.add_column(table, sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table in ("card_operation", "payment_operation"):
        op.drop_column(table, "repeats")
    op.drop_index("ix_payment_mode", "payment")
