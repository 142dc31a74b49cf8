from functools import lru_cache


# The stages of one document ask one after the other.
@lru_cache(maxsize=4)
def lowered(text: str) -> str:
    """Lower case of the same length: offsets stay true ("İ" would become two characters)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
