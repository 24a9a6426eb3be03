"""Statuses and the header Retry-After, as generators of remote services read them."""

import pytest

from ion_framework.errors import FailureCause
from ion_framework.resilience.http_answers import cause_of_status, retry_after_s
from ion_framework.resilience.service_address import address_problem

NOW = 1_795_237_539.0  # Sat, 21 Nov 2026 05:05:39 GMT


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("Sat, 21 Nov 2026 05:05:49 GMT", 10.0),
        ("Sat, 21 Nov 2026 05:05:49 -0000", 10.0),
        ("Sat, 21 Nov 2026 04:00:00 GMT", 0.0),
        ("Sat, 99 Nov 99999 04:00:00 GMT", None),
        *((nonsense, None) for nonsense in ("soon", "-3", "inf", "nan", "1e9", "9" * 400, "٣")),
    ],
)
def test_what_a_service_asks_to_wait_is_read(given, seconds):
    """Seconds and dates are understood, and nonsense is as good as nothing."""
    assert retry_after_s(given, NOW) == seconds


def test_an_unknown_status_is_no_answer_of_a_model():
    """A status that services of models do not send means that something else answered."""
    assert cause_of_status(429) is FailureCause.RATE_LIMITED
    assert cause_of_status(418) is FailureCause.BAD_ANSWER


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://llm.example/v1", ""),
        ("http://[::1]:8000", ""),
        ("ftp://h", "neither https:// nor http://"),
        ("https://u:S3CRET@h", "user name or password"),
        ("https://h?key=S3CRET", "query or a fragment"),
        ("https://", "no host"),
        ("https://h\n.example", "blanks or control characters"),
        ("https://h\\@x", "user name or password"),
        ("https://h/a\\b", "blanks or control characters"),
        ("https://h:0", "port is 0"),
        ("https://h:99999", "no address"),
        ("https://127.1", "no usual IP address"),
    ],
)
def test_the_form_of_an_address_is_checked(text, problem):
    """An address is scheme, host, port and path, and what is wrong with it shows nothing of it."""
    found = address_problem(text)

    assert problem in found
    assert bool(problem) == bool(found)
    assert "S3CRET" not in found
