"""廉心卡: a card with a QR that companies scan to say what troubles them (T1)."""
