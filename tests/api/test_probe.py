import json, pytest
from django.test import Client
from tests.api.conftest import House
BIG = 10**30
def test_probe(house: House):
    c = Client(raise_request_exception=False)
    h = {"Authorization": f"Bearer {house.token}"}
    p = house.county.company.pk
    ok = {"procedure": "hard_case", "party_id": p, "title": "题", "fields": {"text": "t"}}
    n = house.matters["window"].number
    deep = "["*20000 + "]"*20000
    raw = {
      "nul title": json.dumps(ok | {"title": "a\x00b"}),
      "blank title": json.dumps(ok | {"title": "   "}),
      "nul proc": json.dumps(ok | {"procedure": "a\x00b"}),
      "no proc": json.dumps(ok | {"procedure": "nix"}),
      "message proc": json.dumps(ok | {"procedure": "message"}),
      "nul channel": json.dumps(ok | {"channel": "a\x00b"}),
      "html channel": json.dumps(ok | {"channel": "<b>"}),
      "nul first act": json.dumps(ok | {"first_act": "a\x00b"}),
      "rung first act": json.dumps(ok | {"first_act": "rung"}),
      "sur title": json.dumps(ok | {"title": "a\ud800b"}),
      "sur proc": json.dumps(ok | {"procedure": "a\ud800b"}),
      "sur key": json.dumps(ok | {"fields": {"\ud800": "b"}}),
      "sur text": json.dumps(ok | {"fields": {"text": "\ud800"}}),
      "nul text": json.dumps(ok | {"fields": {"text": "\x00"}}),
      "nul field": json.dumps(ok | {"fields": {"\x00": "x"}}),
      "nan": json.dumps(ok | {"fields": {"text": float("nan")}}),
      "bigint": json.dumps(ok | {"fields": {"text": BIG}}),
      "bigparty": json.dumps(ok | {"party_id": BIG}),
      "hugeint": json.dumps(ok)[:-1] + ', "x": ' + "9"*5000 + "}",
      "deepfield": json.dumps(ok)[:-1].replace('"t"', deep) + "}",
      "deep": deep,
      "badjson": "{",
      "latin": b'{"title": "\xff"}',
      "utf16": json.dumps(ok).encode("utf-16"),
      "empty": "", "null": "null", "list": "[]", "str": '"x"',
      "manyfields": json.dumps(ok | {"fields": {f"k{i}"*50: 1 for i in range(20000)}}),
      "longtext": json.dumps(ok | {"fields": {"text": "x"*2_000_000}}),
      "toolarge": json.dumps(ok | {"fields": {"text": "x"*6_000_000}}),
      "visitor list": json.dumps(ok | {"fields": {"text": "t", "visitor": ["a"]}}),
      "phone bool": json.dumps(ok | {"fields": {"text": "t", "phone": True}}),
      "key odd": json.dumps(ok | {"idempotency_key": "é\n"}),
      "fine": json.dumps(ok),
      "lead huge": json.dumps(ok | {"first_act": "dispatch", "first_fields": {"class": "general", "lead": 9**18}}),
      "lead huge2": json.dumps(ok | {"first_act": "dispatch", "first_fields": {"class": "general", "lead": 10**18-1, "assistants": [True, 1.5, {}, [1]]}}),
      "units dup": json.dumps(ok | {"first_act": "dispatch", "first_fields": {"class": "general", "lead": house.county.unit("a"), "assistants": [house.county.unit("b")]*3000}}),
      "fullwidth lead": json.dumps(ok | {"first_act": "dispatch", "first_fields": {"class": "general", "lead": "１"}}),
      "class list": json.dumps(ok | {"first_act": "dispatch", "first_fields": {"class": ["general"], "lead": 1}}),
      "rtl": json.dumps(ok | {"title": "\u202e钱", "fields": {"text": "\u202e"}}),
    }
    out=[]
    for name, body in raw.items():
        r = c.post("/api/cases", body, content_type="application/json", headers=h)
        out.append((name, r.status_code, r["Content-Type"], len(r.content), r.content.decode()[:160]))
    for act in ("dispatch", "rung", "move_version", "proceed", "reproject", "approve", "assign", "a%00b", "x"*61, "note", "%ED%A0%80"):
        r = c.post(f"/api/cases/{n}/acts/{act}", "{}", content_type="application/json", headers=h)
        out.append((act, r.status_code, r["Content-Type"], len(r.content), r.content.decode()[:160]))
    for m, path in (("get", "/api/parties?q=%00"), ("get","/api/parties?q=a&limit=9999999999999999999999"), ("get","/api/parties?q=%20"), ("get","/api/parties?q=%25_"), ("put","/api/cases"), ("get", "/api/nothing"), ("get", "/api/cases/%00"), ("get", "/api/desk?tab=%00"), ("options", "/api/me"), ("head", "/api/me")):
        r = getattr(c, m)(path, headers=h)
        out.append((path, r.status_code, r.get("Content-Type"), len(r.content), r.content.decode()[:160]))
    ct = c.post("/api/cases", json.dumps(ok), content_type="text/plain", headers=h); out.append(("ct", ct.status_code, ct["Content-Type"],0, ct.content.decode()[:100]))
    cc = Client(raise_request_exception=False); cc.cookies.load({"csrftoken": "x"}); 
    r = cc.get("/desk/", headers={"Cookie": 'sessionid="abcdefghij\\000kl"'}); out.append(("cookie nul", r.status_code, r["Content-Type"], 0, r.content.decode()[:90]))
    r = cc.get("/", headers={"Accept-Language": "\xff;q=a", "HX-Request": "true", "HX-Current-URL": "http://[bad"}); out.append(("hx", r.status_code, "", 0, ""))
    r = cc.get("/desk/", headers={"HX-Request": "true", "HX-Current-URL": "http://[bad"}); out.append(("hx desk", r.status_code, "", 0, r.content.decode()[:90]))
    print("\n".join(map(str, out)))
