"""carts that orders name and that are gone stand again, empty: their numbers must not come again"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

#: Nobody holds such a key: those of visitors are random.
_GONE = """
    INSERT INTO cart (id, key, version, touched_at, form, password_hash)
    SELECT cart_id, 'of-orders-' || cart_id, max(cart_version), max(created_at), '{}', ''
    FROM shop_order WHERE NOT EXISTS (SELECT 1 FROM cart WHERE cart.id = shop_order.cart_id)
    GROUP BY cart_id
"""


def upgrade() -> None:
    op.execute(sa.text(_GONE))


def downgrade() -> None:
    pass
