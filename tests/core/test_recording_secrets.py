"""What has to go from a text and what has to stay, line by line, in Korean and in English."""

from __future__ import annotations

import time

import pytest

from ion_framework.recording.folding import folded
from ion_framework.recording.redaction import redact

GOES = [
    ("비밀번호는 qwer1234야", "qwer1234"),
    ("비밀번호 qwer1234! 맞죠", "qwer1234"),
    ("비번: abcd", "abcd"),
    ("비번은 hello99 입니다", "hello99"),
    ("비번 9876 이에요", "9876"),
    ("패스워드: abcd1234", "abcd1234"),
    ("암호: '가나 다라'", "가나 다라"),
    ("비밀번호는qwer1234입니다", "qwer1234"),
    ("비밀번호：ｑｗｅｒ１２３４", "ｑｗｅｒ"),
    ("pw: abcd1234", "abcd1234"),
    ("my password is hunter2", "hunter2"),
    ("the password was Tr0ub4dor&3.", "Tr0ub4dor"),
    ("passphrase: correct horse battery staple", "staple"),
    ("password: correct horse battery staple", "correct"),
    ("PASSWORD=abc", "abc"),
    ("DB_PASSWORD=opensesame", "opensesame"),
    ("password: 'a b c d'", "b c"),
    ('password: "it is long"', "long"),
    ("password: “open sesame”", "sesame"),
    ("secret_key=abcdefgh", "abcdefgh"),
    ("private_key: abcdefgh", "abcdefgh"),
    ('"api_key": "abcdefgh"', "abcdefgh"),
    ('{"client_secret":"abcd1234"}', "abcd1234"),
    ("token abcdef123456", "abcdef123456"),
    ("토큰은 a1b2c3d4e5f6 이에요", "a1b2c3d4"),
    ("Authorization: Token abcdefgh12345678", "abcdefgh"),
    ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("Cookie: session=abcdef; theme=dark", "abcdef"),
    ("Set-Cookie: id=a3fWa; HttpOnly", "a3fWa"),
    ("curl -u bob:hunter2 https://h.kr", "hunter2"),
    ("curl -s --user bob:hunter2 https://h.kr", "hunter2"),
    ("인증번호 123456", "123456"),
    ("인증번호는 [482913]입니다", "482913"),
    ("OTP: 123456", "123456"),
    ("your verification code is 482913", "482913"),
    ("https://h.kr/reset/a8Fj39dk", "a8Fj39dk"),
    ("https://hooks.slack.com/services/T0AB12C/B0DE34F/x1Y2z3", "x1Y2z3"),
    ("https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/x", "AAHdq"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
    ("Bearer abc123def456ghi7", "abc123"),
    ("주민번호 900101 1234567", "1234567"),
    ("주민번호 900101\u20111234567", "1234567"),
    ("주민번호 900101 - 1234567", "900101"),
    ("주민번호 ９００１０１－１２３４５６７", "１２３４"),
    ("010 - 1234 - 5678", "5678"),
    ("010·1234·5678", "1234"),
    ("010\u20131234\u20135678", "1234"),
    ("０１０－１２３４－５６７８", "１２３４"),
    ("010\u200b1234\u200b5678", "5678"),
    ("공일공 1234 5678", "5678"),
    ("+1 415 555 2671", "2671"),
    ("card 4111.1111.1111.1111", "4111"),
    ("card 4111\u20131111\u20131111\u20131111", "4111"),
    ("card 3782 822463 10005", "822463"),
    ("홍길동@회사.한국", "홍길동"),
    ("me\uff20example.com", "example"),
    ("hong골뱅이naver.com", "hong"),
    ("hong 골뱅이 naver.com으로", "naver"),
    ("jöhn@example.com", "jö"),
    ("jo\u0308hn@example.com", "hn@"),
    ("me [at] example.com", "example"),
    ("서버는 192.168.0.1 입니다", "192"),
]

STAYS = [
    "version 1.2.3.4 is out",
    "서버 버전 10.4.2.1",
    "버전은 10.4.2.1",
    "기록 14.30.15.1",
    "v10.0.0.1",
    "section 1.2.3.4",
    "ion_persona_sage",
    "pip install ion_persona_sage_extended",
    "npm_config_registry_something",
    "hf_hub_download_something",
    "the sk-something-interesting-thing",
    "Basic understanding",
    "basic responsibilities of a server",
    "bearer authentication",
    "the bearer certificates",
    "the token: bucket algorithm",
    "secret: sauce of it",
    "password: must be long",
    "my password is wrong",
    "the password is required here",
    "password manager",
    "the password is SHA256 hashed",
    "비밀번호: 어떻게 바꿔요?",
    "비밀번호를 잊어버렸어요",
    "비밀번호가 틀렸대요",
    "비밀번호는 8자 이상이어야 해요",
    "비밀번호는 1000번 바꿔도 돼요",
    "암호: 화폐 이야기",
    "인증번호가 안 와요",
    "secret = None",
    "password: ${PASSWORD}",
    "token=parser.next()",
    "password = getpass.getpass()",
    "tokenize: words",
    "keyboard: qwerty1234",
    "pwd: /srv/data",
    "API key = something I need to explain",
    "commit e1a35ef83dedf0d60126c88f08b27811c59abcde",
    "e1a35ef83dedf0d60126c88f08b27811c59abcde",
    "sha256 0f3a9c1b7e2d4f6a8b0c1d2e3f4a5b6c",
    "1 1 2 3 5 8 13 21 34 55 89 144",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "1-2-3-4-5-6-7-8-9-10-11-12-13",
    "matrix 100 200 3000",
    "score 100-200-3000",
    "+10 20 30 40",
    "+100 200 300",
    "x = +12 34 56 78",
    "10·20·30·40대",
    "https://example.com/docs/reset/password",
    "https://example.com/verify/email",
    "cookie: how do I bake one",
    "curl -u needs a name",
]


@pytest.mark.parametrize(("text", "secret"), GOES)
def test_what_is_secret_goes(text, secret):
    """Nothing that identifies or opens something is left, and a second pass finds no more."""
    found = redact(text)

    assert found.marks
    assert secret not in found.text
    assert found.text == redact(found.text).text


@pytest.mark.parametrize("text", STAYS)
def test_what_only_speaks_of_secrets_stays(text):
    """Prose, code, versions and rows of numbers are left alone."""
    assert text == redact(text).text


def test_the_tables_have_at_least_eighty_lines():
    """Both directions are tried in both languages."""
    assert len(GOES) + len(STAYS) >= 80


def test_the_folded_form_leads_back_to_each_place():
    """A ligature of two letters and a syllable in three lead back to where they stand."""
    text = "a\ufb01\u1112\u1161\u11ab\u200bz"
    view = folded(text)

    assert "afi한z" == view.text
    assert ["a", "\ufb01", "\ufb01", "\u1112\u1161\u11ab", "z"] == [
        text[slice(*view.original(place, place + 1))] for place in range(len(view.text))
    ]


HOSTILE = [
    "a", "1", "1 ", "a.", ":", "http://", "0-", "a1", "token=", "+1 ", "ab:", "@a.", "eyJ.", "가",
    "password ", "비밀번호는", "password: ", "password: a ", "curl ", "curl -u ", "cookie: a", "at",
    "골뱅이", "[at]", "Bearer ", "Basic a", "authorization: ", "\u0301\u0323", "\u1100\u1161",
    "OTP ", "-----BEGIN PRIVATE KEY-----", "http://a/", "/reset", "010 - ", "4111 ", "token(", "'",
    "pw='", "x@", "닷", "secret=a(", "\u200b", "curl -u", "-----BEGIN PRIVATE KEY", "a:b@", "@a",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_takes_more_than_two_seconds(hostile):
    """A text of 100,000 characters that is made to take long takes less than two seconds of CPU."""
    text = (hostile * 100_000)[:100_000]
    began = time.process_time()
    redact(text)

    assert time.process_time() - began < 2
