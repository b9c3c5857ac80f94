"""The shipped working-day calendar (`cn.csv`) and, for its keepers, the program that makes it (`make.py`)."""
