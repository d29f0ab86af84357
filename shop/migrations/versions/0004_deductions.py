"""deductions: ポイント and 値引き of an order, and its クール料金"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

COLUMNS = ('points_yen', 'discount_yen', 'cool_yen')


def upgrade() -> None:
    with op.batch_alter_table('shop_order', recreate="never") as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default='0'))


def downgrade() -> None:
    with op.batch_alter_table('shop_order', recreate="never") as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
