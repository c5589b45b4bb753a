"""One try to tell one receiver: real HTTP and SMTP servers on loopback."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.notifying import sending
from resume_assets.notifying.failures import NotTold
from resume_assets.notifying.receivers import Receiver, receivers_of
from resume_assets.notifying.sending import send
from resume_assets.notifying.wording import Message
from resume_assets_tests.notifying.servers import Answer, Hook, hook, post
from resume_assets_tests.notifying.test_receivers import settings
from resume_assets_tests.notifying.test_wording import TWO

SECRETS = ("T0K3N", "S3CRET", "P4ss", "zerelda")


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as made:
        yield made


def receiver_at(address: str, smtp: str | None = None) -> Receiver:
    found = receivers_of(settings(address, smtp))
    assert found.problems == []
    [one] = found.found
    return one


def failure(one: Receiver, message: Message = TWO) -> NotTold:
    with pytest.raises(NotTold) as raised:
        send(one, message)
    assert not any(secret in str(raised.value) for secret in SECRETS)
    assert raised.value.__cause__ is None
    return raised.value


@pytest.mark.parametrize("prefix", ["", "slack+", "teams+"])
def test_what_arrives(receiver: Hook, prefix: str) -> None:
    assert send(receiver_at(prefix + receiver.url), TWO) == "answered 200"
    [got] = receiver.received
    assert got.path == "/hook/T0K3N?sig=S3CRET"
    assert got.headers["Content-Type"] == "application/json"
    wanted = {"": "notices", "slack+": "blocks", "teams+": "attachments"}[prefix]
    assert wanted in got.body


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_counts_as_told(receiver: Hook, status: int) -> None:
    receiver.then_answers(status)
    assert send(receiver_at(receiver.url), TWO) == f"answered {status}"


@pytest.mark.parametrize(
    ("status", "refused", "for_good"),
    [
        (500, False, False),
        (503, False, False),
        (429, False, False),
        (408, False, False),
        (302, True, False),
        (400, True, False),
        (401, True, False),
        (403, True, False),
        (404, True, False),
        (413, True, False),
        (410, True, True),
    ],
)
def test_what_an_answer_means(receiver: Hook, status: int, refused: bool, for_good: bool) -> None:
    headers = {"Location": receiver.url} if status == 302 else {}
    receiver.answers = [Answer(status, b"no_service", headers)]
    failed = failure(receiver_at(receiver.url))
    assert (failed.refused, failed.for_good) == (refused, for_good)
    assert str(failed) == f"127.0.0.1:{receiver.port} answered {status} (no_service)"
    assert len(receiver.received) == 1  # it is not called twice, here or elsewhere


def test_a_receiver_that_wants_to_be_left_alone(receiver: Hook) -> None:
    receiver.answers = [Answer(429, headers={"Retry-After": "120"})]
    assert failure(receiver_at(receiver.url)).retry_after == 120


def test_an_answer_that_quotes_what_was_sent_is_not_handed_on(receiver: Hook) -> None:
    receiver.answers = [Answer(400, b"cannot parse: ada.zerelda@example.com S3CRET " * 9)]
    assert str(failure(receiver_at(receiver.url))).endswith("answered 400")


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed = failure(receiver_at(f"http://127.0.0.1:{port}/S3CRET"))
    assert (failed.refused, failed.for_good) == (False, False)
    assert "was not reached (ConnectError)" in str(failed)
    failed = failure(receiver_at("mailto:a@x.example", f"smtp://127.0.0.1:{port}"))
    assert "ConnectionRefusedError" in str(failed)
    assert not failed.refused


def test_no_such_host() -> None:
    assert not failure(receiver_at("https://nowhere.invalid/S3CRET")).refused


def test_a_receiver_that_is_slow(receiver: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_SECONDS", 0.3)
    hang = threading.Event()
    receiver.then = Answer(until=hang)
    began = time.monotonic()
    failed = failure(receiver_at(receiver.url))
    assert time.monotonic() - began < 3
    assert "did not answer" in str(failed)
    assert not failed.refused
    hang.set()


def test_an_answer_that_is_not_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        port = odd.getsockname()[1]

        def answer() -> None:
            connection, _ = odd.accept()
            connection.recv(10)
            connection.sendall(b"SSH-2.0-S3CRET\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert not failure(receiver_at(f"http://127.0.0.1:{port}/x")).refused
        thread.join()


# Mail


def test_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    with post() as server:
        one = receiver_at(
            "mailto:a@x.example,b@y.example", f"smtp://127.0.0.1:{server.port}?from=bot@z.example"
        )
        assert send(one, TWO) == "127.0.0.1 took it for 2 of 2 addresses"
        send(one, TWO)
    first, second = server.mails
    assert first["From"] == "bot@z.example"
    assert first["To"] == "a@x.example, b@y.example"
    assert first["Subject"] == "resume-assets: A batch failed (b_1), and 1 more"
    assert first["Auto-Submitted"] == "auto-generated"
    assert "resume-assets check b_1" in first.get_content()
    assert first["Message-ID"] == second["Message-ID"]  # known again, should it come twice
    assert server.recipients[0] == ["a@x.example", "b@y.example"]


def test_without_a_sender_the_user_is_it_or_who_gets_it() -> None:
    with post(password="P4ss") as server:
        at = f"127.0.0.1:{server.port}"
        send(receiver_at("mailto:a@x.example", f"smtp://bot%40z.example:P4ss@{at}"), TWO)
        send(receiver_at("mailto:a@x.example", f"smtp://bot:P4ss@{at}"), TWO)
        send(receiver_at("mailto:a@x.example", f"smtp://{at}"), TWO)
    senders = [mail["From"] for mail in server.mails]
    assert senders == ["bot@z.example", "a@x.example", "a@x.example"]
    assert server.logins == [b"bot@z.example", b"bot"]


def test_one_of_two_addresses_is_turned_down() -> None:
    with post() as server:
        server.refuses = ["b@y.example"]
        one = receiver_at("mailto:a@x.example,b@y.example", f"smtp://127.0.0.1:{server.port}")
        assert send(one, TWO) == "127.0.0.1 took it for 1 of 2 addresses"
        server.refuses = ["a@x.example", "b@y.example"]
        failed = failure(one)
    assert failed.refused
    assert "SMTPRecipientsRefused 550" in str(failed)


@pytest.mark.parametrize(("reply", "refused"), [("451 later", False), ("554 no", True)])
def test_what_a_mail_servers_code_means(reply: str, refused: bool) -> None:
    with post() as server:
        server.reply = reply
        failed = failure(receiver_at("mailto:a@x.example", f"smtp://127.0.0.1:{server.port}"))
    assert failed.refused == refused
    assert f"SMTPDataError {reply[:3]}" in str(failed)


def test_a_wrong_password() -> None:
    with post(password="other") as server:
        smtp = f"smtp://bot:P4ss@127.0.0.1:{server.port}"
        failed = failure(receiver_at("mailto:a@x.example", smtp))
    assert failed.refused
    assert "SMTPAuthenticationError 535" in str(failed)


def test_no_password_crosses_a_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resume_assets.notifying.receivers.LOOPBACK", ())
    with post(password="P4ss") as server:
        smtp = f"smtp://bot:P4ss@127.0.0.1:{server.port}"
        failed = failure(receiver_at("mailto:a@x.example", smtp))
    assert "offers no encryption" in str(failed)
    assert failed.refused
    assert server.logins == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key, crt = path.with_name("key.pem"), path.with_name("crt.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", crt, "-days", "30", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(key.read_bytes() + crt.read_bytes())
    return path


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
def test_mail_is_encrypted_where_the_server_can(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, at_once: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with post(tls=context, at_once=at_once, password="P4ss") as server:
        one = receiver_at("mailto:a@x.example", f"{scheme}://bot:P4ss@127.0.0.1:{server.port}")
        # A certificate that nobody vouches for is not taken, nor is the mail sent without.
        assert "SSLCertVerificationError" in str(failure(one))
        assert server.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send(one, TWO)
    assert server.was_encrypted == [True]
    assert server.logins == [b"bot"]


def test_a_mail_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        failed = failure(receiver_at("mailto:a@x.example", f"smtp://127.0.0.1:{port}"))
    assert "did not answer" in str(failed)
