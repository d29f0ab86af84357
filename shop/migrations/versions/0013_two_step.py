"""two-step log-in of staff: key, recovery codes, known devices, log-ins that wait for their code"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def _of_staff(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = f'fk_{table}_user_id_staff_user'
    user_id = sa.Column('user_id', _key(), nullable=False)
    return user_id, sa.ForeignKeyConstraint(['user_id'], ['staff_user.id'], name=op.f(name))


def upgrade() -> None:
    with op.batch_alter_table('staff_session') as batch_op:
        batch_op.add_column(sa.Column('halfway', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        'staff_two_step',
        sa.Column('id', _key(), nullable=False),
        *_of_staff('staff_two_step'),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('last_step', sa.Integer(), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_two_step')),
        sa.UniqueConstraint('user_id', name=op.f('uq_staff_two_step_user_id')),
    )
    op.create_table(
        'staff_recovery_code',
        sa.Column('id', _key(), nullable=False),
        *_of_staff('staff_recovery_code'),
        sa.Column('code_digest', sa.String(length=64), nullable=False),
        sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_recovery_code')),
        sa.UniqueConstraint('user_id', 'code_digest', name=op.f('uq_staff_recovery_code_user_id_code_digest')),
    )
    op.create_table(
        'staff_known_device',
        sa.Column('id', _key(), nullable=False),
        *_of_staff('staff_known_device'),
        sa.Column('token_digest', sa.String(length=64), nullable=False),
        sa.Column('previous_digest', sa.String(length=64), nullable=False),
        sa.Column('password_mark', sa.String(length=64), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_known_device')),
        sa.UniqueConstraint('token_digest', name=op.f('uq_staff_known_device_token_digest')),
    )
    with op.batch_alter_table('staff_known_device') as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_known_device_user_id'), ['user_id'])


def downgrade() -> None:
    op.drop_table('staff_known_device')
    op.drop_table('staff_recovery_code')
    op.drop_table('staff_two_step')
    with op.batch_alter_table('staff_session') as batch_op:
        batch_op.drop_column('halfway')
