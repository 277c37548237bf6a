"""What a column's header means: one table of names in English, German, French, Spanish and Chinese, and units.

A target is a season log's column, or one of those below that become one. Case, accents, brackets and punctuation do
not count. Where a header leaves open what was measured, or in which unit, nothing is assumed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from measures.season_columns import ALL_COLUMNS

RPE, SESSION = "rpe", "duration_min"  # together they are a load
GIVEN, FAMILY = "given_name", "family_name"  # together they are an athlete
UNUSED = ""
# target -> unit of its numbers, and what the numbers of another unit are multiplied by
UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "hrv_rmssd_ms": ("ms", {"s": 1000.0}),
    "sleep_h": ("h", {"min": 1 / 60, "s": 1 / 3600}),
    "sleep_score": ("%", {}),
    "t400_s": ("s", {"min": 60.0}),
    "load_au": ("au", {}),
    "planned_load_au": ("au", {}),
    "high_intensity_share": ("", {"%": 0.01}),
    "planned_high_intensity_share": ("", {"%": 0.01}),
    "resting_hr_bpm": ("bpm", {}),
    RPE: ("", {}),
    SESSION: ("min", {"h": 60.0, "s": 1 / 60}),
}
_UNIT_WORDS = {
    "ms": "ms msec millisekunden millisecondes milisegundos 毫秒",
    "s": "s sec secs sek seconds sekunden secondes segundos 秒",
    "min": "min mins minutes minuten minutos mn 分钟 分",
    "h": "h hr hrs hours std stunden heures horas 小时",
    "%": "percent prozent pourcent",
    "au": "au ua ae a.u",
    "bpm": "bpm ppm lpm 次/分",
}
UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
ALIASES: dict[str, tuple[str, ...]] = {
    "athlete": ("athlete", "athlete name", "name", "full name", "player", "runner", "athlet", "athletin", "sportler",
                "sportlerin", "läufer", "spieler", "nom", "athlète", "joueur", "coureur", "nombre", "atleta", "jugador",
                "corredor", "运动员", "姓名", "名字", "队员"),
    GIVEN: ("first name", "given name", "vorname", "prénom", "nombre de pila"),
    FAMILY: ("last name", "surname", "family name", "nachname", "familienname", "nom de famille", "apellido",
             "apellidos"),
    "date": ("date", "day date", "datum", "tag", "fecha", "día", "日期"),
    "hrv_rmssd_ms": ("hrv rmssd", "rmssd", "rmssd hrv", "hrv as rmssd", "vfc rmssd", "rmssd vfc", "rmssd vfc nuit",
                     "心率变异性 rmssd", "hrv night rmssd", "night rmssd", "morning rmssd", "rmssd morning"),
    "sleep_score": ("sleep score", "schlafscore", "schlaf score", "schlafwert", "score de sommeil", "score sommeil",
                    "puntuación de sueño", "puntuación del sueño", "睡眠得分", "睡眠评分", "睡眠分数"),
    "sleep_h": ("sleep h", "sleep duration", "sleep hours", "hours of sleep", "hours slept", "time asleep",
                "schlafdauer", "schlafstunden", "durée de sommeil", "durée du sommeil", "heures de sommeil",
                "horas de sueño", "duración del sueño", "duración de sueño", "睡眠时长", "睡眠时间", "睡眠小时"),
    "load_au": ("load", "training load", "session load", "daily load", "srpe", "srpe load", "session rpe load",
                "trainingsbelastung", "belastung", "trainingslast", "charge", "charge d entraînement", "carga",
                "carga de entrenamiento", "训练负荷", "负荷", "训练量"),
    "high_intensity_share": ("high intensity share", "high intensity", "share of high intensity",
                             "anteil hohe intensität", "anteil hoher intensität", "anteil intensiv",
                             "part haute intensité", "part de haute intensité", "proporción alta intensidad",
                             "proporción de alta intensidad", "高强度占比", "高强度比例"),
    "rest_day": ("rest day", "rest", "day off", "ruhetag", "jour de repos", "repos", "día de descanso", "descanso",
                 "休息日", "休息"),
    "t400_s": ("t400", "t400 s", "400 m", "400m", "400 m time", "400m time", "time 400 m", "time 400m", "400 m zeit",
               "400m zeit", "zeit 400 m", "zeit 400m", "temps 400 m", "temps 400m", "tiempo 400 m", "tiempo 400m",
               "400米", "400米成绩", "400 metres", "400 meters", "400 meter"),
    "timing": ("timing", "zeitnahme", "chronométrage", "cronometraje", "计时", "计时方式"),
    "ill": ("ill", "sick", "krank", "krankheit", "malade", "maladie", "enfermo", "enferma", "enfermedad",
            "生病", "患病"),
    "injured": ("injured", "verletzt", "verletzung", "blessé", "blessée", "blessure", "lesionado",
                "lesionada", "lesión", "受伤", "伤病"),
    "planned_load_au": ("planned load", "plan load", "geplante belastung", "charge prévue", "charge planifiée",
                        "carga planificada", "carga prevista", "计划负荷"),
    "planned_high_intensity_share": ("planned high intensity share", "planned high intensity"),
    "action": ("action",),
    "resting_hr_bpm": ("resting hr", "rhr", "resting heart rate", "ruhepuls", "ruheherzfrequenz", "fc de repos",
                       "fc repos", "fréquence cardiaque de repos", "fc en reposo", "frecuencia cardíaca en reposo",
                       "静息心率"),
    RPE: ("rpe", "session rpe", "rpe 0 10", "rpe 1 10", "rpe cr10", "cr10", "borg cr10", "anstrengung",
          "belastungsempfinden", "effort perçu", "esfuerzo percibido", "自觉强度", "主观疲劳", "主观用力"),
    SESSION: ("training minutes", "session minutes", "minutes", "minuten", "trainingsminuten", "minutos", "分钟",
              "minutes d entraînement", "minutos de entrenamiento", "duration min"),
    UNUSED: ("notes", "note", "comment", "comments", "remarks", "bemerkung", "bemerkungen", "kommentar", "notiz",
             "notizen", "commentaire", "commentaires", "remarque", "remarques", "notas", "comentario", "comentarios",
             "observaciones", "备注", "weekday", "week", "woche", "kw", "wochentag", "semaine", "semana", "jour", "周",
             "星期", "average", "mean", "mittelwert", "durchschnitt", "moyenne", "promedio", "media", "平均", "total",
             "sum", "summe", "somme", "suma", "squad average", "team average", "month", "monat", "mois", "mes", "月"),
}  # fmt: skip
# A header whose meaning is open -> what it may mean, the most likely first; a unit in the header may say which.
OPEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hrv": (("hrv", "vfc", "vrc", "心率变异性", "hrv morning", "morning hrv", "night hrv", "herzfrequenzvariabilität",
             "heart rate variability"), ("hrv_rmssd_ms",)),
    "sleep": (("sleep", "schlaf", "sommeil", "sueño", "睡眠"), ("sleep_h", "sleep_score")),
    "session": (("duration", "session duration", "training duration", "dauer", "trainingsdauer", "durée", "duración",
                 "训练时长", "时长"), (SESSION,)),
}  # fmt: skip
_OPEN_BY_UNIT = {
    ("sleep", "h"): "sleep_h", ("sleep", "min"): "sleep_h", ("session", "h"): SESSION, ("session", "min"): SESSION,
    ("session", "s"): SESSION,
}  # fmt: skip
# What --column may name beside a season log's columns: a unit that the header should have said.
SPELLED: dict[str, tuple[str, str]] = {
    "sleep_min": ("sleep_h", "min"), "duration_h": (SESSION, "h"), SESSION: (SESSION, ""), RPE: (RPE, ""),
    GIVEN: (GIVEN, ""), FAMILY: (FAMILY, ""), "high_intensity_pct": ("high_intensity_share", "%"),
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """``targets``: none = not known, UNUSED = known and of no use here; ``open`` = what has to be asked."""

    targets: tuple[str, ...] = ()
    unit: str = ""
    open: str = ""
    why: str = ""

    @property
    def target(self) -> str:
        return self.targets[0] if self.targets and not self.open else UNUSED

    @property
    def factor(self) -> float:
        return UNITS[self.target][1].get(self.unit, 1.0) if self.target in UNITS else 1.0


@dataclass(frozen=True)
class Answers:
    """What a person said about a file, beside the file."""

    columns: Mapping[str, str] = field(default_factory=dict)  # header -> target, UNUSED = ignore it
    decimal: str = ""  # comma, point
    dates: str = ""  # day-first, month-first
    athlete: str = ""
    values: str = ""  # what the cells of a wide sheet are


def plain(header: str) -> str:
    """Comparable: no case, no accents, brackets and punctuation as one space."""
    text = unicodedata.normalize("NFKD", header).casefold().replace("%", " percent ")
    text = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


_TARGET_OF = {plain(name): target for target, names in ALIASES.items() for name in names}
_OPEN_OF = {plain(name): kind for kind, (names, _) in OPEN.items() for name in names}
_CANONICAL = {plain(name): name for name in ALL_COLUMNS}
_UNIT_OF = {plain(word): unit for word, unit in UNIT_OF.items()}


def meaning(header: str, answers: Answers | None = None) -> Meaning:
    told = _told(header, answers) if answers else None
    if told is not None:
        return told
    name = plain(header)
    if name in _CANONICAL or name in _TARGET_OF:
        return _means(_CANONICAL.get(name) or _TARGET_OF[name], "")
    bare, unit = _without_unit(name)
    if bare in _TARGET_OF:
        return _means(_TARGET_OF[bare], unit)
    if bare in _OPEN_OF:
        return _may_mean(_OPEN_OF[bare], unit)
    return Meaning(why=SDNN if "sdnn" in name else "")


SDNN = "SDNN is another measure than rMSSD and is never converted"


def _told(header: str, answers: Answers) -> Meaning | None:
    for name, target in answers.columns.items():
        if name.strip() == header or plain(name) == plain(header):
            return _means(*SPELLED.get(target, (target, _without_unit(plain(header))[1])))
    return None


def _without_unit(name: str) -> tuple[str, str]:
    head, _, last = name.rpartition(" ")
    return (head, _UNIT_OF[last]) if head and last in _UNIT_OF else (name, "")


def _means(target: str, unit: str) -> Meaning:
    own, others = UNITS.get(target, ("", {}))
    if target == UNUSED:
        return Meaning((UNUSED,))
    if unit in ("", own, *others):
        return Meaning((target,), "" if unit == own else unit)
    return Meaning((target,), open=f"{target} is not measured in {unit}")


def _may_mean(kind: str, unit: str) -> Meaning:
    known = _OPEN_BY_UNIT.get((kind, unit))
    return _means(known, unit) if known else Meaning(OPEN[kind][1], unit, kind)


def faults(answers: Answers) -> list[str]:
    """What of the answers themselves cannot be."""
    targets = {*ALL_COLUMNS, *SPELLED, UNUSED}
    told = {**answers.columns, "--values": answers.values} if answers.values else answers.columns
    wrong = [f"{target} is no column of a season log" for target in told.values() if target not in targets]
    sdnn = [name for name, target in told.items() if "sdnn" in plain(name) and target == "hrv_rmssd_ms"]
    return wrong + [f"{name!r}: {SDNN}" for name in sdnn]
