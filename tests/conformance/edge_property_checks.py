"""The parts of a payload beside its metrics: Quality, why it is bad, and no more; aliases and templates, none."""

from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import all_metrics, first
from tests.conformance.definition import INT32, STRING
from tests.conformance.recording import Event, Recording, message, some
from tests.conformance.registry import EDGE, HOST, Finding, check, requirements

QUALITY = "Quality"
REASON = "Reason"  # only where the quality is bad
QUALITIES = (0, 192, 500)


def _qualities(recording: Recording) -> list[tuple[Event, Any, Any]]:
    found = [
        (event, metric, metric.properties)
        for event, metric in all_metrics(recording)
        if metric.HasField("properties")
    ]
    return some(found, "no metric had a property")


def _with_property(event: Event) -> bool:
    return any(metric.HasField("properties") for metric in message(event.packet).metrics)


def _spoiled_property(spoil: Any, *verbs: str) -> doctor.Mutation:
    def change(payload: Any) -> None:
        spoil(next(m.properties for m in payload.metrics if m.HasField("properties")))

    return doctor.rewritten(doctor.sent(*verbs, which=_with_property), change)


def _as_text(properties: Any) -> None:
    properties.values[0].type = 12


def _code_42(properties: Any) -> None:
    properties.values[0].int_value = 42


def _with_no_text(properties: Any) -> None:
    del properties.keys[1:], properties.values[1:]
    properties.keys.append(REASON)
    properties.values.add(type=INT32, int_value=3)


def _is_text(value: Any) -> bool:
    return value.type == STRING and bool(value.string_value)


def _typeless(properties: Any) -> None:
    properties.values[0].ClearField("type")


@check(
    EDGE,
    "payloads-propertyset-keys-array-size",
    "payloads-propertyset-values-array-size",
    "payloads-metric-propertyvalue-type-type",
    "payloads-metric-propertyvalue-type-value",
    "payloads-metric-propertyvalue-type-req",
    "payloads-propertyset-quality-value-type",
    "payloads-propertyset-quality-value-value",
    broken_by=(
        _spoiled_property(lambda properties: properties.keys.append("more"), "DBIRTH", "DDATA"),
        _spoiled_property(lambda properties: properties.values.add(), "DBIRTH", "DDATA"),
        _spoiled_property(_as_text, "DBIRTH", "DDATA"),
        _spoiled_property(_code_42, "DBIRTH", "DDATA"),
        _spoiled_property(_typeless, "DBIRTH", "DDATA"),
        _spoiled_property(_with_no_text, "DBIRTH", "DDATA"),
    ),
)
def quality_and_why_it_is_bad_are_well_formed(recording: Recording) -> Finding:
    for event, metric, properties in _qualities(recording):
        where = f"{event}: {metric.name}"
        keys, values = list(properties.keys), properties.values
        if keys not in ([QUALITY], [QUALITY, REASON]) or len(values) != len(keys):
            return f"{where} has keys {keys}, {len(values)} values"
        value = values[0]
        if value.type != INT32 or value.WhichOneof("value") != "int_value":
            return f"{where}: Quality has type {value.type}"
        if value.int_value not in QUALITIES:
            return f"{where}: Quality is {value.int_value}"
        if keys[1:] and (value.int_value or not _is_text(values[1])):
            return f"{where}: a reason that is none: {values[1]}"
    return None


_LEFT_OUT = tuple(
    requirement.id
    for requirement in requirements()
    if requirement.id.startswith(
        ("payloads-template-", "payloads-dataset-", "payloads-alias-", "topics-nbirth-templates")
    )
)


def _template(metric: Any) -> None:
    metric.datatype = 19
    metric.template_value.is_definition = True


def _aliased(metric: Any) -> None:
    metric.alias = 4


@check(
    EDGE,
    *_LEFT_OUT,
    broken_by=(
        doctor.metric(doctor.sent("NBIRTH"), _template),
        doctor.metric(doctor.sent("DDATA"), _aliased),
    ),
)
@check(
    HOST,
    "payloads-alias-data-cmd-requirement",
    broken_by=doctor.metric(doctor.sent("NCMD"), _aliased),
)
def there_are_no_aliases_templates_or_data_sets(recording: Recording) -> Finding:
    return first(
        f"{event}: {metric.name} has an alias or is a template or data set"
        for event, metric in all_metrics(recording)
        if metric.HasField("alias")
        or metric.datatype in (16, 19)
        or metric.WhichOneof("value") in ("dataset_value", "template_value")
    )
