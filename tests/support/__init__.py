"""What the tests stand on: databases, servers, buyers, and the runners behind the make targets.

Tests import from here: ``shop`` (jobs, mails, statements), ``buying`` (a buyer over real HTTP), ``world`` (simulator).
"""
