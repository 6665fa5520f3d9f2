"""What the rule of a field accepts, as JSON Schema. It is read off the rule, so that the two can't differ."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from pydantic import BaseModel, BeforeValidator

from teamcal.domain import department_fields
from teamcal.domain import event_fields as fields
from teamcal.domain.text_rules import MAX_URL, date_text, text_of, url_text

Schema = dict[str, Any]
EXCEPTION = "#/components/schemas/ExceptionInput"
"""Where a description has the schema of one exception of a series."""

_SINGLE: Mapping[fields.Rule, Schema] = {
    date_text: {"type": "string", "format": "date"},
    url_text: {"type": ["string", "null"], "maxLength": MAX_URL},
    fields.clock_rule: {"type": "string", "pattern": f"^(?:{fields.CLOCK.pattern})$"},
    fields.zone_rule: {"type": "string"},
    fields.color_rule: {"type": "string", "pattern": f"^{fields.COLOR.pattern}$"},
    fields.status_rule: {"type": "string", "enum": list(fields.STATUSES)},
    fields.busy_rule: {"type": "boolean"},
    fields.reminders_rule: {
        "type": "array",
        "maxItems": fields.MAX_REMINDERS,
        "items": {"type": "integer", "minimum": 0, "maximum": fields.LONGEST_REMINDER},
    },
    fields.exceptions_rule: {
        "type": "object",
        "maxProperties": fields.MAX_EXCEPTIONS,
        "additionalProperties": {"$ref": EXCEPTION},
    },
    department_fields.color_from: {
        "type": ["string", "null"],
        "pattern": f"^(?:{'|'.join(department_fields.COLORS)}|#[0-9A-Fa-f]{{6}})?$",
    },
    department_fields.position_from: {
        "type": ["number", "null"],
        "minimum": -department_fields.MAX_POSITION,
        "maximum": department_fields.MAX_POSITION,
    },
}


def schema_of(rule: fields.Rule) -> Schema:
    """Returns what `rule` accepts; {} of a rule that this module doesn't know."""
    if not isinstance(rule, partial):
        return dict(_SINGLE.get(rule, {}))
    if rule.func is text_of:
        return _text_schema(**rule.keywords)
    if rule.func is fields.several:
        texts, most = rule.args
        return {"type": "array", "maxItems": most, "items": schema_of(texts)}
    if rule.func is fields.or_absent:
        return _or_null(schema_of(rule.args[0]))
    return {}


def _text_schema(limit: int, lines: bool = False, if_blank: str = "") -> Schema:
    if if_blank:
        return {"type": "string", "minLength": 1, "maxLength": limit}
    return {"type": ["string", "null"], "maxLength": limit}


def _or_null(schema: Schema) -> Schema:
    if not schema:
        return {}
    kind = schema["type"]
    nullable = schema | {"type": kind if isinstance(kind, list) else [kind, "null"]}
    return nullable | {"enum": [*schema["enum"], None]} if "enum" in schema else nullable


def rules_of(model: type[BaseModel]) -> dict[str, fields.Rule]:
    """Returns the rule of each field of a model whose fields have one."""
    return {
        name: cast(fields.Rule, validator.func)
        for name, field in model.model_fields.items()
        for validator in field.metadata
        if isinstance(validator, BeforeValidator)
    }
