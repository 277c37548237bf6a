"""Words in a morning's note after which one asks: is this a warning sign? They are not understood, only asked about.

A miss costs nothing that was not there before; a false alarm costs one question. So the lists are wide, and no
negation ("no chest pain") is read. English, German, Chinese; words are looked for at their beginning, Chinese anywhere.
"""

import re

WORDS = (
    # English
    "chest", "heart", "palpitation", "faint", "pass(?:ed)? out", "black(?:ed|ing)?[ -]?out", "collaps", "dizz",
    "light-?headed", "conscious", "unconscious", "syncop", "breath", "concuss", "head injur", "knocked out", "stroke",
    "(?:hit|knocked|banged|bumped) (?:my |the |his |her )?head", "numb", "tingl", "seizure", "cough(?:ed|ing)? blood",
    "suicid", "kill myself", "hurt myself", "vision", "stiff neck", "tight(?:ness)? in",
    # German
    "brust", "herz", "ohnm", "umgekippt", "kollab", "schwind", "benommen", "bewusst", "schwarz vor", "atem", "luftnot",
    "engegef", "gehirnersch", "kopf (?:gesto|angesto|verletz|angeschl|gesch)", "kopfverletz", "taub", "kribbel",
    "krampfanfall", "schlaganfall", "selbstm", "suizid", "umbringen",
)  # fmt: skip
ANYWHERE = (
    "胸", "心脏", "心悸", "心慌", "晕", "昏", "喘不", "呼吸", "脑震", "撞到头", "头部受伤", "发麻", "抽搐",
    "自杀", "轻生",
)  # fmt: skip
PATTERN = re.compile(rf"\b(?:{'|'.join(WORDS)})|{'|'.join(ANYWHERE)}", re.IGNORECASE)


def may_tell_of_a_warning_sign(note: str | None) -> bool:
    return bool(note and PATTERN.search(note))
