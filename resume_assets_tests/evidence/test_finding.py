"""What bears a value out, and what does not."""

import pytest

from resume_assets.evidence.finding import find, is_borne_out
from resume_assets.evidence.folding import Folded
from resume_assets.extraction.candidate import Evidence

BORNE_OUT = [
    # kind, value, resume, where it stands
    ("name", "Jane", "JANE DOE", "JANE"),
    ("name", "Renée", "Renee St. Clair", "Renee"),
    ("name", "Renee", "Rene\u0301e St. Clair", "Rene\u0301e"),
    ("name", "Renée", "<h1>Ren&eacute;e St. Clair</h1>", "Ren&eacute;e"),
    ("name", "Łódzka", "Zofia Lodzka", "Lodzka"),
    ("name", "Weißmüller", "JÜRGEN WEISSMÜLLER", "WEISSMÜLLER"),
    ("name", "O'Brien", "Mary O’Brien, RN", "O’Brien"),
    ("name", "Q.", "Jane Q. Doe", "Q"),
    ("name", "Jo", "JO MARCH", "JO"),
    ("name", "Doe", "#Doe, Jane", "#Doe"),
    ("name", "太郎", "氏名：山田太郎", "山田太郎"),
    ("name", "Mary Ann", "Ann Smith, known as Mary", "Mary … Ann"),
    ("name", "Nguyen", "J a n e   N g u y e n", "N g u y e n"),
    ("phrase", "Charge Nurse, ICU", "*Charge Nurse, ICU* | March 2019", "Charge Nurse, ICU"),
    ("phrase", "Senior Engineer", "Sr. Engineer at Acme", "Sr. Engineer"),
    ("phrase", "VP of Sales", "Vice President of Sales", "Vice President of Sales"),
    ("phrase", "Vice President, Sales", "VP, Sales", "VP, Sales"),
    ("phrase", "Software Engineer II", "Software Engineer 2, 2019", "Software Engineer 2"),
    ("phrase", "1420 Elm Street", "1420 Elm St., Austin", "1420 Elm St"),
    ("phrase", "St. Louis", "Saint Louis, MO", "Saint Louis"),
    ("phrase", "Co-Founder", "Cofounder of two firms", "Cofounder"),
    ("phrase", "Product Development", "product develop-\nment", "product develop-\nment"),
    ("phrase", "Development", "prod\u00aduct devel\u00adopment", "devel\u00adopment"),
    ("phrase", "Office Manager", "oﬃce manager", "oﬃce manager"),
    ("phrase", "Wien", "1010 Wien, Österreich", "Wien"),
    ("company", "St. Aidan's Academy", "Class Teacher, St Aidans Academy", "St Aidans Academy"),
    ("company", "Cedar & Vale", "Cedar and Vale Software", "Cedar and Vale"),
    ("company", "Black & Tan Media", "Black &amp; Tan Media, LA", "Black &amp; Tan Media"),
    ("company", "Acme, Inc.", "at ACME Corporation", "ACME"),
    ("company", "Hanse Anlagenbau AG", "bei Hanse Anlagenbau", "Hanse Anlagenbau"),
    ("company", "Banco Azul S.A.", "Banco Azul", "Banco Azul"),
    ("company", "U.S. Army", "served in the US Army", "US Army"),
    ("company", "International Business Machines", "IBM, Armonk", "IBM"),
    ("company", "Acme (Widgets Division)", "Widgets Division of Acme", "Acme … Widgets Division"),
    ("company", "Deloitte", "Deloitte | Senior", "Deloitte"),
    ("company", "株式会社青空", "現在　株式会社青空システム", "株式会社青空システム"),
    ("company", "3M", "3M Company, St. Paul", "3M"),
    ("degree", "Bachelor of Science in Nursing", "BSN, University of Texas", "BSN"),
    (
        "degree",
        "B.S. in Nursing",
        "Bachelor of Science in Nursing",
        "Bachelor of Science in Nursing",
    ),
    ("degree", "BSc Psychology", "B.Sc. (Hons) in Psychology", "B.Sc. (Hons) in Psychology"),
    ("degree", "Bachelor's in Biology", "B.A., Biology, 2010", "B.A., Biology"),
    ("degree", "MBA", "Master of Business Administration", "Master of Business Administration"),
    ("degree", "M.S. in Computer Science", "MS Computer Science", "MS Computer Science"),
    ("term", "C++", "C/C++, Go", "C++"),
    ("term", "C#", "written in C#.", "C#"),
    ("term", "Go", "Go, Python", "Go"),
    ("term", "R", "SAS, R and SQL", "R"),
    ("term", "PowerPoint", "MS Power Point", "Power Point"),
    ("term", "Microsoft Excel", "Word, Excel, Outlook", "Excel"),
    ("term", "Node.js", "NodeJS services", "NodeJS"),
    ("term", "Amazon Web Services", "moved it to AWS", "AWS"),
    ("term", "AWS", "on Amazon Web Services", "Amazon Web Services"),
    ("term", "CI/CD", "(CI/CD)", "CI/CD"),
    ("terms", "PMP, OSHA 30", "OSHA-30 card; PMP", "PMP … OSHA-30"),
    ("skill", "Project management", "managing twelve projects", "projects … managing"),
    ("skill", "Machine Learning", "ML pipelines", "ML"),
    ("skill", "Wound care", "wound-care", "wound-care"),
    ("place", "Austin, TX", "Austin, Texas 78701", "Austin"),
    ("place", "Berlin, Germany", "Spreelicht GmbH, Berlin", "Berlin"),
    ("place", "Munich, Germany", "München", "München"),
    ("place", "Seattle, WA", "Seattle office", "Seattle"),
    ("place", "TX", "Dallas, TX", "TX"),
    ("place", "Springfield, IL", "Springfield, MA and Springfield, IL", "Springfield"),
    ("state", "TX", "Austin, TX 78701", "TX"),
    ("state", "TX", "Austin, tx", "tx"),
    ("state", "NY", "New York", "New York"),
    ("state", "NY", "Albany, N.Y.", "N.Y."),
    ("state", "IL", "Chicago, Ill.", "Ill"),
    ("phone", "(512) 555-0142", "512.555.0142", "512.555.0142"),
    ("phone", "512-555-0142", "+1 (512) 555-0142", "+1 (512) 555-0142"),
    ("phone", "512-555-0142", "tel +15125550142", "+15125550142"),
    ("phone", "+1 512 555 0142", "5125550142", "5125550142"),
    ("phone", "+49 30 5550143", "030/5550143", "030/5550143"),
    ("phone", "+49 30 5550143", "+49 (0)30 555 01 43", "+49 (0)30 555 01 43"),
    ("phone", "030 5550143", "0049 30 5550143", "0049 30 5550143"),
    ("phone", "03-5550-0145", "０３－５５５０－０１４５", "０３－５５５０－０１４５"),
    ("phone", "512-555-0142 x12", "512-555-0142, ext. 12", "512-555-0142, ext. 12"),
    ("email", "Jane.Doe@example.com", "mailto:jane.doe@EXAMPLE.com", "jane.doe@EXAMPLE.com"),
    ("email", "jane@example.com", "jane [at] example [dot] com", "jane [at] example [dot] com"),
    ("email", "jane@example.com", "jane(at)example.com", "jane(at)example.com"),
    ("email", "jane@example.com", "jane at example dot com", "jane at example dot com"),
    ("email", "jane@example.com", "jane@exam\u00adple.com.", "jane@exam\u00adple.com"),
    ("email", "jane@example.com", "jane@\nexample.com", "jane@\nexample.com"),
    ("email", "ada_nord@example.com", r"ada\_nord@example.com", r"ada\_nord@example.com"),
    ("link", "https://www.linkedin.com/in/ada-nord/", "linkedin.com/in/ada-nord", None),
    ("link", "linkedin.com/in/ada-nord", "https://de.linkedin.com/in/Ada-Nord/", None),
    ("link", "linkedin.com/in/ada-nord", "LinkedIn: /in/ada-nord", "LinkedIn: /in/ada-nord"),
    ("link", "linkedin.com/in/ada-nord", "LinkedIn: ada-nord", "LinkedIn: ada-nord"),
    ("link", "linkedin.com/in/ada-nord", "linkedin.com/in/ada-\nnord", None),
    ("year", "2019-03", "March 2019", "2019"),
    ("year", "2019-03", "03/19 - 05/21", "03/19"),
    ("year", "2019-03", "Mar '19", "'19"),
    ("year", "2019-03", "Mar 19 - Present", "Mar 19"),
    ("year", "2019-01", "2017–19", "2017–19"),
    ("year", "2019-05", "20190531", "20190531"),
    ("year", "2019-05", "052019", "052019"),
    ("year", "2019-05", "２０１９年", "２０１９"),
    ("year", "2019-05", "٢٠١٩", "٢٠١٩"),
    ("year", "2019-05", "平成31年5月", "平成31"),
    ("year", "2019-05", "令和元年", "令和元"),
    ("computed", "10", "10+ years of welding", "10"),
    ("computed", "10", "over ten years", "ten"),
    ("computed", "2.5", "2,5 Jahre", "2,5"),
]

NOT_BORNE_OUT = [
    ("name", "Jan", "Jane Doe"),
    ("name", "Mary Ann", "Mary Smith"),
    ("name", "A.", "a nurse of Austin"),
    ("name", "", "Jane Doe"),
    ("phrase", "Nurse Manager", "Nurse. Office Manager"),
    ("phrase", "Senior Engineer", "Engineer"),
    ("company", "Acme Holdings", "Globex Holdings Inc."),
    ("degree", "Bachelor of Science", "Bachelor of Arts"),
    ("degree", "Master of Science in Nursing", "Bachelor of Science in Nursing"),
    ("degree", "BS in Biology", "BS in Chemistry"),
    ("degree", "Bachelor of Science in Biology", "a bachelor's degree in biology"),
    ("term", "Java", "JavaScript"),
    ("term", "C", "C++ and C#"),
    ("term", "Go", "let it go"),
    ("term", "R", "R&D"),
    ("term", "SQL", "MySQL, PostgreSQL"),
    ("term", "Excel", "excellent"),
    ("terms", "PMP, OSHA 30", "PMP, OSHA 10"),
    ("skill", "Care", "career"),
    ("skill", "Switching", "Switchgear"),
    ("skill", "Patient education", "patients" + 30 * " and so on" + " education"),
    ("place", "Springfield, MA", "Springfield, IL; Boston, MA"),
    ("place", "Dallas, TX", "Austin, TX"),
    ("state", "IN", "worked in Austin"),
    ("state", "MS", "M.S. in Biology"),
    ("state", "LA", "La Paz"),
    ("phone", "512-555-0142", "512-555-0143"),
    ("phone", "512-555-0142", "1512-555-01421"),
    ("phone", "12-555-0142", "512-555-0142"),
    ("phone", "512-555-0142 x12", "512-555-0142 x13"),
    ("phone", "512555", "512-555"),
    ("email", "doe@example.com", "jane.doe@example.com"),
    ("email", "jane@example.co", "jane@example.com"),
    ("email", "jane@example.com", "jane@example.com.br"),
    ("email", "jane@example.com", "Jane at Example"),
    ("link", "linkedin.com/in/ada", "linkedin.com/in/ada-nord"),
    ("link", "linkedin.com/in/ada-nord", "ada-nord.example.com"),
    ("year", "2019-03", "2018 - 2020"),
    ("year", "2019-03", "19 nurses, 24-19, 19%, 555-0119, 120190"),
    ("year", "2004-03", "2017-04"),
    ("computed", "10", "100 wells, 10/2019, 2010"),
    ("computed", "2.5", "25 years"),
]


@pytest.mark.parametrize(("kind", "value", "text", "place"), BORNE_OUT)
def test_borne_out(kind: str, value: str, text: str, place: str | None):
    around = f"- {text} \n"
    found = find(Evidence(kind), value, Folded(around))
    assert found is not None
    assert is_borne_out(Evidence(kind), value, Folded(text))
    if place is not None:
        assert " … ".join(around[start:end] for start, end in found) == place


@pytest.mark.parametrize(("kind", "value", "text"), NOT_BORNE_OUT)
def test_not_borne_out(kind: str, value: str, text: str):
    assert find(Evidence(kind), value, Folded(f"- {text} \n")) is None
    assert not is_borne_out(Evidence(kind), value, Folded(text))


def test_what_needs_no_evidence_has_no_place():
    assert find(Evidence.judged, "Energy", Folded("Jane")) == ()
    assert find(Evidence.year, "Present", Folded("Jane")) == ()
    assert is_borne_out(Evidence.judged, "Energy", Folded("Jane"))
    assert is_borne_out(Evidence.year, "Present", Folded("Jane"))
    assert not is_borne_out(Evidence.name, "Present", Folded("Jane"))
