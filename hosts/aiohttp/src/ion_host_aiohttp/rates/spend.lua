-- See redis_script.py for what this does and why.
local decide, cost = ARGV[1] == '1', tonumber(ARGV[2])
local window, tick = tonumber(ARGV[3]), tonumber(ARGV[4])
local limit, grace, remembers = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local per_day, budget = tonumber(ARGV[8]), tonumber(ARGV[9])
local owed_requests, owed_tokens = tonumber(ARGV[10]), tonumber(ARGV[11])
local known, proposed, memory_s = ARGV[12], ARGV[13], tonumber(ARGV[14])

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local day = math.floor(tonumber(clock[1]) / 86400)

local memory = ''
if KEYS[2] then
  memory = redis.call('GET', KEYS[2])
  if not memory then
    memory = proposed
    redis.call('SET', KEYS[2], memory)
  end
  redis.call('EXPIRE', KEYS[2], memory_s)
  if decide and known ~= '' and memory ~= known then
    return {-1, '0', '', 0, 0, memory}
  end
end

local field = 'log' .. ARGV[7]
local kept = redis.call('HMGET', KEYS[1], field, 'day', 'requests', 'tokens')
local requests, tokens = 0, 0
if (tonumber(kept[2] or '') or -1) >= day then
  requests, tokens = tonumber(kept[3]), tonumber(kept[4])
end
requests, tokens = requests + owed_requests, tokens + owed_tokens

local times, numbers, size, recent, all = {}, {}, 0, 0, 0
for time, number in string.gmatch(kept[1] or '', '(%d+):(%d+)') do
  time, number = math.min(tonumber(time), now), tonumber(number)
  if time > now - remembers then
    size = size + 1
    times[size], numbers[size] = time, number
    all = all + number
    if time > now - window then recent = recent + number end
  end
end

local granted = true
if decide then
  if limit >= 0 and recent + cost > limit + grace then granted = false end
  if limit >= 0 and grace > 0 and all + cost > 2 * limit then granted = false end
  if per_day >= 0 and requests + cost > per_day then granted = false end
  if budget >= 0 and tokens >= budget then granted = false end
end

if granted and cost > 0 then
  if limit >= 0 then
    if size > 0 and math.floor(times[size] / tick) == math.floor(now / tick) then
      times[size], numbers[size] = now, numbers[size] + cost
    else
      size = size + 1
      times[size], numbers[size] = now, cost
    end
  end
  if per_day >= 0 then requests = requests + cost end
end

local log = ''
if size > 0 then
  local parts = {}
  for index = 1, size do
    parts[index] = string.format('%.0f:%d', times[index], numbers[index])
  end
  log = table.concat(parts, ',')
end

if (granted and cost > 0) or owed_requests > 0 or owed_tokens > 0 then
  redis.call('HSET', KEYS[1], field, log, 'day', day, 'requests', requests, 'tokens', tokens)
  local lives = remembers / 1000
  if requests > 0 or tokens > 0 then
    lives = math.max(lives, ((day + 1) * 86400 - tonumber(clock[1])) * 1000)
  end
  if redis.call('PTTL', KEYS[1]) < lives then
    redis.call('PEXPIRE', KEYS[1], math.ceil(lives))
  end
end

return {granted and 1 or 0, string.format('%.0f', now), log, requests, tokens, memory}
