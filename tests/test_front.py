"""The front between granian and Django: what Django is told of a request."""

import io
from types import SimpleNamespace

from config.front import environ_of


class Headers:
    def __init__(self, *pairs):
        self.pairs = pairs

    def items(self):
        return list(self.pairs)


def environ(*headers, **changes):
    scope = {
        "http_version": "1.1", "server": "127.0.0.1:8000", "client": "192.0.2.7:5123", "scheme": "http",
        "method": "PUT", "path": "/api/v1/day", "query_string": "a=%C3%A9", "authority": None,
    }  # fmt: skip
    return environ_of(SimpleNamespace(**scope | changes, headers=Headers(*headers)), io.BytesIO())


def test_django_is_told_what_wsgi_says():
    told = environ(("host", "example.org"), ("content-type", "application/json"), ("content-length", "2"))
    assert {name: value for name, value in told.items() if name.isupper()} == {
        "REQUEST_METHOD": "PUT", "PATH_INFO": "/api/v1/day", "SCRIPT_NAME": "", "QUERY_STRING": "a=%C3%A9",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "Granian",
        "REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "example.org", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "2",
    }  # fmt: skip


def test_a_path_is_its_utf_8_bytes_spelt_in_latin_1():
    assert environ(path="/squads/Löwen")["PATH_INFO"] == "/squads/L\u00c3\u00b6wen"


def test_a_header_given_twice_is_one_list_and_cookies_are_joined_as_cookies():
    told = environ(("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "5.6.7.8"), ("cookie", "a=1"), ("cookie", "b=2"))
    assert told["HTTP_X_FORWARDED_FOR"] == "1.2.3.4,5.6.7.8"
    assert told["HTTP_COOKIE"] == "a=1;b=2"


def test_an_underscore_does_not_pass_for_the_proxy_s_header():
    assert "HTTP_X_FORWARDED_PROTO" not in environ(("x_forwarded_proto", "https"))


def test_addresses_of_ipv6_lose_port_and_brackets():
    told = environ(server="[::1]:8000", client="[2001:db8::1]:443")
    assert (told["SERVER_NAME"], told["SERVER_PORT"], told["REMOTE_ADDR"]) == ("::1", "8000", "2001:db8::1")


def test_over_http_2_the_host_is_the_authority():
    assert environ(http_version="2", authority="example.org:8000")["HTTP_HOST"] == "example.org:8000"
