"""staff: rights, the owner, mail addresses. Whoever was here before had every right, and keeps it as an owner"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('staff_user', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('email', sa.String(length=320), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('owner', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('rights', sa.String(length=200), nullable=False, server_default=''))
    op.execute(sa.text('UPDATE staff_user SET owner = true'))


def downgrade() -> None:
    with op.batch_alter_table('staff_user', recreate="never") as batch_op:
        for name in ('rights', 'owner', 'email'):
            batch_op.drop_column(name)
