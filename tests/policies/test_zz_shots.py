"""screens"""
import pytest, shutil
from tests.policies.world import NOW, DemoWorld
from tests.policies.test_editor_pages import easier, EDIT
from qinqing.accounts.models import User
from django.test import Client
from django.conf import settings
pytestmark = pytest.mark.django_db(transaction=True)
def test_shots(chromium, live, clock):
    clock.set(NOW)
    w = DemoWorld()
    out="/tmp/shots"; shutil.rmtree(out, ignore_errors=True); import os; os.makedirs(out)
    def ctx(name, width):
        c=Client(); c.force_login(User.objects.get(pk=w[name].user_id), backend="django.contrib.auth.backends.ModelBackend")
        x=chromium.new_context(base_url=live, viewport={"width":width,"height":900}, locale="zh-CN")
        x.add_cookies([{"name":k,"value":v.value,"url":live} for k,v in c.cookies.items()])
        return x.new_page()
    c=Client(); c.force_login(User.objects.get(pk=w["science_handler"].user_id), backend="django.contrib.auth.backends.ModelBackend")
    assert c.post(EDIT, easier()).status_code==302
    for width in (1440,390):
        for name, who, url in (("list","science_handler","/policies/editor/?state=live"),("version","science_handler","/policies/editor/rd_reward_2026/2/"),("head","science_head","/policies/editor/rd_reward_2026/1/"),("edit","science_handler",EDIT),("new","science_handler","/policies/editor/new/"),("effect","science_handler","/policies/editor/rd_reward_2026/2/effect/"),("import","science_handler","/policies/editor/import/")):
            p=ctx(who,width)
            for lang in ("zh","en"):
                if lang=="en" and name in ("head","new"): continue
                p.goto(url+("&" if "?" in url else "?")+"lang="+lang); p.wait_for_timeout(1500 if name=="edit" else 300)
                wide=p.evaluate("document.documentElement.scrollWidth-document.documentElement.clientWidth")
                if wide>0: print("WIDE",name,width,lang,wide)
                p.screenshot(path=f"{out}/{name}-{width}-{lang}.png", full_page=True)
            p.context.close()
