"""The network of one machine: passes on what comes to some addresses, both ways, until it is killed.

    proxy.py LISTEN=TARGET...       each an ADDRESS:PORT

Killed, its connections break and its ports refuse: the machine is cut off.  A
port refuses, too, while its target does: a client that is let in and then
dropped does not try its next host.
"""
import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def pass_on(listen, target):
    while True:
        refused = asyncio.Event()

        async def accept(reader, writer):
            try:
                there = await asyncio.open_connection(*target)
            except OSError:
                writer.close()
                refused.set()
                return
            await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

        server = await asyncio.start_server(accept, *listen)
        await refused.wait()
        server.close()
        while True:
            try:
                _, writer = await asyncio.open_connection(*target)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            break


async def main():
    ways = [[end.split(':') for end in way.split('=')] for way in sys.argv[1:]]
    await asyncio.gather(*(pass_on(*way) for way in ways))

asyncio.run(main())
