"""Where products come from: the simulated line, or a folder of pictures."""

from typing import Annotated

from pydantic import Field

from stripsight_lab.source.folder import FolderSource
from stripsight_lab.source.line import LineSource
from stripsight_lab.source.unit import Acquired, Source, Unit

AnySource = Annotated[LineSource | FolderSource, Field(discriminator="kind")]
"""The table `[source]` of an experiment file, told apart by `kind`."""

__all__ = ["Acquired", "AnySource", "FolderSource", "LineSource", "Source", "Unit"]
