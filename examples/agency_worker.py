"""An agency's system in forty lines: it claims its cases, takes them on, answers and resolves them.

    YOUSU_TOKEN=$(yousu token agency --agency hn-gxt) python examples/agency_worker.py

Two of these may run side by side: a claim is a lease with a fence, so no case is handled twice, and the cases of a
worker that died come back to the queue when its lease runs out.
"""

import asyncio
import logging
import os

from shared.client import Case, Client, Refused

ORIGIN = os.environ.get("YOUSU_ORIGIN", "http://127.0.0.1:8000")
IDLE_SECONDS = 5
log = logging.getLogger("agency")


async def handle(client: Client, case: Case) -> None:
    """Where an agency's own work would stand; every step carries the fence, so a late one is refused."""
    await client.accept(case.number, fence=case.fence)
    await client.reply(case.number, "已核实，相关款项将按程序支付。", met=True, fence=case.fence)
    await client.resolve(case.number, fence=case.fence)
    log.info("%s 已办结：%s", case.number, case.title)


async def main() -> None:
    async with Client(ORIGIN, os.environ["YOUSU_TOKEN"]) as client:
        while True:
            cases = await client.claim(limit=10, lease_seconds=60)
            for case in cases:
                try:
                    await handle(client, case)
                except Refused as refusal:
                    log.warning("%s: %s", case.number, refusal)
            if not cases:
                await asyncio.sleep(IDLE_SECONDS)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
