"""Signing in to staff pages: the bearer token in a cookie that no script reads and no other site sends."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from shared.auth import Principal, Role
from shared.errors import Forbidden, Unauthenticated

COOKIE = "yousu_staff"


class NotSignedIn(Unauthenticated):
    """The page answers with the sign-in form instead."""


async def signed_in(request: Request) -> Principal:
    """Who is signed in; NotSignedIn without a valid cookie, Forbidden when another site sent the form."""
    if request.method == "POST":
        refuse_elsewhere(request)
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn("请先登录")
    try:
        found: Principal = await request.app.state.verifier.verify(token)
    except Unauthenticated as error:
        raise NotSignedIn("登录已过期，请重新登录") from error
    return found


Staff = Annotated[Principal, Depends(signed_in)]


async def sign_in(request: Request, response: Response, token: str, *roles: Role) -> Principal:
    """Keep this token; Unauthenticated or Forbidden when it is not one of these roles'."""
    refuse_elsewhere(request)
    found: Principal = await request.app.state.verifier.verify(token.strip())
    found.must_be(*roles)
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(COOKIE, token.strip(), httponly=True, samesite="strict", secure=secure, path="/")
    return found


def sign_out(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def refuse_elsewhere(request: Request) -> None:
    """Forbidden when a form was sent from a page of another origin."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("请从本系统的页面提交", kind="other-origin")
