"""The official Sparkplug B payload definition (specification 3.0, chapter 6), built at run time.

The checker reads and doctors payloads with Google's protobuf, not with our own codec: a fault of that
codec must not hide itself. Messages and numbers are the standard's.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_KINDS = {
    "uint64": _FIELD.TYPE_UINT64,
    "uint32": _FIELD.TYPE_UINT32,
    "bool": _FIELD.TYPE_BOOL,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}
# message → its fields as "name number kind"; a trailing * means repeated, a leading ? in the oneof.
_MESSAGES = {
    "PropertyValue": (
        "type 1 uint32",
        "is_null 2 bool",
        "?int_value 3 uint32",
        "?long_value 4 uint64",
        "?float_value 5 float",
        "?double_value 6 double",
        "?boolean_value 7 bool",
        "?string_value 8 string",
        "?propertyset_value 9 PropertySet",
        "?propertysets_value 10 PropertySetList",
    ),
    "PropertySet": ("keys 1 string*", "values 2 PropertyValue*"),
    "PropertySetList": ("propertyset 1 PropertySet*",),
    "DataSetValue": (
        "?int_value 1 uint32",
        "?long_value 2 uint64",
        "?float_value 3 float",
        "?double_value 4 double",
        "?boolean_value 5 bool",
        "?string_value 6 string",
    ),
    "Row": ("elements 1 DataSetValue*",),
    "DataSet": (
        "num_of_columns 1 uint64",
        "columns 2 string*",
        "types 3 uint32*",
        "rows 4 Row*",
    ),
    "Parameter": (
        "name 1 string",
        "type 2 uint32",
        "?int_value 3 uint32",
        "?long_value 4 uint64",
        "?float_value 5 float",
        "?double_value 6 double",
        "?boolean_value 7 bool",
        "?string_value 8 string",
    ),
    "Template": (
        "version 1 string",
        "metrics 2 Metric*",
        "parameters 3 Parameter*",
        "template_ref 4 string",
        "is_definition 5 bool",
    ),
    "MetaData": (
        "is_multi_part 1 bool",
        "content_type 2 string",
        "size 3 uint64",
        "seq 4 uint64",
        "file_name 5 string",
        "file_type 6 string",
        "md5 7 string",
        "description 8 string",
    ),
    "Metric": (
        "name 1 string",
        "alias 2 uint64",
        "timestamp 3 uint64",
        "datatype 4 uint32",
        "is_historical 5 bool",
        "is_transient 6 bool",
        "is_null 7 bool",
        "metadata 8 MetaData",
        "properties 9 PropertySet",
        "?int_value 10 uint32",
        "?long_value 11 uint64",
        "?float_value 12 float",
        "?double_value 13 double",
        "?boolean_value 14 bool",
        "?string_value 15 string",
        "?bytes_value 16 bytes",
        "?dataset_value 17 DataSet",
        "?template_value 18 Template",
    ),
    "Payload": (
        "timestamp 1 uint64",
        "metrics 2 Metric*",
        "seq 3 uint64",
        "uuid 4 string",
        "body 5 bytes",
    ),
}


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="conformance_sparkplug_b.proto", package="conformance", syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        built = file.message_type.add(name=name)
        if any(line.startswith("?") for line in fields):
            built.oneof_decl.add(name="value")
        for line in fields:
            field, number, kind = line.split()
            added = built.field.add(
                name=field.lstrip("?"),
                number=int(number),
                label=_FIELD.LABEL_REPEATED if kind.endswith("*") else _FIELD.LABEL_OPTIONAL,
            )
            kind = kind.rstrip("*")
            added.type = _KINDS.get(kind, _FIELD.TYPE_MESSAGE)
            if kind not in _KINDS:
                added.type_name = f".conformance.{kind}"
            if field.startswith("?"):
                added.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("conformance.Payload"))


Payload = _build()

# Codes of the datatypes a metric may have (chapter 6, "Data Types"), and the field their value is in.
INT32, INT64, UINT32, UINT64, DOUBLE, BOOLEAN, STRING = 3, 4, 7, 8, 10, 11, 12
VALUE_FIELDS = (
    dict.fromkeys((1, 2, 3, 5, 6, 7), "int_value")
    | dict.fromkeys((4, 8, 13), "long_value")
    | dict.fromkeys((12, 14, 15), "string_value")
    | {9: "float_value", 10: "double_value", 11: "boolean_value"}
)
DATATYPES = frozenset(range(1, 20)) | frozenset(range(22, 35))
