"""The channels a recording can have, declared once: name, unit, plausible range, meaning.

Readers fill them, the preparation rejects what lies outside their range, the exports and the
documentation print them. A channel's name carries its unit.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a recording.

    Attributes:
        name: column name with its unit as suffix.
        label: name in the JSON contract's ``channels`` list.
        unit: unit in words for people.
        low: smallest plausible value; anything below is dropped as a sensor fault.
        high: largest plausible value.
        meaning: one line for the documentation.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    meaning: str


CHANNELS: tuple[Channel, ...] = (
    Channel("latitude_deg", "position", "°", -90, 90, "WGS 84 latitude"),
    Channel("longitude_deg", "position", "°", -180, 180, "WGS 84 longitude"),
    Channel("altitude_m", "altitude", "m", -500, 9000, "height above sea level"),
    Channel("distance_m", "distance", "m", 0, 1e6, "distance since the start, by the device"),
    Channel("speed_mps", "speed", "m/s", 0, 12, "speed over ground, by the device"),
    Channel("heart_rate_bpm", "heart_rate", "1/min", 25, 240, "heart rate; 0 is missing"),
    Channel("cadence_spm", "cadence", "steps/min", 0, 300, "steps of both feet a minute"),
    Channel("step_length_m", "step_length", "m", 0.05, 3, "step length, by the device"),
    Channel("contact_time_s", "contact_time", "s", 0.05, 1.5, "ground contact of one foot"),
    Channel("vertical_oscillation_m", "vertical_oscillation", "m", 0.01, 0.3, "rise and fall"),
    Channel("vertical_ratio_pct", "vertical_ratio", "%", 1, 40, "rise and fall over step length"),
    Channel("balance_pct", "balance", "%", 20, 80, "share of ground contact on the left foot"),
    Channel("respiration_brpm", "respiration", "breaths/min", 3, 80, "breathing rate"),
    Channel("power_w", "power", "W", 0, 2000, "running power, by the device"),
    Channel("temperature_c", "temperature", "°C", -40, 60, "temperature at the device"),
    Channel("device_course_deg", "device_course", "°", 0, 360, "course, by the device"),
    Channel("gps_accuracy_m", "gps_accuracy", "m", 0, 1000, "position error, by the device"),
)
BY_NAME: dict[str, Channel] = {channel.name: channel for channel in CHANNELS}
POSITION = ("latitude_deg", "longitude_deg")
