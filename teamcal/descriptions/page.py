"""/docs: both descriptions as one page, made by the server. No scripts, nothing from elsewhere."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from teamcal import VERSION
from teamcal.descriptions import Node
from teamcal.descriptions.asyncapi import asyncapi
from teamcal.descriptions.korean import translator
from teamcal.descriptions.openapi import VERBS, openapi, resolved
from teamcal.descriptions.schema_rows import rows_of, type_of
from teamcal.texts.error_body import STATUS
from teamcal.texts.messages import MESSAGES

_HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`]+)`")
WORDS: dict[str, dict[str, str]] = {
    "title": {"ko": "팀 캘린더 API", "en": "Team calendar API"},
    "page": {"ko": "캘린더", "en": "Calendar"},
    "other_language": {"ko": "English", "en": "한국어"},
    "contents": {"ko": "차례", "en": "Contents"},
    "rest": {"ko": "REST", "en": "REST"},
    "socketio": {"ko": "Socket.IO", "en": "Socket.IO"},
    "schemas": {"ko": "데이터 형식", "en": "Data types"},
    "codes": {"ko": "오류 코드", "en": "Error codes"},
    "signing_in": {"ko": "인증", "en": "Signing in"},
    "parameters": {"ko": "매개변수", "en": "Parameters"},
    "body": {"ko": "요청 본문", "en": "Body"},
    "answers": {"ko": "응답", "en": "Answers"},
    "examples": {"ko": "예제", "en": "Examples"},
    "required": {"ko": "필수", "en": "required"},
    "name": {"ko": "이름", "en": "name"},
    "type": {"ko": "형식", "en": "type"},
    "meaning": {"ko": "설명", "en": "meaning"},
    "status": {"ko": "상태", "en": "status"},
    "code": {"ko": "코드", "en": "code"},
    "message": {"ko": "메시지", "en": "message"},
    "received": {"ko": "클라이언트 → 서버", "en": "client → server"},
    "sent": {"ko": "서버 → 클라이언트", "en": "server → client"},
    "answered_by": {"ko": "응답", "en": "answered by"},
    "departments": {"ko": "부서", "en": "Departments"},
    "events": {"ko": "일정", "en": "Events"},
    "changes": {"ko": "변경과 기록", "en": "Changes and history"},
    "feeds": {"ko": "내보내기와 가져오기", "en": "Feeds and imports"},
    "holidays": {"ko": "휴일", "en": "Holidays"},
    "session": {"ko": "로그인", "en": "Session"},
    "people": {"ko": "사용자와 권한", "en": "People"},
    "server": {"ko": "서버", "en": "Server"},
    "open": {"ko": "누구나 사용할 수 있습니다.", "en": "For everybody."},
}


@lru_cache(8)
def docs_html(language: str, root: str) -> bytes:
    """`root`: the way from the page to the server's own address."""
    say = translator(language)
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(say=lambda text: _marked(say(text)), shown=_shown)
    rest, live = openapi(), asyncapi()
    page = environment.get_template("page.html").render(
        language=language,
        other="en" if language == "ko" else "ko",
        root=root,
        version=VERSION,
        words={name: texts[language] for name, texts in WORDS.items()},
        rest=rest,
        live=live,
        groups=_groups(rest),
        messages=_messages(live),
        schemas=_schemas(rest, live),
        codes=[(status, code, _plain(MESSAGES[code][language])) for code, status in STATUS.items()],
    )
    return page.encode()


@lru_cache(1)
def docs_style() -> bytes:
    return (_HERE / "style.css").read_bytes()


def _marked(text: str) -> Markup:
    """Text with `code` in it."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _plain(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", text)


def _groups(document: Node) -> list[Node]:
    groups = {tag["name"]: {"description": "", **tag, "operations": []} for tag in document["tags"]}
    for path, item in document["paths"].items():
        for verb in VERBS:
            if verb in item:
                groups[item[verb]["tags"][0]]["operations"].append(_operation(document, path, verb, item))
    return list(groups.values())


def _operation(document: Node, path: str, verb: str, item: Node) -> Node:
    operation = item[verb]
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "description": "",
        **operation,
        "path": path,
        "verb": verb.upper(),
        "parameters": [_parameter(document, resolved(document, one)) for one in parameters],
        "body": [_content(document, kind, media) for kind, media in body.items()],
        "answers": [
            _answer(document, status, resolved(document, response))
            for status, response in sorted(operation["responses"].items())
        ],
        "is_open": operation.get("security") == [],
    }


def _parameter(document: Node, parameter: Node) -> Node:
    return {"description": "", "required": False, **parameter, "type": type_of(document, parameter["schema"])}


def _content(document: Node, kind: str, media: Node) -> Node:
    schema = media.get("schema", {})
    return {
        "kind": kind,
        "type": type_of(document, schema),
        "rows": rows_of(document, schema) if "$ref" not in schema else [],
        "examples": list(media.get("examples", {}).values()),
    }


def _answer(document: Node, status: str, response: Node) -> Node:
    content = response.get("content", {})
    said: Node = {"status": status, "description": response["description"], "codes": [], "content": []}
    if int(status) >= 400:
        (media,) = content.values()
        said["codes"] = media["schema"]["allOf"][-1]["properties"]["code"]["enum"]
        said["examples"] = list(media.get("examples", {}).values())
    else:
        said["content"] = [_content(document, kind, media) for kind, media in content.items()]
    return said


def _messages(document: Node) -> list[Node]:
    """The events of Socket.IO, each with who sends it and what answers it."""
    about: dict[str, Node] = {}
    for operation in document["operations"].values():
        replies = list(_names_of(operation.get("reply", {})))
        way = "received" if operation["action"] == "receive" else "sent"
        for name in _names_of(operation):
            one = about.setdefault(name, {"ways": [], "to": "", "replies": []})
            one["ways"].append(way)
            one["to"] = one["to"] or operation.get("title", "")
            one["replies"] += replies
        for name in replies:
            about.setdefault(name, {"ways": ["sent"], "to": "To one client", "replies": []})
    return [
        {"description": "", **message, **about[name], "tables": list(_tables(document, message))}
        for name, message in document["components"]["messages"].items()
    ]


def _tables(document: Node, message: Node) -> Iterator[Node]:
    """Yields each form of a message's payload, and its acknowledgement if that is another one."""
    payload, own_answer = message["payload"], message.get("x-acknowledgement")
    for schema in (*payload.get("anyOf", [payload]), *([own_answer] if own_answer else [])):
        description = resolved(document, schema).get("description", "")
        yield {"description": description, "rows": rows_of(document, schema)}


def _names_of(operation: Node) -> Iterator[str]:
    return (one["$ref"].rsplit("/", 1)[-1] for one in operation.get("messages", ()))


def _schemas(*documents: Node) -> list[Node]:
    """The schemas that other parts of the page refer to by name."""
    schemas: dict[str, Node] = {}
    for document in documents:
        for name, schema in document["components"]["schemas"].items():
            rows = rows_of(document, schema)
            kind, _ = type_of(document, schema) if not rows else ("", [])
            schemas.setdefault(
                name, {"name": name, "description": schema.get("description", ""), "rows": rows, "type": kind}
            )
    return list(schemas.values())
