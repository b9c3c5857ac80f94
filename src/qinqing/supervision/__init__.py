"""督办: the supervisor's and inspector's desks, supervision letters (督办函), instructions (批示) (P4)."""
