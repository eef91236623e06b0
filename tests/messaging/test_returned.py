"""D3: real-shaped reports are read for what they are; nothing else ever counts as a bounce."""

from __future__ import annotations

from random import Random

import pytest

from habitue.messaging.returned import Returned, read

MARK = "17.0123456789abcdef0123"


def report(
    status: str = "5.1.1",
    action: str = "failed",
    to: str = f"back+{MARK}@shop.fr",
    handed: str = "",
) -> str:
    """As Postfix writes them."""
    original = f"Message-ID: {handed}\nSubject: Hello\n" if handed else "Subject: Hello\n"
    return f"""From: MAILER-DAEMON@mx.b.fr (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered. Status: 5.1.1

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.b.fr
X-Postfix-Queue-ID: 4F1B2
Arrival-Date: Mon,  2 Mar 2026 10:00:00 +0100 (CET)

Final-Recipient: rfc822; ada@b.fr
Action: {action}
Status: {status}
Remote-MTA: dns; mx.b.fr
Diagnostic-Code: smtp; 550 5.1.1 unknown

--B
Content-Type: text/rfc822-headers

{original}
--B--
"""


COMPLAINT = f"""From: <abuse@provider.fr>
To: <fbl@shop.fr>
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an email abuse report.

--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--B
Content-Type: message/rfc822

From: Shop <hello@shop.fr>
Message-ID: <{MARK}@shop.fr>
Subject: Hello

Hello
--B--
"""

HOLIDAY = f"""From: ada@b.fr
To: back+{MARK}@shop.fr
Subject: Out of office: 5.1.1 failed
Auto-Submitted: auto-replied
Content-Type: text/plain

I am away. Status: 5.1.1 Action: failed
"""


@pytest.mark.parametrize(
    ("status", "dead"),
    [
        ("5.1.1", True),
        ("5.1.10", True),
        ("5.1.2", True),
        ("5.2.2", False),
        ("5.7.1", False),
        ("5.0.0", False),
        ("5.4.4", False),
    ],
)
def test_what_came_back_for_good_is_a_bounce_and_hard_only_where_nobody_is_there(
    status: str, dead: bool
) -> None:
    found = read(report(status).encode())
    assert found == Returned("bounce", MARK, "smtp; 550 5.1.1 unknown", dead)


def test_a_mail_is_known_by_its_number_where_the_address_says_nothing() -> None:
    found = read(report(to="bounces@shop.fr", handed=f"<{MARK}@shop.fr>").replace("\n", "\r\n").encode())
    assert (found and found.mark, found and found.kind) == (MARK, "bounce")


def test_a_complaint_is_told_from_a_bounce() -> None:
    assert read(COMPLAINT.encode()) == Returned("complaint", MARK, "", dead=False)
    assert read(COMPLAINT.replace("abuse\nUser", "not-spam\nUser").encode()) is None


@pytest.mark.parametrize(
    "told",
    [
        HOLIDAY,
        report(action="delayed", status="4.4.1"),
        report(action="delivered", status="2.0.0"),
        report(action="relayed"),
        report(status="4.2.2"),
        report(status=""),
        report(to="somebody@shop.fr"),
        report(to="back+17.short@shop.fr"),
        report().replace("multipart/report", "multipart/mixed"),
        "",
        "no mail at all",
        "Content-Type: multipart/report; boundary=x\n\n"
        + "--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 1000,
    ],
)
def test_what_is_no_report_of_a_failure_of_ours_is_nothing(told: str) -> None:
    assert read(told.encode()) is None


def test_no_garbage_makes_it_fall_over_or_see_a_bounce_of_another_mark() -> None:
    dice, whole = Random(2), report().encode()
    for _ in range(500):
        torn = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.5 else whole)
        for _ in range(dice.randrange(20)):
            if torn:
                torn[dice.randrange(len(torn))] = dice.randrange(256)
        found = read(bytes(torn))
        assert found is None or found.kind == "bounce"
