"""`stripsight replay`: strips of the past on any bundle. No service has to run, and none is held up."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stripsight.cli.ending import end, refused
from stripsight.cli.options import DEFAULT_RECORD_DIR, AsJson, Provider, RecordDir
from stripsight.cli.records_read import opened, time_us
from stripsight.errors import StripsightError
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.bundle import Bundle
    from stripsight.journal.reader import Wanted
    from stripsight.replay.compare import Left, Outcome
    from stripsight.replay.past import Past
    from stripsight.replay.run import Replayer


class Verdict(StrEnum):
    """How a strip was judged."""

    ACCEPT = "accept"
    REJECT = "reject"


def replay(
    *,
    bundle: Annotated[Path, typer.Option(help="Directory of the bundle to try.")],
    record_dir: RecordDir = DEFAULT_RECORD_DIR,
    lot: Annotated[str | None, typer.Option(help="Only strips of this lot.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="Only strips with this verdict on record.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, ISO 8601, UTC if it does not say.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    threshold: Annotated[
        list[str] | None, typer.Option(help="Another threshold to try, REGION=SCORE; several may be given.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Instead of a record: a folder for each strip with <frame index>.png.")
    ] = None,
    before: Annotated[Path | None, typer.Option(help="With --folder: the bundle to compare with.")] = None,
    csv: Annotated[Path | None, typer.Option(help="File for a table of all strips that were tried.")] = None,
    provider: Annotated[
        Provider, typer.Option(envvar="STRIPSIGHT_PROVIDER", help="What to compute on.")
    ] = Provider.CUDA,
    threads: Annotated[int, typer.Option(envvar="STRIPSIGHT_THREADS", help="CPU threads, 0 for all.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Inspect strips of the past again with a bundle, and list the verdicts that change, with their margins.

    Exit status 0, whatever changes.
    """
    if before and not folder:
        end("expected --before together with --folder; strips on record say themselves what they were", Exit.ERROR)
    from stripsight.cli import replay_show
    from stripsight.journal.reader import Wanted

    wanted = Wanted(
        kinds=("strip",),
        lot_id=lot,
        verdict=verdict.value.upper() if verdict else None,
        since_us=time_us(since),
        until_us=time_us(until),
    )
    try:
        tries, bench = _replayer(bundle, threshold or [], provider, threads)
        against = _replayer(before, [], provider, threads)[1] if before else None
        strips = _in_folder(folder, tries) if folder else _on_record(record_dir, wanted, tries)
        outcome = _done(strips, bench, against)
    except StripsightError as error:
        refused(error)
    if csv:
        try:
            replay_show.as_csv(outcome, csv)
        except OSError as error:
            end(str(error), Exit.ERROR)
    alone = folder is not None and before is None
    if as_json:
        replay_show.as_json(outcome, tries.bundle_id)
    else:
        replay_show.for_people(outcome, rejudged=bool(threshold), alone=alone)


def _replayer(path: Path, thresholds: list[str], provider: Provider, threads: int) -> tuple["Bundle", "Replayer"]:
    """Load a bundle, and have its engine prove itself first, as a service does."""
    from dataclasses import replace

    from stripsight.bundle import load
    from stripsight.replay.run import Replayer
    from stripsight.start import challenge, start_engine
    from stripsight.verdict import Thresholds

    bundle = load(path)
    engine = start_engine(bundle, provider=provider.value, threads=threads)
    challenge(engine, bundle)
    limits = Thresholds({**bundle.thresholds.values, **dict(_limit(text, bundle) for text in thresholds)})
    return bundle, Replayer(replace(bundle, thresholds=limits), engine)


def _limit(text: str, bundle: "Bundle") -> tuple[str, float]:
    region, _, value = text.partition("=")
    try:
        limit = float(value)
    except ValueError:
        limit = 0.0
    if region not in bundle.thresholds.values or not limit > 0:
        regions = ", ".join(bundle.thresholds.values)
        end(f"threshold: expected REGION=SCORE with one of {regions} and a score above 0, found {text!r}", Exit.ERROR)
    return region, limit


def _on_record(folder: Path, wanted: "Wanted", bundle: "Bundle") -> Iterator["Past | Left"]:
    from stripsight.pictures.folder import NAME, PictureFolder
    from stripsight.replay.past import on_record

    with opened(folder) as reader:
        yield from on_record(reader, PictureFolder(folder / NAME), wanted, bundle.recipe.product.name)


def _in_folder(folder: Path, bundle: "Bundle") -> Iterator["Past"]:
    from stripsight.replay.past import in_folder

    return in_folder(folder, bundle.recipe.frame.indices)


def _done(strips: Iterable["Past | Left"], after: "Replayer", before: "Replayer | None") -> "Outcome":
    """Replay, with a line about how far it is for whoever looks at a terminal."""
    from rich.console import Console
    from rich.progress import track

    from stripsight.replay.run import replay as run

    console = Console(stderr=True)
    shown = track(strips, description="strips", console=console, disable=not console.is_terminal, transient=True)
    return run(shown, after, before)
