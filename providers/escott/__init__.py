"""Sony Payment Services e-SCOTT Smart."""
