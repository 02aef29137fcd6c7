"""The worker's end of the socket to one keeper, for asyncio."""

import asyncio
import json
import socket
from collections.abc import Callable

from fairlead.core.json import Json
from fairlead.env import frames

CANCEL_SECONDS_MAX = 8.0  # the grace of a program and some; then it is killed without asking
KILL_SECONDS_MAX = 6.0  # for the keeper to end everything by force
_READ_BYTES = 1 << 18


class Connection:
    """One request and its answer. The keeper closes its end when everything of the call is gone."""

    def __init__(self, own: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = own
        self._is_sent = False

    async def send(self, request: Json) -> None:
        await self._loop.sock_sendall(self._socket, frames.pack_json(frames.REQUEST, request))
        self._is_sent = True

    async def listen(self, take: Callable[[bytes, bytes], None]) -> Json | None:
        """Hand what comes to *take*; gives how it ended, or None when the keeper died before it could say so."""
        unpacker = frames.Unpacker()
        while data := await self._receive():
            for kind, body in unpacker.feed(data):
                if kind == frames.ENDED:
                    return json.loads(body)
                take(kind, body)
        return None

    async def stop(self) -> None:
        """Ask for the end, and wait until everything is gone. Being cancelled again here means: at once."""
        rest = self._loop.create_task(self._drain())
        try:
            if self._is_sent:
                self._socket.send(frames.END_GENTLY)
                await asyncio.wait({rest}, timeout=CANCEL_SECONDS_MAX)
        except (asyncio.CancelledError, OSError):
            pass
        if not rest.done():
            self._hang_up()
            await asyncio.wait({rest}, timeout=KILL_SECONDS_MAX)
        rest.cancel()

    def close(self) -> None:
        self._socket.close()

    def _hang_up(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the keeper has gone already

    async def _drain(self) -> None:
        while await self._receive():
            pass

    async def _receive(self) -> bytes:
        try:
            return await self._loop.sock_recv(self._socket, _READ_BYTES)
        except OSError:
            return b""
