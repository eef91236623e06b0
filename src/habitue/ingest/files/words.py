"""The words of files: what columns are called in French, in English and in shops' exports; junk ids; months.

A header is compared in small letters without accents or punctuation. For each field the phrases stand in
order of preference; a phrase also matches a header that holds all its words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PHRASES: Final[dict[str, str]] = {
    "customer": "customer id, id customer, id client, client id, customer number, numero client, no client, n client, "
    "code client, reference client, ref client, identifiant client, user id, userid, id user, member id, contact id, "
    "record id, leid, customer, client, identifiant, acheteur, buyer, shopper, user, utilisateur, account, compte",
    "email": "customer email, email client, e mail client, billing email, email billing, email address, adresse email, "
    "adresse e mail, adresse mail, e mail address, email, e mail, courriel, mail",
    "ts": "created at, order date, date de commande, date commande, date de la commande, date d achat, date achat, "
    "purchase date, invoice date, date facture, date de facture, date de vente, transaction date, date transaction, "
    "date add, created date utc, date created, order created at, processed at, paid at, completed at, occurred at, "
    "timestamp, event time, original timestamp, event date, date heure, datetime, ts, date, jour, day, time, heure, quand, when, "
    "close date, invoicedate, orderdate",
    "order_id": "order id, id order, order number, numero de commande, numero commande, no commande, n commande, id commande, "
    "commande id, commande, reference commande, ref commande, order reference, order no, order name, order, invoice id, "
    "invoice number, invoice no, invoiceno, invoice, numero facture, n facture, facture, transaction id, id transaction, "
    "receipt, ticket, numero ticket, orderid, reference",
    "revenue": "total ttc, montant ttc, total paid tax incl, total paid, order total amount, order total, total commande, "
    "total de la commande, montant de la commande, montant commande, grand total, net sales, net revenue, n revenue, revenue, "
    "total amount, montant total, amount paid, amount, montant, total, chiffre d affaires, ca ttc, ca, sales, sales amount, "
    "dollar value, value, valeur, total ht, montant ht, close value, prix total, total price",
    "line": "line total, lineitem total, line amount, total ligne, montant ligne, total price tax incl, item total, sous total ligne",
    "quantity": "lineitem quantity, product quantity, quantity, quantite, qty, qte, number of items, nombre d articles, "
    "items sold, number of cds, nb articles, item quantity",
    "price": "lineitem price, unit price, prix unitaire, unit price tax incl, pu ttc, pu, item price, item cost, unitprice, price, prix",
    "product": "lineitem name, product name, nom produit, nom du produit, item name, product title, designation, libelle produit, "
    "libelle, article, product, produit, item, description",
    "sku": "lineitem sku, sku, product reference, reference produit, ref produit, product id, id produit, product code, "
    "stock code, stockcode, ean, ean13",
    "category": "product category, categorie produit, category, categorie, product type, rayon, famille",
    "currency": "currency, devise, order currency, currency code, code devise, monnaie",
    "refunded": "refunded amount, amount refunded, montant rembourse, refund amount, total refunded",
    "status": "financial status, order status, payment status, statut de la commande, etat de la commande, statut commande, "
    "status, statut, etat, current state",
    "type": "transaction type, type de transaction, type de mouvement, order type, sale type, type de vente, type",
    "event": "event, event name, evenement, nom evenement, nom de l evenement, action, activity, activite",
    "account_id": "account id, company id, group id, id compte, id societe, id entreprise",
    "created": "created at, registered at, signup date, sign up date, date d inscription, date inscription, date de creation, "
    "date creation, date add, creation date, registration date, optin time, inscription, customer since, client depuis, date created",
    "first_name": "first name, prenom, firstname, given name",
    "last_name": "last name, nom de famille, lastname, surname, family name, nom",
    "name": "full name, customer name, nom complet, nom client, nom du client, name",
    "phone": "phone, phone number, telephone, numero de telephone, tel, mobile, portable, default address phone",
    "birthday": "birthday, birth date, date of birth, date de naissance, naissance, anniversaire, birthdate, dob",
    "city": "city, ville, default address city, billing city, town",
    "country": "country, pays, country code, default address country code, billing country, cc",
    "postal_code": "postal code, code postal, zip, zip code, postcode, cp, default address zip",
    "company": "company, societe, entreprise, default address company, organisation, organization",
    "gender": "gender, sexe, genre, civilite, id gender",
    "language": "language, langue, locale",
}

TRAITS: Final = (
    "email", "first_name", "last_name", "name", "phone", "birthday", "city", "country", "postal_code",
    "company", "gender", "language",
)  # fmt: skip
"""Standard traits of a customer; other columns become traits under their own header's slug."""

PURCHASE: Final = (
    "customer", "email", "account_id", "ts", "order_id", "revenue", "line", "quantity", "price", "product", "sku",
    "category", "currency", "refunded", "status", "type", "first_name", "last_name", "phone",
)  # fmt: skip
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "orders": PURCHASE,
    "order-lines": PURCHASE,
    "customers": ("customer", "created", "account_id", *TRAITS),
    "events": ("customer", "email", "account_id", "ts", "event", "revenue", "currency"),
}
"""What a column can mean in each kind of file."""

ALIASES: Final = {
    "e-mail": "email", "amount": "revenue", "total": "revenue", "date": "ts", "time": "ts", "timestamp": "ts", "order": "order_id",
    "user": "customer", "client": "customer", "created_at": "created", "account": "account_id", "qty": "quantity", "item": "product",
}  # fmt: skip
"""Other names that `--map` understands for fields."""

SHAPES: Final[tuple[tuple[frozenset[str], str, dict[str, str]], ...]] = (
    (frozenset({"name", "lineitem name", "financial status"}), "order-lines", {"name": "order_id"}),
    (
        frozenset({"id", "reference", "client", "paiement", "etat"}),
        "orders",
        {"reference": "order_id", "etat": "status"},
    ),
    (frozenset({"id", "created date utc", "amount refunded"}), "orders", {"id": "order_id"}),
    (frozenset({"email address", "optin time", "leid"}), "customers", {"leid": "customer"}),
)
"""Exports whose headers mean something else than usual: Shopify orders, PrestaShop's list, Stripe, Mailchimp."""

LINED: Final = ("lineitem", "product", "produit", "article", "item", "ligne", "line")
"""Headers that begin with one of these describe a line of an order, not the order."""

JUNK: Final = frozenset(
    "null none nil undefined nan 0 n/a #n/a na - -- ? . anonymous guest unknown inconnu anonyme [object] #ref! #value! #name? 00000000-0000-0000-0000-000000000000".split()
) | {"[object object]", ""}
"""Ids that stand for nobody."""

REFUND: Final = frozenset(
    "refund refunded return returned remboursement rembourse remboursee avoir retour credit creditnote chargeback".split()
) | {"credit note", "note de credit"}
CANCELLED: Final = frozenset("cancelled canceled annule annulee failed echoue echouee voided expired expire expiree abandoned".split()) | {
    "erreur de paiement", "payment error", "wc cancelled", "wc failed", "echec",
}  # fmt: skip

_MONTHS = (
    "jan janv", "feb fev févr fevr fév", "mar mars", "apr avr", "may mai", "jun juin", "jul juil", "aug aou août aout aoû",
    "sep sept", "oct", "nov", "dec déc dece déce",
)  # fmt: skip
MONTHS: Final = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
"""The first three or four letters of the months' names."""


def plain(text: str) -> str:
    """Small letters and digits without accents, words parted by one space: `E-mail (pro)` is `e mail pro`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def slug(text: str) -> str:
    """`Total Spent (€)` as `total_spent`; the text itself where no Latin letter or digit is left."""
    return plain(text).replace(" ", "_") or text.strip()


PHRASES: Final[dict[str, tuple[str, ...]]] = {
    field: tuple(phrase.strip() for phrase in phrases.split(",")) for field, phrases in _PHRASES.items()
}
