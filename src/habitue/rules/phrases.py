"""The vocabulary of sentences: a phrase for each well-known event and one for all others, values, consents.

A phrase goes on after "customers who". English ones stand here, French ones in `locale/fr/rules.po`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from habitue.kernel.i18n import N_


class Phrase(NamedTuple):
    """The forms of one event; `one` and `many` are one plural message over `{quantity}`."""

    ever: str
    never: str
    one: str
    many: str
    last: str
    first: str
    over: str


OTHER: Final = Phrase(
    N_("did {events}"),
    N_("have not done {events}"),
    N_("did {events} {quantity} time"),
    "did {events} {quantity} times",
    N_("last did {events}"),
    N_("first did {events}"),
    N_("over {events}"),
)
"""Any other event, quoted by name: `{events}`."""

PHRASES: Final = {
    "Order Completed": Phrase(
        N_("placed an order"),
        N_("have not placed any order"),
        N_("placed {quantity} order"),
        "placed {quantity} orders",
        N_("placed their last order"),
        N_("placed their first order"),
        N_("over their orders"),
    ),
    "Order Cancelled": Phrase(
        N_("cancelled an order"),
        N_("have not cancelled any order"),
        N_("cancelled {quantity} order"),
        "cancelled {quantity} orders",
        N_("cancelled their last order"),
        N_("cancelled their first order"),
        N_("over their cancelled orders"),
    ),
    "Order Refunded": Phrase(
        N_("received a refund"),
        N_("have not received any refund"),
        N_("received {quantity} refund"),
        "received {quantity} refunds",
        N_("received their last refund"),
        N_("received their first refund"),
        N_("over their refunds"),
    ),
    "Product Viewed": Phrase(
        N_("viewed a product"),
        N_("have not viewed any product"),
        N_("viewed a product {quantity} time"),
        "viewed a product {quantity} times",
        N_("last viewed a product"),
        N_("first viewed a product"),
        N_("over their product views"),
    ),
    "Product List Viewed": Phrase(
        N_("browsed a list of products"),
        N_("have not browsed any list of products"),
        N_("browsed a list of products {quantity} time"),
        "browsed a list of products {quantity} times",
        N_("last browsed a list of products"),
        N_("first browsed a list of products"),
        N_("over the lists of products browsed"),
    ),
    "Products Searched": Phrase(
        N_("searched for products"),
        N_("have not searched for products"),
        N_("searched for products {quantity} time"),
        "searched for products {quantity} times",
        N_("last searched for products"),
        N_("first searched for products"),
        N_("over their searches"),
    ),
    "Product Added": Phrase(
        N_("added a product to the cart"),
        N_("have not added any product to the cart"),
        N_("added a product to the cart {quantity} time"),
        "added a product to the cart {quantity} times",
        N_("last added a product to the cart"),
        N_("first added a product to the cart"),
        N_("over their additions to the cart"),
    ),
    "Product Reviewed": Phrase(
        N_("reviewed a product"),
        N_("have not reviewed any product"),
        N_("reviewed a product {quantity} time"),
        "reviewed a product {quantity} times",
        N_("last reviewed a product"),
        N_("first reviewed a product"),
        N_("over their reviews"),
    ),
    "Product Shared": Phrase(
        N_("shared a product"),
        N_("have not shared any product"),
        N_("shared a product {quantity} time"),
        "shared a product {quantity} times",
        N_("last shared a product"),
        N_("first shared a product"),
        N_("over their shares"),
    ),
    "Cart Viewed": Phrase(
        N_("viewed their cart"),
        N_("have not viewed their cart"),
        N_("viewed their cart {quantity} time"),
        "viewed their cart {quantity} times",
        N_("last viewed their cart"),
        N_("first viewed their cart"),
        N_("over their cart views"),
    ),
    "Checkout Started": Phrase(
        N_("started a checkout"),
        N_("have not started any checkout"),
        N_("started a checkout {quantity} time"),
        "started a checkout {quantity} times",
        N_("last started a checkout"),
        N_("first started a checkout"),
        N_("over the checkouts started"),
    ),
    "Page Viewed": Phrase(
        N_("visited a page"),
        N_("have not visited any page"),
        N_("visited a page {quantity} time"),
        "visited a page {quantity} times",
        N_("last visited a page"),
        N_("first visited a page"),
        N_("over their page views"),
    ),
    "Signed Up": Phrase(
        N_("signed up"),
        N_("have not signed up"),
        N_("signed up {quantity} time"),
        "signed up {quantity} times",
        N_("last signed up"),
        N_("first signed up"),
        N_("over their registrations"),
    ),
    "Email Sent": Phrase(
        N_("were sent an e-mail"),
        N_("have not been sent any e-mail"),
        N_("were sent {quantity} e-mail"),
        "were sent {quantity} e-mails",
        N_("were sent their last e-mail"),
        N_("were sent their first e-mail"),
        N_("over the e-mails sent"),
    ),
    "Email Opened": Phrase(
        N_("opened an e-mail"),
        N_("have not opened any e-mail"),
        N_("opened an e-mail {quantity} time"),
        "opened an e-mail {quantity} times",
        N_("last opened an e-mail"),
        N_("first opened an e-mail"),
        N_("over the e-mails opened"),
    ),
    "Email Clicked": Phrase(
        N_("clicked in an e-mail"),
        N_("have not clicked in any e-mail"),
        N_("clicked in an e-mail {quantity} time"),
        "clicked in an e-mail {quantity} times",
        N_("last clicked in an e-mail"),
        N_("first clicked in an e-mail"),
        N_("over their clicks in e-mails"),
    ),
    "Email Unsubscribed": Phrase(
        N_("unsubscribed from e-mails"),
        N_("have not unsubscribed from e-mails"),
        N_("unsubscribed from e-mails {quantity} time"),
        "unsubscribed from e-mails {quantity} times",
        N_("last unsubscribed from e-mails"),
        N_("first unsubscribed from e-mails"),
        N_("over their unsubscriptions"),
    ),
    "Survey Answered": Phrase(
        N_("answered a survey"),
        N_("have not answered any survey"),
        N_("answered a survey {quantity} time"),
        "answered a survey {quantity} times",
        N_("last answered a survey"),
        N_("first answered a survey"),
        N_("over their survey answers"),
    ),
    "Subscription Started": Phrase(
        N_("started a subscription"),
        N_("have not started any subscription"),
        N_("started {quantity} subscription"),
        "started {quantity} subscriptions",
        N_("started their last subscription"),
        N_("started their first subscription"),
        N_("over their subscriptions"),
    ),
    "Subscription Renewed": Phrase(
        N_("renewed a subscription"),
        N_("have not renewed any subscription"),
        N_("renewed a subscription {quantity} time"),
        "renewed a subscription {quantity} times",
        N_("last renewed a subscription"),
        N_("first renewed a subscription"),
        N_("over their subscription renewals"),
    ),
    "Subscription Cancelled": Phrase(
        N_("cancelled a subscription"),
        N_("have not cancelled any subscription"),
        N_("cancelled a subscription {quantity} time"),
        "cancelled a subscription {quantity} times",
        N_("last cancelled a subscription"),
        N_("first cancelled a subscription"),
        N_("over the subscriptions cancelled"),
    ),
    "Contract Signed": Phrase(
        N_("signed a contract"),
        N_("have not signed any contract"),
        N_("signed {quantity} contract"),
        "signed {quantity} contracts",
        N_("signed their last contract"),
        N_("signed their first contract"),
        N_("over the contracts signed"),
    ),
    "Contract Renewed": Phrase(
        N_("renewed a contract"),
        N_("have not renewed any contract"),
        N_("renewed a contract {quantity} time"),
        "renewed a contract {quantity} times",
        N_("last renewed a contract"),
        N_("first renewed a contract"),
        N_("over their contract renewals"),
    ),
    "Contract Terminated": Phrase(
        N_("terminated a contract"),
        N_("have not terminated any contract"),
        N_("terminated a contract {quantity} time"),
        "terminated a contract {quantity} times",
        N_("last terminated a contract"),
        N_("first terminated a contract"),
        N_("over the contracts terminated"),
    ),
    "Demo Requested": Phrase(
        N_("requested a demo"),
        N_("have not requested any demo"),
        N_("requested {quantity} demo"),
        "requested {quantity} demos",
        N_("requested their last demo"),
        N_("requested their first demo"),
        N_("over the demos requested"),
    ),
    "Quote Requested": Phrase(
        N_("requested a quote"),
        N_("have not requested any quote"),
        N_("requested {quantity} quote"),
        "requested {quantity} quotes",
        N_("requested their last quote"),
        N_("requested their first quote"),
        N_("over the quotes requested"),
    ),
    "Feature Used": Phrase(
        N_("used a feature"),
        N_("have not used any feature"),
        N_("used a feature {quantity} time"),
        "used a feature {quantity} times",
        N_("last used a feature"),
        N_("first used a feature"),
        N_("over the features used"),
    ),
    "Account Closed": Phrase(
        N_("closed their account"),
        N_("have not closed their account"),
        N_("closed their account {quantity} time"),
        "closed their account {quantity} times",
        N_("last closed their account"),
        N_("first closed their account"),
        N_("over the accounts closed"),
    ),
}

NOUNS: Final = {
    "age": N_("age {is_so}"),
    "birthday": N_("birthday {is_so}"),
    "category": N_("category {is_so}"),
    "channel": N_("channel {is_so}"),
    "city": N_("city {is_so}"),
    "company": N_("company {is_so}"),
    "country": N_("country {is_so}"),
    "coupon": N_("coupon {is_so}"),
    "email": N_("e-mail address {is_so}"),
    "language": N_("language {is_so}"),
    "phone": N_("phone number {is_so}"),
    "plan": N_("plan {is_so}"),
    "price": N_("price {is_so}"),
    "product": N_("product {is_so}"),
    "quantity": N_("quantity {is_so}"),
    "revenue": N_("amount {is_so}"),
}
NUMERIC: Final = {
    "==": N_("equals {value}"),
    "!=": N_("is other than {value}"),
    "<": N_("is less than {value}"),
    "<=": N_("is at most {value}"),
    ">": N_("is more than {value}"),
    ">=": N_("is at least {value}"),
}
TEXTUAL: Final = {
    "==": N_("is {value}"),
    "!=": N_("is other than {value}"),
    "<": N_("comes before {value}"),
    "<=": N_("is {value} or comes before"),
    ">": N_("comes after {value}"),
    ">=": N_("is {value} or comes after"),
    "in": N_("is {value}"),
    "not in": N_("is other than {value}"),
    "contains": N_("contains {value}"),
    "startswith": N_("starts with {value}"),
    "matches": N_("matches the pattern {value}"),
}
QUANTITIES: Final = {
    "==": N_("exactly {number}"),
    "in": N_("exactly {number}"),
    "!=": N_("fewer or more than {number}"),
    "<": N_("fewer than {number}"),
    "<=": N_("at most {number}"),
    ">": N_("more than {number}"),
    ">=": N_("at least {number}"),
}
AMOUNTS: Final = {**QUANTITIES, "!=": N_("less or more than {number}"), "<": N_("less than {number}")}
ELAPSED: Final = {
    "<": N_("{phrase} less than {length} ago"),
    "<=": N_("{phrase} at most {length} ago"),
    ">": N_("{phrase} more than {length} ago"),
    ">=": N_("{phrase} at least {length} ago"),
}
PACED: Final = {
    "<": N_("{phrase} less than {factor} times their usual interval ago ({length} while it is unknown)"),
    "<=": N_("{phrase} at most {factor} times their usual interval ago ({length} while it is unknown)"),
    ">": N_("{phrase} more than {factor} times their usual interval ago ({length} while it is unknown)"),
    ">=": N_("{phrase} at least {factor} times their usual interval ago ({length} while it is unknown)"),
}
CONSENTS: Final = {
    "email": (N_("agreed to be reached by e-mail"), N_("have not agreed to be reached by e-mail")),
    "sms": (N_("agreed to be reached by text message"), N_("have not agreed to be reached by text message")),
    "phone": (N_("agreed to be reached by phone"), N_("have not agreed to be reached by phone")),
    "post": (N_("agreed to be reached by post"), N_("have not agreed to be reached by post")),
    "push": (N_("agreed to be notified"), N_("have not agreed to be notified")),
}
ANYWHERE: Final = (N_("agreed to be reached on {channel}"), N_("have not agreed to be reached on {channel}"))
