"""评价与回访: ratings by the party (Y6) and the monthly follow-up (Y5)."""
