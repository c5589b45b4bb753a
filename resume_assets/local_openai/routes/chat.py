"""`/v1/chat/completions`, answered by rules, and `/v1/models`."""

from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resume_assets.local_openai.errors import no_such_model
from resume_assets.local_openai.routes.bodies import json_body
from resume_assets.local_openai.service import Service
from resume_assets.models.catalogue import Model, find_model, models


def routes(service: Service) -> list[Route]:
    """The endpoints' routes."""

    async def create(request: Request) -> Response:
        body = await json_body(request)
        answer = await run_in_threadpool(service.answerer.completer.complete, body, service.now())
        return Response(orjson.dumps(answer.body), answer.status, media_type="application/json")

    def retrieve(request: Request) -> Response:
        model = find_model(request.path_params["model"])
        if not model.known:
            raise no_such_model(model.name)
        return JSONResponse(_model_object(model))

    def list_models(request: Request) -> Response:  # noqa: ARG001 - starlette calls it with one
        return JSONResponse(
            {"object": "list", "data": [_model_object(model) for model in models()]}
        )

    return [
        Route("/v1/chat/completions", create, methods=["POST"]),
        Route("/v1/models", list_models, methods=["GET"]),
        Route("/v1/models/{model}", retrieve, methods=["GET"]),
    ]


def _model_object(model: Model) -> dict[str, Any]:
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": "local rules",
        "shutdown_date": None,  # rules do not end when the model of that name does
    }
