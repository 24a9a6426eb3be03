"""What matches, and what the settings make of it."""

from __future__ import annotations

import attrs
import pytest

from ion_framework import RequestText

UNION = "1 union select 2"
TAG = "<script>"


def rules_of(judgement):
    """The ids of the rules that matched."""
    return [match.rule for match in judgement.matches]


class TestActions:
    """Modes, classes and single rules."""

    def test_report_refuses_nothing(self, judging, asked):
        """In report mode a match is told and nothing is refused."""
        found = judging(mode="report").judge(asked("query", UNION))

        assert "sql-union" in rules_of(found)
        assert found.refused is None
        assert found.score >= 5

    def test_off_looks_at_nothing(self, judging, asked):
        """In the mode ``off`` nothing is found."""
        assert judging(mode="off").judge(asked("query", UNION)).matches == ()

    @pytest.mark.parametrize(
        ("mode", "action", "refused"),
        [
            ("report", "block", "sql"),
            ("block", "report", None),
            ("block", "off", None),
            ("block", "mode", "sql"),
        ],
    )
    def test_a_class_goes_before_the_mode(self, judging, asked, mode, action, refused):
        """The action of a class is what it says, whatever the mode."""
        found = judging(mode=mode, sql=action).judge(asked("query", UNION))

        assert found.refused == refused

    def test_a_rule_goes_before_its_class(self, judging, asked):
        """The action of one rule is what it says, whatever its class does."""
        judge = judging(rules=("sql-union off", "xss-script report", "xss-tag off"))

        assert judge.judge(asked("query", UNION)).refused is None
        assert judge.judge(asked("query", TAG)).refused is None
        assert judging(sql="off", rules=("sql-union block",)).judge(asked("query", UNION)).refused

    @pytest.mark.parametrize(
        ("entry", "path", "refused"),
        [
            ("/chat sql-union", "/chat", None),
            ("/chat sql", "/chat", None),
            ("/chat *", "/chat", None),
            ("/cha* sql", "/chat", None),
            ("/chat xss", "/chat", "sql"),
            ("/chat sql", "/chat/end", "sql"),
        ],
    )
    def test_an_exemption_is_for_an_address_and_a_rule(self, judging, asked, entry, path, refused):
        """What an entry of ``allow`` covers does not count, and nothing else is let through."""
        found = judging(allow=(entry,)).judge(asked("query", UNION, path=path))

        assert found.refused == refused

    def test_hints_add_up(self, judging, asked):
        """Rules that are no attack by themselves are one together, and a threshold says when."""
        request = asked("query", "select name from users --")

        assert judging().judge(request).refused == "sql"
        assert judging(threshold=9).judge(request).refused is None

    def test_members_that_hold_messages_can_be_named(self, judging, asked):
        """A member, or a parameter, that is named as a message is judged as one."""
        body = attrs.evolve(asked(), texts=(RequestText("essay.draft", UNION),))
        query = asked("query", UNION)

        assert judging().judge(body).refused == "sql"
        assert judging(message_fields=("draft", "q")).judge(body).refused is None
        assert judging(message_fields=("draft", "q")).judge(query).refused is None

    def test_members_that_nobody_named_count_with_their_object(self, judging, asked):
        """Texts in an open object are messages where the object is one."""
        inner = attrs.evolve(asked(), texts=(RequestText("content.*", UNION, "x"),))
        named = attrs.evolve(asked(), texts=(RequestText("requests.*", UNION, "user_input"),))
        other = attrs.evolve(asked(), texts=(RequestText("requests.*", UNION, "user_id"),))

        assert judging().judge(inner).refused is None
        assert judging().judge(named).refused is None
        assert judging().judge(other).refused == "sql"


class TestSettings:
    """Settings that cannot be used."""

    @pytest.mark.parametrize(
        ("setting", "words"),
        [
            ({"rules": ("sql-onion off",)}, "sql-union"),
            ({"rules": ("sql-union maybe",)}, "report, block, off"),
            ({"allow": ("chat sql",)}, "an address and a rule"),
            ({"allow": ("/chat nothing",)}, "valid are"),
            ({"trusted_addresses": ("example.org",)}, "trusted_addresses must hold addresses"),
            ({"admin_addresses": ("10.0.0.1/8",)}, "admin_addresses must hold addresses"),
        ],
    )
    def test_they_are_refused_with_what_is_valid(self, judging, setting, words):
        """The error names the setting and what it takes."""
        with pytest.raises(ValueError, match=words):
            judging(**setting)


class TestConditions:
    """What a request is apart from its texts."""

    def test_administrators_addresses(self, judging, asked):
        """An address under the administrative ones is for the listed networks alone."""
        judge = judging(admin_addresses=("10.0.0.0/8",))
        outside = asked(path="/admin/users", address="203.0.113.9")

        assert judge.judge(outside).refused == "admin"
        assert judge.judge(attrs.evolve(outside, address="10.1.2.3")).refused is None
        assert judge.judge(attrs.evolve(outside, path="/administrate")).refused is None
        assert judge.judge(attrs.evolve(outside, path="/API/internal/x")).refused == "admin"

    def test_countries_only_of_a_trusted_proxy(self, judging, asked):
        """A country is believed from a trusted proxy, and known only where a header is set."""
        request = asked(headers={"cf-ipcountry": "kp"}, from_proxy=True)
        judge = judging(country_header="CF-IPCountry", blocked_countries=("KP",))

        assert judge.judge(request).refused == "country"
        assert judge.judge(attrs.evolve(request, from_proxy=False)).refused is None
        assert judging(blocked_countries=("KP",)).judge(request).refused is None

    def test_https_only(self, judging, asked):
        """Plain http is refused where the setting asks for https."""
        judge = judging(https_only=True)

        assert judge.judge(asked(scheme="http")).refused == "https"
        assert judge.judge(asked(scheme="https")).refused is None

    def test_media_types(self, judging, asked):
        """A body of another type is refused; a request without a body has no type to be wrong."""
        request = asked(content_type="text/xml")

        assert judging().judge(request).refused == "content_type"
        assert judging().judge(attrs.evolve(request, body_bytes=0)).refused is None

    def test_sizes(self, judging, asked):
        """A body above the bound is refused."""
        request = asked(body_bytes=2000)

        assert judging(max_body_bytes=1024).judge(request).refused == "size"
        assert judging(max_body_bytes=2000).judge(request).refused is None

    @pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:1:2::/64"])
    def test_trusted_addresses_are_not_looked_at(self, judging, asked, address):
        """Whoever is trusted may send anything."""
        judge = judging(trusted_addresses=("203.0.113.0/24", "2001:db8:1::/48"))

        assert judge.judge(asked("query", UNION, address=address)).matches == ()
        assert judge.judge(asked("query", UNION, address="198.51.100.1")).refused == "sql"
        assert judge.judge(asked("query", UNION, address="")).refused == "sql"

    def test_crawlers_and_bots_are_no_scanners(self, judging, asked):
        """A name with ``bot`` in it is nothing; a scanner of weak spots is."""
        judge = judging()

        assert judge.judge(asked("agent", "Googlebot/2.1 crawler")).matches == ()
        assert judge.judge(asked("agent", "SQLMap/1.8")).refused == "scanner"
