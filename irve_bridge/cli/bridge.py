"""The running bridge, asked over its HTTP API: it holds the charge points' sockets."""

import argparse
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import aiohttp

from irve_bridge.cli.common import settings_of
from irve_bridge.domain.errors import Refusal
from irve_bridge.settings import Settings

MARGIN_S = 10
"""How much longer than a charge point may take its answer is waited for."""


async def ask(arguments: argparse.Namespace, method: str, path: str, body: Any = None) -> Any:
    """Return what the running bridge answers; None for nothing.

    Raises:
        Refusal: It refuses, in its own words; it does not run; or no key is set to ask with.
    """
    settings = settings_of(arguments)
    if not settings.csms_api_keys:
        raise Refusal("CSMS_API_KEY is not set: the running bridge is asked with it.")
    headers = {"Authorization": f"Bearer {settings.csms_api_keys[0]}"}
    timeout = aiohttp.ClientTimeout(total=settings.command_timeout_s + MARGIN_S)
    url = f"{_address(settings)}{path}"
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as http,
            http.request(method, url, json=body) as response,
        ):
            answer = await response.json() if response.content_length else None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Refusal(f"The bridge does not answer at {url}: is it running?") from error
    if not response.ok:
        raise Refusal(_sentence(answer) or f"The bridge answered {response.status}.")
    return answer


def _address(settings: Settings) -> str:
    """Return where it listens, from this machine."""
    host = settings.web_host
    with suppress(ValueError):
        address = ip_address(host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004 - IPv4
    bracketed = f"[{host}]" if ":" in host else host
    return f"http://{bracketed}:{settings.web_port}"


def _sentence(answer: Any) -> str | None:
    error = answer.get("error") if isinstance(answer, dict) else None
    return f"{error['code']}: {error['message']}" if isinstance(error, dict) else None
