"""Sets up proxies: the user's proxy is used only for addresses outside this machine."""

import os

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def keep_loopback_direct() -> None:
    """Let this process and its children use the user's proxy, but not for loopback addresses.

    Sets the environment variables in both spellings, such as `http_proxy` and `HTTP_PROXY`.
    """
    for name in _PROXIES:
        lower, upper = os.environ.get(name), os.environ.get(name.upper())
        # apt reads only one spelling; other programs read only the other.
        if lower and not upper:
            os.environ[name.upper()] = lower
        elif upper and not lower:
            os.environ[name] = upper
    if not any(os.environ.get(name) for name in _PROXIES):
        return
    excluded = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in excluded.split(",") if host.strip()]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(dict.fromkeys([*hosts, *LOOPBACK]))
