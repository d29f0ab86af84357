"""breaker: how many calls in a row a provider left unanswered, and since when"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('provider_account', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('silent_calls', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('silent_since', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('provider_account', recreate="never") as batch_op:
        batch_op.drop_column('silent_since')
        batch_op.drop_column('silent_calls')
