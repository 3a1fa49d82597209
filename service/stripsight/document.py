"""The JSON files of a bundle: a version first, then a shape."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stripsight.errors import BundleError, BundleVersionError

SCHEMA_VERSION = 1

Document = TypeVar("Document", bound=BaseModel)


def parse(name: str, data: bytes, model: type[Document], error: type[BundleError]) -> Document:
    """Parse the file `name`. Raises BundleVersionError, or `error` that names the place and what is there.

    The version is looked at before the rest: a later file may look quite different.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as broken:
        raise error(f"{name}: expected JSON, found: {broken}", file=name) from None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise BundleVersionError(
            f"{name}: expected schema_version {SCHEMA_VERSION}, found {version}",
            file=name,
            expected=SCHEMA_VERSION,
            found=str(version),
        )
    try:
        return model.model_validate_json(data)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise error(f"{name}: {place}: {first['msg']}, found {first['input']!r:.80}", file=name) from None


def dump(content: Mapping[str, Any]) -> bytes:
    """Write a document, always the same way, so that the same content has the same digest."""
    versioned = {"schema_version": SCHEMA_VERSION, **content}
    return (json.dumps(versioned, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
