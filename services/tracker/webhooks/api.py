"""Webhooks over HTTP: an agency's addresses, their secrets, and the log of what was sent to them."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.tracker.api.callers import Cursor, Here, Limit, page
from services.tracker.handlers import Tracker
from services.tracker.webhooks import answers as say
from services.tracker.webhooks import handlers, store
from services.tracker.webhooks.address import Wrong, target
from services.tracker.webhooks.handlers import Change, Wish
from services.tracker.webhooks.requests import NewWebhook, WebhookChange
from services.tracker.webhooks.tables import Delivery, Webhook
from shared.auth import Principal
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.reference import current
from shared.runtime import Service
from shared.tx import Tx
from shared.web.answers import Answering
from shared.web.callers import Caller, Once
from shared.web.paging import place

routes = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], route_class=Answering)


async def owner(caller: Caller) -> Principal:
    """An agency, for its own addresses; an admin for all."""
    caller.must_be("agency", "admin")
    return caller


Owner = Annotated[Principal, Depends(owner)]


@routes.post("", status_code=201)
async def register_webhook(body: NewWebhook, here: Here, who: Owner, once: Once) -> say.RegisteredWebhook:
    """A new address to be told at; `secret` is told this once."""
    wish = Wish(_agency(body, who), _url(body.url, here), tuple(body.facts or ()))

    async def run(tx: Tx) -> dict[str, str]:
        return await handlers.register(wish, who.subject, here.cipher, tx)

    made = await here.door.run("", run, once)
    return say.RegisteredWebhook(**await _shown(made["id"], here, who), secret=made["secret"])


def _agency(body: NewWebhook, who: Principal) -> str:
    """Whose address it is: an agency's own, or the one that the admin names."""
    if who.role == "agency" and who.agency is not None:
        if body.agency not in (None, who.agency):
            raise Forbidden("只能登记本单位的推送地址", kind="not-own-agency")
        return who.agency
    if body.agency is None:
        raise Invalid([FieldError("agency", "必填：管理员须写明为哪个单位登记")])
    if body.agency not in current().agencies:
        raise Invalid([FieldError("agency", "没有这个单位代码，全部单位见 /api/v1/agencies")])
    return body.agency


def _url(url: str, here: Service[Tracker]) -> str:
    try:
        target(url, here.parts.settings.webhook_private)
    except Wrong as wrong:
        raise Invalid([FieldError("url", str(wrong))], kind="webhook-url-invalid") from wrong
    return url


@routes.get("")
async def webhooks(
    here: Here, who: Owner, agency: str | None = None, limit: Limit = 50, after: Cursor = None
) -> say.WebhookPage:
    """Addresses, oldest first; an agency sees its own."""
    mine = who.agency if who.role == "agency" else agency
    async with here.database.reading() as session:
        rows = await store.webhooks(session, mine, place(after), limit + 1)
    seen, following = page(rows, limit, lambda row: (row.created_at, row.id))
    return say.WebhookPage(webhooks=[shown(row) for row in seen], next=following)


@routes.get("/{webhook}")
async def webhook(webhook: str, here: Here, who: Owner) -> say.Webhook:
    """One address, and how it fares."""
    return await _shown(webhook, here, who)


@routes.patch("/{webhook}")
async def change_webhook(webhook: str, body: WebhookChange, here: Here, who: Owner) -> say.Webhook:
    """Another URL, other facts, enabled or not; what is not given stays."""
    given = body.model_fields_set
    wanted = Change(
        _url(body.url, here) if "url" in given else None,
        tuple(body.facts or ()) if "facts" in given else None,
        body.enabled if "enabled" in given else None,
    )
    await here.door.run("", partial(handlers.change, webhook, who, wanted))
    return await _shown(webhook, here, who)


@routes.delete("/{webhook}", status_code=204)
async def remove_webhook(webhook: str, here: Here, who: Owner) -> None:
    """Nothing more is told there, and its log is forgotten."""
    await here.door.run("", partial(handlers.remove, webhook, who))


@routes.post("/{webhook}/secret")
async def rotate_secret(webhook: str, here: Here, who: Owner, once: Once) -> say.NewSecret:
    """A new secret, told this once; the one before signs too until `former_secret_until`."""

    async def run(tx: Tx) -> say.NewSecret:
        return await handlers.rotate(webhook, who, here.cipher, tx)

    made: say.NewSecret = await here.door.run("", run, once)
    return made


@routes.post("/{webhook}/test", status_code=202)
async def ping(webhook: str, here: Here, who: Owner, once: Once) -> say.DeliveryStarted:
    """A ping; its outcome stands in the log."""
    made: say.DeliveryStarted = await here.door.run("", partial(handlers.send_ping, webhook, who), once)
    return made


@routes.get("/{webhook}/deliveries")
async def deliveries(
    webhook: str, here: Here, who: Owner, state: say.State | None = None, limit: Limit = 50, after: Cursor = None
) -> say.DeliveryPage:
    """What was and is to be sent there, newest first."""
    async with here.database.reading() as session:
        await _visible(webhook, session, who)
        rows = await store.deliveries(session, webhook, state, place(after), limit + 1)
    seen, following = page(rows, limit, lambda row: (row.created_at, row.id))
    return say.DeliveryPage(deliveries=[logged(row) for row in seen], next=following)


@routes.post("/{webhook}/deliveries/{delivery}/redelivery", status_code=202)
async def redeliver(webhook: str, delivery: str, here: Here, who: Owner) -> say.DeliveryStarted:
    """Send it again, under the same id."""
    await here.door.run("", partial(handlers.redeliver, webhook, delivery, who))
    return say.DeliveryStarted(delivery=delivery)


async def _shown(webhook: str, here: Service[Tracker], who: Principal) -> say.Webhook:
    async with here.database.reading() as session:
        return shown(await _visible(webhook, session, who))


async def _visible(webhook: str, session: Any, who: Principal) -> Webhook:
    row = await store.webhook(session, webhook)
    if row is None or not handlers.may_see(row, who):
        raise NotFound("没有这个推送地址", kind="no-such-webhook")
    return row


def shown(row: Webhook) -> say.Webhook:
    return say.Webhook(
        id=row.id,
        agency=row.agency,
        url=row.url,
        enabled=row.enabled,
        disabled_why=row.disabled_why,
        failing_since=row.failing_since,
        created_at=row.created_at,
        created_by=row.created_by,
        facts=row.facts or None,
        former_secret_until=row.former_until,
    )


def logged(row: Delivery) -> say.Delivery:
    return say.Delivery(
        id=row.id,
        event=row.event,
        type=row.type,
        number=row.number,
        state=row.state,
        attempts=row.attempts,
        status=row.status,
        error=row.error,
        answer=row.answer,
        created_at=row.created_at,
        tried_at=row.tried_at,
        delivered_at=row.delivered_at,
        next_at=row.try_at if row.state in ("ready", "waiting") else None,
    )
