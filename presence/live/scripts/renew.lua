-- renew: move deadlines that exist; say which do not, and the status of every user concerned.
-- KEYS  lease sets of the shards concerned
-- ARGV  [1] msgpack array, flat: key index, lease in ms, member, key of the user's record, and so on;
--           the records carry the hash tags of the lease sets
-- Returns {now in ms, one letter for each renewal}: '-' where the member was not there, else the first
-- letter of the record (see commit), which is the user's status.
-- Atomic. A member renewed twice within one millisecond counts as missing; the caller then looks.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local batch = cmsgpack.unpack(ARGV[1])
local call, letters = redis.call, {}
for at = 1, #batch, 4 do
  if call('ZADD', KEYS[batch[at]], 'XX', 'CH', now + batch[at + 1], batch[at + 2]) == 0 then
    letters[#letters + 1] = '-'
  else
    letters[#letters + 1] = call('GETRANGE', batch[at + 3], 0, 0)
  end
end
return {now, table.concat(letters)}
