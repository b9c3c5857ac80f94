"""诉求: the hard-case window (难事帮办; Y1, Y2, Y3) and the county's past messages with their figures."""
