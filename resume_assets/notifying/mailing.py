"""A message as a mail, through the server that RESUME_SMTP_URL names."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, localtime

from resume_assets.notifying import wording
from resume_assets.notifying.failures import NotTold
from resume_assets.notifying.receivers import Receiver, Server
from resume_assets.notifying.wording import Message

_SECONDS = 6.0
_PERMANENT = 500  # codes from here on: the same mail would be turned down again (RFC 5321, 4.2.1)


def send(receiver: Receiver, message: Message) -> str:
    """Hand the mail over; returns what became of it, in a few words. Raises NotTold."""
    server = receiver.server
    if server is None:
        raise TypeError("a receiver of mail has its server")
    mail = mail_of(receiver, server, message)
    try:
        with _connected(server) as smtp:
            turned_down = smtp.send_message(mail, mail["From"], list(receiver.addresses))
    except (smtplib.SMTPException, OSError) as error:
        raise _not_told(receiver, server, error) from None
    taken = len(receiver.addresses) - len(turned_down)
    return f"{server.host} took it for {taken} of {len(receiver.addresses)} addresses"


def mail_of(receiver: Receiver, server: Server, message: Message) -> EmailMessage:
    """The mail; the same notices have the same Message-ID, by which a second one is known."""
    user = server.user if server.user and "@" in server.user else None
    sender = server.sender or user or receiver.addresses[0]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(receiver.addresses)
    mail["Subject"] = wording.subject(message)
    mail["Date"] = format_datetime(localtime())
    if message.notices:
        mail["Message-ID"] = f"<{message.ident}@{wording.NAME}.invalid>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    mail.set_content(wording.text(message))
    return mail


def _connected(server: Server) -> smtplib.SMTP:
    """A connection, encrypted where the server can, and logged in where we have a user."""
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.is_tls:
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        is_encrypted = server.is_tls
        if not is_encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
            is_encrypted = True
        if server.user and server.password is not None:
            if not is_encrypted and not server.is_here:
                raise NotTold(
                    f"{server.host} offers no encryption, and gets no password without: smtps:// "
                    "or another port may",
                    refused=True,
                )
            smtp.login(server.user, server.password.get_secret_value())
    except BaseException:
        smtp.close()
        raise
    return smtp


def _not_told(
    receiver: Receiver, server: Server, error: smtplib.SMTPException | OSError
) -> NotTold:
    """The error without the server's own words, which may quote an address."""
    codes = _codes(error)
    shown = f"{type(error).__name__}{f' {min(codes)}' if codes else ''}"
    # One address that is turned down for now may be taken later.
    refused = bool(codes) and min(codes) >= _PERMANENT
    refused |= isinstance(error, smtplib.SMTPNotSupportedError)
    return NotTold(f"{receiver.shown}: {server.host} did not take it ({shown})", refused=refused)


def _codes(error: BaseException) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPResponseException):
        return [error.smtp_code]
    return []
