-- occupancy: how many are in a room, and some of them by name.
-- KEYS  rooms of each shard
-- ARGV  [1] room   [2] how many names at most
-- Returns {count, {user, ...}}; names in order of shard and id, so that a list that is whole is stable.
local from, to = '[' .. ARGV[1] .. '\31', '(' .. ARGV[1] .. '\32'
local count, names, most = 0, {}, tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
  local here = redis.call('ZLEXCOUNT', key, from, to)
  if here > 0 and #names < most then
    for _, member in ipairs(redis.call('ZRANGE', key, from, to, 'BYLEX', 'LIMIT', 0, most - #names)) do
      names[#names + 1] = string.sub(member, #ARGV[1] + 2)
    end
  end
  count = count + here
end
return {count, names}
