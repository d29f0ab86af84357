"""postal codes: the places of each 郵便番号"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'postal_code',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('code', sa.String(length=7), nullable=False),
        sa.Column('prefecture', sa.String(length=4), nullable=False),
        sa.Column('city', sa.String(length=40), nullable=False),
        sa.Column('town', sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_postal_code')),
    )
    op.create_index(op.f('ix_postal_code_code'), 'postal_code', ['code'])


def downgrade() -> None:
    op.drop_table('postal_code')
