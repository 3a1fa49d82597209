"""The few widgets that pages are made of."""

import json
from collections.abc import Awaitable, Callable, Sequence

from nicegui import Client, events, ui

_STALLED_S = 30.0
# Resolves when every picture is there and decoded, or cannot be; then they are kept, to be drawn at once.
_LOAD = """
return Promise.all({hrefs}.map((href) => {{
  const picture = new Image();
  picture.src = href;
  return picture.decode().then(() => picture, () => null);
}})).then((pictures) => {{ window.lastPictures = pictures; return true; }});
"""


def fragment(name: str) -> ui.html:
    """Return an element for a piece of HTML of ours, in which all text is escaped."""
    return ui.html("", sanitize=False).classes(name)


def on_act(element: ui.html, act: Callable[[str], Awaitable[None]]) -> ui.html:
    """Call `act` with the word in the attribute data-act of what is touched in `element`."""

    async def touched(event: events.GenericEventArguments) -> None:
        await act(str(event.args))

    return element.on(
        "click",
        touched,
        js_handler="""(event) => {
            const at = event.target.closest('[data-act]');
            if (at) emit(at.dataset.act);
        }""",
    )


async def loaded(client: Client, hrefs: Sequence[str]) -> None:
    """Return once the browser has these pictures, and with them all that it was sent before.

    A browser that stalls is sent nothing meanwhile: it gets the latest when it goes on.
    """
    try:
        await client.run_javascript(_LOAD.format(hrefs=json.dumps(hrefs)), timeout=_STALLED_S)
    except TimeoutError:
        return
