"""The server: one application over one workspace, and the socket that it answers on."""

from __future__ import annotations

import errno
import gc
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import cache
from ipaddress import ip_address
from threading import Thread
from typing import Annotated, Any, Final

import uvicorn
from litestar import Litestar, MediaType, Request, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.events import SimpleEventEmitter
from litestar.exceptions import HTTPException, NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import QueryParameter

import habitue
from habitue.api import failure as answer
from habitue.api.door import Door
from habitue.api.hops import Hops, proxies
from habitue.api.meter import Meter
from habitue.api.wire import Wire
from habitue.api.wording import Document
from habitue.app import Shop, lists
from habitue.app.comparison import Comparison
from habitue.app.loads import Loads
from habitue.app.previews import Previews
from habitue.app.rhythms import Rhythms
from habitue.app.trials import Trials
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import Versus, day_of, month_of
from habitue.routes import routers
from habitue.stages.choice import Question
from habitue.stages.overview import Key, Overviews, Pair
from habitue.store.failure import StoreDown
from habitue.team.rights import Act
from habitue.web import pages
from habitue.web.frame import wished
from habitue.web.gate import ACT, Gate
from habitue.web.guard import Guard, hosted, seal
from habitue.web.head import headed
from habitue.web.page import reader

_TRIES: Final = 20
_FILES: Final = 16_384
TURN: Final = 0.0005
"""Seconds after which a thread that waits to run Python is let in: while requests pour in, the one that loads
them waits so long after each thing that it has the stores do. Ten times that is usual."""
_LAST: Final = "Something went wrong, and no page could say what. The server's log tells more."

log = logging.getLogger(__name__)


def create(
    shop: Shop,
    hosts: frozenset[str] = frozenset(),
    token: str | None = None,
    mend: Callable[[], None] = lambda: None,
    counts: Meter | None = None,
) -> Litestar:
    """The application over one workspace; it answers under loopback names and `hosts`.

    With a `token` it also takes the command line's commands from whoever knows it. `mend` is called when a
    store is found down; `counts` are those of the door before it.
    """
    overviews = Overviews(shop.warehouse, lambda: shop.settings.timezone, lambda: shop.generation)
    made = copy(_application(commanded=bool(token)))
    made.state = State(
        {
            "shop": shop,
            "hosts": hosts | shop.hosts,
            "token": token,
            "mend": mend,
            "overviews": overviews,
            "meter": counts or Meter(),
            "comparison": Comparison(shop),
            "trials": Trials(shop),
            "loads": Loads(shop),
            "rhythms": Rhythms(shop),
            "previews": Previews(shop),
        }
    )
    made.event_emitter = SimpleEventEmitter(())
    made.asgi_router = copy(made.asgi_router)
    made.asgi_router.app = made  # whose beginning and end it is told of
    return made


_KEPT: Final = ("shop", "overviews", "meter", "comparison", "trials", "loads", "rhythms", "previews")
"""What stands in the `state` of a workspace's application, and a handler may ask for by name."""


@cache
def _application(*, commanded: bool) -> Litestar:
    """The application over no workspace yet: working through the routes takes longer than all the rest."""
    made = Litestar(
        routers({"shop": Provide(_readable, sync_to_thread=True)}, commanded),
        dependencies={
            **{name: _kept(name) for name in _KEPT},
            "question": Provide(_question, sync_to_thread=False),
            "wish": Provide(wished, sync_to_thread=False),
        },
        middleware=[Guard(), Gate()],
        before_send=[seal],
        exception_handlers={HTTPException: _failed, Exception: _failed},
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6),
        openapi_config=OpenAPIConfig(
            "Habitué",
            habitue.__version__,
            path="/api/v1",
            openapi_router=_document(),
            render_plugins=[Document()],
            components=Components(security_schemes={"token": SecurityScheme("http", scheme="bearer")}),
            use_handler_docstrings=True,
        ),
        logging_config=None,
    )
    made.asgi_handler = headed(hosted(made.asgi_handler))
    return made


def _kept(name: str) -> Provide:
    def held(request: Request[Any, Any, State]) -> Any:
        return request.app.state[name]

    return Provide(held, sync_to_thread=False)


def _readable(request: Request[Any, Any, State]) -> Shop:
    shop: Shop = request.app.state.shop
    shop.ready()
    return shop


_From = Annotated[
    tuple[str, ...],
    QueryParameter(
        name="from",
        description="Those who were in one of these stages at `against` (none: in no stage yet).",
    ),
]
_To = Annotated[
    tuple[str, ...], QueryParameter(name="to", description="Those in one of these stages, after `from`.")
]
_At = Annotated[
    str | None,
    QueryParameter(
        name="at", description="A month or `..2026-04-17` (its end), a date or an instant; now if not said."
    ),
]
_Against = Annotated[
    str | None,
    QueryParameter(
        name="against",
        description="For `from`, written as `at` is; the end of the month before if not said.",
    ),
]
_Ever = Annotated[str | None, QueryParameter(name="ever", description="Those who have been in this stage.")]
_Search = Annotated[
    str,
    QueryParameter(
        name="search",
        max_length=200,
        description="Words, or their beginnings, of the name, e-mail, phone, order number or key.",
    ),
]
_Segment = Annotated[
    str | None,
    QueryParameter(name="segment", max_length=100, description="Those in this saved segment."),
]
_Rule = Annotated[
    str | None,
    QueryParameter(name="rule", max_length=10_000, description="Those for whom this rule holds."),
]
_Becomes = Annotated[
    str | None,
    QueryParameter(name="becomes", description="Those whose next stage is this one if nothing happens."),
]
_Until = Annotated[
    str | None,
    QueryParameter(name="until", description="The date for `becomes`; 30 days on if not said."),
]
_Bought = Annotated[
    str | None,
    QueryParameter(
        name="bought", description="Those who ordered in this period: 2026-11, 2026-11-03..2026-11-17."
    ),
]
_Again = Annotated[
    bool,
    QueryParameter(name="again", description="Of `bought`, those not ordering for the first time."),
]


def _question(
    stage: Annotated[
        tuple[str, ...], QueryParameter(name="stage", description="Those in one of these stages.")
    ] = (),
    source: _From = (),
    target: _To = (),
    at: _At = None,
    against: _Against = None,
    ever: _Ever = None,
    search: _Search = "",
    segment: _Segment = None,
    rule: _Rule = None,
    becomes: _Becomes = None,
    until: _Until = None,
    bought: _Bought = None,
    again: _Again = False,
    short: Annotated[str, QueryParameter(name="q", max_length=200, description="The same as `search`.")] = "",
) -> Question:
    """Which people a list holds, from the parameters of its address; what is empty was not asked."""
    stages, sources, targets = (tuple(one for one in some if one) for some in (stage, source, target))
    times = at or None, against or None
    return Question(
        stages,
        sources,
        targets,
        *times,
        ever or None,
        search or short,
        segment or None,
        rule or None,
        becomes or None,
        until or None,
        bought or None,
        again,
    )


def _document() -> Router:
    """Where the API's document stands."""
    return Router(
        "/api/v1",
        route_handlers=[],
        include_in_schema=False,
        dto=None,
        return_dto=None,
        after_request=_nowhere,
        opt={ACT: Act.OPEN},
    )


def _nowhere(response: Response[Any]) -> Response[Any]:
    """The document's router has a page of its own, in HTML, for addresses that are not there."""
    if response.status_code == 404:
        raise NotFoundException
    return response


def _failed(request: Request[Any, Any, State], error: Exception) -> Response[Any]:
    """Every failure is answered in the shape of the face that was asked."""
    shop: Shop = request.app.state.shop
    if isinstance(error, StoreDown):
        request.app.state.mend()
    try:
        if request.scope["path"].startswith("/api/"):
            return answer.show(request, reader(request, shop).say, error)
        return pages.failure.show(request, shop, error)
    except Exception:  # telling it may fail as well, such as a page that needs the store that is down
        log.exception("the failure of %s could not be told", request.scope["path"])
        return Response(_LAST, media_type=MediaType.TEXT, status_code=500)


def serve(
    shop: Shop,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    ready: Callable[[str], None] | None = None,
    arrived: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted, on the first free port from `port` on; `ready` is told the address, and
    `arrived` whenever events have come in.

    Raises `UserError` where the host is not this machine's, no port is free or the settings are wrong.
    """
    named = proxies(shop.configured)
    waiting = listening(host, port)
    app = create(shop, frozenset({host}), token, arrived)
    url = f"http://{f'[{host}]' if ':' in host else host}:{waiting.getsockname()[1]}/"
    Thread(target=_look_ahead, args=(shop, app.state.overviews), daemon=True).start()
    door = Door(app, shop, clock.now, meter=app.state.meter, arrived=arrived)
    faced = Hops(door, named)
    config = uvicorn.Config(faced, http=Wire, log_level="warning", server_header=False, proxy_headers=False)
    _open_files()
    gc.freeze()  # what is there by now stays: looking through it for garbage again and again takes a tenth
    patience = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        _Told(config, lambda: ready(url) if ready else None).run(sockets=[waiting])
    finally:
        sys.setswitchinterval(patience)
        gc.unfreeze()
        door.close()


class _Told(uvicorn.Server):
    """Says that it is ready once it is: from then on Ctrl-C ends it in order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _open_files() -> None:
    """Allow as many connections as the system lets us: its first limit is often 1,024 or less."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  not on every system

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = most if 0 < most < _FILES else _FILES
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _look_ahead(shop: Shop, overviews: Overviews) -> None:
    """Read the first page's overview, what is at stake and the segments' sizes before anybody asks: of a
    large shop it takes seconds.
    """
    with suppress(UserError):  # a store that is down is told to whoever asks
        model, now = shop.models()[0], clock.now()
        this = month_of(day_of(now, shop.settings.timezone))
        versus = Versus(this, this.ago())
        overviews.get(Pair(Key(model.version, len(model.stages)), versus), now)
        overviews.stakes(model.version, model.subject, now)
        overviews.sales(Pair(Key(0, 0), versus), model.subject, now, 60.0)
        shop.listed_segments(now)
        lists.warm(shop, model, now)


def loopback(host: str) -> bool:
    """Whether nobody but this machine itself can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections on the first free port; raises `UserError`."""
    if not host.strip():  # which would be every address there is
        raise UserError(N_("The address to answer on is empty. Give --host one, such as 127.0.0.1."))
    for wish in range(port, port + _TRIES):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Named as TCP, asyncio sends at once; else the second part of an answer waits 40 ms (Nagle).
        one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, wish))
            one.listen()
        except OSError as error:
            one.close()
            if error.errno != errno.EADDRINUSE:
                raise UserError(_REFUSED, host=host, port=wish, reason=error.strerror) from error
        else:
            return one
    raise UserError(_BUSY, first=port, last=port + _TRIES - 1)


_REFUSED: Final = N_("{host}:{port} can't be used: {reason}. Choose another with --host and --port.")
_BUSY: Final = N_("The ports {first} to {last} are all in use. Choose another with --port.")
