"""orders in doubt: the review, its rules, and what its look-ups go by"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

#: The rules a shop begins with.
_RULES = (
    ('review', sa.Boolean(), sa.true()), ('review_new_address', sa.Boolean(), sa.true()),
    ('review_cards', sa.Integer(), '3'), ('review_people', sa.Integer(), '3'), ('review_days', sa.Integer(), '30'),
)
_PLACED = sa.text("state = 'placed'")
_IN_DOUBT = sa.text("state = 'open'")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'order_review',
        sa.Column('id', _key(), nullable=False),
        sa.Column('order_id', _key(), nullable=False),
        sa.Column('signals', sa.Text(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_by', sa.String(length=120), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('note', sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'cleared')", name=op.f('ck_order_review_state')),
        sa.ForeignKeyConstraint(['order_id'], ['shop_order.id'], name=op.f('fk_order_review_order_id_shop_order')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_order_review')),
        sa.UniqueConstraint('order_id', name=op.f('uq_order_review_order_id')),
    )
    op.create_index(
        'ix_order_review_open', 'order_review', ['order_id'], sqlite_where=_IN_DOUBT, postgresql_where=_IN_DOUBT
    )
    with op.batch_alter_table('card_guard', recreate="never") as batch_op:
        for name, kind, default in _RULES:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table('payment', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('card_fingerprint', sa.String(length=128), nullable=False, server_default=''))
    op.create_index('ix_payment_card', 'payment', ['card_fingerprint', 'created_at'])
    op.create_index(
        'ix_shop_order_delivered', 'shop_order', ['ship_postal_code', 'placed_at'],
        sqlite_where=_PLACED, postgresql_where=_PLACED,
    )


def downgrade() -> None:
    op.drop_index('ix_shop_order_delivered', table_name='shop_order')
    op.drop_index('ix_payment_card', table_name='payment')
    with op.batch_alter_table('payment', recreate="never") as batch_op:
        batch_op.drop_column('card_fingerprint')
    with op.batch_alter_table('card_guard', recreate="never") as batch_op:
        for name, _kind, _default in reversed(_RULES):
            batch_op.drop_column(name)
    op.drop_table('order_review')
