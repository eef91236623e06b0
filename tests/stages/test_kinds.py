"""The six presets: named as their sources name them, and true to what those say of a customer's life."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, get_args

import pytest

from habitue.kernel.clock import DAY
from habitue.rules import judge
from habitue.stages.kind import CANONICAL, COLOURS, Canonical, Choice, Kind, Words, kinds
from habitue.stages.models import Model, Scope, faults
from tests.stages.lives import life, stages

BUY, SHIP, VIEW, CART = "Order Completed", "Order Fulfilled", "Product Viewed", "Product Added"


def preset(name: str, **settings: Any) -> Model:
    return Model(name, kinds()[name], settings)


# --- as data --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "french"),
    [
        (
            "cx6",
            "Sensibilisation, Engagement, Évaluation, Achat, "
            "Expérience du produit et de l’assistance, Attachement / plaidoyer",
        ),
        ("chabry6", "Suspect, Prospect, Nouveau client, Client actif, Client dormant, Client perdu"),
        ("klaviyo5", "Découverte, Réflexion, Conversion, Traitement, Fidélisation"),
        ("aarrl5", "Acquisition, Activation, Rétention, Réactivation, Perte"),
        ("b2c5", "Prise de conscience, Intérêt, Achat, Rétention, Loyauté et ambassadeur de marque"),
        (
            "b2b5",
            "Prise de conscience, Intérêt et évaluation, Négociation et achat, "
            "Rétention et gestion de compte, Loyauté et partenariat",
        ),
    ],
)
def test_a_preset_shows_the_stages_of_its_source(name: str, french: str) -> None:
    model = preset(name)
    assert ", ".join(model.stages[value].name.said("fr") for value in model.shown) == french


def test_there_are_six_and_only_companies_are_accounts() -> None:
    assert {name: kind.subject for name, kind in kinds().items()} == {
        **dict.fromkeys(("aarrl5", "b2c5", "chabry6", "cx6", "klaviyo5"), "person"),
        "b2b5": "account",
    }


@pytest.mark.parametrize("name", sorted(kinds()))
def test_a_preset_is_sound_with_every_option_and_limit(name: str) -> None:
    kind = kinds()[name]
    assert faults(Model(name, kind)) == []
    for key, parameter in kind.parameters.items():
        if isinstance(parameter, Choice):
            assert [faults(Model(name, kind, {key: option})) for option in parameter.options] == [[]] * len(
                parameter.options
            )
    lowest = {key: one.min for key, one in kind.parameters.items() if not isinstance(one, Choice)}
    assert faults(Model(name, kind, lowest)) == []
    scoped = Model(name, kind, scope=Scope('props.category == "services"'))
    assert faults(scoped) == []


@pytest.mark.parametrize("name", sorted(kinds()))
def test_stages_of_a_preset_differ_in_colour_and_in_what_they_count_as(name: str) -> None:
    stages = kinds()[name].stages
    assert len({stage.canonical for stage in stages}) == len({stage.shade for stage in stages}) == len(stages)


def test_every_canonical_stage_has_a_name_and_a_colour() -> None:
    assert set(get_args(Canonical)) == set(CANONICAL) == set(COLOURS)


@pytest.mark.parametrize("name", sorted(kinds()))
def test_texts_are_set_like_print_in_both_languages(name: str) -> None:
    for words in _words(kinds()[name]):
        assert words.en.strip() == words.en != ""
        assert words.fr.strip() == words.fr != ""
        assert not re.search(r" [;:?!»]|« |['\"]", words.fr), words.fr
        assert not re.search(r"['\"]", words.en), words.en


def _words(kind: Kind) -> list[Words]:
    parts = [kind, *kind.stages, *kind.badges, *kind.parameters.values()]
    options = [
        option
        for one in kind.parameters.values()
        if isinstance(one, Choice)
        for option in one.options.values()
    ]
    texts = [
        getattr(part, field)
        for part in parts
        for field in ("name", "description", "advice", "help")
        if hasattr(part, field)
    ]
    return [*texts, *(option.name for option in options)]


# --- as lives -------------------------------------------------------------------------------------


def test_chabry_goes_from_suspect_to_lost_and_back() -> None:
    who = life((0, "Page Viewed"), (1, VIEW), (10, BUY), (50, BUY), (500, BUY))
    days = (0, 1, 10, 39.9, 40, 50, 139.9, 140, 414.9, 415, 500)
    assert stages(preset("chabry6"), who, *days) == [
        "suspect", "prospect", "new", "new", "active", "active", "active", "dormant", "dormant",
        "lost", "active",
    ]  # fmt: skip


def test_chabry_counts_whoever_can_be_reached_as_a_prospect() -> None:
    assert stages(preset("chabry6"), life(traits={"email": "a@b.fr"}), 1) == ["prospect"]


def test_a_second_order_ends_being_new() -> None:
    assert stages(preset("chabry6"), life((0, BUY), (3, BUY)), 2, 3) == ["new", "active"]


@pytest.mark.parametrize("goodbye", ["Account Closed", "Subscription Cancelled", "Contract Terminated"])
def test_saying_goodbye_is_a_loss_at_once_until_the_next_order(goodbye: str) -> None:
    who = life((0, BUY), (5, goodbye), (20, BUY))
    assert stages(preset("chabry6"), who, 4, 5, 19.9, 20) == ["new", "lost", "lost", "active"]
    assert stages(preset("chabry6"), life((0, VIEW), (5, goodbye)), 5) == ["lost"]


def test_an_adaptive_rhythm_follows_each_customer_from_the_third_order_on() -> None:
    model = preset("chabry6", rhythm="adaptive", factor=3.0)
    assert stages(model, life((0, BUY), (10, BUY), (20, BUY)), 49.9, 50) == ["active", "dormant"]
    assert stages(model, life((0, BUY), (10, BUY)), 50, 99.9, 100) == ["active", "active", "dormant"]


def test_loyal_and_qualified_are_badges_beside_the_stage() -> None:
    model = preset("chabry6")
    regular = life(*((40.0 * n, BUY) for n in range(12)))
    judged = [judge.judge(model.badge("loyal"), regular, day * DAY, judge.Book()) for day in (300, 445, 521)]
    assert judged == [False, True, False]
    cart = life((0, CART), (200, BUY))
    assert [judge.judge(model.badge("qualified"), cart, day * DAY, judge.Book()) for day in (1, 91)] == [
        True,
        False,
    ]


def test_customer_experience_evaluates_before_and_purchases_with_the_first_order() -> None:
    nps = {"kind": "nps", "score": 9}
    who = life((0, "Page Viewed"), (1, VIEW), (2, CART), (3, BUY), (40, "Survey Answered", nps),
               (50, "Survey Answered", {**nps, "score": 6}))  # fmt: skip
    assert stages(preset("cx6"), who, 0, 1, 2, 3, 33, 40, 50, 733) == [
        "awareness", "engagement", "evaluation", "purchase", "experience", "advocacy", "experience",
        "awareness",
    ]  # fmt: skip


def test_another_kind_of_survey_makes_no_promoter() -> None:
    csat = (40, "Survey Answered", {"kind": "csat", "score": 9})
    assert stages(preset("cx6"), life((3, BUY), csat), 41) == ["experience"]


def test_an_online_shop_loops_back_from_loyalty() -> None:
    who = life((0, VIEW), (1, BUY), (4, SHIP), (100, BUY), (600, VIEW))
    assert stages(preset("klaviyo5"), who, 0, 1, 4, 61, 100, 366, 465, 600, 630) == [
        "consideration", "conversion", "fulfilment", "consideration", "loyalty", "consideration",
        "discovery", "consideration", "discovery",
    ]  # fmt: skip


def test_an_order_that_nobody_reports_as_fulfilled_is_in_conversion_for_its_time() -> None:
    assert stages(preset("klaviyo5"), life((0, BUY)), 13.9, 14, 60) == [
        "conversion",
        "fulfilment",
        "consideration",
    ]


def test_loyalty_ends_a_life_in_the_online_shop_and_loss_elsewhere() -> None:
    terminal = {name: [stage.id for stage in kind.stages if stage.terminal] for name, kind in kinds().items()}
    assert {name: ids for name, ids in terminal.items() if ids} == {
        "klaviyo5": ["loyalty"], "chabry6": ["lost"], "aarrl5": ["loss"],
    }  # fmt: skip


def test_who_comes_back_from_a_loss_is_reactivated_for_a_while() -> None:
    who = life((0, "Page Viewed"), (1, BUY), (10, BUY), (300, BUY), (350, BUY))
    assert stages(preset("aarrl5"), who, 0, 1, 10, 189.9, 190, 300, 359.9, 360, 530) == [
        "acquisition", "activation", "retention", "retention", "loss",
        "reactivation", "reactivation", "retention", "loss",
    ]  # fmt: skip


def test_who_never_left_is_not_reactivated() -> None:
    who = life(*((100.0 * n, BUY) for n in range(5)))
    assert (
        stages(preset("aarrl5"), who, 0, 29, 30, 59, 60, 100, 250, 401)
        == ["activation"] * 2 + ["retention"] * 6
    )


def test_coming_back_after_a_goodbye_reactivates_too() -> None:
    who = life((0, BUY), (70, "Subscription Cancelled"), (100, "Subscription Started"))
    assert stages(preset("aarrl5"), who, 69, 70, 99, 100, 160) == [
        "retention",
        "loss",
        "loss",
        "reactivation",
        "retention",
    ]


def test_consumers_go_from_awareness_to_ambassador() -> None:
    who = life((0, "Page Viewed"), (1, VIEW), (5, BUY), (50, "Product Reviewed"), (1000, BUY))
    assert stages(preset("b2c5"), who, 0, 1, 5, 35, 50, 415, 735, 1000) == [
        "awareness", "consideration", "purchase", "retention", "loyalty", "retention", "awareness",
        "purchase",
    ]  # fmt: skip


def test_a_company_is_read_from_its_people_deals_and_contracts() -> None:
    reader = life((2, "Demo Requested"))
    company = life((20, "Deal Created"), (30, "Deal Stage Changed", {"stage": "negotiation"}),
                   (50, "Deal Won"), (51, "Contract Signed"), (400, "Contract Renewed"),
                   (500, "Initiative Started"), (700, "Contract Terminated"), members=[reader])  # fmt: skip
    assert stages(preset("b2b5"), company, 0, 2, 20, 30, 50, 51, 400, 500, 700) == [
        "awareness", "evaluation", "evaluation", "negotiation", "evaluation", "retention", "retention",
        "partnership", "awareness",
    ]  # fmt: skip


def test_a_lost_deal_ends_negotiation() -> None:
    company = life((0, "Deal Created"), (1, "Deal Stage Changed", {"stage": "proposal"}), (9, "Deal Lost"))
    assert stages(preset("b2b5"), company, 0, 1, 9) == ["evaluation", "negotiation", "awareness"]


def test_one_customer_is_active_in_services_and_lost_in_equipment() -> None:
    who = life(
        (0, BUY, {"category": "equipment"}), *((300.0 + n, BUY, {"category": "services"}) for n in (0, 100))
    )
    at = {
        category: stages(
            Model(category, kinds()["chabry6"], {}, Scope(f'props.category == "{category}"')), who, 420
        )
        for category in ("services", "equipment", "training")
    }
    assert at == {"services": ["active"], "equipment": ["lost"], "training": ["suspect"]}


def test_a_scope_holds_for_what_is_counted_since_too() -> None:
    who = life((0, BUY, {"category": "services"}), (5, "Account Closed"), (9, BUY, {"category": "goods"}))
    at = {
        category: stages(
            Model(category, kinds()["chabry6"], {}, Scope(f'props.category == "{category}"')), who, 4, 5, 9
        )
        for category in ("services", "goods")
    }
    assert at == {"services": ["new", "lost", "lost"], "goods": ["suspect", "lost", "new"]}


def test_a_population_leaves_the_others_without_a_stage() -> None:
    model = Model("french", kinds()["chabry6"], population='trait.country == "FR"')
    assert stages(model, life((0, BUY), traits={"country": "FR"}), 1) == ["new"]
    assert stages(model, life((0, BUY), traits={"country": "BE"}), 1) == [None]


def test_windows_rise_in_every_preset() -> None:
    for kind in kinds().values():
        for less, more in pairwise(kind.rising):
            settings = {less: kind.parameters[more].default, more: kind.parameters[less].default}
            assert faults(Model(kind.id, kind, settings)) != []
