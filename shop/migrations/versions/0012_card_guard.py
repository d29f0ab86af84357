"""card-testing guard: tries of cards, its limits and state, proof of e-mail addresses"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

#: The limits a shop begins with.
_LIMITS = {
    'window_minutes': 30, 'per_session': 6, 'per_member': 10, 'per_address': 10, 'per_card': 10, 'shop_failures': 20,
    'shop_percent': 80, 'release_minutes': 60, 'hold_percent': 50, 'register_limit': 5, 'register_minutes': 60,
}


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'card_try',
        sa.Column('id', _key(), nullable=False),
        sa.Column('reference', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('session_key', sa.String(length=64), nullable=False),
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('member_id', sa.Integer(), nullable=True),
        sa.Column('card', sa.String(length=128), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'failed', 'cleared')", name=op.f('ck_card_try_state')),
        sa.CheckConstraint("kind IN ('authorize', 'register')", name=op.f('ck_card_try_kind')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_card_try')),
        sa.UniqueConstraint('reference', name=op.f('uq_card_try_reference')),
    )
    with op.batch_alter_table('card_try') as batch_op:
        for name in ('session_key', 'address', 'member_id', 'card'):
            batch_op.create_index(batch_op.f(f'ix_card_try_{name}_at'), [name, 'at'])
        batch_op.create_index(batch_op.f('ix_card_try_at'), ['at'])
    guard = op.create_table(
        'card_guard',
        sa.Column('id', _key(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _LIMITS),
        sa.Column('stage', sa.String(length=16), nullable=False),
        sa.Column('stage_since', sa.DateTime(timezone=True), nullable=True),
        sa.Column('stage_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('counted_from', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stage IN ('off', 'step_up', 'stopped')", name=op.f('ck_card_guard_stage')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_card_guard')),
    )
    op.bulk_insert(guard, [{'id': 1, 'stage': 'off'} | _LIMITS])
    op.create_table(
        'card_proof',
        sa.Column('id', _key(), nullable=False),
        sa.Column('session_key', sa.String(length=64), nullable=False),
        sa.Column('email', sa.String(length=320), nullable=False),
        sa.Column('confirmation', sa.String(length=40), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('code_digest', sa.String(length=64), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_card_proof')),
        sa.UniqueConstraint('session_key', name=op.f('uq_card_proof_session_key')),
    )


def downgrade() -> None:
    op.drop_table('card_proof')
    op.drop_table('card_guard')
    op.drop_table('card_try')
