"""design: the shop's colour and logo, a logo for each payment method"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

# recreate="never": a table that orders point to cannot be dropped and made again while the database guards its keys.


def _columns() -> dict[str, list[sa.Column[Any]]]:
    """New columns of each table. Rows that are there already have neither colour nor logo."""

    def logo() -> list[sa.Column[Any]]:
        return [
            sa.Column('logo_file', sa.String(length=80), nullable=False, server_default=''),
            sa.Column('logo_width', sa.Integer(), nullable=False, server_default='0'),
            sa.Column('logo_height', sa.Integer(), nullable=False, server_default='0'),
            sa.Column('logo_alt', sa.String(length=100), nullable=False, server_default=''),
        ]

    accent: sa.Column[Any] = sa.Column('accent', sa.String(length=7), nullable=False, server_default='')
    return {'shop_info': [accent, *logo()], 'payment_method': logo()}


def upgrade() -> None:
    for table, columns in _columns().items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for column in columns:
                batch_op.add_column(column)


def downgrade() -> None:
    for table, columns in _columns().items():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
