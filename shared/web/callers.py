"""Dependencies of the routes: the service at hand, the caller, the idempotency key."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from shared.auth import Principal
from shared.door import IdempotencyKey
from shared.errors import Unauthenticated
from shared.runtime import Service


def service(name: str) -> Callable[[Request], Awaitable[Service[Any]]]:
    """The dependency that hands a route its service."""

    async def here(request: Request) -> Service[Any]:
        found: Service[Any] = request.app.state.services[name]
        return found

    return here


async def caller(request: Request, authorization: Annotated[str | None, Header()] = None) -> Principal | None:
    """The verified caller; None without a token, Unauthenticated with a bad one."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Authorization 应为 Bearer 令牌")
    found: Principal = await request.app.state.verifier.verify(token.strip())
    return found


MaybeCaller = Annotated[Principal | None, Depends(caller)]


async def known_caller(principal: MaybeCaller) -> Principal:
    """The verified caller; Unauthenticated without one."""
    if principal is None:
        raise Unauthenticated("需要登录：请在 Authorization 头中提供 Bearer 令牌")
    return principal


Caller = Annotated[Principal, Depends(known_caller)]


async def idempotency_key(
    request: Request, principal: MaybeCaller, idempotency_key: Annotated[str | None, Header()] = None
) -> IdempotencyKey | None:
    """The request's idempotency key, bound to its caller and path."""
    if idempotency_key is None:
        return None
    owner = f"{principal.subject if principal else 'anonymous'} {request.url.path}"
    return IdempotencyKey.of(owner, idempotency_key, await request.body())


Once = Annotated[IdempotencyKey | None, Depends(idempotency_key)]
