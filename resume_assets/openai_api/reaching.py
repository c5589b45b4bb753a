"""Why a server can't be reached, in a sentence for `doctor`."""

import http.client
import os
import socket
import ssl
from collections.abc import Iterator

import httpx2
import openai

_SECONDS = 5.0  # for a connection that tries what a port speaks


def address_of(url: httpx2.URL) -> str:
    """The URL as it may be shown: without user, password and query."""
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{url.path.rstrip('/')}"


def why_unreached(error: openai.APIConnectionError, url: httpx2.URL) -> str:
    """What keeps us from reaching that URL, as a sentence."""
    shown, host = address_of(url), url.host
    port = url.port or (443 if url.scheme == "https" else 80)
    causes = list(_causes(error))
    for cause in causes:
        match cause:
            case httpx2.ProxyError():
                return (
                    f"{shown}: the proxy that HTTPS_PROXY or HTTP_PROXY names does not let us on."
                )
            case socket.gaierror():
                return f"{shown}: there is no host {host!r} (its name is not known)."
            case ConnectionRefusedError():
                return f"{shown}: nothing listens at {host}:{port}."
            case ssl.SSLCertVerificationError():
                return (
                    f"{shown}: its certificate is not trusted ({cause.verify_message}). "
                    "SSL_CERT_FILE names a file with the authority of a server of your own."
                )
            case ssl.SSLError() if _speaks_http(host, port):
                return f"{shown}: speaks no TLS: write http:// instead of https://."
            case ssl.SSLError():
                return f"{shown}: no TLS can be agreed on ({cause.reason or 'it broke off'})."
            case httpx2.TimeoutException() | TimeoutError():
                return f"{shown}: no answer in time."
    if url.scheme == "http" and speaks_tls(host, port):
        return _https_only(shown)
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno:
            return f"{shown}: {os.strerror(cause.errno)}; there may be no HTTP server."
    return f"{shown}: what is there is no HTTP server ({type(causes[-1]).__name__})."


def why_plain(response: httpx2.Response) -> str | None:
    """A sentence where a server refused a plain HTTP call because it wants TLS, else None."""
    url = response.request.url
    port = url.port or 80
    if response.status_code == 400 and url.scheme == "http" and speaks_tls(url.host, port):
        return _https_only(f"{url.scheme}://{url.host}:{port}")
    return None


def _https_only(shown: str) -> str:
    return f"{shown}: speaks TLS only: write https:// instead of http://."


def speaks_tls(host: str, port: int) -> bool:
    """Whether a handshake gets as far as a certificate; nothing is sent."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except ssl.SSLCertVerificationError:
        return True
    except OSError:  # SSLError is one
        return False


def _speaks_http(host: str, port: int) -> bool:
    """Whether a call without TLS, and without the API key, gets an HTTP answer."""
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
