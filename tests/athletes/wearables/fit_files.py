"""FIT files written byte by byte, for tests: header, definitions, messages, checksum (FIT protocol, 2.0)."""

import struct
from datetime import UTC, datetime

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
NIBBLES = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01,
    0x8801, 0x4400,
)  # fmt: skip
TYPES = {
    "enum": (0x00, "B"),
    "uint8": (0x02, "B"),
    "uint16": (0x84, "H"),
    "uint32": (0x86, "I"),
    "uint32z": (0x8C, "I"),
}
GARMIN, GENERIC, RUNNING, TRAINING, WALKING = 1, 0, 1, 10, 11


def fit_time(instant):
    return int((instant - EPOCH).total_seconds())


def crc16(data):
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = ((crc >> 4) & 0x0FFF) ^ NIBBLES[crc & 0xF] ^ NIBBLES[nibble]
    return crc


def message(number, *fields):
    """`fields`: (field number, type, value); a tuple of values is an array."""
    definition, data = b"", b""
    for field_number, kind, value in fields:
        values = value if isinstance(value, tuple) else (value,)
        code, letter = TYPES[kind]
        body = struct.pack(f"<{len(values)}{letter}", *values)
        definition += struct.pack("BBB", field_number, len(body), code)
        data += body
    return struct.pack("<BBBHB", 0x40, 0, 0, number, len(fields)) + definition + b"\x00" + data


def fit_file(*messages):
    body = b"".join(messages)
    header = struct.pack("<BBHI4s", 14, 0x20, 2140, len(body), b".FIT")
    header += struct.pack("<H", crc16(header))
    return header + body + struct.pack("<H", crc16(header + body))


def file_id(serial=12345):
    return message(0, (0, "enum", 4), (1, "uint16", GARMIN), (2, "uint16", 4315), (3, "uint32z", serial))


def records(start, *bpm):
    """A heart rate every second."""
    return [
        message(20, (253, "uint32", fit_time(start) + second), (3, "uint8", value)) for second, value in enumerate(bpm)
    ]


def session(start, seconds, *, sport=RUNNING, sub_sport=4, distance_m=6200, hr=148, rpe=70):
    return message(
        18, (2, "uint32", fit_time(start)), (5, "enum", sport), (6, "enum", sub_sport), (7, "uint32", seconds * 1000),
        (8, "uint32", seconds * 1000), (9, "uint32", distance_m * 100), (16, "uint8", hr), (193, "uint8", rpe),
    )  # fmt: skip


def activity(at, offset_s):
    return message(34, (253, "uint32", fit_time(at)), (5, "uint32", fit_time(at) + offset_s))


def hrv(*rr_s):
    return message(78, (0, "uint16", tuple(round(s * 1000) for s in rr_s)))


def hrv_status(at, average_ms, high_ms):
    return message(
        370, (253, "uint32", fit_time(at)), (1, "uint16", round(average_ms * 128)), (2, "uint16", round(high_ms * 128))
    )


AT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
TRACK = fit_file(file_id(), *records(AT, 140, 141, 146, 0xFF, 150), session(AT, 4500), activity(AT, 3600))
NIGHT = fit_file(file_id(), hrv_status(datetime(2026, 11, 22, 5, 30, tzinfo=UTC), 61, 88))


def at_rest(rr_ms):
    beats = [hrv(*(ms / 1000 for ms in rr_ms[i : i + 5])) for i in range(0, len(rr_ms) // 5 * 5, 5)]
    rest = session(AT, 300, sport=GENERIC, sub_sport=0, distance_m=0, hr=50, rpe=255)
    return fit_file(file_id(), rest, activity(AT, 3600), *beats)
