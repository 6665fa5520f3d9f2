"""What the server says of itself: OpenAPI, AsyncAPI, and both as a page.

People write docs/openapi.yaml and docs/asyncapi.yaml. What the code knows better is put in here: what a field
accepts, the codes of each error, the version. Each is made once in a process, when it is first asked for.
"""

from typing import Any

Node = dict[str, Any]
"""An object of a description."""
