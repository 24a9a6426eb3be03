"""The scripts: each is one step that happens whole or not at all, and may be run twice.

The first nine keys of those that change a conversation are always `OwnerKeys.all_of`.
"""

from __future__ import annotations

import hashlib

import attrs


@attrs.frozen
class Script:
    """A script.

    Attributes:
        text: what Redis runs.
        writes: whether it changes anything.
        sha: its name in Redis.
    """

    text: str
    writes: bool = True
    sha: str = attrs.field(init=False)

    @sha.default
    def _name(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


_KEEP = """
local function keep(member, doc, version, activity, ends, closed, life, writer)
  local time = redis.call('TIME')
  local drop = time[1] * 1000 + math.floor(time[2] / 1000) + life
  redis.call('HSET', KEYS[1], 'doc', doc, 'version', version, 'writer', writer, 'member', member)
  redis.call('ZADD', KEYS[4], activity, member)
  redis.call('ZADD', KEYS[6], activity, member)
  redis.call('ZADD', KEYS[8], ends, member)
  redis.call('ZADD', KEYS[9], drop, member)
  if closed == '1' then
    redis.call('ZREM', KEYS[5], member)
    redis.call('ZREM', KEYS[7], member)
  else
    redis.call('ZADD', KEYS[5], ends, member)
    redis.call('ZADD', KEYS[7], ends, member)
  end
  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], life) end
  for i = 4, 9 do
    if redis.call('PTTL', KEYS[i]) < tonumber(life) then redis.call('PEXPIRE', KEYS[i], life) end
  end
end
local function keep_all()
  keep(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
end
"""
"""Keeps a conversation and its places in the indices. ARGV begins with: member, document, version,
latest activity, end, whether closed, milliseconds to live, name of this write."""

_TURN = """
local function keep_turn(number, name, place, life, request, value)
  redis.call('ZADD', KEYS[2], number, value)
  if name ~= '' then redis.call('HSET', KEYS[3], name, number) end
  redis.call('SET', request, place, 'PX', life)
end
"""

CREATE = Script(
    _KEEP
    + """
local writer = redis.call('HGET', KEYS[1], 'writer')
if writer then return writer == ARGV[8] and 1 or 0 end
keep_all()
return 1
"""
)
"""Keep a new conversation; 0 where there is one."""

UPDATE = Script(
    _KEEP
    + """
local known = redis.call('HMGET', KEYS[1], 'version', 'writer')
if not known[1] then return 0 end
if known[2] == ARGV[8] then return 1 end
if tonumber(known[1]) ~= tonumber(ARGV[3]) - 1 then return 0 end
keep_all()
return 1
"""
)
"""Change a conversation; 0 where it is not of the version before."""

BEGIN = Script(
    """
local known = redis.call('HMGET', KEYS[1], 'doc', 'token', 'until', 'key')
if not known[1] then return {'missing'} end
if ARGV[1] ~= '' then
  local number = redis.call('HGET', KEYS[3], ARGV[1])
  if number then
    return {'repeated', redis.call('ZRANGEBYSCORE', KEYS[2], number, number)[1]}
  end
end
if known[2] and known[2] ~= ARGV[3] and tonumber(known[3]) > tonumber(ARGV[5]) then
  return {'busy', (ARGV[1] ~= '' and known[4] == ARGV[1]) and 1 or 0, known[3]}
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[6]) then return {'full'} end
redis.call('HSET', KEYS[1], 'token', ARGV[3], 'until', ARGV[4], 'key', ARGV[1])
local turns = {}
if tonumber(ARGV[2]) > 0 then turns = redis.call('ZREVRANGE', KEYS[2], 0, ARGV[2] - 1) end
return {'begun', known[1], turns}
"""
)
"""Take the right. ARGV: idempotency key, number of turns, token, end of the lease, now, most."""

RENEW = Script(
    """
local known = redis.call('HMGET', KEYS[1], 'token', 'until')
if known[1] ~= ARGV[1] or tonumber(known[2]) <= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'until', ARGV[2])
return 1
"""
)
"""Put the end of a right off; 0 where it has ended. ARGV: token, end of the lease, now."""

APPEND = Script(
    _KEEP
    + _TURN
    + """
local token, number, again = ARGV[9], ARGV[10], ARGV[13]
local known = redis.call('HMGET', KEYS[1], 'version', 'token')
if not known[1] then return 0 end
if known[2] ~= token or tonumber(known[1]) ~= tonumber(ARGV[3]) - 1 then
  if again ~= '1' then return 0 end
  local there = redis.call('ZRANGEBYSCORE', KEYS[2], number, number)[1]
  return (there and string.sub(there, 1, #token) == token) and 1 or 0
end
keep_turn(number, ARGV[11], ARGV[1] .. ':' .. number, ARGV[7], KEYS[10], token .. ARGV[12])
redis.call('HDEL', KEYS[1], 'token', 'until', 'key')
keep_all()
return 1
"""
)
"""Keep a turn. Key 10 is the request's. ARGV 9: token, number, idempotency key, turn, again."""

RESTORE = Script(
    _KEEP
    + _TURN
    + """
for i = 1, 3 do redis.call('UNLINK', KEYS[i]) end
local at = 9
for i = 10, #KEYS do
  keep_turn(ARGV[at], ARGV[at + 1], ARGV[1] .. ':' .. ARGV[at], ARGV[7], KEYS[i], ARGV[at + 2])
  at = at + 3
end
keep_all()
return 1
"""
)
"""Keep a conversation with turns in place of what there is. Keys 10 and up are the requests'."""

ABANDON = Script(
    """
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'token', 'until', 'key')
end
return 1
"""
)
"""Give the right back."""

DELETE = Script(
    """
if ARGV[2] ~= '' then
  local ends = redis.call('ZSCORE', KEYS[8], ARGV[1])
  if not ends or tonumber(ends) >= tonumber(ARGV[2]) then return 0 end
end
for i = 4, 9 do redis.call('ZREM', KEYS[i], ARGV[1]) end
for i = 10, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
return 1
"""
)
"""Delete a conversation; where ARGV 2 is a time, only if it expired before. Keys 10 and up are its
requests'."""

DROPPED = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
""",
    writes=False,
)
"""Members whose conversations Redis has dropped by itself."""

LIST = Script(
    """
local total = redis.call('ZCARD', KEYS[1])
local active = redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[1], '+inf')
local want, score, member = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local found, offset = {}, 0
while #found < 2 * want do
  local batch = redis.call(
    'ZREVRANGEBYSCORE', KEYS[1], score, '-inf', 'WITHSCORES', 'LIMIT', offset, want + 50)
  if #batch == 0 then break end
  for i = 1, #batch, 2 do
    local before = member == '' or tonumber(batch[i + 1]) < tonumber(score) or batch[i] < member
    if before and #found < 2 * want then
      found[#found + 1] = batch[i]
      found[#found + 1] = batch[i + 1]
    end
  end
  offset = offset + #batch / 2
end
return {total, active, found}
""",
    writes=False,
)
"""A part of a list. ARGV: now, how many, score and member after which it begins."""

DOCUMENTS = Script(
    """
local found = {}
for i = 1, #KEYS do found[i] = redis.call('HGET', KEYS[i], 'doc') end
return found
""",
    writes=False,
)
"""Documents of conversations."""

WHOLE = Script(
    """
return {redis.call('HGET', KEYS[1], 'doc'), redis.call('ZRANGE', KEYS[2], 0, -1)}
""",
    writes=False,
)
"""A conversation with all its turns."""

ADD_FEEDBACK = Script(
    """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if over > 0 then
  local gone = redis.call('ZPOPMIN', KEYS[2], over)
  for i = 1, #gone, 2 do redis.call('HDEL', KEYS[1], gone[i]) end
end
return 1
"""
)
"""Keep a feedback; the oldest goes where there is too much. ARGV: id, value, time, most."""

DELETE_FEEDBACK = Script(
    """
for i = 1, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
  redis.call('ZREM', KEYS[2], ARGV[i])
end
return 1
"""
)
"""Delete feedback by id."""
