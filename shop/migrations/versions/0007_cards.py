"""members' cards: the link, and a ledger of what is asked of the provider about it"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('stored_card',
    sa.Column('id', _key(), nullable=False),
    sa.Column('member_id', _key(), nullable=False),
    sa.Column('account_id', _key(), nullable=False),
    sa.Column('account_version_id', _key(), nullable=False),
    sa.Column('customer_ref', sa.String(length=64), nullable=False),
    sa.Column('card_ref', sa.String(length=64), nullable=False),
    sa.Column('last_four', sa.String(length=4), nullable=False),
    sa.Column('brand', sa.String(length=32), nullable=False),
    sa.Column('expiry', sa.String(length=4), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['provider_account.id'], name=op.f('fk_stored_card_account_id_provider_account')),
    sa.ForeignKeyConstraint(['account_version_id'], ['provider_account_version.id'], name=op.f('fk_stored_card_account_version_id_provider_account_version')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_stored_card_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_card')),
    sa.UniqueConstraint('member_id', 'account_id', name=op.f('uq_stored_card_member_id_account_id'))
    )
    op.create_table('card_operation',
    sa.Column('id', _key(), nullable=False),
    sa.Column('verb', sa.String(length=16), nullable=False),
    sa.Column('member_id', _key(), nullable=True),
    sa.Column('account_id', _key(), nullable=False),
    sa.Column('account_version_id', _key(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('customer_ref', sa.String(length=64), nullable=False),
    sa.Column('card_ref', sa.String(length=64), nullable=False),
    sa.Column('brand', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('check_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('checks', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=32), nullable=False),
    sa.Column('result_code', sa.String(length=64), nullable=False),
    sa.Column('result_category', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting','intended','sent','unknown','succeeded','declined','absent','dropped')", name=op.f('ck_card_operation_state')),
    sa.CheckConstraint("verb IN ('store', 'remove')", name=op.f('ck_card_operation_verb')),
    sa.ForeignKeyConstraint(['account_id'], ['provider_account.id'], name=op.f('fk_card_operation_account_id_provider_account')),
    sa.ForeignKeyConstraint(['account_version_id'], ['provider_account_version.id'], name=op.f('fk_card_operation_account_version_id_provider_account_version')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_card_operation_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_operation'))
    )
    with op.batch_alter_table('card_operation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_card_operation_member_id_account_id_id'), ['member_id', 'account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_card_operation_order_id'), ['order_id'], unique=False)
        batch_op.create_index(
            'ix_card_operation_due', ['check_at'], unique=False,
            sqlite_where=sa.text("state IN ('intended', 'sent', 'unknown')"),
            postgresql_where=sa.text("state IN ('intended', 'sent', 'unknown')"),
        )
        batch_op.create_index(
            'uq_card_operation_one_under_way', ['member_id', 'account_id'], unique=True,
            sqlite_where=sa.text("state IN ('sent', 'unknown')"), postgresql_where=sa.text("state IN ('sent', 'unknown')"),
        )

    # recreate="never": a table that others point to cannot be dropped and made again while the database guards its keys.
    with op.batch_alter_table('provider_exchange', recreate="never") as batch_op:
        batch_op.add_column(sa.Column('card_operation_id', sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f('ix_provider_exchange_card_operation_id'), ['card_operation_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('provider_exchange', recreate="never") as batch_op:
        batch_op.drop_index(batch_op.f('ix_provider_exchange_card_operation_id'))
        batch_op.drop_column('card_operation_id')
    op.drop_table('card_operation')
    op.drop_table('stored_card')
