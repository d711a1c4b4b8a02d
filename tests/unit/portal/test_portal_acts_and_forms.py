"""What is offered to whom, and that every act of the table can be asked for by form and by API."""

import pytest

from lianxi.casework.errors import Forbidden
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.transitions import TRANSITIONS
from services.portal.domain.accounts import AccountRole, Principal
from services.portal.domain.acts import COMMANDS, OFFERED_COMMANDS, check_role, labels, offered, only_offered
from services.portal.domain.forms import WORDS, Places, form_for, missing, nested
from services.portal.schemas.acts import act_schema
from services.portal.schemas.problems import InvalidFields, checked
from tests.unit.portal.offices import a_case

PLACES = Places((("630104", "城西区"), ("630104001", "西关大街街道")), (("630104.housing", "住建局"),))


def a_person(role, unit="630104.housing"):
    return Principal(account_id="a1", login="li.na", role=role, node="630104", unit=unit)


def test_every_built_act_of_people_can_be_asked_for():
    by_people = {
        step.command
        for row in TRANSITIONS
        if row.built
        for step in row.steps
        if {str(actor) for actor in step.actors} - {"SYS", "P"}
        and step.command not in {"receive-case", "file-at-organ"}
    }

    assert by_people == set(OFFERED_COMMANDS)


def test_every_act_has_a_chinese_name():
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in labels()[command]) for command in OFFERED_COMMANDS)


def test_an_officer_is_offered_what_the_table_gives_in_this_state():
    acts = {act.command for act in offered(a_person(AccountRole.CASE_OFFICER), "S06")}

    assert {"accept-case", "object-to-transfer", "request-completion"} <= acts
    assert "sign-opinion" not in acts


@pytest.mark.parametrize("role", [AccountRole.SUPERVISOR, AccountRole.ADMIN])
def test_supervisors_and_administrators_act_in_no_case(role):
    assert all(not offered(a_person(role), state) for state in CaseState)


def test_an_unknown_state_offers_nothing():
    assert offered(a_person(AccountRole.DISPATCHER), "S99") == ()


def test_routings_acts_are_cut_to_what_the_role_may_do():
    acts = [{"act": "accept-case"}, {"act": "archive-case"}, {"act": "accept-case"}]

    assert only_offered(acts, a_person(AccountRole.CASE_OFFICER), "S06") == ["accept-case"]


def test_an_act_of_another_role_is_refused_before_anybody_is_asked():
    with pytest.raises(Forbidden):
        check_role(a_person(AccountRole.REGISTRAR), "sign-opinion")

    check_role(a_person(AccountRole.UNIT_HEAD), "sign-opinion")


def typed_into(fields):
    """Fill a form in as a diligent clerk would."""
    values = {
        "date": "2026-03-01",
        "number": "20",
        "claim-count": "2",
        "long": "已经查明。",
        "text": "城建局",
        "yes": "yes",
    }
    typed = {}
    for field in fields:
        if field.kind == "choice":
            typed[field.name] = field.value or field.choices[-1][0]
        elif field.kind == "claim":
            typed[field.name] = field.value
        elif field.kind == "words":
            typed[field.name] = "城乡建设/供暖"
        elif field.kind == "numbers":
            typed[field.name] = "1"
        elif field.name in {"lead", "to_organ"}:
            typed[field.name] = "630104.housing"
        else:
            typed[field.name] = values[field.kind]
        if field.name == "into":
            typed[field.name] = "63010400020260301W00001"
    return typed


@pytest.mark.parametrize("command", OFFERED_COMMANDS)
def test_what_a_clerk_types_into_the_form_of_an_act_is_a_valid_body(command):
    fields = form_for(command, a_case(), PLACES)
    typed = typed_into(fields)

    body = checked(act_schema(command)(), nested(typed, fields))

    assert not missing(typed, fields)
    assert all(field.label or field.kind == "claim" for field in fields)
    assert set(body) <= {field.name for field in COMMANDS[command].__dataclass_fields__.values()}


def test_the_form_of_an_opinion_asks_for_all_that_the_regulation_wants():
    names = {field.name for field in form_for("submit-opinion", a_case(), PLACES)}

    assert {"paper.request", "paper.facts", "paper.opinion", "paper.basis", "paper.remedy"} <= names
    assert "outcomes.0.outcome" in names


def test_the_form_of_a_final_opinion_offers_no_way_back():
    fields = {field.name: field for field in form_for("decide-final-review", a_case(), PLACES)}

    assert [value for value, _ in fields["disposition"].choices] == ["UPHOLD", "AMEND"]
    assert fields["service.proof"].required


def test_a_case_not_yet_registered_is_asked_how_many_claims_it_has():
    fields = form_for("register-case", a_case(claims=[]), PLACES)

    body = nested({"claims": "3", "purpose": "求决"}, fields)

    assert body["claims"] == [{"number": 1}, {"number": 2}, {"number": 3}]


STATED = {"claims": [{"number": 1, "petition_class": "C"}, {"number": 2, "petition_class": "A"}, {"number": 3}]}


def prefilled(command, case, **changed):
    """What the form of an act sends when a clerk changes nothing else."""
    fields = form_for(command, case, PLACES)
    return nested({**{field.name: field.value for field in fields}, **changed}, fields)


def test_the_claims_that_were_stated_stand_in_the_form_with_their_classes():
    case = a_case(claims=[], proposal=STATED)

    assert prefilled("register-case", case)["claims"] == [
        {"number": 1, "petition_class": "C"},
        {"number": 2, "petition_class": "A"},
        {"number": 3},
    ]


@pytest.mark.parametrize(
    ("count", "claims"),
    [
        ("1", [{"number": 1, "petition_class": "C"}]),
        (
            "4",
            [{"number": 1, "petition_class": "C"}, {"number": 2, "petition_class": "A"}, {"number": 3}, {"number": 4}],
        ),
    ],
)
def test_a_clerk_counts_the_claims_otherwise_than_they_were_stated(count, claims):
    body = prefilled("register-case", a_case(claims=[], proposal=STATED), claims=count)

    assert body["claims"] == claims


def test_a_count_that_was_taken_away_is_missed_whatever_classes_stand_below_it():
    fields = form_for("register-case", a_case(claims=[], proposal=STATED), PLACES)
    typed = {field.name: field.value for field in fields} | {"claims": ""}

    assert "claims" in missing(typed, fields)
    assert nested(typed, fields)["claims"] == []


def test_each_claim_starts_with_its_own_class_and_the_route_that_the_rules_proposed():
    claims = [{"number": 1, "petition_class": "C", "route": None}, {"number": 2, "petition_class": "A"}, {"number": 3}]
    case = a_case(claims=claims, petition_class="C", proposal={"route": "RT3"})

    found = [(claim["petition_class"], claim["route"]) for claim in prefilled("classify-case", case)["claims"]]

    assert found == [("C", "RT3"), ("A", "RT6"), ("C", "RT3")]


def test_a_claim_that_has_a_route_keeps_it_and_a_duty_stays_one():
    claims = [{"number": 1, "petition_class": "C", "route": "RT6"}]
    case = a_case(claims=claims, proposal={"route": "RT3"})

    assert prefilled("classify-case", case)["claims"][0]["route"] == "RT6"
    assert prefilled("classify-as-duty", case)["claims"][0]["route"] == "RT5"


def test_a_row_of_claims_becomes_a_list_in_order():
    case = a_case(claims=[{"number": number} for number in range(1, 13)])
    fields = form_for("classify-case", case, PLACES)

    body = nested({**typed_into(fields)}, fields)

    assert [claim["number"] for claim in body["claims"]] == list(range(1, 13))
    assert all(claim["route"] == "RT6" for claim in body["claims"])


def test_what_must_be_filled_in_and_was_not_is_named():
    fields = form_for("object-to-transfer", a_case(), PLACES)

    assert missing({"paper.reasons": "  "}, fields) == ["paper.reasons", "paper.basis", "proposed_organ"]


def test_the_words_of_every_choice_cover_all_its_values():
    assert all(set(words) == {str(value) for value in kind} for kind, words in WORDS.items())


class TestBodies:
    def test_what_only_the_node_may_fill_in_cannot_be_sent(self):
        for field in ("case_no", "actor", "decided_on", "document_no", "reasons", "expected_seq"):
            with pytest.raises(InvalidFields) as refusal:
                checked(act_schema("transfer-case")(), {"to_node": "630104", field: "x"})
            assert refusal.value.errors[0]["rule"] == "unknown-field"

    def test_a_false_code_names_its_field_and_rule(self):
        with pytest.raises(InvalidFields) as refusal:
            checked(act_schema("transfer-case")(), {"to_node": "63x104", "to_unit": "630104.H?"})

        errors = {error["field"]: error["rule"] for error in refusal.value.errors}
        assert errors == {"to_node": "DivisionCode", "to_unit": "UnitCode"}

    def test_every_wrong_claim_is_named_by_its_place(self):
        body = {"claims": [{"number": 1, "route": "RT6"}, {"number": "2", "petition_class": "Z"}]}

        with pytest.raises(InvalidFields) as refusal:
            checked(act_schema("classify-case")(), body)

        assert {error["field"] for error in refusal.value.errors} == {"claims.1.number", "claims.1.petition_class"}


class TestProposals:
    PROPOSAL = {  # noqa: RUF012  read only
        "category": ["城乡建设", "供暖"],
        "place": "630104001",
        "purpose": "求决",
        "petition_class": "C",
        "target": {"to_node": "630104", "to_unit": "630104.housing", "automatic": False},
    }

    def test_what_the_rules_propose_stands_in_the_form(self):
        register = form_for("register-case", a_case(claims=[], proposal=self.PROPOSAL), PLACES)
        transfer = form_for("transfer-case", a_case(proposal=self.PROPOSAL), PLACES)

        assert {field.name: field.value for field in register}["category"] == "城乡建设/供暖"
        assert {field.name: field.value for field in register}["petition_class"] == "C"
        assert {field.name: field.value for field in transfer}["to_unit"] == "630104.housing"

    def test_a_case_without_a_proposal_has_an_empty_form(self):
        fields = form_for("transfer-case", a_case(proposal=None), PLACES)

        assert {field.name: field.value for field in fields}["to_node"] == ""


def test_a_split_settles_class_and_route_of_single_claims_where_somebody_chooses_them():
    claims = [{"number": 1, "petition_class": "C", "route": None}, {"number": 2, "petition_class": None, "route": None}]
    fields = form_for("split-case", {"claims": claims, "petition_class": "C"}, PLACES)

    starts = {field.name: (field.value, field.required) for field in fields if field.name.startswith("claims.")}
    assert starts["claims.0.petition_class"] == ("C", False)
    assert starts["claims.1.petition_class"] == starts["claims.1.route"] == ("", False)
    typed = {"claims.0.number": "1", "claims.1.number": "2", "claims.1.petition_class": "A", "parts.0.claims": "2"}
    body = nested(typed, fields)
    assert body["claims"] == [{"number": 1}, {"number": 2, "petition_class": "A"}]
