"""What the words in and around a date mean for it; the words themselves are data.

Every word has one kind, a letter, of which `forms` and `reading` compose their patterns. Words that
are not listed are of the kind OTHER. Beside a year such a word may be a month's name that is not
known here; elsewhere it is ignored.
"""

import unicodedata
from functools import cache
from typing import Final

from resume_assets.extraction.dates.month_names import long_names, misspellings, spellings

PART: Final = "M"  # of a year: a month, season, quarter or half
PRESENT: Final = "P"
SLOT: Final = "p"  # now: means the present where it stands alone, not in "now part of"
MOMENT: Final = "D"  # date, progress: mean the present after "to", "until" or "in"
NOT: Final = "!"
TO: Final = "R"
AND: Final = "&"
UNTIL: Final = "U"
SINCE: Final = "S"  # and still: as an end it is the present
FROM: Final = "F"
JOINT: Final = "J"  # may stand between the parts of one date
OF_YEAR: Final = "A"  # a joint too, but a number after it counts years: Year 3, 2019
COUNTED: Final = "C"  # parts of a school's year: no month, with a number or without
FILLER: Final = "f"  # known to be no month: mid 2017, expected 2025
OTHER_COUNT: Final = "E"  # of years or numbers that look like ours: 2076 BS, week 12/2019
UNKNOWN: Final = "?"
OTHER: Final = "w"

_WORDS = {
    PRESENT: """
        present presently current currently ongoing today todate nowadays still
        heute heutig aktuell aktuelle aktueller derzeit derzeitig gegenwart gegenwärtig jetzt
        laufend andauernd fortlaufend momentan weiteres
        aujourd aujourdhui présent présente actuel actuelle actuellement maintenant
        actualidad actual actualmente presente hoy ahora vigente
        atual atualmente atualidade atuais hoje agora
        oggi odierno attuale attualmente attualità tuttora adesso
        actualitat avui
        heden huidig huidige momenteel vandaag lopend
        obecnie obecny obecna obecnej obecnego dziś dzisiaj teraz nadal aktualnie
        současnost současnosti současné současně dosud doposud dnes nyní trvá aktuálně
        súčasnosť súčasnosti súčasné doteraz
        danes danas trenutno sedaj sada sadašnjost
        nuvarande pågående idag fortfarande nutid nuværende igangværende nåværende fortsatt
        núverandi
        nykyinen nykyisin nykyään nykyhetki nykyhetkeen hetkellä edelleen toistaiseksi jatkuu tänään
        praegu praeguseni tänaseni pašreiz pašlaik šobrīd tagad dabar dabartinis
        prezent prezenta astăzi azi acum
        jelenleg jelen jelenlegi jelenig napig napjainkig folyamatban
        настоящее настоящего настоящий наст нынешнее ныне сейчас сегодня сегодняшний текущее
        теперішній теперішнього тепер зараз сьогодні дотепер досі поточний
        сега днес настояще
        σήμερα παρόν τώρα τρέχουσα
        halen günümüz günümüze bugün bugüne şimdi devam hâlâ mevcut
        الآن الحاضر حاليا היום כיום वर्तमान sekarang ปัจจุบัน
        至今 现在 現在 目前 迄今 现职 現職 在职 在職 継続中 현재 재직 지금""",
    SLOT: "now active open continuing continues pres curr nu nå ora nyt most",
    MOMENT: """
        date day going progress dato data jour cours fecha curso momento andamento corso dia dag
        момент день час""",
    NOT: """
        not no never former formerly previous previously isn wasn nicht kein keine ehemals pas
        ancien anciennement non nie niet geen inte ikke ei nem не""",
    TO: "to a à al au aux ao do po по εως έως ως đến 至 到 から 부터",
    AND: "and und et y e och og",
    UNTIL: """
        until till til upto through thru ended ending ends bis hasta até fino sino jusqu jusque tot
        tills pana până fins μέχρι до""",
    SINCE: """
        since onwards onward seit depuis desde dal dalla sinds sedan siden od з від с со от από
        alates""",
    FROM: """
        from between starting started start joined hired beginning began begin ab von vom dès
        vanaf från fra da partir din dela entre zwischen między между tussen""",
    JOINT: """
        of the in on this our month season internship
        de del della dell di d le la les l el il o os um ce en em im het van na
        w we ve v i m r на данный сей цей в г р nam dags まで 까지
        monat mois mes mês mese maand miesiąc mjesec měsíc месяц місяць bulan bln buwan mwezi ay
        oṣù thang tháng thg माह महीना মাস شهر ماه เดือน में في""",
    OF_YEAR: """
        year yr roku rok rokiem ano año any annee année anno an anul jahr jahres jaar år året
        vuonna vuosi vuoden aasta gada gads metai év évi godina godine god έτος έτους
        год года году годы рік року годзе жыл йил yil yili yılı yılında ili năm tahun thn taong taon
        mwaka shekara ọdún वर्ष साल सन সাল সন سنة عام سال سن שנת שנה ปี""",
    COUNTED: """
        semester sem term session class classes batch cohort promotion promoción promo jahrgang
        semestre semestr семестр""",
    FILLER: """
        mid middle early late end about around approx approximately roughly circa ca c cca est
        estimated expected expecting anticipated projected planned tentative graduated graduation
        graduate graduating grad completed completion complete conferred awarded earned obtained
        received degree certified issued ad during as by only whole entire employed employment
        worked working period duration tenure dates intern contract contractor temporary seasonal
        freelance volunteer full part time
        während anfang mitte ende spätestens etwa ungefähr zirka rund voraussichtlich abschluss
        abgeschlossen
        pendant courant début debut milieu fin environ env vers obtenu obtention diplôme prévu
        prévue
        durante principios mediados finales inicio inicios aprox aproximadamente alrededor graduado
        graduada graduación previsto prevista
        início meados final fim cerca formado formada formatura conclusão concluído
        inizio metà fine verso laurea laureato laureata
        midden eind einde ongeveer rond afgestudeerd
        początek połowa koniec około ok
        начало середина конец около примерно выпуск
        awal pertengahan akhir sekitar lulus tamat 西暦 公元 서기 ค.ศ م""",
    OTHER_COUNT: """
        week weeks wk kw cw ww woche kalenderwoche semaine semana settimana uke uge vecka tydzień
        týden неделя тиждень minggu pekan hafta
        bs vs ec samvat sambat vikram bikram saka śaka shaka वि.सं वि.स विसं संवत् संवत शके शक
        ዓ.ም ዓ/ም ዓም""",
    UNKNOWN: "unknown unbekannt inconnu desconocido unspecified tbd tba nan null none",
}


def plain(word: str) -> str:
    """Return the word without accents: février, paź, aralık become fevrier, paz, aralik."""
    bare = unicodedata.normalize("NFD", word.translate(_LETTERS))
    return unicodedata.normalize("NFC", "".join(c for c in bare if not unicodedata.combining(c)))


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ı": "i"})


def _kinds() -> tuple[dict[str, str], dict[str, int]]:
    exact = {word: kind for kind, words in _WORDS.items() for word in words.split()}
    months = {word.casefold(): month for word, month in (misspellings() | spellings()).items()}
    exact = {word.casefold(): kind for word, kind in exact.items()} | dict.fromkeys(months, PART)
    # Where a word is written with accents, they decide: French dès is no Norwegian des. (December).
    kinds = {plain(word): kind for word, kind in reversed(exact.items())} | exact
    return kinds, {plain(word): month for word, month in reversed(months.items())} | months


KINDS, MONTH_OF = _kinds()
"""The kind of every listed word, and the months of those that are parts of a year."""


def misspelt(word: str) -> int | None:
    """Return the month whose long name this is but for one letter, None where there is none.

    The letter is missing, one too many, another, or in another place: septmber, ocotber, januuary.
    """
    near = _without_one(word) if len(word) >= _SHORTEST else ()
    months = {_near_names()[name] for name in near if name in _near_names()}
    return months.pop() if len(months) == 1 else None


_SHORTEST: Final = 6  # letters: january with one missing


@cache
def _near_names() -> dict[str, int]:
    """The long names, and each of them with one letter left out."""
    return {
        near: month for name, month in long_names().items() for near in _without_one(plain(name))
    }


def _without_one(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
