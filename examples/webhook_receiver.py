"""An agency's side of the push in sixty lines: it believes what is signed, drops repeats, answers at once.

    YOUSU_WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py

It listens on 127.0.0.1:8701 (YOUSU_WEBHOOK_PORT) behind whatever ends TLS for the office. What came is kept in a file
before it is answered, so that nothing is lost; what it says more of is read from the case with the agency's token.
"""

import logging
import os
import sqlite3
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

PORT = int(os.environ.get("YOUSU_WEBHOOK_PORT", "8701"))
KEPT = os.environ.get("YOUSU_WEBHOOK_FILE", "webhooks.db")
MOST_BYTES = 65_536
log = logging.getLogger("receiver")


class Inbox:
    """Messages by their id; the same id again is the same message."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, body TEXT NOT NULL)")

    def keep(self, id_: str, body: str) -> bool:
        """Whether it is new."""
        return self._database.execute("INSERT OR IGNORE INTO message VALUES (?, ?)", (id_, body)).rowcount == 1

    def close(self) -> None:
        self._database.close()


def handler(secret: str, inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    """Takes what was signed with this secret and not more than five minutes ago."""
    signer = Webhook(secret)

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("content-length") or 0), MOST_BYTES))
            try:
                message = signer.verify(body, dict(self.headers))
            except (WebhookVerificationError, ValueError):
                self._answer(HTTPStatus.UNAUTHORIZED)
                return
            if inbox.keep(self.headers["webhook-id"], body.decode()):
                log.info("%s %s", message["type"], message["data"].get("number", ""))
            self._answer(HTTPStatus.NO_CONTENT)

        def _answer(self, status: HTTPStatus) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            log.debug(format, *args)

    return Receive


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    HTTPServer(("127.0.0.1", PORT), handler(os.environ["YOUSU_WEBHOOK_SECRET"], Inbox(KEPT))).serve_forever()
