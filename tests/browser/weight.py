"""What a page weighs: the bytes that came over the wire, as Chromium counted them."""

from collections import defaultdict
from typing import Any

from playwright.async_api import Page


async def received_bytes(page: Page, url: str) -> dict[str, int]:
    """Load a page into an empty cache; returns the bytes of each answer, headers included.

    An answer's end tells its length as it was encoded (CDP, Network.loadingFinished).
    """
    devtools = await page.context.new_cdp_session(page)
    urls: dict[str, str] = {}
    received: defaultdict[str, int] = defaultdict(int)

    def asked(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        received[urls[event["requestId"]]] += int(event["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", finished)
    await devtools.send("Network.enable")
    await devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await page.goto(url, wait_until="networkidle")
    await devtools.detach()
    return dict(received)
