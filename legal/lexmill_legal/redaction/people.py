"""People: by what stands before and after a name, by the name itself, and wherever it comes again.

A run of capitalised words is a person where something says so: a label of a signature block, a
title, an office, a given name, an e-mail address made of it. One such place is enough: then the
name, the surname alone and other case forms are found in the whole document.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lexmill_legal.extract.people import find_people
from lexmill_legal.extract.reading import Reading
from lexmill_legal.redaction.given_names import ALSO_WORDS, ENGLISH, RUSSIAN, SURNAMES
from lexmill_legal.redaction.mentions import Mention
from lexmill_legal.redaction.naming import (
    PARTICLES,
    Name,
    english_name,
    folded,
    given_stems,
    is_patronymic,
    russian_name,
    russian_pair,
    russian_surname,
    surname_stems,
)
from lexmill_legal.results import Fact

_LATIN: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
_WORD: Final = rf"[{_LATIN}](?:[^\W\d_]|['’](?=[^\W\d_]{{2}}))*(?:[-‐‑][^\W\d_]+)*"
_PARTICLE: Final = "(?:" + "|".join(sorted(PARTICLES)) + r")(?![\w'’-])"
_SPACE: Final = r"(?:[ \t\u00a0]{1,3}|[ \t\u00a0]?\n[ \t]{0,3})"
_RUN: Final = re.compile(
    rf"(?<![\w.@/'’-])(?:[{_LATIN}]\.(?:[ ]?[{_LATIN}]\.)?{_SPACE}|[{_LATIN}]\.(?=[{_LATIN}]))?{_WORD}"
    rf"(?:(?:\.?,?(?={_SPACE}(?:Jr|Sr|II|III|IV|Esq|PhD|MD)\b)|(?<=\bDr)\.|(?<=\bM[rsx])\.|(?<=\bMrs)\."
    rf"|(?<=\bProf)\.|(?<=\bHon)\.|(?<=\bRev)\.|(?<=\bSr)\.|(?<=\bSra)\.|(?<=\bCapt)\.|(?<=\bMessrs)\.|)"
    rf"{_SPACE}(?:[{_LATIN}]\.(?:[{_LATIN}]\.)?|[\"“'][{_LATIN}][a-z]+[\"”']|{_PARTICLE}|{_WORD})){{0,6}}"
)
_TITLES: Final = frozenset(
    """mr mrs ms miss mx dr prof professor sir dame lord lady hon honorable rev reverend messrs herr frau monsieur
    madame mme mlle señor señora senor senora sr sra dott judge justice captain capt col sgt""".split()  # noqa: SIM905
)
_LABELS: Final = frozenset(
    """name by its title date dated attention attn signed signature witness witnessed print printed contact from to cc
    bcc subject sent re dear per""".split()  # noqa: SIM905
)
_OFFICES: Final = frozenset(
    """ceo cfo coo cto cio president vice director secretary treasurer chairman chairwoman chairperson chair partner
    manager counsel attorney lawyer officer representative agent employee executive consultant contractor trustee
    guarantor witness notary spouse wife husband physician doctor nurse engineer founder cofounder shareholder owner
    administrator supervisor head lead chief managing general senior junior deputy assistant associate controller
    signatory borrower tenant landlord lessee lessor buyer seller beneficiary executor inventor author artist
    coordinator analyst accountant auditor advisor adviser commissioner ambassador governor mayor clerk principal
    investigator candidate applicant patient claimant defendant plaintiff respondent petitioner member editor
    specialist technician architect designer developer superintendent inspector broker custodian guardian
    vp svp evp avp md gc human resources""".split()  # noqa: SIM905
)
# Words that contracts write with capitals, and what companies, places and papers are called.
_NO_NAMES: Final = frozenset(
    """the this that these those and or of for in on at to a an by with from as if any all each every no not such
    agreement contract lease license licence amendment addendum exhibit schedule annex appendix section article
    clause paragraph part parties party company corporation corp inc incorporated llc llp lp ltd limited plc gmbh ag
    sa nv bv group holdings holding partners partnership capital fund trust bank banking association institute
    university college school hospital clinic department ministry agency authority court county state city town
    republic federal federation kingdom united states america american english england wales scotland ireland
    britain british european europe canada australia india china russia russian germany german france french
    street avenue road drive lane boulevard suite floor building box house tower square place way park center centre
    board committee commission council congress senate office bureau service services product products software
    system systems technology technologies solution solutions international national global worldwide industries
    industry energy media entertainment pharmaceuticals pharma insurance foundation consulting consultants
    engineering enterprises ventures logistics trading investments investment management marketing sales
    effective date term period notice notices confidential information intellectual property rights right
    territory field use force majeure governing law laws act code rule rules regulation regulations policy policies
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday north south east west northern southern eastern western new york los angeles san
    francisco london moscow paris berlin tokyo hong kong singapore washington delaware california texas florida
    illinois nevada ohio boston chicago jersey massachusetts virginia georgia washington
    whereas witnesseth now therefore hereby herein hereof hereinafter recitals background definitions interpretation
    general miscellaneous entire severability waiver assignment termination indemnification limitation liability
    warranty warranties representations covenants payment payments fee fees price purchase order orders invoice
    work statement deliverables deliverable acceptance delivery shipment customer client supplier vendor provider
    distributor licensor licensee franchisor franchisee reseller purchaser employer lender grantor assignor assignee
    disclosing receiving recipient discloser affiliate affiliates subsidiary subsidiaries business day days month
    year years annual quarterly monthly net gross revenue revenues profit cost costs expense expenses tax taxes vat
    table contents page signature signatures sincerely regards yours truly hello hi dear thank thanks please
    see note witness whereof counterparts headings schedule attachment certificate certification form forms
    account accounts number numbers phone telephone fax email mobile address zip postal iban swift card
    passport ssn social security driver license id birth born national identity
    intended recipient copy original draft final version revised restated amended master main sub non
    stock shares share option options common preferred class series note notes bond bonds securities exchange
    market markets nasdaq nyse sec irs fda gdpr usd eur gbp dollars dollar euros euro pounds
    project program programme plan platform network website site app data privacy protection personal
    internet web online digital cloud mobile hardware equipment materials goods inventory
    quality control standard standards specification specifications performance support maintenance training
    research development science sciences health medical care life financial finance economic legal
    real estate land premises property lot unit apartment residence
    both either neither one two three four five six seven eight nine ten first second third
    employment salary compensation bonus benefits severance vacation leave duties position
    tel fax e-mail treatment requested originator originators retirement income rating agencies agency restricted
    trademark trademarks function printed wireless sale sales club government exclusive initial additional certain
    department division team desk records administration compliance operations affairs relations procurement
    asset backed surveillance artists escrow fund funds news press release source copyright reserved
    i we you he she it they our your their his her its my me us them who which what when where
    upon unless until during after before between among within without under over above below per
    shall will must can could would should is are was were be been being has have had do does did
    """.split()  # noqa: SIM905
)
_COMPANY_AFTER: Final = re.compile(
    r",?[ \t]{1,2}(?:&[ \t]|and[ \t](?:Co|Sons|Partners|Associates|Company)\b|Inc\b|LLC|L\.L\.C|LLP|L\.P|LP\b|Ltd"
    r"|Limited\b|Corp|PLC|plc|GmbH|AG\b|S\.?A\b|N\.?V\b|B\.?V\b|Pty|Pte|Group\b|Holdings?\b|Partners\b|Capital\b"
    r"|Trust\b|Bank\b|Company\b|Foundation\b|University\b|Street\b|St\b|Avenue\b|Ave\b|Road\b|Rd\b|Drive\b|Lane\b"
    r"|Boulevard\b|County\b|Hospital\b|School\b|Institute\b|Center\b|Centre\b|Associates\b|Industries\b"
    r"|Agreement\b|Act\b|Court\b|Building\b|Tower\b)"
)
_PLACE_BEFORE: Final = re.compile(
    r"(?:\b(?:State|City|County|Town|District|Commonwealth|Republic|Province|Port|Bank|University|Isle|Bay)\s+of"
    r"|\b(?:Mount|Fort|Saint|Lake|Port|St\.|San|Santa|Los|New))\s+\Z"
)
_SAID_BEFORE: Final = re.compile(
    r"(?P<label>(?:\b(?:(?:print(?:ed)?|full|legal|first|last|family|given|employee|executive|consultant"
    r"|contractor|guarantor|tenant|landlord|borrower|buyer|seller|patient|member|account\s?holder|holder"
    r"|cardholder|contact|witness|director|officer|signatory|beneficiary|client|applicant|owner|shareholder"
    r"|manager|supervisor|representative|authori[sz]ed|inventor|participant|spouse|grantor|trustee|notary"
    r"|lender|lessee|lessor|optionee|grantee|investor|purchaser|recipient|individual|agent|attorney|counsel)"
    r"(?:['’]s)?[ \t]{0,2}(?:name|person|signature|contact)?|name|by|attention|attn\.?|signed(?:[ \t]by)?"
    r"|signature|prepared[ \t]by|approved[ \t]by|from|to|cc|bcc|dear|born)[ \t]{0,3}(?:\([^()\n]{1,30}\))?[ \t]{0,3}"
    r":[ \t_]{0,40}|/s/[ \t_]{0,8}|\bs/[ \t]|\bc/o[ \t]|\bdear[ \t]{1,2}|\batt(?:entio)?n\.?[ \t]{1,2}))\Z"
    r"|(?P<phrase>\b(?:represented|signed|executed|accompanied|supervised|employed|acting|witnessed|certified"
    r"|invented|authored|acknowledged|accepted|agreed|prepared|owned|held|sworn)\s+(?:(?:herein|to|and|before|for)\s+)?"
    r"(?:by|through)(?:\s+(?:its|their|the)(?:\s+[\w-]+){1,5}?,?)?|\bemploys?|\bhires?|\bretains?|\bappoints?|\bappointed|\bdesignates?"
    r"|\bnominates?|\bnamed|\breports?(?:\s+directly)?\s+to|\battention(?:\s+of)?|\bknown\s+as|\ba/k/a|\bcontact|\bnotify"
    r"|\bi,|\bwe,|\bundersigned,?|\bmy\s+name\s+is|\bpayable\s+to|\bin\s+the\s+name\s+of|\bcare\s+of|\bwidow\s+of"
    r"|\bdaughter\s+of|\bson\s+of|\bspouse\s+of|\bmarried\s+to|\bestate\s+of|\bsurvived\s+by|\bchild(?:ren)?\s+of"
    r"|\bformerly|\bn[eé]e|\bon\s+behalf\s+of\s+himself|\bwith\s+a\s+copy\s+to|\bcopy\s+to|\bcompetence\s+of"
    r"|\bperson\s+of|\bservices\s+of|\bdeath\s+of|\bemployment\s+of|\bsignature\s+of|\bresignation\s+of|\bhome\s+of"
    r"|\bresidence\s+of|\battendance\s+of|\binterview\s+with|\bmeeting\s+with|\bspoke\s+(?:to|with)"
    r"|\b(?:ceo|cfo|coo|cto|president|director|secretary|treasurer|chairman|chair|manager|counsel|attorney"
    r"|officer|representative|agent|employee|trustee|guarantor|witness|spouse|wife|husband|son|daughter|brother|sister"
    r"|mother|father|physician|doctor|founder|consultant|contractor|executive|individual|shareholder|colleague"
    r"|inventor|holder|person|owner|administrator|supervisor|signatory|member|engineer|assistant|accountant|auditor),?)"
    r"(?:\s+(?:is|are|being|be|to\s+be|namely|initially|currently|hereby|herein|shall\s+be))?,?:?\s+\Z",
    re.IGNORECASE,
)
_SAID_AFTER: Final = re.compile(
    r"(?:\s{0,2}[,(–—-]\s{0,2}(?:\(?(?:an?|the|her|his|its|our|as|in\s+(?:his|her)\s+capacity|acting\s+as|who\s+is)\s+)?"
    r"(?:\w+\s+){0,1}?(?:individual|natural\s+person|(?:resident|citizen|national)\s+of|residing|domiciled|born|holder|aged|widow"
    r"|unmarried|married|single|of\s+legal\s+age|president|director|ceo|cfo|coo|cto|chief\s+\w+|vice[\s-]+(?:president|chair\w*)"
    r"|(?:senior|executive)\s+(?:vice|manager|director|counsel|partner|engineer|consultant)|general\s+(?:manager|counsel|director)"
    r"|managing\s+(?:director|partner|member)|secretary|treasurer|chair(?:man|woman|person)?|trustee|guarantor|agent|attorney"
    r"|counsel|esq|ph\.?d|m\.?d|jr|sr|cpa|manager|partner|representative|employee|executive|consultant|contractor|founder"
    r"|shareholder|signatory|witness|notary|whose\s+(?:address|passport|social|ssn|date)|ssn|social\s+security|passport|dob"
    r"|date\s+of\s+birth|tel|phone|e-?mail|mobile|cell|tax\s+id|driver)\b"
    r"|\s{0,2}\((?:the\s+|hereinafter\s+|[“\"'‘]){1,3}(?:employee|executive|consultant|contractor|guarantor|optionee"
    r"|grantee|tenant|landlord|borrower|buyer|seller|individual|participant|artist|author|director|officer|founder|employer"
    r"|indemnitee|stockholder|shareholder|inventor|agent|advisor|client|lender|owner|talent|influencer|freelancer)"
    r"|\s{0,3}[<(\[]?[\w.+-]{1,40}@|['’]s?\s+(?:employment|salary|residence|spouse|signature|passport|death|resignation|heirs|estate|e-?mail"
    r"|social\s+security|date\s+of\s+birth|wife|husband)\b"
    r"|\s+(?:residing|resides|domiciled|born|personally|being\s+duly|signed|hereby\s+(?:acknowledges|declares)"
    r"|will\s+report|shall\s+report|may\s+be\s+(?:reached|contacted)|can\s+be\s+(?:reached|contacted)|is\s+(?:an?\s+individual"
    r"|employed|the\s+(?:sole\s+)?(?:owner|holder|director|spouse|author)|married|a\s+(?:resident|citizen|national|natural)))\b"
    r"|\s*,?\s+(?:Jr|Sr|Esq|MD|PhD|II|III)\b|\s{0,2}[-–—,]\s{0,2}(?:[A-Z][\w&-]+\s+){0,3}(?:Officer|Director|Manager|President|Counsel|Secretary|Partner|Engineer|Head)\b)",
    re.IGNORECASE,
)
_BLOCK_AFTER: Final = re.compile(
    r"[ \t]*\n[ \t]*(?:(?:title|its|position|date|address|email|e-mail|phone|tel)[ \t]{0,2}:"
    r"|(?:[A-Z][\w&-]+,?[ \t]+(?:of[ \t]+|and[ \t]+)?){0,4}(?:Officer|Director|Manager|President|Counsel|Secretary|Partner|Treasurer"
    r"|Chairman|CEO|CFO|COO|CTO|Signatory|Trustee|Member|Attorney|Individually|Representative|Employee|Consultant"
    r"|Executive|Guarantor|Notary)\b)"
)
_LINE_BEFORE: Final = re.compile(r"(?:_{4,}|\.{6,}|-{6,})[ \t]*(?:\n[ \t]*\(?)?[ \t]*\Z")
_SURNAME_LIKE: Final = re.compile(
    r"(?:ss?on|sen|sky|ski|ska|enko|[aeiou]v|ova|eva|[aiy]an|shvili|adze|idze|poulos|escu|[aeiou]ez|berg|stein|mann|wicz"
    r"|czyk|vich|ovic|evic|akis|nen|str[oö]m|quist|etti|elli|ucci|ini|sson|dottir|oglu|zadeh|burg|feld|thal|worth|sworth"
    r"|[^aeiou]ley|ington|ingham|bridge|croft)\Z"
)
_INITIAL: Final = re.compile(r"[^\W\d_]\.(?:[^\W\d_]\.)?\Z")
_LOCAL: Final = re.compile(r"(?<![\w.+-])(?P<local>[^\W\d_]+(?:[._-][^\W\d_]+){1,2})\d{0,4}@")

_CYR: Final = r"[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+)(?:-[А-ЯЁ](?:[а-яё]+|[А-ЯЁ]+))?"
_GAP: Final = r"(?:[ \t\u00a0]{1,3}|[ \t]?\n[ \t]{0,3})"
_INITIALS: Final = r"[А-ЯЁ]\.[ \u00a0]{0,2}[А-ЯЁ]\."
_RUSSIAN_RUN: Final = re.compile(rf"(?<![\w-]){_CYR}(?:{_GAP}{_CYR}){{1,3}}(?![\w-])")
_RUSSIAN_INITIALS: Final = re.compile(
    rf"(?<![\w.-])(?:(?P<last>{_CYR}){_GAP}(?P<i>{_INITIALS})|(?P<j>{_INITIALS}){_GAP}?(?P<first>{_CYR}))(?![\w-])"
)
_RUSSIAN_SAID: Final = re.compile(
    r"(?:\b(?:гр|г-н\w*|г-ж\w|господин\w*|госпож\w|гражданин\w*|гражданк\w|индивидуальн\w+\s+предпринимател\w+|ип|самозанят\w+"
    r"|директор\w*|бухгалтер\w*|в\s+лице|представител\w*|(?:контактное|уполномоченн\w+|ответственн\w+)\s+лиц\w*|ф\.?\s?и\.?\s?о\.?"
    r"|подпись|работник\w*|сотрудник\w*|исполнител\w*|заказчик\w*|поручител\w*|доверител\w*|нотариус\w*|наследник\w*"
    r"|супруг\w*|арендатор\w*|арендодател\w*|продав\w+|покупател\w*|за[её]мщик\w*|займодав\w+|менеджер\w*|президент\w*"
    r"|начальник\w*|руководител\w*|юрист\w*|адвокат\w*|эксперт\w*|инженер\w*|председател\w*|получател\w*|автор\w*)"
    r"\.?\s{0,2}[:–—,/-]?\s{0,3}|/\s?)\Z",
    re.IGNORECASE,
)
_RUSSIAN_TITLE: Final = re.compile(
    r"(?:г-н\w*|г-ж\w|господин\w*|госпож\w|гр\.)\s{1,2}\Z", re.IGNORECASE
)
_RUSSIAN_NO_NAMES: Final = re.compile(
    r"(?:договор|соглашени|сторон|заказчик|исполнител|поставщик|покупател|продав|арендатор|арендодател|подрядчик"
    r"|общест|федерац|росси|москв|санкт|петербург|област|республик|город|закон|кодекс|суд\b|суда|суде|арбитраж"
    r"|директор|генеральн|президент|бухгалтер|главн|устав|доверенност|акт\b|приложени|раздел|статья|статьи|пункт"
    r"|банк|счет|счёт|реквизит|адрес|подпис|предмет|цена|срок|ответственност|порядок|конфиденциальн|форс|прочие"
    r"|заключительн|настоящ|гражданск|налогов|трудов|работник|работодател|индивидуальн|предпринимател|январ|феврал"
    r"|март|апрел|ма[йя]\b|июн|июл|август|сентябр|октябр|ноябр|декабр|паспорт|инн\b|огрн|снилс|кпп|бик|тел|дата"
    r"|место|улиц|проспект|именуем|далее|лиц[оае]|однако|общий|товар|услуг|работ[аы]?\b|доверител|поверенн|нотариус"
    r"|займодав|за[её]мщик|кредитор|должник|поручител|страхов|право|обязанност|расч[её]т|оплат|качеств|гаранти"
    r"|россия|юридическ|почтов|телефон|серия|выдан|отдел|уфмс|мвд|гу\b|и\.?о\.?\b|ооо|зао|пао|оао|ао\b|ип\b|группа"
    r"|компани|корпорац|центр|институт|университет|министерств|управлени|департамент|инспекц|служб)",
    re.IGNORECASE,
)
_RUSSIAN_SURNAME: Final = re.compile(
    r"(?:[оеё]в|ин|ын)(?:а|у|ым|е|ой)?\Z|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую)\Z|(?:ко|ук|юк|ян|янц|[иы]х|швили|дзе|ич|ец|ер|ман|берг|штейн)(?:а|у|ом|е)?\Z"
)
_AMBIGUOUS_RUSSIAN: Final = frozenset(
    {
        "вер",
        "надежд",
        "любов",
        "роман",
        "лев",
        "слав",
        "мир",
        "марк",
        "макар",
        "ян",
        "ан",
        "кир",
        "иль",
        "рим",
        "зо",
    }
)
_SMALL: Final = re.compile(r"(?<![\w'’-])[^\W\d_A-ZА-ЯЁ]\w*")
_ADDRESSED: Final = re.compile(r"\S*(?:@|://|www\.)\S*")
_ANY_CAPITAL: Final = re.compile(r"[^\W\d_][^\W\d_]*(?:[-‐‑'’][^\W\d_]+)*")
_GENITIVE: Final = re.compile(r"['’]s\Z")
_TAIL: Final = re.compile(r"(?:['’]s?|[,.\"”])+\Z")
_ABBREVIATED: Final = re.compile(r"(?:\b[^\W\d_]|\b(?:Jr|Sr|Esq))\Z")
_COMPANY: Final = re.compile(
    rf"(?P<name>{_WORD}(?:[ \t]{{1,2}}(?:&|and|of|{_WORD})){{0,5}}),?\s{{1,2}}(?:Inc|INC|LLC|L\.L\.C|LLP|Ltd|LTD"
    r"|Limited|LIMITED|Corp|CORP|Corporation|CORPORATION|PLC|plc|GmbH|AG|S\.A|N\.V|B\.V|Pty|Company|COMPANY)\b"
)
_LISTED: Final = re.compile(r",?\s{1,3}(?:and|or|&)\s{1,3}|,\s{1,3}")
_Word = tuple[str, int, int]
"""What is written, and where it starts and ends."""
_MOST_RUNS: Final = 40_000


@dataclass(slots=True)
class _Person:
    name: Name
    value: str


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    name: Name
    reason: str


def find_persons(reading: Reading, facts: Sequence[Fact]) -> Iterator[Mention]:
    """Every place of every person."""
    scan = _Scan(reading, facts)
    found = [*scan.russian(), *scan.latin()]
    found += [each for each in scan.from_facts() if not _overlaps(each, found)]
    yield from _resolved(scan, found)


class _Scan:
    """One look at the text: its runs of capitals, and which words it also writes small."""

    def __init__(self, reading: Reading, facts: Sequence[Fact]) -> None:
        self.reading = reading
        self.text = reading.text
        self.facts = facts
        self.small = frozenset(
            re.sub(r"['’]s?\Z", "", word) for word in _SMALL.findall(_ADDRESSED.sub(" ", self.text))
        )
        self.locals = frozenset(self._locals())
        self.companies = frozenset(self._companies())

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

    # --- Latin letters ---

    def latin(self) -> Iterator[_Found]:
        last = -1
        for number, run in enumerate(_RUN.finditer(self.text)):
            if number == _MOST_RUNS:
                return
            beside = last >= 0 and _LISTED.fullmatch(self.text, last, run.start())
            for found in self._persons_in(run.start(), run.end(), listed=bool(beside)):
                last = found.end
                yield found

    def _persons_in(
        self, start: int, end: int, known: str | None = None, *, listed: bool = False
    ) -> Iterator[_Found]:
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
                if bare in _TITLES:
                    titled = True
                elif bare in _OFFICES:
                    office = True
                elif not self._is_no_name(words[begin][0]) or _INITIAL.match(words[begin][0]):
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
                found = self._person(
                    words[begin:last],
                    words[last:],
                    known,
                    titled=titled,
                    office=office,
                    listed=listed,
                )
                if found is not None:
                    yield found
            begin = max(last, begin + 1)

    def _goes_on(self, words: list[_Word], begin: int, at: int) -> bool:
        word = words[at][0]
        if at > begin and "\n" in self.text[words[at - 1][2] : words[at][1]]:
            # a name goes on in the next line only where one word would be left of it
            if sum(len(each[0].rstrip(".")) > 1 for each in words[begin:at]) > 1:
                return False
        if _INITIAL.match(word) or (at > begin and word in PARTICLES):
            return True
        bare = word.strip(".,\"“”'").lower()
        return not self._is_no_name(word) and bare not in _OFFICES and bare not in _TITLES

    def _is_no_name(self, word: str) -> bool:
        bare = re.sub(r"['’]s\Z", "", word.strip(".,\"“”'").lower())
        return bare in _NO_NAMES or bare in _LABELS

    def _person(
        self,
        words: list[_Word],
        rest: list[_Word],
        known: str | None,
        *,
        titled: bool,
        office: bool,
        listed: bool,
    ) -> _Found | None:
        """``known`` is why these words are a person's already."""
        written = [word for word, _, _ in words]
        long = [
            word
            for part in written
            if len(part.strip(".")) > 1 and (word := folded(_GENITIVE.sub("", part)))
        ]
        start, end = words[0][1], words[-1][2]
        end = start + len(_TAIL.sub("", self.text[start:end]))
        if self.text[end : end + 1] == "." and _ABBREVIATED.search(self.text, start, end):
            end += 1
        if not long or self._is_elsewhere(start, end, long, titled=titled):
            return None
        name = english_name(written)
        if name is None:
            return None
        leading = _INITIAL.match(written[0]) is not None
        if len(long) == 1 and not leading:
            if titled:
                return self._titled(start, end, name)
            before = self.text[max(0, start - 20) : start].lower().rstrip()
            greeted = long[0] in ENGLISH and re.search(r"\b(?:dear|hi|hello)\Z", before)
            return _Found(start, end, name, "Addressed by name") if greeted else None
        firm_follows = bool(rest) and self._is_no_name(rest[0][0]) and long[0] not in ENGLISH
        if firm_follows and "\n" not in self.text[end : rest[0][1]] and rest[0][0][0].isupper():
            return None
        reason = known or self._reason(
            start,
            end,
            long,
            initials=any(_INITIAL.match(word) for word in written[1:-1]),
            titled=titled,
            office=office,
        )
        if reason is None and listed and not any(word in self.small for word in long):
            reason = "Named beside another person"
        return None if reason is None else _Found(start, end, name, reason)

    def _is_elsewhere(self, start: int, end: int, long: list[str], *, titled: bool) -> bool:
        """What is said of a company or a place."""
        if _COMPANY_AFTER.match(self.text, end):
            return True
        if titled:
            return False
        before = self.text[max(0, start - 30) : start]
        return bool(_PLACE_BEFORE.search(before)) or " ".join(long) in self.companies

    def _titled(self, start: int, end: int, name: Name) -> _Found:
        if self.text[start:end].lower() in self.small:
            # "Mr. Price": were it the bare word, every price would be burned
            start = (
                max(self.text.rfind(mark, 0, start) for mark in (" ", "\n", "(", "\t")) + 1
                if start
                else 0
            )
            title = re.search(r"[^\s(]+\s+\Z", self.text[max(0, start - 20) : start])
            start -= len(title.group()) if title else 0
        return _Found(start, end, name, "Name with a title (Mr, Ms, Dr …)")

    def _reason(
        self, start: int, end: int, long: list[str], *, initials: bool, titled: bool, office: bool
    ) -> str | None:
        """What says that these two words or more are a person."""
        if titled:
            return "Name with a title (Mr, Ms, Dr …)"
        common = sum(word in self.small and word not in ENGLISH for word in long)
        if common == len(long):
            return None
        before = self.text[max(0, start - 90) : start]
        said = _SAID_BEFORE.search(before)
        alone = self._alone_on_line(start, end)
        if (said is not None and said["label"]) or (
            alone and (_LINE_BEFORE.search(before) or _BLOCK_AFTER.match(self.text, end))
        ):
            return "Named in a signature block or form"
        if len(long) <= 4 and sum(word in self.locals for word in long) > 1:
            return "Name of an e-mail address"
        if common:
            return None
        if said is not None or _SAID_AFTER.match(self.text, end):
            return "Named as a person in the text"
        if office:
            return "Name beside an office"
        return self._shape(start, long, initials=initials)

    def _shape(self, start: int, long: list[str], *, initials: bool) -> str | None:
        """Without a word beside it: a name that can be nothing else."""
        first, last = long[0], long[-1]
        if first in ENGLISH and (first not in ALSO_WORDS or last in SURNAMES):
            return "Known given name"
        if last in SURNAMES and len(long) > 1:
            return "Known surname"
        if initials and len(long) > 1 and first not in {"hundred", "thousand"}:
            return "Name with an initial"
        if len(long) == 2 and _SURNAME_LIKE.search(last) and len(last) > 4 and len(first) > 2:
            return "Form of a surname"
        return None

    def _alone_on_line(self, start: int, end: int) -> bool:
        line = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", end)
        stop = len(self.text) if stop < 0 else stop
        return not self.text[line:start].strip(" \t_(/") and not self.text[end:stop].strip(
            " \t_)/,."
        )

    # --- Cyrillic letters ---

    def russian(self) -> Iterator[_Found]:
        if not any("А" <= letter <= "я" for letter in self.text):
            return
        taken: list[tuple[int, int]] = []
        for match in _RUSSIAN_RUN.finditer(self.text):
            for found in self._russian_run(match.start(), match.end()):
                taken.append((found.start, found.end))
                yield found
        for match in _RUSSIAN_INITIALS.finditer(self.text):
            surname = match["last"] or match["first"]
            initials = match["i"] or match["j"]
            if (
                _RUSSIAN_NO_NAMES.match(surname)
                or len(surname) < 2
                or (surname.isupper() and len(surname) < 3)
            ):
                continue
            name = russian_name([surname, *re.findall(r"[А-ЯЁ]", initials)])
            if name is not None:
                yield _Found(*match.span(), name, "Surname with initials")

    def _russian_run(self, start: int, end: int) -> Iterator[_Found]:
        words = [
            (match.group(), start + match.start(), start + match.end())
            for match in re.finditer(r"\S+", self.text[start:end])
        ]
        at = 0
        while at < len(words):
            for size in (3, 2, 1):
                part = words[at : at + size]
                if len(part) == size and (found := self._russian_person(part)) is not None:
                    yield found
                    at += size
                    break
            else:
                at += 1

    def _russian_person(self, part: list[_Word]) -> _Found | None:
        written = [word for word, _, _ in part]
        start, end = part[0][1], part[-1][2]
        if any(_RUSSIAN_NO_NAMES.match(word) for word in written):
            return None
        name = russian_name(written)
        if name is not None:
            reason = "Full name with patronymic" if name.surname else "Given name with patronymic"
            return _Found(start, end, name, reason)
        before = self.text[max(0, start - 60) : start]
        if len(part) == 1:
            if _RUSSIAN_TITLE.search(before):
                return _Found(
                    start, end, russian_surname(written[0]), "Name with a title (г-н, гр. …)"
                )
            return None
        if len(part) != 2 or any(is_patronymic(word) for word in written):
            return None
        known = [bool(given_stems(word) & RUSSIAN - _AMBIGUOUS_RUSSIAN) for word in written]
        shaped = [_RUSSIAN_SURNAME.search(word.lower()) is not None for word in written]
        said = _RUSSIAN_SAID.search(before)
        for given, surname in ((0, 1), (1, 0)):
            if (
                known[given]
                and (shaped[surname] or said)
                and not (known[surname] and not shaped[surname])
            ):
                name = russian_pair(written[given], written[surname])
                return _Found(start, end, name, "Known given name")
        if said and any(shaped):
            surname = shaped.index(True)
            name = russian_pair(written[1 - surname], written[surname])
            return _Found(start, end, name, "Named as a person in the text")
        return None

    # --- what extraction knows ---

    def from_facts(self) -> Iterator[_Found]:
        places = [
            (fact.start, fact.end, "Named party (a natural person)")
            for fact in self.facts
            if fact.field == "party" and fact.start is not None and self._is_natural(fact)
        ]
        places += [
            (fact.start, fact.end, "Signatory or representative")
            for fact in self.facts
            if fact.field == "person" and fact.start is not None
        ]
        places += [
            (found.start, found.end, "Signatory or representative")
            for found in find_people(self.reading)
            if found.start is not None
        ]
        for start, end, reason in places:
            assert start is not None
            assert end is not None
            if _is_cyrillic(self.text[start]):
                name = self._name_of(self.text[start:end])
                if name is not None:
                    yield _Found(start, end, name, reason)
            else:
                yield from self._persons_in(start, end, reason)

    def _is_natural(self, fact: Fact) -> bool:
        form = fact.attributes.get("legal_form", "").lower()
        if form in {"ип", "физическое лицо", "individual", "natural person", "resident", "citizen"}:
            return True
        words = [folded(word) for word in fact.value.split()]
        return (
            not form
            and 2 <= len(words) <= 4
            and (words[0] in ENGLISH or words[-1] in SURNAMES)
            and not any(word in _NO_NAMES for word in words)
        )

    def _name_of(self, written: str) -> Name | None:
        words = re.findall(r"[^\W\d_](?:[^\W\d_]|[-'’])*\.?", written)
        if not 1 < len(words) <= 6:
            return None
        if re.search(r"[А-ЯЁа-яё]", written):
            name = russian_name(words)
            return name if name is not None or len(words) != 2 else russian_pair(words[1], words[0])
        return None


def _overlaps(one: _Found, others: list[_Found]) -> bool:
    return any(each.start < one.end and one.start < each.end for each in others)


def _resolved(scan: _Scan, found: list[_Found]) -> Iterator[Mention]:
    """Which of the found are one person; then everybody's other places."""
    text = scan.text
    persons: dict[str, _Person] = {}
    for each in sorted(found, key=lambda each: (each.start, each.end)):
        if each.name.is_full and not _is_shorter(each.name, found):
            shown = _shown(text, each)
            known = persons.get(each.name.key)
            if known is None or _better(shown, known.value):
                persons[each.name.key] = _Person(each.name, shown)
    for each in found:
        subject, value = _subject(each.name, persons, _shown(text, each))
        yield Mention(each.start, each.end, "person", each.reason, subject, value)
    yield from _elsewhere(scan, persons, found)


def _is_shorter(name: Name, found: list[_Found]) -> bool:
    """Two words of which another place has all three are no person of their own."""
    if name.middle:
        return False
    longer = {
        each.name.key
        for each in found
        if each.name.middle
        and each.name.is_full
        and each.name.key != name.key
        and name.may_be(each.name)
    }
    return len(longer) == 1


def _subject(name: Name, persons: dict[str, _Person], shown: str) -> tuple[str, str]:
    """The one person that this can be, else a subject of its own."""
    if name.key in persons:
        return name.key, persons[name.key].value
    matching = [key for key, person in persons.items() if name.may_be(person.name)]
    if len(matching) == 1:
        return matching[0], persons[matching[0]].value
    return name.key, shown


def _shown(text: str, found: _Found) -> str:
    return " ".join(text[found.start : found.end].split())


def _better(new: str, old: str) -> bool:
    """The form to show: not in capitals, and of Russian cases the nominative, which is short."""
    return (new.isupper(), len(new), new) < (old.isupper(), len(old), old)


def _elsewhere(scan: _Scan, persons: dict[str, _Person], found: list[_Found]) -> Iterator[Mention]:
    """Surnames and given names alone, in capitals, in other cases."""
    by_surname: dict[str, set[str]] = defaultdict(set)
    by_given: dict[str, set[str]] = defaultdict(set)
    known = dict(persons)
    for each in found:
        if each.name.key not in known and each.name.surname:
            subject, value = _subject(each.name, persons, _shown(scan.text, each))
            known.setdefault(subject, _Person(each.name, value))
    for key, person in known.items():
        for stem in person.name.surname:
            by_surname[stem].add(key)
        for stem in person.name.given:
            if len(stem) > 2:
                by_given[stem].add(key)
    if not by_surname:
        return
    taken = _Taken(found)
    for match in _ANY_CAPITAL.finditer(scan.text):
        written = match.group()
        if not written[0].isupper() or len(written) < 3 or taken.has(match.start()):
            continue
        word = re.sub(r"['’]s\Z", "", written)
        stems = _stems(word)
        hits = {key for stem in stems for key in by_surname.get(stem, ())}
        reason = "Surname of a person named elsewhere"
        if not hits:
            stems = given_stems(word) if _is_cyrillic(word) else frozenset({folded(word)})
            hits = {key for stem in stems for key in by_given.get(stem, ())}
            reason = "Given name of a person named elsewhere"
            if folded(word) in ALSO_WORDS or stems & _AMBIGUOUS_RUSSIAN:
                continue
        if not hits or not _stands_for_person(scan, match.start(), match.start() + len(word), word):
            continue
        subject = min(hits) if len(hits) == 1 else " | ".join(sorted(hits))
        value = known[subject].value if subject in known else word
        yield Mention(match.start(), match.start() + len(word), "person", reason, subject, value)


def _stems(word: str) -> frozenset[str]:
    return surname_stems(word) if _is_cyrillic(word) else frozenset({folded(word)})


def _is_cyrillic(word: str) -> bool:
    return "А" <= word[0] <= "я" or word[0] in "Ёё"


def _stands_for_person(scan: _Scan, start: int, end: int, word: str) -> bool:
    lower = word.lower()
    if (
        lower in scan.small
        or lower in _NO_NAMES
        or (_is_cyrillic(word) and _RUSSIAN_NO_NAMES.match(word))
    ):
        return False
    if _is_cyrillic(word):
        return True
    before = scan.text[max(0, start - 30) : start]
    return not _COMPANY_AFTER.match(scan.text, end) and not _PLACE_BEFORE.search(before)


class _Taken:
    """What is marked already."""

    def __init__(self, found: list[_Found]) -> None:
        self._places = sorted((each.start, each.end) for each in found)
        self._at = 0

    def has(self, position: int) -> bool:
        """Asked with ascending positions."""
        while self._at < len(self._places) and self._places[self._at][1] <= position:
            self._at += 1
        at = self._at
        return at < len(self._places) and self._places[at][0] <= position
