from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import uvicorn

from habitue import server
from habitue.app import Shop
from habitue.kernel.clock import instant
from tests.ingest.stores import parcel
from tests.inside import BEARER, TOKEN

START = instant("2026-01-01")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with Shop.create(tmp_path / "shop", now=START) as shop:
        shop.put([parcel("load", {"key": "user:ada"}, {"key": "user:bob"})], START)
        shop.refresh(START)
        listening = server.listening("127.0.0.1", 18600)
        app = server.create(shop, token=TOKEN)
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", server_header=False))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        thread.join()


def ask(host: str, method: str, path: str, wish: object = None, **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection(host)) as connection:
        said = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, f"/api/v1{path}", None if wish is None else json.dumps(wish), said)
        answer = connection.getresponse()
        return answer, answer.read()


def test_only_who_knows_the_token_may_erase_and_no_page_of_another_site(host: str) -> None:
    wish, bearer = {"customers": ["ada"]}, f"Bearer {TOKEN}"
    assert ask(host, "POST", "/privacy/erasures", wish)[0].status == 401
    assert ask(host, "POST", "/privacy/erasures", wish, Authorization="Bearer no")[0].status == 401
    foreign = {"Authorization": bearer, "Origin": "https://elsewhere.example"}
    assert ask(host, "POST", "/privacy/erasures", wish, **foreign)[0].status == 403
    crossed = {"Authorization": bearer, "Sec_Fetch_Site": "cross-site"}
    assert ask(host, "POST", "/privacy/erasures", wish, **crossed)[0].status == 403
    assert json.loads(ask(host, "GET", "/privacy/erasures", Authorization=bearer)[1]) == []
    unknown = {"customers": ["ada", "eve"]}
    assert ask(host, "POST", "/privacy/erasures", unknown, Authorization=bearer)[0].status == 400
    assert ask(host, "POST", "/privacy/erasures", {"customers": []}, Authorization=bearer)[0].status == 400
    answer, body = ask(host, "POST", "/privacy/erasures", wish | {"by": "eva"}, Authorization=bearer)
    assert (answer.status, json.loads(body)) == (201, {"request": 1, "people": 1, "shared": []})
    (listed,) = json.loads(ask(host, "GET", "/privacy/erasures", Authorization=bearer)[1])
    assert (listed["by"], listed["people"], listed["done"] is None) == ("eva", 1, False)
    assert ask(host, "GET", "/customers/user:ada/export", **BEARER)[0].status == 404


def test_all_that_is_kept_of_a_customer_can_be_fetched_in_three_forms(host: str) -> None:
    answer, body = ask(host, "GET", "/customers/user:bob/export", **BEARER)
    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(body)["keys"] == ["user:bob"]
    answer, body = ask(host, "GET", "/customers/user:bob/export.html", **BEARER)
    assert b"<h1>" in body
    assert "attachment" in answer.headers["content-disposition"]
    _, body = ask(host, "GET", "/customers/user:bob/export.zip", **BEARER)
    assert ZipFile(BytesIO(body)).namelist() == ["customer.json", "customer.html"]
    assert ask(host, "GET", "/customers/user:bob/export.pdf", **BEARER)[0].status == 404


def test_the_document_tells_of_them_and_of_the_token(host: str) -> None:
    told = json.loads(ask(host, "GET", "/openapi.json")[1])
    assert told["paths"]["/api/v1/privacy/erasures"]["post"]["security"] == [{"token": []}]
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "/api/v1/customers/{key}/export" in told["paths"]
