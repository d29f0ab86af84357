"""members: whether the mailbox was shown to be theirs; of those who came with an order it was not"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

#: Who registered by mail had no order before.
_BY_MAIL = """
    UPDATE member SET proven_at = created_at
    WHERE state <> 'left' AND NOT EXISTS (
        SELECT 1 FROM shop_order WHERE shop_order.member_id = member.id AND shop_order.placed_at <= member.created_at
    )
"""


def upgrade() -> None:
    with op.batch_alter_table('member') as batch_op:
        batch_op.add_column(sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text(_BY_MAIL))


def downgrade() -> None:
    with op.batch_alter_table('member') as batch_op:
        batch_op.drop_column('proven_at')
