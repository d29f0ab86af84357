"""card-testing guard: a good card is told from what says nothing, an absolute bound, and shares of stock for all who wait"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

#: What is new, with the value a shop begins with.
_NEW = {'shop_most': '30', 'hold_shop_percent': '80'}
_OLD = {'register_limit': '5', 'register_minutes': '60'}


def upgrade() -> None:
    _tries('passed', 'cleared')
    with op.batch_alter_table('card_try') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_card_try_kind'), type_='check')
        batch_op.drop_column('kind')
    _columns(_NEW, _OLD)


def downgrade() -> None:
    _tries('cleared', 'passed')
    with op.batch_alter_table('card_try') as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=16), nullable=False, server_default='authorize'))
        batch_op.create_check_constraint(batch_op.f('ck_card_try_kind'), "kind IN ('authorize', 'register')")
    _columns(_OLD, _NEW)


def _tries(word: str, before: str) -> None:
    with op.batch_alter_table('card_try') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_card_try_state'), type_='check')
    op.execute(sa.text('UPDATE card_try SET state = :word WHERE state = :before').bindparams(word=word, before=before))
    with op.batch_alter_table('card_try') as batch_op:
        batch_op.create_check_constraint(batch_op.f('ck_card_try_state'), f"state IN ('open', 'failed', '{word}')")


def _columns(added: dict[str, str], dropped: dict[str, str]) -> None:
    with op.batch_alter_table('card_guard') as batch_op:
        for name, value in added.items():
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=value))
        for name in dropped:
            batch_op.drop_column(name)
    with op.batch_alter_table('card_guard') as batch_op:
        for name in added:
            batch_op.alter_column(name, server_default=None, existing_type=sa.Integer(), existing_nullable=False)
