"""账本: money and quota of budgets in double entry; immutable transfers, limits in the database."""
