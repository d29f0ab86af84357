"""carts that orders name: those that are gone stand again, empty, and of those whose number has come again the version goes on"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

#: Nobody holds such a key: those of visitors are random.
_GONE = """
    INSERT INTO cart (id, key, version, touched_at, form, password_hash)
    SELECT cart_id, 'of-orders-' || cart_id, max(cart_version) + 1, max(created_at), '{}', ''
    FROM shop_order WHERE NOT EXISTS (SELECT 1 FROM cart WHERE cart.id = shop_order.cart_id)
    GROUP BY cart_id
"""
#: An order that stands has counted its own cart up: one that is behind it is another visitor's.
_AGAIN = """
    UPDATE cart SET version = version + 1 + (SELECT max(cart_version) FROM shop_order WHERE shop_order.cart_id = cart.id)
    WHERE version <= (SELECT max(cart_version) FROM shop_order WHERE shop_order.cart_id = cart.id AND state = 'placed')
"""
#: What such a visitor has confirmed is asked for once more.
_CONFIRMED = """
    DELETE FROM confirmation WHERE EXISTS (
        SELECT 1 FROM shop_order WHERE shop_order.cart_id = confirmation.cart_id AND state = 'placed'
        AND shop_order.cart_version = confirmation.cart_version AND shop_order.placed_at < confirmation.created_at
    )
"""


def upgrade() -> None:
    for statement in (_GONE, _AGAIN, _CONFIRMED):
        op.execute(sa.text(statement))


def downgrade() -> None:
    pass
