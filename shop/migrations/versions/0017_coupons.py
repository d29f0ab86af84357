"""coupons, the uses that orders hold of them, and the coupon of an order"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'coupon',
        sa.Column('id', _key(), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=False),
        sa.Column('folded', sa.String(length=40), nullable=False),
        sa.Column('name', sa.String(length=50), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('value', sa.Integer(), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('ends_on', sa.Date(), nullable=False),
        sa.Column('uses', sa.Integer(), nullable=True),
        sa.Column('members_only', sa.Boolean(), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('held', sa.Integer(), nullable=False),
        sa.Column('used', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('yen', 'percent')", name=op.f('ck_coupon_kind')),
        sa.CheckConstraint(
            "value BETWEEN 1 AND 99999999 AND (kind = 'yen' OR value <= 100)", name=op.f('ck_coupon_value')
        ),
        sa.CheckConstraint('starts_on <= ends_on', name=op.f('ck_coupon_period')),
        sa.CheckConstraint(
            'held >= 0 AND used >= 0 AND (uses IS NULL OR held + used <= uses)', name=op.f('ck_coupon_uses')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_coupon')),
        sa.UniqueConstraint('folded', name=op.f('uq_coupon_folded')),
    )
    op.create_table(
        'coupon_use',
        sa.Column('id', _key(), nullable=False),
        sa.Column('order_id', sa.BigInteger(), nullable=False),
        sa.Column('coupon_id', _key(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('held', 'consumed', 'released')", name=op.f('ck_coupon_use_state')),
        sa.ForeignKeyConstraint(['coupon_id'], ['coupon.id'], name=op.f('fk_coupon_use_coupon_id_coupon')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_coupon_use')),
        sa.UniqueConstraint('order_id', name=op.f('uq_coupon_use_order_id')),
    )
    op.create_index(op.f('ix_coupon_use_coupon_id'), 'coupon_use', ['coupon_id'])
    with op.batch_alter_table('shop_order', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('coupon_id', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('coupon_code', sa.String(length=40), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('coupon_yen', sa.BigInteger(), nullable=False, server_default='0'))


def downgrade() -> None:
    with op.batch_alter_table('shop_order', recreate="never") as batch_op:
        for name in ('coupon_yen', 'coupon_code', 'coupon_id'):
            batch_op.drop_column(name)
    op.drop_table('coupon_use')
    op.drop_table('coupon')
