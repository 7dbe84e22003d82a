"""The bare limit of `websockets`: each frame is parsed and gets a constant answer."""

import asyncio
import sys

import msgspec
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

parse = msgspec.json.Decoder().decode


async def converse(socket: ServerConnection) -> None:
    """Answer whatever is said."""
    try:
        while True:
            id_ = parse(await socket.recv(decode=False))[1]
            answer = f'[3,"{id_}",{{"transactionId":1,"status":"Accepted"}}]'
            await socket.send(answer.encode(), text=True)
    except ConnectionClosed:
        return


async def main(port: int) -> None:
    """Serve until the process is ended."""
    protocols = ["ocpp1.6"]
    async with serve(converse, "127.0.0.1", port, subprotocols=protocols, compression=None):  # type: ignore[arg-type]
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
