"""`stripsight watch`: each strip as it is answered, a line each."""

from typing import TYPE_CHECKING, Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_TARGET, Target, TlsFolder
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.inspection.v1.record_service_pb2 import RecordedInspection


def watch(
    *,
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    rejects: Annotated[bool, typer.Option("--rejects", help="Rejected strips only.")] = False,
    strips: Annotated[int, typer.Option(min=0, help="End after so many [0: never].")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Print strips as they are answered, until Ctrl-C. Exit status: 0 ended as told, 2 no service."""
    from stripsight.cli import watch_show
    from stripsight.client.records import RecordClient, ServiceError
    from stripsight.inspection.v1.inspection_pb2 import VERDICT_ACCEPT

    def print_one(found: "RecordedInspection") -> bool:
        if rejects and found.inspection.verdict == VERDICT_ACCEPT:
            return False
        watch_show.strip(found, as_json=as_json)
        return True

    printed = 0
    try:
        with RecordClient(target, tls) as client:
            for event in client.watch():
                watch_show.skipped(event.skipped)
                printed += event.HasField("recorded") and print_one(event.recorded)
                if printed == strips > 0:
                    return
    except ServiceError as error:
        end(str(error), Exit.ERROR)
    except KeyboardInterrupt:
        return
