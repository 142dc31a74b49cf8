"""An invented corpus in the shape of CUAD's."""

import gzip
import json
import random
from pathlib import Path

LAW = "This Agreement shall be governed by the laws of the State of {}."
AUDIT = "The {} may audit the books and records kept by the other party once a year."
FILLER = [
    "The seller delivers the goods to the yard named in the order.",
    "Each party bears its own costs of the talks that led to this agreement.",
    "The buyer inspects the goods within ten days and names what is missing.",
    "Prices are fixed for one year and include packing.",
    "A person named by each party answers the questions of the other.",
]
INVALID = "If a provision is invalid, the others remain in force."
PLACES = ["Ohio", "Texas", "Maine", "Utah", "Iowa"]


def record(number: int, chance: random.Random) -> dict[str, object]:
    """An invented contract: all name a law, every other one allows an audit."""
    parts = ["1. Deliveries", *chance.sample(FILLER, 3)]
    spans: list[list[object]] = []
    wanted = [("Governing Law", LAW.format(chance.choice(PLACES)))]
    if number % 2:
        wanted.append(("Audit Rights", AUDIT.format(chance.choice(["buyer", "lender"]))))
    text = "\n\n".join(parts)
    for kind, sentence in wanted:
        text += f"\n\n{len(spans) + 2}. {kind.upper()}\n\n"
        spans.append([kind, len(text), len(text) + len(sentence)])
        text += sentence
    text += f"\n\n{len(spans) + 2}. SEVERABILITY\n\n{INVALID}\n"
    return {"file": f"Company{number // 2}_2001_{number}.txt", "text": text, "spans": spans}


def write_corpus(folder: Path) -> Path:
    chance = random.Random(7)
    lines = [json.dumps(record(number, chance)) for number in range(40)]
    chance.shuffle(lines)
    with gzip.open(folder / "train.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return folder
