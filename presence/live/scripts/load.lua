-- load: records with the deadlines of their sessions, as of one instant.
-- KEYS  record, leases of each user (two per user)
-- ARGV  the users, in the same order
-- Returns {now in ms, {record or false, {beat deadline or false, stream deadline or false, ...}}, ...}
--         with two deadlines per session, in the record's order
-- A record is "<status> <version> <sub> <changed_at> <own_changed_at> <rules_at>\n<msgpack>", the
-- status as one letter; element 1 of
-- the msgpack array is the sessions, each {id, mark of its heartbeat lease or '', ...}.
local time = redis.call('TIME')
local found = {time[1] * 1000 + math.floor(time[2] / 1000)}
for at, user in ipairs(ARGV) do
  local raw = redis.call('GET', KEYS[2 * at - 1])
  local deadlines = {}
  if raw then
    local body = cmsgpack.unpack(string.sub(raw, string.find(raw, '\n', 1, true) + 1))
    local members = {}
    for _, session in ipairs(body[1]) do
      members[#members + 1] = user .. '\31' .. session[1] .. '\31' .. session[2]
      members[#members + 1] = user .. '\31' .. session[1] .. '\31s'
    end
    if #members > 0 then
      deadlines = redis.call('ZMSCORE', KEYS[2 * at], unpack(members))
    end
  end
  found[#found + 1] = {raw, deadlines}
end
return found
