-- due: what has come to an end in each shard; and whether expiry must hold.
-- KEYS  leases, timers, meta of each shard (three per shard)
-- ARGV  [1] how many of each at most   [2] ms without a sweep after which expiry holds
--       [3] how long it then holds, in ms   [4] '1' to hold from now on whatever the last sweep
-- Returns {now in ms, {lease members, users with a timed end, 1 if expiry holds}, ...}; while it holds, the
-- members are those of sessions that are leaving (mark 'l'): they said so themselves.
-- A shard without leases has nothing to hold: a service that starts for the first time is not late.
-- Nothing is removed: `commit` does that, so of two sweepers exactly one takes effect.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {now}
for at = 1, #KEYS, 3 do
  local meta = redis.call('HMGET', KEYS[at + 2], 'swept_at', 'hold_until')
  local hold_until = tonumber(meta[2] or 0)
  local is_late = ARGV[4] == '1' or (meta[1] and now - meta[1] > tonumber(ARGV[2]))
  if is_late and redis.call('ZCARD', KEYS[at]) > 0 then
    hold_until = now + ARGV[3]
    redis.call('HSET', KEYS[at + 2], 'hold_until', string.format('%.0f', hold_until))
  end
  redis.call('HSET', KEYS[at + 2], 'swept_at', string.format('%.0f', now))
  local leases = redis.call('ZRANGE', KEYS[at], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
  local holds = 0
  if hold_until > now then
    local leaving = {}
    for _, member in ipairs(leases) do
      if string.sub(member, -2) == '\31l' then leaving[#leaving + 1] = member end
    end
    leases, holds = leaving, 1
  end
  local timers = redis.call('ZRANGE', KEYS[at + 1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
  found[#found + 1] = {leases, timers, holds}
end
return found
