"""演示县: a fictional county that lives: units, companies, cases in every state, made by the kernel like any other.

`county.py` settles it, `matters.py` is what companies say, `playing.py` plays cases through the real write path (its
`players.py` act `hard_cases.py` and `card_words.py`), `running.py` starts and stops the processes, `checking.py` is
`./run demo --check`. Production refuses all of it.
"""
