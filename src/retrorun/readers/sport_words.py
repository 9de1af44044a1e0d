"""Words for sports in the languages of those who record them.

English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Polish,
Czech and Slovenian; some in Finnish, Turkish and other scripts.

All are in lower case and without diacritics (``ł`` is ``l``, ``ø`` is ``o``). A word is whole, a
beginning or an ending. Sports that are not on foot are looked for first, because most of their
names contain a word of running: a ski run, ``Skilanglauf``, ``course cycliste``, ``bieg na
nartach``.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """Words of one kind: as a whole, as the beginning or as the end of a word."""

    whole: frozenset[str]
    begin: tuple[str, ...]
    end: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CYCLING = Words(
    frozenset(
        _words(
            "自転車 ライド サイクリング 骑行 사이클링 자전거"
            " velo velos vae vtt vttae mtb emtb btt bmx gravel bike"
            " bikes ride rides riding rit rad kolo kolem kole spin peloton zwift moto quad enduro"
            " moped scooter"
        )
    ),
    _words(
        "велос pyorail bisiklet unicy touringb cycl cicl biki biker bikep biket bike bicy bici"
        " ebik emtb mtb mountainbik pedal pedel velof velot velor velom veloa velos fiets wielre"
        " wielersp rennrad fahrrad radf radt radr radl radel radsp radaus raderg cykel cykl sykkel"
        " sykl koles kolar rower jazd jizd voznj spinn handcyc handbik kickbike motor motoc"
        " rollentrain hometrain ergometer bicikl"
    ),
    _words("bike biking cycling bicycle ride rad rader rit fiets fietsen cykling sykling"),
)
_SWIMMING = Words(
    frozenset(
        _words(
            "スイム 水泳 游泳 수영"
            " uinti yuzme nage nager natation natacion natacao natacio nado nadar"
            " nuoto nuotare pool piscine piscina openwater dive diving simma"
        )
    ),
    _words(
        "плава swim schwimm nuotat zwem simning simtur svom plywa plav aqua aquaro snorkel apnea"
        " apnoe tauch plong buce mergulh immersion duiken dykning dykker nurk potap scuba"
    ),
    _words("swim swimming schwimmen zwemmen simning"),
)
_WINTER = Words(
    frozenset(_words("スキー 滑雪 스키 sci bezky bezkach luge sled")),
    _words(
        "лыж сноуборд hiiht ski nordicsk alpinesk backcountrysk rollersk crosscountrysk waterski"
        " sciar scialp sciis sciist esqui langlauf langrend langdsk langdak nart narc lyz bezkov"
        " bezkar smuc smuk biathlon snowboard snowmob telemark rodel sledd sledg slitt sank skat"
        " schaats skridsko skojt skoyt patin pattin brusl drsa rolan rolk roller rollsk rollsch"
        " schlittschuh eislauf inlin rullsk rullesk"
    ),
    _words("skiing skate skating skifahren skidor langlaufen langlauf skilaufen"),
)
_DRIVING = Words(
    frozenset(
        _words(
            "car cars auto autem autos autom pkw lkw coche carro guida macchina bil bus avto"
            " avtom kart korning korsel kore train trains rail zug zuge bahn ubahn sbahn tren trem"
            " treno treni trein treinen tog tram metro subway underground lift plane fly volo"
            " aereo avion aviao flight dirigir guidare"
        )
    ),
    _words(
        "вожд поезд driv autofahr autorij autorit autoreis autobus autocar automob taxi voiture"
        " conduc conduir conduit conduz rijd bilkor biltur bilresa bilrejse samoch rizeni busfahr"
        " busreis avtobus truck camion lorry vehic vozil vozid pojazd fahrzeug gokart karting"
        " motorsport fahrt fahren transport railw railr zugfahr zugreis strassenbahn eisenbahn"
        " seilbahn bahnfahr bahnreis comboio treinreis treinrit togrejs togtur tagresa tagtur"
        " pociag vlak zeleznic kolej tramw tramv funicul gondol cablecar ferry airplane flug flieg"
        " flying flyg vliegtuig vlieg samolot letal letad paraglid parapent parapend gleitschirm"
        " skydiv wingsuit ballon drone"
    ),
    _words("fahrt fahren kjoring korning"),
)
_WATER = Words(
    frozenset(
        _words(
            "boat boats boot bateau barca barco statek lod voile vela row remo remar sup canoa"
            " wing foil coln ladja"
        )
    ),
    _words(
        "boating bootf bootst sail segel segl sejl zeil zegl jadr plachet rowing rowingm ruder"
        " aviron canott roei rodd roning wioslar vesl kayak kajak canoe canoi kanu kano paddl padl"
        " pagai piragu raft surf windsurf kite wakeb wakes wingfoil yacht tubing"
    ),
    _words("surfing surf boarding segeln rudern boat"),
)
_OTHER = Words(
    frozenset(
        _words(
            "golf padel box boxen boxing calcio ples dans gym hiit atv rv blimp gliding glider"
            " judo karate rope horse bowling cardio calisthenics cooldown"
        )
    ),
    _words(
        "intensity ausritt yoga joga pilates crossfit gymn fitnes strength weight kraft muscul"
        " fuerza forza forca kracht styrke styrk silow posil ellipt crosstrain stepper stairs"
        " stairc stairm stairst climb kletter escalad arrampic klimm klims klatr klattr wspin"
        " lezen plezan boulder tennis tenis soccer football fussball futbol futebol voetbal fotbol"
        " fotbal fodbold pilka nogomet basket baseball softball volley handbal hockey rugby"
        " cricket lacrosse badminton squash pickle racquet racket golf archer shoot hunt fish box"
        " martial kampf danc tanz danse baile ballo taniec tanec zumba aerobic equestr equit"
        " equitation reiten pferd horse hipica ridning jezdec jahan wheelchair rollstuhl fauteuil"
        " carrozz vozick jump skipp meditat breath stretch mobility sauna massag gaming esport"
        " tactical fencing curling functional traditionalstr corestr mindandb flexib barre taichi"
        " wrestl snowsp watersp paddlesp swimb preparationand pushup situp pullup hula discsp"
        " transition circuit highint coretr mixedcardio waterf crosstr underwater steptrain"
        " indoorcardio"
    ),
    _words("ball boxing climbing dance tennis yoga golf kampf polo"),
)
ELSEWHERE: tuple[Words, ...] = (_CYCLING, _SWIMMING, _WINTER, _DRIVING, _WATER, _OTHER)
# with its ring it is a train, without it a day
ELSEWHERE_AS_WRITTEN = frozenset({"tåg", "tåget"})

RUN = Words(
    frozenset(
        _words(
            "run runs ran jog jogs course courses courir footing carrera carreras correr"
            " corriendo trote trotar corsa corse correre correndo corrida corridas lopen loop"
            " loopje lopp lopband lopetur lob lobe lober lobetur lop lope loping trucht tek teka"
            " teku teki tekom teci tekma beh behy behat trail trails ultra parkrun canicross"
            " parkour tapis esteira passadeira obstacle trcanje juoksu lenkki kosu futas бег забег"
            " ラン ランニング 跑步 달리기"
        )
    ),
    _words(
        "runn jogg treadmill lauf hardlop hardloop looptr loopband lopning lopar lopn springa"
        " springn lobeband lobetr bieg biezni behan bezeck bezec tekas tekac tekaln podis marathon"
        " maraton orienteer orienter trailrun trailrunn plogg fellrun coureur corredor trackandf"
        " halvmara kunto"
    ),
    _words("run running jogging lauf laufen loop lopen lopning lob loping marathon maraton"),
)
WALK = Words(
    frozenset(
        _words(
            "foot gehen marche marches rando balade ballade caminata caminar caminando andar"
            " andando paseo passeio marcha marcia raquette raquettes stavgang gatur gang gaa hoja"
            " hoje hoji hojo izlet pesi ruck rucking spadser onfoot kavely patikointi gora ходьба"
            " поход ウォーキング ウォーク ハイキング 步行 徒步 걷기 yuruyus"
        )
    ),
    _words(
        "walk hik spazier wander bergwander bergtour bergsteig schneeschuh marsch pilger randonn"
        " promenad sender excursion escursion alpinis montanismo trek cammin passegg caminh trilha"
        " pedestr wandel vandr spacer marsz chod chuze wedrow piesz prochaz turisti vychazk pochod"
        " pohod sprehod planinar gornis hribol snowsho mountaineer backpack geocach rambl marcher"
    ),
    _words("walk walking hike hiking gehen wandern wanderung wandeling marsch"),
)
ON_FOOT: tuple[Words, ...] = (WALK, RUN)
