"""What RESUME_NOTIFY_URL names: by host, by prefix; secrets stay secret, mistakes are sentences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.notifying.receivers import Form, receivers_of, worth_a_look
from resume_assets.settings import Settings, load_settings

SMTP = "smtp://robot%40example.org:P%40ss@mail.example.org"


def settings(notify: str | None = None, smtp: str | None = None, **more: Any) -> Settings:
    return Settings(_env_file=None, RESUME_NOTIFY_URL=notify, RESUME_SMTP_URL=smtp, **more)


@pytest.mark.parametrize(
    ("address", "form", "shown"),
    [
        ("https://hooks.slack.com/services/T0/B0/xyz", Form.slack, "hooks.slack.com"),
        ("https://hooks.slack-gov.com/services/T0/B0/xyz", Form.slack, "hooks.slack-gov.com"),
        (
            "https://prod-12.westeurope.logic.azure.com:443/workflows/1/x?sig=abc",
            Form.teams,
            "prod-12.westeurope.logic.azure.com:443",
        ),
        (
            "https://default12.3f.environment.api.powerplatform.com/powerautomate/x?sig=abc",
            Form.teams,
            "default12.3f.environment.api.powerplatform.com",
        ),
        ("https://acme.webhook.office.com/webhookb2/x", Form.teams, "acme.webhook.office.com"),
        ("https://alerts.example.org/x", Form.json, "alerts.example.org"),
        ("http://[::1]:8080/x", Form.json, "::1:8080"),
        ("HTTPS://Alerts.Example.org/x", Form.json, "alerts.example.org"),
        ("slack+https://chat.example.org/hooks/x", Form.slack, "chat.example.org"),
        ("teams+https://proxy.example.org/x", Form.teams, "proxy.example.org"),
        ("json+https://hooks.slack.com/x", Form.json, "hooks.slack.com"),
        # Nobody who only looks like Slack is sent Slack's form, or taken for it.
        ("https://hooks.slack.com.evil.example/x", Form.json, "hooks.slack.com.evil.example"),
        ("https://logic.azure.com.evil.example/x", Form.json, "logic.azure.com.evil.example"),
    ],
)
def test_a_receiver_by_its_address(address: str, form: Form, shown: str) -> None:
    found = receivers_of(settings(address))
    assert found.problems == []
    [one] = found.found
    assert (one.form, one.shown) == (form, shown)


def test_several_each_once_in_their_order() -> None:
    found = receivers_of(
        settings(
            "https://a.example/1\n https://b.example/2\thttps://a.example/1 mailto:x@y.example",
            SMTP,
        )
    )
    assert [one.shown for one in found.found] == ["a.example", "b.example", "mail to y.example"]
    assert len({one.key for one in found.found}) == 3


def test_none() -> None:
    assert receivers_of(settings()).found == []
    assert receivers_of(settings("  \n ")).found == []


def test_mail() -> None:
    [one] = receivers_of(
        settings("mailto:a@x.example,b%2Bc@x.example,d@y.example", f"{SMTP}?from=bot@z.example")
    ).found
    assert one.addresses == ("a@x.example", "b+c@x.example", "d@y.example")
    assert one.shown == "mail to x.example, y.example"
    server = one.server
    assert server is not None
    assert (server.host, server.port, server.is_tls) == ("mail.example.org", 587, False)
    assert (server.user, server.sender) == ("robot@example.org", "bot@z.example")
    assert server.password is not None
    assert server.password.get_secret_value() == "P@ss"
    [safe] = receivers_of(settings("mailto:a@x.example", "smtps://mail.example.org")).found
    assert safe.server is not None
    assert (safe.server.port, safe.server.is_tls, safe.server.user) == (465, True, None)


@pytest.mark.parametrize(
    ("address", "smtp", "why"),
    [
        ("ftp://a.example/x", None, "begins with neither https://"),
        ("hooks.slack.com/services/x", None, "begins with neither https://"),
        ("https:///x", None, "begins with neither https://"),
        ("https://a.example:0/x", None, "begins with neither"),
        ("https://a.example:99999/x", None, "is no address"),
        ("https://[::1/x", None, "is no address"),
        ("mailto:", SMTP, "without a mail address"),
        ("mailto:ada", SMTP, "one that is none"),
        ("mailto:a@x.example%0d%0aBcc:b@y.example", SMTP, "one that is none"),
        ("mailto:a@x.example?subject=Hi", SMTP, "more than addresses"),
        ("mailto:a@x.example", None, "needs RESUME_SMTP_URL"),
        ("mailto:a@x.example", "http://mail.example.org", "RESUME_SMTP_URL is not smtp://"),
        ("mailto:a@x.example", "smtp://", "RESUME_SMTP_URL is not smtp://"),
        ("mailto:a@x.example", "smtp://m.example:99999", "no address of its server"),
        ("mailto:a@x.example", "smtp://m.example?tls=no", "RESUME_SMTP_URL is not smtp://"),
        ("mailto:a@x.example", "smtp://m.example?from=nobody", "from= in RESUME_SMTP_URL"),
    ],
)
def test_a_mistake_is_a_sentence_and_keeps_nobody_else_from_being_told(
    address: str, smtp: str | None, why: str
) -> None:
    found = receivers_of(settings(f"{address} https://good.example/S3CRET", smtp))
    [problem] = found.problems
    assert problem.startswith("RESUME_NOTIFY_URL: address 1 ")
    assert why in problem
    assert [one.shown for one in found.found] == ["good.example"]


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
    st.text(max_size=30),
)
def test_whatever_stands_there_is_read_or_told_and_never_quoted(address: str, smtp: str) -> None:
    found = receivers_of(settings(f"{address} https://h.example/S3CRET-{smtp}", smtp or None))
    assert found.found or found.problems or not address.strip()
    for said in (*found.problems, repr(found), *(one.shown for one in found.found)):
        assert "S3CRET" not in said


def test_settings_show_none_of_it() -> None:
    values = settings("https://a.example/S3CRET", "smtp://u:S3CRET@m.example")
    assert "S3CRET" not in repr(values)
    assert "S3CRET" not in str(values.model_dump(mode="json"))


def test_a_mistake_stops_no_command(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_NOTIFY_URL", "what ever")
    assert load_settings().notify_url is not None


def test_what_is_worth_a_look() -> None:
    def looks(*arguments: Any, **more: Any) -> list[str]:
        values = settings(*arguments, **more)
        return list(worth_a_look(values, receivers_of(values)))

    assert looks() == looks("https://a.example/x") == looks("http://localhost:9/x") == []
    assert looks("mailto:a@x.example", SMTP) == []
    [plain] = looks("http://a.example/x")
    assert plain.startswith("a.example is told without encryption")
    assert "no mailto:" in looks("https://a.example/x", SMTP)[0]
    assert "nobody gets it" in looks(RESUME_NOTIFY_SUMMARY=True)[0]
