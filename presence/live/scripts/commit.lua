-- commit: replace a record if it is still the one that was read, move its deadlines, append its change.
-- KEYS  [1] record  [2] leases  [3] timers  [4] log  [5] meta  [6] rooms  [7] alerts about the user
-- ARGV  [1] epoch the caller believes in   [2] the record as read, '' for none
--       [3] the new body (msgpack), '' to delete   [4] 'public', 'own', 'rules' or 'none': what sort of change
--       [5] the log entry's payload   [6] log length   [7] ms after which the record may go, 0 = keep
--       [8] user   [9] timer instant, '' for none
--       [10] the letter of the status that others see
--       [11] msgpack {rooms left, rooms entered}, '' for none
--       then triples: lease member, deadline as read ('' = was not there), new deadline ('' = remove)
-- Returns {'done', now, version, sub, alerts: {viewer, until, ...}} | {'conflict'} | {'epoch', epoch of the shard or ''}
-- All or nothing. Alerts are handed out, once, when the letter turns to 'n' (online). Versions: a public change takes (version + 1, 0), an own change (version, sub + 1), so
-- that what only the user may see leaves no trace in the numbers that others see.
local meta = redis.call('HMGET', KEYS[5], 'epoch', 'version', 'sub')
if meta[1] ~= ARGV[1] then return {'epoch', meta[1] or ''} end
local current = redis.call('GET', KEYS[1]) or ''
if current ~= ARGV[2] then return {'conflict'} end
for at = 12, #ARGV, 3 do
  if ARGV[at + 1] ~= '' and (redis.call('ZSCORE', KEYS[2], ARGV[at]) or '') ~= ARGV[at + 1] then
    return {'conflict'}
  end
end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local version, sub = tonumber(meta[2] or 0), tonumber(meta[3] or 0)
local stamp = {'0', '0', '0', '0', '0'}
if current ~= '' then
  local head = string.sub(current, 1, string.find(current, '\n', 1, true) - 1)
  local at = 1
  for word in string.gmatch(head, '%d+') do stamp[at] = word; at = at + 1 end
end
if ARGV[4] == 'rules' then
  stamp[5] = now
elseif ARGV[4] ~= 'none' then
  if ARGV[4] == 'public' then version, sub = version + 1, 0; stamp[3] = now else sub = sub + 1 end
  stamp[1], stamp[2], stamp[4] = tostring(version), tostring(sub), now
  if ARGV[4] == 'own' then stamp[1] = string.match(current, '^%a (%d+)') or '0' end
  redis.call('HSET', KEYS[5], 'version', version, 'sub', sub)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], version .. '-' .. sub, 'a', now, 'c', ARGV[5])
end

if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[7] == '0' then
  redis.call('SET', KEYS[1], ARGV[10] .. ' ' .. table.concat(stamp, ' ') .. '\n' .. ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[10] .. ' ' .. table.concat(stamp, ' ') .. '\n' .. ARGV[3], 'PX', ARGV[7])
end
for at = 12, #ARGV, 3 do
  if ARGV[at + 2] == '' then
    redis.call('ZREM', KEYS[2], ARGV[at])
  else
    redis.call('ZADD', KEYS[2], ARGV[at + 2], ARGV[at])
  end
end
if ARGV[9] == '' then
  redis.call('ZREM', KEYS[3], ARGV[8])
else
  redis.call('ZADD', KEYS[3], ARGV[9], ARGV[8])
end
if ARGV[11] ~= '' then
  local rooms = cmsgpack.unpack(ARGV[11])
  for _, room in ipairs(rooms[1]) do redis.call('ZREM', KEYS[6], room .. '\31' .. ARGV[8]) end
  for _, room in ipairs(rooms[2]) do redis.call('ZADD', KEYS[6], 0, room .. '\31' .. ARGV[8]) end
end
local alerts = {}
if ARGV[10] == 'n' and string.sub(current, 1, 1) ~= 'n' then
  alerts = redis.call('HGETALL', KEYS[7])
  if #alerts > 0 then redis.call('DEL', KEYS[7]) end
end
return {'done', now, version, sub, alerts}
