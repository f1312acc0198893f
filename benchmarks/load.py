"""A load generator that costs little: raw HTTP/1.1 over kept connections, one request at a time on each.

`python -m benchmarks.load PORT PATH CONNECTIONS REQUESTS BODY_FILE` prints requests a second and the p50 and p99 in ms.
"""

import asyncio
import sys
import time
from pathlib import Path

import uvloop


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    await reader.readexactly(length)
    return head[9:12]


async def main(port: int, path: str, connections: int, requests: int, body: bytes) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    request, left, times, wrong = head.encode() + body, requests, [], 0

    async def one() -> None:
        nonlocal left, wrong
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            start = time.perf_counter()
            writer.write(request)
            wrong += await _answer(reader) not in (b"200", b"201")
            times.append(time.perf_counter() - start)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    seconds = time.perf_counter() - start
    times.sort()
    if wrong:
        raise SystemExit(f"{wrong} of {requests} answers were errors")
    print(f"{len(times) / seconds:.1f} {times[len(times) // 2] * 1e3:.2f} {times[len(times) * 99 // 100] * 1e3:.2f}")


if __name__ == "__main__":
    port, path, connections, requests, body = sys.argv[1:]
    uvloop.run(main(int(port), path, int(connections), int(requests), Path(body).read_bytes()))
