"""What the legal library needs in the template: all its modules, and its lazily read model."""

from typing import Final

PRELOAD: Final = ("lexmill_legal.*", "lexmill_workers.sandbox.preloading:load_language_model")

_NEITHER_ENGLISH_NOR_CYRILLIC: Final = (
    "Le présent contrat est conclu entre les parties pour une durée indéterminée, et chacune "
    "d'elles peut le résilier par lettre recommandée, moyennant un préavis de trois mois."
)


def load_language_model() -> None:
    """`languages` reads its model from disk when it first meets a rare language."""
    from lexmill_legal.classify.languages import languages  # noqa: PLC0415 - only in the template

    languages(_NEITHER_ENGLISH_NOR_CYRILLIC)
