"""What intake lets out, what a complainant sees and may do, and who may look at what is sealed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import (
    Action,
    Status,
    View,
    allow,
    follow,
    granted,
    is_met,
    mask,
    possible,
    told,
)
from shared.auth import Principal
from shared.errors import Conflict
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseSupervised,
    CaseSuspended,
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlinesMoved,
    Due,
    Fact,
    ReviewAsked,
    ReviewDecided,
    SupplementAsked,
)
from shared.reference import current

WHEN = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 20, 15, 59, 59, tzinfo=UTC)
HEAD: dict[str, Any] = {"number": "2603101234567895", "at": WHEN}
RESOLVE = (Due(stage="resolve", due_at=WHEN),)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请打13803711234找我", "请打【电话】找我"),
        ("请打138 0371 1234找我", "请打【电话】找我"),
        ("手机+86-138-0371-1234", "手机【电话】"),
        ("座机0371-65501234。", "座机【电话】。"),
        ("身份证410105198001011234", "身份证【证件号】"),
        ("身份证41010519800101123X", "身份证【证件号】"),
        ("账号6222 0213 0400 5678 901", "账号【账号】"),
        ("邮箱li.jg@example.com收", "邮箱【邮箱】收"),
        ("手机１３８０３７１１２３４", "手机【电话】"),
        ("拖欠1260000.00元，2022年3月起", "拖欠1260000.00元，2022年3月起"),
        ("豫政办〔2021〕54号", "豫政办〔2021〕54号"),
    ],
)
def test_personal_numbers_are_masked_and_others_stay(text: str, masked: str) -> None:
    assert mask(text) == masked


def assigned(assignment: int = 1, lead: str = "hn-gxt") -> ComplaintAssigned:
    named = {"lead_agency": lead, "reasons": (), "clause": "", "rules_version": "2022-09-19", "decided_by": "rules"}
    return ComplaintAssigned(**HEAD, assignment=assignment, filed_at=WHEN, title="工程款", region="410102", **named)


def of(kind: type[Fact], assignment: int = 1, **more: Any) -> Fact:
    """A fact of the case, its other fields filled."""
    filled: dict[type[Fact], dict[str, Any]] = {
        CaseOpened: {"deadlines": RESOLVE},
        CaseAccepted: {"agency": "hn-gxt"},
        CaseReturned: {"agency": "hn-gxt", "code": "NOT_OUR_DUTY", "reason": "属住建领域"},
        CaseSuspended: {"why": "supplement", "reason": "缺少合同", "until": LATER},
        CaseResumed: {"reason": "已补充", "deadlines": RESOLVE},
        DeadlinesMoved: {"reason": "延期", "deadlines": RESOLVE},
        CaseReplied: {"agency": "hn-gxt", "text": "已列入计划", "met": True},
        CaseResolved: {"agency": "hn-gxt"},
        CaseClosed: {"why": "withdrawn"},
        CaseReopened: {"why": "rating", "deadlines": RESOLVE},
        ReviewDecided: {"upheld": True, "reason": "属实"},
        DeadlineMissed: {"stage": "resolve", "due_at": WHEN},
        CaseSupervised: {"order": "DB-1", "why": "red_card", "reason": "超期", "due_at": LATER},
    }
    return kind(**HEAD, assignment=assignment, **{**filled[kind], **more})


HELD = ComplaintHeld(**HEAD, reasons=("不能确定",))
ASKED = SupplementAsked(**HEAD, reason="缺少合同", due_at=LATER)
REFUSED = ComplaintRefused(**HEAD, code="IN_PETITION", reason="已入信访")
SUPPLEMENTED = ComplaintSupplemented(**HEAD, text="合同在此")
WITHDRAWN = ComplaintWithdrawn(**HEAD)
RATED = ComplaintRated(**HEAD, grade=2, solved=False)
CONTESTED = ReviewAsked(**HEAD, reason="与事实不符")
OF_A_CASE = (
    CaseOpened,
    CaseAccepted,
    CaseReturned,
    CaseSuspended,
    CaseResumed,
    DeadlinesMoved,
    CaseReplied,
    CaseResolved,
    CaseClosed,
    CaseReopened,
    ReviewDecided,
    DeadlineMissed,
    CaseSupervised,
)


def after(*facts: Fact) -> View:
    view = View()
    for fact in facts:
        view = follow(view, fact)
    return view


ROADS: list[tuple[str, tuple[Fact, ...], Status]] = [
    ("filed", (), "filed"),
    ("held", (HELD,), "triage"),
    ("asked by the desk", (HELD, ASKED), "supplement_needed"),
    ("supplemented at the desk", (HELD, ASKED, SUPPLEMENTED), "triage"),
    ("not supplemented in time", (HELD, ASKED, HELD), "triage"),
    ("refused", (HELD, REFUSED), "refused"),
    ("assigned", (HELD, assigned()), "assigned"),
    ("assigned after an ask", (HELD, ASKED, assigned()), "assigned"),
    ("accepted", (assigned(), of(CaseAccepted)), "handling"),
    ("returned", (assigned(), of(CaseReturned)), "triage"),
    ("returned and held", (assigned(), of(CaseReturned), HELD), "triage"),
    ("the first receiver handles it after all", (assigned(), of(CaseReturned), HELD, of(CaseAccepted)), "handling"),
    ("assigned anew", (assigned(), of(CaseAccepted), of(CaseReturned), assigned(2, "hn-zjt")), "assigned"),
    ("asked by the agency", (assigned(), of(CaseAccepted), of(CaseSuspended)), "supplement_needed"),
    ("expert time", (assigned(), of(CaseAccepted), of(CaseSuspended, why="expert")), "handling"),
    ("supplemented", (assigned(), of(CaseAccepted), of(CaseSuspended), SUPPLEMENTED), "handling"),
    ("resumed", (assigned(), of(CaseAccepted), of(CaseSuspended), of(CaseResumed)), "handling"),
    ("replied", (assigned(), of(CaseAccepted), of(CaseReplied)), "replied"),
    ("resolved", (assigned(), of(CaseAccepted), of(CaseReplied), of(CaseResolved)), "resolved"),
    ("reopened", (assigned(), of(CaseResolved), RATED, of(CaseReopened)), "handling"),
    ("let stand", (assigned(), of(CaseResolved), CONTESTED, of(ReviewDecided)), "resolved"),
    ("withdrawn", (assigned(), of(CaseAccepted), WITHDRAWN), "withdrawn"),
    ("withdrawn before it is assigned", (WITHDRAWN, assigned(), of(CaseAccepted)), "withdrawn"),
    ("a withdrawal crosses a resolution", (assigned(), WITHDRAWN, of(CaseResolved)), "resolved"),
    ("a refusal comes after a withdrawal", (HELD, WITHDRAWN, REFUSED, of(CaseClosed, 0)), "withdrawn"),
    ("a withdrawal comes after a refusal", (HELD, WITHDRAWN, REFUSED, of(CaseClosed, 0, why="refused")), "refused"),
    (
        "a resolution crosses a new assignment",
        (assigned(), of(CaseReturned), assigned(2), of(CaseResolved)),
        "resolved",
    ),
    ("asked after a reply", (assigned(), of(CaseReplied), of(CaseSuspended), SUPPLEMENTED), "handling"),
    ("a refusal crosses a resolution", (assigned(), of(CaseResolved), REFUSED), "resolved"),
]


@pytest.mark.parametrize(("facts", "status"), [road[1:] for road in ROADS], ids=[road[0] for road in ROADS])
def test_each_road_ends_in_its_status(facts: tuple[Fact, ...], status: Status) -> None:
    assert after(*facts).status == status


def test_every_status_is_reached_by_some_road() -> None:
    assert {road[2] for road in ROADS} == set(get_args(Status))


def test_the_first_receiver_stays_shown_until_another_is_named() -> None:
    returned = after(assigned(), of(CaseOpened), of(CaseReturned), HELD)
    assert (returned.lead_agency, returned.deadlines) == ("hn-gxt", RESOLVE)
    anew = follow(returned, assigned(2, "hn-zjt"))
    assert (anew.lead_agency, anew.deadlines, anew.assignment) == ("hn-zjt", (), 2)


def test_a_moved_deadline_takes_the_place_of_its_stage_and_the_others_stay() -> None:
    accept = Due(stage="accept", due_at=WHEN)
    moved = (Due(stage="resolve", due_at=LATER),)
    view = after(assigned(), of(CaseOpened, deadlines=(accept, *RESOLVE)), of(DeadlinesMoved, deadlines=moved))
    assert view.deadlines == (accept, *moved)
    assert after(assigned(), of(CaseOpened), of(CaseSuspended), of(CaseResumed, deadlines=moved)).deadlines == moved


def test_a_deadline_is_met_by_what_it_waits_for() -> None:
    met = [stage for stage in ("accept", "reply", "resolve") if is_met(after(assigned(), of(CaseReplied)), stage)]
    assert met == ["accept", "reply"]
    assert is_met(after(assigned(), of(CaseResolved)), "redo")


def test_who_asks_what_is_shown_in_one_order_and_the_latest_of_each() -> None:
    view = after(assigned(), of(CaseAccepted), ASKED, of(CaseSuspended), of(CaseSuspended, reason="缺少验收单"))
    assert [(ask.by, ask.reason) for ask in view.asks] == [("agency", "缺少验收单"), ("desk", "缺少合同")]


@dataclass
class Crossing:
    """Router, tracker, complainant and intake on one stream, each reading at its own pace and saying what it may.

    One law ties their paces: a person reads a resolution and answers it later than the services have read it.
    """

    stream: list[Fact] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("router", "tracker", "intake"), 0))
    desk: str = "new"
    named: int = 0
    case: str = "none"
    assignment: int = 0
    view: View = field(default_factory=View)
    seen: list[tuple[View, Fact, View]] = field(default_factory=list)

    def moves(self) -> list[Callable[[], None]]:
        """What may happen next; what goes on more often than what ends, so that a life is long enough to cross."""
        reads = [getattr(self, f"{who}_reads") for who in self.read if self.read[who] < len(self.stream)]
        return [*reads * 2, *self.desk_moves(), *self.case_moves() * 3, *self.own_moves()]

    def desk_moves(self) -> list[Callable[[], None]]:
        if self.desk not in ("new", "held"):
            return []
        if self.desk == "new":
            return [self.names, self.names, self.names, lambda: self.desk_says("held", HELD)]
        refuse_or_ask = [lambda: self.desk_says("refused", REFUSED), lambda: self.desk_says("held", ASKED)]
        return [self.names, self.names, *refuse_or_ask]

    def names(self) -> None:
        self.named += 1
        self.desk_says("assigned", assigned(self.named))

    def desk_says(self, state: str, fact: Fact) -> None:
        self.desk = state
        self.stream.append(fact)

    def case_moves(self) -> list[Callable[[], None]]:
        table: dict[str, list[tuple[str, type[Fact]]]] = {
            "to_accept": [("handling", CaseAccepted), ("returned", CaseReturned)],
            "handling": [("replied", CaseReplied), ("returned", CaseReturned), ("suspended", CaseSuspended)],
            "replied": [("replied", CaseReplied), ("resolved", CaseResolved), ("suspended", CaseSuspended)],
            "returned": [("handling", CaseAccepted)],
            "suspended": [("handling", CaseResumed)],
            "reopened": [("handling", CaseAccepted), ("replied", CaseReplied)],
        }
        return [self.step(state, kind) for state, kind in table.get(self.case, [])]

    def step(self, state: str, kind: type[Fact]) -> Callable[[], None]:
        def say() -> None:
            self.case = state
            self.stream.append(of(kind, self.assignment))

        return say

    def own_moves(self) -> list[Callable[[], None]]:
        said: dict[Action, Fact] = {
            "supplements": SUPPLEMENTED,
            "withdrawal": WITHDRAWN,
            "rating": RATED,
            "review": CONTESTED,
        }
        allowed = possible(self.view)
        if "rating" in allowed or "review" in allowed:
            heard = all(position == len(self.stream) for position in self.read.values())
            return [partial(self.complainant_says, said[action]) for action in allowed if heard]
        return [partial(self.complainant_says, said[action]) for action in allowed if self.desk != "new"]

    def complainant_says(self, fact: Fact) -> None:
        self.show(fact)
        self.stream.append(fact)

    def show(self, fact: Fact) -> None:
        after = follow(self.view, fact)
        self.seen.append((self.view, fact, after))
        self.view = after

    def next_for(self, who: str) -> Fact:
        self.read[who] += 1
        return self.stream[self.read[who] - 1]

    def intake_reads(self) -> None:
        fact = self.next_for("intake")
        if not isinstance(fact, ComplaintSupplemented | ComplaintWithdrawn | ComplaintRated | ReviewAsked):
            self.show(fact)

    def router_reads(self) -> None:
        match self.next_for("router"):
            case CaseReturned(assignment=which) if self.desk == "assigned" and which == self.named:
                self.desk_says("held", HELD)
            case ComplaintSupplemented() if self.desk == "held":
                self.desk_says("held", HELD)
            case ComplaintWithdrawn() | CaseResolved() if self.desk != "refused":
                self.desk = "ended"
            case _:
                pass

    def tracker_reads(self) -> None:
        ended = self.case in ("resolved", "withdrawn", "refused")
        match self.next_for("tracker"):
            case ComplaintAssigned(assignment=which) if not ended:
                self.assignment = which
                self.step("to_accept", CaseOpened)()
            case ComplaintWithdrawn() if not ended:
                self.closes("withdrawn")
            case ComplaintRefused() if not ended:
                self.closes("refused")
            case ComplaintSupplemented() if self.case == "suspended":
                self.step("handling", CaseResumed)()
            case ComplaintRated() if self.case == "resolved":
                self.step("reopened", CaseReopened)()
            case ReviewAsked() if self.case == "resolved":
                self.step("resolved", ReviewDecided)()
            case _:
                pass

    def closes(self, why: str) -> None:
        self.case = why
        self.stream.append(of(CaseClosed, self.assignment, why=why))

    def play(self, picks: list[int]) -> None:
        for pick in picks:
            if moves := self.moves():
                moves[pick % len(moves)]()
        while behind := [who for who, position in self.read.items() if position < len(self.stream)]:
            getattr(self, f"{behind[0]}_reads")()

    @property
    def end(self) -> Status:
        """What router and tracker together make of the complaint, when all have read everything."""
        if self.case in ("resolved", "withdrawn", "refused"):
            return self.case  # type: ignore[return-value]
        if self.case == "suspended" or (self.desk == "held" and self.waits_for_the_complainant()):
            return "supplement_needed"
        cases: dict[str, Status] = {"to_accept": "assigned", "replied": "replied", "returned": "triage"}
        if self.case != "none":
            return cases.get(self.case, "handling")
        return "triage" if self.desk == "held" else "filed"

    def waits_for_the_complainant(self) -> bool:
        """Whether the desk's last word was a question, not answered since."""
        last = next(fact for fact in reversed(self.stream) if isinstance(fact, ComplaintHeld | SupplementAsked))
        return isinstance(last, SupplementAsked)


PICKS = st.lists(st.integers(0, 2**16), min_size=15, max_size=60)


@settings(max_examples=2000, deadline=None)
@given(picks=PICKS)
def test_in_whatever_order_they_hear_of_each_other_all_three_end_the_same(picks: list[int]) -> None:
    crossing = Crossing()
    crossing.play(picks)
    assert crossing.view.status == crossing.end


@settings(max_examples=300, deadline=None)
@given(picks=PICKS)
def test_a_repeat_changes_nothing_and_what_has_ended_stays_ended(picks: list[int]) -> None:
    crossing = Crossing()
    crossing.play(picks)
    for before, fact, after in crossing.seen:
        assert follow(after, fact) == after
        if before.status in ("resolved", "refused", "withdrawn") and after.status != before.status:
            reopened = before.status == "resolved" and isinstance(fact, CaseReopened)
            assert reopened or isinstance(fact, CaseResolved | CaseClosed)


@settings(max_examples=300, deadline=None)
@given(picks=PICKS, kind=st.sampled_from(OF_A_CASE), back=st.integers(1, 5))
def test_what_speaks_of_an_older_assignment_changes_nothing(picks: list[int], kind: type[Fact], back: int) -> None:
    crossing = Crossing()
    crossing.play(picks)
    view = crossing.view
    if kind is CaseResolved and view.step == "assigned" and not view.deadlines:
        view = follow(view, of(CaseOpened, view.assignment))
    assert follow(view, of(kind, view.assignment - back)) == view
    assert follow(view, assigned(view.assignment - back + 1, "hn-jtt")) == view


@settings(max_examples=300, deadline=None)
@given(picks=PICKS)
def test_the_complainant_may_do_exactly_what_is_possible_and_is_told_so_otherwise(picks: list[int]) -> None:
    crossing = Crossing()
    crossing.play(picks)
    allowed = possible(crossing.view)
    for action in get_args(Action):
        if action in allowed:
            allow(action, crossing.view)
            continue
        with pytest.raises(Conflict) as refused:
            allow(action, crossing.view)
        assert refused.value.more == {"state": crossing.view.status, "possible": list(allowed)}


def test_each_resolution_is_rated_and_contested_once() -> None:
    resolved = after(assigned(), of(CaseResolved))
    assert possible(resolved) == ("rating", "review")
    rated = follow(resolved, RATED)
    assert (possible(rated), rated.rated) == (("review",), 2)
    assert possible(follow(rated, CONTESTED)) == ()
    again = after(assigned(), of(CaseResolved), RATED, CONTESTED, of(CaseReopened), of(CaseResolved))
    assert (possible(again), again.rated, again.review) == (("rating", "review"), None, None)


@pytest.mark.parametrize(
    ("action", "facts", "kind"),
    [
        ("supplements", (WITHDRAWN,), "already-ended"),
        ("withdrawal", (assigned(), of(CaseResolved)), "already-ended"),
        ("rating", (assigned(),), "not-resolved"),
        ("rating", (assigned(), of(CaseResolved), RATED), "already-rated"),
        ("review", (REFUSED,), "not-resolved"),
        ("review", (assigned(), of(CaseResolved), CONTESTED), "already-reviewed"),
    ],
)
def test_a_refusal_names_its_kind(action: Action, facts: tuple[Fact, ...], kind: str) -> None:
    with pytest.raises(Conflict) as refused:
        allow(action, after(*facts))
    assert refused.value.type == f"urn:yousu:problem:{kind}"


@pytest.mark.parametrize(
    ("code", "name", "avoided"),
    [
        (None, None, []),
        ("hn-czt", None, ["hn-czt"]),
        (None, "河南省财政厅", ["hn-czt"]),
        ("hn-gxt", "省财政厅", ["hn-czt", "hn-gxt"]),
        (None, "某县某镇人民政府", []),
        ("cbirc-hn", None, ["cbirc-hn", "nfra-hn"]),
        (None, "国家金融监督管理总局河南监管局", ["cbirc-hn", "nfra-hn"]),
    ],
)
def test_the_respondent_is_known_by_code_by_name_and_by_who_took_over(
    code: str | None, name: str | None, avoided: list[str]
) -> None:
    assert sorted(current().codes_of(code, name)) == avoided


@pytest.mark.parametrize(
    ("caller", "lead", "avoided", "may"),
    [
        (Principal("a", "agency", "hn-gxt"), "hn-gxt", [], True),
        (Principal("a", "agency", "hn-gxt"), "hn-gxt", ["hn-gxt"], False),
        (Principal("a", "agency", "hn-czt"), "hn-gxt", [], False),
        (Principal("a", "agency", "hn-czt"), None, [], False),
        (Principal("e", "enterprise"), "hn-gxt", [], False),
        (Principal("s", "supervisor"), "hn-gxt", ["hn-gxt"], True),
        (Principal("d", "dispatcher"), None, [], True),
    ],
)
def test_the_grant_is_the_lead_agencys_and_never_the_respondents(
    caller: Principal, lead: str | None, avoided: list[str], may: bool
) -> None:
    assert granted(caller, lead, avoided) is may


def test_what_agencies_say_to_each_other_is_not_told() -> None:
    returned, supervised = told(of(CaseReturned)), told(of(CaseSupervised))
    assert returned == ("returned", {"agency": "hn-gxt"})
    assert supervised == ("supervised", {"order": "DB-1", "due_at": LATER.isoformat()})
    assert told(of(DeadlineMissed, stage="opinion")) is None
    assert told(of(DeadlineMissed)) == ("missed", {"stage": "resolve", "due_at": WHEN.isoformat()})
    assert told(of(CaseOpened)) is None
    assert told(of(CaseClosed)) is None


def test_every_other_fact_that_is_shown_has_its_line() -> None:
    linked = ComplaintLinked(**HEAD, other="2603101234567887")
    facts = [HELD, ASKED, linked, REFUSED, assigned(), SUPPLEMENTED, RATED, CONTESTED, WITHDRAWN]
    facts += [of(kind) for kind in OF_A_CASE if kind not in (CaseOpened, CaseClosed, DeadlineMissed)]
    lines = [line[0] for line in map(told, facts) if line]
    assert len(lines) == len(facts)
    filed = ComplaintFiled(**HEAD, title="工程款", text="拖欠", region="410102", enterprise="ab")
    assert told(filed) is None
