"""The names of the months and seasons, as resumes write them.

One line or two a language: twelve groups, January first, the spellings of a month parted by
slashes. They are written with their accents; `words` adds the spelling without, so that MÄRZ, März
and Marz are one. Full names also stand in the grammatical cases that follow "in" or a day.
Here are the languages of Europe and a few more, checked against the Unicode CLDR; the others are in
a table taken from it, which the tests compare with it again. Where two languages disagree
(listopad: November in Poland and Czechia, October in Croatia), the one with more speakers has the
word and stands first.
"""

from pathlib import Path
from typing import Final

CLDR_TABLE: Final = Path(__file__).with_name("months_of_the_world.txt")
"""A notice, then a line for each language: its code and months parted by `|`, spellings by `/`."""

MONTHS = {
    "English": "jan/january feb/february/febr mar/march apr/april may jun/june jul/july aug/august "
    "sep/sept/september oct/october nov/november dec/december",
    "German": "januar/jänner/jaenner/jän feber/februar märz/maerz/mär/mrz april mai juni juli "
    "august september okt/oktober november dez/dezember",
    "French": "janvier/janv février/fevr/fév mars avril/avr mai juin juillet/juil août septembre "
    "octobre novembre décembre/déc",
    "Spanish": "enero/ene febrero marzo abril/abr mayo junio julio agosto/ago "
    "septiembre/setiembre/set octubre noviembre diciembre/dic",
    "Portuguese": "janeiro fevereiro/fev março abril/abr maio junho julho agosto setembro "
    "outubro/out novembro dezembro/dez",
    "Italian": "gennaio/gen/genn febbraio/febbr marzo aprile maggio/mag/magg giugno/giu luglio/lug "
    "agosto settembre/sett ottobre/ott novembre dicembre/dic",
    "Catalan": "gener febrer març abril maig juny juliol agost/ag setembre octubre novembre "
    "desembre/des",
    "Dutch": "januari februari maart/mrt april mei juni juli augustus september oktober november "
    "december",
    "Polish": "styczeń/stycznia/styczniu/sty luty/lutego/lutym/lut marzec/marca/marcu "
    "kwiecień/kwietnia/kwietniu/kwi maj/maja/maju czerwiec/czerwca/czerwcu/cze "
    "lipiec/lipca/lipcu/lip sierpień/sierpnia/sierpniu/sie wrzesień/września/wrześniu/wrz "
    "październik/października/październiku/paź listopad/listopada/listopadzie/lis "
    "grudzień/grudnia/grudniu/gru",
    "Czech": "leden/ledna/lednu/led únor/února/únoru/úno březen/března/březnu/bře "
    "duben/dubna/dubnu/dub květen/května/květnu/kvě červen/června/červnu/čvn "
    "červenec/července/červenci/čvc srpen/srpna/srpnu/srp září/zář říjen/října/říjnu/říj "
    "listopad/listopadu prosinec/prosince/prosinci/pro",
    "Slovak": "január/januára/januári február/februára/februári marec/marca apríl/apríla/apríli "
    "máj/mája/máji jún/júna/júni júl/júla/júli august/augusta/auguste "
    "september/septembra/septembri október/októbra/októbri "
    "november/novembra/novembri december/decembra/decembri",
    "Slovene": "januar/januarja februar/februarja marec/marca april/aprila maj/maja junij/junija "
    "julij/julija avgust/avgusta/avg september/septembra oktober/oktobra november/novembra "
    "december/decembra",
    "Croatian": "siječanj/siječnja/sij veljača/veljače/velj ožujak/ožujka/ožu travanj/travnja "
    "svibanj/svibnja/svi lipanj/lipnja srpanj/srpnja kolovoz/kolovoza/kol rujan/rujna/ruj "
    "listopad studeni/studenoga/studenog/stu prosinac/prosinca",
    "Serbian": "januar/januara februar/februara mart/marta april/aprila maj/maja jun/juna jul/jula "
    "avgust/avgusta septembar/septembra oktobar/oktobra novembar/novembra decembar/decembra",
    "Danish": "januar februar marts april maj juni juli august september oktober november december",
    "Norwegian": "januar februar mars april mai juni juli august september oktober november "
    "desember/des",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november "
    "december",
    "Icelandic": "janúar febrúar mars apríl maí júní júlí ágúst/ágú september október nóvember/nóv "
    "desember",
    "Finnish": "tammi/tammikuu/tammikuuta/tammikuussa helmi/helmikuu/helmikuuta/helmikuussa "
    "maalis/maaliskuu/maaliskuuta/maaliskuussa huhti/huhtikuu/huhtikuuta/huhtikuussa "
    "touko/toukokuu/toukokuuta/toukokuussa kesä/kesäkuu/kesäkuuta/kesäkuussa "
    "heinä/heinäkuu/heinäkuuta/heinäkuussa elo/elokuu/elokuuta/elokuussa "
    "syys/syyskuu/syyskuuta/syyskuussa loka/lokakuu/lokakuuta/lokakuussa "
    "marras/marraskuu/marraskuuta/marraskuussa joulu/joulukuu/joulukuuta/joulukuussa",
    "Estonian": "jaanuar/jaan veebruar/veebr märts aprill mai juuni juuli august september "
    "oktoober november detsember/dets",
    "Latvian": "janvāris/janvāra/janvārī februāris/februāra/februārī marts/marta/martā "
    "aprīlis/aprīļa/aprīlī maijs/maija/maijā jūnijs/jūnija/jūnijā/jūn jūlijs/jūlija/jūlijā/jūl "
    "augusts/augusta/augustā septembris/septembra/septembrī oktobris/oktobra/oktobrī "
    "novembris/novembra/novembrī decembris/decembra/decembrī",
    "Lithuanian": "sausis/sausio/saus vasaris/vasario/vas kovas/kovo/kov balandis/balandžio/bal "
    "gegužė/gegužės/geg birželis/birželio/birž liepa/liepos/liep rugpjūtis/rugpjūčio/rugp "
    "rugsėjis/rugsėjo/rugs spalis/spalio/spal lapkritis/lapkričio/lapkr gruodis/gruodžio/gruod",
    "Romanian": "ianuarie/ian februarie martie aprilie mai iunie/iun iulie/iul august septembrie "
    "octombrie noiembrie/noi decembrie",
    "Hungarian": "január/januári/januárban február/februári/februárban "
    "március/márciusi/márciusban/márc április/áprilisi/áprilisban/ápr május/májusi/májusban/máj "
    "június/júniusi/júniusban/jún július/júliusi/júliusban/júl "
    "augusztus/augusztusi/augusztusban szeptember/szeptemberi/szeptemberben/szept "
    "október/októberi/októberben november/novemberi/novemberben december/decemberi/decemberben",
    "Turkish": "ocak/oca şubat/şub mart nisan/nis mayıs haziran/haz temmuz/tem ağustos/ağu "
    "eylül/eyl ekim/eki kasım/kas aralık/ara",
    "Russian": "январь/января/январе/янв февраль/февраля/феврале/февр/фев март/марта/марте/мар "
    "апрель/апреля/апреле/апр май/мая/мае июнь/июня/июне/июн июль/июля/июле/июл "
    "август/августа/августе/авг сентябрь/сентября/сентябре/сент/сен "
    "октябрь/октября/октябре/окт ноябрь/ноября/ноябре/нояб/ноя декабрь/декабря/декабре/дек",
    "Ukrainian": "січень/січня/січні/січ лютий/лютого/лютому/лют березень/березня/березні/бер "
    "квітень/квітня/квітні/квіт/кві травень/травня/травні/трав/тра червень/червня/червні/черв/чер "
    "липень/липня/липні/лип серпень/серпня/серпні/серп/сер вересень/вересня/вересні/вер "
    "жовтень/жовтня/жовтні/жовт/жов листопад/листопада/листопаді/лист/лис "
    "грудень/грудня/грудні/груд/гру",
    "Bulgarian": "януари/яну февруари март април май юни юли август септември/сеп октомври "
    "ноември/ное декември",
    "Greek": "ιανουάριος/ιανουαρίου/ιανουάριο/ιαν φεβρουάριος/φεβρουαρίου/φεβρουάριο/φεβ "
    "μάρτιος/μαρτίου/μάρτιο/μαρ απρίλιος/απριλίου/απρίλιο/απρ μάιος/μαΐου/μάιο/μάι "
    "ιούνιος/ιουνίου/ιούνιο/ιουν ιούλιος/ιουλίου/ιούλιο/ιουλ αύγουστος/αυγούστου/αύγουστο/αυγ "
    "σεπτέμβριος/σεπτεμβρίου/σεπτέμβριο/σεπ/σεπτ οκτώβριος/οκτωβρίου/οκτώβριο/οκτ "
    "νοέμβριος/νοεμβρίου/νοέμβριο/νοε δεκέμβριος/δεκεμβρίου/δεκέμβριο/δεκ",
    "Hebrew": "בינואר בפברואר במרץ/במרס/מרס באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר "
    "בנובמבר בדצמבר",
    "Sinhala": "ජනවාරි පෙබරවාරි මාර්තු අප්රේල් මැයි ජූනි ජූලි අගෝස්තු සැප්තැම්බර් ඔක්තෝබර් නොවැම්බර් දෙසැම්බර්",
    "Chinese": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
}

# A long name with one wrong letter is left to `words.misspelt`; these are short, or worse.
_MISSPELT = (
    "janry/janurery febury/feburay marh/marhc/mrach/mrch/marhch/maech "
    "aprl/apirl/arpil/aprli/aprill/apri mey jume/jnue/juen jully/julay/jly/juyl "
    "agust/agoust/augest/augst/agustus/auguest/agusut/augsut/auguts "
    "septmer/setember/sepember octber/ocober/octomber novmber/novermber decmber/decembar"
)

_LONG_NAMES: Final = {
    "English": 7,
    **dict.fromkeys(["German", "French", "Spanish", "Portuguese", "Italian"], 8),
}
"""Letters that a language's name of a month must have to be recognised with one letter wrong."""

SEASONS = {
    3: "spring springtime frühling frühjahr printemps primavera lente voorjaar wiosna wiosną "
    "wiosny jaro jaře vår våren forår foråret kevät keväällä primăvara tavasz весна "
    "весной весны весною άνοιξη ilkbahar bahar",
    6: "summer summertime sommer été verano verão estate estiu zomer lato latem léto "
    "létě leto sommar kesällä vara vară nyár лето летом літо καλοκαίρι yaz",
    9: "autumn fall herbst automne otoño outono autunno tardor herfst najaar jesień jesienią "
    "jesieni podzim höst hösten høst høsten efterår efteråret syksy syksyllä toamna toamnă ősz "
    "осень осенью осени осінь осені φθινόπωρο sonbahar güz",
    12: "winter wintertime hiver invierno inverno hivern zima zimą zimy zimě vinter vintern "
    "vinteren talvi talvella iarna iarnă tél зима зимой зимы зимою взимку χειμώνας kış",
}
"""Season words by the month that stands for the season."""


def spellings() -> dict[str, int]:
    """Return every spelling with its month, 1 to 12; some are of two words."""
    by_hand = ([group.split("/") for group in line.split()] for line in MONTHS.values())
    _, *table = CLDR_TABLE.read_text(encoding="utf-8").splitlines()
    from_cldr = ([group.split("/") for group in line.split("|")[1:]] for line in table)
    found: dict[str, int] = {}
    for language in (*by_hand, *from_cldr):
        for month, names in enumerate(language, 1):
            for name in names:
                found.setdefault(name, month)
    for month, words in SEASONS.items():
        for word in words.split():
            found.setdefault(word, month)
    return found


def misspellings() -> dict[str, int]:
    """Return usual mistakes in English names with the month that is meant."""
    months = enumerate(_MISSPELT.split(), 1)
    return {word: month for month, words in months for word in words.split("/")}


def long_names() -> dict[str, int]:
    """Return names that are recognised with one letter wrong: no other word is as near to them."""
    return {
        name: month
        for language, least in _LONG_NAMES.items()
        for month, names in enumerate(MONTHS[language].split(), 1)
        for name in names.split("/")
        if len(name) >= least
    }
