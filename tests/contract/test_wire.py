"""What is on the wire stays: names, numbers and types of the released API, read from the descriptors."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.descriptor import FieldDescriptor

from stripsight.inspection.v1 import inspection_pb2, inspection_service_pb2
from stripsight.recipe import PixelFormat
from stripsight.verdict import Cause, Verdict

RELEASED = Path(__file__).parents[2] / "proto" / "released.json"
PACKAGE = "stripsight.inspection.v1"
OURS = {module.DESCRIPTOR.name: module.DESCRIPTOR for module in (inspection_pb2, inspection_service_pb2)}


def described(file: descriptor_pb2.FileDescriptorProto) -> dict[str, Any]:
    """Return all that a client can depend on: fields with number and type, enum values, methods."""
    return {
        "fields": {
            f"{message.name}.{field.name}": (field.number, field.type, field.label, field.type_name)
            for message in file.message_type
            for field in message.field
        },
        "values": {f"{enum.name}.{value.name}": value.number for enum in file.enum_type for value in enum.value},
        "methods": {
            f"{service.name}.{method.name}": (method.input_type, method.output_type)
            for service in file.service
            for method in service.method
        },
    }


def released() -> dict[str, descriptor_pb2.FileDescriptorProto]:
    """Return the files of the last release, by name."""
    files = json_format.ParseDict(
        json.loads(RELEASED.read_text()), descriptor_pb2.FileDescriptorSet(), ignore_unknown_fields=True
    )
    return {file.name: file for file in files.file if file.package == PACKAGE}


@pytest.mark.parametrize("kind", ["fields", "values", "methods"])
def test_what_was_released_is_still_there_as_it_was(kind: str) -> None:
    """Every released field, enum value and method keeps its name, number and type; new ones may be added."""
    files = released()
    assert files.keys() <= OURS.keys()
    for name, file in files.items():
        now = descriptor_pb2.FileDescriptorProto()
        OURS[name].CopyToProto(now)
        assert described(file)[kind].items() <= described(now)[kind].items()


def test_the_method_names_are_the_ones_that_clients_call() -> None:
    """The paths of the calls, spelled out."""
    service = inspection_service_pb2.DESCRIPTOR.services_by_name["InspectionService"]
    assert [method.full_name for method in service.methods] == [
        "stripsight.inspection.v1.InspectionService.InspectStrip",
        "stripsight.inspection.v1.InspectionService.InspectFrames",
        "stripsight.inspection.v1.InspectionService.GetStatus",
    ]


def test_nothing_said_is_never_an_accept() -> None:
    """Zero, what an empty or cut message reads as, is no verdict; the three numbers are fixed for good."""
    assert inspection_pb2.Inspection().verdict == inspection_pb2.VERDICT_UNSPECIFIED == 0
    assert (inspection_pb2.VERDICT_REJECT, inspection_pb2.VERDICT_ACCEPT) == (1, 2)


def test_an_enum_has_what_the_service_has_and_nothing_else() -> None:
    """Verdicts, causes and pixel formats of the API are those of the service, beside the unspecified one."""
    pairs = {"Verdict": Verdict, "Cause": Cause, "PixelFormat": PixelFormat}
    for name, members in pairs.items():
        values = inspection_pb2.DESCRIPTOR.enum_types_by_name[name].values
        prefix = values[0].name.removesuffix("UNSPECIFIED")
        assert [value.name for value in values[1:]] == [f"{prefix}{member}" for member in members]


def test_units_are_in_the_names() -> None:
    """A number ends with its unit, unless it has none."""
    unitless = {
        "index",
        "frame_index",
        "frame_indices",
        "crc32c",
        "strip_seq",
        "score",
        "threshold",
        "margin",
    }
    unitless |= {"heartbeat", "heatmaps_left_out", "record_seq"}
    others = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_ENUM}
    others |= {FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_BOOL}
    messages = [message for file in OURS.values() for message in file.message_types_by_name.values()]
    numbers = [field for message in messages for field in message.fields if field.type not in others]
    names = {field.name for field in numbers if not field.name.endswith(("_px", "_ms"))}
    assert names == unitless
