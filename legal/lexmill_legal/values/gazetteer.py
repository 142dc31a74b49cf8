"""Places whose law a contract can choose, with their ISO 3166 codes."""

import functools
import re
from dataclasses import dataclass
from typing import Final

_US: Final = (
    "AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut"
    ";DE Delaware;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa"
    ";KS Kansas;KY Kentucky;LA Louisiana;ME Maine;MD Maryland;MA Massachusetts|Massachussets"
    ";MI Michigan;MN Minnesota;MS Mississippi;MO Missouri;MT Montana;NE Nebraska;NV Nevada"
    ";NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;NC North Carolina;ND North Dakota"
    ";OH Ohio;OK Oklahoma;OR Oregon;PA Pennsylvania;PR Puerto Rico;RI Rhode Island"
    ";SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;VT Vermont;VA Virginia"
    ";WA Washington;WV West Virginia;WI Wisconsin;WY Wyoming;DC District of Columbia"
)
_CANADA: Final = (
    "AB Alberta;BC British Columbia;MB Manitoba;NB New Brunswick;NL Newfoundland and Labrador"
    "|Newfoundland;NS Nova Scotia;ON Ontario;PE Prince Edward Island;QC Quebec|Québec"
    ";SK Saskatchewan"
)
_AUSTRALIA: Final = (
    "NSW New South Wales;QLD Queensland;SA South Australia;TAS Tasmania;VIC Victoria"
    ";WA Western Australia"
)
_BRITAIN: Final = (
    "EAW England and Wales|England & Wales;ENG England|English;SCT Scotland|Scottish|Scots"
    ";NIR Northern Ireland;WLS Wales"
)
# Code, then names and adjectives as they stand before "law".
_COUNTRIES: Final = (
    "AE United Arab Emirates|UAE;AL Albania;AM Armenia|Armenian;AR Argentina|Argentine"
    ";AT Austria|Austrian;AU Australia|Australian;AZ Azerbaijan;BA Bosnia and Herzegovina"
    ";BB Barbados;BD Bangladesh;BE Belgium|Belgian;BG Bulgaria|Bulgarian;BH Bahrain"
    ";BM Bermuda;BO Bolivia;BR Brazil|Brazilian;BS Bahamas;BW Botswana;BY Belarus;BZ Belize"
    ";CA Canada|Canadian;CH Switzerland|Swiss;CL Chile|Chilean"
    ";CN People's Republic of China|People’s Republic of China|PRC|P.R.C.|P.R. China|PR China"
    "|China|Chinese;CO Colombia|Colombian;CR Costa Rica;CW Curaçao|Curacao;CY Cyprus|Cypriot"
    ";CZ Czech Republic|Czechia|Czech;DE Federal Republic of Germany|Germany|German"
    ";DK Denmark|Danish;DO Dominican Republic;DZ Algeria;EC Ecuador;EE Estonia|Estonian"
    ";EG Egypt|Egyptian;ES Spain|Spanish;FI Finland|Finnish;FR France|French"
    ";GB United Kingdom|U.K.|UK|Great Britain;GE Republic of Georgia;GG Guernsey;GH Ghana"
    ";GI Gibraltar;GR Greece|Greek;GT Guatemala;HK Hong Kong;HN Honduras;HR Croatia|Croatian"
    ";HU Hungary|Hungarian;ID Indonesia|Indonesian;IE Republic of Ireland|Ireland|Irish"
    ";IL State of Israel|Israel|Israeli;IM Isle of Man;IN India|Indian;IQ Iraq"
    ";IS Iceland|Icelandic;IT Italy|Italian;JE Jersey Channel Islands;JM Jamaica"
    ";JO Jordan;JP Japan|Japanese;KE Kenya|Kenyan;KG Kyrgyzstan"
    ";KR Republic of Korea|South Korea|Korea|Korean;KW Kuwait;KY Cayman Islands"
    ";KZ Republic of Kazakhstan|Kazakhstan;LB Lebanon;LI Liechtenstein;LK Sri Lanka"
    ";LT Lithuania|Lithuanian;LU Luxembourg|Luxemburg;LV Latvia|Latvian;MA Morocco|Moroccan"
    ";MC Monaco;MD Moldova;MH Marshall Islands;MN Mongolia;MO Macau|Macao;MT Malta|Maltese"
    ";MU Mauritius;MX Mexico|Mexican;MY Malaysia|Malaysian;NA Namibia;NG Nigeria|Nigerian"
    ";NL The Netherlands|Netherlands|Dutch;NO Norway|Norwegian;NP Nepal;NZ New Zealand;OM Oman"
    ";PA Panama;PE Peru|Peruvian;PH Philippines|Philippine;PK Pakistan;PL Poland|Polish"
    ";PT Portugal|Portuguese;PY Paraguay;QA Qatar;RO Romania|Romanian;RS Serbia|Serbian"
    ";RU Russian Federation|Russia|Russian;SA Saudi Arabia;SC Seychelles;SE Sweden|Swedish"
    ";SG Republic of Singapore|Singapore;SI Slovenia|Slovenian;SK Slovakia|Slovak"
    ";TH Thailand|Thai;TN Tunisia;TR Turkey|Türkiye|Turkish;TT Trinidad and Tobago"
    ";TW Taiwan|Republic of China|R.O.C.|ROC|Taiwanese;TZ Tanzania;UA Ukraine|Ukrainian;UG Uganda"
    ";US United States of America|United States|U.S.A.|USA|U.S.;UY Uruguay;UZ Uzbekistan"
    ";VE Venezuela;VG British Virgin Islands|BVI;VN Vietnam|Viet Nam|Vietnamese"
    ";ZA Republic of South Africa|South Africa|South African;ZM Zambia;ZW Zimbabwe"
)
_RUSSIAN: Final = (
    "RU Российской Федерации|Российская Федерация|РФ|России|российск\\w+"
    ";KZ Республики Казахстан|Казахстана|РК;BY Республики Беларусь|Беларуси|РБ"
    ";UA Украины;UZ Республики Узбекистан|Узбекистана;AM Республики Армения|Армении"
    ";KG Кыргызской Республики|Киргизии;AZ Азербайджанской Республики|Азербайджана"
    ";GE Грузии;MD Республики Молдова|Молдовы;CN Китайской Народной Республики|КНР|Китая"
    ";DE Германии|ФРГ;GB Великобритании|Соединенного Королевства;GB-EAW Англии и Уэльса"
    ";GB-ENG Англии|английск\\w+;CY Кипра;CH Швейцарии|швейцарск\\w+;FR Франции"
    ";IT Италии;NL Нидерландов;SE Швеции;FI Финляндии;AT Австрии;LV Латвии"
    ";EE Эстонии;LT Литвы;TR Турции;IN Индии;JP Японии;SG Сингапура;HK Гонконга"
    ";AE ОАЭ|Объединенных Арабских Эмиратов;US США|Соединенных Штатов Америки"
)


@dataclass(frozen=True, slots=True)
class PlaceMention:
    start: int
    end: int
    code: str
    name: str


def find_places(text: str, start: int, end: int) -> list[PlaceMention]:
    """Gazetteer places within a short range, longest names first."""
    pattern, codes = _english()
    return [
        PlaceMention(*match.span("place"), codes[_key(match["place"])], match["place"])
        for match in pattern.finditer(text, start, end)
    ]


def find_russian_places(text: str, start: int, end: int) -> list[PlaceMention]:
    return [
        PlaceMention(
            match.start(), match.end(), str(match.lastgroup).replace("_", "-"), match.group()
        )
        for match in _russian().finditer(text, start, end)
    ]


def country(code: str) -> str:
    return code.partition("-")[0]


@functools.cache
def _english() -> tuple[re.Pattern[str], dict[str, str]]:
    codes: dict[str, str] = {}
    for prefix, table in (
        ("US-", _US),
        ("CA-", _CANADA),
        ("AU-", _AUSTRALIA),
        ("GB-", _BRITAIN),
        ("", _COUNTRIES),
    ):
        for entry in table.split(";"):
            code, _, names = entry.partition(" ")
            for name in names.split("|"):
                codes.setdefault(_key(name), prefix + code)
    longest_first = sorted(codes, key=len, reverse=True)
    written = "|".join(re.escape(name).replace(r"\ ", r"\s{1,20}") for name in longest_first)
    # Scans run words together: "the laws ofthe State ofTexas".
    return re.compile(rf"(?<!\w)(?:of)?(?P<place>{written})(?!\w)", re.IGNORECASE), codes


def _key(name: str) -> str:
    return " ".join(name.lower().split())


@functools.cache
def _russian() -> re.Pattern[str]:
    parts = []
    for entry in _RUSSIAN.split(";"):
        code, _, names = entry.partition(" ")
        written = names.replace(" ", r"\s{1,20}")
        parts.append(f"(?P<{code.replace('-', '_')}>{written})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")
