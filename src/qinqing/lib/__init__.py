"""Ground floor: pure Python, no Django. Legal arithmetic, identifiers, labels, the wall clock."""
