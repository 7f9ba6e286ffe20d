-- heads: where each shard's log ends.
-- KEYS  meta of the shards concerned
-- Returns {now in ms, version, sub, version, sub, ...}, in the order of the keys.
-- One call for 64 shards costs the caller 0.5 ms, 64 commands in a pipeline 2.5.
local time = redis.call('TIME')
local found = {time[1] * 1000 + math.floor(time[2] / 1000)}
for _, key in ipairs(KEYS) do
  local head = redis.call('HMGET', key, 'version', 'sub')
  found[#found + 1] = tonumber(head[1] or 0)
  found[#found + 1] = tonumber(head[2] or 0)
end
return found
