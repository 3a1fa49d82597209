"""The picture of a strip with its controls: frame, zoom, strength of the heatmap. Both pages use it."""

from collections.abc import Callable

from nicegui import ui

from stripsight.hmi import fragments
from stripsight.hmi.product import Product
from stripsight.hmi.snapshot import Shot
from stripsight.hmi.stage import Look, stage_of
from stripsight.hmi.widgets import fragment, loaded, on_act

_STRENGTH = 100


class Viewer:
    """Shows one shot after another, and keeps what the person chose."""

    def __init__(self, *, full: bool = False, extra: Callable[[], object] | None = None) -> None:
        """Build it, with what `extra` builds beside the controls. `full` shows frames in all their pixels."""
        self._client = ui.context.client
        self._full = full
        self._look = Look()
        self._shown: tuple[Shot, Product] | None = None
        with ui.element("div").classes("viewer"):
            self._stage = on_act(fragment("stage"), self._act)
            with ui.element("div").classes("controls"):
                self._controls = on_act(fragment("choices"), self._act)
                _heat_slider(self._stage)
                if extra:
                    extra()
        self.wait("")

    async def show(self, shot: Shot, product: Product) -> None:
        """Draw a shot once its pictures have come to the browser, so that nothing flickers."""
        self._shown = (shot, product)
        view = stage_of(shot, product, self._look, full=self._full)
        await loaded(self._client, view.hrefs)
        if self._shown == (shot, product):  # another may have come meanwhile
            self._stage.content = fragments.stage(view)
            self._controls.content = fragments.controls(self._look, product, view)

    def wait(self, text: str) -> None:
        """Show no strip but a word of what is waited for."""
        self._shown = None
        self._stage.content = fragments.stage(None, text)
        self._controls.content = ""

    async def _act(self, act: str) -> None:
        self._look = self._look.after(act)
        if self._shown:
            await self.show(*self._shown)


def _heat_slider(stage: ui.html) -> None:
    def strengthen(percent: float) -> None:
        stage.style(f"--heat: {percent / 100:.2f}")

    with ui.element("div").classes("heat"):
        ui.html("<h2>Heatmap</h2>", sanitize=False)
        slider = ui.slider(min=0, max=100, step=5, value=_STRENGTH, on_change=lambda event: strengthen(event.value))
        slider.props('aria-label="Strength of the heatmap"')
    strengthen(_STRENGTH)
    fragment("scale").content = fragments.legend()
