"""Calls to payments and inventory."""
import http.client
import json

from .tokens import make_token

TIMEOUT_SECONDS = 2


class NeighbourUnreachable(Exception):
    pass


class NeighbourFailed(Exception):
    pass


class TokenRejected(Exception):
    pass


def _call(name, address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(*address, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError as error:
        raise NeighbourUnreachable(f"cannot connect to {name} at {address[0]}:{address[1]}: {error}") from error
    finally:
        connection.close()


class Payments:
    def __init__(self, settings, key):
        self._settings = settings
        self._key = key

    def charge(self, order, cents):
        token = make_token(self._settings, self._key, f"order-{order}")
        status, answer = _call("payments", self._settings.payments, "POST", "/charges",
                               json.dumps({"order": order, "cents": cents}),
                               {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        if status == 401:
            raise TokenRejected(f"payments answered 401 Unauthorized: token rejected: {answer['detail']}")
        if status != 201:
            raise NeighbourFailed(f"payments answered {status}: {answer.get('detail')}")
        return answer["id"]


class Inventory:
    def __init__(self, settings):
        self._address = settings.inventory

    def stock(self, product):
        status, answer = _call("inventory", self._address, "GET", f"/stock/{product}")
        if status != 200:
            raise NeighbourFailed(f"inventory answered {status}")
        return answer["stock"]
