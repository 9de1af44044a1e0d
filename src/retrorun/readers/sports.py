"""Which sports are runs or walks: the words that watches, sites and phones use, and their codes.

The words are those of English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish,
Danish, Norwegian, Polish, Czech and Slovenian. The commonest words are known in Finnish, Estonian,
Latvian, Lithuanian, Hungarian, Romanian, Croatian, Turkish, Indonesian, Vietnamese, Greek, Russian,
Ukrainian, Bulgarian, Hebrew, Arabic, Chinese, Japanese and Korean, too.

All are in lower case and without diacritics (``ł`` is ``l``, ``ø`` is ``o``). A word is whole, a
beginning or an ending; in scripts that have no blanks between words it may stand anywhere. Sports
that are not on foot are looked for first, because most of their names contain a word of running: a
ski run, ``Skilanglauf``, ``course cycliste``, ``bieg na nartach``.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple


class Words(NamedTuple):
    """Words of one kind: as a whole, as the beginning, as the end or as a part of a word."""

    whole: frozenset[str]
    begin: tuple[str, ...]
    end: tuple[str, ...]
    within: tuple[str, ...]


def _words(whole: str, begin: str, end: str, within: str = "") -> Words:
    """From texts of words with blanks between them."""
    begins, ends, parts = (tuple(each.split()) for each in (begin, end, within))
    return Words(frozenset(whole.split()), begins, ends, parts)


_CYCLING = _words(
    whole=(
        "dap ركوب "
        " velo velos vae vtt vttae mtb emtb btt bmx gravel bike"
        " bikes ride rides riding rit rad kolo kolem kole spin peloton zwift moto quad enduro"
        " moped scooter tandem trainer rouvy rolo"
    ),
    begin=(
        "kerekpar bringa bersepeda sepeda ποδηλ вело езд заезд ізд колоезд бицикл רכיב "
        "אופני دراج الدراج jalgrat rattas ritenbr dvirac dvirat vaziav กรยาน "
        "велос pyorail bisiklet unicy touringb cycl cicl biki biker bikep biket bike bicy bici"
        " ebik emtb mtb mountainbik pedal pedel velof velot velor velom veloa velos fiets wielre"
        " wielersp rennrad fahrrad radf radt radr radl radel radsp radaus raderg cykel cykl sykkel"
        " sykl koles kolar rower przejazdz jazd jizd voznj spinn handcyc handbik kickbike motor"
        " motoc rollentrain hometrain heimtrain ergometer bicikl velodrom veldrij pedelec trottin"
        " monopat kolobez rotoped elektrokol rodill lobehjul sparkc skoter escoot onewheel"
    ),
    end=(
        "bike biking cycling bicycle ride rad rader rit fiets fietsen cykling cykel pedelec sykling"
    ),
    within="自転車 自行车 自行車 单车 單車 骑 騎 ライド バイク サイクリング 자전거 사이클 라이딩",
)
_SWIMMING = _words(
    whole=(
        "boi "
        " uinti yuzme nage nager natation natacion natacao natacio nado nadar"
        " nuoto nuotare pool piscine piscina openwater dive diving simma basen basenie vatten"
        " bazen bazenu bassin brasse vand"
    ),
    begin=(
        "uszas inot κολυμ שחי سباح السباح ujum peldes plauk berenang "
        "плава swim schwimm nuotat zwem simning simtur svom plywa plav aqua aquaro snorkel apnea"
        " apnoe tauch plong buce mergulh immersion duiken dykning dykker nurk potap scuba schnorch"
        " hallenbad freibad submarin simhall bassang"
    ),
    end="swim swimming schwimmen zwemmen simning crawl",
    within="泳 スイム 수영",
)
_WINTER = _words(
    whole="σκι sci bezky bezkach luge sled snow sleeen pulka ice",
    begin=(
        "sieles suusat slepos slidin luistel лыжн коньк "
        "лыж сноуборд hiiht ski nordicsk alpinesk backcountrysk rollersk crosscountrysk waterski"
        " sciar scialp sciis sciist esqui langlauf langrend langdsk langdak nart narc lyz bezkov"
        " bezkar smuc smuk biathlon snowboard snowmob telemark rodel sledd sledg slitt sank skat"
        " schaats skridsko skojt skoyt patin pattin brusl drsa rolan rolk roller rollsk rollsch"
        " schlittschuh eislauf inlin rullsk rullesk schlitten skeeler wrot slalom snowkit wassersk"
        " alpinski biegowk toersk turskid utforsak langfardssk alpint"
        " abfahrtssk tourensk trineo zjazd deskanj eisschnell longboard rolerj kotalk"
    ),
    end="skiing skate skating skifahren skidor langlaufen langlauf skilaufen",
    within="滑雪 滑冰 スキー スノーボード スケート 스키 스노보드 스케이트",
)
_DRIVING = _words(
    whole=(
        "car cars auto autem autos autom pkw lkw coche carro guida macchina bil bus avto"
        " avtom kart korning korsel kore train trains rail zug zuge bahn ubahn sbahn tren trem"
        " treno treni trein treinen tog tram metro subway underground lift plane fly volo"
        " aereo avion aviao flight dirigir guidare buss carros fahre fer varen transit tgv rer"
        " bustur caminhao personbil regionalbahn electrico"
    ),
    begin=(
        "автомоб автобус αυτοκιν "
        "вожд поезд driv autofahr autorij autorit autoreis autobus autocar automob taxi voiture"
        " conduc conduir conduit conduz rijd bilkor biltur bilresa bilrejse samoch rizeni busfahr"
        " busreis avtobus truck camion lorry vehic vozil vozid pojazd fahrzeug gokart karting"
        " motorsport fahrt fahren transport railw railr zugfahr zugreis strassenbahn eisenbahn"
        " seilbahn bahnfahr bahnreis comboio treinreis treinrit togrejs togtur tagresa tagtur"
        " pociag vlak zeleznic kolej tramw tramv funicul gondol cablecar ferry airplane flug flieg"
        " flying flyg vliegtuig vlieg samolot letal letad paraglid parapent parapend gleitschirm"
        " skydiv wingsuit ballon drone automov autobahn autokar bussr reisebus omnib onib ferrocar"
        " ferrov jarnvag tranv metropolit tunnelban sparvag sessell kutsch helicop helikop hovercr"
        " schiff automot avtomob vrachtw bilfard lastbil ciezarow tovorn cercan letban podzemn"
        " pendeltag tagfard"
    ),
    end="fahrt fahren kjoring korning trein",
    within="驾车 駕車 开车 開車 汽车 汽車 ドライブ 자동차 운전",
)
_WATER = _words(
    whole=(
        "boat boats boot bateau barca barco statek lod voile vela row remo remar sup canoa"
        " wing foil coln ladja ro rameur rame vogatore vogata prancha suppen"
    ),
    begin=(
        "evezes soutu гребл κωπηλ "
        "boating bootf bootst sail segel segl sejl zeil zegl jadr plachet rowing rowingm ruder"
        " aviron canott canoag caiaq canotaj remoerg romaskin splyw"
        " roei rodd roning wioslar vesl kayak kajak canoe canoi kanu kano paddl paddel padl"
        " pagai piragu raft surf windsurf kite wakeb wakes wingfoil yacht tubing"
    ),
    end="surfing surf boarding segeln rudern boat boot paddeln",
    within="划船 皮划艇 赛艇 ボート カヤック カヌー サーフィン 조정 카약 서핑",
)
_OTHER = _words(
    whole=(
        "golf padel box boxen boxing calcio ples dans gym hiit atv rv blimp gliding glider"
        " judo karate rope horse bowling cardio calisthenics cooldown"
    ),
    begin=(
        "intensity ausritt yoga joga pilates crossfit gymn fitnes strength weight kraft muscul"
        " fuerza forza forca kracht styrke styrk silow posil ellipt eliptic crosstrain stepper"
        " stairs stairc stairm stairst climb kletter escalad arrampic klimm klims klatr klattr"
        " wspin lezen plezan boulder tennis tenis soccer football fussball futbol futebol voetbal"
        " fotbol fotbal fodbold pilka nogomet basket baseball softball volley handbal hockey rugby"
        " cricket lacrosse badminton squash pickle racquet racket golf archer shoot hunt fish box"
        " martial kampf danc tanz danse baile ballo taniec tanec zumba aerobic equestr equit"
        " equitation reiten pferd horse hipica ridning jezdec jahan wheelchair rollstuhl fauteuil"
        " carrozz vozick jump skipp meditat breath stretch mobility sauna massag gaming esport"
        " tactical fencing curling functional traditionalstr corestr mindandb flexib barre taichi"
        " wrestl snowsp watersp paddlesp swimb preparationand pushup situp pullup hula discsp"
        " transition circuit highint coretr mixedcardio waterf crosstr underwater steptrain"
        " indoorcardio paardrij horolez"
    ),
    end="ball boxing climbing dance tennis yoga golf kampf polo",
    within=(
        "瑜伽 篮球 籃球 足球 网球 網球 羽毛球 高尔夫 力量训练 椭圆机"
        " ヨガ テニス サッカー ゴルフ 筋トレ 요가 축구 테니스 골프"
    ),
)
NOT_ON_FOOT: tuple[Words, ...] = (_CYCLING, _SWIMMING, _WINTER, _DRIVING, _WATER, _OTHER)
# with its ring it is a train, without it a day
NOT_ON_FOOT_AS_WRITTEN = frozenset({"tåg", "tåget"})

RUN = _words(
    whole=(
        "lari біг جري الجري ركض الركض chay "
        "run runs ran jog jogs course courses courir footing carrera carreras correr"
        " corriendo trote trotar corsa corse correre correndo corrida corridas lopen loop"
        " loopje lopp lopband lopetur lob lobe lober lobetur lop lope loping trucht tek teka"
        " teku teki tekom teci tekma beh behy behat trail trails ultra parkrun canicross"
        " parkour tapis esteira passadeira obstacle trcanje juoksu lenkki kosu futas бег забег"
        " lopa loppass rennen"
        " ラン"
    ),
    begin=(
        "alerg begim jooks skries τρεξ бяган трч пробеж ריצ "
        "runn jogg treadmill lauf hardlop hardloop looptr loopband lopning lopar lopn springa"
        " springn lobeband lobetr bieg biezni behan bezeck bezec tekas tekac tekaln tekan podis"
        " marathon maraton orienteer orienter trailrun trailrunn plogg fellrun coureur corredor"
        " trackandf halvmara kunto"
    ),
    end="ラン run running jogging lauf laufen loop lopen lopning lob loping marathon maraton",
    within="跑 ランニング ジョギング マラソン 달리기 러닝 조깅 마라톤",
)
WALK = _words(
    whole=(
        "jalan seta gyaloglas مشي المشي "
        "foot gehen marche marches rando balade ballade caminata caminar caminando andar"
        " andando paseo passeio marcha marcia raquette raquettes stavgang gatur gang gaa hoja"
        " hoje hoji hojo hodim izlet tura pesi ruck rucking onfoot kavely patikointi gora"
        " ходьба поход yuruyus"
    ),
    begin=(
        "gyalog plimb drumet hodan kondim matk pastaig solosan ejim zygis mendaki περπατ "
        "πεζοπορ ходен הליכ "
        "walk hik spazier wander bergwander bergtour bergsteig schneeschuh marsch pilger randonn"
        " promenad promener spadser sender excursion escursion alpinis montanismo trek cammin"
        " passegg caminh trilha pedestr wandel vandr spacer marsz chod chuze wedrow piesz prochaz"
        " turisti vychazk pochod pohod sprehod planinar gornis hribol snowsho mountaineer backpack"
        " geocach rambl marcher"
    ),
    end="walk walking hike hiking gehen wandern wanderung wandeling marsch",
    within=(
        "步行 徒步 健走 散步 走路 登山 ウォーキング ウォーク ハイキング 散歩 걷기 등산 산책 하이킹"
    ),
)
ON_FOOT: tuple[Words, ...] = (WALK, RUN)


OnFoot = Literal["yes", "no", "maybe"]

_LONGEST = 200  # characters of a word for a sport that are looked at
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIACRITICS = re.compile("[\u0300-\u036f]")  # not those of other scripts: they make other words
_TOKEN = re.compile(r"[^\W\d_]+")
_WITHOUT_DECOMPOSITION = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})
_LEAST_COMPOUND = 6  # letters of a word in which only the end is looked at
_ANY_GAIT = frozenset({"trail", "trails", "course"})  # beside a word for walking
_NO_COMPOUND = frozenset({"stride", "strides", "override", "parade", "kampflauf", "wettkampf"})

# numbers in <type>, as Strava's export writes them
_STRAVA: Mapping[int, str] = MappingProxyType(
    {
        1: "cycling",
        2: "alpine skiing",
        3: "backcountry skiing",
        4: "hiking",
        5: "ice skating",
        6: "inline skating",
        7: "nordic skiing",
        8: "roller skiing",
        9: "running",
        10: "walking",
        11: "workout",
        12: "snowboarding",
        13: "snowshoeing",
        14: "kitesurfing",
        15: "windsurfing",
        16: "swimming",
        17: "virtual ride",
        18: "e-bike ride",
        19: "velomobile ride",
        21: "canoeing",
        22: "kayaking",
        23: "rowing",
        24: "stand up paddling",
        25: "surfing",
        26: "crossfit",
        27: "elliptical",
        28: "rock climbing",
        29: "stairstepper",
        30: "weight training",
        31: "yoga",
        51: "handcycling",
        52: "wheelchair",
        53: "virtual run",
    }
)
# Samsung Health's exercise types: all that go on foot, and those that people record most; the
# thousands are its groups
_SAMSUNG: Mapping[int, str] = MappingProxyType(
    {
        1001: "walking",
        1002: "running",
        11007: "cycling",
        13001: "hiking",
        13002: "rock climbing",
        13003: "backpacking",
        13004: "mountain biking",
        13005: "orienteering",
        14001: "swimming",
        15003: "exercise bike",
        15005: "treadmill",
        15006: "elliptical",
        16001: "cross-country skiing",
        16002: "skiing",
        16008: "alpine skiing",
        16009: "snowshoeing",
    }
)
_SAMSUNG_FROM = 1000

# FIT's sports are a closed list: what stands in neither of these is not on foot, new numbers too
_FIT_ON_FOOT = frozenset({"running", "walking", "hiking", "mountaineering", "snowshoeing"})
_FIT_UNSPECIFIC = frozenset({"generic", "all", "multisport"})
_FIT_SUB_ON_FOOT = frozenset(
    {
        *("treadmill", "indoor_running", "indoor_walking", "casual_walking", "speed_walking"),
        *("street", "trail", "track", "ultra", "rucking"),
    }
)
_FIT_SUB_UNSPECIFIC = frozenset(
    {
        *("generic", "all", "warm_up", "exercise", "challenge", "match", "navigate", "track_me"),
        *("map", "commuting", "mixed_surface", "virtual_activity", "obstacle", "expedition"),
    }
)
_FIT_MACHINES = frozenset({"fitness_equipment", "training"})  # a treadmill is filed under them


def fit_sport(sport: str | int | None, sub_sport: str | int | None) -> str | None:
    """The word for a FIT sport: the sub-sport's where the sport itself says less.

    Args:
        sport: the profile's word, or the number where the profile at hand has no word for it.
        sub_sport: likewise.
    """
    own, sub = _fit_word("sport", sport), _fit_word("sub-sport", sub_sport)
    is_unspecific = own is None or own in _FIT_UNSPECIFIC
    if sub in _FIT_SUB_ON_FOOT and (is_unspecific or own in _FIT_MACHINES):
        return sub
    if is_unspecific and sub is not None and sub not in _FIT_SUB_UNSPECIFIC:
        return sub
    return own


def _fit_word(kind: str, value: str | int | None) -> str | None:
    return f"{kind} {value}" if isinstance(value, int) else value


def is_fit_on_foot(sport: str | None) -> OnFoot:
    """Whether a sport goes on foot, by FIT's closed lists; ``maybe`` where the file does not say.

    Args:
        sport: as ``fit_sport`` gives it.
    """
    if sport is None or sport in _FIT_UNSPECIFIC:
        return "maybe"
    return "yes" if sport in _FIT_ON_FOOT | _FIT_SUB_ON_FOOT else "no"


def sport_of_code(text: str) -> str:
    """The English word for one of Strava's or Samsung's numbers; any other text as it is."""
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        return text
    number = int(text)
    if number < _SAMSUNG_FROM:
        return _STRAVA.get(number, text)
    return _SAMSUNG.get(number, f"exercise type {number}")


def is_on_foot(sport: str | None) -> OnFoot:
    """Whether a sport goes on foot; ``maybe`` where it is not named or not known."""
    if sport is None:
        return "maybe"
    word = sport_of_code(sport.strip()[:_LONGEST])
    if word.startswith("exercise type "):
        return "no"  # Samsung's list is closed
    written, plain = tokens(word)
    if written & NOT_ON_FOOT_AS_WRITTEN or _any_of(plain, NOT_ON_FOOT):
        return "no"
    return "yes" if _any_of(plain, ON_FOOT) else "maybe"


def is_walk(sport: str | None) -> bool:
    """Whether a sport is walking or hiking, on foot and by its words."""
    plain = tokens(sport_of_code(sport or ""))[1]
    may_run = _any_of(plain - _ANY_GAIT, (RUN,))
    return is_on_foot(sport) == "yes" and _any_of(plain, (WALK,)) and not may_run


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a text in lower case: as they are written, and without diacritics."""
    composed = unicodedata.normalize("NFC", _CAMEL.sub(" ", text[:_LONGEST])).casefold()
    plain = without_diacritics(composed)
    return frozenset(_TOKEN.findall(composed)), frozenset(_TOKEN.findall(plain))


def without_diacritics(text: str) -> str:
    """A text in lower case without the diacritics of Latin, Greek and Cyrillic letters."""
    split = unicodedata.normalize("NFKD", text.casefold().translate(_WITHOUT_DECOMPOSITION))
    return unicodedata.normalize("NFC", _DIACRITICS.sub("", split))


def _any_of(plain: Iterable[str], groups: Iterable[Words]) -> bool:
    return any(_matches(word, words) for word in plain for words in groups)


def _matches(word: str, words: Words) -> bool:
    if word in words.whole or word.startswith(words.begin):
        return True
    if any(part in word for part in words.within):
        return True
    return len(word) >= _LEAST_COMPOUND and word not in _NO_COMPOUND and word.endswith(words.end)


# heads of tables of activities in English, German, French, Spanish, Italian, Portuguese, Dutch,
# Swedish, Danish, Norwegian, Polish, Czech, Slovenian, Russian, Japanese and Chinese, without
# diacritics and apostrophes
TITLE_HEADS = frozenset(
    {
        *("activity name", "name der aktivitat", "aktivitatsname", "nom de l activite"),
        *("nombre de la actividad", "nombre de actividad", "nome attivita", "nome dell attivita"),
        *("nome da atividade", "naam activiteit", "activiteitsnaam", "naam van activiteit"),
        *("aktivitetsnamn", "aktivitetsnavn", "navn pa aktivitet", "aktivitetens navn"),
        *("nazwa aktywnosci", "nazev aktivity", "ime dejavnosti", "naziv dejavnosti"),
        *("ime aktivnosti", "название тренировки", "アクティビティ名", "活动名称"),
    }
)
TYPE_HEADS = frozenset(
    {
        *("activity type", "sport type", "aktivitatsart", "aktivitatstyp", "sportart"),
        *("type d activite", "tipo de actividad", "tipo attivita", "tipo di attivita"),
        *("tipo de atividade", "tipo da atividade", "type activiteit", "activiteitstype"),
        *("activiteittype", "soort activiteit", "aktivitetstyp", "aktivitetstype"),
        *("type aktivitet", "typ aktywnosci", "rodzaj aktywnosci", "typ aktivity"),
        *("druh aktivity", "vrsta dejavnosti", "vrsta aktivnosti", "tip dejavnosti"),
        *("тип тренировки", "アクティビティタイプ", "活动类型"),
    }
)
DATE_HEADS = frozenset(
    {
        *("activity date", "aktivitatsdatum", "datum der aktivitat", "date de l activite"),
        *("fecha de la actividad", "fecha de actividad", "data attivita", "data dell attivita"),
        *("data da atividade", "datum activiteit", "datum van activiteit", "activiteitsdatum"),
        *("activiteitdatum", "aktivitetsdatum", "aktivitetsdato", "dato for aktivitet"),
        *("data aktywnosci", "datum aktivity", "datum dejavnosti", "datum aktivnosti"),
        *("дата тренировки", "アクティビティ日", "活动日期"),
    }
)


def plain_head(head: str) -> str:
    """A head in lower case, without diacritics and apostrophes."""
    return " ".join(re.sub(r"['’`´_\s]+", " ", without_diacritics(head)).split())


def by_word(words: Mapping[str, str]) -> Mapping[str, str]:
    """Each word of a text with blanks between them → what it means."""
    return {word: meaning for meaning, text in words.items() for word in text.split()}


# what says neither of the two: gaits, and small words around
BESIDE_DIRECTIONS = by_word(
    {
        "gait": (
            "run running walk walking jog jogging lauf laufen laufend gehen gehend course marche"
            " courir corsa camminata correre correr corrida corriendo caminar tek teku hoja beh"
            " bieg lopen lobe lob lop springa бег ход"
        ),
        "small": "in en a al all do hacia para the",
    }
)
DIRECTIONS = by_word(  # letters alone, without blanks and diacritics
    {
        "backward": (
            "backwards back b bw bwd reverse reversed rev retro retrorun retrorunning backrunning"
            " backpedal backpedaling backpedalling runningbackward runningbackwards backwardrunning"
            " ruckwarts rueckwaerts ruckwartslauf ruckwartslaufen ruckwartsgehen rw"
            " arriere enarriere areculons reculons atras haciaatras deespaldas espaldas"
            " indietro allindietro tras decostas costas achteruit achterwaarts achterstevoren"
            " achteruitlopen baklanges bakat baglaens bagud baklengs bakover tylem tylu wstecz"
            " pozadu vzad dozadu nazaj vzvratno vzvratni ritensko natrag unatrag unazad nazad zpet"
            " ruckwaerts rueckwarts ruckw bkwd bckw backwd retrolauf retrolaufen enreculant recul"
            " zpatky pozpatku taakse tagurpidi atpakal atgal πισω αναποδα lui mundur натраг 倒走"
            " 后退跑 뒤로뛰기 إلىالخلف للخلف אחורה"
            " taaksepain takaperin geri geriye hatra hatrafele inapoi назад спиноивперед задом"
            " уназад наназад 后退 後退 倒跑 倒着跑 倒退跑 向后 向後 後ろ 後ろ向き 後ろ走り 後ろ歩き"
            " 뒤 뒤로 뒤로달리기 뒤로걷기"
        ),
        "forward": (
            "forwards forth front f fw fwd ahead normal vorwarts vorwaerts vorwartslauf"
            " vorwartslaufen vorwartsgehen vw avant enavant adelante delante defrente frente"
            " avanti inavanti paraafrente vooruit voorwaarts framat framlanges forlaens fremad"
            " forover forlengs przodem przodu popredu vpred dopredu naprej naprijed eteenpain"
            " etuperin ileri elore inainte вперед напред напријед 向前 前进 前進 正跑 前 前向き"
            " 前走り 앞 앞으로"
        ),
        "clear": "unknown unclear unsure",
    }
)
# words of a note that say nothing of a direction there: "back to start", "in front"
WEAK_DIRECTIONS = frozenset({"front", "ahead", "normal", "reverse", "reversed", "forth"})
_NOT = "not no non nicht kein keine pas ne nie niet inte never don dont didn didnt doesn isn wasn"
NEGATIONS = frozenset(by_word({"not": f"{_NOT} without ohne sans sin senza"}))
# heads of tables of labels, with letters alone and without units and diacritics
LABEL_HEADS = by_word(
    {
        "start": (
            "begin from starttime startzeit beginn anfang von debut depart inicio inizio begintime"
            " startclock onset tstart timestart xmin tmin desde zacetek poczatek zacatek fran fra"
        ),
        "end": (
            "stop to until endtime endzeit ende bis fin fine finish stoptime endclock offset tend"
            " timeend xmax tmax arrivee fim hasta einde konec koniec slut till til"
        ),
        "direction": (
            "label type what richtung laufrichtung sens direccion direzione direcao sentido verso"
            " gait kind richting riktning retning kierunek smer runningdirection dir class"
        ),
        "duration": "length dauer lasts duree duracion durata duracao trajanje",
    }
)
YES_NO = by_word(
    {
        "backward": "yes y true 1 x ja j wahr oui o vrai si sì sí da tak ano да 是",
        "forward": "no n false 0 nein falsch non faux nee ne nie нет 否 -",
    }
)
