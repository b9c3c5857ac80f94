"""数据: figures over the cases, each recomputable and opening its cases; the leader's page, brief and weekly report."""
