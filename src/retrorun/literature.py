"""Every number taken from a paper: value, range, unit and citation.

Nothing else in the package holds a published number.
"""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One published number.

    Attributes:
        key: name it is referred to by.
        value: the number itself.
        low: lower end of its band, same unit; equal to ``value`` where none is published.
        high: upper end of its band.
        unit: unit of all three.
        citation: author, year, journal, and what was measured on whom.
        checked: ``source`` if read in the paper itself or its abstract, ``secondary`` if quoted
            from another work.
    """

    key: str
    value: float
    low: float
    high: float
    unit: str
    citation: str
    checked: str


_ACSM = (
    "American College of Sports Medicine, Guidelines for Exercise Testing and Prescription: "
    "metabolic equations for steady level and uphill movement"
)
_MINETTI = (
    "Minetti et al. 2002, J Appl Physiol 93:1039–1046: net cost of walking and running on grades "
    "from −0.45 to +0.45, ten mountain runners"
)
_KEYTEL = (
    "Keytel et al. 2005, J Sports Sci 23:289–297: 115 regular exercisers of 18–45 years and "
    "47–120 kg, steady states at about 57, 77 and 90 % of maximal heart rate"
)
_WRIGHT = (
    "Wright & Weyand 2001, J Exp Biol 204:1805–1815: four trained men on a treadmill at 3.0 m/s; "
    "mean and standard error"
)
_RASICA = (
    "Rasica et al. 2020, Eur J Appl Physiol 120:2507–2515: eight runners, 0 to +25 % grade, mean "
    "of all grades"
)
_CAVAGNA_2011 = (
    "Cavagna et al. 2011, Proc R Soc B 278:339–346: energy spent running backward on the level"
)
_CAVAGNA_2012 = (
    "Cavagna et al. 2012, J Exp Biol 215:75–84: nine trained runners, force platform, 3–17 km/h"
)
_BRENNAN = "Brennan et al. 2026: sixteen athletes, 2 to 5 m/s, read from the figures"
_LAFAN = (
    "Harvey et al. 2020, ACM Trans Graph 39:60 (LAFAN1): motion capture of four actors, measured "
    "here in windows of four steps"
)
_CONTACT = (
    "Harvey et al. 2020 (LAFAN1), an estimate over four actors at equal speed: 0.85; Wright & "
    "Weyand 2001, derived from the abstract: 0.82; upper end of the band chosen"
)
_DYNAMICS = (
    "measured here on three real forward runs whose files hold running dynamics: powers of speed "
    "−0.13, −0.28 and −0.49"
)
_BANDAI = (
    "Kobayashi et al. 2023, arXiv:2306.08861: Bandai-Namco motion data, fourteen styles of walk"
)
_HRELJAC = "Hreljac et al. 2005, J Sports Sci Med 4:446–454: twelve adults, preferred change"
_COMPENDIUM = "Ainsworth et al. 2011, Med Sci Sports Exerc 43:1575–1581: Compendium, walking"
_ORDWAY = (
    "Ordway et al. 2016, J Strength Cond Res 30:763–767: eight highly trained men, five weeks at "
    "161 m/min after five weeks of getting used to it, no control group"
)
_RUNSAFE = (
    "Frandsen et al. 2025, Br J Sports Med 59:1203–1210 (Garmin-RUNSAFE): 5,205 forward runners, "
    "588,071 sessions, self-reported overuse injury; hazard rate ratio with 95 % interval"
)
_BANISTER = (
    "Banister 1991, in Physiological Testing of the High-Performance Athlete, 403–424: TRIMP"
)
_BAND = (
    "band chosen around Wright & Weyand 2001 (+35 ± 6 %), Rasica et al. 2020 (+35 %) and Cavagna "
    "et al. 2011 (about +30 %); downhill it is an extrapolation"
)
_TANAKA = "Tanaka et al. 2001, J Am Coll Cardiol 37:153–156: 208 − 0.7 age, spread about ±10 1/min"
_HIGGINS = "Higgins et al. 2003, BMJ 327:557–560: I² of 25, 50 and 75 % as low, moderate and high"
_POPULAR = "popular claim, no measured support found"


def _exact(key: str, value: float, unit: str, citation: str, checked: str) -> Finding:
    return Finding(key, value, value, value, unit, citation, checked)


FINDINGS: tuple[Finding, ...] = (
    _exact("acsm_rest", 3.5, "ml/kg/min", _ACSM, "source"),
    _exact("acsm_run_speed", 0.2, "ml/kg/min per m/min", _ACSM, "source"),
    _exact("acsm_run_grade", 0.9, "ml/kg/min per m/min and grade", _ACSM, "source"),
    _exact("acsm_walk_speed", 0.1, "ml/kg/min per m/min", _ACSM, "source"),
    _exact("acsm_walk_grade", 1.8, "ml/kg/min per m/min and grade", _ACSM, "source"),
    # The Guidelines give the spread between people as a standard error of up to 7 %.
    _exact("acsm_error", 0.07, "share", _ACSM + "; standard error between people", "secondary"),
    _exact("oxygen_energy", 5.0, "kcal/l", _ACSM, "source"),
    _exact("minetti_run_5", 155.4, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_run_4", -30.4, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_run_3", -43.3, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_run_2", 46.3, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_run_1", 19.5, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_run_0", 3.6, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_5", 280.5, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_4", -58.7, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_3", -76.8, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_2", 51.9, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_1", 19.6, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_walk_0", 2.5, "J/(kg·m)", _MINETTI, "secondary"),
    _exact("minetti_limit", 0.45, "grade", _MINETTI, "source"),
    _exact("keytel_male_constant", -55.0969, "kJ/min", _KEYTEL, "secondary"),
    _exact("keytel_male_heart_rate", 0.6309, "kJ/min per 1/min", _KEYTEL, "secondary"),
    _exact("keytel_male_mass", 0.1988, "kJ/min per kg", _KEYTEL, "secondary"),
    _exact("keytel_male_age", 0.2017, "kJ/min per year", _KEYTEL, "secondary"),
    _exact("keytel_female_constant", -20.4022, "kJ/min", _KEYTEL, "secondary"),
    _exact("keytel_female_heart_rate", 0.4472, "kJ/min per 1/min", _KEYTEL, "secondary"),
    _exact("keytel_female_mass", -0.1263, "kJ/min per kg", _KEYTEL, "secondary"),
    _exact("keytel_female_age", 0.0740, "kJ/min per year", _KEYTEL, "secondary"),
    Finding("keytel_heart_rate", 0.77, 0.57, 0.90, "share of maximum", _KEYTEL, "source"),
    Finding("keytel_age", 30.0, 18.0, 45.0, "years", _KEYTEL, "source"),
    Finding("keytel_mass", 80.0, 47.0, 120.0, "kg", _KEYTEL, "source"),
    # No error of a single person is published: the band is our choice from r = 0.857.
    _exact("keytel_error", 0.20, "share", _KEYTEL + "; band chosen from r = 0.857", "secondary"),
    Finding("backward_run_3mps", 1.35, 1.29, 1.41, "times forward", _WRIGHT, "source"),
    _exact("backward_run_uphill", 1.35, "times forward", _RASICA, "source"),
    _exact("backward_run_level", 1.30, "times forward", _CAVAGNA_2011, "secondary"),
    Finding("backward_run", 1.35, 1.25, 1.45, "times forward", _BAND, "source"),
    Finding(
        "backward_walk",
        1.4,
        1.2,
        1.8,
        "times forward",
        _COMPENDIUM + ": 6.0 MET backward at 3.5 mph, 4.3 forward",
        "secondary",
    ),
    Finding("popular_factor", 2.5, 2.0, 3.0, "times forward", _POPULAR, "secondary"),
    _exact("backward_step_ratio", 1.08, "times forward", _CAVAGNA_2012, "source"),
    _exact("economy_weeks", 5.0, "weeks of training", _ORDWAY, "source"),
    Finding(
        "backward_step_ratio_athletes", 1.22, 1.22, 1.37, "times forward", _BRENNAN, "secondary"
    ),
    Finding("backward_step_ratio_actors", 1.25, 1.05, 1.45, "times forward", _LAFAN, "source"),
    Finding("backward_contact_ratio", 0.85, 0.82, 0.93, "times forward", _CONTACT, "source"),
    Finding("backward_excursion_ratio", 0.72, 0.53, 0.93, "times forward", _LAFAN, "source"),
    Finding("contact_speed_power", -0.30, -0.49, -0.13, "power of speed", _DYNAMICS, "source"),
    Finding("backward_speed_share", 0.72, 0.61, 0.83, "times forward", _BANDAI, "source"),
    Finding("backward_walk_run_change", 1.63, 1.52, 1.74, "m/s", _HRELJAC, "secondary"),
    _exact("economy_gain", 2.54, "% less oxygen at 215 m/min", _ORDWAY, "source"),
    _exact("spike_window", 30.0, "days before a session", _RUNSAFE, "source"),
    _exact("small_spike", 1.1, "times the longest session of the window", _RUNSAFE, "source"),
    _exact("moderate_spike", 1.3, "times the longest session of the window", _RUNSAFE, "source"),
    _exact("large_spike", 2.0, "times the longest session of the window", _RUNSAFE, "source"),
    Finding("injury_small_spike", 1.64, 1.31, 2.05, "hazard ratio", _RUNSAFE, "source"),
    Finding("injury_moderate_spike", 1.52, 1.16, 2.00, "hazard ratio", _RUNSAFE, "source"),
    Finding("injury_large_spike", 2.28, 1.50, 3.48, "hazard ratio", _RUNSAFE, "source"),
    _exact("trimp_male_scale", 0.64, "1", _BANISTER, "secondary"),
    _exact("trimp_male_power", 1.92, "1", _BANISTER, "secondary"),
    _exact("trimp_female_scale", 0.86, "1", _BANISTER, "secondary"),
    _exact("trimp_female_power", 1.67, "1", _BANISTER, "secondary"),
    _exact("heterogeneity_low", 0.25, "I²", _HIGGINS, "source"),
    _exact("heterogeneity_moderate", 0.50, "I²", _HIGGINS, "source"),
    _exact("heterogeneity_high", 0.75, "I²", _HIGGINS, "source"),
    _exact("hr_max_constant", 208.0, "1/min", _TANAKA, "secondary"),
    _exact("hr_max_age", -0.7, "1/min per year", _TANAKA, "secondary"),
)
BY_KEY: dict[str, Finding] = {finding.key: finding for finding in FINDINGS}

MINETTI_DEGREE = 5  # of the polynomials of Minetti et al. 2002


def value(key: str) -> float:
    """The number of a finding.

    Raises:
        KeyError: there is no such finding.
    """
    return BY_KEY[key].value
