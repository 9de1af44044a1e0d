"""Names of activities, both ways: what says backward in many languages, and what only seems to."""

import numpy as np
import pytest

from retrorun.detect.labels import meaning, meaning_of_whole, questions
from retrorun.model import Lap, Recording

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
Retro 80s run|Retro Run Series 3
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
Indietro a casa|Назад домой|Nazaj domov|natrag domov
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


# Notes of laps and names of workout steps in eight languages and some more, judged by hand.
STEPS = """
100 m BW|4x200m bw|BW 400 m
Backwards strides|3 min backward|4x1' backwards|8 x 100m backward|Backward 400 m easy
backwards, strong|5 min bwd|backward hill reps|Set 2: backward|Back pedal 50m|Backpedalling
200 m BW run|retro jog 10 min|Backward walk 2 min|Rückwärts Steigerung|Rückwärtslauf|3 min rw
4x400m rückwärts|Rueckwaertslauf|rueckwaerts 5 min|5' Rückwärtsgehen|rückwärts bergauf
Rückwärts locker|Rückwärts Intervall 3|10 Min. rückwärts laufen|2 km rückwärts joggen|RW 200 m
Block 2 rückwärts|marche arrière 5 min|4 x 200 m à reculons|course à reculons|en arrière 3 min
à reculons facile|reculons 100 m|Course en arrière|2' à reculons|bloc 3 : à reculons
courir à reculons 1 km|a reculons|marche arriere|hacia atrás 3 min|4x100 de espaldas
carrera de espaldas|correr hacia atrás|de espaldas suave|trote hacia atrás 5'|serie 2 de espaldas
marcha atrás 200 m|caminar de espaldas 1 min|hacia atras 400m|Corriendo de espaldas 2 km
espaldas 100 m|corsa all'indietro|indietro 3 min|4x200 m indietro|retrorunning 1 km|corsa retro 5'
camminata all'indietro|indietro facile|all'indietro in salita|serie 3 all'indietro|retrocorsa 400 m
correre all'indietro|2' retro|achteruit 3 min|achteruitlopen|4x100 m achteruit|achterwaarts rennen
achteruit rustig|blok 2: achteruit|5' achteruit lopen|achteruit heuvelop|achteruit joggen 1 km
achteruitlopen 200m|Achteruit rennen 400 m|achterstevoren lopen|tyłem 3 min|bieg tyłem
4x100 m tyłem|bieg do tyłu 5 min|marsz tyłem|trucht tyłem|tyłem pod górę|wstecz 200 m|seria 2 tyłem
tylem 400 m|bieganie tyłem|do tyłu 1 km|nazaj 3 min|ritensko|4x100 m vzvratno|vzvratni tek 5 min
vzvratno lahkotno|tek nazaj 200 m|hoja nazaj|serija 2 vzvratno|vzvratni tek|ritensko 1 km
hoja vzvratno 2 min|tek vzvratno|Backward uphill next to the river|backward into the wind
Backward over 400 m|backward over the hill|lap 3 backward|2 laps backward|Lap 4: backwards
Runde 2 rückwärts|Rückwärts über die Brücke|non-stop backward 10 min|backward to the bus stop
easy backward, felt fine|Backward finish|4x100 backward, jog return|backward, arms relaxed
backward with arms|Backward run with Tom|Go backwards!|backward (hands free)|Backward no. 3
backward #2|backward – 1:30|WU: backward|Rep 5/8 backward|2 × 2 min rückwärts|Rückwärts (bergab)
rückwärts, Puls 150|Rückwärts mit Stöcken|10x rückwärts laufen|heute Morgen rückwärts
5 min de marche arrière|200 m en marche arrière|à reculons, côte|à reculons dans le parc
course à reculons 3 x 2 min|correr de espaldas cuesta arriba|3 min corriendo hacia atrás
de costas 5 min|corrida de costas|indietro in salita|2 min di corsa all'indietro
retrorunning facile|achteruit bergop|achteruit op de baan|4 min achteruit lopen
bieg tyłem pod wiatr|tyłem po bieżni|2 min biegu tyłem|vzvratni tek v hrib|tek nazaj 3 min
baklengs 200 m|baklänges 5 min|takaperin 3 min|2 min takaperin|назад 200 м|бег спиной вперёд 5 мин
後ろ向き走 5分|后退跑 200米|hátrafelé futás 3 perc|bwd 200m|200m bwd|BWD x 4 100m|rw 3'|30s rw
Backward (final rep)|2nd set backward 3 min|90 s backward easy|Backward sprint|Hill 2 backward
warm-up backward 5 min|Cooldown backward|backward, grass|backward on grass|Backward in spikes
rückwärts auf Gras|rückwärts zur Brücke|Serie 1: rückwärts|3x3 min rückwärts (1 min Pause)
Rückwärts gelaufen|rückwärts 4:30|à reculons sur piste|3 x 3 min en arrière|de espaldas en pista
hacia atrás 4'|all'indietro 3x200|indietro 2 km|achteruit 2 km op gras|achteruit sprint
tyłem 2 km spokojnie|vzvratno 2 km|nazaj 5x|vzvratni tek po travi|2x retro 200m|backpedaled 100 m
60s backward|backward 90s|4 x 60s rückwärts|60s rw|80s backward walk
3 séries à reculons|4 series de espaldas|Series 2 backward
retro running drills|rueckwaerts|back pedal|BW run|înapoi|πίσω|पीछे
"""

NO_STEPS = """
backward reps done|backward is over|rückwärts ist vorbei|10x BW
Backward set skipped|backwards - did not do it|backward tomorrow|was going to run backwards
rest (after backward)|ready? backward next|backwards maybe|Look over shoulder backward
arms circle backward|lap backwards (clockwise)|backwards aborted|finished backward, cooldown
Backward cap|rückwärts fällt aus|rückwärts abgebrochen|rückwärts weggelassen|Gleich rückwärts
Pause nach rückwärts|Vorbereitung rückwärts|fertig mit rückwärts|Rückwärts?|vielleicht rückwärts
Armkreisen rückwärts|Mütze rückwärts|Bahn rückwärts herum|Blick rückwärts|morgen rückwärts
à reculons annulé|marche arrière pas faite|récup après à reculons|avant marche arrière
pas de marche arrière|à reculons la prochaine fois|fin de marche arrière|marche arrière ?
peut-être à reculons|regard en arrière|bras en arrière|casquette en arrière|de espaldas saltado
hacia atrás cancelado|no hacia atrás|descanso después de correr de espaldas|próximo: de espaldas
fin de hacia atrás|¿hacia atrás?|quizás de espaldas|mirar hacia atrás|brazos hacia atrás
gorra hacia atrás|hacia atrás no hecho|indietro saltato|corsa all'indietro annullata
recupero dopo indietro|prossimo: indietro|preparazione indietro|fine indietro|indietro?
forse indietro|guardare indietro|braccia indietro|torno indietro|cappello all'indietro
achteruit overgeslagen|achteruit niet gedaan|achteruit afgelast|straks achteruit|rust na achteruit
volgende: achteruit|klaar met achteruit|achteruit?|misschien achteruit|achteruit kijken
armen achteruit|pet achteruit|tyłem odwołane|tyłem pominięte|nie tyłem|odpoczynek po biegu tyłem
przed tyłem|następne: tyłem|koniec biegu tyłem|tyłem?|może tyłem|spojrzenie do tyłu|ręce do tyłu
czapka tyłem do przodu|vzvratno bom jutri|vzvratno odpadlo|vzvratno izpuščeno|ne vzvratno
počitek po vzvratnem teku|pred vzvratno|naslednje: vzvratno|konec vzvratno|vzvratno?|morda vzvratno
pogled nazaj|roke nazaj|kapa nazaj|thinking about backward running|watched a backward race
Backward race cancelled|Backward session moved to Friday|Should have run backward
Backward walk home from the pub cancelled|No more backwards|Stopped running backwards
Done with backwards|Backward feels impossible|gave up on backwards|No backward because of rain
backward? nope|Maybe a bit backward|prep for backward|Get set for backwards|T-shirt on backward
turned my cap backwards|stepped backward to let a car pass|fell backward|Wind from backward
reading backwards|counting backwards|counting backwards from 10|said the alphabet backwards
bike rolled backwards|train facing backward|sat backward on the bus|one step backward
two steps forward, one step backward|Erst vorwärts, dann rückwärts|Auto rückwärts
doch nicht rückwärts|Rückwärts leider ausgefallen|statt rückwärts locker|nach dem Rückwärtslaufen
Rückwärts war nix|rückwärts ging nicht|Rückwärts morgen|rückwärts (abgesagt)
Kein Bock auf rückwärts|à reculons : pas le temps|j'y vais à reculons|marche arrière de la voiture
pas eu le temps pour marche arrière|retour arrière|faire marche arrière impossible
indietro con il lavoro|sono indietro|rimasto indietro|lasciato indietro|un passo indietro
paso hacia atrás|mirando hacia atrás|vuelta hacia atrás|dejado para trás|ficou para trás
um passo para trás|een stap achteruit|jutro tyłem|krok do tyłu|został w tyle|korak nazaj
vrnil sem se nazaj|nazaj v službo|nazaj na start|gledam nazaj|шаг назад|два года назад|неделю назад
год назад|5 минут назад|посмотрел назад|ett steg bakåt|RW|BW|10 BW|3x10 BW|5 min BW
BW circuit 400 m|rw|bwd|backwards hat|leg swings backward|heute rückwärts? eher nicht
backwards later|backward run postponed|my kid ran backward|dog ran backwards|She walked backwards
Tom ran backward, I ran forward|missed the backward bit|zu müde für rückwärts|Jan lief rückwärts
Rückwärts kommt später|Rückwärts lassen wir weg|Gedanken an rückwärts|Oberkörper rückwärts
Rad rückwärts geschoben|j'ai oublié la marche arrière|tête en arrière|un pas en arrière
à reculons demain|vélo en arrière|mañana de espaldas|sin ganas de ir hacia atrás|cabeza hacia atrás
faltó de espaldas|testa indietro|passo indietro|torniamo indietro|indietro di due minuti
domani corsa all'indietro|hoofd achteruit|twee stappen achteruit|ik wilde achteruit lopen
głowa do tyłu|dwa kroki do tyłu|jutro bieg tyłem|glava nazaj|dva koraka nazaj|jutri vzvratni tek
nisem tekel vzvratno|pojdimo nazaj|En arrière du groupe|Torna indietro|Backwards next week
backward skipped|rückwärts ausgefallen|pas en arrière|rückwärts nicht gemacht|backward (cancelled)
backward next|Erholung nach rückwärts|next: backward|prepare backward|get ready for backward
look backward|looked backwards twice|lean backward|arms backward|Arme rückwärts kreisen
backward arm circles|bib on backwards|cap backwards|Hat backward|backward wind
Runde rückwärts (andere Richtung)|Strecke rückwärts|overtook a backward runner
chased a man running backward|saw backward runners|en arriere-plan|indietro al parcheggio|wstecz?
backward?|backwards??|maybe backward|too tired for backward|backwards failed|stopped backward
half backward|backward done|end of backward|Backward over, jog home
"""


@pytest.mark.parametrize("name", names(STEPS))
def test_a_note_of_a_lap_says_backward(name: str) -> None:
    assert meaning(name) == "backward"
    assert meaning(name.upper()) == "backward"


@pytest.mark.parametrize("name", names(NO_STEPS))
def test_a_note_that_only_has_the_word_does_not(name: str) -> None:
    assert meaning(name) != "backward"
    assert meaning(name.upper()) != "backward"
    assert meaning_of_whole(name) != "backward"


@pytest.mark.parametrize("name", names("forward skipped|lean forward|forward next|forward?"))
def test_nor_does_one_say_forward(name: str) -> None:
    assert meaning(name) is None


@pytest.mark.parametrize(
    "name",
    names("400 m fwd / 400 m bwd|3 min vorwärts, 3 min rw|200 m forward 200 m BW|forward and retro")
    + names("200 m avanti, 200 m retro|400m fwd/400bwd|ileri geri|forward + reverse"),
)
def test_nor_does_one_with_a_short_form_of_backward_beside_it(name: str) -> None:
    assert meaning(name) is None


def lap_of(name: str) -> Recording:
    return Recording(1_000.0 + np.arange(60.0), {}, laps=(Lap(1000.0, 1060.0, name=name),))


@pytest.mark.parametrize(
    "name", names("backward?|maybe backward|Auto rückwärts|nazaj v službo|step back backwards")
)
def test_a_note_that_may_mean_it_is_asked_about(name: str) -> None:
    found = questions(lap_of(name))
    assert [note.slug for note in found] == ["laps-doubtful"]
    assert "something else: 1;" in found[0].message


@pytest.mark.parametrize(
    "name", names("backward|backward skipped|backward next|forward?|Morning run|forward, backward")
)
def test_one_that_is_clear_is_not(name: str) -> None:
    assert questions(lap_of(name)) == ()


def test_each_lap_is_asked_about_once() -> None:
    laps = (
        Lap(1000.0, 1010.0, name="backward?", step="Backward maybe"),
        Lap(1010.0, 1020.0, step="backward?"),
        Lap(1020.0, 1060.0),
    )
    (note,) = questions(Recording(1_000.0 + np.arange(60.0), {}, laps=laps))
    assert "something else: 2;" in note.message
