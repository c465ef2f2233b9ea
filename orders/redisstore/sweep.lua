-- Finds the members of one sorted set that do not belong there by their orders'
-- stored scalars, and takes them out.
--
-- KEYS  1 the sorted set   2.. orders:<member>, for each member
-- ARGV  1 'find' or 'drop'
--       2 the status that a member's order must have, or ''
--       3 'buyer' or 'seller' where the set is a participant's, else ''   4 the npub
--       5 the seller's npub where the set is of one buyer with one seller, else ''
--       6 'find' where the members are words, each with its order's id (see words.go);
--         'disputed' where it has only what is, or was, disputed; else ''
--       7.. the members
-- Returns the strays

local strays = {}
for i = 7, #ARGV do
  local order = KEYS[i - 5]
  local belongs = false
  if redis.call('TYPE', order).ok == 'hash' then
    local o = redis.call('HMGET', order, 'version', 'status', 'buyer', 'seller', 'words', 'disputed')
    local npub = ''
    if ARGV[3] == 'buyer' then npub = o[3] elseif ARGV[3] == 'seller' then npub = o[4] end
    belongs = o[1] and (ARGV[2] == '' or o[2] == ARGV[2]) and npub == ARGV[4] and (ARGV[5] == '' or o[4] == ARGV[5])
      and (ARGV[6] ~= 'disputed' or (o[6] or '') ~= '')
    if belongs and ARGV[6] == 'find' and string.sub(ARGV[i], 1, 1) ~= 'i' then
      local word = string.match(ARGV[i], '^(%S+) ') or ''
      belongs = string.find(' ' .. (o[5] or '') .. ' ', ' ' .. word .. ' ', 1, true)
    end
  end
  if not belongs then
    strays[#strays + 1] = ARGV[i]
    if ARGV[1] == 'drop' then redis.call('ZREM', KEYS[1], ARGV[i]) end
  end
end
return strays
