"""Names of activities, both ways: what says backward in many languages, and what only seems to."""

import pytest

from retrorun.detect.labels import meaning, meaning_of_whole

BACKWARD = """
Backward run|Running backwards|Backwards|backward jogging 3 km|Walked backwards in the park
Retro running|retrorunning|Retro-run 5k|RetroRun|Reverse running|reverse jog|Run in reverse
Backpedal|Morning backward intervals|4 x 400 m backwards
Rückwärtslaufen|Rückwärtslauf im Wald|Rückwärts laufen|rückwärts|Laufen rückwärts|Retrolauf
Course à reculons|à reculons|Course arrière|Marche arrière|course en arrière|Footing à reculons
Corsa all'indietro|corsa retro|indietro|Correre indietro|Camminata all'indietro
Correr de espaldas|carrera de espaldas|de espaldas|Caminar hacia atrás|corriendo hacia atrás
Corrida de costas|de costas|Correr para trás|correr d'esquena|córrer cap enrere
Achteruit lopen|achteruit rennen|Achterwaarts lopen|achteruit
Baklänges löpning|baklänges|Baklengs løping|baklengs|Baglæns løb|baglæns
Juoksu takaperin|takaperin|selkä edellä juoksu
Ritensko|vzvratni tek|tek nazaj|nazaj|Trčanje unatrag|unazad|trčanje natraške
Běh pozpátku|pozpátku|beh dozadu|Beh pospiatky|Bieg tyłem|tyłem po parku|bieg do tyłu
Hátrafelé futás|hátrafutás|futás háttal|Alergare cu spatele|mers cu spatele
Tagurpidi jooks|bėgimas atbulomis|skriešana atmuguriski|atzeraka
Бег спиной вперёд|бег назад|задом наперёд|Біг спиною вперед|Трчање уназад|бягане заднешком
Geri geri koşu|Τρέξιμο ανάποδα|προς τα πίσω|ריצה לאחור|الجري للخلف
Lari mundur|jalan mundur|Chạy lùi|đi lùi|後ろ向き走り|バック走|倒走|倒着跑|后退跑
뒤로 달리기|วิ่งถอยหลัง
"""

OTHERWISE = """
Out and back|There and back again|Back to back long runs|Back on track|Lower back pain run
Retro Running Club|Retro run club 5k|Retro Running Shoes test|80s retro run|Retro Run Vintage Party
Retro Stadium 10k|Retrospective|Retrofit|Reverse loop|Reverse lunges|Reverse direction
Reverse order pyramid|Run in reverse order|Route backwards|Not backwards today|no backward running
Looking backwards|Parkrun backwards|Lake backwards|Backwards compatible|Feedback run
De espaldas al mar|carrera de espaldas al viento|Mirando hacia atrás|vuelta atrás y casa
De costas para o mar|D'esquena al mar|Course en arrière-pays|Course arrière-pays niçois
Retour en arrière|Parti à reculons ce matin sans envie|Arrière-saison|sans marche arrière
Torno indietro|Indietro tutta|Andata e ritorno|Rückwärts eingeparkt|Rückweg
Runde rückwärts um den See
Rückwärtsgang|Zurück nach Hause|Terug naar huis|Achteruitkijkspiegel|Heen en terug
Tillbaka hem|Fram och tillbaka|Frem og tilbage|Edestakaisin|Tja in nazaj|Tek nazaj domov|nazaj domov
Tamo i natrag|Tam a zpět|Tam i z powrotem|Tyłem do wiatru|Powrót do domu|Oda-vissza|Dus-întors
Edasi-tagasi|Туда и обратно|туда и назад|Назад в будущее|Напред и назад към дома
Gidiş dönüş|Eve geri dönüş|Πίσω στο σπίτι|חזרה הביתה|ذهاب وإياب|Pulang pergi|Chạy về nhà
往復ラン|折り返し|往返跑|왕복 달리기|Straight run|Hinterland trail|Backyard ultra|Backwater loop
Course backwards|Cancelled backward running|Easy instead of backward running
Comeback run|Setback|Morning run|Lunch walk|Hill repeats|Course du matin|Lauf im Park|Corsa lenta
Carrera popular|Corrida matinal|Zondagsloop|Løbetur|Lenkki|Jutranji tek|Бег|朝ラン
"""


def names(table: str) -> list[str]:
    return [name for line in table.strip().splitlines() for name in line.split("|")]


def test_the_table_holds_both_ways() -> None:
    assert len(names(BACKWARD)) >= 60
    assert len(names(OTHERWISE)) >= 60
    assert len(set(names(BACKWARD + OTHERWISE))) >= 120


@pytest.mark.parametrize("name", names(BACKWARD))
def test_it_says_backward(name: str) -> None:
    assert meaning_of_whole(name) == "backward"
    assert meaning_of_whole(name.upper()) == "backward"
    assert meaning_of_whole(f"2026-05-03 {name}") == "backward"


@pytest.mark.parametrize("name", names(OTHERWISE))
def test_it_says_nothing_of_backward_running(name: str) -> None:
    assert meaning_of_whole(name) != "backward"
    assert meaning_of_whole(name.upper()) != "backward"


ANOTHER_LAP = """
frente al mar|en avant-première|Retro Running Club|Rest after backward|Jog before each backwards
Indietro a casa|Назад домой|Nazaj domov
rest between backward|Warm-up before the backward running|Nicht rückwärts|Never backwards
Skipped backwards|Pause zwischen rückwärts|Trab statt rückwärts|avant à reculons|rust voor achteruit
kein Rückwärtslaufen|geen achteruit|non indietro|não de costas|repos après à reculons
don't run backwards|descanso antes de espaldas
pausa dopo indietro|recupero tra indietro|em vez de costas|rust tussen achteruit|after this backward
nicht vorwärts|never forward|rest before forward
"""


BOTH_WAYS = """
Vor- und Rückwärtslaufen|Vor-/Rückwärts|vor und rückwärts|voor- en achteruit lopen
for- and backward running|voorwaarts en achterwaarts|fram- och baklänges|framåt och baklänges
forlengs og baklengs|forlæns og baglæns|Marche avant / marche arrière|FWD/backwards
course avant et course arrière|przodem i tyłem|etuperin ja takaperin|előre és háttal
endavant i enrere|hacia delante y hacia atrás|para a frente e para trás|popředu i pozadu
лицом вперёд и задом наперёд|ileri ve geri geri koşu
"""


@pytest.mark.parametrize("name", names(BOTH_WAYS))
def test_a_name_of_both_ways_says_neither(name: str) -> None:
    assert meaning(name) is None
    assert meaning_of_whole(name) is None


@pytest.mark.parametrize("name", names(ANOTHER_LAP))
def test_nor_does_a_lap_of_such_a_name(name: str) -> None:
    assert meaning(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "Backward after rest",
        "4 min backward, before the hill",
        "from 3 km backward",
        "nach rückwärts",
        "non-stop backward",
        "11. Mai rückwärts",
    ],
)
def test_a_lap_that_only_has_such_a_word_elsewhere_is_backward(name: str) -> None:
    assert meaning(name) == "backward"
