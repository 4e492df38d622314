"""What came late and could not be is kept word for word, and can be sent again: by whoever looks at it."""

import json
import uuid
from typing import Any

from flask import Response, current_app, g, request

from mes_server.actions.record_events import Act
from mes_server.actions.settle_review import keep_request
from mes_server.domain.reviews import Review
from mes_server.web.formats import iso_text
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.site import this_site

IDS = ("scan_id", "unload_id", "undo_id", "act_id")
_AGAIN = "sent_again"
_KEPT_HEADERS = ("Cookie", "Authorization", "Accept-Language")


def act_now(place: str = "") -> Act:
    """An action of who asks, here and now."""
    who = access().person
    return Act(uuid.uuid4().hex, who.badge if who else "", place, now_ms(), now_ms())


def keep_asked(sent_id: str) -> None:
    """The request that is being answered waits for somebody. Before the answer: who did not get it sends again."""
    if _AGAIN not in g:
        body = request.get_data(as_text=True)
        keep_request(this_site().engine, act_now(), sent_id, request.path, body)


def body_again(review: Review, sent_id: str, now: bool) -> str:
    """What was sent, under another id, as the work of who did it then. `now`: done at this moment."""
    body = json.loads(review.body)
    body |= {name: sent_id for name in IDS if name in body}
    body["badge"] = review.scan.person
    if now:
        body["at"] = iso_text(now_ms())
    return json.dumps(body)


def send_again(review: Review, sent_id: str, now: bool) -> Response:
    """The answer of the same door. Whether who asks may scan does not count: they may correct."""
    endpoint, found = current_app.url_map.bind("").match(review.path, method="POST")
    headers = [(name, request.headers[name]) for name in _KEPT_HEADERS if name in request.headers]
    body = body_again(review, sent_id, now)
    with current_app.test_request_context(
        review.path, request.host_url, method="POST", data=body, headers=headers,
        content_type="application/json", environ_overrides={"REMOTE_ADDR": request.remote_addr or ""},
    ):  # fmt: skip
        g.sent_again = True
        answer: Any = current_app.view_functions[endpoint](**found)
        return current_app.make_response(answer)
