"""cart design: an image, colours and texts for each of the two carts"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0007'
branch_labels = None
depends_on = None

_COLOURS = ('accent', 'ground', 'heading', 'confirm_heading')


def upgrade() -> None:
    op.create_table(
        'cart_design',
        sa.Column('cart', sa.String(length=8), nullable=False),
        *[sa.Column(name, sa.String(length=7), nullable=False) for name in _COLOURS],
        sa.Column('texts', sa.Text(), nullable=False),
        sa.Column('logo_file', sa.String(length=80), nullable=False),
        sa.Column('logo_width', sa.Integer(), nullable=False),
        sa.Column('logo_height', sa.Integer(), nullable=False),
        sa.Column('logo_alt', sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint('cart', name=op.f('pk_cart_design')),
    )


def downgrade() -> None:
    op.drop_table('cart_design')
