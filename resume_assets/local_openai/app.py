"""The ASGI application: endpoints, authentication, and errors in OpenAI's shape."""

import logging
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resume_assets.local_openai import auth
from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.routes import batches, chat, files
from resume_assets.local_openai.service import Service

_logger = logging.getLogger(__name__)


def create_app(service: Service, *, api_key: str) -> Starlette:
    """The application over an open folder. It only answers; a `Worker` does the work."""

    def health(request: Request) -> Response:
        return JSONResponse(
            {
                "server": "resume-assets local_openai",
                "version": version("resume-assets"),
                "proof": auth.proof(api_key, request.path_params["challenge"]),
            }
        )

    return Starlette(
        routes=[
            *files.FileRoutes(service).routes(),
            *batches.BatchRoutes(service).routes(),
            *chat.routes(service),
            Route("/health/{challenge}", health),
        ],
        middleware=[Middleware(auth.Authentication, key=api_key)],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _nobody_there,
            Exception: _server_error,
        },
    )


def _api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        message = f"Invalid URL ({request.method} {request.url.path})"
    elif error.status_code == 405:
        message = f"Not allowed to {request.method} on {request.url.path}."
    else:
        message = str(error.detail)
    return _api_error(request, ApiError(message, status=error.status_code))


def _nobody_there(_: Request, __: Exception) -> Response:
    return Response(status_code=400)


def _server_error(_: Request, error: Exception) -> Response:
    # Only the kind of error: its message may quote what was sent.
    _logger.error("A call failed: %s", type(error).__name__)
    failure = ApiError(
        "The server had an error while processing your request. Sorry about that!",
        status=500,
        kind="server_error",
    )
    return JSONResponse(failure.body(), status_code=500)
