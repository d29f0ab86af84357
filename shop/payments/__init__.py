"""Payments: accounts and methods, the append-only ledger of operations, and the engine that moves money safely.

One way through: an operation is written before the provider is called, the call holds no transaction, and
:mod:`shop.payments.settle` is the only place where a result – from a call, a notice or the reconciler – changes money.
"""
