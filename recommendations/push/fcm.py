"""Firebase Cloud Messaging, HTTP v1: Android, and iOS through it."""

import json
import re
import threading
from functools import cached_property, partial
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from recommendations.models import Device
from recommendations.push.messages import Message
from recommendations.push.wire import Session, TransportError, post, refusal

SCOPES = ["https://www.googleapis.com/auth/firebase.messaging"]
TOKEN_TIMEOUT_S = 5


class Fcm:
    def __init__(self) -> None:
        self._token_lock = threading.Lock()

    @cached_property
    def session(self) -> Session:
        return Session()

    @cached_property
    def credentials(self) -> Any:
        try:
            return Credentials.from_service_account_file(settings.FCM_CREDENTIALS_FILE, scopes=SCOPES)
        except (OSError, ValueError) as error:
            raise TransportError("no usable FCM_CREDENTIALS_FILE", ours=True) from error

    def provider(self, device: Device) -> str:
        return str(settings.FCM_BASE_URL)

    def send(self, device: Device, message: Message) -> str:
        url = f"{settings.FCM_BASE_URL}/v1/projects/{self.credentials.project_id}/messages:send"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.access_token()}"}
        response = post(self.session, url, data=json.dumps(envelope(device, message)).encode(), headers=headers)
        if response.status_code != 200:
            raise self.explained(response)
        return "200"

    def access_token(self) -> str:
        """One exchange an hour for the whole process, however many threads send."""
        with self._token_lock:
            if not self.credentials.valid:
                try:
                    self.credentials.refresh(partial(Request(self.session), timeout=TOKEN_TIMEOUT_S))
                except GoogleAuthError as error:
                    raise TransportError("no access token from Google", provider_down=True) from error
            return str(self.credentials.token)

    def explained(self, response: requests.Response) -> TransportError:
        """UNREGISTERED and a token of another sender are about the device; a refused access token is fetched again."""
        code = error_code(response)
        if response.status_code == 401:
            self.credentials.token = None
        if code == "SENDER_ID_MISMATCH":
            return TransportError(f"{response.status_code} {code}", device_gone=True)
        if response.status_code == 404 and code != "UNREGISTERED":
            return TransportError(f"404 {code}".strip())  # the project is not found: no fault of the device
        if response.status_code == 403:
            return TransportError(f"{f'403 {code}'.strip()}, Google refuses FCM_CREDENTIALS_FILE", ours=True)
        return refusal(response, f"{response.status_code} {code}".strip())


def error_code(response: requests.Response) -> str:
    try:
        details: list[dict[str, Any]] = response.json()["error"].get("details", [])
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    codes = [detail["errorCode"] for detail in details if isinstance(detail, dict) and "errorCode" in detail]
    return re.sub("[^A-Z_]", "", str(codes[0]))[:40] if codes else ""  # a code, and no text of Google's


def envelope(device: Device, message: Message) -> dict[str, Any]:
    """`tag` and `apns-collapse-id` make the phone's own system replace a repeat instead of showing it twice."""
    ttl_s = message.ttl_s(timezone.now())
    return {
        "message": {
            "token": device.address,
            "notification": {"title": message.data["title"]},
            "data": {key: str(value) for key, value in message.data.items()},
            "android": {
                "ttl": f"{ttl_s}s",
                "collapse_key": message.topic,
                "priority": "HIGH" if message.urgent else "NORMAL",
                "notification": {"tag": message.topic},
            },
            "apns": {
                "headers": {
                    "apns-collapse-id": message.topic,
                    "apns-expiration": str(int(message.valid_until.timestamp())),
                    "apns-priority": "10" if message.urgent else "5",
                }
            },
        }
    }
