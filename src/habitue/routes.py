"""Every route, by what it takes to be allowed it (`team.rights.Act`): this page is the whole way in.

`reading` routes need the working copy and say so while it can't be read; `standing` ones answer whatever
becomes of it. The command line's door is one of them, where there is a token for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Final, TypeAlias

from litestar import Router
from litestar.handlers import BaseRouteHandler

from habitue.api import (
    alerts,
    broadcasts,
    channels,
    commands,
    consents,
    customers,
    duplicates,
    errands,
    imports,
    incoming,
    joining,
    meter,
    notes,
    profile,
    results,
    rights,
    sales,
    segment,
    stages,
    strict,
    travelling,
    views,
)
from habitue.team.rights import Act
from habitue.web import pages, snippet
from habitue.web.gate import ACT
from habitue.web.still import STATIC

SMALL: Final = 16 << 10
"""The most bytes that somebody may send of whom nobody knows who they are."""

Routes: TypeAlias = dict[Act, list[BaseRouteHandler]]

PAGES: Final[Routes] = {
    Act.FIGURES: [
        pages.windows.show,  # /welcome/stages
        pages.overview.show,  # /
        pages.sales.show,  # /overview/sales
        pages.figures.table,  # /overview.csv
        pages.stages.index,  # /stages
        pages.stages.show,  # /stages/{model}
        pages.stage.show,  # /stages/{model}/{stage}
        pages.draft.begin,  # /stages/{model}/draft
        pages.draft.show,  # /stages/{model}/draft/{number}
        pages.draft.progress,  # /stages/{model}/draft/{number}/progress
        pages.draft.figures,  # /stages/{model}/draft/{number}/figures.csv
        pages.segments.index,  # /segments
        pages.journeys.index,  # /journeys
        pages.journeys.show,  # /journeys/{name}
        pages.journeys.export,  # /journeys/{name}/export
        pages.journeys.replayed,  # /journeys/{name}/replay
        pages.results.show,  # /journeys/{name}/results
        pages.campaigns.index,  # /campaigns
        pages.campaign.show,  # /campaigns/{name}
        pages.templates.index,  # /templates
        pages.coupons.index,  # /coupons
        pages.alerts.index,  # /alerts
        pages.alerts.show,  # /alerts/{name}
    ],
    Act.ALERTS: [
        pages.watch.new,  # /alerts/new
        pages.watch.create,
        pages.watch.edit,  # /alerts/{name}/edit
        pages.watch.save,
        pages.watch.preview,  # /alerts/-/preview
        pages.alerts.steer,  # /alerts/{name}
        pages.alerts.snooze,  # /alerts/-/incidents/{number}
    ],
    Act.STAGES: [
        pages.draft.change,  # /stages/{model}/draft
        pages.windows.keep,  # /welcome/stages
        pages.stage.put,  # /stages/{model}/{stage}
    ],
    Act.PEOPLE: [
        pages.customers.index,  # /customers
        pages.customer.show,  # /customers/{person}
        pages.customer.history,  # /customers/{person}/timeline
        pages.customer.why,  # /customers/{person}/why
        pages.mass.ask,  # /customers/act
        pages.draft.people,  # /stages/{model}/draft/{number}/people
        pages.draft.person,  # /stages/{model}/draft/{number}/people/{person}
        pages.agent.show,  # /agent
        pages.notes.index,  # /tasks
        pages.outgoing.index,  # /lists/outgoing
        pages.results.people,  # /journeys/{name}/results/customers
        pages.segment.show,  # /segments/{name}
        pages.segment.beside,  # /segments/{name}/beside
        pages.segment.people,  # /segments/{name}/customers
        pages.segment.why,  # /segments/{name}/why
        pages.builder.why,  # /segments/-/why
        pages.campaign.people,  # /campaigns/{name}/people
        pages.templates.show,  # /templates/{slug}
        pages.templates.draft,  # /templates/-/draft
        pages.templates.preview,  # /templates/-/preview/{secret}
    ],
    Act.MESSAGES: [
        pages.beginning.begin,  # /journeys/new
        pages.journeys.steer,  # /journeys/{name}
        pages.route.show,  # /journeys/{name}/edit
        pages.route.change,
        pages.campaigns.begin,  # /campaigns/new
        pages.campaign.steer,  # /campaigns/{name}
        pages.composing.show,  # /campaigns/{name}/edit
        pages.composing.change,
        pages.composing.funnel,  # /campaigns/{name}/funnel
        pages.templates.new,  # /templates/new
        pages.templates.create,
        pages.templates.save,  # /templates/{slug}
        pages.templates.settle,  # /templates/-/brand
        pages.templates.test,  # /templates/-/test
        pages.coupons.change,  # /coupons
    ],
    Act.EXPORT: [
        pages.customers.table,  # /customers.csv
        pages.customers.twin,  # /customers.json
        pages.exports.index,  # /exports
        pages.outgoing.table,  # /lists/outgoing.csv
        pages.outgoing.pile,  # /lists/outgoing/letters.pdf
        pages.exports.fetch,  # /exports/{number}
        pages.mass.export,  # /customers/act/export
        pages.draft.listed,  # /stages/{model}/draft/{number}/people.csv
        pages.segment.table,  # /segments/{name}/customers.csv
    ],
    Act.OWN: [
        pages.palette.show,  # /palette
        pages.styleguide.show,  # /styleguide
    ],
    Act.SEGMENTS: [
        pages.builder.new,  # /segments/new
        pages.builder.create,
        pages.builder.edit,  # /segments/{name}/edit
        pages.builder.save,
        pages.builder.saving,  # /segments/-/saving/{token}
        pages.builder.draft,  # /segments/-/draft
        pages.builder.count,  # /segments/-/count
        pages.builder.names,  # /segments/-/names
        pages.views.keep,  # /customers/views
        pages.views.drop,
        pages.mass.trait,  # /customers/act/trait
        pages.segment.restore,  # /segments/{name}/restore
        pages.segment.remove,  # /segments/{name}/remove
    ],
    Act.NOTE: [
        pages.notes.write,  # /customers/{person}/notes
        pages.outgoing.settle,  # /lists/outgoing
        pages.notes.change,  # /notes/{note}
        pages.mass.note,  # /customers/act/note
        pages.mass.unnote,  # /customers/act/unnote
    ],
    Act.CONSENT: [
        pages.mass.consent,  # /customers/act/consent
        pages.mass.suppress,  # /customers/act/suppress
    ],
    Act.JOIN: [
        pages.customer.split,  # /customers/{person}/split
        pages.customer.merge,  # /customers/{person}/merge
        pages.duplicates.show,  # /data/duplicates
        pages.duplicates.decide,
    ],
    Act.DATA: [
        pages.data.show,  # /data
        pages.sources.add,  # /data/sources
        pages.sources.rotate,  # /data/sources/{source}/rotate
        pages.sources.end,  # /data/sources/{source}/end
        pages.welcome.show,  # /welcome
        pages.welcome.begin,  # /welcome/source
        pages.welcome.arrived,  # /welcome/arrived
        pages.welcome.skip,  # /welcome/skip
        pages.importing.show,  # /data/import
        pages.upload.receive,
        pages.importing.read,  # /data/import/{upload}
        pages.importing.check,  # /data/import/{upload}/check
        pages.importing.load,  # /data/import/{upload}/load
        pages.importing.drop,  # /data/import/{upload}/drop
        pages.importing.follow,  # /data/import/{upload}/run
        pages.importing.tried,  # /data/import/{upload}/rejected.csv
        pages.importing.rejected,  # /data/rejected/{table}
        pages.undo.show,  # /data/imports/{number}
        pages.undo.undo,  # /data/imports/{number}/undo
        pages.catalogue.show,  # /data/catalogue
        pages.profiles.show,  # /settings/profiles
        pages.profiles.settle,
    ],
    Act.PRIVACY: [
        pages.customer.erase,  # /customers/{person}/erase
        pages.privacy.show,  # /settings/privacy
        pages.privacy.change,
        pages.privacy.run,  # /settings/privacy/run
    ],
}
STANDING_PAGES: Final[Routes] = {
    Act.OPEN: [
        pages.entry.show,  # /sign-in
        pages.entry.sign_in,
        pages.entry.link,  # /sign-in/{secret}
        pages.entry.by_link,
        pages.entry.leave,  # /sign-out
        pages.provider.begin,  # /oidc
        pages.provider.finish,  # /oidc/return
        pages.arrival.invited,  # /join/{secret}
        pages.arrival.join,
        pages.arrival.lost,  # /reset/{secret}
        pages.arrival.reset,
        pages.look.choose,  # /look
        pages.letters.unsubscribing,  # /u/{secret}
        pages.letters.unsubscribe,
        pages.letters.preferences,  # /p/{secret}
        pages.letters.prefer,
        pages.letters.view,  # /v/{secret}
        pages.letters.click,  # /c/{secret}
        pages.letters.opened,  # /o/{secret}
        pages.letters.answering,  # /s/{secret}
        pages.letters.answer,
        pages.hooks.hear,  # /hooks/{kind}/{secret}
        snippet.show,  # /habitue.js
        snippet.push,  # /habitue-push.js
        snippet.inapp,  # /habitue-inapp.js
        snippet.worker,  # /habitue-worker.js
        snippet.key,  # /push.json
        meter.show,  # /metrics
    ],
    Act.OWN: [
        pages.me.show,  # /me
        pages.me.change,
    ],
    Act.TEAM: [
        pages.team.show,  # /team
        pages.team.change,
    ],
    Act.AUDIT: [
        pages.acts.show,  # /acts
        pages.acts.table,  # /acts.csv
    ],
    Act.FIGURES: [
        pages.api.show,  # /api
    ],
    Act.SETTINGS: [
        pages.settings.show,  # /settings
        pages.settings.change,
        pages.alerts.hook,  # /alerts/-/hooks
        pages.posting.show,  # /settings/sending
        pages.posting.change,
        pages.repute.show,  # /settings/deliverability
        pages.repute.change,
    ],
    Act.DATA: [
        pages.health.show,  # /settings/health
        pages.health.findings,  # /settings/health/findings
        pages.calls.show,  # /data/events
        pages.calls.refused,  # /data/refused
        pages.calls.decide,
    ],
}
API: Final[Routes] = {
    Act.FIGURES: [
        stages.models,  # /models
        stages.overview,  # /overview
        stages.stages,  # /stages
        stages.flow,  # /flow
        stages.monthly,  # /monthly
        stages.stay,  # /stay
        sales.sales,  # /sales
        results.results,  # /journeys/{journey}/results
        travelling.index,  # /journeys
        profile.traits,  # /traits
        incoming.catalogue,  # /catalogue
        segment.show,  # /segment
        alerts.index,  # /alerts
        alerts.history,  # /alerts/{alert}/incidents
        broadcasts.index,  # /broadcasts
        broadcasts.show,  # /broadcasts/{name}
        broadcasts.funnel,  # /broadcasts/{name}/funnel
    ],
    Act.MESSAGES: [
        broadcasts.save,  # /broadcasts
        broadcasts.steer,  # /broadcasts/{name}
        broadcasts.drop,
        travelling.enter,  # /journeys/{journey}/enter
        travelling.leave,  # /journeys/{journey}/leave
    ],
    Act.PEOPLE: [
        profile.show,  # /customers/{key}
        profile.firm,  # /accounts/{account}
        customers.events,  # /customers/{key}/events
        notes.index,  # /customers/{key}/notes
        notes.tasks,  # /tasks
        errands.index,  # /errands
        customers.explain,  # /explain
        consents.index,  # /customers/{key}/consents
        joining.index,  # /customers/{key}/identities
        duplicates.index,  # /duplicates
        views.index,  # /views
        travelling.runs,  # /journeys/{journey}/runs
    ],
    Act.EXPORT: [
        customers.index,  # /customers
        segment.history,  # /segment/history
    ],
    Act.NOTE: [
        notes.write,  # /customers/{key}/notes
        errands.settle,  # /errands/{message}
    ],
    Act.SEGMENTS: [
        views.keep,  # /views
        views.drop,  # /views/{view}
    ],
    Act.ALERTS: [
        alerts.snooze,  # /alerts/{alert}/snooze
    ],
    Act.CONSENT: [
        consents.record,  # /customers/{key}/consents
        consents.suppressed,  # /suppressions
        consents.suppress,
    ],
    Act.JOIN: [
        joining.merge,  # /customers/{key}/merge
        joining.split,  # /customers/{key}/split
        duplicates.search,  # /duplicates/search
        duplicates.merge,  # /duplicates/{pair}/merge
        duplicates.dismiss,
        duplicates.undo,
    ],
    Act.DATA: [
        profile.settle,  # /traits
        imports.index,  # /imports
        imports.effect,  # /imports/{number}/undo
        imports.undo,
    ],
    Act.PRIVACY: [
        rights.export,  # /customers/{key}/export
        rights.export_page,  # /customers/{key}/export.html
        rights.export_files,  # /customers/{key}/export.zip
        rights.erasures,  # /privacy/erasures
        rights.erase,
    ],
}
STANDING_API: Final[Routes] = {
    Act.OPEN: [
        stages.health,  # /health
    ],
    Act.DATA: [
        incoming.calls,  # /calls
    ],
    Act.CHANNELS: [
        channels.index,  # /channels
        channels.spending,  # /spending
        channels.arriving,  # /deliverability
    ],
}


class _Own(Router):  # made anew for each application: no need to copy it to the depths to register it
    def __deepcopy__(self, _: dict[int, Any]) -> _Own:
        return self


def routers(reading: Mapping[str, Any], commanded: bool) -> list[Router]:
    """Them all; `reading` are the dependencies of those that need the working copy.

    Only where it is `commanded` is there a door for the command line.
    """
    doors: Routes = {Act.COMMAND: [commands.take]} if commanded else {}
    way_in, standing = {Act.OPEN: STANDING_PAGES[Act.OPEN]}, dict(STANDING_PAGES)
    del standing[Act.OPEN]
    return [
        _Own("/", route_handlers=_told(PAGES), dependencies=dict(reading), include_in_schema=False),
        _Own("/", route_handlers=_told(standing), include_in_schema=False),
        _Own("/", route_handlers=_told(way_in), include_in_schema=False, request_max_body_size=SMALL),
        _Own("/api/v1", route_handlers=_told(API), dependencies=dict(reading), before_request=strict.known),
        _Own("/api/v1", route_handlers=_told(STANDING_API | doors), before_request=strict.known),
        STATIC,
    ]


def _told(routes: Routes) -> list[BaseRouteHandler]:
    """The handlers, each of which knows what it takes."""
    return [_knowing(one, act) for act, some in routes.items() for one in some]


def _knowing(handler: BaseRouteHandler, act: Act) -> BaseRouteHandler:
    made = copy(handler)
    made.opt = {**handler.opt, ACT: act}
    return made
