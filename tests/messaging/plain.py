"""The guards again, as one would explain them: slow, and written without looking at the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.messaging.guards import Case, Facts
from habitue.messaging.holdout import place
from habitue.messaging.rules import Cap, Rules
from tests.messaging.test_quiet import silent

UNITS = {"h": HOUR, "d": DAY}


def length(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def over(times: list[int], now: int, cap: Cap) -> bool:
    """Whether one more now would be one too many within any stretch of that length."""
    return sum(now - length(cap.within) < at for at in times) >= cap.most


@dataclass
class Door:
    facts: Facts
    rules: Rules
    now: int
    gone: list[Case] = field(default_factory=list)
    paid: list[Case] = field(default_factory=list)
    said: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)

    def judge(self, cases: list[Case]) -> dict[int, tuple[str, str | None]]:
        def rank(one: Case) -> tuple[bool, int, int, int]:
            return one.purpose != "transactional", -one.priority, one.planned, one.id

        for case in sorted(cases, key=rank):
            self.said[case.id] = self.one(case)
            if self.said[case.id][0] == "go":
                self.paid.append(case)
            if self.said[case.id][0] == "go" and case.purpose != "transactional":
                self.gone.append(case)
        return self.said

    def one(self, case: Case) -> tuple[str, str | None]:
        """What becomes of a message."""
        said = self.whoever(case)
        if said is None and case.purpose != "transactional":
            said = self.who(case) or self.when(case)
        return said or ("go", None)

    def whoever(self, case: Case) -> tuple[str, str | None] | None:
        facts, rules, now = self.facts, self.rules, self.now
        marketing = case.purpose != "transactional"
        if case.expires is not None and now > case.expires:
            return "expire", "late"
        if marketing and now - case.planned > length(rules.late):
            return "expire", "late"
        if case.address is None:
            return "skip", "address"
        blocked = list(facts.suppressed.get((case.channel, case.address), []))
        if not marketing and "unsubscribed" in blocked:
            blocked.remove("unsubscribed")
        if blocked:
            return "skip", "suppressed"
        return None

    def who(self, case: Case) -> tuple[str, str | None] | None:
        facts, rules = self.facts, self.rules
        if case.person not in facts.agreed.get((case.channel, case.purpose), set()):
            return "skip", "consent"
        for group, share in {**rules.holdouts, "global": rules.holdout}.items():
            if (
                group in ("global", case.origin)
                and place(f"holdout:{rules.salt}{group}", case.person) < share
            ):
                return "skip", "holdout"
        if case.origin.startswith("broadcast"):
            whom = {one.person for one in self.gone if one.origin == case.origin}
            whom |= {person for person, origin in facts.met if origin == case.origin}
            where = {one.address for one in self.gone if one.origin == case.origin}
            where |= {address for address, origin, _ in facts.copies if origin == case.origin}
            if case.person in whom or case.address in where:
                return "skip", "twin"
        same = {(one.address, one.origin, one.step) for one in self.gone} | set(facts.copies)
        if (case.address, case.origin, case.step) in same:
            return "skip", "twin"
        for rival in facts.rivals.get((case.person, case.channel), []):
            if rival.origin != case.origin and rival.priority > case.priority and self.comes(rival.id):
                return "skip", "collision"
        return None

    def when(self, case: Case) -> tuple[str, str | None] | None:
        facts, rules, now = self.facts, self.rules, self.now
        had = list(facts.sent.get((case.person, case.channel), []))
        had += [now for one in self.gone if (one.person, one.channel) == (case.person, case.channel)]
        caps = rules.caps.get(case.channel, ())
        if any(over(had, now, cap) for cap in caps):
            end = min(case.planned + length(rules.late), case.expires or 1 << 62)
            free = (at + length(cap.within) for at in had for cap in caps)
            fits = [at for at in sorted(free) if not any(over(had, at, cap) for cap in caps)]
            if fits and fits[0] <= end:
                self.until[case.id] = fits[0]
                return "hold", "cap"
            return "skip", "cap"
        quiet = rules.quiet.get(case.channel)
        if quiet is not None and silent(now, case.zone, quiet):
            end = now
            while silent(end, case.zone, quiet):
                end += 15 * MINUTE - end % (15 * MINUTE)
            if case.expires is not None and end > case.expires:
                return "expire", "quiet"
            self.until[case.id] = end
            return "hold", "quiet"
        budget = rules.budgets.get(case.channel)
        if budget is not None and budget.most is not None:
            spent = sum(one.cost for one in self.paid if one.channel == case.channel)
            if facts.spent.get(case.channel, 0) + spent + case.cost > budget.most:
                return "skip", "budget"
        return None

    def comes(self, number: int) -> bool:
        """Whether a rival goes, or may still go soon."""
        if number not in self.said:
            return True
        said = self.said[number][0]
        if said == "hold":
            return self.until[number] <= self.now + length(self.rules.apart)
        return said == "go"
