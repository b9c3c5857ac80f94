"""登录与账号页面: sign-in, one's own account, and the pages of the three administrators."""

from __future__ import annotations

from django.urls import path

from qinqing.accounts.web import accounts, administration, own, sign_in
from qinqing.accounts.web.sign_in import locked_out, sign_in_as

__all__ = ["locked_out", "sign_in_as", "urlpatterns"]

urlpatterns = [
    path("sign-in/", sign_in.officer, name="sign_in"),
    path("sign-in/second-step/", sign_in.second_step, name="second_step"),
    path("sign-in/phone/", sign_in.phone, name="phone"),
    path("sign-in/phone/code/", sign_in.phone_code, name="phone_code"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", own.account, name="own"),
    path("account/password/", own.password, name="password"),
    path("account/two-step/", own.two_step, name="two_step"),
    path("account/two-step/off/", own.two_step_off, name="two_step_off"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.create, name="create"),
    path("accounts/<int:user_id>/", accounts.account, name="account"),
    path("accounts/<int:user_id>/deactivate/", accounts.deactivate, name="deactivate"),
    path("accounts/<int:user_id>/reactivate/", accounts.reactivate, name="reactivate"),
    path("accounts/<int:user_id>/password/", accounts.reset_password, name="reset_password"),
    path("administrators/", administration.administrators, name="administrators"),
    path("administrators/appoint/", administration.appoint, name="appoint"),
    path("administrators/<int:user_id>/relieve/", administration.relieve, name="relieve"),
    path("lock-outs/", administration.lock_outs, name="lock_outs"),
    path("lock-outs/unlock/", administration.unlock, name="unlock"),
    path("lock-outs/<int:user_id>/second-step/", administration.reset_second_factor, name="reset_second_factor"),
    path("tokens/", administration.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", administration.revoke_token, name="revoke_token"),
    path("permissions/", administration.permissions, name="permissions"),
    path("security-log/", administration.security_log, name="security_log"),
]
