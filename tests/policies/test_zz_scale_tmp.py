import time, pytest, cProfile, pstats
from datetime import date
from qinqing.directory.models import Party, CurrentFact, FactClock
from qinqing.policies import eligibility
from tests.policies.world import NOW, DemoWorld
@pytest.mark.django_db
def test_scale():
    w=DemoWorld()
    N=10000
    Party.objects.bulk_create([Party(kind="company",name=f"企业{i}",name_norm=f"企业{i}",credit_code=f"X{i:017}",status="存续",registered_on=date(2015,1,1),industry="C3451",staff=i%400,updated_at=NOW) for i in range(N)],batch_size=2000)
    ids=list(Party.objects.filter(credit_code__startswith="X").values_list("pk",flat=True))
    rows=list(CurrentFact.objects.filter(party=w.heshui)); mark=FactClock.objects.get().mark
    new=[CurrentFact(party_id=p,fact_id=r.fact_id,observation_id=r.observation_id,value=r.value,year_before_id=r.year_before_id,year_before_value=r.year_before_value,mark=mark) for p in ids for r in rows]
    CurrentFact.objects.bulk_create(new,batch_size=5000)
    pr=cProfile.Profile(); pr.enable()
    t=time.perf_counter(); m=eligibility.match_all(NOW); print("\nfirst",m,round(time.perf_counter()-t,2))
    pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(22)
    w.observe(w.qingyuan,{"training_persons":25},NOW)
    t=time.perf_counter(); m=eligibility.match_all(NOW); print("one changed",m,round(time.perf_counter()-t,3))
