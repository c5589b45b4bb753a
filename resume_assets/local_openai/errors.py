"""Errors in the shape of OpenAI's: `{"error": {message, type, param, code}}` and an HTTP status."""

from typing import Any


class ApiError(Exception):
    """A request that is answered with an error. The message never quotes a message's content."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.kind = kind

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {
            "error": {
                "message": self.message,
                "type": self.kind,
                "param": self.param,
                "code": self.code,
            }
        }


def missing(param: str) -> ApiError:
    """A required parameter is not there."""
    return ApiError(
        f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param
    )


def unknown_parameter(param: str) -> ApiError:
    """A parameter that the endpoint does not know."""
    return ApiError(f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)


def invalid_type(param: str, expected: str, got: object) -> ApiError:
    """A parameter of another JSON type; names the type, never the value."""
    return ApiError(
        f"Invalid type for '{param}': expected {expected}, but got {_json_type(got)} instead.",
        code="invalid_type",
        param=param,
    )


def invalid_value(param: str, supported: str) -> ApiError:
    """A parameter with a value outside those supported."""
    return ApiError(
        f"Invalid value for '{param}'. Supported values are: {supported}.",
        code="invalid_value",
        param=param,
    )


def no_such_file(file_id: str) -> ApiError:
    """HTTP 404, as for a file that was deleted, has expired, or never was."""
    return ApiError(f"No such File object: {file_id[:64]}", status=404, param="id")


def no_such_batch(batch_id: str) -> ApiError:
    """HTTP 404."""
    return ApiError(f"No batch found with id '{batch_id[:64]}'.", status=404)


def no_such_model(model: str) -> ApiError:
    """HTTP 404 `model_not_found`."""
    return ApiError(
        f"The model `{model[:64]}` does not exist or you do not have access to it.",
        status=404,
        code="model_not_found",
        param="model",
    )


def token_limit(model: str, limit: int) -> str:
    """OpenAI's sentence for the enqueued-token limit."""
    return (
        f"Enqueued token limit reached for {model} in organization org-local. Limit: {limit:,} "
        "enqueued tokens. Please try again once some in_progress batches have been completed."
    )


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a decimal number", str: "a string"}
    names |= {list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "an unknown type")
