"""Generated examples without a stop-watch: a busy machine must not make a property red."""

from hypothesis import HealthCheck, settings

settings.register_profile("shop", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shop")
