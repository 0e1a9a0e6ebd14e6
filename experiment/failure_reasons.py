"""Explains in one line why a download or a build failed, and what the user can do."""

import re

_CAUSES = (
    (r"no space left on device|errno 28\b", "the disk is full: free some space, and run this again"),
    (
        r"temporary failure (?:in name resolution|resolving)|could not resolve|name or service not known"
        r"|network is unreachable|ENOTFOUND|EAI_AGAIN|ENETUNREACH|nodename nor servname",
        "there is no network: connect to one, or set HTTPS_PROXY and HTTP_PROXY, and run this again",
    ),
    (
        r"proxyerror|cannot connect to proxy|tunnel connection failed",
        "the proxy does not answer: check HTTPS_PROXY and HTTP_PROXY",
    ),
    (
        r"connection refused|failed to establish a new connection|could not connect|connection (?:timed out|reset)"
        r"|connection broken|read timed out|incompleteread|ECONNREFUSED|ECONNRESET|ETIMEDOUT|remote end closed",
        "the connection was refused or lost: check the network and HTTPS_PROXY, and run this again",
    ),
    (r"read-only file system|errno 30\b", "the file system is read-only: name a folder that can be written"),
)


def last_message(text: str) -> str:
    """Return the last non-blank line, which is where most programs report what went wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "no message"


def explain_failure(text: str) -> str:
    """Return what the user can do about a program's failure; if that is not known, return the program's last error
    message.
    """
    for pattern, remedy in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return remedy
    errors = [line for line in text.splitlines() if re.match(r"\s*(?:E:|npm ERR!|npm error|ERROR)", line)]
    return last_message("\n".join(errors) or text)
