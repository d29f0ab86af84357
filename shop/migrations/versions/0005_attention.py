"""attention: what 要確認 lists – money that a provider kept, notices that are not settled – stands in an index"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_KEPT = sa.text("state = 'declined' AND actor IN ('job:compensation', 'job:replacement')")
_UNSETTLED = sa.text("state IN ('waiting', 'unmatched')")


def upgrade() -> None:
    op.create_index(
        'ix_payment_operation_kept', 'payment_operation', ['id'], sqlite_where=_KEPT, postgresql_where=_KEPT
    )
    op.create_index(
        'ix_provider_notice_unsettled', 'provider_notice', ['id'], sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED
    )


def downgrade() -> None:
    op.drop_index('ix_provider_notice_unsettled', 'provider_notice')
    op.drop_index('ix_payment_operation_kept', 'payment_operation')
