"""Sports: closed lists of numbers, and words of many languages, in a GPX, a TCX and a table."""

import unicodedata

import pytest
from garmin_fit_sdk import Profile

from retrorun.errors import NotARunError
from retrorun.readers import read
from retrorun.readers.sports import (
    fit_sport,
    is_fit_on_foot,
    is_on_foot,
    is_walk,
    sport_of_code,
)
from retrorun.settings import ReadLimits

RUNS = """\
sv|Löpa|Löppass
nl|Rennen
sl|Tekanje
en|Run|Running|Trail Run|Virtual Run|Treadmill|Jogging|Street Running|Ultra|Marathon|Track Running
de|Wettkampf laufen
de|Lauf|Laufen|Waldlauf|Traillauf|Laufband|Joggen|Dauerlauf|Virtueller Lauf|Berglauf
fr|Course à pied|Course|Footing|Tapis de course|Tapis roulant|Courir|Trail|Course sur sentier
es|Carrera|Correr|Carrera virtual|Cinta de correr|Carrera de montaña|Trote|Trail running
it|Corsa|Corsa virtuale|Correre|Tapis roulant|Corsa su sentiero|Podismo
pt|Corrida|Correr|Corrida virtual|Esteira|Corrida em trilha
nl|Hardlopen|Loopband|Trailrun|Hardloop|Virtuele hardloopsessie
sv|Löpning|Löpband|Traillöpning|Terränglöpning|Virtuell löpning|Joggning
da|Løb|Løbetur|Løbebånd|Trailløb|Virtuelt løb
pl|Bieg|Bieganie|Bieg przełajowy|Bieżnia|Wirtualny bieg|Trucht
cs|Běh|Běhání|Běžecký pás|Virtuální běh|Trailový běh
sl|Tek|Jutranji tek|Tekaška steza|Gorski tek|Tekalna steza
fi hu ro tr|Juoksu|Futás|Alergare|Koşu
et lv lt hr|Jooksmine|Skriešana|Bėgimas|Trčanje
id vi el|Lari|Chạy bộ|Τρέξιμο
ru uk bg sr|Бег|Пробежка|Біг|Бягане|Трчање
he ar|ריצה|الجري|ركض
zh|跑步|户外跑步|室内跑步|越野跑|跑步机
ja ko|ランニング|ラン|トレイルラン|屋外ランニング|달리기|실외 달리기|러닝"""
WALKS = """\
sv|Promenera
sl|Hodim|Tura
en|Walk|Walking|Hike|Hiking|Nordic Walking|Casual Walking|Snowshoeing|Mountaineering
de|Spaziergang|Wandern|Wanderung|Gehen|Bergwandern|Schneeschuhwandern|Nordic Walking
fr|Marche|Randonnée|Marche nordique|Promenade|Marcher
es|Caminata|Caminar|Senderismo|Excursión|Paseo|Marcha nórdica
it|Camminata|Escursione|Escursionismo|Passeggiata|Camminare
pt|Caminhada|Trilha|Caminhar|Passeio
nl|Wandelen|Wandeling|Nordic walking
sv|Promenad|Vandring|Gång|Stavgång
da|Gåtur|Vandretur|Vandring|Gang
pl|Spacer|Marsz|Wędrówka|Chód|Piesza wycieczka
cs|Chůze|Procházka|Turistika|Pěší turistika
sl|Hoja|Pohod|Sprehod|Pohodništvo|Planinarjenje
fi hu ro tr|Kävely|Gyaloglás|Plimbare|Drumeție|Yürüyüş
et lv lt hr|Matkamine|Pastaiga|Ėjimas|Žygis|Hodanje
id el he ar|Jalan kaki|Περπάτημα|Πεζοπορία|הליכה|المشي
zh ja ko|步行|户外徒步|健走|ウォーキング|ハイキング|登山|걷기|등산"""
ELSEWHERE = """\
fi hu ro tr|Pyöräily|Kerékpározás|Úszás|Síelés|Ciclism|Înot|Bisiklet|Yüzme
et lv lt hr|Rattasõit|Jalgrattasõit|Riteņbraukšana|Peldēšana|Važiavimas dviračiu|Vožnja biciklom
id vi el|Bersepeda|Berenang|Đạp xe|Bơi|Ποδηλασία|Κολύμβηση
ru uk bg|Заезд|Велотренировка|Велосипед|Їзда|Колоездене|Плавание
he ar|רכיבה|רכיבת אופניים|שחייה|ركوب الدراجات|السباحة
zh|骑行|户外骑行|室内骑行|騎乘|泳池游泳|滑雪|划船机
ja ko|ライド|バーチャルライド|ロードバイク|サイクリング|プール水泳|라이딩|실내 사이클링|수영
de|Stehpaddeln|Drachenboot|Abfahrtsski|Tourenski|Eisschnelllauf|Regionalbahn|Brustcrawl
fr|Rameur|Bassin|TGV
es|Rodillo|Elíptica|Canotaje|Trineo|Monopatín|Cercanías
it|Vogatore|Vogata
pt|Canoagem|Caiaque|Caminhão|Rolo
nl|Sneltrein|Vrachtwagen|Sleeën|Suppen
sv|Öppet vatten|Simhall|Bassängsim|Pendeltåg|Bilfärd|Lastbil
da|Åbent vand|Letbane|Romaskine|Alpint|Bustur
pl|Zjazd|Ciężarówka|Spływ
cs|Rotoped|Bazén|Elektrokolo
sl|Bazen|Deskanje na snegu|Avtomobil|Tovornjak|Rolerji|Kotalkanje
en|Automotive|Transit|Longboard
en|Home trainer|Turbo trainer|Speed pedelec|Tandem|E-scooter|Velodrome|Helicopter|Hovercraft
de|Heimtrainer|Wasserski|Reisebus|Fähre|Schlitten|Schnorcheln|Hallenbad|Freibad|Autobahn
de|Sessellift|Kutsche|Schiff
fr|Trottinette|Chemin de fer
es|Ferrocarril|Tranvía|Submarinismo
it|Monopattino|Ferrovia|Metropolitana
pt|Ônibus|Automóvel|Corrida de carros
nl|Veldrijden|Skeeleren|Paardrijden|Varen|Toerskiën
sv|Landsvägscykel|Sparkcykel|Tunnelbana|Spårvagn|Järnväg|Buss|Slalom|Utförsåkning
sv|Turskidåkning|Långfärdsskridskor|Skoter
da|Løbehjul|Racercykel|Motionscykel
pl|Basen|Biegówki|Wrotki|Autokar
cs|Koloběžka|Horolezectví
en|Cycling|Biking|Bike|Ride|Virtual Ride|E-Bike Ride|Mountain Biking|Gravel Ride|Swim
en|Open water swimming
en|Pool Swim|Skiing|Alpine Ski|Cross-country skiing|Snowboarding|Driving|Car|Train|Taxi|Bus
en|Rowing|Motorcycling
en|Sailing|Kayaking|Ice skating|Inline skating|Wheelchair run|Horse riding|Flight|Golf|Yoga
en|Ski run|Roller ski
de|Radfahren|Radfahrt|Fahrrad|Rennrad|Radtour|Mountainbiken|Schwimmen|Freiwasserschwimmen
de|Skifahren|Skilanglauf
de|Langlauf|Skitour|Autofahrt|Autofahren|Zugfahrt|Bahn|Rudern|Segeln|Eislaufen
de|Rollschuhlaufen|Reiten|E-Bike-Fahrt
fr|Vélo|Cyclisme|VTT|Sortie à vélo|Course cycliste|Natation|Nage en eau libre|Ski
fr|Ski de fond|Ski alpin|Voiture
fr|Conduite|Train|Aviron|Voile|Patinage|Randonnée à vélo|Ski de randonnée|Randonnée équestre
fr|Vélo de route
es|Ciclismo|Bici|Bicicleta|Paseo en bici|Carrera de bicicletas|Natación|Esquí|Esquí de fondo
es|Coche|Conducir|Tren
es|Remo|Vela|Patinaje|Bicicleta de montaña
it|Ciclismo|Bici|Pedalata|Bicicletta|Giro in bici|Corsa in bici|Nuoto|Sci|Sci di fondo
it|Sci alpino|Guida|Treno|Auto
it|Canottaggio|Vela|Pattinaggio
pt|Ciclismo|Pedalada|Bicicleta|Passeio de bicicleta|Natação|Esqui|Carro|Conduzir|Comboio
pt|Trem|Remo|Patinação
nl|Fietsen|Fietsrit|Wielrennen|Zwemmen|Skiën|Langlaufen|Autorijden|Auto|Trein|Roeien
nl|Schaatsen|Zeilen|Paardrijden te paard en fiets
sv|Cykling|Cykeltur|Cykel|Simning|Skidåkning|Längdskidåkning|Utförsåkning på skidor
sv|Bilkörning|Bil|Tåg|Rodd|Skridskor
sv|Rullskidor|Ridning
da|Cykling|Cykeltur|Cykelløb|Svømning|Skiløb|Langrend|Bilkørsel|Bil|Tog|Roning|Skøjteløb|Sejlads
pl|Kolarstwo|Rower|Jazda na rowerze|Pływanie|Narciarstwo|Bieg na nartach|Biegi narciarskie
pl|Samochód|Pociąg
pl|Jazda samochodem|Wioślarstwo|Żeglarstwo|Łyżwy
cs|Cyklistika|Jízda na kole|Kolo|Plavání|Lyžování|Běh na lyžích|Běžky|Auto|Jízda autem|Vlak
cs|Veslování|Bruslení
cs|Cykloturistika
sl|Kolesarjenje|Kolo|Plavanje|Smučanje|Smučarski tek|Tek na smučeh|Avto|Vožnja
sl|Vožnja z avtom|Vlak|Veslanje|Drsanje
sl|Turno smučanje"""
SAYS_NOTHING = (
    "",
    "Other",
    "Generic",
    "Unknown",
    "Workout",
    "Training",
    "Track",
    "Activity",
    "X",
    "Tag",
)


OTHER_SCRIPTS = {
    "yes": (
        "бег",
        "ходьба",
        "поход",
        "ラン",
        "ランニング",
        "ウォーキング",
        "跑步",
        "달리기",
        "juoksu",
    ),
    "no": (
        "велосипед",
        "плавание",
        "лыжи",
        "自転車",
        "ライド",
        "骑行",
        "사이클링",
        "pyöräily",
        "bisiklet",
    ),
}


def _words(table: str) -> list[str]:
    return [word for line in table.splitlines() for word in line.split("|")[1:]]


def _variants(word: str) -> set[str]:
    split = unicodedata.normalize("NFKD", word)
    bare = "".join(one for one in split if not "\u0300" <= one <= "\u036f")  # kana keep their marks
    decomposed = unicodedata.normalize("NFD", word)
    snake = word.lower().replace(" ", "_").replace("-", "_")
    return {word, word.lower(), word.upper(), bare, decomposed, snake, f" {word}\n"}


@pytest.mark.parametrize("word", _words(RUNS))
def test_words_for_running(word: str) -> None:
    assert {is_on_foot(each) for each in _variants(word)} == {"yes"}
    assert not is_walk(word)


@pytest.mark.parametrize("word", _words(WALKS))
def test_words_for_walking(word: str) -> None:
    assert {is_on_foot(each) for each in _variants(word)} == {"yes"}
    assert is_walk(word)


@pytest.mark.parametrize("word", _words(ELSEWHERE))
def test_words_for_what_is_not_on_foot(word: str) -> None:
    without_a_ring = {"Tag"}  # a day, not a train
    assert {is_on_foot(each) for each in _variants(word) if each not in without_a_ring} == {"no"}


@pytest.mark.parametrize("expected", ["yes", "no"])
def test_words_of_other_scripts(expected: str) -> None:
    assert {is_on_foot(word) for word in OTHER_SCRIPTS[expected]} == {expected}


@pytest.mark.parametrize("word", SAYS_NOTHING)
def test_words_that_say_nothing(word: str) -> None:
    assert is_on_foot(word) == "maybe"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((str(code), "no") for code in (1, 2, 3, 5, 6, 7, 8, 12, 14, 15, *range(16, 19), 21, 23)),
        *((str(code), "no") for code in (24, 25, 26, 27, 28, 29, 30, 31, 51, 52)),
        *((code, "yes") for code in ("4", "9", "10", "13", "53")),
        *((code, "maybe") for code in ("0", "11")),
        *((code, "yes") for code in ("1001", "1002", "13001", "13003", "13005", "15005", "16009")),
        *((code, "no") for code in ("2001", "10007", "11007", "13004", "14001", "16001", "99999")),
    ],
)
def test_numbers_of_strava_and_samsung(code: str, expected: str) -> None:
    assert is_on_foot(code) == expected


def test_a_hike_by_number_is_a_walk() -> None:
    assert is_walk(sport_of_code("4"))
    assert is_walk("13001")
    assert not is_walk("9")


ON_FOOT = {"running", "walking", "hiking", "mountaineering", "snowshoeing"}
UNSAID = {"generic", "all", "multisport"}


@pytest.mark.parametrize("number", [*range(110), 200, 253, 254])
def test_every_fit_sport_with_a_word_or_without(number: int) -> None:
    word = Profile["types"]["sport"].get(str(number)) or Profile["types"]["sport"].get(number)
    expected = "yes" if word in ON_FOOT else "maybe" if word in UNSAID else "no"
    assert is_fit_on_foot(fit_sport(word or number, None)) == expected


@pytest.mark.parametrize("number", [*range(135), 253])
def test_every_fit_sub_sport_of_a_sport_that_says_nothing(number: int) -> None:
    subs = Profile["types"]["sub_sport"]
    word = subs.get(str(number)) or subs.get(number)
    on_foot = {"treadmill", "street", "trail", "track", "indoor_walking", "indoor_running"}
    on_foot |= {"casual_walking", "speed_walking", "ultra", "rucking"}
    open_ones = {"generic", "warm_up", "exercise", "challenge", "match", "commuting", "navigate"}
    open_ones |= {"track_me", "map", "mixed_surface", "virtual_activity", "obstacle", "expedition"}
    expected = "yes" if word in on_foot else "maybe" if word in open_ones else "no"
    assert is_fit_on_foot(fit_sport("generic", word or number)) == expected


def test_a_treadmill_is_filed_under_machines_and_a_spin_is_none() -> None:
    assert fit_sport("fitness_equipment", "treadmill") == "treadmill"
    assert is_fit_on_foot(fit_sport("fitness_equipment", "elliptical")) == "no"
    assert is_fit_on_foot(fit_sport("transition", "run_to_bike_transition")) == "no"
    assert is_fit_on_foot(fit_sport("wheelchair_push_run", None)) == "no"
    assert fit_sport("running", "treadmill") == "running"


# --- where the word stands in a file ---

POINTS = "".join(
    f'<trkpt lat="46.{index:04d}" lon="14"><time>2026-05-03T07:30:{index:02d}Z</time></trkpt>'
    for index in range(9)
)


def _gpx(before: str = "", within: str = "", behind: str = "") -> bytes:
    return (
        f'<gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:o="urn:o">{before}'
        f"<trk>{within}<trkseg>{POINTS}</trkseg>{behind}</trk></gpx>"
    ).encode()


@pytest.mark.parametrize(
    "data",
    [
        _gpx(within="<type>Radfahren</type>"),
        _gpx(within="<extensions><type>Radfahren</type></extensions>"),
        _gpx(within="<extensions><o:sport>Radfahren</o:sport></extensions>"),
        _gpx(within="<extensions><o:activityType>Radfahren</o:activityType></extensions>"),
        _gpx(before="<metadata><type>Radfahren</type></metadata>"),
        _gpx(
            before="<metadata><extensions><o:activity>cycling</o:activity></extensions></metadata>"
        ),
        _gpx(before="<extensions><o:sport>cycling</o:sport></extensions>"),
        _gpx(before="<exerciseinfo><exercisetype>11007</exercisetype></exerciseinfo>"),
        _gpx(behind="<type>Radfahren</type>"),
        _gpx(behind="<extensions><o:activity_type>cycling</o:activity_type></extensions>"),
        _gpx(before="<metadata><type>running</type></metadata>", within="<type>cycling</type>"),
        _gpx(before="<metadata><type>cycling</type></metadata>", within="<type>other</type>"),
    ],
)
def test_a_ride_by_its_type_wherever_it_stands(data: bytes) -> None:
    with pytest.raises(NotARunError) as caught:
        read("a.gpx", data, ReadLimits())
    assert caught.value.slug == "not-a-run"


@pytest.mark.parametrize(
    "before",
    [
        "<metadata><link href='x'><type>cycling</type></link></metadata>",
        '<wpt lat="46" lon="14"><type>Bike shop</type></wpt>',
        "<metadata><name>Radfahren</name><desc>cycling</desc></metadata>",
        "<rte><type>cycling</type></rte>",
    ],
)
def test_words_that_are_no_type_of_the_track_say_nothing(before: str) -> None:
    (run,) = read("a.gpx", _gpx(before), ReadLimits()).recordings
    assert run.sport is None


def test_the_number_of_a_type_becomes_a_word() -> None:
    (run,) = read("a.gpx", _gpx(within="<type>4</type>"), ReadLimits()).recordings
    assert run.sport == "hiking"


@pytest.mark.parametrize("sport", ["Biking", "Radfahren", "vélo", "Plavání", "Kolesarjenje"])
def test_the_sport_of_a_tcx(sport: str) -> None:
    points = "".join(
        f"<Trackpoint><Time>2026-05-03T07:30:0{n}Z</Time></Trackpoint>" for n in range(3)
    )
    text = (
        f'<TrainingCenterDatabase><Activities><Activity Sport="{sport}"><Lap><Track>{points}'
        "</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
    with pytest.raises(NotARunError):
        read("a.tcx", text.encode(), ReadLimits())
