"""What senders call things, in words: standard events, traits and properties; rules use the raw names.

Events as in the Segment specification for shops and e-mail; any other name is its own word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from habitue.kernel.i18n import N_
from habitue.people.events import called

EVENTS: Final = {
    "Page": N_("Page viewed"),
    "Page Viewed": N_("Page viewed"),
    "Screen": N_("Screen viewed"),
    "Screen Viewed": N_("Screen viewed"),
    "Signed Up": N_("Signed up"),
    "Products Searched": N_("Products searched"),
    "Product List Viewed": N_("Product list viewed"),
    "Product List Filtered": N_("Product list filtered"),
    "Promotion Viewed": N_("Promotion viewed"),
    "Promotion Clicked": N_("Promotion clicked"),
    "Product Clicked": N_("Product clicked"),
    "Product Viewed": N_("Product viewed"),
    "Product Added": N_("Product put into the cart"),
    "Product Removed": N_("Product taken out of the cart"),
    "Cart Viewed": N_("Cart viewed"),
    "Checkout Started": N_("Checkout started"),
    "Checkout Step Viewed": N_("Checkout step viewed"),
    "Checkout Step Completed": N_("Checkout step completed"),
    "Payment Info Entered": N_("Payment details entered"),
    "Order Updated": N_("Order changed"),
    "Order Completed": N_("Order placed"),
    "Order Refunded": N_("Order refunded"),
    "Order Cancelled": N_("Order cancelled"),
    "Coupon Entered": N_("Coupon entered"),
    "Coupon Applied": N_("Coupon applied"),
    "Coupon Denied": N_("Coupon denied"),
    "Coupon Removed": N_("Coupon removed"),
    "Product Added to Wishlist": N_("Product put on the wish list"),
    "Product Removed from Wishlist": N_("Product taken off the wish list"),
    "Wishlist Product Added to Cart": N_("Product moved from the wish list to the cart"),
    "Product Shared": N_("Product shared"),
    "Cart Shared": N_("Cart shared"),
    "Product Reviewed": N_("Product reviewed"),
    "Email Sent": N_("E-mail sent"),
    "Email Delivered": N_("E-mail delivered"),
    "Email Opened": N_("E-mail opened"),
    "Email Proxy Opened": N_("E-mail fetched by a program"),
    "Email Clicked": N_("E-mail clicked"),
    "Email Link Scanned": N_("Link in an e-mail checked by a program"),
    "Email Link Clicked": N_("Link in an e-mail clicked"),
    "Email Bounced": N_("E-mail bounced"),
    "Email Marked as Spam": N_("E-mail marked as spam"),
    "Unsubscribed": N_("Unsubscribed from e-mails"),
    "Email Unsubscribed": N_("Unsubscribed from e-mails"),
    "SMS Sent": N_("Text message sent"),
    "SMS Delivered": N_("Text message delivered"),
    "SMS Bounced": N_("Text message came back"),
    "Push Sent": N_("Message pushed"),
    "Push Clicked": N_("Pushed message clicked"),
    "Push Bounced": N_("Pushed message came back"),
    "In-App Opened": N_("Message shown on the site"),
    "In-App Clicked": N_("Message on the site clicked"),
    "In-App Dismissed": N_("Message on the site closed"),
    "In-App Expired": N_("Message on the site never seen"),
    "Call Made": N_("Call made"),
    "Letter Sent": N_("Letter sent"),
    "Account Closed": N_("Account closed"),
    "Quote Requested": N_("Quote requested"),
    "Survey Answered": N_("Survey answered"),
    "Webhook Answered": N_("Webhook answered"),
    "Back in Stock": N_("Product back in stock"),
    "Price Dropped": N_("Price dropped"),
    "Contract Renewed": N_("Contract renewed"),
    "Profile Completed": N_("Profile completed"),
    "Teammate Invited": N_("Colleague invited"),
    "Feature Used": N_("Feature used"),
    "Points Granted": N_("Points granted"),
}

TRAITS: Final = {
    "email": N_("E-mail"),
    "name": N_("Name"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "phone": N_("Phone"),
    "birthday": N_("Birthday"),
    "age": N_("Age"),
    "gender": N_("Gender"),
    "language": N_("Language"),
    "company": N_("Company"),
    "title": N_("Title"),
    "address": N_("Address"),
    "street": N_("Street"),
    "postal_code": N_("Postal code"),
    "city": N_("City"),
    "state": N_("Region"),
    "country": N_("Country"),
    "website": N_("Website"),
    "created_at": N_("Created on"),
    "points": N_("Points"),
    "newsletter": N_("Newsletter"),
    "opt_in": N_("Agrees to be written to"),
    "opt_in_email": N_("Agrees to e-mails"),
    "opt_in_sms": N_("Agrees to text messages"),
}

PROPERTIES: Final = {
    "order_id": N_("Order number"),
    "products": N_("Lines"),
    "store": N_("Shop"),
    "email": N_("E-mail"),
    "sms": N_("SMS"),
    "phone": N_("Phone"),
    "product_id": N_("Product number"),
    "sku": N_("SKU"),
    "name": N_("Name"),
    "category": N_("Category"),
    "brand": N_("Brand"),
    "variant": N_("Variant"),
    "quantity": N_("Quantity"),
    "price": N_("Price"),
    "total": N_("Total"),
    "revenue": N_("Amount"),
    "subtotal": N_("Subtotal"),
    "value": N_("Value"),
    "shipping": N_("Shipping"),
    "tax": N_("Tax"),
    "discount": N_("Discount"),
    "coupon": N_("Coupon"),
    "currency": N_("Currency"),
    "channel": N_("Channel"),
    "campaign": N_("Campaign"),
    "subject": N_("Subject line"),
    "link": N_("Link"),
    "source": N_("Source"),
    "path": N_("Page address"),
    "url": N_("Web address"),
    "referrer": N_("Came from"),
    "title": N_("Title"),
    "query": N_("Searched for"),
    "reason": N_("Reason"),
    "survey": N_("Survey"),
    "score": N_("Score"),
    "comment": N_("Comment"),
    "purpose": N_("Purpose"),
    "status": N_("Status"),
    "by": N_("Who"),
    "why": N_("Why"),
}

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def event(name: str) -> str:
    """The message that says this event, or its own name."""
    return EVENTS.get(name) or called(name)


def trait(name: str) -> str:
    """The message that names this trait, also of an address, however its words are joined; or its name."""
    said = _known(TRAITS, name.removeprefix("address."))
    return said if said in TRAITS.values() else name


def prop(name: str) -> str:
    """The message that names this property of an event, or its own name."""
    return _known(PROPERTIES, name)


def _known(words: Mapping[str, str], name: str) -> str:
    return words.get(_CAMEL.sub("_", name).lower(), name)
