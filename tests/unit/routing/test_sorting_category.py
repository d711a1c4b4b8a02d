"""A petition's category follows from weighted words, and the finding says from which."""

import csv

import pytest

from services.routing.domain.sorting.category import Terms, categorise
from services.routing.domain.sorting.words import Words, normalised
from tests.unit.routing.sorting_desk import XINING, rulebook, sort

# Written for these tests: one petition at least for each first level of the catalogue.
PETITIONS = [
    (
        "城西区虎台小区物业费上涨",
        "物业公司没有和业主商量就涨了物业费，业委会也没有开会。",
        "城乡建设/住房保障与房地产/物业服务",
    ),
    ("生物园区住宅暖气不热", "供暖以后家里只有十二度，热力公司让我们等。", "城乡建设/城市建设和市政管理/冬季采暖"),
    (
        "海湖新区某楼盘逾期交房",
        "开发商说好去年交房，到现在没有交房，购房合同写了违约责任。",
        "城乡建设/住房保障与房地产/房地产开发管理",
    ),
    (
        "南滩街道老院子拆迁安置房没有着落",
        "拆迁协议签了三年，过渡费停发，安置房还没有盖。",
        "城乡建设/国有土地上房屋征收与补偿/安置补偿",
    ),
    ("七路公交车发车间隔太长", "早上等公交要四十分钟，希望公交公司增加班次。", "城乡建设/城市建设和市政管理/公共汽车"),
    ("希望清真寺周边宗教活动有序", "宗教活动日车辆多，希望民宗委协调。", "党务政务/民族宗教"),
    ("政务大厅窗口态度差", "去政务服务大厅办事，窗口来回推，行政效能太低。", "党务政务"),
    ("多巴镇征地补偿款没有发完", "征地三年了，征地补偿款和青苗费只发了一半。", "国土资源/土地征收/安置补偿"),
    ("黑林河边有人盗采砂石", "夜里有人非法采矿采砂，矿山边坡都空了。", "国土资源/矿产资源管理/矿产开采"),
    ("甘河工业园夜里排放废气", "夜里有刺鼻气味，废气熏得睡不着，请环保局查一查。", "环境保护/环境污染/大气污染"),
    ("马坊街道工地夜间施工噪音", "夜里两点还有噪音，噪声扰民，老人孩子睡不了。", "环境保护/环境污染/噪音污染"),
    ("村里资金被挪用公款的线索", "有人贪污集体的钱，请纪委查处。", "纪检监察/贪污贿赂"),
    ("出租车拒载不打表", "火车站的出租车拒载、不打表，黑车拉客没人管。", "交通运输/出租车管理/行业监管"),
    ("快递丢失没人赔", "快递公司把包裹丢了，快递员说不归他管。", "交通运输/邮政管理/快递市场管理"),
    ("投资公司非法集资", "担保公司高息集资，集资款要不回来。", "经济管理/金融财税/集资融资"),
    ("单位改制买断没说清", "国企改制时国有资产怎么处理，改制职工都不知道，请国资委答复。", "经济管理/国资监管"),
    ("手机话费乱扣", "电信套餐没有同意就改了，话费多扣，宽带也断。", "科技与信息产业/电信/电信资费"),
    ("农村低保名额被取消", "家里有残疾人，低保户资格没了，民政局没有通知。", "民政/社会救助/农村低保"),
    ("退役士兵安置工作没有落实", "退役三年，安置工作还没有岗位，退役军人应当安置。", "民政/复退安置"),
    ("鲁沙尔镇村务公开不及时", "村委会三年没有村务公开，集体资金怎么花的不知道。", "农村农业/村务管理"),
    ("大通县承包地被邻村占用", "土地承包合同在，承包地却种不了。", "农村农业/土地承包经营/土地承包"),
    ("日月乡草场界线", "牧民的草原草场被占，放牧没有地方。", "农村农业/草原草场"),
    ("塔尔寺景区门票", "景区导游强制购物，旅游投诉没有人理。", "商贸旅游/旅游管理"),
    ("健身房预付卡跑路", "健身房会员卡刚充完就跑路，消费维权找工商局。", "商贸旅游/市场监管"),
    ("医院收费太高", "住院检查费重复收，医生不解释，医院不给清单，患者没有办法。", "卫生计生"),
    ("学校门口小店食品过期", "过期食品卖给孩子，食品安全没有人管，食药监没有来过。", "卫生计生/食品药品监管/食品安全"),
    ("打架报警没有处理", "被打以后派出所民警说等，治安案件拖了两个月，公安局没有答复。", "政法/社会治安"),
    ("孩子户口迁移办不下来", "落户要迁户，户口本上名字错了，派出所让来回跑。", "政法/户籍证件"),
    ("小学入学划片不合理", "家门口的小学不收，招生划片把我们分到两公里外，家长接送难。", "教育文体/考试招生"),
    ("培训机构不退费", "校外培训机构关门，辅导班学费退费没有消息。", "教育文体/教育行政管理/校外机构管理"),
    ("多巴工地拖欠农民工工资", "干了半年，农民工工资没有发，老板不接电话。", "劳动和社会保障/劳动关系/农民工权益"),
    (
        "职工养老保险断缴想补缴",
        "单位停缴社保，养老保险断缴三年，社保局让找单位。",
        "劳动和社会保障/城镇职工社会保险/职工养老保险",
    ),
]


def some_terms(**weighted):
    meanings = {
        word: tuple((tuple(path.split("/")), weight) for path, weight in where) for word, where in weighted.items()
    }
    return Terms(version="t", words=Words(meanings), subject_counts=2, most=3, doubt=4)


@pytest.mark.parametrize(("subject", "text", "category"), PETITIONS)
def test_a_petition_of_each_first_level_is_recognised(subject, text, category):
    found = sort(subject, text)

    path = tuple(category.split("/"))
    assert found.category[: len(path)] == path
    assert found.confidence >= rulebook().sure


def test_the_petitions_of_this_file_cover_every_first_level():
    with (XINING / "categories.csv").open(encoding="utf-8") as file:
        first_levels = {row["level1"] for row in csv.DictReader(file)}

    assert {category.split("/")[0] for *_, category in PETITIONS} == first_levels
    assert len(first_levels) == 15


def test_a_word_counts_for_its_category_and_those_above():
    terms = some_terms(停水=[("城乡建设/城市/供水", 5)], 小区=[("城乡建设", 2)])

    found = categorise(terms, "", "小区停水")

    assert found.path == ("城乡建设", "城市", "供水")
    assert found.score == 7


def test_a_deeper_level_needs_words_of_its_own():
    assert categorise(some_terms(小区=[("城乡建设", 2)]), "", "小区").path == ("城乡建设",)


def test_a_word_in_the_subject_counts_double():
    terms = some_terms(甲甲=[("民政", 3)], 乙乙=[("政法", 3)])

    assert categorise(terms, "乙乙", "甲甲").path == ("政法",)


def test_a_word_repeated_without_end_counts_a_few_times_only():
    terms = some_terms(甲甲=[("民政", 1)], 乙乙=[("政法", 4)])

    assert categorise(terms, "", "甲甲，" * 50 + "乙乙").path == ("政法",)


def test_a_longer_word_hides_the_shorter_one_inside_it():
    terms = some_terms(保险=[("经济管理", 9)], 养老保险=[("民政", 1)])

    assert categorise(terms, "", "养老保险").path == ("民政",)


def test_a_word_may_speak_against_a_category():
    terms = some_terms(甲甲=[("民政", 3)], 乙乙=[("民政", -5), ("政法", 1)])

    assert categorise(terms, "", "甲甲乙乙").path == ("政法",)


def test_confidence_is_the_margin_to_the_runner_up():
    clear = categorise(some_terms(甲甲=[("民政", 16)]), "", "甲甲")
    close = categorise(some_terms(甲甲=[("民政", 16)], 乙乙=[("政法", 15)]), "", "甲甲乙乙")

    assert clear.confidence == pytest.approx(16 / 20)
    assert close.confidence == pytest.approx(1 / 20)
    assert close.runner_up == ("政法",)


def test_without_a_known_word_there_is_no_category():
    found = sort("您好", "打扰了")

    assert found.category == ()
    assert found.confidence == 0
    assert not found.settled
    assert "没有识别出内容分类" in found.why


def test_the_reason_names_the_words_and_the_version():
    reason = sort("停水三天了", "自来水公司没有通知").reasons[0]

    assert reason.rule == "SORT-CATEGORY"
    assert reason.version == rulebook().terms.version
    assert "“停水”" in reason.text


def test_what_a_registrar_settled_stands():
    found = sort("停水三天了", "虎台停水", registrar_category=("民政", "优抚"))

    assert found.category == ("民政", "优抚")
    assert found.confidence == 1
    assert found.settled
    assert found.reasons[0].text == "登记人员确定。"


def test_a_close_race_waits_for_a_clerk_who_sees_both():
    found = sort("", "学校老师说停水")

    assert found.confidence < rulebook().sure
    assert not found.settled
    assert found.target is None
    assert "城乡建设" in found.why
    assert "教育文体" in found.why


def test_words_are_found_however_they_were_typed():
    assert normalised(" ＫＴＶ\n扰 民 ") == "ktv扰民"
    assert [(at, word) for at, word, _ in Words({"ktv": 1, "扰民": 2}).find("吵ktv扰民")] == [(1, "ktv"), (4, "扰民")]


def test_a_word_of_one_character_is_refused():
    with pytest.raises(ValueError, match="水"):
        Words({"水": 1})


def test_no_words_find_nothing():
    assert list(Words({}).find("任何文字")) == []
