"""members: who they are, their carts and orders; two checkouts side by side"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

# recreate="never": a table that others point to cannot be dropped and made again while the database guards its keys.


def _columns() -> dict[str, list[sa.Column[Any]]]:
    """New columns of tables that are there already. What was ordered before came through the zero-step checkout."""

    def flow() -> sa.Column[Any]:
        return sa.Column('flow', sa.String(length=8), nullable=False, server_default='zero')

    def member() -> sa.Column[Any]:
        return sa.Column('member_id', sa.BigInteger(), nullable=True)

    def registration() -> sa.Column[Any]:
        return sa.Column('registration', sa.Text(), nullable=False, server_default='')

    return {
        'cart': [
            member(),
            sa.Column('form', sa.Text(), nullable=False, server_default='{}'),
            sa.Column('password_hash', sa.String(length=200), nullable=False, server_default=''),
        ],
        'confirmation': [flow(), member(), registration()],
        'outbox_mail': [sa.Column('sealed', sa.LargeBinary(), nullable=True)],
        'product': [flow()],
        'shop_order': [
            sa.Column('cart_version', sa.Integer(), nullable=False, server_default='0'), flow(), member(), registration(),
        ],
    }


def upgrade() -> None:
    for table, columns in _columns().items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for column in columns:
                batch_op.add_column(column)
    op.create_index('uq_cart_member', 'cart', ['member_id'], unique=True)
    op.create_index('ix_shop_order_member', 'shop_order', ['member_id', 'id'], unique=False)
    op.create_table('member',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=40), nullable=False),
    sa.Column('login', sa.String(length=100), nullable=True),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('email_key', sa.String(length=320), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('kana', sa.String(length=100), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('postal_code', sa.String(length=8), nullable=False),
    sa.Column('prefecture', sa.String(length=10), nullable=False),
    sa.Column('address1', sa.String(length=200), nullable=False),
    sa.Column('address2', sa.String(length=200), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('provisional', 'active', 'left')", name=op.f('ck_member_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member')),
    sa.UniqueConstraint('email_key', name=op.f('uq_member_email_key')),
    sa.UniqueConstraint('login', name=op.f('uq_member_login')),
    sa.UniqueConstraint('public_id', name=op.f('uq_member_public_id'))
    )
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_created_at'), ['created_at'], unique=False)

    op.create_table('member_settings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('timing', sa.String(length=16), nullable=False),
    sa.Column('zero_step_hides', sa.Boolean(), nullable=False),
    sa.Column('may_change_login', sa.Boolean(), nullable=False),
    sa.Column('may_change_password', sa.Boolean(), nullable=False),
    sa.Column('may_leave', sa.Boolean(), nullable=False),
    sa.Column('terms', sa.Text(), nullable=False),
    sa.Column('card_changes', sa.Integer(), nullable=False),
    sa.Column('card_minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint("timing IN ('placed', 'completed')", name=op.f('ck_member_settings_timing')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_settings'))
    )
    op.create_table('member_address',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('postal_code', sa.String(length=8), nullable=False),
    sa.Column('prefecture', sa.String(length=10), nullable=False),
    sa.Column('address1', sa.String(length=200), nullable=False),
    sa.Column('address2', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_member_address_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_address'))
    )
    with op.batch_alter_table('member_address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_address_member_id'), ['member_id'], unique=False)

    op.create_table('member_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('values', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_member_event_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_event'))
    )
    with op.batch_alter_table('member_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_event_member_id_id'), ['member_id', 'id'], unique=False)

    op.create_table('member_session',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_member_session_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_session')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_member_session_token_digest'))
    )
    with op.batch_alter_table('member_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_session_member_id'), ['member_id'], unique=False)

    op.create_table('member_token',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('register', 'reset', 'email')", name=op.f('ck_member_token_purpose')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_member_token_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_token')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_member_token_token_digest'))
    )
    with op.batch_alter_table('member_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_token_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_member_token_member_id'), ['member_id'], unique=False)


def downgrade() -> None:
    for table in ('member_token', 'member_session', 'member_event', 'member_address', 'member_settings', 'member'):
        op.drop_table(table)
    op.drop_index('ix_shop_order_member', table_name='shop_order')
    op.drop_index('uq_cart_member', table_name='cart')
    for table, columns in _columns().items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for column in reversed(columns):
                batch_op.drop_column(column.name)
