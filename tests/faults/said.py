"""What a running MES says of itself: /healthz for programs, the banner of every page for people."""

import json
import urllib.error
import urllib.request

PAGES = ("/", "/nodes", "/health")


def says(url: str, status: int, reason: str = "") -> bool:
    """Whether /healthz answers with this status and, when named, this reason."""
    try:
        with urllib.request.urlopen(url + "/healthz", timeout=5) as answer:
            found, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        found, body = error.code, json.load(error)
    except OSError:
        return False
    names = [told["reason"] for told in body["reasons"]]
    return found == status and (not reason or reason in names)


def shows(url: str, words: str | None) -> bool:
    """Whether the banner of every page has these words; None: whether none has a banner."""
    for page in PAGES:
        request = urllib.request.Request(url + page, headers={"Accept-Language": "en"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
        except OSError:
            return False
        banner = text.partition('id="banner"')[2].partition("<main")[0]
        if ("data-fault" in banner) is (words is None) or (words or "") not in banner:
            return False
    return True
