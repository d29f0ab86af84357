"""What every capability stands on: database, clock, money, text, secrets, throttle, audit. Knows no other package of ours."""
