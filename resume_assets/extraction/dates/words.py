"""What the words in and around a date mean for it; the words themselves are data.

Every word has one kind, a letter, of which `dates` composes its patterns. Words that are not listed
are of the kind OTHER and read over.
"""

import unicodedata
from typing import Final

from resume_assets.extraction.dates.month_names import spellings

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
        until till til upto through thru bis hasta até fino sino jusqu jusque tot tills
        pana până fins μέχρι до""",
    SINCE: """
        since onwards onward seit depuis desde dal dalla sinds sedan siden od з від с со от από
        alates""",
    FROM: """
        from starting started start joined hired beginning began begin ab von vom dès vanaf från
        fra da partir din dela""",
    JOINT: """
        of the in on this our year month fy semester term session season internship
        de del della dell di d le la les l el il o os um ce en em im het van na
        w we ve v i m r roku rok ano año annee anno jahr år vuonna
        на данный сей цей в г год года году року рік nam năm thang tháng dags
        まで 까지""",
    UNKNOWN: "unknown unbekannt inconnu desconocido unspecified tbd tba nan null none",
}


def plain(word: str) -> str:
    """Return the word without accents: février, paź, aralık become fevrier, paz, aralik."""
    bare = unicodedata.normalize("NFD", word.translate(_LETTERS))
    return unicodedata.normalize("NFC", "".join(c for c in bare if not unicodedata.combining(c)))


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ı": "i"})


def _kinds() -> tuple[dict[str, str], dict[str, int]]:
    exact = {word: kind for kind, words in _WORDS.items() for word in words.split()}
    months = {word.casefold(): month for word, month in spellings().items()}
    exact = {word.casefold(): kind for word, kind in exact.items()} | dict.fromkeys(months, PART)
    # An accent decides where it is there: French dès is no Norwegian des. (December).
    kinds = {plain(word): kind for word, kind in reversed(exact.items())} | exact
    return kinds, {plain(word): month for word, month in reversed(months.items())} | months


KINDS, MONTH_OF = _kinds()
"""The kind of every listed word, and the months of those that are parts of a year."""
