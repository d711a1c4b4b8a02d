"""The channels to petitioners: mail by SMTP, text messages through HTTP gateways, letters for the print room."""

from services.notify.senders.letters import PrintRoom
from services.notify.senders.mail import SmtpServer
from services.notify.senders.receipts import StatusDesk
from services.notify.senders.sms import SmsGateways

__all__ = ["PrintRoom", "SmsGateways", "SmtpServer", "StatusDesk"]
