"""Names of commits, requests and records stay, numbers and keys of people go: line by line."""

from __future__ import annotations

import time

import pytest

from ion_framework.recording.redaction import redact

UUID = "550e8400-e29b-41d4-a716-446655440000"
HEX = "0f3a9c1b7e2d4f6a8b0c1d2e3f4a5b6c"
COMMIT = "e1a35ef83dedf0d60126c88f08b27811c59abcde"

STAYS = [
    f"git checkout {COMMIT}",
    f"{COMMIT}-dirty",
    f"merge {COMMIT[:12]} into main",
    f"see https://github.com/o/r/commit/{COMMIT}",
    f"commit {HEX}",
    f"the request {HEX} failed",
    f"request id: {HEX}",
    f'{{"request_id": "{HEX}"}}',
    f"X-Request-ID: {HEX}",
    f"trace_id={HEX}",
    f"traceparent: 00-{HEX}-00f067aa0ba902b7-01",
    f"00-{HEX}-00f067aa0ba902b7-01",
    UUID,
    f"the record {UUID.upper()} is gone",
    "job 0a1b0101-2345-4678-9abc-010123456789 hangs",
    "req_011CSHoEeqs5C35K2UUqR7Fy",
    "chatcmpl-A1b2C3d4E5f6G7h8I9j0K1l2",
    "hash 4f01012345678ab",
    "4f01012345678ab is the build",
    "image b1946ac92492d2347c6235b4d2611184",
    f"요청 ID는 {HEX}입니다",
    f"요청 {HEX}에서 오류가 났어요",
    f"커밋 {COMMIT} 되돌려 주세요",
    f"추적 번호: {HEX}",
    f"작업 {UUID}이 멈췄어요",
    "git@github.com:owner/repo.git",
    "git clone git@gitlab.example.org:team/app.git please",
    "pip install git+ssh://git@github.com/owner/repo@v1.2",
    "git@github.com에서 받아 주세요",
    "ssh://git@host.example/team/app.git 주소로 푸시해요",
    "order 240115-1234567 is late",
    "Order no. 201205-2234567",
    "invoice 900101 1234567",
    "ticket #200101-3456789",
    "주문번호 240115-1234567 언제 와요?",
    "운송장 번호는 231231-4567890이에요",
    "접수번호: 200512-3334444",
    "the timestamps 1611111111111 and 1612121212123",
    "값이 1611111111111이에요",
    "the sizes 900101 1234567 in bytes",
    "크기는 900101 1234567 바이트",
    "계좌 2024-01-15에 만들었어요",
    "계좌 3개를 비교해 주세요",
    "계좌번호 자릿수는 10-14자리예요",
    "우리 2024-11-22 회의에서 정했어요",
    "account 12345 was closed in 2024-01-15",
    "여권 사진은 3.5x4.5예요",
    "여권 발급에 123456명이 몰렸어요",
    "a passport photo of 2024",
    "the secret is 2-factor authentication",
    "the token is SHA256 hashed",
    "the secret is out",
    "비밀번호는 윈도우11에서 바꿔요",
    "비밀번호는 최소 10자예요",
    "비밀번호는 최소10자예요",
    "see it (at) example dot",
]

GOES = [
    ("call me at 010-1234-5678 after the build", "1234-5678"),
    ("01012345678로 전화해 주세요", "01012345678"),
    ("전화번호는01012345678이에요", "01012345678"),
    ("tel01012345678", "01012345678"),
    ("request 42: phone +82 10-1234-5678", "1234"),
    ("commit e1a35ef by 010 1234 5678", "5678"),
    ("서울 02-345-6789", "6789"),
    ("(415) 555-2671", "2671"),
    ("order 7 for +1 415 555 2671", "2671"),
    ("git@github.com belongs to kim@example.com", "kim"),
    ("mail gitte@example.com", "gitte"),
    ("digit@example.com", "digit"),
    ("git.user@example.com", "git.user"),
    ("kim@example.com:owner/repo.git", "kim"),
    ("ssh://deploy:hunter22@host.example/app.git", "hunter22"),
    ("https://git:ghp4711token@github.com/o/r", "ghp4711token"),
    ("회사 메일은 kim@회사.한국이에요", "kim@"),
    ("담당자 git골뱅이 말고 lee골뱅이naver.com", "lee"),
    (f"key: {HEX}", HEX),
    (f"api_key={UUID}", UUID),
    (f"my token is {HEX}", HEX),
    (f"API 키는 {HEX} 이에요", HEX),
    (f"비밀번호는 {UUID}", UUID),
    (f"use {HEX} for it", HEX),
    (f"여기 {HEX} 부탁드려요", HEX),
    ("0f3a9c1b7e2d4f6a8b0c1d2e3f4a5b6c0f3a9c1b7e2d4f6a8b0c1d2e3f4a5b6c", "9c1b7e"),
    ("session 550e8400e29b41d4a716446655440000", "e29b41d4"),
    ("sk-proj-a8Fj39dkLs02mNqPz71x", "a8Fj39"),
    ("900101-1234567", "1234567"),
    ("제 번호는 900101-2******", "900101"),
    ("9001011234568", "900101"),
    ("900101 1234568 입니다", "1234568"),
    ("주민등록번호는 9001011234567", "1234567"),
    ("resident number 900101 1234567", "1234567"),
    ("RRN: 9001011234567", "1234567"),
    ("아이는 2105053123456", "3123456"),
    ("order 7, card 4111 1111 1111 1111", "4111"),
    ("주문 카드 4111-1111-1111-1111", "4111"),
    ("비밀번호는 사과나무99 예요", "사과나무99"),
    ("비번은 사과나무99예요", "사과나무99"),
    ("the secret is tomato7soup", "tomato7soup"),
    ("my token was tomato7soup.", "tomato7soup"),
    ("계좌 110-123-456789", "456789"),
    ("계좌번호 국민 123456-04-123456", "123456"),
    ("계좌번호는 국민은행 12345604123456이에요", "12345604123456"),
    ("국민은행 123456-04-123456으로 보내 주세요", "123456"),
    ("통장 번호: 110123456789", "110123456789"),
    ("my account number is 000123456789", "123456789"),
    ("여권 M12345678", "12345678"),
    ("여권 번호는 M123A4567이에요", "123A4567"),
    ("passport number: M12345678", "12345678"),
    ("passport no. 123456789", "123456789"),
    ("john (at) example dot com", "john"),
    ("john [AT] example [dot] com", "example"),
]


@pytest.mark.parametrize("text", STAYS)
def test_what_names_something_stays(text):
    """Names of commits, requests, records, repositories and orders are nobody's secret."""
    assert text == redact(text).text


@pytest.mark.parametrize(("text", "gone"), GOES)
def test_what_is_somebodys_goes(text, gone):
    """Numbers, addresses and keys go, whatever stands beside them, and a second pass finds none."""
    found = redact(text)

    assert gone not in found.text
    assert found.text == redact(found.text).text


def test_both_tables_speak_both_languages():
    """Each direction has at least thirty lines, and at least ten of them in Korean."""
    for lines in (STAYS, [text for text, _ in GOES]):
        korean = [line for line in lines if any("가" <= c <= "힣" for c in line)]
        assert len(lines) >= 30
        assert 10 <= len(korean) <= len(lines) - 10


@pytest.mark.parametrize(
    "hostile",
    [
        "0f",
        "0f ",
        "550e8400-",
        "00-",
        "900101 ",
        "9001011",
        "order ",
        "git@a.",
        "req_",
        "f",
        "계좌 ",
        "계좌 가",
        "계좌1-",
        "account number ",
        "국민 123-",
        "여권",
        "passport ",
        "a (at) ",
        "@a dot ",
        "비밀번호는 가",
        "the secret is a",
    ],
)
def test_identifiers_take_no_time(hostile):
    """A text of 100,000 characters that is made to take long takes less than two seconds of CPU."""
    text = (hostile * 100_000)[:100_000]
    began = time.process_time()
    redact(text)

    assert time.process_time() - began < 2
