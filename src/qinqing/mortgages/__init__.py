"""清贷解抵 (B5-B9): a bank says that a loan is settled, and the mortgage is deregistered within the hour."""
