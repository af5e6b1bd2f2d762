"""A platform that is nothing but rosters of any size, in a process of its own.

Its answers are ready before they are asked for, so that whoever reads them is what is measured.
/roster/<first>/<number>/<page> lists so many people from the first on, SIZE to a page.
"""

import asyncio
import json
import subprocess
import sys
from functools import cache

SIZE = 100
COURSE = "canned"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


def sub(number):
    """The platform's id of a person."""
    return f"{number:08x}-5f7e-4c1a-9d55-3b2f6f0e8a11"


def subs(first, number):
    """Everybody on a roster."""
    return {sub(one) for one in range(first, first + number)}


@cache
def page(first, number, nth, origin):
    """One whole HTTP answer."""
    start = first + nth * SIZE
    people = [
        {
            "status": "Active",
            "user_id": sub(one),
            "name": f"Student Number {one}",
            "given_name": "Student",
            "family_name": f"Number {one}",
            "roles": [MEMBERSHIP],
        }
        for one in range(start, min(start + SIZE, first + number))
    ]
    body = json.dumps({"id": COURSE, "context": {"id": COURSE}, "members": people}).encode()
    onward = f"{origin}/roster/{first}/{number}/{nth + 1}"
    link = f'Link: <{onward}>; rel="next"\r\n' if (nth + 1) * SIZE < number else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{link}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Canned:
    """The server; `served` counts the pages of each roster."""

    def __init__(self, seconds):
        self.seconds, self.served, self.origin = seconds, {}, ""

    async def run(self):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, limit=2**20)
        self.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        print(self.origin, flush=True)
        async with server:
            await server.serve_forever()

    async def talk(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                writer.write(await self.answer(head.split(b" ", 2)[1].decode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, path):
        """A token, how much was served, or a page after the platform's usual delay."""
        if not path.startswith("/roster/"):
            said = self.served if path == "/served" else {"access_token": "x", "expires_in": 3600}
            body = json.dumps(said).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        first, number, nth = map(int, path.partition("?")[0].split("/")[2:5])
        self.served[f"{first}/{number}"] = nth + 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return page(first, number, nth, self.origin)


class Platform:
    """The server in its process: `with Platform() as platform:`."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.command = [sys.executable, __file__, str(seconds)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def roster(self, first, number):
        """The address of the first page."""
        return f"{self.url}/roster/{first}/{number}/0"


if __name__ == "__main__":
    asyncio.run(Canned(float(sys.argv[1])).run())
