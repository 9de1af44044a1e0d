"""Which sports are runs or walks: the words that watches, sites and phones use."""

from typing import Literal

Kept = Literal["yes", "no", "maybe"]

_ON_FOOT = ("run", "walk", "hik", "jog", "mountaineering", "orienteering", "treadmill", "parkour")
_ON_FOOT_WORDS = frozenset({"snowshoeing", "ultra", "marathon", "trail", "9", "10"})
# sports on foot as sites write them in other languages: whole words, for their parts mislead
_LOCAL = frozenset(
    {
        *("lauf", "laufen", "traillauf", "virtueller_lauf", "spaziergang", "wanderung", "gehen"),
        *("course", "course_à_pied", "course_à_pied_virtuelle", "marche", "randonnée", "trail"),
        *("carrera", "correr", "carrera_virtual", "caminata", "caminar", "senderismo"),
        *("corsa", "corsa_virtuale", "camminata", "escursione", "escursionismo", "corrida"),
        *("caminhada", "trilha", "hardlopen", "loop", "wandelen", "wandeling", "löpning"),
        *("promenad", "vandring", "løp", "løping", "gåtur", "løb", "bieg", "spacer", "wędrówka"),
        *("бег", "забег", "ходьба", "поход", "ラン", "ランニング", "ウォーキング", "ウォーク"),
        *("ハイキング", "跑步", "步行", "徒步", "달리기", "걷기", "koşu", "yürüyüş", "běh", "tek"),
    }
)
_UNSAID = frozenset(
    {"", "generic", "other", "unknown", "all", "multisport", "workout", "activity", "track"}
)
_ELSE = (
    *("cycl", "bik", "ride", "swim", "transition", "row", "ski", "paddl", "kayak", "canoe"),
    *("surf", "sail", "flying", "diving", "golf", "drive", "driving", "boat"),
    *("fitness_equipment", "training", "motor", "tennis", "soccer", "basketball", "football"),
    *("yoga", "hiit", "climb", "skat", "fish", "hunt", "horse", "elliptic", "wheelchair", "velo"),
    *("car", "strength", "boxing", "snowboard", "stand_up", "rafting", "jump", "tactical"),
    *("hockey", "badminton", "pilates", "cardio", "rugby", "cricket", "volleyball", "dance"),
)


def is_on_foot(sport: str | None, sub_sport: str | None = None) -> Kept:
    """Whether a sport goes on foot; ``maybe`` where the file does not say or speaks in riddles.

    A treadmill counts, whatever sport it stands under. Strava's GPX numbers 9 and 10 are run
    and walk.
    """
    word = (sport or "").strip().lower().replace(" ", "_")
    if any(stem in (sub_sport or "") for stem in ("treadmill", "run", "walk")):
        return "yes"
    if word in _UNSAID:
        return "maybe"
    if word in _ON_FOOT_WORDS or word in _LOCAL or any(stem in word for stem in _ON_FOOT):
        return "yes"
    if word == "1" or any(stem in word for stem in _ELSE):
        return "no"
    return "maybe"
