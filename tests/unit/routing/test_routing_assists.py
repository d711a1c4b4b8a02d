"""Assisting units at another node (R-24-6): what they see, how their part comes to the lead, and what is refused."""

from dataclasses import replace

import pytest

from lianxi.casework.errors import Conflict, Forbidden, GuardRefused, Invalid
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.custody import AssistedTextErased, AssistWanted, DirectiveIssued
from lianxi.casework.messages.dispute import AgreeOnOrgan, FileAssistOpinion, RaiseDispute, UrgeAssists
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.notices import DirectiveNotice, WishRefused
from services.routing.handlers import desk, wishes
from services.routing.handlers.assist_copies import forget_assisted, take_assist
from services.routing.handlers.directives import do, take_directive
from services.routing.handlers.erase import erase_texts
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import Node
from tests.unit.routing.network_of_nodes import Network

BESIDE = "630105"
HELPER = f"{BESIDE}.housing"
OFFICER = an_actor("U", BESIDE, HELPER)
LEAD = an_actor("U")


def opinion(text="协办意见：已核实", actor=OFFICER):
    return FileAssistOpinion(case_no=NUMBER, actor=actor, paper={"opinion": text})


def network(*assists, text=""):
    """The street leads a case; a bureau of the district beside it, or others, assist."""
    made = Network()
    made.nodes[BESIDE] = Node(BESIDE)
    made.beside = made.nodes[BESIDE]
    made.filed(**({"text_sealed": f"sealed {text}"} if text else {}))
    made.transfer(DISTRICT, TOWNSHIP, OFFICE, assists=assists or (HELPER,))
    return made


def shown(node, actor):
    return desk.show_case(node, node, NUMBER, actor, node.here)


def test_the_assisting_units_node_sees_the_case_with_its_words_and_what_it_can_do():
    there = network(text="我叫某某，电话13897123456，请修路").beside

    page = shown(there, OFFICER)

    assert (page["state"], page["holder"], page["unit"]) == ("S06", TOWNSHIP, OFFICE)
    assert [act["act"] for act in page["acts"]] == ["file-assist-opinion"]
    assert "13897123456" not in page["text"]
    assert "请修路" in page["text"]
    assert there.texts[NUMBER].petitioner_sealed == ""
    assert "text" not in shown(there, an_actor("U", BESIDE, f"{BESIDE}.office"))


def test_its_part_comes_to_the_lead_once_and_back_as_a_document_of_the_case():
    made = network()

    done = made.act(BESIDE, opinion())

    assert done.directive_id
    [row] = shown(made.township, LEAD)["assistance"]
    assert (row["unit"], row["filed_on"], row["waiting_days"]) == (HELPER, "2026-03-02", None)
    assert desk.show_document(made.township, made.township, NUMBER, row["document"], LEAD)["paper"] == {
        "opinion": "协办意见：已核实"
    }
    assert made.beside.cases.get(NUMBER).assisted == (HELPER,)
    assert desk.show_document(made.beside, made.beside, NUMBER, row["document"], OFFICER)
    [answer] = [told for told in made.beside.told if isinstance(told, DirectiveNotice)]
    assert answer.kind == "directive-done"


def test_the_same_directive_arrives_once_however_often_it_comes():
    made = network()
    do(made.beside, "file-assist-opinion", opinion(), made.beside.here)
    made.beside.sent *= 2

    made.run()

    history = made.township.cases.histories[NUMBER]
    assert sum(record.event.MESSAGE.name == "assist-opinion-filed" for record in history) == 1


def test_every_node_that_follows_has_the_same_history():
    made = network()

    made.act(BESIDE, opinion())
    made.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=LEAD))

    digests = {node.cases.get(NUMBER).head_digest for node in made.nodes.values()}
    assert len(digests) == 1


def test_what_is_missing_is_shown_with_its_age_and_urged():
    made = network()
    for node in made.nodes.values():
        node.clock.advance(days=3)
    [row] = shown(made.township, LEAD)["assistance"]
    assert (row["waiting_days"], row["urged_on"]) == (3, None)

    made.act(TOWNSHIP, UrgeAssists(case_no=NUMBER, actor=LEAD))

    [row] = shown(made.beside, OFFICER)["assistance"]
    assert row["urged_on"] == "2026-03-05"
    made.act(BESIDE, opinion())
    with pytest.raises(GuardRefused) as caught:
        made.act(TOWNSHIP, UrgeAssists(case_no=NUMBER, actor=LEAD))
    assert caught.value.guard == "assistance_missing"


def test_a_unit_above_the_lead_reads_the_words_and_gives_its_part_too():
    officer = an_actor("U", CITY, f"{CITY}.housing")
    made = network(f"{CITY}.housing")

    assert shown(made.city, officer)["text"] == "请修路"
    made.act(CITY, opinion(actor=officer))

    assert made.township.cases.get(NUMBER).assisted == (f"{CITY}.housing",)
    assert len({node.cases.get(NUMBER).head_digest for node in (made.city, made.district, made.township)}) == 1


def test_a_unit_at_the_leads_own_node_gives_its_part_there():
    officer = an_actor("U", TOWNSHIP, f"{TOWNSHIP}.housing")
    made = network(f"{TOWNSHIP}.housing")

    done = made.act(TOWNSHIP, opinion(actor=officer))

    assert (done.directive_id, made.beside.cases.get(NUMBER)) == ("", None)


def test_the_part_follows_a_case_that_has_meanwhile_gone_elsewhere():
    made = network()
    do(made.beside, "file-assist-opinion", opinion(), made.beside.here)
    cut, made.beside.sent = made.beside.sent, []
    object_to = {"reasons": "非本单位职权", "basis": "三定"}
    made.act(
        TOWNSHIP,
        c.ObjectToTransfer(case_no=NUMBER, actor=LEAD, paper=object_to, proposed_organ=f"{DISTRICT}.housing"),
    )
    made.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))
    made.transfer(DISTRICT, DISTRICT, f"{DISTRICT}.housing", assists=(HELPER,))

    made.beside.sent = cut + made.beside.sent
    made.run()

    assert made.district.cases.get(NUMBER).assisted == (HELPER,)
    assert made.beside.cases.get(NUMBER).holder == DISTRICT


def test_what_comes_after_somebody_else_was_asked_is_refused_and_the_desk_is_told():
    made = network()
    do(made.beside, "file-assist-opinion", opinion(), made.beside.here)
    cut, made.beside.sent = made.beside.sent, []
    raise_it = {"reasons": "争议", "basis": "三定"}

    parties = (OFFICE, f"{TOWNSHIP}.housing")
    made.act(TOWNSHIP, RaiseDispute(case_no=NUMBER, actor=LEAD, paper=raise_it, parties=parties))
    made.act(TOWNSHIP, AgreeOnOrgan(case_no=NUMBER, actor=LEAD, paper={"consent": "同意"}, lead=OFFICE))

    made.beside.sent = cut + made.beside.sent
    made.run()

    assert [told.code for told in made.beside.told if isinstance(told, WishRefused)] == ["foreign-directive"]
    assert made.township.cases.get(NUMBER).assisted == ()
    assert made.beside.cases.get(NUMBER).assists == ()


def test_while_custody_is_on_its_way_the_part_waits_and_arrives_when_it_has_settled():
    made = network()
    there = made.beside
    case = there.cases.get(NUMBER)
    delivered = [event for event in made.township.recorded if event.MESSAGE.name == "case-delivered"]
    on_its_way = replace(case, transfer=delivered[-1].transfer)
    there.cases.files[NUMBER] = on_its_way

    done = do(there, "file-assist-opinion", opinion(), there.here)
    assert done.wish_id
    there.cases.files[NUMBER] = case
    wishes.settle(there, NUMBER, there.here)
    made.run()

    assert made.township.cases.get(NUMBER).assisted == (HELPER,)


def test_another_unit_of_that_node_has_no_part_in_it():
    made = network()

    with pytest.raises(GuardRefused):
        made.act(BESIDE, opinion(actor=an_actor("U", BESIDE, f"{BESIDE}.office")))
    with pytest.raises(GuardRefused):
        made.act(BESIDE, c.AcceptCase(case_no=NUMBER, actor=OFFICER))


def test_a_node_speaks_only_for_its_own_assisting_units():
    made = network()
    forged = opinion(actor=OFFICER)
    directive = DirectiveIssued(
        directive_id="forged",
        case_no=NUMBER,
        from_node="630106",
        to_node=TOWNSHIP,
        command_type="file-assist-opinion",
        command=made.beside.seal_command(forged),
        issued_at=made.beside.clock.now(),
    )

    take_directive(made.township, "630106", directive, made.township.here)

    [(to_node, answer)] = made.township.take_sent()
    assert (to_node, answer.done, answer.code) == ("630106", False, "foreign-directive")


def told_of(made):
    """What the street would tell the node beside of the case as it stands."""
    history = made.township.cases.history(NUMBER)
    return AssistWanted(
        case_no=NUMBER, from_node=TOWNSHIP, to_node=BESIDE, events=history, subject_sealed="", text_sealed=""
    )


def test_only_the_holder_tells_and_only_whom_it_asks():
    made = network()
    message = told_of(made)

    with pytest.raises(Forbidden):
        take_assist(made.beside, DISTRICT, replace(message, from_node=DISTRICT), made.beside.here)
    with pytest.raises(Forbidden):
        take_assist(made.beside, DISTRICT, message, made.beside.here)
    stranger = Node("630106")
    with pytest.raises(Forbidden):
        take_assist(stranger, TOWNSHIP, message, stranger.here)


def test_a_history_with_a_gap_or_another_past_is_not_kept():
    made = network()
    message = told_of(made)
    with pytest.raises(Invalid):
        take_assist(made.beside, TOWNSHIP, replace(message, events=message.events[1:]), made.beside.here)
    other = network()
    for node in other.nodes.values():
        node.clock.advance(minutes=1)
    strange = Network()
    strange.city.clock.advance(minutes=5)
    strange.nodes[BESIDE] = Node(BESIDE)
    strange.filed()
    strange.transfer(DISTRICT, TOWNSHIP, OFFICE, assists=(HELPER,))

    with pytest.raises(Conflict):
        take_assist(made.beside, TOWNSHIP, told_of(strange), made.beside.here)


def test_an_older_word_of_the_case_takes_nothing_back():
    made = network()
    old = told_of(made)
    made.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=LEAD))
    before = made.beside.cases.get(NUMBER)

    take_assist(made.beside, TOWNSHIP, old, made.beside.here)

    assert made.beside.cases.get(NUMBER) == before
    assert before.accepted_on == made.township.clock.today()


def ended(node):
    node.cases.files[NUMBER] = replace(node.cases.get(NUMBER), state=CaseState.ARCHIVED)


def erased_by(origin=TOWNSHIP):
    return AssistedTextErased(case_no=NUMBER, from_node=origin, to_node=BESIDE)


def test_what_the_holder_erases_goes_from_the_node_of_an_assisting_unit_too():
    made = network(text="请修路")
    for node in (made.township, made.district, made.beside):
        ended(node)

    erase_texts(made.district, [NUMBER], an_actor("DL", DISTRICT), made.district.here)
    made.run()
    assert made.beside.texts[NUMBER].text  # the district only had the case once: it answers for itself
    erase_texts(made.township, [NUMBER], an_actor("DL", TOWNSHIP), made.township.here)
    made.run()

    assert made.township.texts[NUMBER].text == made.beside.texts[NUMBER].text == ""
    assert made.beside.texts[NUMBER].subject == ""


def test_only_the_holder_has_the_words_of_an_assisted_case_forgotten_and_only_once_it_has_ended():
    there = network(text="请修路").beside

    with pytest.raises(Conflict):
        forget_assisted(there, TOWNSHIP, erased_by())
    ended(there)
    with pytest.raises(Forbidden):
        forget_assisted(there, DISTRICT, erased_by(DISTRICT))
    with pytest.raises(Forbidden):
        forget_assisted(there, DISTRICT, erased_by())

    assert there.texts[NUMBER].text


def test_a_node_that_took_the_case_over_itself_forgets_nothing_at_the_word_of_another():
    made = network()
    ended(made.district)

    forget_assisted(made.district, TOWNSHIP, erased_by())

    assert made.district.texts[NUMBER].text
