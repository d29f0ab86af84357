"""payments of providers whose follow-ups need a secret of the payment's own"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("sealed_keys", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("payment", "sealed_keys")
