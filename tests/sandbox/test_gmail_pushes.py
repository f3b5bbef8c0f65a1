"""The emulated topic pushes what the real one does, while the mailbox is watched."""

from __future__ import annotations

import base64
import json

import requests

from webapp.sandbox import SandboxControl, SandboxServer

CLIENT = {"client_id": "sandbox-google-client", "client_secret": "sandbox-google-secret"}
BACK = "http://127.0.0.1:1/back"


def token(server: SandboxServer, http: requests.Session) -> dict[str, str]:
    base = f"{server.http_url}/gmail"
    away = http.get(
        f"{base}/o/oauth2/v2/auth", params={**CLIENT, "redirect_uri": BACK, "state": "s"}, allow_redirects=False
    )
    code = away.headers["Location"].partition("code=")[2].partition("&")[0].replace("%2F", "/")
    form = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    return {"Authorization": f"Bearer {http.post(f'{base}/token', data=form).json()['access_token']}"}


def test_new_mails_are_pushed_while_the_mailbox_is_watched(server, control: SandboxControl, http, hook) -> None:
    hook.answer = (204, "text/plain", "")
    control.mailbox(push_url=hook.url)
    control.add_mail(subject="Nobody watches")
    headers = token(server, http)
    address = f"{server.http_url}/gmail/gmail/v1/users/me/watch"
    assert http.post(address, json={"topicName": "mails"}, headers=headers).status_code == 400
    assert http.post(address, json={"topicName": "projects/p/topics/t"}).status_code == 401
    watch = http.post(address, json={"topicName": "projects/p/topics/t"}, headers=headers).json()
    assert watch["expiration"].isdecimal()
    assert watch["historyId"].isdecimal()
    control.add_mail(subject="Hello")
    control.flush()
    ((_path, got, body),) = hook.received
    told = json.loads(body)
    assert (told["subscription"], got["User-Agent"]) == ("projects/p/subscriptions/t", "CloudPubSub-Google")
    assert json.loads(base64.b64decode(told["message"]["data"])) == {
        "emailAddress": "desk@harbour.example",
        "historyId": 1002,
    }
    assert told["message"]["messageId"].isdecimal()
