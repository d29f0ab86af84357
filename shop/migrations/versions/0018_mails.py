"""mails: whether the buyer is told of a cancelled payment, and which mail a mail is sent again for"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('payment_operation', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('tell_buyer', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('outbox_mail', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('copy_of', sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f('ix_outbox_mail_copy_of'), ['copy_of'])


def downgrade() -> None:
    with op.batch_alter_table('outbox_mail', recreate="never") as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_mail_copy_of'))
        batch_op.drop_column('copy_of')
    with op.batch_alter_table('payment_operation', recreate="never") as batch_op:
        batch_op.drop_column('tell_buyer')
