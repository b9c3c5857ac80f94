from tests.api.test_fuzz import *  # noqa
from tests.api.test_fuzz import bounded, CHECKS, _undone
import pytest
from tests.api.conftest import house, wsgi_keeps_the_connection  # noqa
def test_mine(house, operations):
    n=0
    for operation in operations:
        if "mortgages" not in operation.path: continue
        n+=1
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
        @settings(bounded, max_examples=25)
        @given(case=cases)
        def run(case):
            with _undone():
                response = case.call(**house.sender("anonymous"))
            case.validate_response(response, checks=CHECKS)
        run()
    assert n==4, n
