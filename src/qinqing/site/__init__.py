"""The hall: the first page of each role, and the living demo county. Composes what the wings offer."""
