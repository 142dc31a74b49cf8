"""Persons in Latin letters: what is left of a run of capitalised words between labels, offices,
titles and words that contracts write with capitals, where something says that it is a person.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from lexmill_legal.redaction.given_names import ALSO_WORDS, ENGLISH, SURNAMES
from lexmill_legal.redaction.naming import PARTICLES, Name, english_name, folded
from lexmill_legal.redaction.persons import Person, Word
from lexmill_legal.redaction.words import ALSO_SURNAMES, LABELS, NO_NAMES, OFFICES, TITLES

_LATIN: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
_WORD: Final = (
    rf"[{_LATIN}](?:[^\W\d_]|['’](?=[^\W\d_]{{2}})){{0,40}}(?:[-‐‑][^\W\d_]{{1,40}}){{0,3}}"
)
_PARTICLE: Final = "(?:" + "|".join(sorted(PARTICLES)) + r")(?![\w'’-])"
_SPACE: Final = r"(?:[ \t\u00a0]{1,3}|[ \t\u00a0]?\n[ \t]{0,3})"
_RUN: Final = re.compile(
    rf"(?<![\w.@/'’-])(?:[{_LATIN}]\.(?:[ ]?[{_LATIN}]\.)?{_SPACE}"
    rf"|[{_LATIN}]\.(?=[{_LATIN}]))?{_WORD}"
    rf"(?:(?:\.?,?(?={_SPACE}(?:Jr|Sr|II|III|IV|Esq|PhD|MD)\b)|(?<=\bDr)\.|(?<=\bM[rsx])\."
    rf"|(?<=\bMrs)\."
    rf"|(?<=\bProf)\.|(?<=\bHon)\.|(?<=\bRev)\.|(?<=\bSr)\.|(?<=\bSra)\.|(?<=\bCapt)\."
    rf"|(?<=\bMessrs)\.|)"
    rf"{_SPACE}(?:[{_LATIN}]\.(?:[{_LATIN}]\.)?|[\"“'][{_LATIN}][a-z]+[\"”']|{_PARTICLE}"
    rf"|{_WORD})){{0,6}}"
)
_COMPANY_AFTER: Final = re.compile(
    r",?[ \t]{1,2}(?:&[ \t]|and[ \t](?:Co|Sons|Partners|Associates|Company)\b|Inc\b|LLC"
    r"|L\.L\.C|LLP|L\.P|LP\b|Ltd"
    r"|Limited\b|Corp|PLC|plc|GmbH|AG\b|S\.?A\b|N\.?V\b|B\.?V\b|Pty|Pte|Group\b|Holdings?\b"
    r"|Partners\b|Capital\b"
    r"|Trust\b|Bank\b|Company\b|Foundation\b|University\b|Street\b|St\b|Avenue\b|Ave\b|Road\b"
    r"|Rd\b|Drive\b|Lane\b"
    r"|Boulevard\b|County\b|Hospital\b|School\b|Institute\b|Center\b|Centre\b|Associates\b"
    r"|Industries\b"
    r"|Agreement\b|Act\b|Court\b|Building\b|Tower\b)"
)
_PLACE_BEFORE: Final = re.compile(
    r"(?:\b(?:State|City|County|Town|District|Commonwealth|Republic|Province|Port|Bank"
    r"|University|Isle|Bay)\s+of"
    r"|\b(?:Mount|Fort|Saint|Lake|Port|St\.|San|Santa|Los|New))\s+\Z"
)
_SAID_BEFORE: Final = re.compile(
    r"(?P<label>(?:\b(?:(?:print(?:ed)?|full|legal|first|last|family|given|employee|executive"
    r"|consultant"
    r"|contractor|guarantor|tenant|landlord|borrower|buyer|seller|patient|member"
    r"|account\s?holder|holder"
    r"|cardholder|contact|witness|director|officer|signatory|beneficiary|client|applicant"
    r"|owner|shareholder"
    r"|manager|supervisor|representative|authori[sz]ed|inventor|participant|spouse|grantor"
    r"|trustee|notary"
    r"|lender|lessee|lessor|optionee|grantee|investor|purchaser|recipient|individual|agent"
    r"|attorney|counsel)"
    r"(?:['’]s)?[ \t]{0,2}(?:name|person|signature|contact)?|name|by|attention|attn\.?"
    r"|signed(?:[ \t]by)?"
    r"|signature|prepared[ \t]by|approved[ \t]by|from|to|cc|bcc|dear|born)["
    r" \t]{0,3}(?:\([^()\n]{1,30}\))?[ \t]{0,3}"
    r":[ \t_]{0,40}|/s/[ \t_]{0,8}|\bs/[ \t]|\bc/o[ \t]|\bdear[ \t]{1,2}|\batt(?:entio)?n\.?["
    r" \t]{1,2}))\Z"
    r"|(?P<phrase>\b(?:represented|signed|executed|accompanied|supervised|employed|acting"
    r"|witnessed|certified"
    r"|invented|authored|approved|reviewed|drafted|written|notarized|notarised|examined"
    r"|interviewed"
    r"|attended|led|headed|managed|chaired|presented|introduced|performed|acknowledged"
    r"|accepted|agreed|prepared|owned|held"
    r"|sworn)\s+(?:(?:herein|to|and|before|for)\s+)?"
    r"(?:by|through)(?:\s+(?:its|their|the)(?:\s+[\w-]+){1,5}?,?)?|\bemploys?|\bhires?"
    r"|\bretains?|\bappoints?|\bappointed|\bdesignates?"
    r"|\bnominates?|\bnamed|\breports?(?:\s+directly)?\s+to|\battention(?:\s+of)?|\bknown\s+as"
    r"|\ba/k/a|\bcontact|\bnotify"
    r"|\bi,|\bwe,|\bundersigned,?|\bmy\s+name\s+is|\bpayable\s+to|\bin\s+the\s+name\s+of"
    r"|\bcare\s+of|\bwidow\s+of"
    r"|\bdaughter\s+of|\bson\s+of|\bspouse\s+of|\bmarried\s+to|\bestate\s+of|\bsurvived\s+by"
    r"|\bchild(?:ren)?\s+of"
    r"|\bformerly|\bn[eé]e|\bon\s+behalf\s+of\s+himself|\bwith\s+a\s+copy\s+to|\bcopy\s+to"
    r"|\bcompetence\s+of"
    r"|\bperson\s+of|\bservices\s+of|\bdeath\s+of|\bemployment\s+of|\bsignature\s+of"
    r"|\bresignation\s+of|\bhome\s+of"
    r"|\bresidence\s+of|\battendance\s+of|\binterview\s+with|\bmeeting\s+with|\bspoke\s+(?:to"
    r"|with)"
    r"|\b(?:ceo|cfo|coo|cto|president|director|secretary|treasurer|chairman|chair|manager"
    r"|counsel|attorney"
    r"|officer|representative|agent|employee|trustee|guarantor|witness|spouse|wife|husband|son"
    r"|daughter|brother|sister"
    r"|mother|father|physician|doctor|founder|consultant|contractor|executive|individual"
    r"|shareholder|colleague"
    r"|inventor|holder|person|owner|administrator|supervisor|signatory|member|engineer"
    r"|assistant|accountant|auditor),?)"
    r"(?:\s+(?:is|are|being|be|to\s+be|namely|initially|currently|hereby|herein"
    r"|shall\s+be))?,?:?\s+\Z",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    r"(?:^|[\n\t;|]|\.\s)[^\n:;.|]{0,40}\b(?:manager|lead|leader|officer|director|counsel"
    r"|attorney|secretary"
    r"|engineer|consultant|contractor|employee|executive|personnel|member|person|attendee"
    r"|participant|inventor"
    r"|kin|executor|heir|child|children|beneficiary|beneficiaries|claimant|defendant|plaintiff"
    r"|name|names|staff"
    r"|representative|agent|contact|guarantor|witness|notary|signatory|signatories|trustee"
    r"|administrator|owner"
    r"|shareholder|holder|partner|founder|author|developer|analyst|architect|specialist"
    r"|coordinator|supervisor"
    r"|physician|doctor|patient|tenant|occupant|individual|spouse|dependent|referee|expert"
    r"|auditor|accountant"
    r"|chair|chairman|chairperson|president|treasurer|ceo|cfo|coo|cto|present|attention|attn"
    r"|driver|student"
    r"|teacher|nurse|advisor|adviser|escalation|approver|reviewer|recipient|payee|payer|donor"
    r"|licensee)s?"
    r"\s{0,2}(?:\([^()\n]{1,30}\))?\s{0,2}[:–—|\t][ \t_]{0,20}\Z",
    re.IGNORECASE,
)
_SAID_AFTER: Final = re.compile(
    r"(?:\s{0,2}[,(–—-]\s{0,2}(?:\(?(?:an?|the|her|his|its|our|as|in\s+(?:his|her)\s+capacity"
    r"|acting\s+as|who\s+is)\s+)?"
    r"(?:\w+\s+){0,1}?(?:individual|natural\s+person|(?:resident|citizen|national)\s+of"
    r"|residing|domiciled|born|holder|aged|widow"
    r"|unmarried|married|single|of\s+legal\s+age|president|director|ceo|cfo|coo|cto"
    r"|chief\s+\w+|vice[\s-]+(?:president|chair\w*)"
    r"|(?:senior|executive)\s+(?:vice|manager|director|counsel|partner|engineer|consultant)"
    r"|general\s+(?:manager|counsel|director)"
    r"|managing\s+(?:director|partner|member)|secretary|treasurer|chair(?:man|woman|person)?"
    r"|trustee|guarantor|agent|attorney"
    r"|counsel|esq|ph\.?d|m\.?d|jr|sr|cpa|manager|partner|representative|employee|executive"
    r"|consultant|contractor|founder"
    r"|shareholder|signatory|witness|notary|whose\s+(?:address|passport|social|ssn|date)|ssn"
    r"|social\s+security|passport|dob"
    r"|date\s+of\s+birth|tel|phone|e-?mail|mobile|cell|tax\s+id|driver)\b"
    r"|\s{0,2}\((?:the\s+|hereinafter\s+|[“\"'‘]){1,3}(?:employee|executive|consultant"
    r"|contractor|guarantor|optionee"
    r"|grantee|tenant|landlord|borrower|buyer|seller|individual|participant|artist|author"
    r"|director|officer|founder|employer"
    r"|indemnitee|stockholder|shareholder|inventor|agent|advisor|client|lender|owner|talent"
    r"|influencer|freelancer)"
    r"|\s{0,3}[<(\[]?[\w.+-]{1,40}@|['’]s?\s+(?:employment|salary|residence|spouse|signature"
    r"|passport|death|resignation|heirs|estate|e-?mail"
    r"|social\s+security|date\s+of\s+birth|wife|husband)\b"
    r"|\s+(?:(?:shall|will|may)\s+(?:serve|act|testify|sign|attend|resign)|testified|said"
    r"|stated|resigned|retired|died|joined\s+the|(?:was|is|has\s+been)\s+(?:hired|born"
    r"|appointed|promoted|dismissed|elected|survived|authori[sz]ed)|residing|resides|domiciled"
    r"|born|personally|being\s+duly|signed"
    r"|hereby\s+(?:acknowledges|declares)"
    r"|will\s+report|shall\s+report|may\s+be\s+(?:reached|contacted)|can\s+be\s+(?:reached"
    r"|contacted)|is\s+(?:an?\s+individual"
    r"|employed|the\s+(?:sole\s+)?(?:owner|holder|director|spouse|author)|married"
    r"|a\s+(?:resident|citizen|national|natural)))\b"
    r"|\s*,?\s+(?:Jr|Sr|Esq|MD|PhD|II|III)\b"
    r"|\s{0,2}[-–—,]\s{0,2}(?:[A-Z][\w&-]+\s+){0,3}(?:Officer|Director|Manager|President"
    r"|Counsel|Secretary|Partner|Engineer|Head)\b)",
    re.IGNORECASE,
)
_BLOCK_AFTER: Final = re.compile(
    r"[ \t]*\n[ \t]*(?:(?:title|its|position|date|address|email|e-mail|phone|tel)[ \t]{0,2}:"
    r"|(?:[A-Z][\w&-]+,?[ \t]+(?:of[ \t]+|and[ \t]+)?){0,4}(?:Officer|Director|Manager"
    r"|President|Counsel|Secretary|Partner|Treasurer"
    r"|Chairman|CEO|CFO|COO|CTO|Signatory|Trustee|Member|Attorney|Individually|Representative"
    r"|Employee|Consultant"
    r"|Executive|Guarantor|Notary)\b)"
)
_LINE_BEFORE: Final = re.compile(r"(?:_{4,}|\.{6,}|-{6,})[ \t]*(?:\n[ \t]*\(?)?[ \t]*\Z")
_SURNAME_LIKE: Final = re.compile(
    r"(?:ss?on|sen|sky|ski|ska|enko|[aeiou]v|ova|eva|[aiy]an|shvili|adze|idze|poulos|escu"
    r"|[aeiou]ez|berg|stein|mann|wicz"
    r"|czyk|vich|ovic|evic|akis|nen|str[oö]m|quist|etti|elli|ucci|ini|sson|dottir|oglu|zadeh"
    r"|burg|feld|thal|worth|sworth"
    r"|[^aeiou]ley|ington|ingham|bridge|croft)\Z"
)
_INITIAL: Final = re.compile(r"[^\W\d_]\.(?:[^\W\d_]\.)?\Z")
_LOCAL: Final = re.compile(r"(?<![\w.+-])(?P<local>[^\W\d_]+(?:[._-][^\W\d_]+){1,2})\d{0,4}@")

_SMALL: Final = re.compile(r"(?<![\w'’-])[^\W\d_A-ZА-ЯЁ]\w*")
_ADDRESSED: Final = re.compile(r"\S*(?:@|://|www\.)\S*")
_GENITIVE: Final = re.compile(r"['’]s\Z")
_TAIL: Final = re.compile(r"(?:['’]s?|[,.\"”])+\Z")
_ABBREVIATED: Final = re.compile(r"(?:\b[^\W\d_]|\b(?:Jr|Sr|Esq))\Z")
_COMPANY: Final = re.compile(
    rf"(?<!\w)(?P<name>{_WORD}(?:[ \t]{{1,2}}(?:&|and|of|{_WORD})){{0,5}}),?\s{{1,2}}(?:Inc|INC|LLC"
    rf"|L\.L\.C|LLP|Ltd|LTD"
    r"|Limited|LIMITED|Corp|CORP|Corporation|CORPORATION|PLC|plc|GmbH|AG|S\.A|N\.V|B\.V|Pty"
    r"|Company|COMPANY)\b"
)
_LISTED: Final = re.compile(r",?\s{1,3}(?:and|or|&)\s{1,3}|,\s{1,3}")
_NAME_FOLLOWS: Final = re.compile(
    r"(?:\bname\s?:|/s/|\b(?:M[rsx]|Mrs|Miss|Dr|Prof)\.?)[ \t_]{0,20}\Z", re.IGNORECASE
)
_LAST_WORD: Final = re.compile(r"[^\s(]+\s+\Z")
_GREETINGS: Final = frozenset({"dear", "hi", "hello"})
_MOST_RUNS: Final = 40_000


class _Said(NamedTuple):
    """What stands before the words: a title, an office; or another person's name."""

    titled: bool
    office: bool
    listed: bool


class LatinPeople:
    """One look at a text; it knows which words are also written small and what firms are called."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def small(self) -> frozenset[str]:
        words = _SMALL.findall(_ADDRESSED.sub(" ", self.text))
        return frozenset(re.sub(r"['’]s?\Z", "", word) for word in words)

    @cached_property
    def companies(self) -> frozenset[str]:
        return frozenset(self._companies())

    @cached_property
    def locals(self) -> frozenset[str]:
        return frozenset(self._locals())

    def find(self) -> Iterator[Person]:
        last = -1
        for number, run in enumerate(_RUN.finditer(self.text)):
            if number == _MOST_RUNS:
                return
            beside = last >= 0 and _LISTED.fullmatch(self.text, last, run.start())
            for found in self.within(run.start(), run.end(), listed=bool(beside)):
                last = found.end
                yield found

    def within(
        self, start: int, end: int, known: str | None = None, *, listed: bool = False
    ) -> Iterator[Person]:
        """The names of one run: what is left between labels, offices and other capitals."""
        words = [
            (match.group(), start + match.start(), start + match.end())
            for match in re.finditer(r"[^\s]+", self.text[start:end])
        ]
        begin = 0
        while begin < len(words):
            titled = False
            office = False
            while begin < len(words):
                bare = words[begin][0].strip(".,\"“”'").lower()
                if bare in TITLES:
                    titled = True
                elif bare in OFFICES:
                    office = True
                elif (
                    not self._is_no_name(words[begin][0])
                    or _INITIAL.match(words[begin][0])
                    or (titled and bare in ALSO_SURNAMES)
                ):
                    break
                else:
                    titled = office = False
                begin += 1
            last = begin
            while last < len(words) and last - begin < 5 and self._goes_on(words, begin, last):
                last += 1
            while (
                last > begin
                and folded(words[last - 1][0]) in PARTICLES
                and words[last - 1][0].islower()
            ):
                last -= 1
            if last > begin:
                said = _Said(titled=titled, office=office, listed=listed)
                found = self._person(words[begin:last], words[last:], known, said)
                if found is not None:
                    yield found
            begin = max(last, begin + 1)

    def _goes_on(self, words: list[Word], begin: int, at: int) -> bool:
        word = words[at][0]
        so_far = sum(len(each[0].rstrip(".")) > 1 for each in words[begin:at])
        if so_far > 1 and "\n" in self.text[words[at - 1][2] : words[at][1]]:
            return False  # the next line goes on only with what is left of a name
        if _INITIAL.match(word) or (at > begin and word in PARTICLES):
            return True
        bare = word.strip(".,\"“”'").lower()
        if bare in ALSO_SURNAMES and self._is_told(words[begin][1]):
            return True
        return not self._is_no_name(word) and bare not in OFFICES and bare not in TITLES

    def _is_told(self, start: int) -> bool:
        """Whether a title or a form says that a name follows."""
        before = self.text[max(0, start - 30) : start]
        return _NAME_FOLLOWS.search(before) is not None

    def _is_no_name(self, word: str) -> bool:
        bare = re.sub(r"['’]s\Z", "", word.strip(".,\"“”'").lower())
        return bare in NO_NAMES or bare in LABELS

    def _person(
        self, words: list[Word], rest: list[Word], known: str | None, said: _Said
    ) -> Person | None:
        """``known`` is why these words are a person's already."""
        written = [word for word, _, _ in words]
        long = [
            word
            for part in written
            if len(part.strip(".")) > 1 and (word := folded(_GENITIVE.sub("", part)))
        ]
        start, end = words[0][1], self._end(words)
        name = english_name(written)
        if name is None or not long or self._is_elsewhere(start, end, long, titled=said.titled):
            return None
        if len(long) == 1 and not _INITIAL.match(written[0]):
            return self._single(start, end, name, said)
        if long[0] not in ENGLISH and self._goes_on_as_firm(end, rest):
            return None
        initials = any(_INITIAL.match(word) for word in written[1:-1])
        reason = known or self._reason(start, end, long, said, initials=initials)
        if reason is None and said.listed and not any(word in self.small for word in long):
            reason = "Named beside another person"
        return None if reason is None else Person(start, end, name, reason)

    def _end(self, words: list[Word]) -> int:
        """Without a genitive or a full stop, but with the one of an initial."""
        start = words[0][1]
        end = start + len(_TAIL.sub("", self.text[start : words[-1][2]]))
        abbreviated = _ABBREVIATED.search(self.text, start, end) is not None
        return end + (self.text[end : end + 1] == "." and abbreviated)

    def _single(self, start: int, end: int, name: Name, said: _Said) -> Person | None:
        """One word alone: a surname after a title, a given name after a greeting."""
        if said.titled:
            title = _LAST_WORD.search(self.text, max(0, start - 20), start)
            if title is not None and self.text[start:end].lower() in self.small:
                # "Mr. Price": were it the bare word, every price would be burned
                start = title.start()
            return Person(start, end, name, "Name with a title (Mr, Ms, Dr …)")
        greeting = _LAST_WORD.search(self.text, max(0, start - 20), start)
        greeted = greeting is not None and greeting.group().strip().lower() in _GREETINGS
        if not greeted or name.key not in ENGLISH:
            return None
        alone = Name(frozenset(), name.surname, key=name.key)
        return Person(start, end, alone, "Addressed by name")

    def _goes_on_as_firm(self, end: int, rest: list[Word]) -> bool:
        """As in "Asset Backed Department"."""
        if not rest or "\n" in self.text[end : rest[0][1]]:
            return False
        return self._is_no_name(rest[0][0]) and rest[0][0][0].isupper()

    def _is_elsewhere(self, start: int, end: int, long: list[str], *, titled: bool) -> bool:
        """What is said of a company or a place."""
        if _COMPANY_AFTER.match(self.text, end):
            return True
        if titled:
            return False
        before = self.text[max(0, start - 30) : start]
        return bool(_PLACE_BEFORE.search(before)) or " ".join(long) in self.companies

    def _reason(
        self, start: int, end: int, long: list[str], said: _Said, *, initials: bool
    ) -> str | None:
        """What says that these two words or more are a person."""
        if said.titled:
            return "Name with a title (Mr, Ms, Dr …)"
        long = [word for word in long if word not in PARTICLES] or long
        common = sum(word in self.small and word not in ENGLISH for word in long)
        before = self.text[max(0, start - 90) : start]
        told = _SAID_BEFORE.search(before)
        alone = self._alone_on_line(start, end)
        labelled = _LABELLED.search(before) or (told is not None and told["label"])
        in_form = labelled or (
            alone and (_LINE_BEFORE.search(before) or _BLOCK_AFTER.match(self.text, end))
        )
        if in_form and common < len(long):
            return "Named in a signature block or form"
        if len(long) <= 4 and sum(word in self.locals for word in long) > 1:
            return "Name of an e-mail address"
        if common:
            return None
        if told is not None or said.office or _SAID_AFTER.match(self.text, end):
            return "Named as a person in the text"
        return self._shape(long, initials=initials)

    def _shape(self, long: list[str], *, initials: bool) -> str | None:
        """Without a word beside it: a name that can be nothing else."""
        first, last = long[0], long[-1]
        if first in ENGLISH and (first not in ALSO_WORDS or last in SURNAMES):
            return "Known given name"
        if last in SURNAMES and len(long) > 1:
            return "Known surname"
        if initials and len(long) > 1 and first not in {"hundred", "thousand"}:
            return "Name with an initial"
        shaped = len(last) > 4 and _SURNAME_LIKE.search(last)
        return "Form of a surname" if shaped and len(long) == 2 and len(first) > 2 else None

    def _alone_on_line(self, start: int, end: int) -> bool:
        line = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", end)
        stop = len(self.text) if stop < 0 else stop
        return not self.text[line:start].strip(" \t_(/") and not self.text[end:stop].strip(
            " \t_)/,."
        )

    def _companies(self) -> Iterator[str]:
        """The words that a company's name begins with, two of them or more."""
        for match in _COMPANY.finditer(self.text):
            words = [folded(word) for word in match["name"].split()]
            yield from (" ".join(words[:count]) for count in range(2, len(words) + 1))

    def _locals(self) -> Iterator[str]:
        for match in _LOCAL.finditer(self.text) if "@" in self.text else ():
            yield from (
                folded(part) for part in re.split(r"[._-]", match["local"]) if len(part) > 2
            )


def is_of_firm_or_place(text: str, start: int, end: int) -> bool:
    """Whether the words beside it make it a company's or a place's name."""
    before = text[max(0, start - 30) : start]
    if before.endswith("& ") or _PLACE_BEFORE.search(before):
        return True
    return _COMPANY_AFTER.match(text, end) is not None
