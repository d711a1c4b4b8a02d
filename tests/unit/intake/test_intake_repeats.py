"""By what intake lets the city recognise a person again: keyed hashes of every identity, of co-signers, of no agent."""

from services.intake.domain.parties import Party, PartyKind
from services.intake.domain.petitioner import Petitioner
from services.intake.handlers.repeats import LENGTH, MOST_KEYS, person_keys
from tests.unit.intake.desk import FakeVault

WHOLE = Petitioner(name="马秀兰", id_number="630104199001012345", phone="13997000000", address="西关大街12号")


def keys(petitioner=WHOLE, *parties):
    return person_keys(petitioner, parties, FakeVault())


def party(kind, **fields):
    return Party(kind=kind, person=Petitioner(**fields))


def test_each_identity_is_a_key_after_its_kind_the_strongest_first():
    assert [key.partition(":")[0] for key in keys()] == ["id", "phone", "person"]
    assert all(len(key.partition(":")[2]) == LENGTH for key in keys())


def test_one_telephone_is_one_key_whoever_leaves_it_and_whatever_else_is_said():
    only_phone = keys(Petitioner(name="马秀兰", phone="13997000000"))

    assert set(only_phone) < set(keys())


def test_pr_3_a_co_signer_counts_and_an_agent_does_not():
    signer = party(PartyKind.CO_SIGNER, name="王", phone="13800000001")
    agent = party(PartyKind.AGENT, name="李", phone="13800000002")

    found = keys(WHOLE, signer, agent)

    assert [key for key in found if key not in keys()] == [
        f"co-signer:{keys(Petitioner(phone='13800000001'))[0].partition(':')[2]}"
    ]


def test_a_co_signer_who_is_the_petitioner_is_no_second_person():
    assert keys(WHOLE, party(PartyKind.CO_SIGNER, name="马秀兰", phone="13997000000")) == keys()


def test_who_left_nothing_has_no_key():
    assert keys(Petitioner()) == keys(Petitioner(name="马秀兰")) == ()


def test_the_keys_of_a_very_long_list_are_bounded():
    signers = [party(PartyKind.CO_SIGNER, phone=f"138{n:08d}") for n in range(MOST_KEYS + 5)]

    assert len(keys(WHOLE, *signers)) == MOST_KEYS
