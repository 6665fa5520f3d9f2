"""Text as people see it: without the characters that have no visible shape.

Those are Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, version 15.1), the other format
controls (category Cf, but for the Arabic and Syriac signs that enclose numbers), and four blank glyphs.
"""

import re
import unicodedata

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    # Blank glyphs: braille, null notehead, Khitan filler; the Hangul fillers are ignorable anyway.
    "\u2800\U0001d159\U00016fe4"
)
_EMOJI = (  # what emoji-variation-sequences.txt and emoji-zwj-sequences.txt begin with, as wide blocks
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2801-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff"
)
_IDEOGRAPH = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_VARIATION = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
# A flag's tag letters, a keycap, an ideograph's variant, emoji with their selectors and joiners.
_SEQUENCE = (
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    "|[0-9#*]\ufe0f\u20e3"
    f"|[{_IDEOGRAPH}]{_VARIATION}"
    f"|[{_EMOJI}][\ufe0e\ufe0f]?(?:\u200d[{_EMOJI}][\ufe0e\ufe0f]?)*"
)
_LEADING_BLANKS = re.compile(rf"[\s{_INVISIBLE}]+")
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_SEEN = re.compile(rf"{_SEQUENCE}|[^{_INVISIBLE}]")


def trimmed(text: str) -> str:
    """Returns the text without white space and invisible characters at its ends; "" if it has no others.

    A selector or joiner that shapes the emoji or letter before it stays.
    """
    text = text.strip()
    if text.isascii() or (_is_plain(text[0]) and _is_plain(text[-1])):
        return text
    if blanks := _LEADING_BLANKS.match(text):
        text = text[blanks.end() :]
    blanks = _LEADING_BLANKS.match(text[::-1])
    if blanks is None:
        return text
    end = len(text) - blanks.end()
    last = _SEEN.match(text, end - 1) if end else None
    return text[: last.end() if last else end]


def _is_plain(character: str) -> bool:
    """Whether it is ASCII or a Hangul syllable, as at the ends of nearly all texts: both are seen."""
    return character.isascii() or "가" <= character <= "힣"


def seen_name(name: str) -> str:
    """Returns the name as names are compared: in NFC, without anything that nobody sees."""
    if not _UNSEEN.search(name):
        return unicodedata.normalize("NFC", name).strip()
    return trimmed(unicodedata.normalize("NFC", "".join(_SEEN.findall(name))))
